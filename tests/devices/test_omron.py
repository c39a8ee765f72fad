"""The Omron decoder: bad records first, then the known lines and what counts as one result."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.omron import SPEC, OmronDecoder
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values

HBP_9030 = b"2026,11,23,10,15,12345               ,0,128,079,072,0\r\n"
HBP_9020 = b"bp,99999999999999999999,2023/04/27,15:06,140,098,077,068,3\r\n"


def record(
    stamp: str = "2026,11,23,10,15",
    subject: str = "12345               ",
    error: str = "0",
    triple: str = "128,079,072",
    movement: str = "0",
) -> bytes:
    numbers = triple if error == "0" else "   ,   ,   "
    return f"{stamp},{subject},{error},{numbers},{movement}\r\n".encode("latin-1")


def read(*frames: bytes) -> list[Output]:
    decoder = OmronDecoder("cuff")
    decoder.connected(NOON)
    return [output for at, frame in enumerate(frames) for output in decoder.feed(frame, after(at))]


def test_our_records_have_the_length_of_the_sheet() -> None:
    assert record() == HBP_9030
    assert len(record()) == len(record(error="5")) == 53 + 2


@pytest.mark.parametrize(
    "bad",
    [
        HBP_9030[:-2],  # not ended
        HBP_9030[1:-2] + b"\r",  # a digit of the year is lost
        HBP_9030.replace(b"12345  ", b"12345 "),
        HBP_9030.replace(b"128", b"12"),
        HBP_9030.replace(b"128", b"-28"),
        HBP_9030.replace(b"128", b" 28"),
        HBP_9030.replace(b"10,15", b"10:15"),
        HBP_9030.replace(b"12345", b"123\x005"),
        HBP_9030.replace(b",0\r", b",0,\r"),
        record(stamp="2026,13,23,10,15"),
        record(stamp="2026,02,30,10,15"),
        record(stamp="2026,11,23,24,15"),
        record(stamp="2026,11,23,24,15", error="3"),
        HBP_9020.replace(b"bp", b"BP"),
        HBP_9020.replace(b"2023/04/27", b"2023-04-27"),
        HBP_9020.replace(b"04/27", b"27/04"),
        HBP_9020.replace(b",068", b""),
        b"\r\n" * 500,
    ],
)
def test_what_is_not_quite_a_record_gives_nothing(bad: bytes) -> None:
    decoder = OmronDecoder("cuff")
    decoder.connected(NOON)
    assert decoder.feed(bad, NOON) == []
    assert decoder.frames == 0
    assert decoder.pending <= 64


def test_the_record_of_the_sheet() -> None:
    (reading,) = feed_every_way(lambda: OmronDecoder("cuff"), [HBP_9030])
    assert values(reading) == {"nibp_sys": 128, "nibp_dia": 79, "nibp_pulse": 72}
    assert isinstance(reading, Reading)
    assert reading.device_time == "2026-11-23T10:15:00"
    assert reading.measured_at == reading.received_at == NOON  # not by the monitor's clock
    assert reading.unmapped == {"movement": "0"}


def test_the_recorded_line_of_an_hbp_9020() -> None:
    (reading,) = feed_every_way(lambda: OmronDecoder("cuff"), [HBP_9020])
    assert values(reading) == {
        "nibp_sys": 140,
        "nibp_dia": 77,
        "nibp_map": 98,
        "nibp_pulse": 68,
    }
    assert isinstance(reading, Reading)
    assert reading.device_time == "2023-04-27T15:06:00"
    assert reading.unmapped == {"n": "3"}


def test_both_formats_and_a_failure_in_every_cutting() -> None:
    frames = [HBP_9030, HBP_9020, record(error="5"), record(triple="131,082,075")]
    outputs = feed_every_way(lambda: OmronDecoder("cuff"), frames)
    assert [one["nibp_sys"] for one in all_values(outputs)] == [128, 140, 131]
    assert kinds(outputs) == ["nibp_failed"]


def test_a_failed_measurement_names_the_monitors_error_and_gives_no_numbers() -> None:
    (event,) = read(record(error="5"))
    assert isinstance(event, DeviceEvent)
    assert event.kind == "nibp_failed"
    assert event.text == "the cuff reading failed: the monitor shows error 5"
    assert event.raw == {"error": "5"}
    # numbers beside an error are not those of a result
    assert all_values(read(HBP_9030.replace(b",0,128", b",2,128"))) == []


def test_a_missing_value_is_none_and_no_pressure_at_all_is_no_result() -> None:
    (reading,) = read(record(triple="128,079,   "))
    assert values(reading) == {"nibp_sys": 128, "nibp_dia": 79, "nibp_pulse": None}
    (reading,) = read(record(triple="128,079,000"))
    assert values(reading)["nibp_pulse"] is None
    for none in ("   ,   ,   ", "000,000,000", "   ,   ,072"):
        assert kinds(read(record(triple=none))) == ["nibp_failed"]


def test_a_record_sent_twice_is_one_result_and_two_in_one_minute_are_two() -> None:
    assert len(read(HBP_9030, HBP_9030)) == 1
    two = read(HBP_9030, record(triple="131,079,072"))
    assert [one["nibp_sys"] for one in all_values(two)] == [128, 131]
    same_numbers = read(HBP_9030, record(stamp="2026,11,23,10,16"))
    assert len(same_numbers) == 2
    assert kinds(read(record(error="1"), record(error="1"))) == ["nibp_failed"] * 2


def test_a_record_known_before_a_break_is_not_new_and_half_a_record_is_dropped() -> None:
    decoder = OmronDecoder("cuff")
    decoder.connected(NOON)
    assert len(decoder.feed(HBP_9030 + b"2026,11,23,10,2", NOON)) == 1
    decoder.connected(after(60))
    assert decoder.pending == 0
    assert decoder.feed(HBP_9030, after(61)) == []


@settings(max_examples=60)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), min_size=20, max_size=20))
def test_whatever_the_subject_is_it_is_nowhere(subject: str) -> None:
    name = f"Miller,{subject[7:]}"
    (reading,) = read(record(subject=name))
    (failure,) = read(record(subject=name, error="4"))
    assert isinstance(reading, Reading)
    assert values(reading)["nibp_sys"] == 128
    kept = {field.name: getattr(reading, field.name) for field in dataclasses.fields(reading)}
    assert "Miller" not in repr(kept)
    assert "Miller" not in repr(failure)


def test_nothing_is_ever_sent_and_no_command_taken() -> None:
    decoder = SPEC.decoder("cuff")
    decoder.connected(NOON)
    assert decoder.outgoing(NOON) == b""
    with pytest.raises(ValueError, match="no command start_nibp"):
        decoder.command(Command.START_NIBP)
