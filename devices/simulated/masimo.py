"""A simulated Masimo Rad-8: a line of serial format ASCII 1 each second.

Source: recorded lines and bit tables as public programs show them. Assumption: a sensor that is off
shows as dashes for both values with the bit "sensor off". What arrives is not heeded, only kept.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.simulated.beat import Beat
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, whole

PERIOD_S = 1.0
SET_RUNNING, SENSOR_OFF = 0x800, 0x020
SERIAL_NUMBER = "0000012345"


def three(value: float | None) -> str:
    """Three digits, dashes where there is no value or it does not fit."""
    return "---" if value is None or not 1 <= whole(value) <= 999 else f"{whole(value):03d}"


class MasimoMonitor:
    """Pushes; takes no request."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._started = started
        self._beat = Beat(PERIOD_S)
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        self.requests.append(Request(t, data, accepted=False))
        return []

    def due(self, t: float) -> list[bytes]:
        return [self._line(t)] if self._beat.due(t) else []

    def wait(self, t: float) -> float | None:
        return self._beat.wait(t)

    def _line(self, t: float) -> bytes:
        vitals = self._patient.at(t)
        off = vitals.spo2 is None and vitals.pulse is None
        fields = {
            "SN": SERIAL_NUMBER,
            "SPO2": three(vitals.spo2) + "%",
            "BPM": three(vitals.pulse),
            "PI": "--.--%" if off else "03.60%",
            "SPCO": "--.-%",
            "SPMET": "--.-%",
            "DESAT": "--",
            "PIDELTA": "+--",
            "ALARM": "0000",
            "EXC": f"{SET_RUNNING | (SENSOR_OFF if off else 0):06X}",
        }
        stamp = (self._started + timedelta(seconds=t)).strftime("%m/%d/%y %H:%M:%S")
        pairs = " ".join(f"{key}={value}" for key, value in fields.items())
        return f"{stamp} {pairs}\r\n".encode("ascii")
