"""Masimo ASCII 1: every recorded line, and lines that are damaged, run together or cut off."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.masimo import MasimoDecoder
from devices.metrics import PULSE, SPO2
from devices.reading import DeviceEvent, Reading
from devices.spec import Output
from tests.devices.wire import NOON, all_values, feed_every_way, kinds

REST = b"SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+--"
RAD_8 = (
    b"02/22/16 22:47:45 SN=0000056661 SPO2=098% BPM=097 PI=03.60% %b ALARM=0000 EXC=000800\r\n"
).replace(b"%b", REST)
ALARMING = (
    b"03/06/05 21:11:30 SN=0000066575 SPO2=098% BPM=057 PI=07.02% %b ALARM=0038 EXC=000800\r\n"
).replace(b"%b", REST)
SENSOR_OFF = (
    b"05/20/21 14:06:02 SN=0000182948 SPO2=098% BPM=101 PI=--.--% %b ALARM=0010 EXC=000824\r\n"
).replace(b"%b", REST)
DASHES = (
    b"05/15/07 08:12:21 SN=0000070986 SPO2=---% BPM=--- PI=--.--% %b PVI=--- ALARM=0000 "
    b"EXC=000000\r\n"
).replace(b"%b", REST)
COLOUR = (
    b"03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55 SPCO=--% SPMET=--.-% SPHB=--.- "
    b"SPOC=-- RESVD=--- DESAT=-- PIDELTA=+-- PVI=--- ALARM=000000 EXC=0000C00 EXC1=00000000\r\n"
)
FULL = (
    b"12/01/05 11:56:29 SN=0123456789 SPO2=098% BPM=240 PI=20.00% SPCO=01.0% SPMET=00.5% DESAT=01 "
    b"PIDELTA=-02 PVI=027 ALARM=0000 EXC=000820\r\n"
)
RADICAL = b"09/15/10 15:10:29 SPO2=097% BPM=064 PI=11.82% ALARM=20 EXC=800\r\n"


def fed(*lines: bytes) -> list[Output]:
    decoder = MasimoDecoder("x")
    return [output for line in lines for output in decoder.feed(line, NOON)]


def reading(line: bytes) -> Reading:
    (found,) = [one for one in fed(line) if isinstance(one, Reading)]
    return found


def event(kind: str, text: str) -> DeviceEvent:
    return DeviceEvent("x", kind, text, NOON)


def test_a_recorded_line_of_a_rad_8() -> None:
    unmapped = {"PI": "03.60%", "ALARM": "0000", "EXC": "000800"}
    values = {SPO2: 98.0, PULSE: 97.0}
    expected = Reading("x", values, NOON, NOON, (), "2016-02-22T22:47:45", unmapped)
    assert fed(RAD_8) == [expected]


def test_limit_alarms_are_kept_and_leave_the_values() -> None:
    assert all_values(fed(ALARMING)) == [{"spo2": 98, "pulse": 57}]
    assert kinds(fed(ALARMING)) == []
    assert reading(ALARMING).unmapped == {"PI": "07.02%", "ALARM": "0038", "EXC": "000800"}


def test_values_sent_with_the_sensor_off_are_no_values() -> None:
    off, found = fed(SENSOR_OFF)
    assert off == event("sensor_off", "the sensor is off the patient")
    assert isinstance(found, Reading)
    assert found.values == {SPO2: None, PULSE: None}
    assert found.unmapped == {"SPO2": "098%", "BPM": "101", "ALARM": "0010", "EXC": "000824"}


def test_dashes_are_no_values() -> None:
    assert fed(DASHES) == [
        event("sensor_off", "no SpO2: the monitor shows dashes"),
        Reading(
            "x",
            {SPO2: None, PULSE: None},
            NOON,
            NOON,
            (),
            "2007-05-15T08:12:21",
            {"ALARM": "0000", "EXC": "000000"},
        ),
    ]


def test_the_colour_radical_7_has_other_keys_and_longer_words() -> None:
    found = reading(COLOUR)
    assert found.values == {SPO2: 98.0, PULSE: 123.0}
    assert found.unmapped == {
        "PI": "00.55",
        "ALARM": "000000",
        "EXC": "0000C00",
        "EXC1": "00000000",
    }


def test_all_other_parameters_are_kept_as_sent() -> None:
    found = reading(FULL)
    assert found.values == {SPO2: None, PULSE: None}  # the sensor is off: EXC has 20
    assert found.unmapped == {
        "SPO2": "098%",
        "BPM": "240",
        "PI": "20.00%",
        "SPCO": "01.0%",
        "SPMET": "00.5%",
        "DESAT": "01",
        "PIDELTA": "-02",
        "PVI": "027",
        "ALARM": "0000",
        "EXC": "000820",
    }
    haemoglobin = reading(
        COLOUR.replace(b"SPHB=--.-", b"SPHB=13.2").replace(b"SPOC=--", b"SPOC=17")
    )
    assert haemoglobin.unmapped["SPHB"] == "13.2"
    assert haemoglobin.unmapped["SPOC"] == "17"


def test_the_line_of_a_radical() -> None:
    found = reading(RADICAL)
    assert found.values == {SPO2: 97.0, PULSE: 64.0}
    assert found.device_time == "2010-09-15T15:10:29"
    assert found.unmapped == {"PI": "11.82%", "ALARM": "20", "EXC": "800"}


def test_the_serial_number_goes_nowhere() -> None:
    for line in (RAD_8, ALARMING, SENSOR_OFF, DASHES, COLOUR, FULL):
        assert "SN" not in reading(line).unmapped
        assert not any("0000" in text and len(text) > 9 for text in reading(line).unmapped.values())


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (b"000801", "no sensor is plugged in"),
        (b"000802", "the sensor is defective"),
        (b"000808", "searching for the pulse"),
        (b"000810", "interference at the sensor"),
        (b"000820", "the sensor is off the patient"),
        (b"000840", "too much light at the sensor"),
        (b"000880", "the sensor is not recognised"),
        (b"000900", "the sensor does not fit the monitor"),
        (b"000828", "the sensor is off the patient"),
    ],
)
def test_each_exception_that_makes_values_worthless_has_its_words(word: bytes, text: str) -> None:
    off, found = fed(RAD_8.replace(b"000800", word))
    assert off == event("sensor_off", text)
    assert isinstance(found, Reading)
    assert set(found.values.values()) == {None}


@pytest.mark.parametrize("word", [b"000804", b"000C00", b"000000", b"FFE604"])
def test_other_exceptions_leave_the_values(word: bytes) -> None:
    assert all_values(fed(RAD_8.replace(b"000800", word))) == [{"spo2": 98, "pulse": 97}]


def test_an_unplugged_cable_is_named_where_there_is_no_value() -> None:
    line = DASHES.replace(b"EXC=000000", b"EXC=001800")
    assert fed(line)[0] == event("sensor_off", "the sensor cable is unplugged")


def test_sensor_and_battery_are_told_on_change_only() -> None:
    low = RAD_8.replace(b"ALARM=0000", b"ALARM=0040")
    searching = RAD_8.replace(b"000800", b"000808")
    lines = [RAD_8, low, low, SENSOR_OFF, SENSOR_OFF, searching, RAD_8, RAD_8]
    assert [(one.kind, one.text) for one in fed(*lines) if isinstance(one, DeviceEvent)] == [
        ("battery_low", "the battery of the oximeter is low"),
        ("sensor_off", "the sensor is off the patient"),
        ("battery_ok", "the battery is no longer low"),
        ("sensor_off", "searching for the pulse"),
        ("sensor_on", "the oximeter is back"),
    ]
    assert len(all_values(fed(*lines))) == 8


def test_the_alarm_word_is_hexadecimal() -> None:
    assert kinds(fed(RAD_8.replace(b"ALARM=0000", b"ALARM=0016"))) == []  # 0016: no 40 in it
    assert kinds(fed(RAD_8.replace(b"ALARM=0000", b"ALARM=0064"))) == ["battery_low"]


def test_zero_is_never_a_value() -> None:
    line = RAD_8.replace(b"SPO2=098", b"SPO2=000").replace(b"BPM=097", b"BPM=000")
    assert all_values(fed(line)) == [{"spo2": None, "pulse": None}]


@pytest.mark.parametrize(
    "stamp", [b"00/00/00 00:00:00", b"02/30/16 22:47:45", b"02/22/16 25:00:00"]
)
def test_a_clock_that_shows_no_moment_costs_no_values(stamp: bytes) -> None:
    found = reading(RAD_8.replace(b"02/22/16 22:47:45", stamp))
    assert found.device_time is None
    assert found.values == {SPO2: 98.0, PULSE: 97.0}
    assert found.measured_at == NOON


@pytest.mark.parametrize(
    "line",
    [
        RAD_8[:-12] + b"\r",  # cut off
        RAD_8[:40] + RAD_8[60:],  # a hole that takes BPM with it
        RAD_8[:48] + RAD_8[18:],  # two lines run together: keys twice
        RAD_8.replace(b"BPM=097", b"BPM=0A7"),
        RAD_8.replace(b"SPO2=098", b"SPO2=09."),
        RAD_8.replace(b"SPO2=098%", b"SPO2=0x8%"),
        RAD_8.replace(b"ALARM=0000 ", b""),
        RAD_8.replace(b"ALARM=0000", b"ALARM=----"),
        RAD_8.replace(b"EXC=000800", b"EXC="),
        RAD_8.replace(b"02/22/16 ", b""),
        RAD_8.replace(b" SPO2=098%", b""),
        b"SPO2=098 HR=072\r\n",
    ],
)
def test_a_damaged_line_gives_nothing_and_the_next_one_is_read(line: bytes) -> None:
    assert fed(line) == []
    assert len(all_values(fed(line, RAD_8))) == 1


def test_the_way_lines_arrive_changes_nothing() -> None:
    frames = [RAD_8, b"\r\n", SENSOR_OFF, COLOUR, b"\r\n", RADICAL, FULL]
    assert len(all_values(feed_every_way(lambda: MasimoDecoder("x"), frames))) == 5


def test_half_a_line_from_before_a_break_is_dropped() -> None:
    decoder = MasimoDecoder("x")
    decoder.feed(RAD_8[:30], NOON)
    assert decoder.pending == 30
    decoder.connected(NOON + timedelta(seconds=9))
    assert decoder.pending == 0
    assert decoder.feed(RAD_8[30:], NOON) == []
    assert decoder.frames == 0


@given(st.binary(max_size=300), st.integers(1, 100), st.integers(1, 999))
def test_any_rubbish_before_a_line_leaves_it_readable(rubbish: bytes, spo2: int, bpm: int) -> None:
    line = RAD_8.replace(b"BPM=097", b"BPM=%03d" % bpm).replace(b"098%", b"%03d%%" % spo2)
    assert all_values(fed(rubbish + line)) == [{"spo2": spo2, "pulse": bpm}]


@pytest.mark.parametrize(
    "damaged",
    [
        "SPO2=09% BPM=097 ALARM=0000 EXC=000800",
        "SPO2=098% BPM=97 ALARM=0000 EXC=000800",
        "SPO2=098% BPM=097 ALARM=0000 EXC=00080",
        "SPO2=098% BPM=097 ALARM=0000 EXC=000",
        "SPO2=098% BPM=097 ALARM=000 EXC=000800",
        "SPO2=--% BPM=097 ALARM=0000 EXC=000800",
    ],
)
def test_a_line_that_has_lost_a_digit_is_refused(damaged: str) -> None:
    decoder = MasimoDecoder("x")
    line = f"02/22/16 22:47:45 SN=0000056661 {damaged}\r\n".encode()
    assert decoder.feed(line, NOON) == []
    assert decoder.frames == 0
