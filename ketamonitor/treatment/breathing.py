"""Whether breathing was depressed, worked out from counted breaths, breathing rate and SpO2.

Nothing of it is stored: it stands beside the empty answer, and a person confirms or types another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ketamonitor import words
from ketamonitor.course import GAP_AFTER, AnswerPoint, Series
from ketamonitor.treatment.episodes import span, usable_answers

if TYPE_CHECKING:
    from ketamonitor.alarm_plan import AlarmLimit
    from ketamonitor.record import Record

#: What is looked at: breaths as a nurse counts them, SpO2 as it is read and typed, and the
#: monitor's continuous values.
COUNTED, TYPED, WATCHED = "breaths", ("breaths", "spo2_read"), ("rr", "spo2")

NAMES = {
    "breaths": "counted breaths",
    "spo2_read": "SpO₂ as read",
    "rr": "breathing rate",
    "spo2": "SpO₂",
}


@dataclass(frozen=True, slots=True)
class Course:
    """One metric since the first dose against its limit. ``values`` of them, over ``minutes``;
    ``lowest`` of all, ``worst`` of those that count as low (``None``: none did)."""

    metric: str
    limit: AlarmLimit
    values: int
    minutes: float
    lowest: float
    worst: float | None
    onset_at: datetime | None
    resolved_at: datetime | None

    @property
    def never(self) -> str:
        """In words, that it was not low."""
        name, bound = NAMES[self.metric], words.exact(self.limit.value)
        if self.metric in TYPED:
            of = "breaths count" if self.metric == COUNTED else "SpO₂ reading"
            return f"{self.values} {of}{'' if self.values == 1 else 's'}"
        side = "below" if self.limit.op == "<" else "at or below"
        if self.limit.beyond(self.lowest, self.limit.value):
            return f"{name} {side} {bound} only for moments, lowest {words.exact(self.lowest)}"
        return f"{name} never {side} {bound} in {self.minutes:.0f} min"


@dataclass(frozen=True, slots=True)
class Breathing:
    """What the record says. ``courses`` are of those metrics that have a value since the first
    dose; ``limited``: the protocol has a lower limit for some of them."""

    courses: tuple[Course, ...]
    limited: bool = True

    @property
    def known(self) -> bool:
        return bool(self.courses)

    @property
    def low(self) -> list[Course]:
        return [course for course in self.courses if course.onset_at is not None]

    @property
    def onset_at(self) -> datetime | None:
        return min((c.onset_at for c in self.low if c.onset_at is not None), default=None)

    @property
    def resolved_at(self) -> datetime | None:
        """When the last of them was over; each that was low must be."""
        ends = [c.resolved_at for c in self.low if c.resolved_at is not None]
        return max(ends) if ends and len(ends) == len(self.low) else None

    @property
    def worst_words(self) -> str:
        """``counted breaths 8, SpO₂ 86``: of each that was low."""
        worst = [(NAMES[c.metric], c.worst) for c in self.low if c.worst is not None]
        return ", ".join(f"{name} {words.exact(value)}" for name, value in worst)

    @property
    def text(self) -> str:
        if not self.limited:
            return "The protocol has no lower limit of breaths or SpO₂: nothing can be worked out"
        if not self.courses:
            return (
                "No breaths and no SpO₂ were recorded after the first dose: nothing can be"
                " worked out"
            )
        if self.onset_at is None:
            counted = self.courses[0].metric in TYPED
            return f"None{' by' if counted else ':'} {', '.join(c.never for c in self.courses)}"
        over = f"over {words.clock(self.resolved_at)}" if self.resolved_at else "not over"
        return f"From {words.clock(self.onset_at)}, worst {self.worst_words}, {over}"


def breathing_of(record: Record) -> Breathing:
    """What a session's record says, by the limits of its own protocol."""
    limits = record.info.protocol.limit
    return breathing(record.answers, record.series, limits, record.first_dose_at)


def breathing(
    answers: Iterable[AnswerPoint],
    series: Mapping[str, Series],
    limits: Iterable[AlarmLimit],
    first_dose_at: datetime | None,
) -> Breathing:
    """The episode since the first dose, of all metrics together.

    Counted breaths are low by each answer beyond the mildest lower limit, continuous values for as
    long as that limit's own persistence asks: one beat of a probe is no episode. The protocol's
    values count and not those of the session: a limit that was moved or an alert that was off or
    paused says nothing of the patient. It begins with the first that is low, and is over where
    each of them has been well for as long as :data:`~ketamonitor.treatment.episodes.SETTLED`.
    """
    mildest = mildest_lower(limits)
    if first_dose_at is None or not mildest:
        return Breathing((), limited=bool(mildest))
    found = []
    answers = tuple(answers)
    for key in TYPED:
        if key not in mildest:
            continue
        limit = mildest[key]
        seen = usable_answers(answers, key, first_dose_at)
        marked = [
            (a.at, float(a.value), _beyond(limit, a.value)) for a in seen if a.value is not None
        ]
        found.append(_course(key, limit, marked, 0.0))
    for metric in WATCHED:
        if metric in mildest and metric in series:
            marked, minutes = _marked(series[metric], mildest[metric], first_dose_at)
            found.append(_course(metric, mildest[metric], marked, minutes))
    return Breathing(tuple(course for course in found if course is not None))


def mildest_lower(limits: Iterable[AlarmLimit]) -> dict[str, AlarmLimit]:
    """Of each metric of breathing the lower limit that is passed first, by metric."""
    found: dict[str, AlarmLimit] = {}
    for limit in limits:
        lower = not limit.upper and limit.relative is None and not limit.before_dose
        if limit.metric not in NAMES or not lower:
            continue
        known = found.get(limit.metric)
        if known is None or limit.value > known.value:
            found[limit.metric] = limit
    return found


def _beyond(limit: AlarmLimit, value: float) -> bool:
    return limit.beyond(value, limit.value)


_Marked = list[tuple[datetime, float, bool]]


def _course(metric: str, limit: AlarmLimit, marked: _Marked, minutes: float) -> Course | None:
    if not marked:
        return None
    onset, resolved = span([(at, low) for at, _, low in marked])
    return Course(
        metric,
        limit,
        len(marked),
        minutes,
        min(value for _, value, _ in marked),
        min((value for _, value, low in marked if low), default=None),
        onset,
        resolved,
    )


def _marked(series: Series, limit: AlarmLimit, since: datetime) -> tuple[_Marked, float]:
    """Each value from ``since`` on with whether it belongs to a low stretch, and the minutes that
    all of them stood.

    A stretch begins with values beyond the limit that last for as long as it asks, and ends where
    they are its ``clear_by`` inside for as long, as its alert does. A value stands until the next
    word of the monitor, were it only dashes, and :data:`~ketamonitor.course.GAP_AFTER` at most.
    """
    points = sorted(
        ((at, v) for at, v in zip(series.times, series.values, strict=True) if at >= since),
        key=lambda point: point[0],
    )
    marked: _Marked = []
    low, held_s, stood_s, run = False, 0.0, 0.0, 0
    for place, (at, value) in enumerate(points):
        if value is None:
            continue
        later = points[place + 1][0] if place + 1 < len(points) else at
        stands_s = min(later - at, GAP_AFTER).total_seconds()
        stood_s += stands_s
        marked.append((at, value, low))
        turns = limit.inside(value, limit.value) if low else _beyond(limit, value)
        run, held_s = (run + 1, held_s + stands_s) if turns else (0, 0.0)
        enough = run >= limit.for_readings if limit.for_readings > 1 else held_s >= limit.for_s
        if turns and enough:
            low = not low
            marked[-run:] = [(then, known, low) for then, known, _ in marked[-run:]]
            run, held_s = 0, 0.0
    return marked, stood_s / 60
