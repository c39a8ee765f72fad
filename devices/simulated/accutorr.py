"""A simulated Datascope Accutorr 3 or 4: a prompt, one character, one line.

Source: the maker's operating manual, as far as public. Not told there: whether a prompt follows
each reply (here it does), what an unknown character gives (here nothing, and the prompt stands:
that a search names this monitor by a letter in another's greeting follows from it, and may not be
so in truth), what the line shows while the cuff works or after it failed (here the old result with
its age), and in which digits the status words are (here decimal).
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime

from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, whole

GREETING = b"ACCUTORR PC Interface is ready\r\n"
PROMPT = b">"
NONE = "--"
SENSOR_OFF = "002"
#: High and low limits: SpO2, pulse, systolic, mean, diastolic.
LIMITS = (100, 85, 150, 50, 200, 80, 140, 60, 110, 40)


def field(value: float | None) -> str:
    """Up to three digits with blanks before them, or dashes."""
    if value is None or not 0 <= whole(value) <= 999:
        return NONE
    return f"{whole(value):3d}"


class AccutorrMonitor:
    """Hears a character only after its prompt; speaks by itself only when it is switched on."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._greeted = False
        self._prompted = False
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        replies: list[bytes] = []
        for byte in data:
            asked = bytes((byte,))
            reply = self._answer(asked, t)
            self.requests.append(Request(t, asked, accepted=reply is not None))
            if reply is not None:
                self._prompted = True
                replies.append(reply + PROMPT)
        return replies

    def due(self, t: float) -> list[bytes]:
        if self._greeted:
            return []
        self._greeted = self._prompted = True
        return [GREETING + PROMPT]

    def wait(self, t: float) -> float | None:
        return None if self._greeted else 0.0

    def _answer(self, asked: bytes, t: float) -> bytes | None:
        """What comes before the next prompt; ``None`` where the character is not heard."""
        if asked in (b"C", b"\x03"):
            return b"\r\n"
        if not self._prompted:
            return None
        if asked == b"P":
            return f"P:{self._patient_data(t)}\r\n".encode("ascii")
        if asked == b"L":
            return f"L:{','.join(f'{one:3d}' for one in LIMITS)}\r\n".encode("ascii")
        return None

    def _patient_data(self, t: float) -> str:
        vitals = self._patient.at(t)
        last = next((d for d in reversed(self._patient.ended(t)) if d.failure is None), None)
        fields = [vitals.spo2, vitals.pulse]
        status, minutes = "000", None
        if vitals.spo2 is None:
            status = SENSOR_OFF
            # as in the manual's example: without SpO2 the pulse that the cuff has found
            fields[1] = last.pulse if last is not None else None
        if last is None:
            fields += [None, None, None]
        else:
            fields += [last.sys, last.map, last.dia]
            minutes = math.floor((t - last.at) / 60)
        return ",".join([*map(field, fields), status, "000", "000", field(minutes)])
