"""Striking out what a person entered: a further entry takes it back, and the first one stays.

What a monitor sent, what the program wrote, and acts that only a further act can undo (an alert
acknowledged, a baseline locked, a row of the drug ledger) are never struck out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ketamonitor import checks, words
from ketamonitor.entries import PROGRAM, Draft, Entry

if TYPE_CHECKING:
    from ketamonitor.view import Baseline

#: Reasons to choose from; any other is typed.
REASONS = (
    "Wrong number",
    "Wrong time",
    "Entered twice",
    "Did not happen",
    "Wrong patient or chair",
)

LONGEST_REASON = 200

_KINDS = ("reading", "dose", "infusion", "observation", "note")
#: Events that a person enters and that stand for themselves.
_EVENTS = (
    *("mark", "on_site", "order", "held", "not_done", "device_step"),
    *("checkin", "bp_weighed"),
    *("episode", "adverse", "adverse_none", "criterion", "ready", "left", "action"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry that may be struck out. ``what`` is its kind or, of an event, which event; ``title``
    says all that it holds in a line."""

    seq: int
    what: str
    title: str
    at: datetime
    recorded_at: datetime
    author: str


@dataclass(slots=True)
class Corrections:
    """What people entered and nobody has struck out. Feed it every entry with :meth:`add`."""

    standing: dict[int, Standing] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        if entry.kind == "correction":
            self.standing.pop(entry.body["of_seq"], None)
            return
        what = _what(entry)
        told = words.headline(entry) if what else None
        if told is not None:
            title, detail = told
            first = detail.partition(" · ")[0]
            if first and first != entry.author:
                title = f"{title}, {first}"
            self.standing[entry.seq] = Standing(
                entry.seq, what, title, entry.at, entry.recorded_at, entry.author
            )

    def newest_first(self) -> Sequence[Standing]:
        """In the order of entering, the last one first."""
        return tuple(reversed(self.standing.values()))


def _what(entry: Entry) -> str:
    """Its kind, or which event it is; empty where it cannot be struck out."""
    if entry.author == PROGRAM:
        return ""
    if entry.kind == "event":
        event = str(entry.body.get("event"))
        return event if event in _EVENTS else ""
    return entry.kind if entry.kind in _KINDS else ""


def in_the_way(one: Standing, baseline: Baseline | None) -> str:
    """Why this entry cannot be struck out now, in one line; empty where it can."""
    if one.what == "reading" and baseline is not None and baseline.of_seq == one.seq:
        return "It is the locked baseline: lock another reading first (T)"
    return ""


def struck(
    one: Standing, reason: str, baseline: Baseline | None = None, *, at: datetime, author: str
) -> Draft:
    """The entry that strikes ``one`` out. Raises ``ValueError`` for an empty or too long reason,
    and where something stands in the way."""
    reason = checks.text(reason, "Reason", LONGEST_REASON)
    if fault := in_the_way(one, baseline):
        raise ValueError(fault)
    text = f"Struck out: {one.title}, {words.clock(one.at)}"
    body = {"of_seq": one.seq, "reason": reason, "body": None, "text": text}
    return Draft("correction", at, author, body)
