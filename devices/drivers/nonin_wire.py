"""Nonin's binary formats on the wire: packets of data formats 2 and 7, frames of data format 8.

Formats 2 and 7 send 75 frames a second of five bytes, the last of which is the sum of the others;
25 frames, the first marked SYNC, are a packet: it is taken whole or not at all. Format 8 sends four
bytes a second without check sum: frames count where four of them, alike, stand one after another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

FRAMES, FRAME_SIZE = 25, 5
PACKET_SIZE = FRAMES * FRAME_SIZE

# Bit 7 marks the status byte, bit 0 of it SYNC; a value has no bit 7. What the check sum makes of
# each frame is looked at after its shape.
SYNC_SET = b"[" + bytes(range(0x81, 0x100, 2)) + b"]"
SYNC_NOT_SET = b"[" + bytes(range(0x80, 0x100, 2)) + b"]"
PACKET = re.compile(
    rb"\x01%b.[\x00-\x7f].(?:\x01%b.[\x00-\x7f].){24}|%b..[\x00-\x7f].(?:%b..[\x00-\x7f].){24}"
    % (SYNC_SET, SYNC_NOT_SET, SYNC_SET, SYNC_NOT_SET),
    re.DOTALL,
)
FORMAT_2 = 0x01  # the first byte of its frames; those of format 7 begin with the status

# Status bits of formats 2 and 7.
DISCONNECTED, ARTIFACT, OUT_OF_TRACK, SENSOR_ALARM = 0x40, 0x20, 0x10, 0x08
CONDITIONS = 0x7E  # all but the mark and SYNC
NO_RATE, NO_SATURATION = 511, 127


@dataclass(frozen=True, slots=True)
class Packet:
    """A third of a second. ``status`` has the bits that any frame had; ``values`` has 25 bytes."""

    status: int
    values: bytes

    def rate(self, number: int) -> int | None:
        """The rate whose high part is in frame ``number`` (from 1), the low part in the next."""
        high, low = self.values[number - 1], self.values[number]
        rate = (high & 3) << 7 | low
        return None if rate in (0, NO_RATE) else rate

    def saturation(self, number: int) -> int | None:
        value = self.values[number - 1]
        return None if value in (0, NO_SATURATION) else value


class Packets:
    """Finds the packets of both formats, wherever they begin."""

    def __init__(self) -> None:
        self._tail = b""

    @property
    def pending(self) -> int:
        return len(self._tail)

    def reset(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[Packet]:
        packets = []
        stream, done, at = self._tail + data, 0, 0
        while found := PACKET.search(stream, at):
            packet = checked(found[0])
            if packet is None:
                at = found.start() + 1
                continue
            packets.append(packet)
            at = done = found.end()
        self._tail = stream[max(done, len(stream) - PACKET_SIZE + 1) :]
        return packets


def checked(block: bytes) -> Packet | None:
    """A packet of the right shape whose 25 check sums hold."""
    one, two, three, four, sums = (block[place::FRAME_SIZE] for place in range(FRAME_SIZE))
    columns = zip(one, two, three, four, strict=True)
    if bytes([a + b + c + d & 0xFF for a, b, c, d in columns]) != sums:
        return None
    bits = 0
    for status in two if one[0] == FORMAT_2 else one:
        bits |= status
    return Packet(bits & CONDITIONS, four)


# Format 8. Of the fourth byte only the low four bits are in use.
EIGHT = re.compile(rb"[\x80-\xff][\x00-\x7f]{2}[\x00-\x0f]")
EIGHT_BEGUN = re.compile(rb"(?:[\x80-\xff][\x00-\x7f]{0,2})?\Z")
EIGHT_SIZE = 4
IN_A_ROW, IN_A_ROW_KNOWN = 4, 2
FASTEST = 400  # above what the monitors can measure
# A second changes a rate and a saturation by no more; where it does, four in a row must say so.
RATE_STEP, SATURATION_STEP = 25, 8


@dataclass(frozen=True, slots=True)
class Eight:
    """A frame of format 8. ``status`` is its first byte, ``status2`` its fourth."""

    status: int
    rate: int | None
    saturation: int | None
    status2: int
    at: datetime


def eight(frame: bytes, now: datetime) -> Eight | None:
    """Four bytes of the right shape; ``None`` where no monitor sends such values."""
    first, low, saturation, status2 = frame
    rate = (first & 3) << 7 | low
    if not (0 < rate <= FASTEST or rate == NO_RATE):
        return None
    if not (0 < saturation <= 100 or saturation == NO_SATURATION):
        return None
    return Eight(
        first,
        None if rate == NO_RATE else rate,
        None if saturation == NO_SATURATION else saturation,
        status2,
        now,
    )


def alike(one: Eight, other: Eight) -> bool:
    """Whether two frames can be neighbours."""
    return (one.rate is None or other.rate is None or abs(one.rate - other.rate) <= RATE_STEP) and (
        one.saturation is None
        or other.saturation is None
        or abs(one.saturation - other.saturation) <= SATURATION_STEP
    )


class Eights:
    """Gives frames of format 8 once enough of them stand in a row, the first ones included."""

    def __init__(self) -> None:
        self._tail = b""
        self._held: list[Eight] = []  # good ones in a row that are not yet proof
        self._last: Eight | None = None
        self._proven = False
        self._needed = IN_A_ROW

    @property
    def pending(self) -> int:
        return len(self._tail) + EIGHT_SIZE * len(self._held)

    def reset(self) -> None:
        """The port was opened: a monitor that was known needs less proof."""
        needed = IN_A_ROW_KNOWN if self._proven or self._needed < IN_A_ROW else IN_A_ROW
        self._tail = b""
        self._break()
        self._needed = needed

    def feed(self, data: bytes, now: datetime) -> list[Eight]:
        frames: list[Eight] = []
        stream, at = self._tail + data, 0
        while True:
            found = EIGHT.match(stream, at)
            frame = eight(found[0], now) if found else None
            if frame is not None:
                frames += self._in_a_row(frame)
                at += EIGHT_SIZE
                continue
            if EIGHT_BEGUN.match(stream, at):
                break
            self._break()
            following = EIGHT.search(stream, at + 1)
            at = following.start() if following else max(at + 1, len(stream) - EIGHT_SIZE + 1)
        self._tail = stream[at:]
        return frames

    def _in_a_row(self, frame: Eight) -> list[Eight]:
        if self._last is not None and not alike(self._last, frame):
            self._break()
        self._last = frame
        if self._proven:
            return [frame]
        self._held.append(frame)
        if len(self._held) < self._needed:
            return []
        frames, self._held = self._held, []
        self._proven, self._needed = True, IN_A_ROW
        return frames

    def _break(self) -> None:
        self._held = []
        self._last = None
        self._proven = False
        self._needed = IN_A_ROW
