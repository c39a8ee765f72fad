"""All that alarm conditions may depend on, at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.view import ActiveAlarm, Baseline, DueItem, Interruption, LinkView


@dataclass(frozen=True, slots=True)
class Known:
    """The last word of any monitor or nurse on one metric.

    ``value`` is the last plausible one and ``at`` when it was measured; ``doubtful`` the value that
    came later and is implausible; ``missing`` says that the last reading had none, and
    ``missing_at`` since when it has been so. ``every_s`` are the seconds between two words of the
    source on it, as observed; ``None`` while too few have come.
    """

    value: float | None = None
    at: datetime | None = None
    source: str = ""
    doubtful: float | None = None
    doubtful_at: datetime | None = None
    missing: bool = False
    missing_at: datetime | None = None
    every_s: float | None = None

    def interval_s(self, intervals: Mapping[str, float]) -> float:
        """What its values age by: the observed interval, or the driver's where that is shorter."""
        usual = intervals.get(self.source, 1.0)
        return usual if self.every_s is None else min(usual, self.every_s)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value as a limit sees it; ``usable`` is false for what is missing or implausible."""

    at: datetime
    value: float | None
    usable: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong with the program or the computer, in words."""

    text: str
    detail: str
    at: datetime
    priority: str = "medium"
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """One session at ``now``. ``limits`` are those of this session: changed ones have their new
    value, and one that is off is not among them. ``samples`` are in order of time.

    ``off`` names the sensors a monitor says are off (source to its words); ``faults`` are by
    condition; ``intervals`` are the seconds between a source's values.
    ``left``: the patient has gone.
    """

    now: datetime
    started_at: datetime
    protocol: TreatmentProtocol
    limits: tuple[AlarmLimit, ...]
    baseline: Baseline | None
    first_dose_at: datetime | None
    known: Mapping[str, Known]
    samples: Mapping[str, Sequence[Sample]]
    links: tuple[LinkView, ...]
    due: tuple[DueItem, ...]
    active: Mapping[str, ActiveAlarm]
    interruption: Interruption | None = None
    cuff_fault: str = ""
    last_bp_at: datetime | None = None
    faults: Mapping[str, Fault] = field(default_factory=dict)
    sensors_off: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[str, float] = field(default_factory=dict)
    left: bool = False
