"""The frame of IntelliVue data export on a serial line: marks, escapes, length and CRC-16/X-25."""

from __future__ import annotations

from binascii import crc_hqx

START, END, ESCAPE = b"\xc0", b"\xc1", b"\x7d"
HEADER = b"\x11\x01"  # protocol and message type; the length follows
#: What stands inside a frame for the three bytes that may not (bit 5 turned over).
ESCAPED = ((b"\xc0", b"\x7d\xe0"), (b"\xc1", b"\x7d\xe1"), (ESCAPE, b"\x7d\x5d"))
SHORTEST = len(HEADER) + 2 + 1 + 2  # header, length, one byte, check
#: User data has at most 1000 bytes as agreed; twice as much still fits the bound when escaped.
LONGEST = 2 * (2000 + 6)

# The line's CRC takes bits from the low end, the one in the standard library from the high end:
# with the bits of each byte turned round they are the same.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def check(data: bytes) -> bytes:
    """The two check bytes in the order in which they are sent (low byte first)."""
    crc = crc_hqx(data.translate(_REVERSED), 0xFFFF) ^ 0xFFFF
    return bytes((_REVERSED[crc >> 8], _REVERSED[crc & 0xFF]))


def framed(user: bytes) -> bytes:
    """User data as it goes over the wire; the length is that before escaping."""
    content = HEADER + len(user).to_bytes(2, "big") + user
    content += check(content)
    # the escape itself first, or those of the others would be escaped again
    for plain, escaped in reversed(ESCAPED):
        content = content.replace(plain, escaped)
    return START + content + END


def user_data(content: bytes) -> bytes | None:
    """The user data of what stood between the marks; ``None`` if it is not a good frame."""
    if not content.startswith(HEADER) or len(content) < SHORTEST:
        return None
    if ESCAPE in content:
        for plain, escaped in ESCAPED:
            content = content.replace(escaped, plain)
    if int.from_bytes(content[2:4], "big") != len(content) - 6:
        return None
    return content[4:-2] if check(content[:-2]) == content[-2:] else None


class IntellivueFramer:
    """Finds good frames in a stream; what is kept of an unfinished one is bounded."""

    def __init__(self) -> None:
        self._open = b""  # from the start mark on

    @property
    def pending(self) -> int:
        return len(self._open)

    def reset(self) -> None:
        self._open = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The user data of the frames that are complete now.

        Neither mark can stand inside a frame, so each end mark closes what the last start mark
        before it opened, whatever noise stood around.
        """
        found = []
        *closed, tail = data.split(END)
        for part in closed:
            start = part.rfind(START)
            if start >= 0:
                content = part[start + 1 :]
            elif self._open:
                content = self._open[1:] + part
            else:
                continue
            self._open = b""
            user = user_data(content)
            if user is not None:
                found.append(user)
        start = tail.rfind(START)
        if start >= 0:
            self._open = tail[start:]
        elif self._open:
            self._open += tail
        if len(self._open) > LONGEST:
            self._open = b""
        return found
