"""The parts a record is made of: readings, doses, answers, alarm episodes, gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from ketamonitor.treatment.infusion import (
    Act,
    Stretch,
    ends_at,
    exact,
    given,
    in_order,
    rate_of,
    volume_ml,
)

#: An entry made more than this after the event is marked late (DESIGN-NOTES: seen and entered).
LATE_AFTER = timedelta(minutes=2)

#: Two continuous values further apart than this have a gap between them, drawn as one.
GAP_AFTER = timedelta(seconds=30)

#: The same value is kept again after so long, well within a gap.
THINNED_TO = timedelta(seconds=10)


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

    def thinned(self, at: datetime, value: float | None) -> None:
        """Add a value unless it is the last one again, so soon that it says nothing new."""
        again = bool(self.times) and value == self.values[-1]
        if not again or not timedelta(0) <= at - self.times[-1] < THINNED_TO:
            self.add(at, value)


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
    why: str = ""
    hold_s: float | None = None
    after_hold: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class InfusionSegment:
    """A stretch of an infusion at one rate; ``end`` is ``None`` while it runs. ``action`` is the
    act that began it: ``start``, ``rate``, ``pause`` or ``resume``."""

    start: datetime
    end: datetime | None
    mg_per_min: float
    state: str  # "running" or "paused"
    reason: str = ""
    author: str = ""
    action: str = ""
    recorded_at: datetime | None = None

    def mg(self, now: datetime) -> float:
        if self.state != "running":
            return 0.0
        until = min(self.end or now, now)
        return max(0.0, (until - self.start).total_seconds()) / 60 * self.mg_per_min


@dataclass(slots=True)
class Infusion:
    """One infusion: the acts on the pump as they were recorded, and the stretches they lead to.

    The stretches follow the acts' own times, so that one entered late counts from when it was.
    """

    drug: str
    route: str
    planned_mg: float
    minutes: float
    started_at: datetime
    author: str
    acts: list[Act]
    strength_mg_ml: str | None = None
    why: str = ""
    segments: list[InfusionSegment] = field(default_factory=list)
    stopped_at: datetime | None = None
    stop_reason: str = ""
    stopped_by: str = ""
    #: When the stop was entered, which may be later than it was made.
    stop_recorded_at: datetime | None = None
    #: What the pump showed as given at its stop, as typed: beside the sum, never in its place.
    pump_mg: str | None = None
    #: Acts that were struck out: they count nowhere and are told all the same.
    struck_acts: list[Act] = field(default_factory=list)
    _stretches: list[Stretch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._settle()

    @property
    def planned(self) -> Fraction:
        return exact(self.planned_mg)

    @property
    def mg_per_min(self) -> float:
        """The rate that holds now, or held last; of a paused one that it would go on with."""
        return float(rate_of(self.acts))

    @property
    def rate_ml_h(self) -> str | None:
        """The pump's rate as it was typed last; ``None`` where the last change named none."""
        rates = [act for act in self.acts if act.action in ("start", "rate")]
        return max(rates, key=lambda act: (act.at, act.seq)).rate_ml_h

    @property
    def state(self) -> str:
        if self.stopped_at is not None:
            return "stopped"
        return self.segments[-1].state

    def given(self, now: datetime) -> Fraction:
        """Exactly what ran in by ``now`` if the pump ran as recorded, at most what was planned."""
        return given(self._stretches, self.planned, now)

    def given_mg(self, now: datetime) -> float:
        """The same as a number for the screen, mg."""
        return float(self.given(now))

    def given_ml(self, now: datetime) -> float | None:
        """What ran in, mL; ``None`` where no strength is recorded."""
        if self.strength_mg_ml is None:
            return None
        return float(volume_ml(self.given(now), exact(self.strength_mg_ml)))

    def ends_at(self, now: datetime) -> datetime | None:
        """When the planned amount will have run in, if it runs on as it does at ``now``."""
        return ends_at(self._stretches, self.planned) if self.state == "running" else None

    def _settle(self) -> None:
        self._stretches, stop = in_order(self.acts)
        self.segments = [
            InfusionSegment(
                stretch.start,
                stretch.end,
                float(stretch.rate),
                "paused" if stretch.paused else "running",
                stretch.act.reason,
                stretch.act.author,
                stretch.act.action,
                stretch.act.recorded_at,
            )
            for stretch in self._stretches
        ]
        self.stopped_at = None if stop is None else max(stop.at, self.started_at)
        self.stop_reason = "" if stop is None else stop.reason
        self.stopped_by = "" if stop is None else stop.author
        self.stop_recorded_at = None if stop is None else stop.recorded_at
        self.pump_mg = None if stop is None else stop.pump_mg


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
    """A happening with a number, the same on chart, timeline and report. A struck one keeps it."""

    number: int
    seq: int
    at: datetime
    text: str
    struck: bool = False
