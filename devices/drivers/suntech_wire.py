"""SunTech's packets: commands made, replies cut out of a stream of bytes and read."""

from __future__ import annotations

from dataclasses import dataclass

REPLY = b">"
ACK, PRESSURE, RESULT = 4, 5, 24  # lengths of the replies, which also tell what they are
#: Letters of an acknowledgement.
ACCEPTED, EXECUTED, ABORTED = b"O", b"K", b"A"
REFUSALS = {
    b"B": "the module is busy",
    b"E": "the module found an error in the command",
    b"N": "the module does not know the command",
    b"D": "the module does not recognise the command",
    b"S": "the module is asleep",
    b"T": "the module timed out",
}
LETTERS = frozenset((ACCEPTED, EXECUTED, ABORTED, *REFUSALS))
LARGEST = 330  # mmHg; no cuff is inflated higher

#: What byte 20 of a result says. The maker counts from 85 in decimal; 0x85 is no error code.
ERRORS = {
    1: "weak signal or none",
    2: "erratic signal: movement",
    3: "out of range",
    4: "it took too long",
    85: "the pneumatics are blocked",
    86: "it was aborted",
    87: "the cuff did not inflate in time: cuff loose or leaking",
    88: "the safety time ran out",
    89: "over-pressure in the cuff",
    90: "the module's supply or hardware fails",
    91: "the module's safety circuit stepped in",
    97: "the pressure sensor is out of range",
    99: "the module's calibration is lost",
}


def command(*body: int) -> bytes:
    """A command: colon, code, data, and a check byte with which all of it adds up to 0."""
    packet = bytes((0x3A, *body))
    return packet + bytes((-sum(packet) & 0xFF,))


START = command(0x20)  # adults
ABORT = command(0x79, 1, 0)
GET_PRESSURE = command(0x79, 5, 0)
GET_RESULT = command(0x79, 3, 0)


@dataclass(frozen=True, slots=True)
class BpData:
    """The last result. Pressures in mmHg, ``None`` where there is none; ``error`` 0 is good."""

    sys: int | None
    dia: int | None
    mean: int | None
    pulse: int | None
    error: int
    beats: int
    status: int
    tests: str

    @property
    def empty(self) -> bool:
        return self.sys is None and self.dia is None and self.mean is None


def cuff_pressure(packet: bytes) -> int | None:
    """The pressure in a reply of five bytes, -1 where it is not available.

    ``None``: no cuff has such a pressure, so it is no reply.
    """
    mmhg = int.from_bytes(packet[2:4], "little", signed=True)
    return mmhg if -1 <= mmhg <= LARGEST else None


def bp_data(packet: bytes) -> BpData | None:
    """A reply of 24 bytes; ``None`` where the module could not have sent it."""
    words = [int.from_bytes(packet[at : at + 2], "little") for at in (2, 4, 18, 16)]
    if any(511 < word < 0xFFFF for word in words):
        return None
    sys, dia, mean, pulse = (None if word in (0, 0xFFFF) else word for word in words)
    tests = packet[8:16].hex()
    return BpData(sys, dia, mean, pulse, packet[20], packet[6], packet[7], tests)


class ReplyCutter:
    """Finds replies by their first byte, a length that we know, and the check byte."""

    def __init__(self) -> None:
        self._tail = b""

    @property
    def pending(self) -> int:
        return len(self._tail)

    def reset(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The replies that are complete now, whole."""
        buffer = self._tail + data
        size = len(buffer)
        found = []
        start = buffer.find(REPLY)
        while start >= 0:
            if start + 2 > size:
                break
            length = buffer[start + 1]
            if length in (ACK, PRESSURE, RESULT):
                end = start + length
                if end > size:
                    break
                packet = buffer[start:end]
                if sum(packet) & 0xFF == 0 and (length != ACK or packet[2:3] in LETTERS):
                    found.append(packet)
                    start = buffer.find(REPLY, end)
                    continue
            start = buffer.find(REPLY, start + 1)
        self._tail = buffer[start:] if start >= 0 else b""
        return found
