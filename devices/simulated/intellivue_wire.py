"""The serial frame of a simulated IntelliVue monitor, written straight from its definition."""

from __future__ import annotations

BEGIN, END, ESCAPE = 0xC0, 0xC1, 0x7D
TURN = 0x20
PROTOCOL, EXPORT = 0x11, 0x01
POLYNOMIAL = 0x8408
#: A frame of 1000 bytes with every byte escaped; more without an end is rubbish.
LONGEST = 2 * 1006


def _entry(low: int) -> int:
    for _ in range(8):
        low = low >> 1 ^ (POLYNOMIAL if low & 1 else 0)
    return low


_TABLE = tuple(_entry(low) for low in range(256))


def crc(data: bytes) -> int:
    """CRC-16/X-25: bits from the low end, all ones at first, complemented at last."""
    rest = 0xFFFF
    for byte in data:
        rest = rest >> 8 ^ _TABLE[(rest ^ byte) & 0xFF]
    return rest ^ 0xFFFF


def frame(user: bytes) -> bytes:
    """User data with header, check and escapes between its marks."""
    content = bytes((PROTOCOL, EXPORT)) + len(user).to_bytes(2, "big") + user
    content += crc(content).to_bytes(2, "little")
    wire = bytearray([BEGIN])
    for byte in content:
        if byte in (BEGIN, END, ESCAPE):
            wire += bytes((ESCAPE, byte ^ TURN))
        else:
            wire.append(byte)
    wire.append(END)
    return bytes(wire)


class Ear:
    """Collects what a client sends, byte by byte."""

    def __init__(self) -> None:
        self._content = bytearray()
        self._inside = False
        self._escaped = False

    def hear(self, data: bytes) -> list[bytes | None]:
        """For each frame that has ended its user data, or ``None`` if it was not a good one."""
        heard: list[bytes | None] = []
        for byte in data:
            if byte == BEGIN:
                self._content.clear()
                self._inside, self._escaped = True, False
            elif byte == END:
                if self._inside:
                    heard.append(self._user())
                self._inside = False
            elif self._inside and byte == ESCAPE:
                self._escaped = True
            elif self._inside:
                self._content.append(byte ^ TURN if self._escaped else byte)
                self._escaped = False
                self._inside = len(self._content) <= LONGEST
        return heard

    def _user(self) -> bytes | None:
        content = bytes(self._content)
        if self._escaped or len(content) < 7 or content[:2] != bytes((PROTOCOL, EXPORT)):
            return None
        good = crc(content[:-2]) == int.from_bytes(content[-2:], "little")
        right = int.from_bytes(content[2:4], "big") == len(content) - 6
        return content[4:-2] if good and right else None
