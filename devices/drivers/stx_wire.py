"""The STX messages of small cuff modules: requests made, replies cut out of a stream and read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

STX, ETX = b"\x02", b"\x03"
LONGEST = 64  # the longest reply has 46 characters
ABORT = b"X\r"

PRESSURE = re.compile(rb"\d{3}C[012]S\d")
ZERO = ord("0")
FIELD = rb"(\d{3}|---)"
STATUS = re.compile(
    rb"(S(\d);A([01]);C[\d-]{2};M(\d\d);P" + FIELD * 3 + rb";R" + FIELD + rb";T([\d-]{4});;)(..)"
)


def request(number: int) -> bytes:
    """A request: its number and the sum of the characters before the sum, in hexadecimal."""
    text = b"%02d;;" % number
    return STX + text + b"%02X" % (sum(text) & 0xFF) + ETX


START, GET_STATUS = request(1), request(18)


class PressureReply(NamedTuple):
    """Sent by the module while it works. ``state`` 3 is measuring; ``mmhg`` 999 is its end."""

    mmhg: int
    cuff_error: int
    state: int


@dataclass(frozen=True, slots=True)
class StatusReply:
    """The module's state and last result; ``None`` = dashes. ``good`` = the check sum is right."""

    good: bool
    state: int
    newborn: bool
    message: str
    sys: int | None
    dia: int | None
    mean: int | None
    pulse: int | None
    timer: str

    @property
    def result(self) -> tuple[int | None, ...]:
        return (self.sys, self.dia, self.mean, self.pulse)


def read_reply(text: bytes) -> PressureReply | StatusReply | None:
    """What stands between STX and ETX; ``None`` if it is laid out otherwise."""
    if len(text) == 7:
        if not PRESSURE.fullmatch(text):
            return None
        return PressureReply(int(text[:3]), text[4] - ZERO, text[6] - ZERO)
    found = STATUS.fullmatch(text)
    if found is None:
        return None
    summed, state, newborn, message, *numbers, timer, check = found.groups()
    sys, dia, mean, pulse = (None if one == b"---" else int(one) or None for one in numbers)
    good = b"%02X" % (sum(summed) & 0xFF) == check
    said, time = message.decode("ascii"), timer.decode("ascii")
    return StatusReply(good, int(state), newborn == b"1", said, sys, dia, mean, pulse, time)


class ReplyCutter:
    """What stands between the last STX and each ETX; whatever stands outside is left out."""

    def __init__(self) -> None:
        self._tail = b""

    @property
    def pending(self) -> int:
        return len(self._tail)

    def reset(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        *parts, tail = (self._tail + data).split(ETX)
        self._tail = tail[-LONGEST:]
        found = []
        for part in parts:
            _, start, text = part[-LONGEST:].rpartition(STX)
            if start and len(text) >= 7:
                found.append(text)
        return found
