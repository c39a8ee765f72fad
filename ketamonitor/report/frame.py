"""The times of one printed record: its zone, its zero, its span, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Self

from ketamonitor import words
from ketamonitor.record import Record
from ketamonitor.treatment.gates import gate_of

#: Entries dated further than this before the start stand in the tables but not on the chart.
BEFORE_START = timedelta(hours=2)
#: A chart ends at the latest this long after the last entry was written.
AFTER_LAST = timedelta(hours=3)
#: The chart of a session without any data has this length.
SHORTEST = timedelta(minutes=30)

#: Minutes between labels, bold lines and fine lines: the first that leaves room is taken.
_STEPS = (
    (15, 15, 5),
    (30, 15, 5),
    (60, 30, 10),
    (120, 60, 20),
    (240, 120, 60),
    (720, 240, 120),
    (1440, 720, 240),
)
_MOST_LABELS = 17


@dataclass(frozen=True, slots=True)
class Frame:
    """``start`` to ``end`` is the chart; ``zero`` is the first dose, else the session's start.

    ``gate`` is the earliest end that counts, by all doses as they stand at the end of the record.
    """

    zone: tzinfo
    start: datetime
    end: datetime
    zero: datetime
    dosed: bool
    gate: datetime | None

    @classmethod
    def of(cls, record: Record) -> Self:
        """The frame of a record: whole five minutes from its first to its last data or gate."""
        started = record.info.started_at
        zone = started.tzinfo
        assert zone is not None  # entries refuse times without an offset
        first_dose = record.first_dose_at
        counts = gate_of(record, record.ended_at or record.last_at or started)
        gate = counts.at if counts is not None else None
        earliest, latest = started - BEFORE_START, (record.last_at or started) + AFTER_LAST
        drawn = [at for at in _moments(record) if earliest <= at <= latest]
        last = max([started + SHORTEST, *drawn, *([gate] if gate else [])])
        start, end = min([started, *drawn]), last + timedelta(minutes=2)
        return cls(
            zone,
            _whole(start.astimezone(zone), down=True),
            _whole(end.astimezone(zone), down=False),
            first_dose or started,
            first_dose is not None,
            gate,
        )

    @property
    def length(self) -> float:
        """The chart's width in minutes."""
        return self.x(self.end)

    def x(self, at: datetime) -> float:
        """Minutes from the chart's left edge, to the tenth of a second."""
        return round((at - self.start).total_seconds() / 60, 3)

    def holds(self, at: datetime) -> bool:
        return self.start <= at <= self.end

    def clock(self, at: datetime, *, seconds: bool = False) -> str:
        """Time of day at the chair; another day's date stands before it."""
        here = at.astimezone(self.zone)
        day = here.date() != self.zero.astimezone(self.zone).date()
        text = words.clock(here, seconds=seconds)
        return f"{here.day:02d}.{here.month:02d}. {text}" if day else text

    def minutes(self, at: datetime) -> str:
        """Minutes from the zero with their sign."""
        return words.minutes(at - self.zero)

    @property
    def steps(self) -> tuple[int, int, int]:
        """Minutes between labels, between bold and between fine grid lines of the clock."""
        for steps in _STEPS:
            if self.length / steps[0] <= _MOST_LABELS:
                return steps
        days = int(self.length / 1440 / _MOST_LABELS) + 1
        return 1440 * days, 1440 * days, 720 * days

    def lines(self, step: int) -> Iterator[datetime]:
        """The clock's whole multiples of ``step`` minutes within the chart."""
        at = self.start.replace(hour=0, minute=0)
        while at < self.start:
            at += timedelta(minutes=step)
        while at <= self.end:
            yield at
            at += timedelta(minutes=step)


def _whole(at: datetime, *, down: bool) -> datetime:
    """The whole five minutes of the clock before or after."""
    floor = at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0)
    return floor if down or floor == at else floor + timedelta(minutes=5)


def _moments(record: Record) -> Iterator[datetime]:
    """When anything drawn on the chart happened."""
    yield from (cuff.at for cuff in record.cuff)
    yield from (dose.at for dose in record.doses)
    yield from (answer.at for answer in record.answers)
    yield from (event.at for event in record.events)
    yield from (alarm.raised_at for alarm in record.alarms)
    for series in record.series.values():
        yield from (series.times[:1] + series.times[-1:])
    for infusion in record.infusions:
        yield infusion.started_at
        if infusion.stopped_at:
            yield infusion.stopped_at
    if record.ended_at:
        yield record.ended_at
