"""A simulated SunTech Advantage module: answers commands and says when a reading is over.

Source: two public programs and the maker's examples in them. What a module holds before its first
reading is not public: here it is a result of nothing but zeros.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from devices.simulated.live_cuff import LiveCuff
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Determination, Failure, Patient, whole

START, FIRST_PRESSURE = 0x20, 0x17
ABORT, GET_PRESSURE, GET_RESULT = b"\x79\x01\x00", b"\x79\x05\x00", b"\x79\x03\x00"
#: How many bytes a command has from its code to its data.
LENGTHS = {START: 1, FIRST_PRESSURE: 3, 0x79: 3}
#: How often it looks whether the reading is over.
LOOKS_S = 0.1
MOVEMENT, OUT_OF_RANGE, USER_ABORT = 2, 3, 86
HIGHEST = 400


def checked(packet: bytes) -> bytes:
    """A packet with the byte that makes all of it add up to 0 modulo 256."""
    return packet + bytes([(256 - sum(packet) % 256) % 256])


def acknowledged(letter: str) -> bytes:
    """An acknowledgement of four bytes."""
    return checked(b">\x04" + letter.encode("ascii"))


def cuff_pressure(mmhg: int) -> bytes:
    """The reply to a question for the pressure."""
    return checked(b">\x05" + (mmhg & 0xFFFF).to_bytes(2, "little"))


def bp_data(one: Determination | None) -> bytes:
    """The reply of 24 bytes: the determination that ended last, all zeros without one."""
    packet = bytearray(b">\x18" + bytes(21))
    if one is not None:
        packet[20] = error_of(one)
        if packet[20] == 0:
            packet[6:8] = b"\x1e\x01"  # beats, status
            fields = ((2, one.sys), (4, one.dia), (16, one.pulse), (18, one.map))
            for at, value in fields:
                packet[at : at + 2] = whole(value or 0).to_bytes(2, "little")
    return checked(bytes(packet))


def error_of(one: Determination) -> int:
    """Why a determination has no result; 0 where it has one."""
    if one.failure is not None:
        return USER_ABORT if one.failure is Failure.CANCELLED else MOVEMENT
    pressures = [value for value in (one.sys, one.dia, one.map) if value is not None]
    good = pressures and all(0 < whole(value) <= HIGHEST for value in pressures)
    return 0 if good else OUT_OF_RANGE


class SuntechModule:
    """One module. A command that is garbled gets the letter E."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._cuff = LiveCuff(patient)
        self._line = b""
        self._mmhg = 0
        self._next_look = 0.0
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        frames = self._look(t)
        self._line += data
        while (start := self._line.find(b":")) >= 0:
            self._line = self._line[start:]
            if len(self._line) < 2:
                return frames
            length = LENGTHS.get(self._line[1])
            if length is None:
                self._line = self._line[1:]
                continue
            if len(self._line) < length + 2:
                return frames
            packet, self._line = self._line[: length + 2], self._line[length + 2 :]
            good = checked(packet[:-1]) == packet
            replies = self._obeyed(packet[1:-1], t) if good else None
            self.requests.append(Request(t, packet, accepted=replies is not None))
            if replies is None:
                known = packet[1] == START or packet[1:-1] == ABORT
                replies = [acknowledged("E" if not good else "B" if known else "D")]
            frames += replies
        self._line = b""
        return frames

    def due(self, t: float) -> list[bytes]:
        if t < self._next_look:
            return []
        self._next_look = t + LOOKS_S
        return self._look(t)

    def wait(self, t: float) -> float | None:
        return max(0.0, self._next_look - t)

    def _look(self, t: float) -> list[bytes]:
        look = self._cuff.look(t)
        self._mmhg = look.pressure or 0
        frames = []
        for one in look.ended:
            if one.failure is Failure.CANCELLED:
                frames.append(acknowledged("A"))
            frames.append(acknowledged("K"))
        return frames

    def _obeyed(self, command: bytes, t: float) -> list[bytes] | None:
        """The answer; ``None`` = not now."""
        if command == GET_PRESSURE:
            return [cuff_pressure(self._mmhg)]
        if command == GET_RESULT:
            ended = self._patient.ended(t)
            return [bp_data(ended[-1] if ended else None)]
        if command[0] == START:
            if not self._patient.start(t):
                return None
            self._look(t)
            return [acknowledged("O")]
        if command == ABORT:
            if not self._patient.cancel(t):
                return None
            return self._look(t) or [acknowledged("A"), acknowledged("K")]
        return [acknowledged("K")] if command[0] == FIRST_PRESSURE else None
