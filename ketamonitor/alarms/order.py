"""The order in which alarms are shown, and which one stands for several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ketamonitor import words
from ketamonitor.alarm_plan import PRIORITIES
from ketamonitor.view import ActiveAlarm


def worse(priority: str, than: str) -> bool:
    """Whether a priority is more urgent than another."""
    return rank(priority) < rank(than)


def rank(priority: str) -> int:
    """0 for HIGH, 1 for MEDIUM, 2 for LOW."""
    return next(place for place, known in enumerate(PRIORITIES) if known == priority)


def alert_key(condition: str, metric: str | None, id: str) -> str:
    """What makes alarms one alert: limits on one side of one quantity are, fixed ones and those
    that are relative to the baseline or to earlier values alike; each other condition is its own.
    """
    if condition != "limit_passed" or metric is None:
        return id
    return f"{metric}<" if "<" in id else f"{metric}>"


def urgent_first(alarms: Mapping[str, ActiveAlarm]) -> tuple[ActiveAlarm, ...]:
    """The alerts, in the order a screen shows them: priority, physiological first, newest first;
    what has ended and only waits to be seen comes last in its priority.

    There is one for each :func:`alert_key`: 184 over 160 and 180 is one alert, by the limit that
    leads (:func:`_rank`), and the milder one is listed again when it is what remains.
    """
    groups: dict[str, list[ActiveAlarm]] = {}
    for alarm in alarms.values():
        groups.setdefault(alert_key(alarm.condition, alarm.metric, alarm.id), []).append(alarm)
    return tuple(
        sorted(
            (_alert(group) for group in groups.values()),
            key=lambda a: (
                rank(a.priority),
                a.ended_at is not None,
                a.type != "physiological",
                -(a.priority_since or a.since).timestamp(),
            ),
        )
    )


def _alert(group: Iterable[ActiveAlarm]) -> ActiveAlarm:
    """The alarm that leads its side, as the alert of all of them.

    It asks for attention while any of them does: an acknowledgement is of what had been raised by
    then. It is as urgent as what is over and was more urgent, until somebody has seen that.
    """
    lead, *others = worst_first(group)
    new = [other for other in others if other.acknowledged_at is None]
    unseen = [other for other in new if other.ended_at is not None]
    said = []
    shown = lead
    if unseen and worse(unseen[0].priority, lead.priority):
        over = unseen[0]
        until = f" until {words.clock(over.ended_at)}" if over.ended_at is not None else ""
        said.append(f"{over.priority.upper()}{until}, not yet seen")
        shown = replace(shown, priority=over.priority)
    if lead.acknowledged_at is not None and new:
        newest = new[0]
        said.append(f"new: {newest.text}" if newest.ended_at is None else "")
        shown = replace(
            shown,
            acknowledged_at=None,
            acknowledged_by=None,
            priority_since=max(a.priority_since or a.since for a in (lead, *new)),
        )
    if shown is lead:
        return lead
    detail = " · ".join(part for part in (*said, lead.detail) if part)
    return replace(shown, detail=detail, recorded=lead)


def milder(alarm: ActiveAlarm, alarms: Mapping[str, ActiveAlarm]) -> list[ActiveAlarm]:
    """The active alarms that ``alarm`` stands for on the screen: same metric and side."""
    return [b for b in alarms.values() if b.id != alarm.id and _same_side(alarm, b)]


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
    return alert_key(a.condition, a.metric, a.id) == alert_key(b.condition, b.metric, b.id)


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
