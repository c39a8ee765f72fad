"""The one place that asks what time it is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta

#: How much slower or faster than the computer a simulated session may run.
SLOWEST, FASTEST = 0.01, 10_000.0
SPEEDS = f"a number from {SLOWEST:g} to {FASTEST:,.0f}"


def wall() -> datetime:
    """What the computer's clock says, in the offset in force here now."""
    return datetime.now().astimezone()


def awake() -> float:
    """Seconds from some moment on, without those in which the computer slept."""
    return time.monotonic()


def steady() -> float:
    """Seconds from some moment on that nobody can set; with sleep, where the system counts it."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class SteadyClock:
    """Time that starts at the computer's clock and then only counts steady seconds.

    Setting the computer's clock does not move it: :meth:`drift` tells the difference so that it
    can be recorded. The hour of the day follows the place: after a change to or from summer time
    the same moments have the new offset, as the clock on the wall has. ``speed`` runs simulated
    sessions faster, ``start`` lets a simulated session go on from a time of its own.
    ``seconds``, ``wall`` and ``awake`` are the computer's.
    Satisfies :class:`devices.timing.Clock`.
    """

    #: Computer seconds after which whoever waits is to look again, where that matters.
    longest_wait: float = math.inf

    def __init__(
        self,
        speed: float = 1.0,
        start: datetime | None = None,
        *,
        seconds: Callable[[], float] = steady,
        wall: Callable[[], datetime] = wall,
        awake: Callable[[], float] = awake,
    ) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"the speed must be {SPEEDS}, not {speed:g}")
        self._speed = speed
        self._shifted = speed != 1.0 or start is not None
        self._local = start is None
        self._wall, self._seconds, self._awake = wall, seconds, awake
        self._start = start or wall()
        self._began = seconds()
        self._slept = self._began - awake()
        #: Session seconds by which it was moved, which nobody has lived through.
        self.moved = timedelta()

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> datetime:
        moment = self._start + timedelta(seconds=self._elapsed() * self._speed)
        return moment.astimezone() if self._local else moment

    def _elapsed(self) -> float:
        """Computer seconds that count since the start."""
        return self._seconds() - self._began

    def real(self, seconds: float) -> float:
        return seconds / self._speed

    def drift(self) -> float:
        """Seconds by which the computer's clock is ahead of this one (0.0 when simulated)."""
        if self._shifted:
            return 0.0
        return (self._wall() - self.now()).total_seconds()

    def slept(self) -> float:
        """Seconds for which the computer has slept so far, as far as the system tells."""
        return self._seconds() - self._awake() - self._slept

    def not_before(self, moment: datetime) -> None:
        """Goes on from ``moment`` where that is still to come: a record never runs backwards."""
        self._move(max(0.0, (moment - self.now()).total_seconds()))

    def follow(self) -> None:
        """Takes the computer's clock as it is now. Only while no session runs."""
        self._move(self.drift())

    def _move(self, seconds: float) -> None:
        if seconds:
            self.moved += timedelta(seconds=seconds)  # first: who sees the time knows of it
            self._start += timedelta(seconds=seconds)

    def held(self) -> float:
        """Computer seconds for which it stood still because something could not follow."""
        return 0.0

    def absorbed(self, until: datetime) -> None:
        """The recorder has dealt with everything up to this moment."""
