"""Tells a new Accutorr result from the one that is repeated with its age in whole minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.metrics import Metric
from devices.reading import DeviceEvent, Reading
from devices.spec import Output

MINUTE = timedelta(minutes=1)
#: By this much the clocks of a monitor and of a computer may part while the cable is out.
DRIFT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class ShownResult:
    """The cuff's part of a line; ``minutes`` since the measurement, ``None`` if there was none."""

    values: Mapping[Metric, float | None]
    minutes: int | None

    @property
    def empty(self) -> bool:
        return all(value is None for value in self.values.values())


class AgedCuff:
    """Gives each result once: it is new if its age fell or its values changed.

    As lines have no check sum, a result counts when two lines in a row show it; else a flipped bit
    would make two results, one when it comes and one when it goes. It must also be young enough to
    have been measured since another one was last shown: what is older is told as ``nibp_stale``,
    as is the first result ever seen.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._connected_at: datetime | None = None
        self._known: ShownResult | None = None
        self._known_at: datetime | None = None  # when the known result was last shown
        self._looked_at: datetime | None = None  # when nothing newer than it was shown
        self._once: ShownResult | None = None  # another result, seen in the line before
        self._once_at: datetime | None = None

    def connected(self, now: datetime) -> None:
        self._connected_at = self._connected_at or now
        self._once = None

    def absorb(self, shown: ShownResult, now: datetime) -> list[Output]:
        minutes = shown.minutes
        younger = minutes is not None and self._younger(minutes, now)
        changed = self._known is None or shown.values != self._known.values
        if minutes is None or not (younger or (changed and not shown.empty)):
            self._once = None
            self._looked_at = now
            if not changed and minutes is not None:
                self._known, self._known_at = shown, now
            return []
        once, self._once = self._once, shown
        if once is None or self._once_at is None or not follows(once, minutes, shown):
            self._once_at = now
            return []
        self._once = None
        return self._another(shown, minutes, self._once_at, now)

    def _younger(self, minutes: int, now: datetime) -> bool:
        """Whether the age is less than that of the known result must be by now."""
        if self._known is None or self._known.minutes is None or self._known_at is None:
            return False
        passed = max((now - self._known_at - DRIFT) // MINUTE, 0)
        return minutes < self._known.minutes + passed

    def _another(
        self, shown: ShownResult, minutes: int, seen_at: datetime, now: datetime
    ) -> list[Output]:
        """A result that two lines show, the first of them at ``seen_at``."""
        since = self._looked_at or self._connected_at or seen_at
        earliest, latest = seen_at - MINUTE * (minutes + 1), seen_at - MINUTE * minutes
        # Before the first line nothing is known, so there it must be surely after the connection;
        # later it may be. Whether the monitor rounds its minutes up is not told: one more is let.
        new = earliest >= since if self._looked_at is None else latest + MINUTE >= since
        self._known, self._known_at, self._looked_at = shown, now, now
        if not new:
            text = f"the monitor shows an old cuff reading ({minutes} min): it is not taken"
            raw = {"minutes": str(minutes)}
            return [DeviceEvent(self._source, "nibp_stale", text, now, raw)]
        if shown.empty:
            text = "the cuff reading gave no pressures"
            return [DeviceEvent(self._source, "nibp_failed", text, now)]
        # the middle of when it can have been: half a minute wrong at most, a second while polled
        lowest = max(earliest, since)
        at = lowest + (latest - lowest) / 2 if lowest < latest else lowest
        return [Reading(self._source, dict(shown.values), at, now)]


def follows(before: ShownResult, minutes: int, shown: ShownResult) -> bool:
    """Whether two lines in a row show one result, whose age may have counted on."""
    return shown.values == before.values and before.minutes in (minutes, minutes - 1)
