"""Tells a new DINAMAP cuff result from the one that the monitor goes on repeating."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.metrics import Metric
from devices.reading import DeviceEvent, Reading
from devices.spec import Output

BUSY, DONE = 0, 1
FAILURES = {
    3: "the cuff reading failed",
    4: "the cuff did not reach its pressure in time: cuff loose or leaking",
    5: "the cuff reading failed (code 5)",
    6: "the cuff reading took too long",
    7: "the cuff reading stayed too long at one pressure: movement or weak pulse",
    8: "over-pressure or too much air in the cuff",
}

#: A result counts as another one if it is at least this much later than the last one known. Ages
#: have a resolution of 1 s, and two determinations cannot be this close.
APART = timedelta(seconds=5)
#: The monitor counts the age of a result in whole seconds.
AGE_STEP = timedelta(seconds=1)
#: A result this much older than the connection may still have been measured after it (age: 1 s).
GRACE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class CuffReply:
    """One answer to NA. ``age`` in seconds, ``None`` if the monitor has no recent result."""

    status: int
    age: int | None
    values: Mapping[Metric, float | None]


class CuffTracker:
    """Emits each determination once, whether it was started here, at the monitor or by its timer.

    A result is new if its age is less than the age seen before on this connection, or if it was
    measured clearly later than the last one known. The first result on the first connection is new
    only if it was measured since; an older one is announced as ``nibp_stale``. After a break a
    result measured while the cable was out is new.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._status: int | None = None
        self._connected_at: datetime | None = None
        self._age: int | None = None  # last age seen on this connection
        self._asked_at: datetime | None = None  # when the last answered NA was sent
        self._compared = False  # a result was seen on this connection
        self._latest: datetime | None = None  # the known result was measured no later than this

    def connected(self, now: datetime) -> None:
        self._connected_at = now
        self._age = None
        self._compared = False

    def absorb(self, reply: CuffReply, asked_at: datetime, now: datetime) -> list[Output]:
        """What the reply to an NA sent at ``asked_at`` says; at most one of it is a reading."""
        before, self._status = self._status, reply.status
        outputs: list[Output] = []
        if reply.status == BUSY:
            if before != BUSY:
                outputs.append(self._event("nibp_measuring", "the cuff is measuring", now))
        elif reply.status == DONE and reply.age is not None:
            outputs += self._result(reply, reply.age, asked_at, now, before == BUSY)
        elif reply.status in FAILURES:
            # before the first reply nothing is known: that failure is not of this session
            if before not in (None, reply.status):
                outputs.append(self._event("nibp_failed", FAILURES[reply.status], now))
        elif before == BUSY:
            outputs.append(self._event("nibp_failed", "the cuff reading gave no result", now))
        if reply.age is not None:
            self._age = reply.age
        self._asked_at = asked_at
        return outputs

    def _result(
        self, reply: CuffReply, age: int, asked_at: datetime, now: datetime, was_busy: bool
    ) -> list[Output]:
        # It was measured between these two; a slow answer widens the span and never makes an old
        # result look like a later one.
        earliest, latest = asked_at - timedelta(seconds=age), now - timedelta(seconds=age)
        new, first_ever = self._is_new(age, earliest), self._latest is None
        self._compared = True
        if not new:
            if first_ever:
                self._latest = latest
                text = f"the monitor shows a cuff reading {age} s old, from before the connection"
                return [self._event("nibp_stale", text, now, age)]
            if was_busy:
                return [self._event("nibp_failed", "the cuff reading gave no result", now)]
            return []
        self._latest = latest
        if all(value is None for value in reply.values.values()):
            return [self._event("nibp_failed", "the cuff reading gave no pressures", now)]
        # after a break it may have been measured while the cable was out, before the connection
        since = self._connected_at if first_ever else None
        at = self._when(earliest, latest, since)
        reading = Reading(self._source, dict(reply.values), at, now)
        if was_busy:
            return [self._event("nibp_done", "the cuff reading is done", now), reading]
        return [reading]

    def _when(self, earliest: datetime, latest: datetime, since: datetime | None) -> datetime:
        """When it was measured: the middle of what is possible, so half a second wrong at most
        where the monitor answers at once.

        The age counts whole seconds, so the truth lies up to a second before ``earliest``, and
        not after ``latest``; not before the last poll that still showed the result before, nor
        before ``since``.
        """
        bounds = (earliest - AGE_STEP, self._asked_at, since)
        lowest = max(bound for bound in bounds if bound is not None)
        return lowest + (latest - lowest) / 2 if lowest < latest else lowest

    def _is_new(self, age: int, earliest: datetime) -> bool:
        if self._age is not None and age < self._age:
            return True
        if self._latest is not None:
            return earliest > self._latest + APART
        return (
            not self._compared
            and self._connected_at is not None
            and earliest >= self._connected_at - GRACE
        )

    def _event(self, kind: str, text: str, now: datetime, age: int | None = None) -> DeviceEvent:
        raw = {} if age is None else {"age_s": str(age)}
        return DeviceEvent(self._source, kind, text, now, raw)
