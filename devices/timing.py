"""The clock as the device layer sees it: handed in, never asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Steady time from a start, ``speed`` times as fast as the computer's."""

    @property
    def speed(self) -> float:
        """Session seconds in a second of the computer."""

    def now(self) -> datetime:
        """The present, with offset; never goes back."""

    def real(self, seconds: float) -> float:
        """How many seconds of the computer pass in so many session seconds (for time-outs)."""
