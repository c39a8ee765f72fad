"""What a receiver hears of bytes that were sent at other line settings than its own."""

from __future__ import annotations

from functools import lru_cache

from devices.spec import LineSettings

START_BITS = 1


def heard(data: bytes, sent: LineSettings, hears: LineSettings) -> bytes:
    """What a receiver set to ``hears`` makes of ``data``, sent as ``sent`` without a pause.

    The sender's bits are laid out in time and looked at as a receiver does: a falling edge begins
    a byte, whose bits are sampled in their middles. As with the program's own ports, a byte with a
    wrong parity or a missing stop bit counts as any other. Both ends know their speed exactly.
    """
    if (sent.baud, sent.bytesize, sent.parity) == (hears.baud, hears.bytesize, hears.parity):
        return data
    return _sampled(data, sent, hears)


@lru_cache(maxsize=512)  # a monitor often sends the same frame again
def _sampled(data: bytes, sent: LineSettings, hears: LineSettings) -> bytes:
    levels = _levels(data, sent)
    ratio = sent.baud / hears.baud  # bits of the sender in one of the receiver's
    count = hears.bytesize
    stop_after = START_BITS + count + (hears.parity != "N") + 0.5
    found = bytearray()
    at = 0
    while (start := levels.find(0, at)) >= 0:
        samples = [_level(levels, start + (START_BITS + bit + 0.5) * ratio) for bit in range(count)]
        found.append(sum(level << bit for bit, level in enumerate(samples)))
        at = int(start + stop_after * ratio)
        if not _level(levels, at):  # no stop bit: the next byte begins after the line was high
            at = levels.find(1, at)
            if at < 0:
                break
    return bytes(found)


def _level(levels: bytes, at: float) -> int:
    """The line's level at a moment in bits of the sender; it is high before and after."""
    return levels[int(at)] if at < len(levels) else 1


def _levels(data: bytes, sent: LineSettings) -> bytes:
    levels = bytearray()
    for byte in data:
        bits = [byte >> bit & 1 for bit in range(sent.bytesize)]
        levels.append(0)
        levels += bytes(bits)
        if sent.parity != "N":
            levels.append(sum(bits) % 2 ^ (sent.parity == "O"))
        levels += b"\x01" * sent.stopbits
    return bytes(levels)
