"""The alarm review in words: names of limits, a table by limit, the whole in one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ketamonitor import words
from ketamonitor.alarm_review import AlarmReview, LimitReview

_LIMIT = re.compile(r"([a-z0-9_]+?)(>=|<=|>|<)(base%|base|trend[\d.]+)?([+-]?[\d.]+)")
_SIGN = {">=": "≥", "<=": "≤"}
_CONDITION = {
    "no_reading": "no reading",
    "implausible": "not plausible",
    "link_lost": "link lost",
    "demo": "demonstration data",
    "battery_low": "battery low",
    "cuff_failed": "Cuff failed",
    "no_bp": "No BP",
    "record_fault": "Record not saved",
    "program_fault": "Program fault",
    "clock_changed": "Clock was set",
    "recorder_late": "Monitoring stood still",
    "no_sound": "No alarm sound",
    "no_lamp": "Nurse-call lamp",
    "no_guard": "The guard does not answer",
}

#: The columns of a table by limit, for the screen and for the command line.
HEADERS = (
    *("Limit or condition", "Priority", "Count", "Per hour", "Acknowledged after"),
    *("Never", "Acted on", "Lasted", "Escalated"),
)


def alarm_name(id: str) -> str:
    """A limit's or condition's id in words: ``SYS ≥ baseline +20 %``, ``SpO₂: no reading``."""
    if found := _LIMIT.fullmatch(id):
        metric, op, relative, value = found.groups()
        name = words.SHORT.get(metric, metric)
        beyond = f"{name} {_SIGN.get(op, op)} "
        if relative is None:
            return beyond + value
        if relative.startswith("trend"):
            return f"{name} {value} within {relative.removeprefix('trend')} min"
        return f"{beyond}baseline {value}{' %' if relative == 'base%' else ''}"
    condition, _, of = id.partition(":")
    said = _CONDITION.get(condition, condition.replace("_", " "))
    return f"{words.SHORT.get(of, of)}: {said}" if of else said


def table(review: AlarmReview) -> list[list[str]]:
    """A row of :data:`HEADERS` for each limit."""
    return [
        [
            alarm_name(row.id),
            f"{words.STARS[row.priority]} {row.priority.upper()}",
            f"{row.count}",
            rate(row.per_hour),
            _spread(row.acknowledged_median_s, row.acknowledged_longest_s, row.count - row.never),
            f"{row.never}" if row.never else "",
            _acted(row),
            length(row.duration_median_s),
            _escalated(row),
        ]
        for row in review.rows
    ]


def headline(review: AlarmReview) -> str:
    """The whole in one line: ``7 alerts in 3 sessions, 6.2 h: 1.1 an hour (2 HIGH, ...)``."""
    by = ", ".join(f"{count} {priority.upper()}" for priority, count in review.alerts)
    alerts = "1 alert" if review.total == 1 else f"{review.total} alerts"
    sessions = "1 session" if review.sessions == 1 else f"{review.sessions} sessions"
    return f"{alerts} in {sessions}, {review.hours:.1f} h: {rate(review.per_hour)} an hour ({by})"


def left_out_words(sessions: Sequence[str]) -> str:
    """``; 2 sessions left out, not readable``, or nothing."""
    if not sessions:
        return ""
    one = len(sessions) == 1
    return f"; {'1 session' if one else f'{len(sessions)} sessions'} left out, not readable"


def rate(value: float | None) -> str:
    return words.NO_VALUE if value is None else f"{value:.1f}"


def noisiest(review: AlarmReview) -> str:
    """Which limit asked for attention most often; empty where none did."""
    if not review.rows:
        return ""
    top, every = review.rows[0], sum(row.asked for row in review.rows)
    return f"Most from {alarm_name(top.id)}: {top.asked} of {every} calls for attention"


def _spread(middle: float | None, longest: float | None, count: int) -> str:
    if middle is None or longest is None:
        return words.NO_VALUE
    return length(middle) if count == 1 else f"{length(middle)}, longest {length(longest)}"


def _acted(row: LimitReview) -> str:
    by = ", ".join(f"{act} {count}" for act, count in row.acts)
    return f"{row.acted} of {row.count}" + (f": {by}" if by else "")


def _escalated(row: LimitReview) -> str:
    if not row.escalated:
        return ""
    return f"{row.escalated}" + (f", {row.unanswered} not seen in time" if row.unanswered else "")


def length(seconds: float | None) -> str:
    return words.NO_VALUE if seconds is None else words.countdown(seconds)
