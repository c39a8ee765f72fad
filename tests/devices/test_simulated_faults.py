"""Faults to order: understood or refused clearly, and doing only what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import (
    Fault,
    FaultError,
    FaultKind,
    FaultPlan,
    FaultyPatient,
    parse_fault,
)
from devices.simulated.line import FaultyLine, PacedLine
from devices.simulated.patient import Determination, Failure, Vitals, cuff_display


def row(t_s: float, **values: float) -> CaseRow:
    return CaseRow(t_s, tuple(values.get(name) for name in COLUMNS[1:]))


def faulty(*faults: str) -> FaultyPatient:
    rows = [
        row(0, hr=70, pulse=71, spo2=98, rr=14, nibp_sys=120, nibp_dia=80, nibp_map=93),
        row(100, hr=80, pulse=81, spo2=96, rr=15, nibp_sys=130, nibp_dia=85, nibp_map=100),
        row(200, nibp_sys=140, nibp_dia=90, nibp_map=107),
    ]
    return FaultyPatient(CasePatient(rows), FaultPlan([parse_fault(f) for f in faults]))


def test_a_fault_lasts_30_s_unless_it_says_otherwise() -> None:
    assert parse_fault("pull@90") == Fault(FaultKind.PULL, 90, 30)
    assert parse_fault("cuff-fail@1.5+600") == Fault(FaultKind.CUFF_FAIL, 1.5, 600)


@pytest.mark.parametrize("text", ["unplug@10", "", "@10", "PULL@10", "probe off@3"])
def test_an_unknown_kind_lists_the_kinds(text: str) -> None:
    with pytest.raises(FaultError, match="pull, noise, silence, probe-off, cuff-fail, corrupt"):
        parse_fault(text)


@pytest.mark.parametrize(
    "text", ["pull", "pull@", "pull@-1", "pull@x", "pull@1+", "pull@1+0", "pull@nan"]
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FaultError, match=r"SECONDS|number of seconds"):
        parse_fault(text)


def test_faults_begin_and_end_when_they_say() -> None:
    plan = FaultPlan([parse_fault("noise@10+5"), parse_fault("pull@12")])
    assert [t for t in (9.9, 10, 14.9, 15) if plan.active(FaultKind.NOISE, t)] == [10, 14.9]
    edges = [plan.next_change(t) for t in (0, 10, 12, 15, 42)]
    assert edges == [10, 12, 15, 42, None]


def test_probe_off_takes_pulse_and_spo2_only() -> None:
    assert faulty("probe-off@50").at(60) == Vitals(hr=70, rr=14)
    assert faulty("probe-off@50").at(80) == Vitals(hr=70, pulse=71, spo2=98, rr=14)


def test_sentinel_shows_no_value_anywhere_but_the_cuff_goes_on() -> None:
    patient = faulty("sentinel@90+20")
    assert patient.at(95) == Vitals()
    assert cuff_display(patient, 105).result == Determination(75, 100)
    assert cuff_display(patient, 110).result == Determination(75, 100, sys=130, dia=85, map=100)


def test_frozen_shows_what_stood_there_and_catches_up() -> None:
    patient = faulty("frozen@90+20")
    assert patient.at(105) == patient.at(89)
    assert patient.measuring(105)
    assert [one.at for one in patient.ended(105)] == [0]
    assert patient.at(110).hr == 80
    assert [one.at for one in patient.ended(110)] == [0, 100]


def test_cuff_fail_fails_what_ends_in_its_time_and_the_old_result_stands() -> None:
    patient = faulty("cuff-fail@90+20")
    shown = cuff_display(patient, 150)
    assert shown.failure is Failure.NO_RESULT
    assert shown.result is not None
    assert shown.result.at == 0
    assert cuff_display(patient, 200).failure is None
    assert cuff_display(patient, 200).result == Determination(175, 200, sys=140, dia=90, map=107)


@given(
    baud=st.sampled_from([2400, 9600, 19200]),
    parts=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=6),
    steps=st.lists(st.floats(0.0001, 0.2), min_size=1, max_size=60),
)
def test_a_line_carries_every_byte_in_order_and_none_too_early(
    baud: int, parts: list[bytes], steps: list[float]
) -> None:
    line, t, out = PacedLine(baud), 5.0, b""
    for part in parts:
        line.put(part, t)
    sent = b"".join(parts)
    for step in steps:
        t += step
        out += line.take(t)
        assert len(out) <= (t - 5.0) * baud / 10 + 1e-6
        assert len(out) >= min(len(sent), int((t - 5.0) * baud / 10 - 1e-6))
        assert sent.startswith(out)
    while (wait := line.wait(t, 0.01)) is not None:
        t += wait + 1e-9
        out += line.take(t)
    assert out == sent
    assert t >= 5.0 + len(sent) * 10 / baud - 1e-6


def heard(fault: str, frames: list[bytes]) -> list[bytes]:
    line = FaultyLine(9600, FaultPlan([parse_fault(fault)]), seed=5)
    got = []
    for frame in frames:
        line.send([frame], 1.0)
        got.append(line.paced.take(1e6))
    return got


def test_corrupt_flips_one_bit_of_some_frames_and_leaves_the_others() -> None:
    frame = bytes(range(40, 80))
    flipped = []
    for got in heard("corrupt@0+1000", [frame] * 200):
        assert len(got) == len(frame)
        flipped.append(sum((a ^ b).bit_count() for a, b in zip(got, frame, strict=True)))
    assert set(flipped) == {0, 1}
    assert 60 < sum(flipped) < 140


def test_noise_stands_behind_whole_frames_and_once_a_second_between_them() -> None:
    for got in heard("noise@0+1000", [b"frame"] * 20):
        assert got.startswith(b"frame")
        assert 4 <= len(got) - 5 <= 24
    line = FaultyLine(9600, FaultPlan([parse_fault("noise@10+5")]), seed=5)
    assert line.idle(9.9) is None
    assert line.idle(10.0) == 1.0
    assert line.idle(10.5) == 0.5
    assert 4 <= len(line.paced.take(11.0)) <= 24
    assert line.idle(15.0) is None
