"""Where a rule of a protocol or a question of a form comes from, and when that was last read.

A protocol lists its sources as ``[[reference]]`` and each of its rows names the ids of those it
rests on. What rests on none is named :data:`PROPOSAL`: a proposal of this program, for approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

#: Stands among the sources of a row that rests on nothing that was published.
PROPOSAL = "proposal"
PROPOSAL_WORDS = "proposal of this program, for approval"

#: Days after which a source should be read again.
OLD_AFTER_DAYS = 180

_Word = Annotated[str, Meta(min_length=1, max_length=200)]
_Short = Annotated[str, Meta(min_length=1, max_length=60)]

#: The ids of the sources of a row; empty in files and records of before there were any.
Sources = tuple[Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")], ...]


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One source: ``text`` says which, ``version`` its edition or day (``undated`` is a word too),
    ``read`` the day on which somebody last read it, ``jurisdiction`` where it holds."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    text: _Word
    version: _Short
    read: date
    jurisdiction: _Short

    @property
    def words(self) -> str:
        """``SPRAVATO US label (18, effective 2026-03-13; read 2026-11-30; US)``."""
        return f"{self.text} ({self.version}; read {self.read.isoformat()}; {self.jurisdiction})"


@dataclass(frozen=True, slots=True)
class Sourced:
    """A row by its place in the file, with the ids of its sources, which stand under ``key``."""

    place: str
    source: Sources
    key: str = "source"


class SourceError(ValueError):
    """A source that cannot be used; the text begins with its place."""


def check_references(references: Iterable[Reference], rows: Iterable[Sourced]) -> None:
    """Each id stands once, is no reserved word, and each that a row names is there.

    Raises :class:`SourceError`. That a row names none is no fault here: :func:`lacking` tells it.
    """
    known: set[str] = set()
    for number, one in enumerate(references):
        if one.id == PROPOSAL:
            raise SourceError(f"reference[{number}].id: {PROPOSAL!r} is kept for what has none")
        if one.id in known:
            raise SourceError(f"reference[{number}].id: {one.id!r} stands twice")
        known.add(one.id)
    for row in rows:
        for name in row.source:
            if name != PROPOSAL and name not in known:
                raise SourceError(f"{row.place}.{row.key}: there is no reference {name!r}")


def lacking(rows: Iterable[Sourced]) -> Iterator[str]:
    """In one line each: the rows that name no source."""
    for row in rows:
        if not row.source:
            yield (
                f"{row.place}.{row.key} is missing: name the id of a [[reference]],"
                f' or "{PROPOSAL}" where it rests on none'
            )


def future(references: Iterable[Reference], today: date) -> Iterator[str]:
    """In one line each: the sources read on a day that is still to come."""
    for number, one in enumerate(references):
        if one.read > today:
            yield f"reference[{number}].read: {one.read.isoformat()} is still to come"


def old(references: Iterable[Reference], today: date) -> Iterator[str]:
    """In one line each: the sources that were read more than :data:`OLD_AFTER_DAYS` ago."""
    for one in references:
        days = (today - one.read).days
        if days > OLD_AFTER_DAYS:
            yield (
                f"reference {one.id} was read {days} days ago, on {one.read.isoformat()}: read it"
                " again, and give the file its new day and a new version"
            )


def without_empty(plain: Any) -> Any:
    """Plain JSON without sources where none are named: what was recorded or approved before there
    were any keeps its text, and so its hash."""
    if isinstance(plain, dict):
        return {
            key: without_empty(value)
            for key, value in plain.items()
            if not (key in ("source", "reference") and value == [])
        }
    if isinstance(plain, list):
        return [without_empty(value) for value in plain]
    return plain
