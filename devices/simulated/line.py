"""The pace of a serial line, and what goes wrong on it, with no port in it."""

from __future__ import annotations

from random import Random

from devices.simulated.faults import FaultKind, FaultPlan

BITS_PER_BYTE = 10  # start bit, eight bits (or seven and parity), stop bit
NOISE_EVERY_S = 1.0
NOISE_BYTES = (4, 24)
CORRUPT_SHARE = 0.5


class PacedLine:
    """Bytes waiting to leave, ten bits each, at ``baud`` in session time."""

    def __init__(self, baud: int) -> None:
        self._byte_s = BITS_PER_BYTE / baud
        self._waiting = bytearray()
        self._free_at = 0.0  # when the line has carried everything it was given before

    def put(self, data: bytes, t: float) -> None:
        if not self._waiting:
            self._free_at = max(self._free_at, t)
        self._waiting += data

    def take(self, t: float) -> bytes:
        """The bytes whose last bit has left by ``t``."""
        # A billionth of a byte of allowance: t is the sum of rounded numbers.
        count = min(len(self._waiting), int((t - self._free_at) / self._byte_s + 1e-9))
        if count <= 0:
            return b""
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        self._free_at += count * self._byte_s
        return taken

    def wait(self, t: float, step: float) -> float | None:
        """Session seconds until it is worth taking again: ``step`` on, or when all has left."""
        if not self._waiting:
            return None
        count = min(len(self._waiting), max(1, int(step / self._byte_s)))
        return max(0.0, self._free_at + count * self._byte_s - t)

    def clear(self) -> None:
        """The cable is out: what was on its way is lost."""
        self._waiting.clear()


class FaultyLine:
    """A line that is noisy or corrupts frames while such a fault holds."""

    def __init__(self, baud: int, plan: FaultPlan, seed: int) -> None:
        self.paced = PacedLine(baud)
        self._plan = plan
        self._random = Random(f"{seed} line")
        self._next_noise = 0.0

    def send(self, frames: list[bytes], t: float) -> None:
        """Put the frames on the line as they will be heard."""
        for frame in frames:
            if self._plan.active(FaultKind.CORRUPT, t):
                frame = self._corrupted(frame)
            self.paced.put(frame, t)
            if self._plan.active(FaultKind.NOISE, t):
                self.paced.put(self._noise(), t)

    def idle(self, t: float) -> float | None:
        """Let the noise that is due be heard; session seconds until there may be more."""
        if not self._plan.active(FaultKind.NOISE, t):
            return None
        if t >= self._next_noise:
            self._next_noise = t + NOISE_EVERY_S
            self.paced.put(self._noise(), t)
        return self._next_noise - t

    def _noise(self) -> bytes:
        return self._random.randbytes(self._random.randint(*NOISE_BYTES))

    def _corrupted(self, frame: bytes) -> bytes:
        # One bit only: additive checksums find any single flip, so a reader that takes such a
        # frame is wrong; two flips can cancel out, which no reader could know.
        if self._random.random() >= CORRUPT_SHARE:
            return frame
        damaged = bytearray(frame)
        damaged[self._random.randrange(len(damaged))] ^= 1 << self._random.randrange(8)
        return bytes(damaged)
