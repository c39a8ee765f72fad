"""Contec packets of both firmwares: values, what is not believed, and what is asked when."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.contec import SPEC, ContecDecoder
from devices.metrics import PULSE, SPO2
from devices.reading import DeviceEvent, Reading
from devices.spec import Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds

# The sheet's examples: pulse 72, SpO2 98, strength 6, wave 40; finger out.
OLD = bytes.fromhex("86 28 05 48 62")
OLD_OUT = bytes.fromhex("90 00 00 00 00")
START = bytes.fromhex("7d 81 a1 80 80 80 80 80 80")
KEEP_ALIVE = bytes.fromhex("7d 81 af 80 80 80 80 80 80")


def old(pulse: int, spo2: int, first: int = 0x86, flags: int = 0, wave: int = 40) -> bytes:
    return bytes((first, wave, flags | (pulse & 0x80) >> 1, pulse & 0x7F, spo2))


def new(
    pulse: int, spo2: int, first: int = 6, wave: int = 40, bar: int = 5, pi: int = 360
) -> bytes:
    values = (first, wave, bar, pulse, spo2, pi & 0xFF, pi >> 8)
    high = sum((value >> 7) << place for place, value in enumerate(values))
    return bytes((1, 0x80 | high, *(0x80 | value for value in values)))


def fed(*parts: bytes) -> list[Output]:
    decoder = ContecDecoder("x")
    return [output for part in parts for output in decoder.feed(part, NOON)]


def event(kind: str, text: str) -> DeviceEvent:
    return DeviceEvent("x", kind, text, NOON)


def test_the_sheets_example_of_old_firmware() -> None:
    expected = {SPO2: 98.0, PULSE: 72.0}
    assert fed(OLD * 6) == [Reading("x", expected, NOON, NOON, (), None, {"strength": "6"})]


def test_new_firmware() -> None:
    assert new(72, 98).hex(" ") == "01 80 86 a8 85 c8 e2 e8 81"
    expected = {SPO2: 98.0, PULSE: 72.0}
    unmapped = {"strength": "6", "PI": "360"}
    assert fed(new(72, 98) * 6) == [Reading("x", expected, NOON, NOON, (), None, unmapped)]


@pytest.mark.parametrize("pulse", [20, 127, 128, 180, 254])
def test_a_pulse_has_eight_bits(pulse: int) -> None:
    assert all_values(fed(old(pulse, 98) * 6)) == [{"spo2": 98, "pulse": pulse}]
    assert all_values(fed(new(pulse, 98) * 6)) == [{"spo2": 98, "pulse": pulse}]


@pytest.mark.parametrize(
    ("packet", "values"),
    [
        (old(0, 98), {"spo2": 98, "pulse": None}),
        (old(255, 98), {"spo2": 98, "pulse": None}),
        (old(72, 0), {"spo2": None, "pulse": 72}),
        (old(72, 127), {"spo2": None, "pulse": 72}),
        (new(255, 98), {"spo2": 98, "pulse": None}),
        (new(0, 98), {"spo2": 98, "pulse": None}),
        (new(72, 127), {"spo2": None, "pulse": 72}),
        (new(72, 255), {"spo2": None, "pulse": 72}),
        (new(72, 101), {"spo2": None, "pulse": 72}),
        (new(72, 0), {"spo2": None, "pulse": 72}),
    ],
)
def test_the_codes_for_no_value(packet: bytes, values: dict[str, float | None]) -> None:
    assert all_values(fed(packet * 6)) == [values]


def test_a_finger_that_is_out() -> None:
    for out in (OLD_OUT, new(255, 127, first=0x80, bar=0x10, pi=0)):
        off, found = fed(out * 6)
        assert off == event("sensor_off", "the finger is out of the oximeter")
        assert isinstance(found, Reading)
        assert found.values == {SPO2: None, PULSE: None}
        assert found.unmapped == {}


def test_values_sent_with_the_finger_out_are_no_values() -> None:
    for out in (old(72, 98, first=0x90), new(72, 98, first=0x86)):
        found = fed(out * 6)[1]
        assert isinstance(found, Reading)
        assert found.values == {SPO2: None, PULSE: None}
        assert found.unmapped == {"SpO2": "98", "pulse": "72"}


@pytest.mark.parametrize(
    ("packet", "text"),
    [
        (old(72, 98, flags=0x10), "the oximeter reports a fault of its probe"),
        (old(0, 0, flags=0x20), "searching for the pulse"),
        (old(0, 0), "no SpO2: the oximeter has no value"),
        (new(255, 127, wave=0x80), "searching for the pulse"),
        (new(255, 127, first=0x16), "searching for the pulse"),
        (new(255, 127), "no SpO2: the oximeter has no value"),
    ],
)
def test_why_there_is_no_value_is_said_in_words(packet: bytes, text: str) -> None:
    assert fed(packet * 6)[0] == event("sensor_off", text)


def test_searching_with_values_leaves_them() -> None:
    for packet in (old(72, 98, flags=0x20), new(72, 98, wave=0x80)):
        assert kinds(fed(packet * 6)) == []
        assert all_values(fed(packet * 6)) == [{"spo2": 98, "pulse": 72}]


def test_the_sensor_is_told_on_change_only() -> None:
    outputs = fed(OLD * 9, OLD_OUT * 9, OLD_OUT * 9, OLD * 9)
    assert kinds(outputs) == ["sensor_off", "sensor_on"]


@pytest.mark.parametrize("packet", [OLD, new(72, 98)])
def test_five_are_not_believed_and_what_stands_between_breaks_the_row(packet: bytes) -> None:
    assert fed(packet * 5) == []
    assert fed(packet * 5, b"\x00", packet * 5) == []
    assert fed(packet * 5, packet[:3], packet * 5) == []
    assert len(fed(packet * 5, b"\x00", packet * 6)) == 1


@pytest.mark.parametrize("make", [old, new])
def test_one_damaged_packet_is_no_value(make: Callable[[int, int], bytes]) -> None:
    good = make(72, 98)
    for place in range(len(good)):
        for bit in range(8):
            damaged = bytearray(good)
            damaged[place] ^= 1 << bit
            found = all_values(fed(good * 20 + bytes(damaged) + good * 20))
            assert found == [{"spo2": 98, "pulse": 72}]


def test_wave_beat_and_strength_may_change_all_the_time() -> None:
    firsts = [n % 10 | n % 2 << 6 for n in range(100)]
    olds = b"".join(old(72, 98, 0x80 | one, n % 15, n) for n, one in enumerate(firsts))
    news = b"".join(new(72, 98, one, n, n % 15, n + 100) for n, one in enumerate(firsts))
    for stream in (olds, news):
        assert all_values(fed(stream)) == [{"spo2": 98, "pulse": 72}]


@pytest.mark.parametrize("packet", [OLD, new(72, 98)])
def test_values_come_on_change_and_else_once_a_second(packet: bytes) -> None:
    decoder = ContecDecoder("x")
    times = []
    for tenth in range(50):
        if any(isinstance(one, Reading) for one in decoder.feed(packet * 6, after(tenth / 10))):
            times.append(tenth)
    assert times == [0, 10, 20, 30, 40]
    assert decoder.frames == 50 * 6 - 5


def test_a_change_is_told_at_once() -> None:
    decoder = ContecDecoder("x")
    decoder.feed(old(72, 98) * 30, NOON)
    assert all_values(decoder.feed(old(73, 98) * 5, after(0.1))) == []
    assert all_values(decoder.feed(old(73, 98), after(0.2))) == [{"spo2": 98, "pulse": 73}]


def test_the_way_they_arrive_changes_nothing() -> None:
    frames = [OLD * 12, OLD_OUT * 12, old(130, 97) * 12, new(72, 98) * 12, new(200, 96) * 12]
    assert len(all_values(feed_every_way(lambda: ContecDecoder("x"), frames))) == 5


class TestAsking:
    def ask(self, decoder: ContecDecoder, start: float, end: float) -> list[tuple[float, bytes]]:
        tenths = range(round(start * 10), round(end * 10))
        asked = [(n / 10, decoder.outgoing(after(n / 10))) for n in tenths]
        return [(t, data) for t, data in asked if data]

    def test_a_silent_one_is_asked_to_begin_each_second(self) -> None:
        decoder = ContecDecoder("x")
        decoder.connected(NOON)
        assert decoder.wait(NOON) == 0.3
        assert self.ask(decoder, 0, 3) == [(0.3, START), (1.3, START), (2.3, START)]

    def test_one_that_streams_is_kept_alive_and_begun_anew_when_it_stops(self) -> None:
        decoder = ContecDecoder("x")
        decoder.connected(NOON)
        assert self.ask(decoder, 0, 0.5) == [(0.3, START)]
        decoder.feed(new(72, 98) * 6, after(0.5))
        asked = self.ask(decoder, 0.5, 4)
        assert asked == [(1.3, KEEP_ALIVE), (2.3, KEEP_ALIVE), (3.3, START)]

    def test_old_firmware_is_never_asked(self) -> None:
        decoder = ContecDecoder("x")
        decoder.connected(NOON)
        decoder.feed(OLD * 6, after(0.2))
        assert self.ask(decoder, 0.2, 60) == []
        assert decoder.wait(after(60)) == 60

    def test_old_firmware_that_is_heard_late_is_not_asked_any_more(self) -> None:
        decoder = ContecDecoder("x")
        decoder.connected(NOON)
        assert self.ask(decoder, 0, 2) == [(0.3, START), (1.3, START)]
        decoder.feed(OLD * 6, after(2))
        assert self.ask(decoder, 2, 60) == []
        decoder.connected(after(60))  # who knows what is plugged in now
        assert self.ask(decoder, 60, 61) == [(60.3, START)]

    def test_a_search_of_the_ports_never_asks(self) -> None:
        assert SPEC.probe is None
        assert SPEC.consumer


def test_half_a_row_from_before_a_break_is_dropped() -> None:
    decoder = ContecDecoder("x")
    decoder.feed(OLD * 5 + OLD[:3], NOON)
    decoder.connected(after(9))
    assert decoder.pending == 0
    assert decoder.feed(OLD[3:] + OLD * 5, after(9)) == []


@given(st.integers(1, 254), st.integers(1, 100), st.integers(0, 4), st.binary(max_size=40))
def test_every_value_is_read_as_sent(pulse: int, spo2: int, lost: int, rubbish: bytes) -> None:
    for make in (old, new):
        found = all_values(fed(rubbish + (make(pulse, spo2) * 10)[lost:]))
        assert found == [{"spo2": spo2, "pulse": pulse}]
