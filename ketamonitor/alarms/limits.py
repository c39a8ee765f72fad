"""When a limit is passed: persistence, confirming, hysteresis, trends. Pure and total."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ketamonitor import words
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.alarms.situation import Known, Sample, Situation
from ketamonitor.view import ActiveAlarm, Baseline


@dataclass(frozen=True, slots=True)
class Run:
    """The newest consecutive values that are all beyond (or all inside) a bound.

    ``count`` of them, the last measured at ``last_at``; ``value`` is the newest. ``held_s`` are the
    seconds for which they stood: each until the next word of the monitor, were it only dashes, and
    no longer than it was current. So a monitor that sends once a minute is judged too, and silence
    is no evidence.
    """

    count: int
    held_s: float
    last_at: datetime
    value: float


def usable(value: object, *, plausible: bool = True) -> bool:
    """Whether a limit may judge it: a finite number that is plausible, and nothing else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return plausible and math.isfinite(value)


def beyond(limit: AlarmLimit, samples: Sequence[Sample], bound: float, gap_s: float) -> Run | None:
    """The run of values beyond the bound up to the newest value; ``None`` if that one is not.

    What is missing or implausible neither ends nor lengthens it: silence is no recovery. A value
    counts for at most ``gap_s``.
    """
    return _run(samples, lambda value: limit.beyond(value, bound), gap_s)


def inside(limit: AlarmLimit, samples: Sequence[Sample], bound: float, gap_s: float) -> Run | None:
    """The run of values far enough inside for the condition to end."""
    return _run(samples, lambda value: limit.inside(value, bound), gap_s)


def reference(
    limit: AlarmLimit, samples: Sequence[Sample], baseline: Baseline | None
) -> float | None:
    """What a relative limit is measured from, or ``None`` while it is not armed."""
    if limit.relative == "trend":
        return _earlier(limit, samples)
    return baseline_of(limit.metric, baseline)


def baseline_of(metric: str, baseline: Baseline | None) -> float | None:
    """The patient's own value of a metric, or ``None`` while no baseline is locked."""
    if baseline is None:
        return None
    return {"nibp_sys": baseline.sys, "nibp_dia": baseline.dia}.get(metric)


def limit_alarm(limit: AlarmLimit, situation: Situation) -> ActiveAlarm | None:
    """The alarm of this limit if its condition holds now, with the priority it asks for.

    A condition that has begun holds until values have been inside for long enough: that they stop
    coming, are dashes or implausible never ends it.
    """
    if limit.before_dose and situation.first_dose_at is not None:
        return None
    samples = situation.samples.get(limit.metric, ())
    bound = limit.bound(reference(limit, samples, situation.baseline))
    if bound is None:
        return None
    active = situation.active.get(limit.id)
    began = active is not None and active.ended_at is None
    gap_s = _stale_s(limit, situation)
    run = beyond(limit, samples, bound, gap_s)
    if began:
        if _over(limit, inside(limit, samples, bound, gap_s)):
            return None
    elif run is None or not _persists(limit, run, samples, situation):
        return None
    newest = next((s for s in reversed(samples) if s.usable and s.value is not None), None)
    if newest is None or newest.value is None:
        return None
    priority = _priority(limit, run, situation, active if began else None)
    repeat_at = None
    if limit.confirm is not None and priority != limit.priority:
        repeat_at = newest.at + timedelta(minutes=limit.confirm.repeat_min)
    known = situation.known.get(limit.metric)
    source = known.source if known else ""
    sign = {">=": "≥", "<=": "≤"}.get(limit.op, limit.op)
    text = f"{words.SHORT[limit.metric]} {words.exact(newest.value)} {sign} {words.exact(bound)}"
    if run is None:
        # Back across the bound, but not yet for long or far enough: the sign would not be true.
        name, value = words.SHORT[limit.metric], words.exact(newest.value)
        text = f"{name} {value}, not yet clear of {sign} {words.exact(bound)}"
    return ActiveAlarm(
        limit.id,
        "limit_passed",
        priority,
        "physiological",
        limit.metric,
        newest.value,
        bound,
        text,
        _detail(limit, source, newest.at, run, situation),
        situation.now,
        repeat_at=repeat_at,
        reading_at=newest.at,
    )


def _detail(
    limit: AlarmLimit, source: str, at: datetime, run: Run | None, situation: Situation
) -> str:
    parts = [f"{source} {words.clock(at)}".strip()]
    if run is not None and limit.of.episodic and run.count > 1:
        parts.append(f"reading {run.count}")
    if limit.relative == "trend":
        parts.append(f"within {limit.trend_min:g} min")
    elif limit.relative is not None:
        own = baseline_of(limit.metric, situation.baseline)
        parts.append(f"baseline {words.exact(own)}" if own is not None else "")
    return " · ".join(part for part in parts if part)


def _persists(limit: AlarmLimit, run: Run, samples: Sequence[Sample], situation: Situation) -> bool:
    """Whether the condition has held for long enough to begin.

    Seconds count on while the last value is still the present one; they do not count while the
    monitor says it has none, or has stopped: then its technical alarm speaks.
    """
    if limit.for_readings > 1:
        return run.count >= limit.for_readings
    if limit.for_s <= 0:
        return True
    if run.held_s >= limit.for_s:
        return True
    since_s = (situation.now - run.last_at).total_seconds()
    current = samples[-1].usable and since_s < _stale_s(limit, situation)
    return current and run.held_s + since_s >= limit.for_s


def _stale_s(limit: AlarmLimit, situation: Situation) -> float:
    """After so many seconds the last value is no longer the present one."""
    known = situation.known.get(limit.metric)
    interval = (known or Known()).interval_s(situation.intervals)
    return max(situation.protocol.technical.no_reading_s, 2.5 * interval)


def _over(limit: AlarmLimit, run: Run | None) -> bool:
    """Whether values have been inside for as long as it took to begin."""
    if run is None:
        return False
    if limit.for_readings > 1:
        return run.count >= limit.for_readings
    return run.held_s >= limit.for_s


def _priority(
    limit: AlarmLimit, run: Run | None, situation: Situation, active: ActiveAlarm | None
) -> str:
    """The row's own priority, or its first one while only one reading is beyond.

    Any limit on the same side that needs confirming confirms the others: 182/105 and then 176/112
    are two severe pressures in a row, though each number alone was so once.
    """
    if limit.confirm is None:
        return limit.priority
    if active is not None and active.priority == limit.priority:
        return limit.priority
    if run is not None and run.count >= limit.confirm.readings:
        return limit.priority
    if run is not None and _severe_in_a_row(limit, situation) >= limit.confirm.readings:
        return limit.priority
    return limit.confirm.first


def _severe_in_a_row(limit: AlarmLimit, situation: Situation) -> int:
    """How many of the newest cuff readings were beyond some confirmed limit on this side."""
    if limit.metric not in ("nibp_sys", "nibp_dia"):
        return 0
    rows = [
        (row, bound)
        for row in situation.limits
        if row.confirm is not None
        and row.metric in ("nibp_sys", "nibp_dia")
        and row.upper is limit.upper
        and (
            bound := row.bound(
                reference(row, situation.samples.get(row.metric, ()), situation.baseline)
            )
        )
        is not None
    ]
    severe: dict[datetime, bool] = {}
    for metric in ("nibp_sys", "nibp_dia"):
        for sample in situation.samples.get(metric, ()):
            if not sample.usable or sample.value is None:
                continue
            hit = any(
                row.metric == metric and row.beyond(sample.value, bound) for row, bound in rows
            )
            severe[sample.at] = severe.get(sample.at, False) or hit
    count = 0
    for moment in sorted(severe, reverse=True):
        if not severe[moment]:
            break
        count += 1
    return count


def _earlier(limit: AlarmLimit, samples: Sequence[Sample]) -> float | None:
    """The lowest (for a rise) or highest value in the minutes before the newest one."""
    newest = next((s for s in reversed(samples) if s.usable), None)
    if newest is None or limit.trend_min is None:
        return None
    since = newest.at - timedelta(minutes=limit.trend_min)
    values = [
        s.value for s in samples if s.usable and s.value is not None and since <= s.at < newest.at
    ]
    if not values:
        return None
    return min(values) if limit.upper else max(values)


def _run(samples: Sequence[Sample], belongs: Callable[[float], bool], gap_s: float) -> Run | None:
    count, held_s, value = 0, 0.0, 0.0
    last: Sample | None = None
    after: Sample | None = None
    for sample in reversed(samples):
        if sample.usable and sample.value is not None:
            if not belongs(sample.value):
                break
            count += 1
            if after is not None:
                held_s += min((after.at - sample.at).total_seconds(), gap_s)
            if last is None:
                last, value = sample, sample.value
        after = sample
    return None if last is None else Run(count, held_s, last.at, value)
