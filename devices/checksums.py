"""The check sums that monitors put on their frames."""

from __future__ import annotations

from functools import reduce
from operator import xor


def dinamap_checksum(text: bytes) -> bytes:
    """The two characters after a DINAMAP line; ``text`` begins with the unit character.

    Sum of ``code - 0x1F`` modulo 4096, in two printable characters of six bits each (GE Host
    Communications; the rule reproduces every published command).
    """
    total = (sum(text) - 0x1F * len(text)) & 0xFFF
    return bytes((0x20 + (total >> 6), 0x20 + (total & 0x3F)))


def sum8(data: bytes) -> int:
    """The sum of all bytes modulo 256 (GE DRI, over the record before it is escaped)."""
    return sum(data) & 0xFF


def xor8(data: bytes) -> int:
    """All bytes joined by exclusive or (A&D TM-265x, SOH to ETX)."""
    return reduce(xor, data, 0)
