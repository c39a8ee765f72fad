"""Entries that lost their place: made anew behind what stands there, with their references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ketamonitor.entries import PROGRAM, Body, Draft, Entry, chain

#: What a body calls the number of another entry of its own session. Alarms are named by their
#: ids and times, drawings by the rows of the drug ledger: those stay as they are.
REFERENCES = ("of_seq",)


def renumbered(body: Body, numbers: Mapping[int, int]) -> dict[str, Any]:
    """The body with each reference to an entry of ``numbers`` (old to new); also further in."""

    def new(key: str, value: Any) -> Any:
        if key in REFERENCES:
            return numbers.get(value, value) if isinstance(value, int) else value
        if isinstance(value, Mapping):
            return renumbered(value, numbers)
        if isinstance(value, list | tuple):
            return [new("", item) for item in value]
        return value

    return {key: new(key, value) for key, value in body.items()}


def again(held: Sequence[Entry], last: Entry, now: datetime) -> list[Entry]:
    """The held entries of one session as new ones behind ``last``, which took their place.

    They keep when they happened and who entered them. An entry of the program follows that says
    so, with the numbers they had.
    """
    now = max(now, last.recorded_at)
    numbers: dict[int, int] = {}
    made: list[Entry] = []
    for entry in held:
        body = renumbered(entry.body, numbers)
        last = behind(Draft(entry.kind, entry.at, entry.author, body), last, now)
        numbers[entry.seq] = last.seq
        made.append(last)
    told = {
        "event": "renumbered",
        "entries": len(held),
        "had": [held[0].seq, held[-1].seq],
        "have": [made[0].seq, made[-1].seq],
    }
    return [*made, behind(Draft("audit", now, PROGRAM, told), last, now)]


def behind(draft: Draft, last: Entry, now: datetime) -> Entry:
    """A draft as the entry after ``last``."""
    return chain(draft, last.session, last.seq + 1, now, last.hash)


def displaced(held: Sequence[Entry], there: Iterable[Entry]) -> bool:
    """Whether another entry stands where one of the held ones of that session is to stand."""
    own = {entry.seq: entry.hash for entry in held}
    return any(own.get(entry.seq, entry.hash) != entry.hash for entry in there)
