"""Tells a new cuff result of an IntelliVue monitor from the one that its answers repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.drivers.cuffs import GRACE, CuffResult, SteppedCuff
from devices.drivers.intellivue_messages import TICKS, Polled
from devices.drivers.intellivue_parts import Answer
from devices.metrics import Metric
from devices.reading import DEMO, DeviceEvent
from devices.spec import Output

#: After the mark "measurement ongoing" has gone the result may be some answers late.
RESULT_WITHIN = timedelta(seconds=5)
#: No adult determination takes longer, so a new result is not older than the last look less this.
LONGEST = timedelta(seconds=180)
#: The relative time is 32 bits of 1/8 ms and begins anew after 6 days.
TURN = 1 << 32


@dataclass(frozen=True, slots=True)
class CuffShown:
    """The cuff's part of an answer: ``stamp`` and ``relative`` say when it was measured."""

    values: Mapping[Metric, float | None]
    ongoing: bool
    demo: bool
    stamp: bytes | None = None
    relative: int | None = None

    @property
    def empty(self) -> bool:
        return all(value is None for value in self.values.values())

    @property
    def key(self) -> object:
        """What tells this result from another: its time, or where there is none its values."""
        when = self.stamp or self.relative
        return when if when is not None else tuple(self.values.values())


def clock_time(stamp: bytes) -> datetime | None:
    """The monitor's local time from eight BCD bytes; ``None`` if it has none (all FF) or is odd."""
    digits = stamp.hex()
    if len(digits) != 16 or not digits.isdecimal():
        return None
    year, *rest = int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, 16, 2))
    month, day, hour, minute, second, hundredths = rest
    try:
        return datetime(year, month, day, hour, minute, second, hundredths * 10_000)  # noqa: DTZ001  # no zone is sent
    except ValueError:
        return None


def device_time(stamp: bytes | None) -> str | None:
    """As :func:`clock_time`, as text to the second."""
    time = clock_time(stamp) if stamp is not None else None
    return None if time is None else time.replace(microsecond=0).isoformat()


class CuffWatch:
    """Emits each determination once.

    While the monitor marks its measurement as ongoing, its values are those of the time before.
    After that a result is new if its time stamp is (without one: if its values are), and the
    determination failed if none comes within 5 s. The first result ever seen is a reading only if
    it was measured since the connection, or the measuring was seen.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._steps = SteppedCuff(source)
        self._known: object = None
        self._since: datetime | None = None
        self._seen_at: datetime | None = None
        self._over_at: datetime | None = None

    def connected(self, now: datetime) -> None:
        self._since = self._since or now
        self._steps.connected()
        self._over_at = None

    def absorb(self, shown: CuffShown | None, answer: Answer, now: datetime) -> list[Output]:
        """What an answer says of the cuff; the answer has the monitor's own two times of it."""
        seen_at, self._seen_at = self._seen_at, now
        if shown is not None and shown.ongoing:
            self._over_at = None
            if self._known is None and not shown.empty:
                self._known = shown.key
            return self._steps.works(now)
        if shown is not None and not shown.empty and shown.key != self._known:
            return self._new(shown, answer, seen_at, now)
        if not self._steps.measuring:
            return []
        self._over_at = self._over_at or now
        blank = shown is not None and shown.empty
        if blank or now - self._over_at >= RESULT_WITHIN:
            return self._steps.failed("the cuff reading gave no result", now)
        return []

    def _new(
        self, shown: CuffShown, answer: Answer, seen_at: datetime | None, now: datetime
    ) -> list[Output]:
        first, self._known = self._known is None, shown.key
        age = self._age(shown, answer.head)
        if first and age is None and not self._steps.measuring:
            return [self._stale("without telling when it was measured", now)]
        measured_at = answer.begun - max(age or timedelta(), timedelta())
        if first and self._since is not None and measured_at < self._since - GRACE:
            return [self._stale("from before the connection", now)]
        if seen_at is not None and measured_at < seen_at - LONGEST:
            measured_at = answer.begun  # its clock was set in between
        flags = (DEMO,) if shown.demo else ()
        result = CuffResult(shown.values, measured_at, device_time(shown.stamp), flags)
        return self._steps.done(result, now)

    @staticmethod
    def _age(shown: CuffShown, head: Polled) -> timedelta | None:
        """How old the result was when the monitor answered, by the monitor's own clocks."""
        measured = clock_time(shown.stamp) if shown.stamp is not None else None
        there = clock_time(head.absolute)
        if measured is not None and there is not None:
            return there - measured
        if shown.relative is not None:
            return timedelta(seconds=(head.relative - shown.relative) % TURN / TICKS)
        return None

    def _stale(self, why: str, now: datetime) -> DeviceEvent:
        text = f"the monitor shows a cuff reading {why}"
        return DeviceEvent(self._source, "nibp_stale", text, now)
