"""Nellcor oximeters, real-time display format: a table of text with a line every two seconds.

Serves: NPB-290, NPB-295, N-395, N-595, N-600 and N-600x with the data port set to ASCII.

Cable: the 15-pin data port, RS-232: pin 2 receives, pin 3 sends, pin 5 is ground (pins 1, 4, 9 and
12 are RS-422: leave them open); to a serial port or a USB adapter of the computer, no handshake.

Set up: 9600 8N1 as delivered; where the monitor is set to 2400 or 19200 baud, give that speed with
the port. N-595 and N-600x: set the port's protocol to ASCII. The NPB-290 sends nothing while it
runs on its battery: plug it into the mains.

Gives: SpO2 and pulse every two seconds with the monitor's own date and time; when the sensor is
off, disconnected or finds no pulse; low battery. The pulse amplitude (PA), the status codes and
marks of a crossed limit are kept as they were sent.

Cannot: no blood pressure, no waveform; the monitor's own alarms are kept (status) but not told. The
N-200 is not read: the check sum of its records is not public. The lines have no check sum: a line
error that turns one digit into another cannot be seen.

Sureness: high (the makers' manual pages, and one other program); not tried by us on a real monitor.

Nothing is ever sent but the character XON, and that only when the monitor has been quiet for five
seconds: it may have been stopped by a stray XOFF. Any other character would call up the menu of an
N-595. SpO2 and pulse count where no status code says that they are worthless; where one does they
are no values, and what was sent for them is kept beside.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from devices.drivers.oximeters import Listener, battery_watch, measured, sensor_watch
from devices.framing import LineFramer
from devices.metrics import PULSE, SPO2
from devices.reading import Reading
from devices.spec import DriverSpec, LineSettings, Output

LINE_LIMIT = 128  # the longest known heading has 84 characters
XON = b"\x11"
QUIET = timedelta(seconds=5)

VALUE = rb"(\d{1,3}|-{1,3})(\*?)"
LINE = re.compile(
    rb"(\d\d)-([A-Za-z]{3})-(\d\d) (\d\d:\d\d:\d\d)\s+%b\s+%b\s+%b((?:\s+[A-Z]{2})*)[ \t]*\Z"
    % (VALUE, VALUE, VALUE)
)
HEADING = re.compile(
    rb"(?:N(?:PB)?-\d{3}\w? +VERSION [^\r]{1,40}SpO2 Limit: *\d{1,3}-\d{1,3}%.{0,40}"
    rb"|TIME +%SPO2 +BPM +PA +Status[ \t]*)\Z",
    re.IGNORECASE,
)
MONTHS = b"JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
FIRST_YEAR = 69  # of the last century

# The status codes with which the values are worthless, the plainest first.
WORTHLESS = {
    b"SD": "the sensor is disconnected",
    b"SO": "the sensor is off the patient",
    b"LP": "the pulse is lost",
    b"LM": "the pulse is lost, with interference",
    b"PS": "searching for the pulse",
}
LOW_BATTERY = b"LB"


def device_time(day: bytes, month: bytes, year: bytes, clock: bytes) -> str | None:
    """The monitor's time; ``None`` where its clock shows no such moment."""
    month = month.upper()
    if month not in MONTHS:
        return None
    century = b"19" if int(year) >= FIRST_YEAR else b"20"
    text = b"%b%b-%02d-%bT%b" % (century, year, MONTHS.index(month) + 1, day, clock)
    try:
        return datetime.fromisoformat(text.decode("ascii")).isoformat()
    except ValueError:
        return None


class NellcorDecoder(Listener):
    """One oximeter. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._framer = LineFramer(LINE_LIMIT)
        self._sensor = sensor_watch(source)
        self._battery = battery_watch(source)
        self._quiet_until: datetime | None = None

    @property
    def pending(self) -> int:
        return self._framer.pending

    def connected(self, now: datetime) -> None:
        self._framer.reset()
        self._quiet_until = now + QUIET

    def outgoing(self, now: datetime) -> bytes:
        if self._quiet_until is None:
            self._quiet_until = now + QUIET
        if now < self._quiet_until:
            return b""
        self._quiet_until = now + QUIET
        return XON

    def wait(self, now: datetime) -> float:
        until = self._quiet_until
        return max(0.0, ((until or now + QUIET) - now).total_seconds())

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for line in self._framer.feed(data):
            if found := LINE.search(line):
                self._frames += 1
                self._quiet_until = now + QUIET
                outputs += self._line(found, now)
            elif HEADING.search(line):  # it is not quiet; but a heading alone proves no monitor
                self._quiet_until = now + QUIET
        return outputs

    def _line(self, found: re.Match[bytes], now: datetime) -> list[Output]:
        *stamp, spo2, spo2_mark, bpm, bpm_mark, amplitude, amplitude_mark, codes = found.groups()
        status = codes.split()
        sent = {"%SPO2": spo2 + spo2_mark, "BPM": bpm + bpm_mark}
        values = {SPO2: measured(spo2), PULSE: measured(bpm)}
        named = (words for code, words in WORTHLESS.items() if code in status)
        why = next(named, None)
        if why is not None:
            values = dict.fromkeys(values, None)
        elif values[SPO2] is None:
            why = "no SpO2: the monitor shows dashes"
        # a value that was taken is kept as it was sent only where it is marked
        kept = {k: text for k, text in sent.items() if why is not None or text.endswith(b"*")}
        kept |= {"PA": amplitude + amplitude_mark}
        unmapped = {k: text.decode("ascii") for k, text in kept.items() if text.strip(b"-*")}
        if status:
            unmapped["status"] = b" ".join(status).decode("ascii")
        low = LOW_BATTERY in status
        return [
            *self._sensor.sees(why, now),
            *self._battery.sees("the battery of the oximeter is low" if low else None, now),
            Reading(self._source, values, now, now, (), device_time(*stamp), unmapped),
        ]


SPEC = DriverSpec(
    name="nellcor",
    title="Nellcor NPB-290/295, N-395, N-595, N-600x",
    models=("NPB-290", "NPB-295", "N-395", "N-595", "N-600", "N-600x"),
    line=LineSettings(baud=9600),
    metrics=(SPO2, PULSE),
    commands=frozenset(),
    interval_s=2.0,
    silent_after_s=10.0,
    decoder=NellcorDecoder,
    manual="Nellcor NPB-290 manual p. 64-69, NPB-295 manual p. 75",
    also=(LineSettings(baud=2400), LineSettings(baud=19200)),
)
