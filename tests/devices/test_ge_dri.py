"""The GE DRI decoder: the maker's frames, a real record, bad frames, each cuff result once."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.ge_dri import (
    MAX_RECORD,
    SUBRECORD,
    GeDriDecoder,
    frame,
    request,
)
from devices.reading import Reading
from devices.spec import Command, Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values

INVALID = -32767
EXISTS = 3
MEASURING, OLD = 1 << 5, 1 << 8

# One record of a CARESCAPE B650 with no patient and all four classes, as recorded 2021-01-02
# (1155 bytes with flags, check sum 52; published under the MIT licence).
REAL_B650 = bytes.fromhex(
    "7e8004000b0000dc92f05f0000000000000000011601012c02014203010000ff000000000000000000dc92f0"
    "5f4b000000001201800180018001800180000000000100018001800180018000000000030001800180018001"
    "8000000000020001800180018001800000000001000180018001800180030000000300018001800180018000"
    "0000000b000180000000000c000180000000000d000180000000000e00018001000000000001800180018001"
    "80000000000900018001800180ae1d0000000000000180018000000000000001800180000000000100018001"
    "8001800000000000000180018001800180018001800180018000000000000001800180018001802000000000"
    "00018001801f000180018001800000000002000180000000000d000180018001800180000000000e00018001"
    "800180018000000000b100dc92f05f4b00010000120180018001800000000000000000000000000000000000"
    "000000000000000000000000000000000000004b000000001201800180018001800180018001800180018001"
    "8001800180000000001400018001800180018000000000150001800180018001800100000000000180018001"
    "8001800000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000b101dc92f05f000000000000018001800180018001"
    "8000000000000000000000400000000180018001800180018001800180018001800180018001800180018001"
    "8001800180018001800180018001800180018001800180018001800180018001800180018000000000000001"
    "8001800180018000000000000000000180018001800000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000109030f000000000000000000000000000000000000000000cc14000000"
    "00018000000000000000000000000000000000000000000000000000000000000000000000b102dc92f05f00"
    "0000000000018001800180018000000000000001800180018001800180018001800180018001800180018001"
    "8000000000000000000000000000000000000000000180018000000000000001800180018001800180018001"
    "8001800000000000000180000000000000000000000000000000000000000000000180018003000000000001"
    "8003000000000001800000000000000180018001800180018001800180018001800180018001800180018001"
    "8001800180018001800180018001800180018000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000b103527e"
)

NO_GROUPS: dict[int, tuple[int, ...]] = {}


def basic(groups: dict[int, tuple[int, ...]], class_word: int = 0) -> bytes:
    """A subrecord of 278 bytes; groups by offset: status, label, values."""
    sub = bytearray(SUBRECORD)
    for offset, (status, label, *numbers) in groups.items():
        struct.pack_into(f"<IH{len(numbers)}h", sub, offset, status, label, *numbers)
    struct.pack_into("<H", sub, 276, class_word)
    return bytes(sub)


def record(*subrecords: bytes, maintype: int = 0, length: int | None = None) -> bytes:
    header = bytearray(40)
    body = b"".join(subrecords)
    struct.pack_into("<h", header, 0, 40 + len(body) if length is None else length)
    struct.pack_into("<h", header, 14, maintype)
    for place in range(8):
        at, kind = (place * SUBRECORD, 1) if place < len(subrecords) else (0, 0xFF)
        struct.pack_into("<hB", header, 16 + 3 * place, at, kind)
    return bytes(header) + body


def ecg(hr: int, rr: int) -> dict[int, tuple[int, ...]]:
    return {4: (EXISTS, 0, hr, INVALID, INVALID, INVALID, rr)}


def nibp(sys: int, dia: int, mean: int, hr: int = 72, label: int = 0) -> dict[int, tuple[int, ...]]:
    # the reserved low bits are set, as on a real monitor
    return {76: (EXISTS, 3 | label, sys, dia, mean, hr)}


def cuff(sys: int = 12800, label: int = 0) -> bytes:
    return frame(record(basic(nibp(sys, 7900, 9500, label=label))))


def make() -> GeDriDecoder:
    return GeDriDecoder("ge")


def feed(*frames: bytes) -> list[Output]:
    """One record every 5 seconds."""
    decoder = make()
    decoder.connected(NOON)
    outputs: list[Output] = []
    for number, one in enumerate(frames):
        outputs += decoder.feed(one, after(5 * number))
    return outputs


GOOD = frame(record(basic({**ecg(73, 14), **nibp(12800, 7900, 9500), 122: (3, 0, 9750, 73)})))


def test_requests_are_the_makers_examples() -> None:
    head = "7e3100" + "00" * 19 + "ff" + "00" * 18
    assert request(10, classes=0x0E) == bytes.fromhex(head + "010a000e0000000000497e")
    assert request() == bytes.fromhex(head + "010500000000000000367e")
    assert request(-1) == bytes.fromhex(head + "01ffff0000000000002f7e")
    assert request(0) == bytes.fromhex(head + "010000000000000000317e")
    assert request(60, 0x0E, 3) == bytes.fromhex(head + "033c000e00000000007d5d7e")


def test_a_real_record_of_an_idle_monitor_has_no_value() -> None:
    assert len(REAL_B650) == 1155
    (found,) = all_values(feed_every_way(make, [REAL_B650]))
    assert found == {"hr": None, "rr": None, "pulse": None, "spo2": None}


def test_values_are_carried_as_they_are() -> None:
    continuous, pressures = all_values(feed_every_way(make, [GOOD]))
    assert continuous == {"hr": 73, "rr": 14, "pulse": 73, "spo2": 97.5}
    assert pressures == {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95, "nibp_pulse": 72}
    (fine,) = all_values(feed(frame(record(basic(nibp(21461, 14130, 16566))))))
    assert fine["nibp_sys"] == 214.61


def test_temperature_is_in_degrees() -> None:
    assert all_values(feed(frame(record(basic({90: (EXISTS, 0, 3665)}))))) == [{"temp": 36.65}]


@pytest.mark.parametrize(
    ("part", "air", "expected"),
    [
        (500, 7600, 38.0),
        (513, 7598, 39.0),  # the air pressure is that of the recorded message
        (0, 7600, 0.0),  # no breath
        (INVALID, 7600, None),
        (500, INVALID, None),
        (500, 0, None),
    ],
)
def test_end_tidal_co2_is_a_part_of_the_air(part: int, air: int, expected: float | None) -> None:
    group = {136: (EXISTS, 9, part, 0, INVALID, air)}
    assert all_values(feed(frame(record(basic(group))))) == [{"etco2": expected}]


@pytest.mark.parametrize(
    "bad",
    [
        b"\x7e\x7e",
        GOOD[:-2] + b"\x7e",
        GOOD[:-2] + b"\x00\x7e",
        GOOD[:60] + b"\x7e",
        GOOD.replace(b"\x32", b"\x33"),
        frame(record(basic(nibp(12800, 7900, 9500)), length=317)),
        frame(record(basic(nibp(12800, 7900, 9500)), length=-1)),
        frame(record(basic(nibp(12800, 7900, 9500)), maintype=1)),
        frame(record(basic(nibp(12800, 7900, 9500), class_word=0x01B1))),  # not the basic class
        frame(record(basic(nibp(12800, 7900, 9500)))[:200]),
        frame(record()),
        frame(b"\x00" * 39),
        frame(record(*[basic(nibp(12800, 7900, 9500))] * 6)),  # longer than any record
        frame(record(basic(NO_GROUPS))),  # no module is there
        frame(record(basic({76: (2, 0, 12800, 7900, 9500, 72)}))),
        GOOD[:-1] + b"\x7d\x7e",
    ],
)
def test_bad_frames_give_nothing(bad: bytes) -> None:
    assert feed_every_way(make, [bad]) == []


def test_a_list_of_subrecords_may_point_anywhere() -> None:
    for offset in (-40, -1, 1, 32767):
        sent = bytearray(record(basic(nibp(12800, 7900, 9500))))
        struct.pack_into("<h", sent, 16, offset)
        assert feed(frame(bytes(sent))) == []


def test_the_class_is_told_by_its_bits_not_by_its_place() -> None:
    extra = basic({76: (EXISTS, 0, 1, 1, 1, 1)}, class_word=0x01B1)
    mixed = record(extra, basic(nibp(12800, 7900, 9500), class_word=0x00B1))
    (found,) = all_values(feed(frame(mixed)))
    assert found["nibp_sys"] == 128


@pytest.mark.parametrize("raw", [-32767, -32766, -32764, -32763, -32762, -32001])
def test_reasons_in_place_of_numbers_are_no_value(raw: int) -> None:
    sent = {**ecg(raw, raw), 122: (EXISTS, 0, raw, raw), **nibp(12800, raw, 9500, raw)}
    continuous, pressures = all_values(feed(frame(record(basic(sent)))))
    assert set(continuous.values()) == {None}
    assert pressures == {"nibp_sys": 128, "nibp_dia": None, "nibp_map": 95, "nibp_pulse": None}


def test_negative_values_are_values() -> None:
    (found,) = all_values(feed(frame(record(basic(nibp(12800, 7900, -200))))))
    assert found["nibp_map"] == -2


def pressures(outputs: list[Output]) -> list[float | None]:
    return [one["nibp_sys"] for one in all_values(outputs)]


def test_a_repeated_result_is_emitted_once() -> None:
    old = [cuff(label=OLD)] * 100
    assert pressures(feed(*[cuff()] * 12, *old)) == [128]


def test_a_result_is_new_when_a_pressure_changes() -> None:
    outputs = feed(cuff(), cuff(13000), cuff(13000), cuff(13000, OLD))
    assert pressures(outputs) == [128, 130]
    assert [o.measured_at for o in outputs if isinstance(o, Reading)] == [after(0), after(5)]


def test_while_measuring_the_values_are_old() -> None:
    outputs = feed(
        cuff(label=OLD),
        cuff(label=OLD | MEASURING),
        cuff(15000, label=MEASURING),
        cuff(15000),
        cuff(15000),
    )
    assert pressures(outputs) == [150]
    assert kinds(outputs) == ["nibp_stale", "nibp_measuring", "nibp_done"]


def test_equal_values_measured_again_are_new() -> None:
    assert pressures(feed(cuff(), cuff(label=MEASURING), cuff())) == [128, 128]
    assert pressures(feed(cuff(), cuff(label=OLD), cuff())) == [128, 128]


def test_a_first_result_older_than_a_minute_is_stale() -> None:
    outputs = feed(cuff(label=OLD), cuff(label=OLD))
    assert pressures(outputs) == []
    assert kinds(outputs) == ["nibp_stale"]


@pytest.mark.parametrize(
    "ending",
    [
        cuff(label=OLD),
        frame(record(basic(nibp(INVALID, INVALID, INVALID)))),
        frame(record(basic(nibp(INVALID, INVALID, INVALID, label=OLD)))),
    ],
)
def test_a_determination_without_a_result_failed(ending: bytes) -> None:
    outputs = feed(cuff(), cuff(label=OLD), cuff(label=OLD | MEASURING), ending, ending)
    assert pressures(outputs) == [128]
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]


def test_values_blanked_for_a_while_are_not_new_when_they_come_back() -> None:
    blank = frame(record(basic(nibp(INVALID, INVALID, INVALID, label=OLD))))
    assert pressures(feed(cuff(), cuff(label=OLD), blank, cuff(label=OLD))) == [128]


def test_after_a_break_only_another_result_is_new() -> None:
    decoder = make()
    decoder.connected(NOON)
    assert pressures(decoder.feed(cuff(), NOON)) == [128]
    decoder.connected(after(20))
    assert pressures(decoder.feed(cuff(), after(20))) == []
    decoder.connected(after(600))
    assert pressures(decoder.feed(cuff(14000, OLD), after(600))) == [140]


def test_the_request_is_repeated_when_records_stay_away() -> None:
    decoder = make()
    decoder.connected(NOON)
    assert decoder.outgoing(NOON) == request()
    assert decoder.wait(NOON) == 15
    assert decoder.outgoing(after(14.9)) == b""
    assert decoder.outgoing(after(15)) == request()
    decoder.feed(GOOD, after(20))
    assert decoder.wait(after(20)) == 15
    decoder.connected(after(21))
    assert decoder.outgoing(after(21)) == request()


def test_it_takes_no_commands() -> None:
    with pytest.raises(ValueError, match="no commands"):
        make().command(Command.START_NIBP)


wire = st.integers(-32768, 32767)


@settings(max_examples=60, deadline=None)
@given(st.tuples(wire, wire, wire, wire), wire, wire, wire, wire)
def test_every_value_is_the_wires_or_none(
    nibps: tuple[int, int, int, int], hr: int, rr: int, spo2: int, pr: int
) -> None:
    sent = {**ecg(hr, rr), 122: (EXISTS, 0, spo2, pr), **nibp(*nibps)}
    outputs = feed_every_way(make, [frame(record(basic(sent)))])
    carried = {"hr": (hr, 1), "rr": (rr, 1), "pulse": (pr, 1), "spo2": (spo2, 100)}
    for key, raw in zip(("nibp_sys", "nibp_dia", "nibp_map"), nibps, strict=False):
        carried[key] = (raw, 100)
    carried["nibp_pulse"] = (nibps[3], 1)
    for output in outputs:
        for key, value in values(output).items():
            raw, steps = carried[key]
            assert value == (None if raw <= -32001 else raw / steps)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(8000, 20000), st.integers(0, 30)), max_size=12))
def test_each_result_exactly_once(results: list[tuple[int, int]]) -> None:
    """Determinations with a measuring phase, then repeated for a while, then marked old."""
    frames, expected, shown = [], [], INVALID
    for sys, repeats in results:
        gone = OLD if repeats % 2 else 0
        frames.append(frame(record(basic(nibp(shown, 7000, 7500, label=MEASURING | gone)))))
        shown = sys
        frames += [cuff(sys)] * min(1 + repeats, 12) + [cuff(sys, OLD)] * max(0, repeats - 11)
        expected.append(sys / 100)
    assert pressures(feed(*frames)) == expected


def test_noise_gives_nothing_and_does_not_grow() -> None:
    decoder = make()
    decoder.connected(NOON)
    noise = random.Random(8).randbytes(1_000_000)
    for at in range(0, len(noise), 4096):
        assert decoder.feed(noise[at : at + 4096], after(at / 4096)) == []
        assert decoder.pending <= 2 * (MAX_RECORD + 1)
    assert decoder.feed(b"\x00" * 1_000_000, after(300)) == []
    assert decoder.pending <= 2 * (MAX_RECORD + 1)
    assert len(decoder.feed(b"\x7e" + GOOD, after(301))) == 2
