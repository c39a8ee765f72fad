"""What is typed at check-in, read against the present moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from ketamonitor import intake
from ketamonitor.treatment.checkin import Value
from ketamonitor.treatment.checkin_items import Field, FieldKind
from ketamonitor.typed import last_time_of_day
from ketamonitor.typed import moment as typed_moment

#: A meal or a weighing further back than this is a slip of the year.
FURTHEST_BACK = timedelta(days=366)


def read_field(row: Field, typed: str, now: datetime) -> Value:
    """The answer that was typed. Raises ``ValueError`` with one clear line."""
    if row.kind is FieldKind.NUMBER:
        return intake.amount(typed, row.label.lower(), row.unit)
    if row.kind is FieldKind.DAY:
        day = intake.past_day(typed, row.label, today=now.date())
        return day.isoformat()
    if row.kind is FieldKind.WHEN:
        return read_when(typed, row.label, now).isoformat()
    return typed.strip()


def read_when(typed: str, what: str, now: datetime) -> datetime:
    """A moment that has passed: ``07:30`` is the last time it was half past seven, an earlier one
    needs its day. Raises ``ValueError``."""
    text = typed.strip()
    how = f"{what}: type it as 07:30, or 2026-11-23 19:00"
    try:
        moment = typed_moment(text, how, now.tzinfo) or last_time_of_day(text, how, now)
    except ValueError as error:
        raise ValueError(how) from error
    if moment > now:
        raise ValueError(f"{what}: {text} is still to come")
    if now - moment > FURTHEST_BACK:
        raise ValueError(f"{what}: {text} is more than a year ago. Check the year")
    return moment
