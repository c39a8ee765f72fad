"""Masimo oximeters, serial format ASCII 1: one line of KEY=VALUE pushed each second.

Serves: Rad-8, Radical-7 (blue and colour), Radical, and docks of the Rad-5v and Rad-57 that have an
RS-232 socket.

Cable: a null-modem cable from the monitor's RS-232 socket to a serial port or a USB adapter of the
computer; 9600 8N1, no handshake.

Set up: serial output ASCII 1. A Rad-8 is delivered with ASCII 2: in setup level 3 hold Enter and
Down for 5 s. The monitor's clock need not be right: our own time counts.

Gives: SpO2 and pulse each second; when the sensor is off, unplugged, faulty or finds no pulse; low
battery. All else in the line is kept as it was sent: perfusion index (PI), PVI, SpCO, SpMet, SpHb,
SpOC, and the alarm and exception words (ALARM, EXC) in hexadecimal.

Cannot: no blood pressure, no waveform; nothing can be asked or set from here; ASCII 2 is not read.
The monitor's own alarms are kept (ALARM) but not told. The lines have no check sum: a line error
that turns one digit into another cannot be seen.

Sureness: very high (six programs that agree, and seven recorded lines); not
tried by us on a real monitor.

SpO2 and pulse count where EXC names none of the conditions that make them worthless; where it does
they are no values, and what was sent for them is kept beside. The serial number is dropped unread.
"""

from __future__ import annotations

import re
from datetime import datetime

from devices.drivers.oximeters import Listener, battery_watch, measured, sensor_watch
from devices.framing import LineFramer
from devices.metrics import PULSE, SPO2
from devices.reading import Reading
from devices.spec import DriverSpec, LineSettings, Output

LINE_LIMIT = 512  # the longest known line has 185 characters

# Date and time, then pairs in an order that differs by model; the exceptions close every line.
LINE = re.compile(
    rb"(\d\d)/(\d\d)/(\d\d) (\d\d:\d\d:\d\d)"
    rb"((?: [A-Z][A-Z0-9]*=[-+.\dA-F]*%?)+?( EXC=[\dA-F]+)(?: EXC\d=[\dA-F]+)*) *\Z"
)
PAIR = re.compile(rb" ([A-Z][A-Z0-9]*)=([^ ]*)")
NUMBER = re.compile(rb"(\d{3}|-{3})%?\Z")
#: How many digits ALARM and EXC have together, by model: another length has lost some.
WORDS = frozenset({(4, 6), (6, 7)})
#: The Radical sends no serial number, and EXC with at least the bit that says "Masimo SET".
RADICAL_EXC = re.compile(rb"[1-9A-F][\dA-F]{2,3}\Z")
NO_VALUE = re.compile(rb"[-+.]*%?\Z")
HEX = re.compile(rb"[\dA-F]+\Z")
DROPPED = (b"SN", b"RESVD")  # the serial number; reserved

# With any of these bits of EXC the values are worthless. 800 says "Masimo SET" and is normal; with
# low perfusion (4) and low signal quality (400) the values stand.
WORTHLESS = 0x1FB
# What the bits say, the plainest first.
REASONS = {
    0x1000: "the sensor cable is unplugged",
    0x0001: "no sensor is plugged in",
    0x0020: "the sensor is off the patient",
    0x0002: "the sensor is defective",
    0x0080: "the sensor is not recognised",
    0x0100: "the sensor does not fit the monitor",
    0x0010: "interference at the sensor",
    0x0040: "too much light at the sensor",
    0x0008: "searching for the pulse",
}
LOW_BATTERY = 0x40  # of ALARM


def device_time(month: bytes, day: bytes, year: bytes, clock: bytes) -> str | None:
    """The monitor's time (US order); ``None`` where its clock shows no such moment."""
    text = b"20%b-%b-%bT%b" % (year, month, day, clock)
    try:
        return datetime.fromisoformat(text.decode("ascii")).isoformat()
    except ValueError:
        return None


def pairs(text: bytes) -> dict[bytes, bytes] | None:
    """The pairs of a line; ``None`` where it is damaged: two lines run together, a part missing."""
    words = PAIR.findall(text)
    found: dict[bytes, bytes] = dict(words)
    whole = (
        len(found) == len(words)
        and NUMBER.match(found.get(b"SPO2", b"?"))
        and NUMBER.match(found.get(b"BPM", b"?"))
        and HEX.match(found.get(b"ALARM", b"?"))
        and _all_digits(found)
    )
    return found if whole else None


def _all_digits(found: dict[bytes, bytes]) -> bool:
    """Whether the words of bits, by which the values are judged, have kept all their digits."""
    alarm, exceptions = found[b"ALARM"], found.get(b"EXC", b"")
    if (len(alarm), len(exceptions)) in WORDS:
        return True
    return b"SN" not in found and len(alarm) <= 4 and RADICAL_EXC.match(exceptions) is not None


def reason(exceptions: int) -> str:
    """Why there is no SpO2, in words."""
    named = (words for bit, words in REASONS.items() if exceptions & bit)
    return next(named, "no SpO2: the monitor shows dashes")


class MasimoDecoder(Listener):
    """One oximeter. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._framer = LineFramer(LINE_LIMIT)
        self._sensor = sensor_watch(source)
        self._battery = battery_watch(source)

    @property
    def pending(self) -> int:
        return self._framer.pending

    def connected(self, now: datetime) -> None:
        self._framer.reset()

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for line in self._framer.feed(data):
            if b" SPO2=" in line and (found := LINE.search(line)):
                outputs += self._line(found, now)
        return outputs

    def _line(self, found: re.Match[bytes], now: datetime) -> list[Output]:
        month, day, year, clock, text, _ = found.groups()
        fields = pairs(text)
        if fields is None:
            return []
        self._frames += 1
        exceptions = int(fields[b"EXC"], 16)
        worthless = bool(exceptions & WORTHLESS)
        spo2, pulse = measured(fields[b"SPO2"].rstrip(b"%")), measured(fields[b"BPM"])
        why = reason(exceptions) if worthless or spo2 is None else None
        low = int(fields[b"ALARM"], 16) & LOW_BATTERY
        values = {SPO2: None, PULSE: None} if worthless else {SPO2: spo2, PULSE: pulse}
        taken = () if worthless else (b"SPO2", b"BPM")
        unmapped = {
            key.decode("ascii"): value.decode("ascii")
            for key, value in fields.items()
            if key not in taken and key not in DROPPED and not NO_VALUE.match(value)
        }
        at = device_time(month, day, year, clock)
        return [
            *self._sensor.sees(why, now),
            *self._battery.sees("the battery of the oximeter is low" if low else None, now),
            Reading(self._source, values, now, now, (), at, unmapped),
        ]


SPEC = DriverSpec(
    name="masimo",
    title="Masimo Rad-8 / Radical-7 (ASCII 1)",
    models=("Rad-8", "Radical-7", "Radical", "Rad-5v dock", "Rad-57 dock"),
    line=LineSettings(baud=9600),
    metrics=(SPO2, PULSE),
    commands=frozenset(),
    interval_s=1.0,
    silent_after_s=10.0,
    decoder=MasimoDecoder,
    manual="no maker's manual is public: recorded lines and bit tables as public programs show",
)
