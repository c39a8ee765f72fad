"""Nonin: text, data formats 2, 7 and 8, and what stands between them."""

import random
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.nonin import NoninDecoder
from devices.metrics import PULSE, SPO2
from devices.reading import DeviceEvent, Reading
from devices.spec import Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds

TEXT = b"SPO2=098 HR=071\r\n"

# The published test packet: rate 72, SpO2 97.
FORMAT_2 = bytes.fromhex(
    "01 81 01 00 83" "01 80 01 48 CA" "01 80 01 61 E3" "01 80 01 30 B2"
    + "01 80 01 00 82" * 4
    + "01 80 01 61 E3" * 3
    + "01 80 01 00 82" * 3
    + "01 80 01 48 CA"
    + "01 80 01 61 E3" * 2
    + "01 80 01 00 82" * 3
    + "01 80 01 48 CA" "01 80 01 00 82" "01 80 01 48 CA"
    + "01 80 01 00 82" * 2
)  # fmt: skip
FORMAT_8 = bytes((0x80, 74, 96, 0))


def packet(
    fmt: int, values: Mapping[int, int] = {}, status: Mapping[int, int] = {}, wave: int = 1
) -> bytes:
    """A packet with ``values`` and status bits by the number of their frame, from 1."""
    out = b""
    for number in range(1, 26):
        bits = 0x80 | (number == 1) | status.get(number, 0)
        head = (1, bits, wave) if fmt == 2 else (bits, wave, 255 - wave)
        body = bytes((*head, values.get(number, 0)))
        out += body + bytes((sum(body) % 256,))
    return out


def shown(pulse: int, spo2: int) -> dict[int, int]:
    return {20: pulse >> 7, 21: pulse & 0x7F, 9: spo2}


FORMAT_7 = packet(7, shown(190, 95))


def fed(*parts: bytes) -> list[Output]:
    decoder = NoninDecoder("x")
    return [output for part in parts for output in decoder.feed(part, NOON)]


def first(*parts: bytes) -> Reading:
    return next(one for one in fed(*parts) if isinstance(one, Reading))


def event(kind: str, text: str) -> DeviceEvent:
    return DeviceEvent("x", kind, text, NOON)


def eight(pulse: int, spo2: int, flags: int = 0, flags2: int = 0) -> bytes:
    return bytes((0x80 | flags | pulse >> 7, pulse & 0x7F, spo2, flags2))


class TestText:
    def test_a_line(self) -> None:
        assert fed(TEXT) == [Reading("x", {SPO2: 98.0, PULSE: 71.0}, NOON, NOON)]

    @pytest.mark.parametrize(
        ("line", "unmapped"),
        [
            (b"SPO2=098 HR=071 F\r\n", {"marks": "F"}),
            (b"SPO2=098 HR=071*\r\n", {"marks": "*"}),
            (b"14:05:09 SPO2=098 HR=071\r\n", {"time": "14:05:09"}),
            (b"14:05:09 SPO2= 98 HR= 71 * B\r\n", {"time": "14:05:09", "marks": "* B"}),
        ],
    )
    def test_what_some_models_add_is_kept(self, line: bytes, unmapped: dict[str, str]) -> None:
        found = first(line)
        assert found.values == {SPO2: 98.0, PULSE: 71.0}
        assert found.unmapped == unmapped

    def test_dashes_are_no_values(self) -> None:
        off, found, on, _ = fed(b"SPO2=--- HR=---\r\n", TEXT)
        assert off == event("sensor_off", "no SpO2: the monitor has no value")
        assert isinstance(found, Reading)
        assert found.values == {SPO2: None, PULSE: None}
        assert on == event("sensor_on", "the oximeter is back")

    @pytest.mark.parametrize(
        "line",
        [
            b"MODEL 8500 12:00:00\r\n",
            b"SPO2=098 HR=0711\r\n",
            b"SPO2=0981 HR=071\r\n",
            b"SPO2=09 8 HR=071\r\n",
            b"SPO2=098 HR=-71\r\n",
            b"SPO2=098 HR=\r\n",
            b"SPO2=098% BPM=071\r\n",
            b"SPO2=098 HR=071x\r\n",
        ],
    )
    def test_other_lines_give_nothing(self, line: bytes) -> None:
        assert fed(line) == []
        assert len(fed(line, TEXT)) == 1

    def test_every_line_is_a_reading(self) -> None:
        assert len(fed(TEXT, TEXT, TEXT)) == 3


class TestPackets:
    def test_the_published_packet(self) -> None:
        assert len(FORMAT_2) == 125
        unmapped = {"STATUS": "00", "STAT2": "00", "SpO2": "97", "SpO2-fast": "97"}
        unmapped |= {"SpO2-beat": "97", "E-SpO2": "97", "E-SpO2-D": "97"}
        unmapped |= {"HR": "72", "E-HR": "72", "E-HR-D": "72"}
        assert fed(FORMAT_2) == [
            Reading("x", {SPO2: 97.0, PULSE: 72.0}, NOON, NOON, (), None, unmapped)
        ]

    @pytest.mark.parametrize("fmt", [2, 7])
    @pytest.mark.parametrize("pulse", [18, 127, 128, 255, 256, 300, 383, 384, 510])
    def test_a_rate_has_nine_bits(self, fmt: int, pulse: int) -> None:
        assert all_values(fed(packet(fmt, shown(pulse, 97)))) == [{"spo2": 97, "pulse": pulse}]

    @pytest.mark.parametrize("fmt", [2, 7])
    def test_the_codes_for_no_value(self, fmt: int) -> None:
        outputs = fed(packet(fmt, shown(511, 127)))
        assert kinds(outputs) == ["sensor_off"]
        assert all_values(outputs) == [{"spo2": None, "pulse": None}]

    @pytest.mark.parametrize("fmt", [2, 7])
    def test_zero_is_never_a_value(self, fmt: int) -> None:
        assert all_values(fed(packet(fmt))) == [{"spo2": None, "pulse": None}]

    @pytest.mark.parametrize(
        ("bits", "text"),
        [
            (0x40, "the sensor is off or unplugged"),
            (0x08, "the signal of the sensor is not usable"),
        ],
    )
    def test_values_sent_without_a_usable_sensor_are_no_values(self, bits: int, text: str) -> None:
        off, found = fed(packet(7, shown(72, 97), {13: bits}))
        assert off == event("sensor_off", text)
        assert isinstance(found, Reading)
        assert found.values == {SPO2: None, PULSE: None}
        unmapped = {"STATUS": f"{bits:02X}", "STAT2": "00", "SpO2-D": "97", "HR-D": "72"}
        assert found.unmapped == unmapped

    def test_artifacts_and_weak_perfusion_leave_the_values_and_are_kept(self) -> None:
        found = first(packet(2, shown(72, 97) | {8: 0x20}, {5: 0x20, 6: 0x10, 7: 0x06}))
        assert found.values == {SPO2: 97.0, PULSE: 72.0}
        assert found.unmapped == {"STATUS": "36", "STAT2": "20"}

    def test_a_pulse_that_is_lost(self) -> None:
        off, *_ = fed(packet(2, shown(511, 127), {3: 0x10}))
        assert off == event("sensor_off", "searching for the pulse")

    def test_battery_and_sensor_are_told_on_change_only(self) -> None:
        low, good = packet(2, shown(72, 97) | {8: 1}), packet(2, shown(72, 97))
        off = packet(2, shown(511, 127), {1: 0x40})
        assert kinds(fed(good, low, low, good, off, off, good)) == [
            "battery_low",
            "battery_ok",
            "sensor_off",
            "sensor_on",
        ]

    def test_values_come_on_change_and_else_once_a_second(self) -> None:
        decoder = NoninDecoder("x")
        pulses = []
        for third in range(12):
            pulse = 80 if third == 5 else 72
            outputs = decoder.feed(packet(2, shown(pulse, 97)), after(third / 3))
            pulses += [(third, one["pulse"]) for one in all_values(outputs)]
        assert pulses == [(0, 72), (3, 72), (5, 80), (6, 72), (9, 72)]
        assert decoder.frames == 12

    @pytest.mark.parametrize("fmt", [2, 7])
    def test_a_stream_that_is_heard_from_the_middle_on(self, fmt: int) -> None:
        stream = packet(fmt, shown(72, 97)) + packet(fmt, shown(73, 96))
        for start in range(1, 126):
            assert all_values(fed(stream[start:])) == [{"spo2": 96, "pulse": 73}]

    def test_a_damaged_byte_costs_its_packet_and_no_other(self) -> None:
        before, after_it = packet(2, shown(72, 97)), packet(2, shown(74, 95))
        for place in range(125):
            damaged = bytearray(packet(2, shown(73, 96), wave=7))
            damaged[place] ^= 1 << place % 8
            found = all_values(fed(before, bytes(damaged), after_it))
            assert found == [{"spo2": 97, "pulse": 72}, {"spo2": 95, "pulse": 74}], place

    def test_a_lost_or_an_added_byte_costs_its_packet(self) -> None:
        good = packet(7, shown(72, 97))
        other = packet(7, shown(73, 96))
        assert len(fed(good, other[:60] + other[61:], good[:-1], other)) == 2
        assert len(fed(good, other[:60] + b"\x01" + other[60:], other)) == 2

    @given(st.integers(1, 510), st.integers(1, 126), st.integers(0, 255), st.sampled_from([2, 7]))
    def test_every_value_is_read_as_sent(self, pulse: int, spo2: int, wave: int, fmt: int) -> None:
        found = all_values(fed(packet(fmt, shown(pulse, spo2), wave=wave)))
        assert found == [{"spo2": spo2, "pulse": pulse}]


class TestFormat8:
    def test_four_in_a_row_are_believed_and_none_of_them_is_lost(self) -> None:
        decoder = NoninDecoder("x")
        outputs = [decoder.feed(eight(74 + n, 96), after(n)) for n in range(6)]
        assert [len(one) for one in outputs] == [0, 0, 0, 4, 1, 1]
        readings = [one for some in outputs for one in some if isinstance(one, Reading)]
        assert [one.values[PULSE] for one in readings] == [74, 75, 76, 77, 78, 79]
        assert [one.received_at for one in readings] == [after(n) for n in range(6)]
        assert readings[0].unmapped == {"STATUS": "00", "STAT2": "00"}
        assert decoder.frames == 6

    def test_a_rate_has_nine_bits(self) -> None:
        assert all_values(fed(*[eight(200, 99)] * 4))[0] == {"spo2": 99, "pulse": 200}

    def test_off_is_told_and_values_are_none(self) -> None:
        off = eight(511, 127, 0x40, 0x08)
        outputs = fed(*[eight(74, 96)] * 4, off, off, eight(74, 96))
        assert kinds(outputs) == ["sensor_off", "sensor_on"]
        assert all_values(outputs)[4:] == [{"spo2": None, "pulse": None}] * 2 + [
            {"spo2": 96, "pulse": 74}
        ]
        assert event("sensor_off", "the sensor is off or unplugged") in outputs

    def test_values_of_an_unusable_signal_are_kept_as_sent(self) -> None:
        outputs = fed(*[eight(74, 96, 0x04, 0x08)] * 4)
        assert outputs[0] == event("sensor_off", "the signal of the sensor is not usable")
        assert isinstance(outputs[1], Reading)
        assert outputs[1].values == {SPO2: None, PULSE: None}
        unmapped = {"STATUS": "04", "STAT2": "08", "SpO2": "96", "HR": "74"}
        assert outputs[1].unmapped == unmapped

    def test_the_battery_has_two_steps(self) -> None:
        steps = [eight(74, 96, 0, bits) for bits in (0, 0, 0, 0, 1, 1, 3, 0)]
        texts = [(one.kind, one.text) for one in fed(*steps) if isinstance(one, DeviceEvent)]
        assert texts == [
            ("battery_low", "the battery of the oximeter is low"),
            ("battery_low", "the battery of the oximeter is nearly empty"),
            ("battery_ok", "the battery is no longer low"),
        ]

    def test_a_jump_waits_for_its_proof(self) -> None:
        decoder = NoninDecoder("x")
        for n in range(4):
            decoder.feed(eight(74, 96), after(n))
        assert decoder.feed(eight(74, 32), after(4)) == []  # one bit of 96 flipped
        assert decoder.feed(eight(74, 96), after(5)) == []
        assert len([decoder.feed(eight(74, 96), after(n)) for n in (6, 7)][1]) == 0
        assert len(all_values(decoder.feed(eight(74, 96), after(8)))) == 4

    def test_bytes_between_frames_take_the_proof_away(self) -> None:
        decoder = NoninDecoder("x")
        decoder.feed(eight(74, 96) * 4, NOON)
        assert decoder.feed(b"\x00" + eight(74, 96) * 3, NOON) == []
        assert len(decoder.feed(eight(74, 96), NOON)) == 4

    def test_a_port_on_which_it_was_read_needs_two(self) -> None:
        decoder = NoninDecoder("x")
        decoder.feed(eight(74, 96) * 4 + eight(74, 96)[:2], NOON)
        decoder.connected(after(10))
        assert decoder.feed(eight(75, 96), after(11)) == []
        assert len(decoder.feed(eight(75, 96), after(12))) == 2

    @pytest.mark.parametrize(
        "frame",
        [
            eight(0, 96),
            eight(74, 0),
            eight(74, 101),
            eight(401, 96),
            eight(74, 96, 0, 0x10),
            b"\x00\x4a\x60\x00",
        ],
    )
    def test_what_no_monitor_sends_is_never_believed(self, frame: bytes) -> None:
        assert fed(frame * 20) == []


def test_the_way_they_arrive_changes_nothing() -> None:
    assert len(feed_every_way(lambda: NoninDecoder("x"), [TEXT, FORMAT_2, FORMAT_7])) == 3
    frames = [eight(74, 96) * 4, eight(74, 96, 0x40) * 4, eight(75, 96) * 5]
    assert len(all_values(feed_every_way(lambda: NoninDecoder("x"), frames))) == 13


def test_half_a_packet_from_before_a_break_is_dropped() -> None:
    decoder = NoninDecoder("x")
    decoder.feed(FORMAT_2[:100], NOON)
    decoder.connected(NOON + timedelta(seconds=9))
    assert decoder.pending == 0
    assert decoder.feed(FORMAT_2[100:], NOON) == []


@pytest.mark.parametrize("period", [2, 3, 4, 5, 8, 9])
def test_rubbish_that_repeats_gives_nothing(period: int) -> None:
    luck = random.Random(period)
    decoder = NoninDecoder("x")
    for _ in range(300):
        piece = luck.randbytes(period) * 40
        # four plausible bytes over and over are format 8, whoever sends them
        if period in (2, 4, 8) and any(b & 0x80 for b in piece[:8]):
            continue
        assert decoder.feed(piece, NOON) == []
    assert decoder.frames == 0


@pytest.mark.parametrize(
    "line", [b"SPO2=09 HR=072", b"SPO2=098 HR=72", b"SPO2=9 HR=072", b"SPO2=-- HR=---"]
)
def test_a_line_that_has_lost_a_digit_is_refused(line: bytes) -> None:
    decoder = NoninDecoder("x")
    assert decoder.feed(line + b"\r\n", NOON) == []
    assert decoder.frames == 0
