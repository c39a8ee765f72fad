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


class Pacer(Protocol):
    """Keeps a simulated monitor in step with whoever reads it, where time runs faster."""

    @property
    def longest_wait(self) -> float:
        """Seconds of the computer after which it is to be told again."""

    def begun(self, at: datetime) -> None:
        """The port was opened for the first time: the monitor's time begins."""

    def done(self, until: datetime) -> None:
        """Everything due up to this moment has been sent."""
