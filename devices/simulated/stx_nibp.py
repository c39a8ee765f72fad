"""A simulated STX cuff module (NIBScan, Medlab and kin): pressures by itself, status when asked.

Source: three public programs and a quotation of the NIBScan manual. The numbers of its errors are
not public: here 03 stands for an aborted and 06 for a failed reading.
"""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime

from devices.simulated.live_cuff import LiveCuff
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Determination, Failure, Patient, whole

PERIOD_S = 0.25
LONGEST_REQUEST = 16
FINISHED = 999
ADULT_MODE, NEWBORN_MODE = "24", "25"
#: Obeyed in silence: manual mode, first inflations, patient modes.
SETTINGS = ("03", "19", "20", "21", "22", "23", ADULT_MODE, NEWBORN_MODE)
FRAME = re.compile(rb"\x02(\d\d);;([0-9A-F]{2})\x03")


def summed(text: str) -> str:
    """The text with the sum of its characters modulo 256 behind it, in hexadecimal."""
    total = 0
    for character in text:
        total = (total + ord(character)) % 256
    return f"{text}{total:02X}"


def framed(text: str) -> bytes:
    """A message between its control characters, with a CR behind."""
    return b"\x02" + text.encode("ascii") + b"\x03\r"


def three(value: float | None) -> str:
    """Three digits, or dashes where there is no value."""
    if value is None or not 0 < whole(value) <= 998:
        return "---"
    return f"{whole(value):03d}"


class StxModule:
    """One module in manual mode. What it does not understand it does not answer."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._cuff = LiveCuff(patient)
        self._line = b""
        self._next = 0.0
        self._newborn = False
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        frames: list[bytes] = []
        for at in range(len(data)):
            byte = data[at : at + 1]
            if byte == b"\x02":
                self._line = byte
            elif self._line:
                self._line += byte
                if byte == b"\x03":
                    frames += self._received(self._line, t)
                if byte == b"\x03" or len(self._line) > LONGEST_REQUEST:
                    self._line = b""
            elif byte == b"X":
                self.requests.append(Request(t, byte, accepted=self._patient.cancel(t)))
        return frames

    def due(self, t: float) -> list[bytes]:
        if t < self._next:
            return []
        self._next += PERIOD_S * (int((t - self._next) / PERIOD_S) + 1)
        look = self._cuff.look(t)
        frames = [framed(f"{FINISHED}C0S3") for _ in look.ended]
        if look.pressure is not None:
            frames.append(framed(f"{look.pressure:03d}C{2 * self._newborn}S3"))
        return frames

    def wait(self, t: float) -> float | None:
        return max(0.0, self._next - t)

    def status(self, t: float) -> str:
        """The status as text without its check sum."""
        measuring = self._patient.measuring(t)
        ended = self._patient.ended(t)
        last = ended[-1] if ended else Determination(0, 0)
        message = {None: "00", Failure.CANCELLED: "03"}.get(last.failure, "06")
        pressures = three(last.sys) + three(last.dia) + three(last.map)
        state = 3 if measuring else 1
        return (
            f"S{state};A{int(self._newborn)};C00;M{message};P{pressures};R{three(last.pulse)};"
            "T0000;;"
        )

    def _received(self, frame: bytes, t: float) -> list[bytes]:
        found = FRAME.fullmatch(frame)
        number = found[1].decode("ascii") if found else ""
        done, replies = False, []
        if found and summed(number + ";;")[-2:].encode("ascii") == found[2]:
            if number == "01":
                done = self._patient.start(t)
            elif number == "18":
                done, replies = True, [framed(summed(self.status(t)))]
            elif number in SETTINGS:
                done = True
                if number in (ADULT_MODE, NEWBORN_MODE):
                    self._newborn = number == NEWBORN_MODE
        self.requests.append(Request(t, frame, accepted=done))
        return replies
