"""Nonin oximeters: lines of text or binary data formats 2, 7 and 8, recognised by themselves.

Serves: Xpod (3011, 3012), OEM III, ipod, 4100, WristOx2 3150, 9560, 7500 and 7500FO, Avant 9600 and
9700, 8500, 8600 and 9847.

Cable: the maker's serial or USB cable, or a Bluetooth serial port of the computer; 9600 8N1.

Set up: nothing for Xpod, OEM III and ipod (format 2 as delivered, 7 or 8 by model). 8500, 8600,
9600, 9700, 9847 and 7500: real-time or printer output as text. 3150, 4100 and 9560 send the format
that they are set to: 2, 7 or 8 are read.

Gives: SpO2 and pulse (of formats 2 and 7 those meant for display) at each change and otherwise once
a second; when the sensor is off, unplugged or unusable; low battery where sent. The other averages
of SpO2 and rate, and the status bytes in hexadecimal, are kept as they were sent.

Cannot: no blood pressure, no waveform; nothing is asked or set from here, the data format neither.
Format 13 (stored spot checks of the 9560) is not read: its layout is not public. Text lines and
format 8 have no check sum: a line error that turns one digit into another cannot be seen.

Sureness: high for text and formats 2 and 7 (several programs that agree, one with tests), medium
for format 8; not tried by us on a real monitor.

A packet of formats 2 and 7 is read whole: a damaged byte in it costs its third of a second. Format
8 is believed when four frames stand in a row (two on a port where it was read before). Values that
are sent with the sensor off are no values; what was sent for them is kept beside.
"""

from __future__ import annotations

import re
from datetime import datetime

from devices.drivers.nonin_wire import (
    DISCONNECTED,
    OUT_OF_TRACK,
    SENSOR_ALARM,
    Eight,
    Eights,
    Packet,
    Packets,
)
from devices.drivers.oximeters import Listener, Pace, battery_watch, measured, sensor_watch
from devices.framing import LineFramer
from devices.metrics import PULSE, SPO2, Metric
from devices.reading import Reading
from devices.spec import DriverSpec, LineSettings, Output

LINE_LIMIT = 64  # the longest known line has 30 characters
# Each number is three wide: one that is shorter has lost a digit.
NUMBER = rb"(\d{3}| \d\d|  \d|---)"
# Some models send the time first; F = fast averaging, * = the event button, B = a breath.
LINE = re.compile(rb"(?:(\d\d:\d\d:\d\d)[ \t]+)?SPO2=%b[ \t]+HR=%b([ \t*FB]*)\Z" % (NUMBER, NUMBER))

# Where a packet has its values (frames counted from 1): for display, and the other averages.
SHOWN_SATURATION, SHOWN_RATE, STATUS_2 = 9, 20, 8
OTHER_SATURATIONS = {"SpO2": 3, "SpO2-fast": 10, "SpO2-beat": 11, "E-SpO2": 16, "E-SpO2-D": 17}
OTHER_RATES = {"HR": 1, "E-HR": 14, "E-HR-D": 22}
LOW_BATTERY = 0x01  # of the second status of a packet

# Bits of format 8.
EIGHT_OFF, EIGHT_LOST = 0x40, 0x20
EIGHT_UNUSABLE, EIGHT_CRITICAL, EIGHT_LOW = 0x08, 0x02, 0x01
EIGHT_CONDITIONS = 0x7C

OFF = "the sensor is off or unplugged"
UNUSABLE = "the signal of the sensor is not usable"
LOST = "searching for the pulse"
DASHES = "no SpO2: the monitor has no value"
LOW = "the battery of the oximeter is low"
CRITICAL = "the battery of the oximeter is nearly empty"


class NoninDecoder(Listener):
    """One oximeter in any of four formats. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._lines = LineFramer(LINE_LIMIT)
        self._packets = Packets()
        self._eights = Eights()
        self._pace = Pace()
        self._sensor = sensor_watch(source)
        self._battery = battery_watch(source)

    @property
    def pending(self) -> int:
        return self._lines.pending + self._packets.pending + self._eights.pending

    def connected(self, now: datetime) -> None:
        self._lines.reset()
        self._packets.reset()
        self._eights.reset()
        self._pace.restart()

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for line in self._lines.feed(data):
            if b"SPO2=" in line and (found := LINE.search(line)):
                outputs += self._line(found, now)
        for packet in self._packets.feed(data):
            outputs += self._packet(packet, now)
        for frame in self._eights.feed(data, now):
            outputs += self._eight(frame)
        return outputs

    def _line(self, found: re.Match[bytes], now: datetime) -> list[Output]:
        self._frames += 1
        clock, spo2, pulse, marks = found.groups()
        values = {SPO2: measured(spo2.strip()), PULSE: measured(pulse.strip())}
        unmapped = {"time": clock or b"", "marks": marks.strip()}
        texts = {key: text.decode("ascii") for key, text in unmapped.items() if text}
        why = DASHES if values[SPO2] is None else None
        return [
            *self._sensor.sees(why, now),
            Reading(self._source, values, now, now, (), None, texts),
        ]

    def _packet(self, packet: Packet, now: datetime) -> list[Output]:
        self._frames += 1
        spo2, pulse = packet.saturation(SHOWN_SATURATION), packet.rate(SHOWN_RATE)
        status2 = packet.values[STATUS_2 - 1]
        unmapped = {"STATUS": f"{packet.status:02X}", "STAT2": f"{status2:02X}"}
        others = {key: packet.saturation(place) for key, place in OTHER_SATURATIONS.items()}
        others |= {key: packet.rate(place) for key, place in OTHER_RATES.items()}
        worthless = None
        if packet.status & DISCONNECTED:
            worthless = OFF
        elif packet.status & SENSOR_ALARM:
            worthless = UNUSABLE
        if worthless:
            others |= {"SpO2-D": spo2, "HR-D": pulse}
            spo2 = pulse = None
        unmapped |= {key: str(value) for key, value in others.items() if value is not None}
        why = worthless
        if spo2 is None and not worthless:
            why = LOST if packet.status & OUT_OF_TRACK else DASHES
        outputs: list[Output] = [
            *self._sensor.sees(why, now),
            *self._battery.sees(LOW if status2 & LOW_BATTERY else None, now),
        ]
        values = _values(spo2, pulse)
        if self._pace.lets(values, now):
            outputs.append(Reading(self._source, values, now, now, (), None, unmapped))
        return outputs

    def _eight(self, frame: Eight) -> list[Output]:
        self._frames += 1
        spo2, pulse, at = frame.saturation, frame.rate, frame.at
        unmapped = {
            "STATUS": f"{frame.status & EIGHT_CONDITIONS:02X}",
            "STAT2": f"{frame.status2:02X}",
        }
        worthless = None
        if frame.status & EIGHT_OFF:
            worthless = OFF
        elif frame.status2 & EIGHT_UNUSABLE:
            worthless = UNUSABLE
        if worthless:
            sent = {"SpO2": spo2, "HR": pulse}
            unmapped |= {key: str(value) for key, value in sent.items() if value is not None}
            spo2 = pulse = None
        why = worthless
        if spo2 is None and not worthless:
            why = LOST if frame.status & EIGHT_LOST else DASHES
        low = CRITICAL if frame.status2 & EIGHT_CRITICAL else None
        if low is None and frame.status2 & EIGHT_LOW:
            low = LOW
        return [
            *self._sensor.sees(why, at),
            *self._battery.sees(low, at),
            Reading(self._source, _values(spo2, pulse), at, at, (), None, unmapped),
        ]


def _values(spo2: int | None, pulse: int | None) -> dict[Metric, float | None]:
    return {
        SPO2: None if spo2 is None else float(spo2),
        PULSE: None if pulse is None else float(pulse),
    }


SPEC = DriverSpec(
    name="nonin",
    title="Nonin oximeter (text, data formats 2, 7 and 8)",
    models=(
        "Xpod 3011/3012",
        "OEM III",
        "ipod",
        "4100",
        "WristOx2 3150",
        "9560",
        "7500",
        "Avant 9600/9700",
        "8500",
        "8600",
        "9847",
    ),
    line=LineSettings(baud=9600),
    metrics=(SPO2, PULSE),
    commands=frozenset(),
    interval_s=1.0,
    silent_after_s=10.0,
    decoder=NoninDecoder,
    manual="manual pages of 8500, 8600, 9600, 9700 and 7500; bit tables as public programs show",
    checked=False,
)
