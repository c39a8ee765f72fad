"""Entries, people and approvals to rows and back, without losing a microsecond or an offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Row

from ketamonitor.entries import Body, Entry
from ketamonitor.store.errors import StoreError

#: Kinds of entry that may have a tag.
TAGGED_KINDS = ("session", "alarm")
SESSION_TAGS = ("started", "resumed", "ended")
RAISED_TAGS = ("raised:high", "raised:medium", "raised:low")
#: What else an alert's beginning, end and priority hang on. Older versions gave these no tag.
COURSE_TAGS = ("alarm:escalated", "alarm:latched", "alarm:cleared")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One change to one person, as stored."""

    name: str
    change: int
    full_name: str
    role: str
    password_hash: str
    active: bool
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One approval of a protocol's version and content, or (``state``) its withdrawal."""

    name: str
    change: int
    version: int
    sha256: str
    state: str
    reason: str
    by: str
    at: datetime


def tag_of(kind: str, body: Body) -> str | None:
    """What the list of sessions counts this entry as; ``None`` for most entries."""
    event = body.get("event")
    if kind == "session" and event in SESSION_TAGS:
        return str(event)
    raised = f"raised:{body.get('priority')}"
    if kind == "alarm" and event == "raised" and raised in RAISED_TAGS:
        return raised
    course = f"alarm:{event}"
    return course if kind == "alarm" and course in COURSE_TAGS else None


def right_tag(tag: str | None, kind: str, body: Body) -> bool:
    """Whether an entry may have this tag, by this version or an older one."""
    wanted = tag_of(kind, body)
    return tag == wanted or (tag is None and wanted in COURSE_TAGS)


def entry_values(entry: Entry) -> dict[str, Any]:
    """The row of an entry. Raises :class:`StoreError` if it could not be read back the same."""
    return {
        "session": entry.session,
        "seq": entry.seq,
        "kind": entry.kind,
        "at": entry.at,
        "at_offset_s": offset_s(entry.at),
        "recorded_at": entry.recorded_at,
        "recorded_offset_s": offset_s(entry.recorded_at),
        "author": entry.author,
        "body": msgspec.json.encode(entry.body, order="deterministic").decode(),
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
        "tag": tag_of(entry.kind, entry.body),
    }


def entry_of(row: Row[Any]) -> Entry:
    """The entry in a row. Raises :class:`StoreError` if its body is no longer JSON."""
    try:
        body = msgspec.json.decode(row.body)
    except msgspec.DecodeError as error:
        raise StoreError(f"entry {row.seq} of session {row.session} is damaged") from error
    return Entry(
        row.seq,
        row.session,
        row.kind,
        at_offset(row.at, row.at_offset_s),
        at_offset(row.recorded_at, row.recorded_offset_s),
        row.author,
        body,
        row.prev_hash,
        row.hash,
    )


def person_values(person: PersonRow) -> dict[str, Any]:
    return {
        "name": person.name,
        "change": person.change,
        "full_name": person.full_name,
        "role": person.role,
        "password_hash": person.password_hash,
        "active": person.active,
        "changed_at": person.changed_at,
        "changed_offset_s": offset_s(person.changed_at),
        "changed_by": person.changed_by,
    }


def person_of(row: Row[Any]) -> PersonRow:
    return PersonRow(
        row.name,
        row.change,
        row.full_name,
        row.role,
        row.password_hash,
        row.active,
        at_offset(row.changed_at, row.changed_offset_s),
        row.changed_by,
    )


def approval_values(approval: ApprovalRow) -> dict[str, Any]:
    return {
        "name": approval.name,
        "change": approval.change,
        "version": approval.version,
        "sha256": approval.sha256,
        "state": approval.state,
        "reason": approval.reason,
        "by": approval.by,
        "at": approval.at,
        "at_offset_s": offset_s(approval.at),
    }


def approval_of(row: Row[Any]) -> ApprovalRow:
    return ApprovalRow(
        row.name,
        row.change,
        row.version,
        row.sha256,
        row.state,
        row.reason,
        row.by,
        at_offset(row.at, row.at_offset_s),
    )


def offset_s(at: datetime) -> int:
    """Seconds east of UTC; whole seconds, as every time zone has had them."""
    offset = at.utcoffset()
    if offset is None or offset.microseconds:
        raise StoreError("an entry's time needs an offset in whole seconds")
    return offset // timedelta(seconds=1)


def at_offset(utc: datetime, offset: int) -> datetime:
    """The moment as it was given, with its own offset."""
    return utc.astimezone(_zone(offset))


@lru_cache(maxsize=64)
def _zone(offset: int) -> timezone:
    return timezone(timedelta(seconds=offset))
