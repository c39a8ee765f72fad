"""Protocol files: what is refused, in which words, and that the shipped ones can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.library import SHIPPED, load_protocols
from ketamonitor.protocol import (
    AlarmLimit,
    ProtocolError,
    protocol_from_json,
    protocol_to_json,
    read_protocol,
)

GOOD = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "iv-ketamine-40"\n', "", "name"),
        ('name = "iv-ketamine-40"', 'name = "IV Ketamine!"', "name"),
        ("version = 3", "version = 0", "version"),
        ("version = 3", 'version = "one"', "version"),
        ("mg_per_kg = 0.5", "mg_per_kg = -0.5", "dose.mg_per_kg"),
        ("mg_per_kg = 0.5", "mg_per_kg = 50", "dose.mg_per_kg"),
        ("mg_per_kg = 0.5\n", "", "dose.mg_per_kg is missing"),
        ("minutes = 40\n", "", "dose.minutes is missing"),
        ('route = "iv"', 'route = "ear"', "dose.route"),
        ("from_first_dose_min = 70", "from_first_dose_min = -1", "gate.from_first_dose_min"),
        ("value = 180", "value = 1800", "limit"),
        ("value = 180", "value = 295", "can never be passed"),
        ("value = 180", "value = 160", "stands twice"),
        ("value = 180\npriority", "value = 180\npriorty", "priorty"),
        ('priority = "high"', 'priority = "urgent"', "priority"),
        ('metric = "spo2"', 'metric = "sp02"', "unknown metric 'sp02'"),
        ('op = "<"', 'op = "=<"', "op"),
        ("minutes = [10, 20, 30", "minutes = [10, 30, 20", "must rise"),
        ("minutes = [10, 20, 30", "minutes = [10, -20, 30", "due"),
        ("no_reading_s = 10", "no_reading_s = 0", "technical.no_reading_s"),
        ("value = 180", "value = 20", "can never be passed"),
        ("loosest = 180", "loosest = 150", "limit[1].loosest: 160 is further out"),
        ("clear_by = 3", "clear_by = -1", "clear_by"),
        ("for_s = 10", "for_s = 1000", "for_s"),
        ("for_s = 10", "for_s = 10\nfor_readings = 2", "not both"),
        ("for_readings = 2", "for_s = 10", "use for_readings"),
        ("readings = 2, repeat", "readings = 1, repeat", "confirm.readings"),
        ('first = "medium"', 'first = "high"', "confirm.first: must be milder than high"),
        ('relative = "baseline"', 'relative = "trend"', "trend_min: goes with"),
        ("value = -20", "value = 20", "would be passed at the baseline itself"),
        ('metric = "moaas"', 'metric = "moaa"', "unknown metric 'moaa'"),
        ("medium_to_high_s = 180", "medium_to_high_s = -1", "escalation.medium_to_high_s"),
        ("audio_s = 120", "audio_s = 3600", "pause.audio_s"),
        ("interruption_min = [2, 5, 10, 15]", "interruption_min = [60]", "interruption_min"),
        ("interruption_min = [2, 5, 10, 15]", "interruption_min = []", "interruption_min"),
        ('high = "nurse"', 'high = "none"', "sound.high"),
        ('metrics = ["spo2", "rr", "breaths"]', 'metrics = ["oxygen"]', "unknown metric 'oxygen'"),
        ('card = "EM-1" }', 'card = "EM-9" }', "no card 'EM-9'"),
        ('id = "BP-3"', 'id = "BP-2"', "BP-2 stands twice"),
        ('id = "flat"', 'id = "told"', "two steps have the same id"),
        ("Oxygen given", "Midazolam 2 mg given", "names an amount"),
        ("Laid flat", "Ephedrine 5mg, flat", "names an amount"),
        ('[dose]\ndrug = "ketamine (racemic)"', '[dose]\ndrug = ""', "dose.drug"),
        ("[gate]", "[gate", "not valid TOML"),
    ],
)
def test_a_missing_or_absurd_value_is_refused_by_name(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    path = tmp_path / "bad.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProtocolError) as refused:
        read_protocol(path)
    text = str(refused.value)
    assert said in text
    # with its line since version 2 of the files: tests/domain/test_protocol_lines.py
    assert re.match(rf"{re.escape(str(path))}:\d+: ", text)
    assert "\n" not in text


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"cannot be read: No such file"):
        read_protocol(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProtocolError, match="not UTF-8"):
        read_protocol(tmp_path / "binary.toml")


def test_the_shipped_protocols_are_all_there_and_none_is_approved() -> None:
    shipped = load_protocols(Path("/nowhere"))
    assert set(shipped) == {
        *("iv-ketamine-40", "iv-ketamine-custom", "im-ketamine", "sc-ketamine", "oral-ketamine"),
        *("spravato-56", "spravato-84"),
    }
    assert not any(protocol.approved for protocol in shipped.values())
    assert shipped["spravato-84"].dose.devices == 3


def test_a_clinics_own_file_replaces_the_shipped_one_and_with_a_slip_in_it_neither_is_offered(
    tmp_path: Path,
) -> None:
    own = tmp_path / "iv-ketamine-40.toml"
    own.write_text(
        GOOD.replace('approved_by = ""', 'approved_by = "Dr A. Hale"').replace(
            'approved_on = ""', 'approved_on = "2026-09-02"'
        ),
        encoding="utf-8",
    )
    assert load_protocols(tmp_path)["iv-ketamine-40"].approved
    own.write_text(GOOD.replace("version = 3", "version = 0"), encoding="utf-8")
    # It used to stop all of them; now it stops itself, and nothing older stands in for it.
    found = load_protocols(tmp_path)
    assert "iv-ketamine-40" not in found
    assert "version" in found.faults["iv-ketamine-40"]
    with pytest.raises(ProtocolError, match="version"):
        found.named("iv-ketamine-40")
    assert "spravato-56" in found


def test_a_protocol_survives_being_kept_as_json() -> None:
    for protocol in load_protocols(Path("/nowhere")).values():
        assert protocol_from_json(protocol_to_json(protocol)) == protocol


@given(
    value=st.floats(-400, 400),
    bound=st.integers(1, 300),
    op=st.sampled_from([">", ">=", "<", "<="]),
)
def test_a_limit_is_passed_exactly_beyond_it(value: float, bound: int, op: str) -> None:
    limit = AlarmLimit(metric="nibp_sys", op=op, value=bound, priority="high")  # type: ignore[arg-type]
    expected = {
        ">": value > bound,
        ">=": value >= bound,
        "<": value < bound,
        "<=": value <= bound,
    }[op]
    assert limit.passed(value, None) is expected


def test_relative_limits_are_not_armed_without_a_baseline() -> None:
    rise = AlarmLimit(metric="nibp_sys", op=">=", value=30, priority="medium", relative="baseline")
    percent = AlarmLimit(
        metric="nibp_sys", op="<=", value=-30, priority="high", relative="baseline_percent"
    )
    assert rise.bound(None) is None
    assert not rise.passed(250, None)
    assert rise.bound(122) == 152
    assert rise.passed(152, 122)
    assert percent.bound(120) == pytest.approx(84)
    assert percent.passed(84, 120)
    assert not percent.passed(85, 120)
