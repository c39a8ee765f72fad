"""A simulated A&D TM-2655: starts and stops when asked, pushes an RB record when it has measured.

Source: public drivers for TM-2655P and TM-2657P with recorded records. Assumptions, as nothing
public tells: NAK to RB while it measures and before the first result, to SP while nothing runs and
to what is not known; no record after a stop; an error of a measurement without a result is E43.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.simulated.ends import LOOK_EVERY_S, Ends
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Determination, Failure, Patient, whole

SYN, SOH, STX, ETX, ACK, NAK, RS = 0x16, 0x01, 0x02, 0x03, 0x06, 0x15, "\x1e"
ADDRESS = b"00"
NO_PULSE_FOUND = "E43"
LONGEST_REQUEST = 32


def check(body: bytes) -> int:
    """Exclusive or of SOH to ETX."""
    total = 0
    for byte in body:
        total ^= byte
    return total


def framed(text: str) -> bytes:
    """SYN SYN SOH, the address, STX, the text, ETX and the check byte."""
    body = bytes((SOH, *ADDRESS, STX)) + text.encode("ascii") + bytes((ETX,))
    return bytes((SYN, SYN)) + body + bytes((check(body),))


def acknowledgement(yes: bool) -> bytes:
    return bytes((SYN, SYN, SOH, *ADDRESS, ACK if yes else NAK))


def digits(value: float | None) -> str:
    """Three characters, blank on the left; all blank where there is no value."""
    return "   " if value is None or not 0 <= whole(value) <= 999 else f"{whole(value):3d}"


def record(one: Determination, at: datetime) -> bytes:
    """The RB record of a measurement; without a result its numbers are blank."""
    failed = one.failure is not None or (one.sys is None and one.dia is None and one.map is None)
    values = (None,) * 4 if failed else (one.sys, one.map, one.dia, one.pulse)
    fields = ["TM2655", at.strftime("%y%m%d%H%M"), "RB", "M", NO_PULSE_FOUND if failed else "E00"]
    fields += [name + digits(value) for name, value in zip("SMDP", values, strict=True)]
    return framed(RS.join([*fields, "I17", "L   " if failed else "L139"]))


class Tm265xMonitor:
    """Answers ST, SP and RB; the check byte of a request must be right."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._ends = Ends(patient)
        self._started = started
        self._last = b""
        self._heard = bytearray()
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        replies = []
        for byte in data:
            self._heard.append(byte)
            if len(self._heard) < 2 or self._heard[-2] != ETX:
                del self._heard[:-LONGEST_REQUEST]
                continue
            head = self._heard.rfind(bytes((SYN, SYN, SOH)))
            if head >= 0:
                replies.append(self._answer(bytes(self._heard[head + 2 :]), t))
                self._heard.clear()
        return [reply for reply in replies if reply]

    def due(self, t: float) -> list[bytes]:
        records = []
        for one in self._ends.take(t):
            if one.failure is not Failure.CANCELLED:
                self._last = record(one, self._started + timedelta(seconds=one.at))
                records.append(self._last)
        return records

    def wait(self, t: float) -> float | None:
        return LOOK_EVERY_S

    def _answer(self, frame: bytes, t: float) -> bytes:
        """What a whole frame, SOH to check byte, is answered with."""
        body, given = frame[:-1], frame[-1]
        if body[1:4] != ADDRESS + bytes((STX,)):
            self.requests.append(Request(t, frame, accepted=False))
            return b""  # to another unit
        text = body[4:-1] if check(body) == given else b""
        if text == b"RB":
            known = bool(self._last) and not self._patient.measuring(t)
            self.requests.append(Request(t, text, accepted=known))
            return self._last if known else acknowledgement(False)
        done = (text == b"ST" and self._patient.start(t)) or (
            text == b"SP" and self._patient.measuring(t) and self._patient.cancel(t)
        )
        self.requests.append(Request(t, text or frame, accepted=done))
        return acknowledgement(done)
