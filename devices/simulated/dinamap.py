"""A simulated DINAMAP (Compact, ProCare, V100): host communications, asked and answered in ASCII.

Source: GE "Host Communications Reference Manual" 2010566 and Critikon 8555ER as far as public, and
public drivers that quote them. What the manual's refusal looks like is not public: here it is a
line `` ER``, which is never the pair that was asked for.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime

from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import (
    CuffDisplay,
    Patient,
    cuff_display,
    whole,
)

UNIT = " "
#: A result's age in seconds counts to here and is then "none".
OLDEST_S = 5400
NO_AGE = "9999"
NO_PRESSURE = "-99"
MEASURING, DONE, FAILED = "0", "1", "3"
FROM_OXIMETER, FROM_CUFF = "2", "3"
ADULT, NORMAL = "1", "0"
STRENGTH, AVERAGING = "7", "05"
#: A host line is at most a few characters; more without an end is rubbish.
LONGEST_REQUEST = 64


def checked(text: str) -> bytes:
    """The line ``text`` (unit character first) with its two checksum characters and its CR."""
    return (text + checksum(text) + "\r").encode("ascii")


def checksum(text: str) -> str:
    """Two characters: the sum of (code - 0x1F) modulo 4096 in two digits of six bits each."""
    total = sum(ord(character) - 0x1F for character in text) % 4096
    return chr(0x20 + (total >> 6)) + chr(0x20 + (total & 0x3F))


def pressure(value: float | None) -> str:
    """Three characters: whole mmHg, ``-02`` for minus two, ``-99`` where there is none."""
    if value is None or not -98 <= whole(value) <= 999:
        return NO_PRESSURE
    return f"{whole(value):03d}"


def rate(value: float | None) -> str:
    """Three characters: whole beats per minute or percent, ``000`` where there is none."""
    if value is None or not 0 <= whole(value) <= 999:
        return "000"
    return f"{whole(value):03d}"


class DinamapMonitor:
    """Answers each request line with one line; sends nothing unasked."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._line = bytearray()
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        replies: list[bytes] = []
        for byte in data:
            if byte == 0x0D:
                line = bytes(self._line)
                self._line.clear()
                if line and (reply := self._answer(line, t)) is not None:
                    replies.append(reply)
            elif byte != 0x0A and len(self._line) < LONGEST_REQUEST:
                self._line.append(byte)
        return replies

    def due(self, t: float) -> list[bytes]:
        return []

    def wait(self, t: float) -> float | None:
        return None

    def _answer(self, line: bytes, t: float) -> bytes | None:
        text, given = line[:-2].decode("latin-1"), line[-2:].decode("latin-1")
        reply = None
        if checksum(text) == given and text:
            if not text.startswith(UNIT):  # sent to another unit on the line
                self.requests.append(Request(t, line, accepted=False))
                return None
            reply = self._reply(text[1:], t)
        self.requests.append(Request(t, line, accepted=reply is not None))
        return checked(UNIT + (reply if reply is not None else "ER"))

    def _reply(self, asked: str, t: float) -> str | None:
        """The answer without unit and checksum; ``None`` = refused or not known."""
        match asked:
            case "NA" | "NF":
                return asked + self._nibp(cuff_display(self._patient, t), t)
            case "OA":
                return asked + self._oximeter(t)
            case "RA":
                pulse = self._patient.at(t).pulse
                if pulse is not None:
                    return asked + FROM_OXIMETER + rate(pulse)
                return asked + self._cuff_pulse(t)
            case "RC" | "RD":
                return asked + self._cuff_pulse(t)
            case "TC":  # no probe: unplugged, monitor mode, no determination, no age, Celsius
                return asked + "41099999" + "0000" + "1"
            case "NC0":
                return "NC" if self._patient.start(t) else None
            case "ND":
                return "ND" if self._patient.cancel(t) else None
            case _:
                return None

    def _nibp(self, cuff: CuffDisplay, t: float) -> str:
        # The old pressures stay in the fields while measuring, after a failure and when too old.
        if cuff.measuring:
            status = MEASURING
        else:
            status = DONE if cuff.failure is None else FAILED
        if cuff.result is None:
            return f"{status}{ADULT}{NORMAL}{NO_AGE}000000000"
        result = cuff.result
        fields = pressure(result.sys) + pressure(result.dia) + pressure(result.map)
        age = math.floor(t - result.at)
        return f"{status}{ADULT}{NORMAL}{NO_AGE if age > OLDEST_S else f'{age:04d}'}{fields}"

    def _oximeter(self, t: float) -> str:
        spo2 = self._patient.at(t).spo2
        if spo2 is None:
            return "3000000"
        return f"1{rate(spo2)}{STRENGTH}{AVERAGING}"

    def _cuff_pulse(self, t: float) -> str:
        result = cuff_display(self._patient, t).result
        recent = result is not None and t - result.at <= OLDEST_S
        return FROM_CUFF + rate(result.pulse if result is not None and recent else None)
