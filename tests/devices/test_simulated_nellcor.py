"""The simulated N-395: its table, XON and XOFF, and read by the driver."""

from devices.drivers.nellcor import NellcorDecoder
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.nellcor import NellcorMonitor
from tests.devices.oximeters import OxygenPatient, at_once
from tests.devices.pair import converse
from tests.devices.wire import NOON, all_values, kinds


def test_the_table_as_the_manuals_print_it() -> None:
    monitor = NellcorMonitor(OxygenPatient(84, 120), NOON)
    limits, columns, line = monitor.due(0)
    assert limits == b"N-395 VERSION 1.0.0.1 CRC: XXXX SpO2 Limit: 85-100% PR Limit: 40-170BPM\r\n"
    assert columns == b"TIME              %SPO2 BPM  PA  Status\r\n"
    assert line == b"23-NOV-26 12:00:00   84* 120   50\r\n"
    assert monitor.due(1.9) == []
    assert [len(monitor.due(2.0 * n)) for n in range(1, 52)] == [1] * 24 + [3] + [1] * 24 + [3, 1]


def test_xoff_stops_it_until_xon() -> None:
    monitor = NellcorMonitor(OxygenPatient(98, 72), NOON)
    monitor.feed(b"\x13", 0)
    assert monitor.due(0) == []
    monitor.feed(b"\x11", 1)
    assert len(monitor.due(2)) == 3
    assert [one.accepted for one in monitor.requests] == [True, True]
    monitor.feed(b"m", 3)
    assert not monitor.requests[-1].accepted


def test_the_driver_lets_a_stopped_monitor_go_on() -> None:
    monitor = NellcorMonitor(OxygenPatient(98, 72), NOON)
    monitor.feed(b"\x13", 0)
    outputs = converse(NellcorDecoder("x"), monitor, 12)
    assert len(all_values(outputs)) == 3
    assert [one.text for one in monitor.requests] == [b"\x13", b"\x11"]


def test_the_driver_sends_nothing_to_one_that_speaks() -> None:
    monitor = NellcorMonitor(OxygenPatient(98, 72), NOON)
    assert len(all_values(converse(NellcorDecoder("x"), monitor, 60))) == 30
    assert list(monitor.requests) == []


def test_the_driver_reads_the_whole_range() -> None:
    for spo2, pulse in [(1, 20), (100, 300), (70, 180), (None, 60), (97, None), (None, None)]:
        monitor = NellcorMonitor(OxygenPatient(spo2, pulse), NOON)
        assert at_once(NellcorDecoder("x"), monitor) == {"spo2": spo2, "pulse": pulse}


def test_a_probe_that_falls_off_and_is_put_back() -> None:
    patient = FaultyPatient(OxygenPatient(98, 72), FaultPlan([parse_fault("probe-off@4+4")]))
    outputs = converse(NellcorDecoder("x"), NellcorMonitor(patient, NOON), 12)
    assert [one["spo2"] for one in all_values(outputs)] == [98, 98, None, None, 98, 98]
    assert kinds(outputs) == ["sensor_off", "sensor_on"]
