"""A simulated BerryMed PM6750 board: "55 AA" packets once they are enabled, cuff on command.

Source: BerryMed's protocol V3.2 and technical manual, as quoted by public readers. How often the
board repeats the state in which a cuff reading ended is not public: here it is told twice. The
firmware is one without the ECG curve (command FB), which some lists do not have.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime

from devices.simulated.live_cuff import LiveCuff
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Determination, Failure, Patient, Vitals, whole

START_OF_PACKET = b"\x55\xaa"
ECG, CUFF, SPO2, TEMPERATURE, PLETH, BREATH = 0x01, 0x02, 0x03, 0x04, 0xFE, 0xFF
MODE, FIRST_PRESSURE = 0x09, 0x0A
#: Seconds between two packets of what a command has enabled.
PERIODS = {ECG: 1.0, SPO2: 1.0, TEMPERATURE: 1.0, PLETH: 0.02, BREATH: 0.02}
CUFF_PERIOD_S = 0.5
FINISHED, MEASURING, STOPPED, NO_RESULT = 0, 1, 2, 8
END_TOLD = 2
#: A computer that slept finds no hour of curves waiting.
LATEST_S = 1.0
LONGEST_COMMAND = 16


def packed(*body: int) -> bytes:
    """A packet or command round its type and content, with length and check byte."""
    length = len(body) + 2
    total = length
    for byte in body:
        total += byte
    return START_OF_PACKET + bytes([length, *body, 255 - total % 256])


def byte(value: float | None, none: int, highest: int = 250) -> int:
    """A value as the board sends it: a whole number of 0 to ``highest``, or ``none``."""
    if value is None or not 0 <= whole(value) <= highest:
        return none
    return whole(value)


class BerryMonitor:
    """Silent until something is enabled; the cuff tells of itself while it works."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._cuff = LiveCuff(patient)
        self._line = b""
        self._next: dict[int, float] = {}
        self._next_cuff = 0.0
        self._end: bytes | None = None
        self._end_told = 0
        self._mode = 0
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        """Nothing is acknowledged: what a command does is seen in what is sent after it."""
        self._line += data
        while True:
            start = self._line.find(START_OF_PACKET)
            if start < 0:
                self._line = self._line[-1:]
                return []
            self._line = self._line[start:]
            if len(self._line) < 3:
                return []
            end = 2 + self._line[2]
            if not 6 <= end <= LONGEST_COMMAND:
                self._line = self._line[2:]
                continue
            if len(self._line) < end:
                return []
            command = self._line[:end]
            good = packed(*command[3:-1]) == command
            done = good and len(command) == 6 and self._obeyed(command[3], command[4], t)
            self.requests.append(Request(t, command, accepted=done))
            self._line = self._line[end if good else 2 :]

    def due(self, t: float) -> list[bytes]:
        frames = self._cuff_due(t)
        for stream, at in self._next.items():
            at = max(at, t - LATEST_S)
            while at <= t:
                frames.append(self._values(stream, at))
                at += PERIODS[stream]
            self._next[stream] = at
        return frames

    def wait(self, t: float) -> float | None:
        return max(0.0, min(self._next_cuff, *self._next.values(), math.inf) - t)

    def _obeyed(self, kind: int, argument: int, t: float) -> bool:
        if kind == CUFF and argument == 1:
            return self._patient.start(t)
        if kind == CUFF and argument == 0:
            return self._patient.cancel(t)
        if kind in PERIODS and argument == 1:
            self._next.setdefault(kind, t + PERIODS[kind])
        elif kind in PERIODS and argument == 0:
            self._next.pop(kind, None)
        elif kind == MODE and argument in (1, 2, 3):
            self._mode = argument - 1
        else:
            return kind == FIRST_PRESSURE and 20 <= argument <= 150
        return True

    def _cuff_due(self, t: float) -> list[bytes]:
        if t < self._next_cuff:
            return []
        late = math.floor((t - self._next_cuff) / CUFF_PERIOD_S)
        self._next_cuff += CUFF_PERIOD_S * (late + 1)
        look = self._cuff.look(t)
        frames = []
        for one in look.ended:
            self._end, self._end_told = self._ended(one), 0
            frames.append(self._end)
            self._end_told = 1
        if look.pressure is not None:
            self._end = None
            status = MEASURING << 2 | self._mode
            frames.append(packed(3, status, look.pressure // 2, 0, 0, 0))
        elif self._end is not None and not look.ended and self._end_told < END_TOLD:
            self._end_told += 1
            frames.append(self._end)
        return frames

    def _ended(self, one: Determination) -> bytes:
        pressures = (one.sys, one.map, one.dia)
        content = [byte(value, 0) for value in pressures]
        state = FINISHED
        if one.failure is Failure.CANCELLED:
            state = STOPPED
        elif not any(content) or any(p is not None and byte(p, 255) == 255 for p in pressures):
            state = NO_RESULT  # nothing, or more than a byte of the board can say
        if state != FINISHED:
            content = [0, 0, 0]
        return packed(3, state << 2 | self._mode, 0, *content)

    def _values(self, stream: int, t: float) -> bytes:
        vitals = self._patient.at(t)
        if stream == SPO2:
            return oximeter(vitals)
        if stream == ECG:
            return ecg(vitals)
        if stream == TEMPERATURE:  # no probe is plugged in
            return packed(5, 3, 0, 0)
        rate = vitals.pulse if stream == PLETH else vitals.rr
        if rate is None:
            return packed(stream, 0)
        swing = 0.5 - 0.5 * math.cos(2 * math.pi * t * rate / 60)
        return packed(stream, whole(swing * (100 if stream == PLETH else 250)))


def oximeter(vitals: Vitals) -> bytes:
    """The packet of SpO2 and pulse."""
    if vitals.spo2 is None and vitals.pulse is None:
        return packed(4, 2, 127, 255)
    return packed(4, 0, byte(vitals.spo2, 127, 100), byte(vitals.pulse, 255))


def ecg(vitals: Vitals) -> bytes:
    """The packet of heart rate and breaths: five leads; lead off where there is neither."""
    off = vitals.hr is None and vitals.rr is None
    status = 0b11011000 | (0b11 if off else 0b01)
    rhythm = 0 if vitals.hr is None else 1
    return packed(2, status, byte(vitals.hr, 0), byte(vitals.rr, 0), 0, rhythm)
