"""What tiles and trend say of the limits: the bound of each priority, changed, off or not armed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ketamonitor import words
from ketamonitor.alarm_plan import PRIORITIES, AlarmLimit
from ketamonitor.view import ActiveAlarm, LimitView, SessionView

#: Beside a bound that was changed for this session. An asterisk would read as a priority.
CHANGED = "†"
OFF = "OFF"


@dataclass(frozen=True, slots=True)
class Bound:
    """The bound that stands for one priority on one side. ``value`` is ``None`` while no limit of
    it is armed; ``off``: every limit of it is ALARM OFF; ``crossed``: a listed alarm is about it.
    """

    value: float | None
    changed: bool = False
    off: bool = False
    crossed: ActiveAlarm | None = None

    @property
    def text(self) -> str:
        if self.off:
            return OFF
        shown = words.NO_VALUE if self.value is None else words.exact(round(self.value))
        return f"{shown}{CHANGED}" if self.changed else shown


def row_id(item: LimitView) -> str:
    """By which name the limit's alarms go: its row in the protocol, also when it was changed."""
    return (item.preset or item.limit).id


def limits_now(view: SessionView) -> list[LimitView]:
    """The limits that can alarm now as numbers on a scale: not those of the time before the first
    dose, and no trends, whose bound moves with the values."""
    dosed = view.first_dose_at is not None
    return [
        item
        for item in view.limits
        if not (item.limit.before_dose and dosed) and item.limit.relative != "trend"
    ]


def bounds(
    view: SessionView, metric: str, upper: bool, alarms: Sequence[ActiveAlarm] = ()
) -> dict[str, Bound]:
    """The bound of each priority on one side of a metric, the tightest where there are several.

    A priority without a limit is absent. Where one of ``alarms`` is about a limit of it, that
    limit stands there, crossed.
    """
    found: dict[str, Bound] = {}
    for item in limits_now(view):
        if item.limit.metric != metric or item.limit.upper is not upper:
            continue
        priority = item.limit.priority
        about = next((a for a in alarms if a.id == row_id(item)), None)
        this = Bound(item.bound, item.preset is not None and not item.off, item.off, about)
        known = found.get(priority)
        found[priority] = this if known is None else _stronger(known, this, upper)
    return found


def _stronger(known: Bound, this: Bound, upper: bool) -> Bound:
    """Which of two limits of one priority stands in its place."""
    for one, other in ((known, this), (this, known)):
        if one.crossed is not None:
            return one
        if one.off or one.value is None:
            return other if not other.off or one.off else one
    assert known.value is not None
    assert this.value is not None
    tighter = this.value < known.value if upper else this.value > known.value
    return this if tighter else known


def notes(view: SessionView, metrics: Iterable[str]) -> tuple[str, ...]:
    """What must be said of the limits of some metrics, those needed most first."""
    wanted = tuple(metrics)
    mine = [item for item in limits_now(view) if item.limit.metric in wanted]
    said = []
    for priority in PRIORITIES:
        rows = [item for item in mine if item.limit.priority == priority]
        off = sum(item.off for item in rows)
        if off:
            some = "" if off == len(rows) else f" ({off} of {len(rows)})"
            said.append(f"{words.STARS[priority]} ALARM OFF{some}")
    if any(item.bound is None and _of_baseline(item.limit) and not item.off for item in mine):
        said.append("baseline limits not armed")
    if any(item.preset is not None and not item.off for item in mine):
        said.append(f"{CHANGED} limit changed")
    again = [item.limit for item in mine if item.limit.confirm is not None and not item.off]
    for priority in dict.fromkeys(limit.priority for limit in again):
        count = max(r.confirm.readings for r in again if r.priority == priority and r.confirm)
        said.append(f"{words.STARS[priority]} from reading {count} in a row")
    return tuple(said)


def _of_baseline(limit: AlarmLimit) -> bool:
    return limit.relative in ("baseline", "baseline_percent")
