"""The entry: one thing that happened, chained by hash to the one before it in its session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

KINDS = (
    "session",
    "reading",
    "dose",
    "infusion",
    "observation",
    "alarm",
    "correction",
    "signature",
    "device",
    "note",
    "event",
    "audit",
)

#: What stands before the first entry of a session.
GENESIS = "0" * 64

#: The author of what the program itself records: readings, alarms, link states.
PROGRAM = "program"

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """Something that happened and is not yet written: what callers submit to the recorder.

    ``at`` is when it happened (aware). ``body`` is plain JSON; its form by kind stands in
    ``docs/entries.md``.
    """

    kind: str
    at: datetime
    author: str
    body: Body = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of entry: {self.kind}")
        if self.at.utcoffset() is None:
            raise ValueError("an entry's time needs an offset")


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft that has its place in the list: ``seq`` counts from 1 within ``session``."""

    seq: int
    session: str
    kind: str
    at: datetime
    recorded_at: datetime
    author: str
    body: Body
    prev_hash: str
    hash: str

    @property
    def late_s(self) -> float:
        """Seconds between the happening and the recording."""
        return (self.recorded_at - self.at).total_seconds()

    def as_json(self) -> dict[str, Any]:
        """The entry as ``session export --format json`` prints it."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": stamp(self.at),
            "recorded_at": stamp(self.recorded_at),
            "author": self.author,
            "body": dict(self.body),
            "prev_hash": self.prev_hash,
            "hash": self.hash,
        }


def stamp(at: datetime) -> str:
    """ISO 8601 with microseconds and offset: the one written form of a time."""
    return at.isoformat(timespec="microseconds")


def entry_hash(
    seq: int,
    session: str,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    author: str,
    body: Body,
    prev_hash: str,
) -> str:
    """SHA-256 (hex) over the JSON of all fields with sorted keys, as UTF-8 without spaces."""
    content = {
        "at": stamp(at),
        "author": author,
        "body": body,
        "kind": kind,
        "prev_hash": prev_hash,
        "recorded_at": stamp(recorded_at),
        "seq": seq,
        "session": session,
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def as_written(entry: Entry) -> bool:
    """Whether the content of an entry still gives its own hash."""
    digest = entry_hash(
        entry.seq,
        entry.session,
        entry.kind,
        entry.at,
        entry.recorded_at,
        entry.author,
        entry.body,
        entry.prev_hash,
    )
    return digest == entry.hash


def chain(draft: Draft, session: str, seq: int, recorded_at: datetime, prev_hash: str) -> Entry:
    """The draft as entry number ``seq``, bound to the entry whose hash is ``prev_hash``."""
    digest = entry_hash(
        seq, session, draft.kind, draft.at, recorded_at, draft.author, draft.body, prev_hash
    )
    return Entry(
        seq, session, draft.kind, draft.at, recorded_at, draft.author, draft.body, prev_hash, digest
    )


def verify_chain(session: str, entries: Iterable[Entry]) -> Sequence[str]:
    """What is wrong with a session's list, in words; empty when every entry is as written."""
    faults: list[str] = []
    expected_seq, prev_hash = 1, GENESIS
    for entry in entries:
        if entry.seq != expected_seq:
            faults.append(f"entry {expected_seq} is missing: the next one found is {entry.seq}")
        if entry.session != session:
            faults.append(f"entry {entry.seq} belongs to another session")
        if entry.prev_hash != prev_hash:
            faults.append(f"entry {entry.seq} does not follow the one before it")
        if not as_written(entry):
            faults.append(f"entry {entry.seq} is not as it was written")
        expected_seq, prev_hash = entry.seq + 1, entry.hash
    if expected_seq == 1:
        faults.append("the session has no entries")
    return faults
