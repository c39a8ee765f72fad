"""The simulated walk-up cuffs (Omron, Terumo, A&D): their records, and round trips with faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.reading import Reading
from devices.registry import driver
from devices.simulated import SIMULATED
from devices.simulated.and_tm265x import Tm265xMonitor
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.patient import Patient
from devices.simulated.scenario import scenario_patient
from devices.simulated.terumo import TerumoMonitor
from devices.spec import Command, Output
from tests.devices.pair import converse
from tests.devices.test_and_tm265x import ACK, NAK, RB, RECORDED, SP, ST
from tests.devices.wire import NOON, all_values, kinds

CUFFS = ("omron", "omron-9020", "terumo", "and-tm265x")
PUSH_ONLY = CUFFS[:3]
WITH_MEAN = CUFFS[1:]
every = pytest.mark.parametrize("name", CUFFS)


def bp(t_s: float, sys: float | None, dia: float | None, mean: float | None) -> CaseRow:
    given = {"nibp_sys": sys, "nibp_dia": dia, "nibp_map": mean}
    return CaseRow(t_s, tuple(given.get(column) for column in COLUMNS[1:]))


def talk(name: str, patient: Patient, seconds: float) -> list[Output]:
    row = SIMULATED[name]
    return converse(driver(row.driver).decoder("cuff"), row.build(patient, NOON), seconds)


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("omron", b"2026,11,23,12,01,12345               ,0,128,079,   ,0\r\n"),
        ("omron-9020", b"bp,99999999999999999999,2026/11/23,12:01,128,095,079,   ,3\r\n"),
        ("terumo", b"R1,000000000,261123,120100,128,095,079,000,0000,0000,00000,000"),
        ("and-tm265x", b"TM2655\x1e2611231201\x1eRB\x1eM\x1eE00\x1eS128\x1eM 95\x1eD 79\x1eP   "),
    ],
)
def test_a_result_is_pushed_once_when_it_has_ended(name: str, wire: bytes) -> None:
    monitor = SIMULATED[name].build(CasePatient([bp(60, 128, 79, 95)]), NOON)
    assert monitor.due(59.9) == []
    (sent,) = monitor.due(60)
    assert wire in sent
    assert monitor.due(60.1) == []
    assert (monitor.wait(60.1) or 0) > 0


def test_the_recorded_record_of_an_arm_in_cuff_comes_out_byte_for_byte() -> None:
    at = datetime(2019, 10, 29, 14, 28, 59, tzinfo=NOON.tzinfo)
    monitor = Tm265xMonitor(CasePatient([bp(1, 102, 62, 87)]), at)
    assert monitor.due(1)[0].replace(b"P   ", b"P 83")[:-1] == RECORDED[:-1]


@every
@settings(max_examples=25, deadline=None)
@given(st.integers(60, 260), st.integers(30, 215), st.integers(40, 235))
def test_the_whole_range_comes_through(name: str, sys: int, dia: int, mean: int) -> None:
    outputs = talk(name, CasePatient([bp(2, sys, dia, mean)]), 3)
    expected = {"nibp_sys": sys, "nibp_dia": dia, "nibp_map": mean, "nibp_pulse": None}
    if name not in WITH_MEAN:
        del expected["nibp_map"]
    assert all_values(outputs) == [expected]


@every
def test_a_session_gives_each_determination_once(name: str) -> None:
    patient = scenario_patient("iv-mild", 3)
    outputs = talk(name, patient, 700)
    sent = [(one.sys, one.dia, one.pulse) for one in patient.ended(700)]
    assert len(sent) >= 2
    assert [
        (one["nibp_sys"], one["nibp_dia"], one["nibp_pulse"]) for one in all_values(outputs)
    ] == sent
    assert kinds(outputs) == []
    readings = [one for one in outputs if isinstance(one, Reading)]
    for reading, one in zip(readings, patient.ended(700), strict=True):
        assert 0 <= (reading.measured_at - NOON).total_seconds() - one.at < 0.2
        assert reading.device_time is not None


@pytest.mark.parametrize(
    ("name", "fault", "kept", "told"),
    [
        ("omron", "cuff-fail@40+10", 1, ["nibp_failed"]),
        ("omron", "sentinel@40+10", 1, ["nibp_failed"]),
        ("omron-9020", "cuff-fail@40+10", 1, []),
        ("omron-9020", "sentinel@40+10", 1, ["nibp_failed"]),
        ("terumo", "cuff-fail@40+10", 1, []),
        ("terumo", "sentinel@40+10", 1, ["nibp_failed"]),
        ("and-tm265x", "cuff-fail@40+10", 1, ["nibp_failed"]),
        ("and-tm265x", "sentinel@40+10", 1, ["nibp_failed"]),
        *((name, "probe-off@0+700", 2, []) for name in CUFFS),
        *((name, "frozen@30+100", 2, []) for name in CUFFS),
    ],
)
def test_faults_at_the_patient(name: str, fault: str, kept: int, told: list[str]) -> None:
    patient = FaultyPatient(scenario_patient("iv-mild", 3), FaultPlan([parse_fault(fault)]))
    outputs = talk(name, patient, 400)
    assert len(all_values(outputs)) == kept
    assert kinds(outputs) == told


@pytest.mark.parametrize("name", PUSH_ONLY)
def test_what_is_sent_to_a_push_only_monitor_is_logged_and_not_heeded(name: str) -> None:
    monitor = SIMULATED[name].build(CasePatient([bp(60, 128, 79, 95)]), NOON)
    assert monitor.feed(b"\r", 1) == []
    assert [(one.t, one.text, one.accepted) for one in monitor.requests] == [(1, b"\r", False)]


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_terumo_that_waits_repeats_until_it_is_confirmed(confirmed: bool) -> None:
    monitor = TerumoMonitor(CasePatient([bp(2, 128, 79, 95)]), NOON, waits=True)
    if confirmed:
        assert len(monitor.due(2)) == 1
        monitor.feed(b"\x06", 2.1)
        assert [one.accepted for one in monitor.requests] == [True]
        assert monitor.due(3) == []
        return
    decoder = driver("terumo").decoder("cuff")
    decoder.connected(NOON)
    sent = [frame for second in range(2, 12) for frame in monitor.due(second)]
    assert len(sent) == 3
    assert len(decoder.feed(b"".join(sent), NOON)) == 1


def test_an_arm_in_cuff_answers_each_request() -> None:
    monitor = Tm265xMonitor(scenario_patient("iv-mild", 3), NOON)
    steps: list[tuple[float, bytes, bytes | None]] = [
        (1, RB, NAK),  # nothing yet
        (2, ST[:-1] + b"\x08", NAK),  # a wrong check byte
        (3, SP, NAK),  # nothing runs
        (4, b"\x16\x16\x0101\x02ST\x03\x06", None),  # another unit's
        (5, b"noise\x03" + ST, ACK),
        (6, ST, NAK),  # busy
        (7, RB, NAK),
        (8, SP, ACK),
        (9, ST, ACK),
    ]
    for t, asked, answer in steps:
        assert monitor.feed(asked, t) == ([answer] if answer else []), t
        assert monitor.due(t) == []
    assert [one.accepted for one in monitor.requests] == [answer == ACK for *_, answer in steps]
    (pushed,) = monitor.due(34)
    assert monitor.feed(RB, 35) == [pushed]


def start_at(second: float) -> Callable[[Patient], list[Output]]:
    def run(patient: Patient) -> list[Output]:
        decoder = driver("and-tm265x").decoder("cuff")
        monitor = Tm265xMonitor(patient, NOON)
        commands = {second: Command.START_NIBP}
        return converse(decoder, monitor, 180, commands=commands)

    return run


def test_a_reading_started_from_here_is_seen_from_begin_to_end() -> None:
    outputs = start_at(100)(scenario_patient("iv-mild", 3))
    assert kinds(outputs) == ["nibp_measuring", "nibp_done"]
    assert len(all_values(outputs)) == 2
    fails = FaultyPatient(
        scenario_patient("iv-mild", 3), FaultPlan([parse_fault("cuff-fail@90+60")])
    )
    assert kinds(start_at(100)(fails)) == ["nibp_measuring", "nibp_failed"]
    assert kinds(start_at(30)(scenario_patient("iv-mild", 3))) == ["refused"]


def test_a_reading_is_stopped_from_here() -> None:
    decoder = driver("and-tm265x").decoder("cuff")
    monitor = Tm265xMonitor(scenario_patient("iv-mild", 3), NOON)
    commands = {100.0: Command.START_NIBP, 110.0: Command.CANCEL_NIBP}
    outputs = converse(decoder, monitor, 200, commands=commands)
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]
    assert len(all_values(outputs)) == 1
    polls = [one.t for one in monitor.requests if one.text == b"RB"]
    # 30 s after the question, the pushed record or the command before it
    assert polls == pytest.approx([0, 30, 75, 140, 170], abs=0.1)
