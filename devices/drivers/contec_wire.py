"""The packets of Contec oximeters, 60 a second without check sum: believed when six agree.

Old firmware sends five bytes of which the first alone has bit 7. New firmware sends nine: 01, a
byte with the others' bit 7, and seven that have theirs set. What packets say counts when six of
them in a row, with nothing in between, say the same: no noise does that, and one damaged packet is
no value. The pulse wave and the beat are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

AGREE = 6  # packets, 0.1 s; other makes' streams have no more than five alike in a row

#: The bytes of a packet that count, masked.
Key: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """What agreeing packets say; ``pulse`` and ``spo2`` are ``None`` where there is no value."""

    finger_out: bool
    fault: bool
    searching: bool
    pulse: int | None
    spo2: int | None


@dataclass(frozen=True, slots=True)
class Format:
    """One of the two: how long a packet is, how it begins, and which of its bytes count."""

    size: int
    run: re.Pattern[bytes]
    begun: re.Pattern[bytes]
    keys: Callable[[bytes], Iterable[Key]]
    shown: Callable[[Key], Shown]
    unmapped: Callable[[bytes], dict[str, str]]


def _only(mask: int) -> bytes:
    return bytes(byte & mask for byte in range(256))


FINGER, FLAGS, SLOW = _only(0x10), _only(0x70), _only(0x10)
HIGH_BITS, LOW_BITS = _only(0x1B), _only(0x7F)
NO_STRENGTH = 15


def old_keys(run: bytes) -> Iterable[Key]:
    columns = (run[0::5].translate(FINGER), run[2::5].translate(FLAGS), run[3::5], run[4::5])
    return zip(*columns, strict=True)


def old_shown(key: Key) -> Shown:
    finger, flags, low, spo2 = key
    pulse = (flags & 0x40) << 1 | low
    return Shown(
        finger_out=bool(finger),
        fault=bool(flags & 0x10),
        searching=bool(flags & 0x20),
        pulse=None if pulse in (0, 255) else pulse,
        spo2=None if spo2 in (0, 127) else spo2,
    )


def old_unmapped(packet: bytes) -> dict[str, str]:
    strength = packet[0] & 0x0F
    return {} if strength == NO_STRENGTH else {"strength": str(strength)}


def new_keys(run: bytes) -> Iterable[Key]:
    high, second = run[1::9].translate(HIGH_BITS), run[2::9].translate(SLOW)
    rates, saturations = run[5::9].translate(LOW_BITS), run[6::9].translate(LOW_BITS)
    return zip(high, second, rates, saturations, strict=True)


def new_shown(key: Key) -> Shown:
    high, slow, pulse, spo2 = key
    pulse |= (high & 0x08) << 4
    spo2 |= (high & 0x10) << 3
    return Shown(
        finger_out=bool(high & 0x01),
        fault=False,
        searching=bool(high & 0x02 or slow),
        pulse=None if pulse in (0, 255) else pulse,
        spo2=None if spo2 == 0 or spo2 > 100 else spo2,
    )


def new_unmapped(packet: bytes) -> dict[str, str]:
    """Signal strength, and the perfusion index as it was sent: its unit differs by model."""
    high = packet[1]
    strength = packet[2] & 0x0F
    found = {} if strength == NO_STRENGTH else {"strength": str(strength)}
    low_byte = packet[7] & 0x7F | (high & 0x20) << 2
    high_byte = packet[8] & 0x7F | (high & 0x40) << 1
    perfusion = high_byte << 8 | low_byte
    if perfusion and not packet[4] & 0x10:
        found["PI"] = str(perfusion)
    return found


OLD = Format(
    size=5,
    run=re.compile(rb"(?:[\x80-\xff][\x00-\x7f]{4})+"),
    begun=re.compile(rb"(?:[\x80-\xff][\x00-\x7f]{0,3})?\Z"),
    keys=old_keys,
    shown=old_shown,
    unmapped=old_unmapped,
)
NEW = Format(
    size=9,
    run=re.compile(rb"(?:\x01[\x80-\xff]{8})+"),
    begun=re.compile(rb"(?:\x01[\x80-\xff]{0,7})?\Z"),
    keys=new_keys,
    shown=new_shown,
    unmapped=new_unmapped,
)


@dataclass(frozen=True, slots=True)
class Believed:
    """What at least six packets agree on; ``packet`` is the one that made it so, or a later one.

    ``packets`` counts those from the sixth on that are new.
    """

    shown: Shown
    packet: bytes
    packets: int


class Stream:
    """Follows one format. What is believed is told again with each piece that goes on saying it."""

    def __init__(self, kind: Format) -> None:
        self._kind = kind
        self._tail = b""
        self._key: Key | None = None
        self._count = 0

    @property
    def pending(self) -> int:
        return len(self._tail)

    def reset(self) -> None:
        self._tail = b""
        self._break()

    def feed(self, data: bytes) -> list[Believed]:
        kind, found = self._kind, list[Believed]()
        stream, at = self._tail + data, 0
        while True:
            run = kind.run.match(stream, at)
            start, at = at, run.end() if run else at
            goes_on = kind.begun.match(stream, at) is not None
            # a short run that ends here proves nothing: not looked into
            if run and (goes_on or self._count + (at - start) // kind.size >= AGREE):
                self._follow(run[0], found)
            if goes_on:
                break
            self._break()
            following = kind.run.search(stream, at + 1) or kind.begun.search(
                stream, max(at + 1, len(stream) - kind.size + 1)
            )
            at = following.start() if following else len(stream)
        self._tail = stream[at:]
        return found

    def _follow(self, run: bytes, found: list[Believed]) -> None:
        kind, place = self._kind, 0
        for key, same in groupby(kind.keys(run)):
            count = len(list(same))
            before = self._count if key == self._key else 0
            self._key, self._count = key, before + count
            if self._count >= AGREE:
                proof = place + max(0, AGREE - 1 - before)
                packet = run[proof * kind.size : (proof + 1) * kind.size]
                new = self._count - max(before, AGREE - 1)
                found.append(Believed(kind.shown(key), packet, new))
            place += count

    def _break(self) -> None:
        self._key, self._count = None, 0
