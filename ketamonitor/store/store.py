"""The store: entries, people and approvals in and out, one transaction each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, Select, Table, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ketamonitor.alert_counts import alert_counts
from ketamonitor.entries import Entry
from ketamonitor.store.backend import WRITING, Backend
from ketamonitor.store.errors import StoreError
from ketamonitor.store.rows import (
    COURSE_TAGS,
    RAISED_TAGS,
    TAGGED_KINDS,
    ApprovalRow,
    PersonRow,
    approval_of,
    approval_values,
    at_offset,
    entry_of,
    entry_values,
    person_of,
    person_values,
    right_tag,
)
from ketamonitor.store.schema import APPEND_ONLY, REVISIONS, approvals, entries, people
from ketamonitor.store.summary import SessionSummary, summarise

log = logging.getLogger(__name__)

#: Entries fetched at a time, so that a long session holds no long reading transaction.
PAGE = 2_000
#: So many sessions are asked for by name.
FEW = 200


class Store:
    """An open store; get one from :func:`ketamonitor.store.open_store`.

    Threads: a *writing* store has one connection, which belongs to the recorder thread. Another
    thread's call is safe and waits its turn for at most 2 s, so the GUI must not make one. A
    *read-only* store has up to four connections for background threads; any of them may call it
    while a writer, in this process or another, goes on writing.

    Every method raises :class:`StoreError`. After one the store can be used again at once.
    """

    def __init__(self, backend: Backend, engine: Engine) -> None:
        self._backend = backend
        self._engine = engine
        self._closed = False
        #: Alerts by session, with the length of the session when they were counted.
        self._counted: dict[str, tuple[int, dict[str, int]]] = {}

    @property
    def place(self) -> str:
        """Where the store is, as a person would write it."""
        return self._backend.place

    @property
    def read_only(self) -> bool:
        return self._backend.read_only

    @property
    def version(self) -> str:
        """The version of the tables, as Alembic counts it."""
        return REVISIONS[-1]

    def size(self) -> int:
        """Bytes that the store takes up."""
        with self._reading() as connection:
            return self._backend.size(connection)

    def append(self, new: Sequence[Entry]) -> None:
        """Write the entries in one transaction; on return they are on the disk.

        Writing the same entries again (because the first answer was lost) does nothing more.
        Another entry in the same place is a :class:`StoreError` that is not retryable.
        """
        if not new:
            return
        values = [entry_values(entry) for entry in new]
        try:
            self._insert(entries, values)
        except _RefusedError:
            self._append_missing(new, values)

    def iter_entries(self, session: str, after_seq: int = 0) -> Iterator[Entry]:
        """The entries of a session in order from ``after_seq + 1`` on, fetched as needed."""
        while True:
            query = (
                select(entries)
                .where(entries.c.session == session, entries.c.seq > after_seq)
                .order_by(entries.c.seq)
                .limit(PAGE)
            )
            page = [entry_of(row) for row in self._all(query)]
            yield from page
            if len(page) < PAGE:
                return
            after_seq = page[-1].seq

    def entries(self, session: str, after_seq: int = 0) -> list[Entry]:
        """The entries of a session in order; empty if there is no such session."""
        return list(self.iter_entries(session, after_seq))

    def of_kind(self, session: str, kind: str) -> list[Entry]:
        """The entries of one kind of a session in order, without reading the others."""
        query = select(entries).where(entries.c.session == session, entries.c.kind == kind)
        return [entry_of(row) for row in self._all(query.order_by(entries.c.seq))]

    def last(self, session: str) -> Entry | None:
        """The newest entry of a session."""
        ends = self.first_last(session)
        return ends[1] if ends else None

    def first_last(self, session: str) -> tuple[Entry, Entry] | None:
        """The first and the newest entry of a session (the same one if there is only one)."""
        query = select(entries).where(entries.c.session == session).limit(1)
        with self._reading() as connection:
            first = connection.execute(query.order_by(entries.c.seq)).first()
            last = connection.execute(query.order_by(entries.c.seq.desc())).first()
        return None if first is None or last is None else (entry_of(first), entry_of(last))

    def sessions(self) -> list[SessionSummary]:
        """All sessions in brief, newest first. Reads the first entry and the alarms of each."""
        return self._summaries(None)

    def summary(self, session: str) -> SessionSummary | None:
        """One session in brief; ``None`` if there is no such session."""
        found = self._summaries(session)
        return found[0] if found else None

    def session_ids(self) -> list[str]:
        """Every session that has any entry at all. Slow (reads an index whole): for checks."""
        query = select(entries.c.session).distinct().order_by(entries.c.session)
        return [row.session for row in self._all(query)]

    def entry_count(self) -> int:
        """Entries of all sessions and books."""
        with self._reading() as connection:
            count: int = connection.execute(select(func.count()).select_from(entries)).scalar_one()
            return count

    def readable(self, session: str) -> tuple[list[int], list[int]]:
        """Which numbers of a session can be read whole, and which not, in a damaged store. Raises
        :class:`StoreError` where not even the list of its entries can be read."""
        query = select(entries.c.seq).where(entries.c.session == session).order_by(entries.c.seq)
        numbers = [row.seq for row in self._all(query)]
        good: list[int] = []
        bad: list[int] = []
        waiting = [numbers] if numbers else []
        while waiting:
            part = waiting.pop()
            try:
                inside = entries.c.seq.between(part[0], part[-1])
                for row in self._all(select(entries).where(entries.c.session == session, inside)):
                    entry_of(row)
                good += part
            except StoreError:
                if len(part) == 1:
                    bad += part
                else:
                    waiting += [part[: len(part) // 2], part[len(part) // 2 :]]
        return sorted(good), sorted(bad)

    def wrong_tags(self, session: str) -> list[int]:
        """Numbers of the entries that the list of sessions would count wrongly: tags stand
        outside the hash chain, so they are checked against the bodies."""
        query = select(entries).where(
            entries.c.session == session,
            entries.c.tag.is_not(None) | entries.c.kind.in_(TAGGED_KINDS),
        )
        rows = self._all(query.order_by(entries.c.seq))
        return [row.seq for row in rows if not right_tag(row.tag, row.kind, entry_of(row).body)]

    def append_person(self, person: PersonRow) -> None:
        """Write one change to a person. Not retryable if that change has been made already."""
        try:
            self._insert(people, [person_values(person)])
        except _RefusedError as error:
            raise StoreError(
                f"{self.place}: {person.name} has just been changed by someone else; look again"
            ) from error

    def people(self) -> list[PersonRow]:
        """The latest change to each person, by name."""
        newest = (
            select(people.c.name, func.max(people.c.change).label("change"))
            .group_by(people.c.name)
            .subquery()
        )
        same = (people.c.name == newest.c.name) & (people.c.change == newest.c.change)
        return [
            person_of(row)
            for row in self._all(select(people).join(newest, same).order_by(people.c.name))
        ]

    def person(self, name: str) -> PersonRow | None:
        """The latest change to one person."""
        query = select(people).where(people.c.name == name)
        rows = self._all(query.order_by(people.c.change.desc()).limit(1))
        return person_of(rows[0]) if rows else None

    def append_approvals(self, rows: Sequence[ApprovalRow]) -> None:
        """Write approvals or withdrawals, all or none; not retryable if one was made already."""
        try:
            self._insert(approvals, [approval_values(row) for row in rows])
        except _RefusedError as error:
            raise StoreError(
                f"{self.place}: the approvals have just been changed by someone else; look again"
            ) from error

    def approvals(self, name: str | None = None) -> list[ApprovalRow]:
        """Every approval and withdrawal (of one protocol) by name, as they followed each other."""
        query = select(approvals).order_by(approvals.c.name, approvals.c.change)
        if name is not None:
            query = query.where(approvals.c.name == name)
        return [approval_of(row) for row in self._all(query)]

    def faults(self) -> list[str]:
        """What is wrong with the database below the entries, in words."""
        with self._reading() as connection:
            return self._backend.faults(connection)

    def watch(self) -> None:
        """Look whether what was written still stands where others look for it; ask now and then.

        Raises :class:`StoreError` (retryable) where it does not; the next write mends it.
        """
        self._check_open()
        self._backend.watch()

    def close(self) -> None:
        """Close all connections; the store cannot be used afterwards. Closing twice is fine."""
        self._closed = True
        self._backend.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append_missing(self, new: Sequence[Entry], values: list[dict[str, Any]]) -> None:
        """Write those entries that are not there yet; refuse if another stands in their place."""
        with self._reading() as connection:
            written = {
                entry: _hash_at(connection, entry) for entry in {(e.session, e.seq) for e in new}
            }
        for entry in new:
            if written[entry.session, entry.seq] not in (None, entry.hash):
                raise StoreError(
                    f"{self.place}: another entry {entry.seq} of session {entry.session} is there"
                    " already; is a second program recording this session?"
                )
        missing = [v for v in values if written[v["session"], v["seq"]] is None]
        if not missing:
            return
        try:
            self._insert(entries, missing)
        except _RefusedError as error:
            raise StoreError(
                f"{self.place}: entries of session {new[0].session} were refused; is a second"
                " program recording this session?"
            ) from error

    def _summaries(self, session: str | None) -> list[SessionSummary]:
        newer = entries.alias("newer")
        count = (
            select(func.max(newer.c.seq))
            .where(newer.c.session == entries.c.session)
            .scalar_subquery()
            .label("entry_count")
        )
        first = select(
            entries.c.session,
            entries.c.at,
            entries.c.at_offset_s,
            entries.c.author,
            entries.c.body,
            count,
        ).where(entries.c.tag == "started", entries.c.seq == 1)
        ended = select(entries.c.session, entries.c.at, entries.c.at_offset_s).where(
            entries.c.tag == "ended"
        )
        if session is not None:
            first = first.where(entries.c.session == session)
            ended = ended.where(entries.c.session == session)
        with self._reading() as connection:
            ends = {
                row.session: at_offset(row.at, row.at_offset_s)
                for row in connection.execute(ended.order_by(entries.c.seq))
            }
            rows = connection.execute(first).all()
            alarms = self._alerts(connection, {row.session: row.entry_count for row in rows})
            found = [
                summarise(
                    row.session,
                    at_offset(row.at, row.at_offset_s),
                    ends.get(row.session),
                    row.author,
                    row.body,
                    row.entry_count,
                    alarms.get(row.session, {}),
                )
                for row in rows
            ]
        return sorted(found, key=lambda summary: summary.started_at, reverse=True)

    def _alerts(
        self, connection: Connection, lengths: Mapping[str, int]
    ) -> dict[str, dict[str, int]]:
        """The alerts of these sessions by priority. Of a session that has not grown since it was
        counted nothing is read again."""
        new = {s for s, length in lengths.items() if self._counted.get(s, (0,))[0] != length}
        tagged = select(entries).where(entries.c.tag.in_((*RAISED_TAGS, *COURSE_TAGS)))
        if len(new) <= FEW:
            tagged = tagged.where(entries.c.session.in_(new))
        found: dict[str, list[Entry]] = {}
        for row in connection.execute(tagged.order_by(entries.c.session, entries.c.seq)):
            if row.session in new:
                found.setdefault(row.session, []).extend(_readable(row))
        for session, alarms in found.items():
            if all(entry.body["event"] == "raised" for entry in alarms) and len(alarms) > 1:
                # Nothing has ended, or an older version wrote it: then all of it must be read.
                query = select(entries).where(
                    entries.c.session == session, entries.c.kind == "alarm"
                )
                rows = connection.execute(query.order_by(entries.c.seq))
                found[session] = [entry for row in rows for entry in _readable(row)]
        for session in new:
            counts = alert_counts(found.get(session, ()))
            self._counted[session] = (lengths[session], counts)
        return {session: self._counted[session][1] for session in lengths}

    def _all(self, query: Select[Any]) -> Sequence[Any]:
        with self._reading() as connection:
            return connection.execute(query).all()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_open()
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._backend.explain(error) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        self._check_open()
        if self.read_only:
            raise StoreError(f"{self.place}: it was opened for reading only")
        if self._backend.lost:
            self._mend()
        self._backend.watch()
        with self._transaction() as connection:
            yield connection

    def _mend(self) -> None:
        """The log was lost: begin with new connections, and write what was written last and does
        not stand in the store. It is written as it was, so writing it again changes nothing."""
        self._backend.renew()
        with self._transaction():
            pass  # the first connection brings the log back
        self._backend.opened()
        missing = 0
        with self._transaction() as connection:
            for table, values in self._backend.recent:
                there = _row_at(connection, table, values)
                if there is None:
                    connection.execute(insert(table), dict(values))
                    missing += 1
                elif there != values:
                    log.error("a row of %s was lost and another stands in its place", table.name)
        self._backend.mended()
        log.error("the write-ahead log of the store was lost; %d rows are written again", missing)

    def _insert(self, table: Table, values: Sequence[dict[str, Any]]) -> None:
        """Insert and commit; on return the rows stand where others will find them."""
        with self._writing() as connection:
            connection.execute(insert(table), values)
        self._backend.wrote((table, row) for row in values)
        self._backend.watch()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with (
                self._engine.connect().execution_options(**{WRITING: True}) as connection,
                connection.begin(),
            ):
                yield connection
        except IntegrityError as error:
            raise _RefusedError(str(self._backend.explain(error))) from error
        except SQLAlchemyError as error:
            raise self._backend.explain(error) from error

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.place}: it has been closed; open it again")


class _RefusedError(StoreError):
    """A trigger or a key refused a row: something stands there already."""


def _hash_at(connection: Connection, place: tuple[str, int]) -> str | None:
    query = select(entries.c.hash).where(entries.c.session == place[0], entries.c.seq == place[1])
    return connection.execute(query).scalar()


def _row_at(connection: Connection, table: Table, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row that stands in the place of that one, with the columns that it names."""
    place = [table.c[name] == row[name] for name in APPEND_ONLY[table][0]]
    found = connection.execute(select(*(table.c[name] for name in row)).where(*place)).first()
    return None if found is None else dict(found._mapping)


def _readable(row: Row[Any]) -> list[Entry]:
    """The entry of a row, or nothing where it is damaged: the list stays, the check names it."""
    try:
        return [entry_of(row)]
    except StoreError as error:
        log.warning("left out of the count of alerts: %s", error)
        return []
