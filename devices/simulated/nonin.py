"""Simulated Nonin oximeters: lines of text, or binary data formats 2, 7 and 8.

Source: manual pages of the 8500, 8600, 9600, 9700 and 7500, and bit tables as public programs show
them. Assumptions: a sensor that is off sends the "no value" codes in every average; a packet of 25
frames is handed over in one piece each third of a second, as a USB adapter does (the real ones
spread it evenly); the pulse wave is a plain triangle.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from devices.simulated.beat import Beat
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, whole

SECOND_S, PACKET_S = 1.0, 1 / 3
FRAMES = 25
NO_RATE, NO_SATURATION = 511, 127
FIRMWARE = 0x30

MARK, SYNC, GREEN, DISCONNECTED = 0x80, 0x01, 0x02, 0x40
# Frames (counted from 1) that carry a rate's high part and a saturation.
RATES, SATURATIONS, FIRMWARE_AT = (1, 14, 20, 22), (3, 9, 10, 11, 16, 17), 4


def rate(value: float | None) -> int:
    return NO_RATE if value is None or not 1 <= whole(value) < NO_RATE else whole(value)


def saturation(value: float | None) -> int:
    return NO_SATURATION if value is None or not 1 <= whole(value) < 127 else whole(value)


def value_bytes(pulse: int, spo2: int) -> bytes:
    """The 25 values of a packet, seven bits each."""
    values = bytearray(FRAMES)
    for number in RATES:
        values[number - 1], values[number] = pulse >> 7, pulse & 0x7F
    for number in SATURATIONS:
        values[number - 1] = spo2
    values[FIRMWARE_AT - 1] = FIRMWARE
    return bytes(values)


def closed(body: Sequence[int]) -> bytes:
    """Four bytes and their sum."""
    return bytes((*body, sum(body) % 256))


class _Nonin(ABC):
    """Pushes ``frame`` at its beat; takes no request."""

    period = SECOND_S

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._started = started
        self._beat = Beat(self.period)
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        self.requests.append(Request(t, data, accepted=False))
        return []

    def due(self, t: float) -> list[bytes]:
        return [self.frame(t)] if self._beat.due(t) else []

    def wait(self, t: float) -> float | None:
        return self._beat.wait(t)

    @abstractmethod
    def frame(self, t: float) -> bytes:
        """What is sent at ``t``."""


class NoninTextMonitor(_Nonin):
    """``SPO2=097 HR=072`` each second."""

    def frame(self, t: float) -> bytes:
        vitals = self._patient.at(t)
        spo2, pulse = saturation(vitals.spo2), rate(vitals.pulse)
        first = "---" if spo2 == NO_SATURATION else f"{spo2:03d}"
        second = "---" if pulse == NO_RATE else f"{pulse:03d}"
        return f"SPO2={first} HR={second}\r\n".encode("ascii")


class NoninFormat2Monitor(_Nonin):
    """A packet of data format 2 each third of a second."""

    period = PACKET_S

    def frame(self, t: float) -> bytes:
        vitals = self._patient.at(t)
        spo2, pulse = saturation(vitals.spo2), rate(vitals.pulse)
        off = spo2 == NO_SATURATION and pulse == NO_RATE
        status = MARK | (DISCONNECTED if off else GREEN)
        frames = []
        for number, value in enumerate(value_bytes(pulse, spo2)):
            wave = 0 if off else 10 * min(number, FRAMES - number)
            frames.append(self.one(status | (SYNC if number == 0 else 0), wave, value))
        return b"".join(frames)

    def one(self, status: int, wave: int, value: int) -> bytes:
        """One frame of five bytes; ``wave`` is 0-255."""
        return closed((1, status, wave, value))


class NoninFormat7Monitor(NoninFormat2Monitor):
    """A packet of data format 7 each third of a second: the pulse wave in two bytes."""

    def one(self, status: int, wave: int, value: int) -> bytes:
        return closed((status, wave, wave, value))


class NoninFormat8Monitor(_Nonin):
    """Four bytes of data format 8 each second."""

    def frame(self, t: float) -> bytes:
        vitals = self._patient.at(t)
        spo2, pulse = saturation(vitals.spo2), rate(vitals.pulse)
        off = spo2 == NO_SATURATION and pulse == NO_RATE
        first = MARK | (DISCONNECTED if off else 0) | pulse >> 7
        return bytes((first, pulse & 0x7F, spo2, 0x08 if off else 0))
