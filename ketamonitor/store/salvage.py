"""Everything that can still be read of a damaged store, into a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Table

from ketamonitor.entries import Entry, as_written
from ketamonitor.store.errors import StoreError
from ketamonitor.store.open import beside_store, open_store
from ketamonitor.store.pages import Pages, Value, Values, read_pages, rows
from ketamonitor.store.rows import ApprovalRow, PersonRow, at_offset
from ketamonitor.store.schema import approvals, entries, people
from ketamonitor.store.spans import spans

#: Rows written in one transaction.
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one session (or book): so many entries are saved. ``missing`` are numbers up to the
    newest one found that no page has as they were written."""

    session: str
    entries: int
    missing: tuple[int, ...]

    @property
    def text(self) -> str:
        told = f"{self.entries} {'entry' if self.entries == 1 else 'entries'} saved"
        if not self.missing:
            return told
        told_missing = ", ".join(spans(self.missing))
        return f"{told}, missing: {told_missing}"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was saved. ``spoilt``: entries that were found and are not as they were written, so
    they were left behind; ``unread``: blocks that the disk would not give."""

    sessions: tuple[Kept, ...]
    people: int
    approvals: int
    spoilt: int
    unread: int

    @property
    def whole(self) -> bool:
        return not (self.spoilt or self.unread or any(kept.missing for kept in self.sessions))


def salvage(url: str, new: Path) -> Salvaged:
    """Write what can be read of the store at ``url`` into a new store ``new``.

    The damaged file is only read, page by page, and never by the database. An entry is saved if
    its content still gives its own hash: what is saved is as it was written. No connection of
    this process may have the file open. Raises :class:`StoreError`.
    """
    path = beside_store(url, "")
    if new.exists():
        raise StoreError(f"{new}: there is a file already; give the path of a new one")
    if not path.is_file():
        raise StoreError(f"{path}: there is no store here; check the path")
    try:
        pages = read_pages(path, path.with_name(path.name + "-wal"))
    except OSError as error:
        raise StoreError(f"{path}: it cannot be read ({error.strerror})") from error
    found, spoilt = _entries(pages)
    persons, approved = _people(pages), _approvals(pages)
    if not (found or persons or approved):
        raise StoreError(f"{path}: nothing of a KetaMonitor store can be read in it")
    kept = []
    with open_store(new) as store:
        for person in persons:
            store.append_person(person)
        if approved:
            store.append_approvals(approved)
        for session in sorted(found):
            mine = [found[session][seq] for seq in sorted(found[session])]
            for start in range(0, len(mine), BATCH):
                store.append(mine[start : start + BATCH])
            numbers = {entry.seq for entry in mine}
            missing = tuple(n for n in range(1, max(numbers) + 1) if n not in numbers)
            kept.append(Kept(session, len(mine), missing))
    return Salvaged(tuple(kept), len(persons), len(approved), spoilt, pages.unread)


def _entries(pages: Pages) -> tuple[dict[str, dict[int, Entry]], int]:
    """The entries by session and number, and how many places hold none that is as it was."""
    found: dict[str, dict[int, Entry]] = {}
    spoilt: set[tuple[str, int]] = set()
    for versions in rows(pages, len(entries.columns)):
        for values in versions:
            row = _row(entries, values)
            place = (row["session"], row["seq"])
            if not (isinstance(place[0], str) and isinstance(place[1], int)):
                continue
            entry = _entry(row)
            if entry is None:
                spoilt.add((place[0], place[1]))
                continue
            found.setdefault(entry.session, {})[entry.seq] = entry
    whole = {(session, seq) for session, mine in found.items() for seq in mine}
    return found, len(spoilt - whole)


def _entry(row: dict[str, Value]) -> Entry | None:
    """The entry in a row; ``None`` where it is not as it was written."""
    try:
        body = msgspec.json.decode(_text(row["body"]))
        entry = Entry(
            _number(row["seq"]),
            _text(row["session"]),
            _text(row["kind"]),
            _moment(row["at"], row["at_offset_s"]),
            _moment(row["recorded_at"], row["recorded_offset_s"]),
            _text(row["author"]),
            body,
            _text(row["prev_hash"]),
            _text(row["hash"]),
        )
    except (ValueError, OverflowError, msgspec.DecodeError):
        return None
    return entry if as_written(entry) else None


def _people(pages: Pages) -> Sequence[PersonRow]:
    found: dict[tuple[str, int], PersonRow] = {}
    for versions in rows(pages, len(people.columns)):
        row = _row(people, versions[0])
        try:
            person = PersonRow(
                _text(row["name"]),
                _number(row["change"]),
                _text(row["full_name"]),
                _text(row["role"]),
                _text(row["password_hash"]),
                bool(_number(row["active"])),
                _moment(row["changed_at"], row["changed_offset_s"]),
                _text(row["changed_by"]),
            )
        except (ValueError, OverflowError):
            continue  # a row of another table that has as many columns
        found[person.name, person.change] = person
    return [found[key] for key in sorted(found)]


def _approvals(pages: Pages) -> Sequence[ApprovalRow]:
    found: dict[tuple[str, int], ApprovalRow] = {}
    for versions in rows(pages, len(approvals.columns)):
        row = _row(approvals, versions[0])
        try:
            approval = ApprovalRow(
                _text(row["name"]),
                _number(row["change"]),
                _number(row["version"]),
                _text(row["sha256"]),
                _text(row["state"]),
                _text(row["reason"]),
                _text(row["by"]),
                _moment(row["at"], row["at_offset_s"]),
            )
        except (ValueError, OverflowError):
            continue  # a row of another table that has as many columns
        found[approval.name, approval.change] = approval
    return [found[key] for key in sorted(found)]


def _row(table: Table, values: Values) -> dict[str, Value]:
    return dict(zip((column.name for column in table.columns), values, strict=True))


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise ValueError("no number")
    return value


def _moment(value: Value, offset: Value) -> datetime:
    seconds = _number(offset)
    if abs(timedelta(seconds=seconds)) >= timedelta(days=1):
        raise ValueError("no offset")
    return at_offset(datetime.fromisoformat(_text(value)).replace(tzinfo=UTC), seconds)
