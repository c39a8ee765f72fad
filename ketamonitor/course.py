"""The parts a record is made of: readings, doses, answers, alarm episodes, gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: An entry made more than this after the event is marked late (DESIGN-NOTES: seen and entered).
LATE_AFTER = timedelta(minutes=2)

#: Two continuous values further apart than this have a gap between them, drawn as one.
GAP_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class CuffPoint:
    """One cuff reading. ``doubtful`` names what is implausible: such a point is no reading."""

    seq: int
    at: datetime
    sys: float | None
    dia: float | None
    mean: float | None
    source: str
    author: str
    late: bool
    doubtful: tuple[str, ...] = ()
    struck: bool = False
    pulse: float | None = None
    recorded_at: datetime | None = None

    @property
    def plotted(self) -> bool:
        """Whether it may stand on the chart as a reading."""
        doubtful = {"nibp_sys", "nibp_dia"} & set(self.doubtful)
        return self.sys is not None and self.dia is not None and not doubtful and not self.struck


@dataclass(slots=True)
class Series:
    """The course of one continuous metric: times with values; ``None`` where there was none."""

    times: list[datetime] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)

    def add(self, at: datetime, value: float | None) -> None:
        self.times.append(at)
        self.values.append(value)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without a value of a metric that had one before."""

    metric: str
    start: datetime
    end: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class DosePoint:
    seq: int
    at: datetime
    recorded_at: datetime
    author: str
    drug: str
    route: str
    mg: float
    mg_per_kg: float | None
    device_no: int | None
    lot: str | None
    note: str
    late: bool
    struck: bool = False


@dataclass(frozen=True, slots=True)
class InfusionSegment:
    """A stretch of an infusion at one rate; ``end`` is ``None`` while it runs."""

    start: datetime
    end: datetime | None
    mg_per_min: float
    state: str  # "running" or "paused"
    reason: str = ""
    author: str = ""

    def mg(self, now: datetime) -> float:
        if self.state != "running":
            return 0.0
        until = min(self.end or now, now)
        return max(0.0, (until - self.start).total_seconds()) / 60 * self.mg_per_min


@dataclass(slots=True)
class Infusion:
    """One infusion with its stretches."""

    drug: str
    route: str
    planned_mg: float
    minutes: float
    started_at: datetime
    author: str
    segments: list[InfusionSegment]
    stopped_at: datetime | None = None
    stop_reason: str = ""
    stopped_by: str = ""
    #: When the stop was entered, which may be later than it was made.
    stop_recorded_at: datetime | None = None

    @property
    def mg_per_min(self) -> float:
        return self.planned_mg / self.minutes

    @property
    def state(self) -> str:
        if self.stopped_at is not None:
            return "stopped"
        return self.segments[-1].state

    def given_mg(self, now: datetime) -> float:
        """What the pump has given by ``now`` if it ran as recorded, at most what was planned."""
        return min(self.planned_mg, sum(segment.mg(now) for segment in self.segments))

    def ends_at(self, now: datetime) -> datetime | None:
        """When the planned amount will have run in, if it runs on as it does at ``now``."""
        if self.state != "running":
            return None
        segment = self.segments[-1]
        before = sum(s.mg(now) for s in self.segments[:-1])
        return segment.start + timedelta(minutes=(self.planned_mg - before) / self.mg_per_min)


@dataclass(frozen=True, slots=True)
class AnswerPoint:
    seq: int
    at: datetime
    recorded_at: datetime
    author: str
    instrument: str
    status: str
    value: int | None
    late: bool
    struck: bool = False


@dataclass(frozen=True, slots=True)
class EventPoint:
    """A happening with a number, the same on chart, timeline and report."""

    number: int
    seq: int
    at: datetime
    text: str
