"""The order in which alarms are shown, and which one stands for several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ketamonitor.alarm_plan import PRIORITIES
from ketamonitor.view import ActiveAlarm


def worse(priority: str, than: str) -> bool:
    """Whether a priority is more urgent than another."""
    return rank(priority) < rank(than)


def rank(priority: str) -> int:
    """0 for HIGH, 1 for MEDIUM, 2 for LOW."""
    return next(place for place, known in enumerate(PRIORITIES) if known == priority)


def urgent_first(alarms: Mapping[str, ActiveAlarm]) -> tuple[ActiveAlarm, ...]:
    """In the order a screen shows them: priority, physiological first, newest first; what has
    ended and only waits to be seen comes last in its priority.

    Of several limits passed on one side of one metric only one is listed (:func:`_rank`), so that
    184 over 160 and 180 is one alert; the milder one is listed again when it is what remains.
    """
    listed = [a for a in alarms.values() if not any(_outranks(b, a) for b in alarms.values())]
    return tuple(
        sorted(
            listed,
            key=lambda a: (
                rank(a.priority),
                a.ended_at is not None,
                a.type != "physiological",
                -(a.priority_since or a.since).timestamp(),
            ),
        )
    )


def milder(alarm: ActiveAlarm, alarms: Mapping[str, ActiveAlarm]) -> list[ActiveAlarm]:
    """The active alarms that ``alarm`` stands for on the screen: same metric and side."""
    return [other for other in alarms.values() if _outranks(alarm, other)]


def called_for(alarm: ActiveAlarm, alarms: Iterable[ActiveAlarm]) -> bool:
    """Whether a HIGH limit on the same side calls for attention already: 184 need not become HIGH
    over 160 as well because nobody has come to it over 180."""
    return any(
        other.priority == "high" and other.signals and _same_side(other, alarm)
        for other in alarms
        if other.id != alarm.id
    )


def worst_first(alarms: Iterable[ActiveAlarm]) -> list[ActiveAlarm]:
    """Each before those that it could stand for."""
    return sorted(alarms, key=_rank)


def _same_side(a: ActiveAlarm, b: ActiveAlarm) -> bool:
    return (
        a.condition == b.condition == "limit_passed"
        and a.metric == b.metric
        and ("<" in a.id) == ("<" in b.id)
    )


def _outranks(a: ActiveAlarm, b: ActiveAlarm) -> bool:
    if b.ended_at is not None and worse(b.priority, a.priority):
        return False  # over, but it waits to be seen: nothing milder takes its place
    return _same_side(a, b) and _rank(a) < _rank(b)


def _rank(alarm: ActiveAlarm) -> tuple[bool, int, bool, float, float, str]:
    """Which of several limits on one side stands for the others: one that still holds, the most
    urgent, of equals the one that nobody has acknowledged, the newest, the furthest out."""
    return (
        alarm.ended_at is not None,
        rank(alarm.priority),
        alarm.acknowledged_at is not None,
        -(alarm.priority_since or alarm.since).timestamp(),
        (alarm.limit or 0.0) * (1 if "<" in alarm.id else -1),
        alarm.id,
    )
