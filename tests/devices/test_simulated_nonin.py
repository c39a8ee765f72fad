"""The simulated Nonin oximeters: their bytes, and read by the driver."""

import pytest

from devices.drivers.nonin import NoninDecoder
from devices.simulated import SIMULATED
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.nonin import (
    NoninFormat2Monitor,
    NoninFormat7Monitor,
    NoninFormat8Monitor,
    NoninTextMonitor,
    closed,
    value_bytes,
)
from tests.devices.oximeters import OxygenPatient, at_once
from tests.devices.pair import converse
from tests.devices.test_nonin import FORMAT_2
from tests.devices.wire import NOON, all_values, kinds

ALL = [NoninTextMonitor, NoninFormat2Monitor, NoninFormat7Monitor, NoninFormat8Monitor]


def test_text() -> None:
    assert NoninTextMonitor(OxygenPatient(97, 72), NOON).due(0) == [b"SPO2=097 HR=072\r\n"]
    assert NoninTextMonitor(OxygenPatient(None, None), NOON).due(0) == [b"SPO2=--- HR=---\r\n"]


def test_the_published_packet_comes_out_byte_for_byte() -> None:
    values = value_bytes(72, 97)
    frames = [closed((1, 0x81 if n == 0 else 0x80, 1, value)) for n, value in enumerate(values)]
    assert b"".join(frames) == FORMAT_2


def test_format_2_and_7() -> None:
    (two,) = NoninFormat2Monitor(OxygenPatient(97, 190), NOON).due(0)
    assert two[:10].hex(" ") == "01 83 00 01 85 01 82 0a 3e cb"
    (seven,) = NoninFormat7Monitor(OxygenPatient(97, 190), NOON).due(0)
    assert seven[:10].hex(" ") == "83 00 00 01 84 82 0a 0a 3e d4"
    (off,) = NoninFormat7Monitor(OxygenPatient(None, None), NOON).due(0)
    assert off[:5].hex(" ") == "c1 00 00 03 c4"


def test_format_8() -> None:
    assert NoninFormat8Monitor(OxygenPatient(96, 200), NOON).due(0) == [b"\x81\x48\x60\x00"]
    assert NoninFormat8Monitor(OxygenPatient(None, None), NOON).due(0) == [b"\xc3\x7f\x7f\x08"]


def test_three_packets_a_second_and_no_backlog() -> None:
    monitor = NoninFormat2Monitor(OxygenPatient(97, 72), NOON)
    assert sum(len(monitor.due(n / 20)) for n in range(200)) == 30
    assert len(monitor.due(60)) == 1
    assert monitor.feed(b"x", 61) == []
    assert len(monitor.requests) == 1


@pytest.mark.parametrize("name", ["nonin", "nonin-df2", "nonin-df7", "nonin-df8"])
def test_the_driver_reads_the_whole_range(name: str) -> None:
    for spo2, pulse in [(1, 20), (100, 300), (70, 180), (None, 60), (97, None), (None, None)]:
        monitor = SIMULATED[name].build(OxygenPatient(spo2, pulse), NOON)
        assert at_once(NoninDecoder("x"), monitor) == {"spo2": spo2, "pulse": pulse}


@pytest.mark.parametrize("name", ["nonin", "nonin-df2", "nonin-df7", "nonin-df8"])
def test_a_probe_that_falls_off_and_is_put_back(name: str) -> None:
    patient = FaultyPatient(OxygenPatient(98, 72), FaultPlan([parse_fault("probe-off@6+4")]))
    outputs = converse(NoninDecoder("x"), SIMULATED[name].build(patient, NOON), 15)
    assert [one["spo2"] for one in all_values(outputs)] == [98] * 6 + [None] * 4 + [98] * 5
    assert kinds(outputs) == ["sensor_off", "sensor_on"]
