"""What tests put in place of the world: a clock that moves only when told, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

START = datetime(2026, 11, 23, 14, 0, tzinfo=timezone(timedelta(hours=1)))


class ManualClock:
    """A :class:`ketamonitor.clock.SteadyClock` whose seconds pass by :meth:`advance` alone."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self.ahead = 0.0

    @property
    def speed(self) -> float:
        return 1.0

    def now(self) -> datetime:
        return self._now

    def real(self, seconds: float) -> float:
        """Threads that wait for this clock look at it every hundredth of a second."""
        return 0.01

    def drift(self) -> float:
        return self.ahead

    def slept(self) -> float:
        return 0.0

    def not_before(self, moment: datetime) -> None:
        self._now = max(self._now, moment)

    def follow(self) -> None:
        """Nobody sets this computer's clock."""

    longest_wait = 0.01
    moved = timedelta()

    def absorbed(self, until: datetime) -> None:
        """It waits for nobody."""

    def held(self) -> float:
        return 0.0

    def advance(self, seconds: float) -> datetime:
        # One assignment: readers on other threads see the old or the new moment, never a mixture.
        self._now = self._now + timedelta(seconds=seconds)
        return self._now


class RealSeconds(ManualClock):
    """Here what is advanced counts as seconds of the computer, for what stands still or is late."""

    def real(self, seconds: float) -> float:
        return seconds if seconds > 1 else 0.01


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
