"""The simulated Rad-8: its lines byte by byte, and read by the driver."""

import pytest

from devices.drivers.masimo import MasimoDecoder
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.masimo import MasimoMonitor
from tests.devices.oximeters import OxygenPatient, at_once
from tests.devices.pair import converse
from tests.devices.wire import NOON, all_values, kinds


def test_a_line_as_the_real_one_lays_it_out() -> None:
    monitor = MasimoMonitor(OxygenPatient(97.6, 72), NOON)
    (line,) = monitor.due(0.0)
    assert line == (
        b"11/23/26 12:00:00 SN=0000012345 SPO2=098% BPM=072 PI=03.60% SPCO=--.-% SPMET=--.-% "
        b"DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000800\r\n"
    )
    assert monitor.due(0.9) == []
    assert monitor.wait(0.9) == pytest.approx(0.1)
    assert len(monitor.due(7.3)) == 1  # no backlog
    assert monitor.wait(7.3) == pytest.approx(0.7)


def test_what_it_is_sent_is_kept_and_not_heeded() -> None:
    monitor = MasimoMonitor(OxygenPatient(98, 72), NOON)
    assert monitor.feed(b"\x7d\x81", 1.0) == []
    assert [(one.text, one.accepted) for one in monitor.requests] == [(b"\x7d\x81", False)]


def test_the_driver_reads_the_whole_range() -> None:
    for spo2, pulse in [(1, 20), (100, 300), (70, 180), (None, 60), (97, None)]:
        monitor = MasimoMonitor(OxygenPatient(spo2, pulse), NOON)
        assert at_once(MasimoDecoder("x"), monitor) == {"spo2": spo2, "pulse": pulse}


def test_a_probe_that_falls_off_and_is_put_back() -> None:
    patient = FaultyPatient(OxygenPatient(98, 72), FaultPlan([parse_fault("probe-off@3+4")]))
    monitor = MasimoMonitor(patient, NOON)
    outputs = converse(MasimoDecoder("x"), monitor, 10)
    assert [one["spo2"] for one in all_values(outputs)] == [98] * 3 + [None] * 4 + [98] * 3
    assert kinds(outputs) == ["sensor_off", "sensor_on"]
    assert list(monitor.requests) == []
