"""The "55 AA" packets of BerryMed boards: made, and cut out of a stream of bytes."""

from __future__ import annotations

HEADER = b"\x55\xaa"
NIBP, SPO2, ECG, TEMPERATURE = 3, 4, 2, 5
ECG_WAVE, PLETH, BREATH_WAVE = 0x01, 0xFE, 0xFF

#: Length byte and type of every packet described; those of other lengths are not ours to read.
WAVES = frozenset((bytes((0x0A, ECG_WAVE)), bytes((4, PLETH)), bytes((4, BREATH_WAVE))))
VALUES = frozenset(
    bytes((length, kind))
    for kind, lengths in {
        NIBP: (8,),
        SPO2: (6,),
        ECG: (5, 6, 7, 8),  # some firmware sends fewer bytes
        TEMPERATURE: (6, 7, 8, 9),  # with a second sensor it is longer
    }.items()
    for length in lengths
)


def command(kind: int, argument: int) -> bytes:
    """A command to the board. Its check byte is the complement of the sum of what stands before."""
    body = bytes((4, kind, argument))
    return HEADER + body + bytes((~sum(body) & 0xFF,))


class PacketCutter:
    """Finds packets by header, length, type and check byte; nothing is escaped on this line.

    The header may occur in data, so the search goes on right behind a header that leads nowhere.
    ``waves`` counts the packets of curves, which carry no values for us.
    """

    def __init__(self) -> None:
        self._tail = b""
        self.waves = 0

    @property
    def pending(self) -> int:
        return len(self._tail)

    def reset(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The packets with values that are complete now: type and content."""
        buffer = self._tail + data
        size, behind = len(buffer), 0
        found = []
        start = buffer.find(HEADER)
        while start >= 0:
            sort = buffer[start + 2 : start + 4]
            end = start + 2 + (sort[0] if sort else 0)
            wave = sort in WAVES
            if wave or sort in VALUES:
                if end > size:
                    break
                # the check byte is the complement, so all from the length on adds up to 255
                if sum(buffer[start + 2 : end]) & 0xFF == 0xFF:
                    if wave:
                        self.waves += 1
                    else:
                        found.append(buffer[start + 3 : end - 1])
                    behind = end
                    start = buffer.find(HEADER, end)
                    continue
            elif len(sort) < 2:
                break
            start = buffer.find(HEADER, start + 1)
        if start < 0:
            start = size - 1 if buffer.endswith(HEADER[:1], behind) else size
        self._tail = buffer[start:]
        return found
