"""The one place that asks what time it is."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class SteadyClock:
    """Time that starts at the computer's clock and then only counts monotonic seconds.

    Setting the computer's clock does not move it: :meth:`drift` tells the difference so that it
    can be recorded. The hour of the day follows the place: after a change to or from summer time
    the same moments have the new offset, as the clock on the wall has. ``speed`` runs simulated
    sessions faster, ``start`` lets a simulated session go on from a time of its own.
    Satisfies :class:`devices.timing.Clock`.
    """

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        if not 0 < speed <= 10_000:
            raise ValueError(f"speed must be above 0 and at most 10000, not {speed:g}")
        self._speed = speed
        self._shifted = speed != 1.0 or start is not None
        self._local = start is None
        self._start = start or datetime.now().astimezone()
        self._monotonic = time.monotonic()

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> datetime:
        elapsed = (time.monotonic() - self._monotonic) * self._speed
        moment = self._start + timedelta(seconds=elapsed)
        return moment.astimezone() if self._local else moment

    def real(self, seconds: float) -> float:
        return seconds / self._speed

    def drift(self) -> float:
        """Seconds by which the computer's clock is ahead of this one (0.0 when simulated)."""
        if self._shifted:
            return 0.0
        return (datetime.now().astimezone() - self.now()).total_seconds()
