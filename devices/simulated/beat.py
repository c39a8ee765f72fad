"""The beat of a monitor that sends by itself: something each so many seconds, never a backlog."""

from __future__ import annotations

import math


class Beat:
    """Due at second 0 and each ``period`` seconds after; what was missed is not made up for."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._count = 0  # of periods until the next beat

    def due(self, t: float) -> bool:
        """Whether a beat is due; the next one is then the first after ``t``."""
        # a millionth of allowance: t is the sum of rounded numbers
        passed = math.floor(t / self._period + 1e-6)
        if passed < self._count:
            return False
        self._count = passed + 1
        return True

    def wait(self, t: float) -> float:
        return max(0.0, self._count * self._period - t)
