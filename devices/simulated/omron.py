"""Simulated Omron walk-up cuffs: HBP-9030 (format 5) and HBP-9020 (mode 5).

Source: the maker's manual 2873643-0F p. 20 as a clinic project quotes it, and a recorded HBP-9020
line. Not public, and so an assumption here: the error number of a measurement without a result
(1), that a missing part is blank without an error too, and that the HBP-9020 sends nothing after a
measurement that failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from devices.simulated.ends import LOOK_EVERY_S, Ends
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Determination, Patient, whole

SUBJECT = "12345".ljust(20)
NO_SUBJECT = "9" * 20
ERROR = "1"
STILL = "0"


def digits(value: float | None) -> str:
    """Three characters: zero padded, blanks where there is no value."""
    if value is None or not 0 <= whole(value) <= 999:
        return "   "
    return f"{whole(value):03d}"


def record_9030(one: Determination, at: datetime) -> bytes:
    """53 characters and CR LF: date, subject, error, systolic, diastolic, pulse, movement."""
    none = one.sys is None and one.dia is None
    failed = one.failure is not None or none
    values = (None, None, None) if failed else (one.sys, one.dia, one.pulse)
    fields = [
        at.strftime("%Y,%m,%d,%H,%M"),
        SUBJECT,
        ERROR if failed else "0",
        *(digits(value) for value in values),
        STILL,
    ]
    return (",".join(fields) + "\r\n").encode("ascii")


def record_9020(one: Determination, at: datetime) -> bytes:
    """One line with the mean pressure; nothing for a measurement that failed."""
    if one.failure is not None:
        return b""
    values = (one.sys, one.map, one.dia, one.pulse)
    fields = ["bp", NO_SUBJECT, at.strftime("%Y/%m/%d,%H:%M"), *map(digits, values), "3"]
    return (",".join(fields) + "\r\n").encode("ascii")


class OmronMonitor:
    """Pushes one record at the end of each measurement; heeds nothing that is sent to it."""

    record: Callable[[Determination, datetime], bytes] = staticmethod(record_9030)

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._ends = Ends(patient)
        self._started = started
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        self.requests.append(Request(t, data, accepted=False))
        return []

    def due(self, t: float) -> list[bytes]:
        records = [
            self.record(one, self._started + timedelta(seconds=one.at))
            for one in self._ends.take(t)
        ]
        return [record for record in records if record]

    def wait(self, t: float) -> float | None:
        return LOOK_EVERY_S


class Omron9020Monitor(OmronMonitor):
    """The same with the line of the HBP-9020."""

    record = staticmethod(record_9020)
