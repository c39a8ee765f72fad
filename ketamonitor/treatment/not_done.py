"""What of the schedule was not done, and why: a person's answer for one slot, and its fold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry
from ketamonitor.view import DueItem
from ketamonitor.words import clock

#: Reasons to choose from; any other is typed.
REASONS = (
    "Patient asleep, not woken",
    "Patient declined",
    "Away from the chair",
    "Cuff, sensor or monitor fault",
    "Nurse needed elsewhere",
)

#: Characters of a reason.
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class NotDone:
    """That the slot of this id, ``due_at`` as it was timed then, was not done: said ``at``."""

    seq: int
    slot: str
    due_at: datetime
    reason: str
    at: datetime
    by: str


@dataclass(slots=True)
class NotDoneSlots:
    """All such answers of a session; a struck one is gone, the latest of a slot counts."""

    answers: list[NotDone] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        body = entry.body
        if entry.kind == "event" and body.get("event") == "not_done":
            due_at = datetime.fromisoformat(body["due_at"])
            self.answers.append(
                NotDone(entry.seq, body["slot"], due_at, body["reason"], entry.at, entry.author)
            )
        elif entry.kind == "correction":
            self.answers = [a for a in self.answers if a.seq != body["of_seq"]]

    def said(self, slot: str, opens: datetime, closes: datetime | None) -> NotDone | None:
        """The last answer for the slot, whose window this is now.

        One given for a time outside it was about another time: the first dose has been corrected.
        """
        for answer in reversed(self.answers):
            inside = opens <= answer.due_at and (closes is None or answer.due_at <= closes)
            if answer.slot == slot and inside:
                return answer
        return None


def not_done(item: DueItem, reason: str, *, at: datetime, author: str) -> Draft:
    """The answer that a slot was not done. Raises ``ValueError`` for a slot that has been done or
    whose window has not opened, and for a reason that is empty or too long."""
    reason = checks.text(reason, "Reason", LONGEST_REASON)
    if item.done_at is not None:
        raise ValueError(f"{item.label} due {clock(item.at)} is done at {clock(item.done_at)}")
    if at < item.opens_at:
        raise ValueError(
            f"{item.label} due {clock(item.at)} can be answered from {clock(item.opens_at)} on"
        )
    body = {
        "event": "not_done",
        "slot": item.id,
        "what": item.what,
        "due_at": item.at.isoformat(),
        "reason": reason,
        "text": f"{item.label} due {clock(item.at)} not done: {reason}",
    }
    return Draft("event", at, author, body)
