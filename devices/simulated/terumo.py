"""A simulated Terumo BR-500: an R1 record at the end of each measurement, until it is confirmed.

Source: two public programs with recorded records, one documented check sum. Assumptions: a missing
part is sent as 000; after a measurement without a result nothing is sent; a unit that waits for an
ACK sends its record again each second, three times in all (``waits``).
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.simulated.ends import LOOK_EVERY_S, Ends
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Determination, Patient, whole

STX, ETX, ACK = b"\x02", b"\x03", b"\x06"
NO_SUBJECT = "000000000"
AGAIN_S = 1.0
SENDS = 3


def framed(text: str) -> bytes:
    """STX, the text, ETX and the sum of all of these in one byte."""
    body = STX + text.encode("ascii") + ETX
    return body + (sum(body) % 256).to_bytes(1, "big")


def digits(value: float | None) -> str:
    return "000" if value is None or not 0 <= whole(value) <= 999 else f"{whole(value):03d}"


def record(one: Determination, at: datetime) -> bytes:
    """The frame of one result, with the monitor's date as year, month, day."""
    fields = ["R1", NO_SUBJECT, at.strftime("%y%m%d"), at.strftime("%H%M%S")]
    fields += [digits(value) for value in (one.sys, one.map, one.dia, one.pulse)]
    return framed(",".join([*fields, "0000", "0000", "00000", "000"]))


class TerumoMonitor:
    """Pushes one record for each result. With ``waits`` it repeats what is not confirmed."""

    def __init__(self, patient: Patient, started: datetime, *, waits: bool = False) -> None:
        self._ends = Ends(patient)
        self._started = started
        self._sends = SENDS if waits else 1
        self._unconfirmed: list[tuple[float, int, bytes]] = []
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        for byte in data:
            heeded = byte == ACK[0] and bool(self._unconfirmed)
            self.requests.append(Request(t, bytes((byte,)), accepted=heeded))
            if heeded:
                del self._unconfirmed[0]
        return []

    def due(self, t: float) -> list[bytes]:
        for one in self._ends.take(t):
            if one.failure is None:
                frame = record(one, self._started + timedelta(seconds=one.at))
                self._unconfirmed.append((t, self._sends, frame))
        sent, kept = [], []
        for at, left, frame in self._unconfirmed:
            if at > t:
                kept.append((at, left, frame))
            elif left:
                sent.append(frame)
                kept.append((t + AGAIN_S, left - 1, frame))
        self._unconfirmed = kept
        return sent

    def wait(self, t: float) -> float | None:
        return LOOK_EVERY_S
