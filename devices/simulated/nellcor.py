"""A simulated Nellcor N-395: the real-time table, two headings and a line every two seconds.

Source: printouts in the NPB-290 and NPB-295 manuals. Assumption: a sensor that is off sends dashes
with the code SO; one value that is missing alone sends dashes. XOFF stops it and XON lets it go on;
any other character is logged as refused (an N-595 would show a menu).
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.simulated.beat import Beat
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, whole

PERIOD_S = 2.0
LINES_PER_HEADING = 25
XON, XOFF = 0x11, 0x13
HEADINGS = (
    "N-395 VERSION 1.0.0.1 CRC: XXXX SpO2 Limit: 85-100% PR Limit: 40-170BPM",
    "TIME              %SPO2 BPM  PA  Status",
)
LIMITS = {"spo2": (85, 100), "pulse": (40, 170)}
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
AMPLITUDE = 50


def shown(value: float | None, limits: tuple[int, int]) -> str:
    """A value in its column, with a star when it is outside its limits."""
    if value is None or not 1 <= whole(value) <= 999:
        return "---"
    low, high = limits
    return f"{whole(value):3d}{'' if low <= whole(value) <= high else '*'}"


class NellcorMonitor:
    """Pushes, unless it was stopped with XOFF."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._started = started
        self._beat = Beat(PERIOD_S)
        self._lines = 0
        self._stopped = False
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        for byte in data:
            if byte in (XON, XOFF):
                self._stopped = byte == XOFF
            self.requests.append(Request(t, bytes((byte,)), accepted=byte in (XON, XOFF)))
        return []

    def due(self, t: float) -> list[bytes]:
        if not self._beat.due(t) or self._stopped:
            return []
        lines = [*HEADINGS] if self._lines % LINES_PER_HEADING == 0 else []
        self._lines += 1
        return [f"{line}\r\n".encode("ascii") for line in (*lines, self._line(t))]

    def wait(self, t: float) -> float | None:
        return self._beat.wait(t)

    def _line(self, t: float) -> str:
        vitals = self._patient.at(t)
        off = vitals.spo2 is None and vitals.pulse is None
        at = self._started + timedelta(seconds=t)
        stamp = f"{at:%d}-{MONTHS[at.month - 1]}-{at:%y %H:%M:%S}"
        spo2, pulse = shown(vitals.spo2, LIMITS["spo2"]), shown(vitals.pulse, LIMITS["pulse"])
        amplitude, status = ("---", "SO") if off else (f"{AMPLITUDE:3d}", "")
        return f"{stamp}  {spo2:<4} {pulse:<4} {amplitude}  {status}".rstrip()
