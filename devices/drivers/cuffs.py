"""The two ways in which most monitors tell of a cuff result: by its time stamp, or step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.metrics import Metric
from devices.reading import DeviceEvent, Reading
from devices.spec import Output

#: A first result this much older than the connection may still have been measured after it.
GRACE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class CuffResult:
    """A result as a monitor shows it. ``measured_at`` in our time, ``device_time`` in its own."""

    values: Mapping[Metric, float | None]
    measured_at: datetime
    device_time: str | None = None
    flags: tuple[str, ...] = ()
    unmapped: Mapping[str, str] | None = None

    @property
    def empty(self) -> bool:
        return all(value is None for value in self.values.values())

    def reading(self, source: str, now: datetime) -> Reading:
        return Reading(
            source,
            dict(self.values),
            self.measured_at,
            now,
            self.flags,
            self.device_time,
            dict(self.unmapped or {}),
        )


class StampedCuff:
    """For monitors that repeat their last result with its time: emits each result once.

    The first result ever seen is a reading only if it was measured since the port was opened; an
    older one is announced as ``nibp_stale``. After a break a result with another time is new,
    though it was measured while the cable was out.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._known: str | None = None
        self._connected_at: datetime | None = None

    def connected(self, now: datetime) -> None:
        self._connected_at = self._connected_at or now

    def same_as_before(self, stamp: str) -> None:
        """Takes note that the known result now comes with another ``stamp``."""
        self._known = stamp

    def absorb(self, stamp: str, result: CuffResult, now: datetime) -> list[Output]:
        """What a repeated result says; ``stamp`` is what tells it from the one before."""
        first, same = self._known is None, stamp == self._known
        self._known = stamp
        if same:
            return []
        since = self._connected_at
        if first and since is not None and result.measured_at < since - GRACE:
            text = "the monitor shows a cuff reading from before the connection"
            return [DeviceEvent(self._source, "nibp_stale", text, now)]
        if result.empty:
            text = "the cuff reading gave no pressures"
            return [DeviceEvent(self._source, "nibp_failed", text, now)]
        return [result.reading(self._source, now)]


class SteppedCuff:
    """For monitors that say when the cuff works and how it ended: each step is told once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.measuring = False

    def connected(self) -> None:
        """What the cuff did before is not known."""
        self.measuring = False

    def works(self, now: datetime) -> list[Output]:
        """The monitor says that the cuff is at work."""
        if self.measuring:
            return []
        self.measuring = True
        return [DeviceEvent(self._source, "nibp_measuring", "the cuff is measuring", now)]

    def done(self, result: CuffResult, now: datetime) -> list[Output]:
        """A result that is known to be new."""
        was_measuring, self.measuring = self.measuring, False
        if result.empty:
            return self.failed("the cuff reading gave no pressures", now)
        reading = result.reading(self._source, now)
        if not was_measuring:
            return [reading]
        return [DeviceEvent(self._source, "nibp_done", "the cuff reading is done", now), reading]

    def failed(self, why: str, now: datetime) -> list[Output]:
        """The determination ended without a result."""
        self.measuring = False
        return [DeviceEvent(self._source, "nibp_failed", why, now)]
