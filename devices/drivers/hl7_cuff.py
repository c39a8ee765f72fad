"""Tells a new cuff result of an HL7 sender from the one that is sent again and again."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from devices.drivers.cuffs import CuffResult, StampedCuff
from devices.metrics import Metric
from devices.reading import DeviceEvent
from devices.spec import Output

#: A cuff time within so many seconds of the message's own may be no time of a measurement.
FRESH_S = 1.0
#: A pressure that stood in one message and in none of so many after it belonged to that one.
GONE_AFTER = 2


class _Held(NamedTuple):
    """A first result whose time may be the message's own."""

    stamp: str
    result: CuffResult


class CuffWatch:
    """A result with the time of its measurement, with the message's own time, or with none.

    A time that moves on with every message is no time of a measurement, and some senders give none:
    then a result is new when it is another one than before, and the very first is not taken. A
    first result with the message's own time waits until the next message shows whether that time
    stands still (then it is a reading of its moment) or moves.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._stamped = StampedCuff(source)
        self._seen = False  # something was said about the cuff, be it that there is nothing
        self._invalid = False
        self._values: dict[Metric, float | None] | None = None
        self._stamp = ""
        self._held: _Held | None = None
        self._stands: bool | None = None  # whether the sender's cuff times are of measurements
        self._absent = 0

    def connected(self, now: datetime) -> None:
        self._stamped.connected(now)
        self._held = None

    def absent(self, now: datetime) -> list[Output]:
        """A message without any cuff result."""
        self._absent += 1
        return self._release(now) if self._absent == GONE_AFTER else []

    def absorb(
        self,
        result: CuffResult,
        time: str,
        age: float | None,
        invalid: bool,
        now: datetime,
        *,
        own: bool,
    ) -> list[Output]:
        """``age`` in seconds; ``None`` where the result has no time that can be told.

        ``own``: its time may be the message's own.
        """
        seen, self._seen = self._seen, True
        was_invalid, self._invalid = self._invalid, invalid
        between, self._absent = self._absent, 0
        before, values = self._values, dict(result.values)
        stamp, self._stamp = self._stamp, time
        if result.empty and age is None:
            # never measured, or no longer shown; "invalid" where it was not is a failure
            self._values = values if before is None else before
            if invalid and seen and not was_invalid:
                text = "the cuff reading gave no pressures"
                return [DeviceEvent(self._source, "nibp_failed", text, now)]
            return []
        self._values = values
        if age is not None and (not own or time == stamp):
            # it stands still, or is older than its message: a time of a measurement
            return [*self._release(now), *self._stamped.absorb(time, result, now)]
        if age is not None and self._stands is not False:
            if self._stands is None and self._held is None:
                self._held = _Held(time, result)
                return []
            if self._stands and (before != values or between):
                return self._stamped.absorb(time, result, now)
            self._stands = False
        return self._as_changed(result, before, seen, now)

    def _as_changed(
        self,
        result: CuffResult,
        before: dict[Metric, float | None] | None,
        seen: bool,
        now: datetime,
    ) -> list[Output]:
        """A result without a time of its own: new where it is another one than before."""
        held, self._held = self._held, None
        outputs: list[Output] = []
        if not seen or held is not None:
            text = "the monitor shows a cuff reading without its time: only the next one is taken"
            outputs.append(DeviceEvent(self._source, "nibp_stale", text, now))
        if seen and before != dict(result.values):
            self._stamped.same_as_before(self._stamp)
            outputs.append(result.reading(self._source, now))
        return outputs

    def _release(self, now: datetime) -> list[Output]:
        """The times of this sender are those of measurements: the result that waited is one."""
        held, self._held = self._held, None
        self._stands = True
        return [] if held is None else self._stamped.absorb(held.stamp, held.result, now)
