"""Cuts a stream of bytes into frames, with a bounded buffer that noise cannot fill."""

from __future__ import annotations

CR = 0x0D
FLAG = 0x7E
ESCAPE = 0x7D
ESCAPED_BIT = 0x20


class LineFramer:
    """Lines that end with CR.

    Of an endless line only the last ``limit`` bytes are kept: a good line is found behind any
    amount of rubbish, and the caller looks for it at the end of what it is given.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tail = b""

    @property
    def pending(self) -> int:
        return len(self._tail)

    def reset(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete now, each at most ``limit`` bytes and without its CR."""
        *lines, tail = (self._tail + data).split(b"\r")
        self._tail = tail[-self._limit :]
        return [line[-self._limit :] for line in lines if line]


class FlagFramer:
    """Frames between 0x7E flags in which 0x7D marks a byte whose bit 5 was cleared.

    Whatever stands between two flags is a frame, the gap between an end and a start flag too:
    the caller's checksum tells them apart, so that no frame is lost after a lost flag. Frames
    of more than ``limit`` unescaped bytes are dropped up to the next flag.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = bytearray()
        self._dropping = False

    @property
    def pending(self) -> int:
        return len(self._open)

    def reset(self) -> None:
        self._open.clear()
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The unescaped content of the frames that are complete now; empty ones are left out."""
        frames = []
        *closed, tail = data.split(b"\x7e")
        for part in closed:
            self._extend(part)
            frame = None if self._dropping else unescape(bytes(self._open))
            if frame and len(frame) <= self._limit:
                frames.append(frame)
            self.reset()
        self._extend(tail)
        return frames

    def _extend(self, part: bytes) -> None:
        if self._dropping:
            return
        self._open += part
        # every byte may be escaped, so a frame takes up to twice its length on the wire
        if len(self._open) > 2 * self._limit:
            self._open.clear()
            self._dropping = True


def unescape(data: bytes) -> bytes | None:
    """The bytes as they were before escaping; ``None`` when an escape stands at the very end."""
    head, *rest = data.split(b"\x7d")
    out = bytearray(head)
    for part in rest:
        if not part:
            return None
        out.append(part[0] | ESCAPED_BIT)
        out += part[1:]
    return bytes(out)


def escape(data: bytes) -> bytes:
    """The bytes with each flag and escape byte replaced by its two-byte form."""
    return data.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
