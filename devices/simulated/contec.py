"""Simulated Contec CMS50 oximeters: new firmware on request, old firmware by itself.

Source: packets as public programs show them. Assumptions: a finger that is out sends 0 (old) or the
codes 255 and 127 (new); packets come in bursts of six each tenth of a second, as a USB adapter
hands them over; the pulse wave is a plain saw.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from devices.simulated.beat import Beat
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, whole

BURST_S, PER_BURST = 0.1, 6
STRENGTH, PERFUSION = 6, 360
HEAD, REQUEST_SIZE = b"\x7d\x81", 9
START, STOP, KEEP_ALIVE = 0xA1, 0xA2, 0xAF
KEPT_ALIVE_S = 30.0
NO_RATE, NO_SATURATION = 255, 127


def within(value: float | None, most: int) -> int | None:
    return None if value is None or not 1 <= whole(value) <= most else whole(value)


def old_packet(pulse: int | None, spo2: int | None, wave: int, *, out: bool) -> bytes:
    """Five bytes; ``wave`` is 0-100."""
    rate = pulse or 0
    first = 0x90 if out else 0x80 | STRENGTH
    flags = (rate & 0x80) >> 1 | wave // 7
    return bytes((first, wave, flags, rate & 0x7F, spo2 or 0))


def new_packet(pulse: int | None, spo2: int | None, wave: int, *, out: bool) -> bytes:
    """Nine bytes: the bit 7 of each value travels in the second one."""
    rate = NO_RATE if pulse is None else pulse
    saturation = NO_SATURATION if spo2 is None else spo2
    first = 0x80 if out else STRENGTH
    perfusion = 0 if out else PERFUSION
    bar = 0x10 if out else wave // 7
    values = (first, wave, bar, rate, saturation, perfusion & 0xFF, perfusion >> 8)
    high = 0
    for place, value in enumerate(values):
        high |= (value >> 7) << place
    return bytes((0x01, 0x80 | high, *[0x80 | value for value in values]))


class ContecOldMonitor:
    """Firmware up to 4.5: sends for ever and heeds nothing."""

    packet = staticmethod(old_packet)

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._beat = Beat(BURST_S)
        self._sent = 0
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        self.requests.append(Request(t, data, accepted=False))
        return []

    def due(self, t: float) -> list[bytes]:
        return [self._burst(t)] if self._beat.due(t) else []

    def wait(self, t: float) -> float | None:
        return self._beat.wait(t)

    def _burst(self, t: float) -> bytes:
        vitals = self._patient.at(t)
        out = vitals.spo2 is None and vitals.pulse is None
        pulse, spo2 = within(vitals.pulse, 254), within(vitals.spo2, 100)
        packets = []
        for _ in range(PER_BURST):
            self._sent += 1
            packets.append(self.packet(pulse, spo2, 0 if out else self._sent * 3 % 100, out=out))
        return b"".join(packets)


class ContecMonitor(ContecOldMonitor):
    """Firmware from 4.6 on: silent until asked, and again 30 s after it was last asked."""

    packet = staticmethod(new_packet)

    def __init__(self, patient: Patient, started: datetime) -> None:
        super().__init__(patient, started)
        self._request = b""
        self._until: float | None = None

    def feed(self, data: bytes, t: float) -> list[bytes]:
        self._request += data
        while (start := self._request.find(HEAD)) >= 0:
            if len(self._request) < start + REQUEST_SIZE:
                break
            whole_one = self._request[start : start + REQUEST_SIZE]
            self._request = self._request[start + REQUEST_SIZE :]
            self.requests.append(Request(t, whole_one, accepted=self._heeds(whole_one[2], t)))
        self._request = self._request[-(REQUEST_SIZE - 1) :]
        return []

    def due(self, t: float) -> list[bytes]:
        return super().due(t) if self._runs(t) else []

    def wait(self, t: float) -> float | None:
        return super().wait(t) if self._runs(t) else None

    def _runs(self, t: float) -> bool:
        return self._until is not None and t < self._until

    def _heeds(self, code: int, t: float) -> bool:
        if code == START or (code == KEEP_ALIVE and self._runs(t)):
            self._until = t + KEPT_ALIVE_S
        elif code == STOP:
            self._until = None
        else:
            return False
        return True
