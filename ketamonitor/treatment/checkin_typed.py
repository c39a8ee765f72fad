"""What is typed at check-in, read against the present moment."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ketamonitor import intake
from ketamonitor.treatment.checkin import Value
from ketamonitor.treatment.checkin_items import Field, FieldKind

#: A meal or a weighing further back than this is a slip of the year.
FURTHEST_BACK = timedelta(days=366)

_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})", re.ASCII)
_BOTH = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]+(\d{1,2})[:.](\d{2})", re.ASCII)


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
    if match := _BOTH.fullmatch(text):
        day, hour, minute = match.groups()
    elif match := _CLOCK.fullmatch(text):
        day = now.date().isoformat()
        hour, minute = match.groups()
    else:
        raise ValueError(how)
    try:
        moment = datetime.fromisoformat(f"{day}T{int(hour):02}:{minute}").replace(tzinfo=now.tzinfo)
    except ValueError as error:
        raise ValueError(how) from error
    if moment > now and _CLOCK.fullmatch(text):
        moment -= timedelta(days=1)
    if moment > now:
        raise ValueError(f"{what}: {text} is still to come")
    if now - moment > FURTHEST_BACK:
        raise ValueError(f"{what}: {text} is more than a year ago. Check the year")
    return moment
