"""Entries for the tests of the store, and a writer that can be killed at any moment.

``python -m tests.domain.stored STORE`` goes on with session ``killed`` in STORE and prints the
number of each entry once it has been acknowledged.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.store import open_store

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

STARTED: dict[str, Any] = {
    "event": "started",
    "patient": {"name": "Example, Ada", "mrn": "X-1", "born": "1980-02-29"},
    "weight_kg": 70.5,
    "protocol": {"name": "iv-ketamine-40", "title": "IV ketamine over 40 min"},
    "devices": [],
    "simulated": True,
    "chair": "1",
    "software": "0.1.0",
}


def chained(drafts: Iterable[Draft], session: str = "s", last: Entry | None = None) -> list[Entry]:
    """The drafts as entries of a session, following on ``last``; each recorded 2 ms after."""
    built: list[Entry] = []
    for draft in drafts:
        seq, prev_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
        last = chain(draft, session, seq, draft.at + timedelta(milliseconds=2), prev_hash)
        built.append(last)
    return built


def started(at: datetime = NOON, **changes: Any) -> Draft:
    return Draft("session", at, "anna", STARTED | changes)


def note(number: int, at: datetime = NOON) -> Draft:
    body = {"text": f"note {number}", "said_by": "nurse"}
    return Draft("note", at + timedelta(seconds=number), "anna", body)


def raised(priority: str, at: datetime = NOON) -> Draft:
    return Draft("alarm", at, "program", {"event": "raised", "id": "x", "priority": priority})


def write_until_killed(path: str) -> None:
    with open_store(path) as store:
        last = store.last("killed")
        if last is None:
            store.append(chained([started()], "killed"))
            last = store.last("killed")
        for number in count():
            batch = chained([note(number + i) for i in range(1 + number % 3)], "killed", last)
            store.append(batch)
            last = batch[-1]
            print(last.seq, flush=True)


if __name__ == "__main__":
    write_until_killed(sys.argv[1])
