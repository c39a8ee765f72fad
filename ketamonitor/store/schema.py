"""The tables: entries, people and approvals, all append-only, on every kind of database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)
from sqlalchemy.types import DateTime, TypeDecorator

#: Alembic's revisions, oldest first; the last is what this version writes.
REVISIONS = ("0001", "0002")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with microseconds, kept as UTC because SQLite forgets offsets.

    Takes aware times only (``ValueError`` otherwise) and gives them back in UTC. Where the offset
    itself matters it has a column of its own, in seconds.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a stored time needs an offset")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class EntryColumns(TypedColumns):
    """An entry as it was hashed: ``body`` is its JSON text, offsets are seconds east of UTC.

    ``tag`` repeats a word of the body (:func:`ketamonitor.store.rows.tag_of`), so that the list
    of sessions need not read every entry.
    """

    session: Named[str] = Column(String(64), primary_key=True)
    seq: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    kind: Named[str] = Column(String(16))
    at: Named[datetime] = Column(UtcDateTime)
    at_offset_s: Named[int] = Column(Integer)
    recorded_at: Named[datetime] = Column(UtcDateTime)
    recorded_offset_s: Named[int] = Column(Integer)
    author: Named[str] = Column(String(64))
    body: Named[str] = Column(Text)
    prev_hash: Named[str] = Column(String(64))
    hash: Named[str] = Column(String(64))
    tag: Named[str | None] = Column(String(16))


entries = Table("entries", metadata, EntryColumns, UniqueConstraint("hash"))

Index(
    "ix_entries_tag",
    entries.c.tag,
    entries.c.session,
    sqlite_where=entries.c.tag.is_not(None),
    postgresql_where=entries.c.tag.is_not(None),
)


class PersonColumns(TypedColumns):
    """One change to one person; the one with the highest ``change`` counts (they run from 1)."""

    name: Named[str] = Column(String(32), primary_key=True)
    change: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    full_name: Named[str] = Column(String(100))
    role: Named[str] = Column(String(16))
    password_hash: Named[str] = Column(String(200))
    active: Named[bool] = Column(Boolean)
    changed_at: Named[datetime] = Column(UtcDateTime)
    changed_offset_s: Named[int] = Column(Integer)
    changed_by: Named[str] = Column(String(64))


people = Table("people", metadata, PersonColumns)


class ApprovalColumns(TypedColumns):
    """One approval of a version of a treatment protocol, or its withdrawal, by a medical director.

    ``change`` runs from 1 for each name; of one version and content the highest one counts.
    """

    name: Named[str] = Column(String(40), primary_key=True)
    change: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    version: Named[int] = Column(Integer)
    sha256: Named[str] = Column(String(64))
    state: Named[str] = Column(String(16))
    reason: Named[str] = Column(String(200))
    by: Named[str] = Column(String(32))
    at: Named[datetime] = Column(UtcDateTime)
    at_offset_s: Named[int] = Column(Integer)


approvals = Table("approvals", metadata, ApprovalColumns)

#: Tables whose rows are never changed or taken away, with the column sets that identify a row.
APPEND_ONLY: dict[Table, tuple[tuple[str, ...], ...]] = {
    entries: (("session", "seq"), ("hash",)),
    people: (("name", "change"),),
    approvals: (("name", "change"),),
}
