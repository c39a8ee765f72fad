"""Handing in the form of a session: until when, whether it was done, and the rows that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry
from ketamonitor.record import Record
from ketamonitor.store.summary import SessionSummary
from ketamonitor.treatment.forms import FormError, form, hand_in_by
from ketamonitor.words import day

#: The chain of the rows, in the place where an entry has its session.
FORMS = "forms"

LONGEST_REFERENCE, LONGEST_REASON = 80, 200


@dataclass(frozen=True, slots=True)
class Due:
    """A form that a session must have handed in: the last day ``by``, counted from ``since``."""

    session: str
    form: str
    since: date
    by: date


@dataclass(frozen=True, slots=True)
class HandedIn:
    """That it was: ``row`` is the number of the row that says so, ``at`` when that was written."""

    row: int
    session: str
    on: date
    reference: str
    by: str
    at: datetime


@dataclass(slots=True)
class HandIns:
    """The fold of the chain: of each session the row that stands. Feed it every row."""

    standing: dict[str, HandedIn] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Entry]) -> Self:
        made = cls()
        for row in rows:
            made.add(row)
        return made

    def add(self, row: Entry) -> None:
        body = row.body
        if body.get("event") == "form_handed_in":
            self.standing[body["session"]] = HandedIn(
                row.seq,
                body["session"],
                date.fromisoformat(body["on"]),
                body["reference"] or "",
                row.author,
                row.at,
            )
        elif body.get("event") == "form_struck":
            self.standing = {k: v for k, v in self.standing.items() if v.row != body["row"]}


def due_of(
    session: str,
    forms: Iterable[str],
    started_at: datetime,
    *,
    simulated: bool,
    finished: bool,
) -> Due | None:
    """What is due for a session: nothing for a simulated one, one that goes on, or a protocol that
    names no form that this program knows."""
    name = next(iter(forms), "")
    if not name or simulated or not finished:
        return None
    try:
        template = form(name)
    except FormError:
        return None
    return Due(session, name, started_at.date(), hand_in_by(template, started_at))


def summary_due(summary: SessionSummary) -> Due | None:
    """What is due for a session in the list."""
    return due_of(
        summary.id,
        summary.forms,
        summary.started_at,
        simulated=summary.simulated,
        finished=summary.finished,
    )


def record_due(record: Record) -> Due | None:
    """What is due for a session that was read."""
    info = record.info
    return due_of(
        info.id,
        info.protocol.forms,
        info.started_at,
        simulated=info.simulated,
        finished=record.ended_at is not None,
    )


# Drafts ----------------------------------------------------------------------------------------


def handed_in(
    known: HandIns, due: Due, on: date, reference: str, *, at: datetime, author: str
) -> Draft:
    """A person says that the form was handed in on that day.

    Raises ``ValueError`` with one line: a day before the treatment or to come, said already.
    """
    if on > at.date():
        raise ValueError(f"{day(on)} is still to come")
    if on < due.since:
        raise ValueError(f"{day(on)} is before the treatment on {day(due.since)}")
    if (said := known.standing.get(due.session)) is not None:
        raise ValueError(f"Handed in on {day(said.on)} already: strike that out first")
    reference = reference.strip()
    if len(reference) > LONGEST_REFERENCE:
        raise ValueError(f"The reference is longer than {LONGEST_REFERENCE} characters")
    body = {
        "event": "form_handed_in",
        "session": due.session,
        "form": due.form,
        "on": on.isoformat(),
        "reference": reference or None,
        "text": f"Form of {due.session} handed in on {day(on)}",
    }
    return Draft("audit", at, author, body)


def struck(known: HandIns, session: str, reason: str, *, at: datetime, author: str) -> Draft:
    """A row that was a mistake. Raises ``ValueError`` where none stands, or without a reason."""
    said = known.standing.get(session)
    if said is None:
        raise ValueError("That the form was handed in is not recorded: there is nothing to strike")
    reason = checks.text(reason, "Reason", LONGEST_REASON)
    body = {
        "event": "form_struck",
        "row": said.row,
        "session": session,
        "reason": reason,
        "text": f"Form of {session} not handed in: row {said.row} struck out",
    }
    return Draft("audit", at, author, body)


# Words -----------------------------------------------------------------------------------------


def told(due: Due, said: Mapping[str, HandedIn], today: date) -> str:
    """``form by 30 Nov, 5 days left``, ``form due today``, ``form overdue since 30 Nov``,
    ``form handed in 28 Nov``."""
    done = said.get(due.session)
    if done is not None:
        late = ", late" if done.on > due.by else ""
        return f"form handed in {_short(done.on, today)}{late}"
    left = (due.by - today).days
    if left < 0:
        return f"form overdue since {_short(due.by, today)}"
    if left == 0:
        return "form due today"
    return f"form by {_short(due.by, today)}, {left} day{'' if left == 1 else 's'} left"


def _short(on: date, today: date) -> str:
    """``28 Nov``; with the year where it is another one."""
    return day(on) if on.year != today.year else day(on)[:6]
