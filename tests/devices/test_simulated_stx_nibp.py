"""The simulated STX module: its messages byte by byte, and a session with the driver."""

from __future__ import annotations

from datetime import UTC, datetime

from devices.drivers.stx_nibp import SPEC
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.scenario import scenario_patient
from devices.simulated.stx_nibp import StxModule, framed, summed
from devices.spec import Command
from tests.devices.pair import converse
from tests.devices.wire import NOON, all_values, kinds

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
START = bytes.fromhex("02 30 31 3B 3B 44 37 03")
GET_STATUS = b"\x0218;;DF\x03"


def case(t_s: float, **values: float) -> StxModule:
    row = CaseRow(t_s, tuple(values.get(name) for name in COLUMNS[1:]))
    return StxModule(CasePatient([row]), BEGAN)


def test_the_computed_status_comes_out_byte_for_byte() -> None:
    text = "S1;A0;C00;M00;P128079095;R072;T0030;;"
    assert framed(summed(text)) == b"\x02S1;A0;C00;M00;P128079095;R072;T0030;;48\x03\r"


def test_a_reading_byte_by_byte() -> None:
    module = case(40, nibp_sys=128, nibp_dia=79, nibp_map=95)
    dashes = framed(summed("S1;A0;C00;M00;P---------;R---;T0000;;"))
    assert module.feed(b"\xff" + GET_STATUS[:3], 1) == []
    assert module.feed(GET_STATUS[3:] + b"\r", 1) == [dashes]
    assert module.feed(START + b"X\r" + GET_STATUS[:-2] + b"E\x03", 2) == []
    assert [one.accepted for one in module.requests] == [True, False, False, False]
    told = [frame for quarter in range(4 * 42) for frame in module.due(quarter / 4)]
    assert told[0] == b"\x02000C0S3\x03\r"
    assert b"\x02160C0S3\x03\r" in told
    assert told[-1] == b"\x02999C0S3\x03\r"
    assert len(told) == 101
    (reply,) = module.feed(GET_STATUS, 42)
    assert reply == framed(summed("S1;A0;C00;M00;P128079095;R---;T0000;;"))


def test_a_session_with_the_driver_every_reading_once() -> None:
    module = StxModule(scenario_patient("iv-mild"), BEGAN)
    outputs = converse(SPEC.decoder("x"), module, 420, commands={100: Command.START_NIBP})
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
    outputs = converse(SPEC.decoder("x"), StxModule(patient, BEGAN), 160, commands=commands)
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"] * 2
    module = case(300, nibp_sys=90)
    outputs = converse(SPEC.decoder("x"), module, 60, commands={5: Command.START_NIBP})
    assert kinds(outputs) == ["refused"]
    assert [one.accepted for one in module.requests if one.text == START] == [False]


def test_a_module_for_the_newborn_is_not_started() -> None:
    module = StxModule(scenario_patient("iv-mild"), BEGAN)
    module.feed(b"\x0225;;DD\x03", 0)
    outputs = converse(SPEC.decoder("x"), module, 15, commands={8: Command.START_NIBP})
    assert kinds(outputs) == ["monitor_alarm", "refused"]


def test_the_probe_makes_it_answer() -> None:
    decoder = SPEC.decoder("x")
    decoder.connected(NOON)
    assert SPEC.probe is not None
    for frame in case(10).feed(SPEC.probe.greeting(NOON), 0):
        decoder.feed(frame, NOON)
    assert decoder.frames >= SPEC.named_after
