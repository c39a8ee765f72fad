"""The chart's scales: what its axes reach, and which limits and baseline are drawn on them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ketamonitor import words
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.course import CuffPoint, Series
from ketamonitor.record import Record

PRESSURES = ("nibp_sys", "nibp_dia", "nibp_map")
#: Metrics whose limits stand on the pressure axis, with the word behind the figure.
ON_PRESSURE_AXIS = {
    "nibp_sys": "sys",
    "nibp_dia": "dia",
    "nibp_map": "mean",
    "pulse": "pulse",
    "hr": "HR",
    "nibp_pulse": "pulse",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound to be drawn."""

    metric: str
    y: float
    stars: str
    upper: bool

    @property
    def label(self) -> str:
        below = "" if self.upper or self.metric == "spo2" else "<"
        return f"{self.stars} {below}{self.y:g} {ON_PRESSURE_AXIS.get(self.metric, '')}".rstrip()


def pressure_range(record: Record) -> tuple[int, int]:
    """The pressure axis: 40 to 200 mmHg at least, stretched in twenties with room for marks."""
    tops, bottoms = [180.0], [40.0]
    for cuff in record.cuff:
        if cuff.sys is not None and cuff.dia is not None and drawn(cuff):
            tops.append(cuff.sys + 20)
            bottoms.append(cuff.dia - 4)
    pulses = [v for v in pulse_series(record).values if v is not None]
    if pulses:
        tops.append(max(pulses) + 16)
        bottoms.append(min(pulses) - 4)
    for limit in limits_of(record):
        if limit.metric in ON_PRESSURE_AXIS:
            tops.append(min(limit.y, 260))
            bottoms.append(max(limit.y, 20))
    return max(0, math.floor(min(bottoms) / 20) * 20), max(200, math.ceil(max(tops) / 20) * 20)


def drawn(cuff: CuffPoint) -> bool:
    """Whether it is drawn: as a reading, or in grey if it was one until it was struck."""
    return replace(cuff, struck=False).plotted


def _pulse_key(record: Record) -> str:
    """Pulse where one came, else the heart rate of an ECG, as the tiles show it."""
    pulse = record.series.get("pulse", Series())
    return "pulse" if "hr" not in record.series or any(pulse.values) else "hr"


def pulse_series(record: Record) -> Series:
    return record.series.get(_pulse_key(record), Series())


def spo2_floor(record: Record) -> int:
    values = [v for v in record.series.get("spo2", Series()).values if v is not None]
    bounds = [limit.y for limit in limits_of(record) if limit.metric == "spo2"]
    lowest = min([88.0, *(v - 6 for v in values), *(b - 2 for b in bounds)])
    return max(0, math.floor(lowest / 5) * 5)


def baseline_of(record: Record, metric: str) -> float | None:
    if record.baseline is None:
        return None
    return {"nibp_sys": record.baseline.sys, "nibp_dia": record.baseline.dia}.get(metric)


def baseline(record: Record) -> list[float]:
    return [record.baseline.sys, record.baseline.dia] if record.baseline else []


def bounds(record: Record) -> list[tuple[AlarmLimit, float]]:
    """All armed limits of what is drawn: of pulse and heart rate only the one that came. A trend
    has no line, and a limit of the time before the first dose none once a dose was given."""
    shown = {*PRESSURES, "spo2", _pulse_key(record)}
    dosed = record.first_dose_at is not None
    pairs = [
        (limit, limit.bound(baseline_of(record, limit.metric)))
        for limit in record.history.limits(record.info.protocol.limit)
        if limit.metric in shown and limit.relative != "trend" and not (limit.before_dose and dosed)
    ]
    return [(limit, bound) for limit, bound in pairs if bound is not None]


def limits_of(record: Record) -> list[Limit]:
    """The limits as they held at the end; of several of one kind the one that is passed first."""
    found: dict[tuple[str, bool, str], float] = {}
    for limit, bound in bounds(record):
        kind = (limit.metric, limit.upper, limit.priority)
        first = min if limit.upper else max
        found[kind] = first(found.get(kind, bound), bound)
    return [
        Limit(metric, round(bound, 1), words.STARS[priority], upper)
        for (metric, upper, priority), bound in found.items()
    ]
