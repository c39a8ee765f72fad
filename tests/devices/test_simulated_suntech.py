"""The simulated SunTech module: its packets byte by byte, and a session with the driver."""

from __future__ import annotations

from datetime import UTC, datetime

from devices.drivers.suntech import SPEC
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.patient import Determination
from devices.simulated.scenario import scenario_patient
from devices.simulated.suntech import SuntechModule, bp_data, cuff_pressure
from devices.spec import Command
from tests.devices.pair import converse
from tests.devices.wire import NOON, all_values, kinds

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
START = bytes.fromhex("3A 20 A6")
ABORT = bytes.fromhex("3A 79 01 00 4C")
GET_PRESSURE = bytes.fromhex("3A 79 05 00 48")
GET_RESULT = bytes.fromhex("3A 79 03 00 4A")
ACCEPTED, EXECUTED = bytes.fromhex("3E 04 4F 6F"), bytes.fromhex("3E 04 4B 73")
ABORTED, BUSY = bytes.fromhex("3E 04 41 7D"), bytes.fromhex("3E 04 42 7C")
GARBLED = bytes.fromhex("3E 04 45 79")


def module() -> SuntechModule:
    return SuntechModule(scenario_patient("iv-mild"), BEGAN)


def test_published_packets_come_out_byte_for_byte() -> None:
    assert cuff_pressure(258) == bytes.fromhex("3E 05 02 01 BA")
    assert bp_data(Determination(0, 25, 128, 79, 95, 72)) == bytes.fromhex(
        "3E 18 80 00 4F 00 1E 01 00 00 00 00 00 00 00 00 48 00 5F 00 00 00 00 15"
    )
    assert bp_data(Determination(0, 25, -2, 79))[20] == 3


def test_a_reading_byte_by_byte() -> None:
    one = module()
    assert one.feed(GET_RESULT, 1) == [bp_data(None)]
    assert one.feed(START[:2], 1) == []
    assert one.feed(START[2:], 1) == [ACCEPTED]
    assert one.feed(START, 2) == [BUSY]
    assert one.feed(GET_PRESSURE, 6) == [cuff_pressure(160)]
    assert one.due(25.9) == []
    assert one.due(26) == [EXECUTED]
    assert one.feed(GET_PRESSURE, 26.1) == [cuff_pressure(0)]
    assert one.feed(b"\xff" + ABORT[:-1] + b"\x4d", 27) == [GARBLED]
    assert [(r.text, r.accepted) for r in one.requests][-1] == (ABORT[:-1] + b"\x4d", False)


def test_an_abort_is_told_and_then_executed() -> None:
    one = module()
    one.feed(START, 1)
    assert one.feed(ABORT, 5) == [ABORTED, EXECUTED]
    assert one.feed(GET_RESULT, 5)[0][20] == 86


def test_a_session_with_the_driver_every_reading_once() -> None:
    one = module()
    outputs = converse(SPEC.decoder("x"), one, 420, commands={100: Command.START_NIBP})
    true = scenario_patient("iv-mild")
    true.start(100)
    wanted = [
        {"nibp_sys": d.sys, "nibp_dia": d.dia, "nibp_map": d.map, "nibp_pulse": d.pulse}
        for d in true.ended(420)
    ]
    assert [v for v in all_values(outputs) if "nibp_sys" in v] == wanted
    assert len(wanted) == 3
    assert kinds(outputs) == ["nibp_measuring", "nibp_done"] * 3
    assert sum("cuff_pressure" in v for v in all_values(outputs)) > 3 * 20


def test_a_cancelled_a_failed_and_a_refused_reading() -> None:
    patient = FaultyPatient(
        scenario_patient("iv-mild"), FaultPlan([parse_fault("cuff-fail@100+60")])
    )
    commands = {30: Command.CANCEL_NIBP, 110: Command.START_NIBP}
    outputs = converse(SPEC.decoder("x"), SuntechModule(patient, BEGAN), 160, commands=commands)
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"] * 2
    case = CasePatient([CaseRow(300, tuple(float(90) for _ in COLUMNS[1:]))])
    outputs = converse(
        SPEC.decoder("x"), SuntechModule(case, BEGAN), 60, commands={5: Command.START_NIBP}
    )
    assert kinds(outputs) == ["refused"]


def test_the_probe_makes_it_answer() -> None:
    decoder = SPEC.decoder("x")
    decoder.connected(NOON)
    assert SPEC.probe is not None
    for frame in module().feed(SPEC.probe.greeting(NOON), 0):
        decoder.feed(frame, NOON)
    assert decoder.frames >= SPEC.named_after
