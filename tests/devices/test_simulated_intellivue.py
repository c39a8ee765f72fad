"""The simulated IntelliVue: who is let in, what is answered, and the way to the driver and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from devices.drivers.intellivue import SPEC, IntellivueDecoder
from devices.reading import DEMO, Reading
from devices.simulated import SIMULATED, intellivue_wire
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.intellivue import IntellivueMonitor
from devices.simulated.intellivue_objects import Setting
from devices.simulated.patient import Patient
from devices.simulated.scenario import scenario_patient
from tests.devices.intellivue_frames import VECTORS
from tests.devices.pair import STEP_S, converse, converse_over_line
from tests.devices.wire import NOON, after, all_values, kinds

ROWS = [row for row in SIMULATED.values() if row.driver == "intellivue"]
RESULT = VECTORS["mdsresult"]


def row(t_s: float, **values: float) -> CaseRow:
    return CaseRow(t_s, tuple(values.get(name) for name in COLUMNS[1:]))


CASE = CasePatient(
    [
        row(0, hr=70, pulse=71, spo2=97.5, rr=14),
        row(60, nibp_sys=128, nibp_dia=79, nibp_map=95),
        row(120, nibp_sys=128, nibp_dia=79, nibp_map=95, spo2=88),
        row(180, nibp_sys=214, nibp_dia=121, nibp_map=152),
    ]
)


def associated(monitor: IntellivueMonitor, t: float = 0) -> IntellivueMonitor:
    monitor.feed(VECTORS["aarq"] + RESULT, t)
    assert monitor.associated
    return monitor


def mine() -> IntellivueMonitor:
    return IntellivueMonitor(CASE, NOON)


@pytest.mark.parametrize("name", VECTORS)
def test_its_frames_are_the_worked_ones(name: str) -> None:
    (user,) = intellivue_wire.Ear().hear(VECTORS[name])
    assert user is not None
    assert intellivue_wire.frame(user) == VECTORS[name]


def test_it_says_nothing_until_it_is_asked_for_an_association() -> None:
    monitor = mine()
    for name in ("pollreq", "ext", "keepalive", "release", "abort", "mdsresult"):
        assert monitor.feed(VECTORS[name], 0) == []
    assert monitor.feed(b"\xc0\x11\x01rubbish\xc1", 0) == []
    assert monitor.due(100) == []
    assert monitor.wait(100) is None
    assert not any(one.accepted for one in monitor.requests)
    # at relative time 0x100000 the published introduction comes out
    t = 0x100000 / 8000
    clocked = IntellivueMonitor(
        CASE, datetime(2026, 11, 23, 10, 15, tzinfo=UTC) - timedelta(seconds=t)
    )
    assert clocked.feed(VECTORS["aarq"], t) == [VECTORS["accept"], VECTORS["mdscreate"]]
    assert clocked.feed(VECTORS["pollreq"], t + 1) == []  # first our answer to the introduction
    clocked.feed(RESULT, t + 2)
    assert len(clocked.feed(VECTORS["pollreq"], t + 3)) == 1


def test_it_refuses_a_second_client_and_forgets_one_that_died() -> None:
    monitor = associated(mine())
    (refused,) = monitor.feed(VECTORS["aarq"], 5)
    assert refused[5] == 0x0C
    assert monitor.due(9.9) == []
    assert monitor.due(10) == [VECTORS["abort"]]
    assert len(monitor.feed(VECTORS["aarq"], 11)) == 2


@pytest.mark.parametrize(("leave", "answer"), [("release", ["released"]), ("abort", [])])
def test_it_lets_a_client_go(leave: str, answer: list[str]) -> None:
    monitor = associated(mine())
    assert monitor.feed(VECTORS[leave], 1) == [VECTORS[name] for name in answer]
    assert not monitor.associated


def test_it_pushes_each_second_until_the_time_is_over() -> None:
    monitor = associated(mine())
    assert len(monitor.feed(VECTORS["ext"], 0.5)) == 1
    count = 0
    for step in range(1, 90 * 4):
        monitor.feed(VECTORS["keepalive"], step / 4)
        count += len(monitor.due(step / 4))
    assert count == 60


@pytest.mark.parametrize("simulated", ROWS, ids=lambda one: one.name)
def test_every_value_reaches_the_driver_once(simulated: object) -> None:
    (build,) = [one.build for one in ROWS if one is simulated]
    decoder = IntellivueDecoder("m")
    outputs = converse(decoder, build(CASE, NOON), 200)
    cuffs = [one for one in outputs if isinstance(one, Reading) and len(one.values) == 3]
    assert all_values(cuffs) == [
        {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95},
        {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95},
        {"nibp_sys": 214, "nibp_dia": 121, "nibp_map": 152},
    ]
    assert [one.measured_at for one in cuffs] == [after(60), after(120), after(180)]
    assert kinds(outputs).count("nibp_measuring") == kinds(outputs).count("nibp_done") == 3
    assert kinds(outputs).count("monitor_alarm") == 1
    present = all_values([one for one in outputs if one not in cuffs])
    assert len(present) >= 195
    assert present[10] == {"spo2": 97.5, "pulse": 71, "hr": 70, "rr": 14}
    assert present[-1] == {"spo2": 88, "pulse": 71, "hr": 70, "rr": 14}


def test_kpa_demo_and_a_wrong_clock() -> None:
    setting = Setting(kpa=True, demo=True, ahead=timedelta(hours=-7, seconds=3))
    outputs = converse(IntellivueDecoder("m"), IntellivueMonitor(CASE, NOON, setting), 70)
    (cuff,) = [one for one in outputs if isinstance(one, Reading) and len(one.values) == 3]
    pressures = [value for value in cuff.values.values() if value is not None]
    assert pressures == pytest.approx([128, 79, 95], abs=0.4)
    assert cuff.measured_at == after(60)
    assert cuff.device_time == "2026-11-23T05:01:03"
    assert all(one.flags == (DEMO,) for one in outputs if isinstance(one, Reading))
    assert kinds(outputs).count("demo") == 1


def faulty(*faults: str) -> tuple[Patient, FaultPlan]:
    plan = FaultPlan([parse_fault(fault) for fault in faults])
    return FaultyPatient(scenario_patient("iv-mild", 1), plan), plan


def test_faults_at_the_patient() -> None:
    patient, _ = faulty("probe-off@100+20", "cuff-fail@320+10", "sentinel@200+20")
    outputs = converse(IntellivueDecoder("m"), IntellivueMonitor(patient, NOON), 350)
    readings = [one for one in outputs if isinstance(one, Reading)]
    shown = {round((one.received_at - NOON).total_seconds()): one for one in readings}
    assert set(all_values([shown[110]])[0].items()) >= {("spo2", None), ("pulse", None)}
    assert set(all_values([shown[210]])[0].values()) == {None}
    assert None not in all_values([shown[240]])[0].values()
    assert kinds(outputs).count("nibp_failed") == 1
    assert len([one for one in readings if len(one.values) == 4 and "nibp_sys" in str(one)]) == 1


@pytest.mark.parametrize("fault", ["noise@20+60", "corrupt@20+60", "pull@30+5", "pull@30+40"])
@pytest.mark.parametrize("simulated", ROWS, ids=lambda one: one.name)
def test_faults_on_the_line_cost_no_cuff_result(simulated: object, fault: str) -> None:
    (build,) = [one.build for one in ROWS if one is simulated]
    patient, plan = faulty(fault)
    baud = SPEC.line.baud if simulated is not ROWS[1] else SPEC.also[0].baud
    monitor = build(patient, NOON)
    outputs = converse_over_line(IntellivueDecoder("m"), monitor, 120, plan, baud)
    cuffs = [one for one in outputs if isinstance(one, Reading) and len(one.values) == 4]
    cuffs = [one for one in cuffs if "nibp_sys" in [metric.key for metric in one.values]]
    (cuff,) = cuffs
    assert 0 <= (cuff.measured_at - after(45)).total_seconds() <= 1  # what the line takes
    came = [one.received_at for one in outputs if isinstance(one, Reading)]
    assert came[-1] >= after(118)
    if fault.startswith("pull"):
        back = after(30 + int(fault.partition("+")[2]))
        first = min(at for at in came if at >= back)
        assert (first - back).total_seconds() <= 2 + STEP_S


def test_one_left_behind_is_refused_for_ten_seconds_if_it_is_not_ended() -> None:
    monitor = associated(mine())
    decoder = IntellivueDecoder("m")
    decoder.connected(NOON)
    outputs = []
    for step in range(round(30 / STEP_S)):
        t = step * STEP_S
        request = decoder.outgoing(after(t)).replace(VECTORS["abort"], b"")  # it is lost
        sent = b"".join(monitor.due(t) + monitor.feed(request, t))
        outputs += decoder.feed(sent, after(t))
    assert kinds(outputs).count("refused") == 1
    first = next(one for one in outputs if isinstance(one, Reading))
    assert 10 <= (first.received_at - NOON).total_seconds() <= 12
