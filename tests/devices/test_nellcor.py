"""The Nellcor table: the manual's printout, every status code, damaged lines, and XON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.nellcor import NellcorDecoder
from devices.metrics import PULSE, SPO2
from devices.reading import DeviceEvent, Reading
from devices.spec import Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds

LIMITS = b"NPB-290 VERSION 1.0.0.1 CRC: XXXX SpO2 Limit: 30-100% PR Limit: 100-180BPM\r\n"
LIMITS_595 = b"N-595 VERSION 1.0 CRC:A1B2 SpO2 Limit: 85-100% PR Limit: 40-170BPM\r\n"
MODE_595 = b"ADULT 0SAT-S SPO2 RESP MODE: NORMAL\r\n"
COLUMNS = b"TIME              %SPO2 BPM  PA  Status\r\n"
LINE = b"12-NOV-97 14:00:05  100  120  50\r\n"
LOW = b"12-NOV-97 14:00:07   79* 185*  12  AS LB PH SL\r\n"
OFF = b"12-NOV-97 14:00:09  ---  ---  ---  SO\r\n"


def fed(*lines: bytes) -> list[Output]:
    decoder = NellcorDecoder("x")
    return [output for line in lines for output in decoder.feed(line, NOON)]


def first(*lines: bytes) -> Reading:
    return next(one for one in fed(*lines) if isinstance(one, Reading))


def event(kind: str, text: str) -> DeviceEvent:
    return DeviceEvent("x", kind, text, NOON)


def test_the_manuals_line() -> None:
    expected = {SPO2: 100.0, PULSE: 120.0}
    assert fed(LINE) == [
        Reading("x", expected, NOON, NOON, (), "1997-11-12T14:00:05", {"PA": "50"})
    ]


@pytest.mark.parametrize("month", [b"Dec", b"DEC", b"dec"])
def test_a_month_in_any_case_with_marks_and_blanks_at_the_end(month: bytes) -> None:
    line = b"29-%b-17 07:18:57    89*     66     201    MO SL            \r\n" % month
    reading = first(line)
    assert reading.values == {SPO2: 89.0, PULSE: 66.0}
    assert reading.device_time == "2017-12-29T07:18:57"


def test_headings_alone_prove_no_monitor() -> None:
    decoder = NellcorDecoder("x")
    for heading in (LIMITS, COLUMNS, LIMITS_595, COLUMNS):
        assert decoder.feed(heading, NOON) == []
    assert decoder.feed(MODE_595, NOON) == []
    assert decoder.frames == 0


def test_values_outside_their_limits_are_values_and_the_mark_is_kept() -> None:
    low, found = fed(LOW)
    assert low == event("battery_low", "the battery of the oximeter is low")
    assert isinstance(found, Reading)
    assert found.values == {SPO2: 79.0, PULSE: 185.0}
    unmapped = {"%SPO2": "79*", "BPM": "185*", "PA": "12", "status": "AS LB PH SL"}
    assert found.unmapped == unmapped


def test_dashes_are_no_values() -> None:
    off, found = fed(OFF)
    assert off == event("sensor_off", "the sensor is off the patient")
    assert isinstance(found, Reading)
    assert found.values == {SPO2: None, PULSE: None}
    assert found.unmapped == {"status": "SO"}
    assert fed(OFF.replace(b"  SO", b""))[0] == event(
        "sensor_off", "no SpO2: the monitor shows dashes"
    )


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (b"SD", "the sensor is disconnected"),
        (b"SO", "the sensor is off the patient"),
        (b"LP", "the pulse is lost"),
        (b"LM", "the pulse is lost, with interference"),
        (b"PS", "searching for the pulse"),
        (b"AO MO PS SD", "the sensor is disconnected"),
    ],
)
def test_values_that_a_code_makes_worthless_are_no_values(codes: bytes, text: str) -> None:
    off, found = fed(LINE.replace(b"\r\n", b"  " + codes + b"\r\n"))
    assert off == event("sensor_off", text)
    assert isinstance(found, Reading)
    assert found.values == {SPO2: None, PULSE: None}
    unmapped = {"%SPO2": "100", "BPM": "120", "PA": "50", "status": codes.decode()}
    assert found.unmapped == unmapped


@pytest.mark.parametrize("code", [b"AO", b"AS", b"MO", b"PH", b"PL", b"SH", b"SL", b"ZZ"])
def test_other_codes_leave_the_values_and_are_kept(code: bytes) -> None:
    found = first(LINE.replace(b"\r\n", b" " + code + b"\r\n"))
    assert found.values == {SPO2: 100.0, PULSE: 120.0}
    assert found.unmapped == {"PA": "50", "status": code.decode()}


def test_sensor_and_battery_are_told_on_change_only() -> None:
    outputs = fed(LINE, LOW, LOW, OFF, OFF, LINE, LINE)
    assert kinds(outputs) == ["battery_low", "sensor_off", "battery_ok", "sensor_on"]
    assert len(all_values(outputs)) == 7


def test_zero_is_never_a_value() -> None:
    line = LINE.replace(b"100  120", b"  0    0")
    assert all_values(fed(line)) == [{"spo2": None, "pulse": None}]


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (b"01-JAN-26 00:00:00", "2026-01-01T00:00:00"),
        (b"29-FEB-24 23:59:59", "2024-02-29T23:59:59"),
        (b"30-FEB-24 23:59:59", None),
        (b"12-XXX-24 23:59:59", None),
        (b"00-JAN-00 00:00:00", None),
    ],
)
def test_the_monitors_clock_never_costs_values(stamp: bytes, expected: str | None) -> None:
    found = first(LINE.replace(b"12-NOV-97 14:00:05", stamp))
    assert found.device_time == expected
    assert found.measured_at == NOON
    assert found.values[SPO2] == 100.0


@pytest.mark.parametrize(
    "line",
    [
        LINE[:-6] + b"\r\n",
        LINE.replace(b"120", b"1200"),
        LINE.replace(b"120", b"1?0"),
        LINE.replace(b"120", b"12-"),
        LINE.replace(b"120", b"**"),
        LINE.replace(b"12-NOV", b"12NOV"),
        LINE.replace(b"14:00:05", b"14:0005"),
        LINE.replace(b"\r\n", b"  SOX\r\n"),
        LINE.replace(b"\r\n", b"  so\r\n"),
        b"R072S097P050L040H170O085A000M002T000000Q000\r\n",
        COLUMNS[:30] + b"\r\n",
    ],
)
def test_a_damaged_line_gives_nothing_and_the_next_one_is_read(line: bytes) -> None:
    assert fed(line) == []
    assert len(all_values(fed(line, LINE))) == 1


def test_the_way_lines_arrive_changes_nothing() -> None:
    frames = [LIMITS, COLUMNS, LINE, LOW, OFF, LIMITS_595, MODE_595, COLUMNS, LINE]
    assert len(all_values(feed_every_way(lambda: NellcorDecoder("x"), frames))) == 4


def test_only_xon_is_sent_and_only_into_silence() -> None:
    decoder = NellcorDecoder("x")
    decoder.connected(NOON)
    sent = []
    for t in range(60):
        if t % 2 == 0 and t < 30:
            decoder.feed(LINE, after(t))
        if (data := decoder.outgoing(after(t))) != b"":
            sent.append((t, data))
    assert sent == [(t, b"\x11") for t in (33, 38, 43, 48, 53, 58)]


def test_noise_is_no_sign_of_life() -> None:
    decoder = NellcorDecoder("x")
    decoder.connected(NOON)
    for t in range(5):
        decoder.feed(b"#~\r\n", after(t))
        assert decoder.outgoing(after(t)) == b""
    assert decoder.wait(after(4)) == 1.0
    assert decoder.outgoing(after(5)) == b"\x11"


def test_half_a_line_from_before_a_break_is_dropped() -> None:
    decoder = NellcorDecoder("x")
    decoder.feed(LINE[:20], NOON)
    decoder.connected(after(9))
    assert decoder.pending == 0
    assert decoder.feed(LINE[20:], after(9)) == []


@given(st.binary(max_size=200), st.integers(1, 100), st.integers(1, 999))
def test_any_rubbish_before_a_line_leaves_it_readable(rubbish: bytes, spo2: int, bpm: int) -> None:
    line = b"12-NOV-97 14:00:05  %3d  %3d  50\r\n" % (spo2, bpm)
    assert all_values(fed(rubbish + line)) == [{"spo2": spo2, "pulse": bpm}]
