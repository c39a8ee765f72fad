"""Each simulated monitor read by its driver: the whole range, all faults, the cuff, the capture."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from devices.capture import CaptureWriter, read_capture
from devices.metrics import (
    CUFF,
    CUFF_PRESSURE,
    ETCO2,
    HR,
    NIBP_DIA,
    NIBP_MAP,
    NIBP_PULSE,
    NIBP_SYS,
    PULSE,
    RR,
    SPO2,
    Metric,
)
from devices.reading import DEVICE_EVENTS, Reading
from devices.registry import driver
from devices.replay import replay
from devices.simulated import SIMULATED, SimulatedMonitor
from devices.simulated.faults import Fault, FaultKind, FaultPlan, FaultyPatient
from devices.spec import Command, Output
from tests.devices import sweep
from tests.devices.pair import converse, converse_over_line
from tests.devices.sweep import Sweep
from tests.devices.wire import NOON, after, kinds

every = pytest.mark.parametrize("row", SIMULATED.values(), ids=list(SIMULATED))

#: Frames of text or bits without any check sum: a flipped bit can be another number.
NO_CHECK_SUM = {
    "masimo",
    "nonin",
    "nonin-df8",
    "nellcor",
    "contec",
    "contec-old",
    "omron",
    "omron-9020",
    "accutorr",
    "efficia",
    "hl7",
    "hl7-loinc",
    "hl7-vendor",
}
SHOWN: dict[Metric, Sequence[int]] = {
    PULSE: sweep.PULSE,
    SPO2: sweep.SPO2,
    HR: sweep.HR,
    RR: sweep.RR,
    ETCO2: sweep.ETCO2,
}
TRUE_RESULTS = set(zip(sweep.SYS, sweep.DIA, strict=True))
MINUTES = 22 * 60.0


def has_cuff(row: SimulatedMonitor) -> bool:
    return NIBP_SYS in driver(row.driver).metrics


def results(outputs: Sequence[Output]) -> list[Reading]:
    return [o for o in outputs if isinstance(o, Reading) and o.values.get(NIBP_SYS) is not None]


def pair(reading: Reading) -> tuple[float | None, float | None]:
    return reading.values.get(NIBP_SYS), reading.values.get(NIBP_DIA)


def continuous(outputs: Sequence[Output], metric: Metric) -> list[float | None]:
    return [o.values[metric] for o in outputs if isinstance(o, Reading) and metric in o.values]


def in_order(found: Sequence[object], true: Sequence[object]) -> bool:
    """Whether ``found`` is what is left of ``true`` when some are lost."""
    rest = iter(true)
    return all(any(one == other for other in rest) for one in found)


@every
def test_each_value_of_the_whole_range_comes_through_once(row: SimulatedMonitor) -> None:
    spec = driver(row.driver)
    patient = Sweep()
    outputs = converse(spec.decoder("x"), row.build(patient, NOON), MINUTES)
    assert {o.kind for o in outputs if not isinstance(o, Reading)} <= set(DEVICE_EVENTS)
    for metric, shown in SHOWN.items():
        seen = [v for v in continuous(outputs, metric) if v is not None]
        if seen:
            assert set(seen) == set(shown), metric.key
    if has_cuff(row):
        truth = [(d.sys, d.dia) for d in patient.ended(MINUTES - 10)]
        found = results(outputs)
        assert [pair(one) for one in found] == truth
        for one, number in zip(found, itertools.count(1), strict=False):
            place = number % len(sweep.SYS)
            for metric, numbers in ((NIBP_MAP, sweep.MEAN), (NIBP_PULSE, sweep.CUFF_PULSE)):
                value = one.values.get(metric)
                assert value is None or value == numbers[place]
            late = (one.measured_at - after(number * sweep.EVERY_S)).total_seconds()
            assert -1.5 <= late <= spec.interval_s + 1.5


@every
def test_what_the_row_promises_is_what_comes(row: SimulatedMonitor) -> None:
    spec = driver(row.driver)
    outputs = converse(spec.decoder("x"), row.build(Sweep(), NOON), 150)
    seen = {m for o in outputs if isinstance(o, Reading) for m in o.values}
    assert seen <= set(spec.metrics)
    assert seen, "nothing was read at all"


@every
def test_a_capture_replays_to_the_very_same_outputs(row: SimulatedMonitor, tmp_path: Path) -> None:
    spec = driver(row.driver)
    commands = {}
    if Command.START_NIBP in spec.commands:
        commands = {70.0: Command.START_NIBP, 75.0: Command.CANCEL_NIBP, 84.0: Command.START_NIBP}
    path = tmp_path / "capture.jsonl"
    writer = CaptureWriter(path, spec.name, "/dev/ttyUSB0", NOON)
    monitor = row.build(Sweep(automatic=not commands), NOON)
    outputs = converse(spec.decoder(spec.name), monitor, 200, commands=commands, tap=writer)
    writer.close()
    assert any(isinstance(o, Reading) for o in outputs)
    assert list(replay(spec, read_capture(path).pieces)) == outputs


@every
def test_a_start_gives_one_result_and_a_cancelled_one_none(row: SimulatedMonitor) -> None:
    spec = driver(row.driver)
    if Command.START_NIBP not in spec.commands:
        pytest.skip("the cuff of this monitor is not started from here")
    patient = Sweep(automatic=False)
    monitor = row.build(patient, NOON)
    outputs = converse(spec.decoder("x"), monitor, 60, commands={10.0: Command.START_NIBP})
    assert len(results(outputs)) == 1
    said = kinds(outputs)
    assert said.count("nibp_measuring") == 1
    assert said.index("nibp_measuring") < said.index("nibp_done")
    patient = Sweep(automatic=False)
    monitor = row.build(patient, NOON)
    commands = {10.0: Command.START_NIBP, 20.0: Command.CANCEL_NIBP}
    outputs = converse(spec.decoder("x"), monitor, 60, commands=commands)
    assert results(outputs) == []
    assert not patient.measuring(30)


@every
def test_connecting_starts_no_cuff(row: SimulatedMonitor) -> None:
    spec = driver(row.driver)
    decoder, patient = spec.decoder("x"), Sweep(automatic=False)
    monitor = row.build(patient, NOON)
    for times in range(5):
        decoder.connected(after(times * 30))
        converse(decoder, monitor, 30, start=times * 30.0 + 0.05)
    assert list(patient.ended(150)) == []
    assert not patient.measuring(150)


@every
@pytest.mark.parametrize("kind", [k for k in FaultKind if k is not FaultKind.CORRUPT])
def test_no_fault_makes_a_value_that_was_not_there(row: SimulatedMonitor, kind: FaultKind) -> None:
    check(row, kind)


@every
def test_a_flipped_bit_is_found_where_frames_have_a_check_sum(row: SimulatedMonitor) -> None:
    if row.name in NO_CHECK_SUM:
        pytest.skip("its frames have no check sum")
    check(row, FaultKind.CORRUPT)


def check(row: SimulatedMonitor, kind: FaultKind) -> None:
    """Lives through the fault from second 130 to 250 and the time after it."""
    spec = driver(row.driver)
    plan = FaultPlan([Fault(kind, 130, 120)])
    patient = FaultyPatient(Sweep(), plan)
    monitor = row.build(patient, NOON)
    outputs = converse_over_line(spec.decoder("x"), monitor, 500, plan, row.line.baud)
    for metric, shown in SHOWN.items():
        seen = continuous(outputs, metric)
        assert {v for v in seen if v is not None} <= set(shown), metric.key
    if has_cuff(row):
        truth = [(d.sys, d.dia) for d in Sweep().ended(490)]
        found = [pair(one) for one in results(outputs)]
        assert in_order(found, truth), found
        lost = 2 if kind is FaultKind.NOISE else 4
        assert len(found) >= len(truth) - lost
    pressures = [
        o.values[m] for o in outputs if isinstance(o, Reading) for m in CUFF if m in o.values
    ]
    assert 0 not in pressures
    cuff = continuous(outputs, CUFF_PRESSURE)
    assert all(v is None or 0 <= v < 330 for v in cuff)
    late = [o for o in outputs if isinstance(o, Reading) and o.received_at > after(400)]
    assert late, "after the fault nothing came any more"
    if kind in (FaultKind.PROBE_OFF, FaultKind.SENTINEL):
        during = [
            o for o in outputs if isinstance(o, Reading) and after(140) < o.received_at < after(249)
        ]
        for metric in (PULSE, SPO2):
            assert {o.values[metric] for o in during if metric in o.values} <= {None}
