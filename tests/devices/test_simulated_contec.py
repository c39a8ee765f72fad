"""The simulated Contec oximeters: their packets, what they are asked, and read by the driver."""

import pytest

from devices.drivers.contec import ContecDecoder
from devices.simulated import SIMULATED
from devices.simulated.contec import ContecMonitor, ContecOldMonitor, new_packet, old_packet
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from tests.devices.oximeters import OxygenPatient, at_once
from tests.devices.pair import converse
from tests.devices.wire import NOON, all_values, kinds


def ask(code: int) -> bytes:
    return bytes((0x7D, 0x81, code)) + b"\x80" * 6


def test_packets() -> None:
    assert old_packet(72, 98, 40, out=False) == bytes.fromhex("86 28 05 48 62")
    assert old_packet(200, 98, 40, out=False) == bytes.fromhex("86 28 45 48 62")
    assert old_packet(None, None, 0, out=True) == bytes.fromhex("90 00 00 00 00")
    assert new_packet(72, 98, 40, out=False) == bytes.fromhex("01 80 86 a8 85 c8 e2 e8 81")
    assert new_packet(200, 98, 40, out=False) == bytes.fromhex("01 88 86 a8 85 c8 e2 e8 81")
    assert new_packet(None, None, 0, out=True) == bytes.fromhex("01 89 80 80 90 ff ff 80 80")


def test_old_firmware_sends_sixty_packets_a_second_by_itself() -> None:
    monitor = ContecOldMonitor(OxygenPatient(98, 72), NOON)
    sent = b"".join(b"".join(monitor.due(n / 20)) for n in range(20))
    assert len(sent) == 60 * 5
    assert monitor.feed(ask(0xA1), 1) == []
    assert not monitor.requests[0].accepted


def test_new_firmware_is_silent_until_asked_and_after_30_s_unless_kept_alive() -> None:
    monitor = ContecMonitor(OxygenPatient(98, 72), NOON)
    assert monitor.due(5) == []
    assert monitor.wait(5) is None
    monitor.feed(ask(0xAF), 6)  # nothing to keep alive
    assert monitor.due(6) == []
    monitor.feed(b"\x00" + ask(0xA1)[:4], 7)
    monitor.feed(ask(0xA1)[4:], 7)
    assert len(monitor.due(7)[0]) == 6 * 9
    monitor.feed(ask(0xAF), 30)
    assert len(monitor.due(59.9)) == 1
    assert monitor.due(60) == []
    monitor.feed(ask(0xA1), 61)
    monitor.feed(ask(0xA2), 62)
    assert monitor.due(62.5) == []
    assert [one.accepted for one in monitor.requests] == [False, True, True, True, True]


def test_the_driver_keeps_new_firmware_going_for_minutes() -> None:
    monitor = ContecMonitor(OxygenPatient(98, 72), NOON)
    readings = all_values(converse(ContecDecoder("x"), monitor, 120))
    assert 110 <= len(readings) <= 130
    assert [one.text[2] for one in monitor.requests] == [0xA1] + [0xAF] * 119


def test_the_driver_asks_old_firmware_nothing() -> None:
    monitor = ContecOldMonitor(OxygenPatient(98, 72), NOON)
    assert len(all_values(converse(ContecDecoder("x"), monitor, 20))) == 20
    assert list(monitor.requests) == []


@pytest.mark.parametrize("name", ["contec", "contec-old"])
def test_the_driver_reads_the_whole_range(name: str) -> None:
    for spo2, pulse in [(1, 20), (100, 254), (70, 180), (None, 60), (97, None), (None, None)]:
        monitor = SIMULATED[name].build(OxygenPatient(spo2, pulse), NOON)
        assert at_once(ContecDecoder("x"), monitor) == {"spo2": spo2, "pulse": pulse}


@pytest.mark.parametrize("name", ["contec", "contec-old"])
def test_a_finger_that_is_pulled_out_and_put_back(name: str) -> None:
    patient = FaultyPatient(OxygenPatient(98, 72), FaultPlan([parse_fault("probe-off@4+4")]))
    outputs = converse(ContecDecoder("x"), SIMULATED[name].build(patient, NOON), 12)
    seen = [one["spo2"] for one in all_values(outputs)]
    assert seen[:3] == [98, 98, 98]
    assert set(seen[4:8]) <= {98, None}
    assert None in seen
    assert seen[-3:] == [98, 98, 98]
    assert kinds(outputs) == ["sensor_off", "sensor_on"]
