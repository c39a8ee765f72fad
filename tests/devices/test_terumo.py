"""The Terumo decoder: damaged frames first, the recorded records, dates, repeats, the ACK."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.terumo import ACK, SPEC, TerumoDecoder
from devices.reading import Reading
from devices.spec import Command, Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values

STATUS = bytes.fromhex("02 44 31 2c 03 a6")  # the documented example


def framed(text: str) -> bytes:
    """The rule of the sheet: the low byte of the sum of all bytes, 02 and 03 too."""
    frame = b"\x02" + text.encode("latin-1") + b"\x03"
    return frame + bytes((sum(frame) & 0xFF,))


TEXT_2026 = "R1,000000000,260429,103800,119,090,076,083,0000,0000,00000,000"
TEXT_2021 = "R1,000000000,210427,153000,128,097,082,084,0000,0000,00000,000"
RECORD_2026, RECORD_2021 = framed(TEXT_2026), framed(TEXT_2021)


def decoder() -> TerumoDecoder:
    made = TerumoDecoder("cuff")
    made.connected(NOON)
    return made


def read(*frames: bytes, now: datetime = NOON) -> list[Output]:
    made = decoder()
    return [output for frame in frames for output in made.feed(frame, now)]


def test_the_check_sum_is_that_of_the_sheet() -> None:
    assert framed("D1,") == STATUS
    assert RECORD_2026[-1] == 0xEB


@pytest.mark.parametrize(
    "bad",
    [
        RECORD_2026[:-1],
        RECORD_2026[1:],
        RECORD_2026[:-1] + b"\xec",
        RECORD_2026.replace(b"119", b"118"),
        framed(TEXT_2026[:-1]),
        framed(TEXT_2026 + "0"),
        framed(TEXT_2026.replace("119", " 19")),
        framed(TEXT_2026.replace("000000000,", "00000000,")),
        framed(TEXT_2026.replace(",119", "")),
        framed("R2" + TEXT_2026[2:]),
        framed("D1"),
        framed(TEXT_2026[:12] + "\r" + TEXT_2026[13:]),
        b"\x02\x03\x05" * 200,
    ],
)
def test_a_damaged_or_unknown_frame_gives_nothing_and_is_not_confirmed(bad: bytes) -> None:
    made = decoder()
    assert made.feed(bad, NOON) == []
    assert made.frames == 0
    assert made.outgoing(NOON) == b""
    assert made.pending <= 64


@pytest.mark.parametrize("place", range(len(RECORD_2026)))
def test_a_flipped_bit_anywhere_is_found(place: int) -> None:
    for bit in range(8):
        damaged = bytearray(RECORD_2026)
        damaged[place] ^= 1 << bit
        assert read(bytes(damaged)) == []


def test_the_recorded_records() -> None:
    outputs = feed_every_way(
        lambda: TerumoDecoder("cuff"), [RECORD_2026, STATUS, RECORD_2021], b"\x02R1\x03\x00\r\n06"
    )
    assert all_values(outputs) == [
        {"nibp_sys": 119, "nibp_dia": 76, "nibp_map": 90, "nibp_pulse": 83},
        {"nibp_sys": 128, "nibp_dia": 82, "nibp_map": 97, "nibp_pulse": 84},
    ]
    assert all(isinstance(one, Reading) and one.measured_at == NOON for one in outputs)


@pytest.mark.parametrize(
    ("date", "today", "device_time"),
    [
        ("260429", datetime(2026, 4, 29, 10, 40, tzinfo=UTC), "2026-04-29T10:38:00"),
        ("290426", datetime(2026, 4, 29, 10, 40, tzinfo=UTC), "2026-04-29T10:38:00"),
        ("260429", datetime(2029, 4, 26, 10, 0, tzinfo=UTC), "2029-04-26T10:38:00"),
        ("261123", datetime(2026, 11, 24, 0, 10, tzinfo=UTC), "2026-11-23T10:38:00"),
        ("260429", NOON, None),
        ("269929", NOON, None),
        ("000000", NOON, None),
    ],
)
def test_the_date_is_read_in_the_order_that_gives_ours(
    date: str, today: datetime, device_time: str | None
) -> None:
    (reading,) = read(framed(TEXT_2026.replace("260429", date)), now=today)
    assert isinstance(reading, Reading)
    assert reading.device_time == device_time
    kept = {"date": date, "time": "103800"} if device_time is None else {}
    assert reading.unmapped == kept
    assert reading.measured_at == today


def test_fields_that_nobody_has_described_are_kept_where_they_say_something() -> None:
    text = TEXT_2026.replace(",0000,0000,00000,000", ",0000,0012,00000,007")
    (reading,) = read(framed(text), now=datetime(2026, 4, 29, 10, 38, tzinfo=UTC))
    assert isinstance(reading, Reading)
    assert reading.unmapped == {"field 9": "0012", "field 11": "007"}


def test_missing_values_are_none() -> None:
    (reading,) = read(framed(TEXT_2026.replace("090", "000").replace("083", "   ")))
    assert values(reading) == {
        "nibp_sys": 119,
        "nibp_dia": 76,
        "nibp_map": None,
        "nibp_pulse": None,
    }
    none = framed(TEXT_2026.replace("119,090,076", "000,000,000"))
    assert kinds(read(none)) == ["nibp_failed"]


def test_each_understood_frame_is_confirmed_once_and_a_repeat_is_no_new_reading() -> None:
    made = decoder()
    assert len(made.feed(RECORD_2026, NOON)) == 1
    assert made.wait(NOON) == 0
    assert made.outgoing(NOON) == ACK
    assert made.outgoing(NOON) == b""
    assert made.feed(RECORD_2026, after(1)) == []  # our ACK was lost
    assert made.outgoing(after(1)) == ACK
    assert made.feed(STATUS, after(2)) == []
    assert made.outgoing(after(2)) == ACK
    assert made.frames == 3
    later = framed(TEXT_2026.replace("103800", "103859"))
    assert len(made.feed(later, after(3))) == 1


def test_after_a_break_nothing_is_confirmed_that_came_before() -> None:
    made = decoder()
    made.feed(RECORD_2026 + RECORD_2021[:20], NOON)
    made.connected(after(60))
    assert made.outgoing(after(60)) == b""
    assert made.pending == 0
    assert made.feed(RECORD_2026, after(61)) == []


@settings(max_examples=40)
@given(st.text(st.sampled_from("0123456789ABCxyz "), min_size=9, max_size=9))
def test_the_subject_is_nowhere(subject: str) -> None:
    plain = read(RECORD_2026)
    assert read(framed(TEXT_2026.replace("000000000", subject, 1))) == plain


def test_no_command_is_taken() -> None:
    with pytest.raises(ValueError, match="no command cancel_nibp"):
        SPEC.decoder("cuff").command(Command.CANCEL_NIBP)
