"""Case files: each bad one gives one clear line; good ones are shown row by row, nothing added."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulated.case import COLUMNS, CaseError, CasePatient, CaseRow, read_case
from devices.simulated.patient import Determination, Vitals, cuff_display

HEADER = ",".join(COLUMNS)
GOOD = f"{HEADER}\n0,70,71,98,15,120,80,93\n"

BAD = {
    "empty": ("", "the file is empty"),
    "header only": (HEADER + "\n", "no rows"),
    "missing column": (HEADER.replace(",nibp_map", "") + "\n0,1,1,1,1,1,1\n", "nibp_map missing"),
    "extra column": (HEADER + ",temp\n0,,,,,,,,\n", "unknown column temp"),
    "wrong name": (HEADER.replace("hr", "HR") + "\n0,,,,,,,\n", "column hr missing"),
    "twice": (HEADER + ",hr\n0,,,,,,,,\n", "column hr stands there more than once"),
    "wrong order": (HEADER.replace("hr,pulse", "pulse,hr") + "\n0,,,,,,,\n", "in the order"),
    "short row": (GOOD + "30,70\n", "line 3: 2 cells where there must be 8"),
    "long row": (GOOD + "30,,,,,,,,9\n", "line 3: 9 cells where there must be 8"),
    "no number": (GOOD + "30,abc,,,,,,\n", "line 3, column hr: 'abc' is not a number"),
    "another script": (
        GOOD + "30,\u0667\u0662,,,,,,\n",
        "column hr: '\u0667\u0662' is not a number",
    ),
    "underscore": (GOOD + "30,7_2,,,,,,\n", "column hr: '7_2' is not a number"),
    "not finite": (GOOD + "30,,,,,nan,,\n", "line 3, column nibp_sys: 'nan' is not a number"),
    "infinite": (GOOD + "30,,,,,,inf,\n", "line 3, column nibp_dia: 'inf' is not a number"),
    "no time": (GOOD + ",70,,,,,,\n", "line 3, column t_s: there must be a time"),
    "negative time": (HEADER + "\n-1,70,,,,,,\n", "line 2, column t_s: -1 is negative"),
    "same time": (GOOD + "0,70,,,,,,\n", "line 3, column t_s: 0 is not after 0"),
    "falling time": (
        GOOD + "30,,,,,,,\n\n29.5,,,,,,,\n",
        "line 5, column t_s: 29.5 is not after 30",
    ),
    "open quote": (GOOD + '30,"70,,,,,,\n', "not CSV"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_case_is_refused_in_one_line_that_names_file_and_fault(
    name: str, tmp_path: Path
) -> None:
    text, words = BAD[name]
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(CaseError) as refused:
        read_case(path)
    line = str(refused.value)
    assert line.startswith(str(path))
    assert words in line
    assert "\n" not in line


def test_a_case_that_is_not_there_not_a_file_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="there is no such case file"):
        read_case(tmp_path / "none.csv")
    with pytest.raises(CaseError, match="cannot be read"):
        read_case(tmp_path)
    (tmp_path / "latin.csv").write_bytes(GOOD.encode() + b"30,\xe4,,,,,,\n")
    with pytest.raises(CaseError, match="line 3: not UTF-8"):
        read_case(tmp_path / "latin.csv")


def test_blank_cells_are_not_measured_and_a_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    path = tmp_path / "case.csv"
    path.write_text("\ufeff" + HEADER + "\r\n0,,,,,,,\r\n1.5, ,71,,,,,-2\r\n", newline="")
    first, second = read_case(path)
    assert first.values == (None,) * 7
    assert second.t_s == 1.5
    assert [second.value(name) for name in COLUMNS[1:]] == [None, 71, None, None, None, None, -2]


def row(t_s: float, **values: float) -> CaseRow:
    return CaseRow(t_s, tuple(values.get(name) for name in COLUMNS[1:]))


def test_the_last_value_of_each_sensor_stands_and_there_is_none_before_the_first() -> None:
    patient = CasePatient([row(10, hr=70), row(20, spo2=97, pulse=72), row(30, hr=75)])
    assert patient.at(9.99) == Vitals()
    assert patient.at(10) == Vitals(hr=70)
    assert patient.at(29.9) == Vitals(hr=70, pulse=72, spo2=97)
    assert patient.at(9999) == Vitals(hr=75, pulse=72, spo2=97)


def test_a_row_with_any_pressure_is_one_determination_that_ends_exactly_then() -> None:
    patient = CasePatient(
        [row(0, nibp_sys=120), row(30, hr=70), row(90, nibp_map=-2), row(93, nibp_dia=60)]
    )
    assert [one.at for one in patient.ended(1000)] == [0, 90, 93]
    assert cuff_display(patient, 89.999).result == Determination(0, 0, sys=120)
    assert cuff_display(patient, 90).result == Determination(65, 90, map=-2)
    # 25 s before, or two thirds of the time since the previous result
    assert [t for t in (0, 64.9, 65, 89.9, 90, 90.9, 91, 92.9, 93) if patient.measuring(t)] == [
        65,
        89.9,
        91,
        92.9,
    ]


def test_a_host_can_neither_start_nor_cancel_what_a_case_measures() -> None:
    patient = CasePatient([row(90, nibp_sys=120)])
    assert not patient.start(10)
    assert not patient.cancel(70)
    assert not patient.measuring(20)
    assert len(patient.ended(1000)) == 1


@given(
    gaps=st.lists(st.floats(0.001, 4000), min_size=1, max_size=30),
    kinds=st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_any_case_shows_each_determination_once_and_is_quiet_in_between(
    gaps: list[float], kinds: list[bool]
) -> None:
    rows, t = [], 0.0
    for gap, cuff in zip(gaps, kinds, strict=False):
        t += gap
        rows.append(row(t, nibp_sys=120) if cuff else row(t, hr=70))
    patient = CasePatient(rows)
    ends = [one.t_s for one in rows if one.value("nibp_sys") is not None]
    assert [one.at for one in patient.ended(t)] == ends
    for end in ends:
        assert not patient.measuring(end)
        assert patient.ended(end)[-1].at == end
    before = 0.0
    for one in patient.ended(t):
        assert before <= one.started <= one.at
        assert one.at - one.started <= 25
        before = one.at
