"""The simulated BerryMed board: its packets byte by byte, and a session with the driver."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from devices.drivers.berry_pm6750 import SPEC
from devices.simulated.berry_pm6750 import BerryMonitor, packed
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.patient import Patient
from devices.simulated.scenario import scenario_patient
from devices.spec import Command
from tests.devices.pair import converse
from tests.devices.wire import NOON, all_values, kinds

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
START = bytes.fromhex("55 aa 04 02 01 f8")
STOP = bytes.fromhex("55 aa 04 02 00 f9")
SPO2_ON = bytes.fromhex("55 aa 04 03 01 f7")
ECG_ON = bytes.fromhex("55 aa 04 01 01 f9")
PLETH_ON, PLETH_OFF = bytes.fromhex("55 aa 04 fe 01 fc"), packed(0xFE, 0)


def case(*rows: dict[str, float], fault: str = "") -> BerryMonitor:
    made = [CaseRow(one["t_s"], tuple(one.get(name) for name in COLUMNS[1:])) for one in rows]
    patient: Patient = CasePatient(made)
    if fault:
        patient = FaultyPatient(patient, FaultPlan([parse_fault(fault)]))
    return BerryMonitor(patient, BEGAN)


def test_published_packets_come_out_byte_for_byte() -> None:
    assert packed(1, *[0x80] * 7) == bytes.fromhex("55 AA 0A 01 80 80 80 80 80 80 80 74")
    assert packed(2, 1) == START
    assert packed(3, 0, 0, 0x80, 0x5F, 0x4F) == bytes.fromhex("55 aa 08 03 00 00 80 5f 4f c6")


def test_it_is_silent_until_something_is_enabled() -> None:
    board = case({"t_s": 0, "hr": 72, "rr": 16, "pulse": 73, "spo2": 97})
    assert board.due(10) == []
    board.feed(SPO2_ON + ECG_ON, 10)
    assert board.due(10.9) == []
    assert board.due(11) == [
        bytes.fromhex("55 aa 06 04 00 61 49 4b"),
        bytes.fromhex("55 aa 08 02 d9 48 10 00 01 c3"),
    ]
    board.feed(PLETH_ON, 11.5)
    assert len(board.due(11.99)) == 24
    board.feed(PLETH_OFF + packed(3, 0) + packed(1, 0), 11.99)
    assert board.due(20) == []


def test_without_a_finger_and_with_one_value_only() -> None:
    board = case({"t_s": 5, "spo2": 98})
    board.feed(SPO2_ON, 0)
    assert board.due(1) == [bytes.fromhex("55 aa 06 04 02 7f ff 75")]
    assert board.due(6)[-1] == packed(4, 0, 98, 255)


def test_a_reading_is_told_twice_a_second_and_its_end_twice() -> None:
    board = case({"t_s": 100, "nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95})
    told = [frame for half in range(2 * 120) for frame in board.due(half / 2)]
    assert told[:-2] == [packed(3, 4, frame[5], 0, 0, 0) for frame in told[:-2]]
    pressures = [2 * frame[5] for frame in told[:-2]]
    assert len(pressures) == 50
    assert pressures[0] == 0
    assert max(pressures) == 160
    assert pressures[10:] == sorted(pressures[10:], reverse=True)
    assert told[-2:] == [bytes.fromhex("55 aa 08 03 00 00 80 5f 4f c6")] * 2


@pytest.mark.parametrize(
    ("sys", "state"), [(251, 8), (-1, 8), (250, 0)], ids=["too high", "below 0", "highest"]
)
def test_pressures_that_a_byte_cannot_say_are_no_result(sys: float, state: int) -> None:
    board = case({"t_s": 50, "nibp_sys": sys, "nibp_dia": 79})
    ends = [frame for half in range(2 * 52) for frame in board.due(half / 2)][-1]
    assert ends[4] == state << 2


def test_commands_are_remembered_and_only_good_ones_obeyed() -> None:
    board = BerryMonitor(scenario_patient("iv-mild"), BEGAN)
    board.feed(b"\x55\x55\xaa" + START[2:5], 1)
    board.feed(START[5:] + START[:-1] + b"\xf9" + START + packed(0x0B, 1) + STOP, 1)
    assert [(one.text, one.accepted) for one in board.requests] == [
        (START, True),
        (START[:-1] + b"\xf9", False),
        (START, False),  # it measures already
        (packed(0x0B, 1), False),
        (STOP, True),
    ]


def test_a_session_with_the_driver_every_reading_once() -> None:
    board = BerryMonitor(scenario_patient("iv-mild"), BEGAN)
    outputs = converse(SPEC.decoder("x"), board, 420, commands={100: Command.START_NIBP})
    cuffs = [one for one in all_values(outputs) if "nibp_sys" in one]
    true = scenario_patient("iv-mild")
    true.start(100)
    wanted = [
        {"nibp_sys": one.sys, "nibp_dia": one.dia, "nibp_map": one.map} for one in true.ended(420)
    ]
    assert cuffs == wanted
    assert len(wanted) == 3
    assert kinds(outputs) == ["nibp_measuring", "nibp_done"] * 3
    assert sum("cuff_pressure" in one for one in all_values(outputs)) > 3 * 20
    assert [one.accepted for one in board.requests if one.text == START] == [True]


def test_a_cancelled_and_a_failed_reading() -> None:
    patient = FaultyPatient(
        scenario_patient("iv-mild"), FaultPlan([parse_fault("cuff-fail@100+80")])
    )
    board = BerryMonitor(patient, BEGAN)
    outputs = converse(
        SPEC.decoder("x"),
        board,
        180,
        commands={30: Command.CANCEL_NIBP, 110: Command.START_NIBP, 145: Command.START_NIBP},
    )
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"] * 3
    assert not any("nibp_sys" in one for one in all_values(outputs))


def test_a_board_that_does_not_heed_a_start() -> None:
    board = case({"t_s": 90, "nibp_sys": 128})
    outputs = converse(SPEC.decoder("x"), board, 30, commands={5: Command.START_NIBP})
    assert kinds(outputs) == ["sensor_off", "refused"]
    assert [one.accepted for one in board.requests if one.text == START] == [False]


def test_the_probe_makes_it_answer_and_leaves_no_trace() -> None:
    board = case({"t_s": 0})
    decoder = SPEC.decoder("x")
    decoder.connected(NOON)
    assert SPEC.probe is not None
    board.feed(SPEC.probe.greeting(NOON), 0)
    for frame in board.due(0.3):
        decoder.feed(frame, NOON)
    assert decoder.frames >= SPEC.named_after
    board.feed(SPEC.probe.farewell, 0.3)
    assert board.due(10) == []
