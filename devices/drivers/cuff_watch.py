"""What drivers share that watch a cuff at work: its live pressure, and when to give it up."""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.metrics import CUFF_PRESSURE
from devices.reading import DeviceEvent, Reading
from devices.spec import Output

#: An unchanged pressure is told again after this long.
STEADY = timedelta(seconds=1)
#: A cuff that goes on in spite of a stop is told to stop again after this long.
STOP_AGAIN = timedelta(seconds=5)


class LivePressure:
    """Turns a stream of cuff pressures into readings: each change, otherwise once a second."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._told: tuple[float, datetime] | None = None

    def over(self) -> None:
        """The cuff is at rest: nothing is told, and never a 0 in its place."""
        self._told = None

    def shows(self, mmhg: float, now: datetime) -> list[Output]:
        if self._told is not None:
            before, at = self._told
            if mmhg == before and now - at < STEADY:
                return []
        self._told = (mmhg, now)
        return [Reading(self._source, {CUFF_PRESSURE: mmhg}, now, now)]


class Patience:
    """How long a cuff may work before the program tells it to stop, and how it then goes on.

    ``limit`` counts from the beginning; where ``quiet`` is given, so does each sign of life. After
    it ran out, :attr:`spent` holds until the cuff is known to be at rest: no "measuring" is told
    again, and while the cuff still works it is told to stop every five seconds.
    """

    def __init__(self, limit: timedelta, quiet: timedelta | None = None) -> None:
        self._limit = limit
        self._quiet = quiet
        self._ends: datetime | None = None
        self._quiet_at: datetime | None = None
        self._again_at: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """When it runs out if nothing more is heard; ``None`` while nothing is waited for."""
        if self._ends is None or self._quiet_at is None:
            return self._ends
        return min(self._ends, self._quiet_at)

    @property
    def spent(self) -> bool:
        return self._again_at is not None

    def rests(self) -> None:
        """The cuff is at rest, or nothing is known of it."""
        self._ends = self._quiet_at = self._again_at = None

    def works(self, now: datetime) -> bool:
        """A sign that the cuff is at work. ``True``: it must be told to stop once more."""
        if self._again_at is not None:
            if now < self._again_at:
                return False
            self._again_at = now + STOP_AGAIN
            return True
        self._ends = self._ends or now + self._limit
        if self._quiet is not None:
            self._quiet_at = now + self._quiet
        return False

    def runs_out(self, now: datetime) -> bool:
        """Whether it has run out by now. Says so once."""
        if self.at is None or now < self.at:
            return False
        self._ends = self._quiet_at = None
        self._again_at = now + STOP_AGAIN
        return True


def gave_up(source: str, now: datetime) -> DeviceEvent:
    """The event that goes with a :class:`Patience` that ran out."""
    text = "the cuff reading did not end in time: the cuff was told to stop; look at it"
    return DeviceEvent(source, "nibp_failed", text, now)
