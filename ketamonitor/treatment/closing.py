"""What is still open at the end of a session, and needs an answer before it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ketamonitor.entries import Draft
from ketamonitor.treatment.checkin import label, unanswered
from ketamonitor.treatment.discharge import CriterionView, closing
from ketamonitor.treatment.ledger import TOLERANCE, What
from ketamonitor.treatment.nasal import unfinished
from ketamonitor.words import clock

if TYPE_CHECKING:
    from ketamonitor.record import Record
    from ketamonitor.view import DueItem

#: States of a slot whose time is over and that nothing has filled.
_GONE_BY = ("overdue", "missed")


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One matter that must be answered. ``key`` stays the same while its words move on."""

    key: str
    text: str


def open_items(
    record: Record, due: Sequence[DueItem], criteria: Sequence[CriterionView]
) -> tuple[OpenItem, ...]:
    """What nobody has done or answered yet, in the order of the session.

    Without a dose nothing of the treatment is asked, but for the reason why there was none, and
    what became of drug and devices that were taken in hand.
    """
    handled = _handled(record)
    if record.first_dose_at is None:
        return (OpenItem("no_dose", "No dose is recorded"), *handled)
    asked = unanswered(record.info.protocol.checkin, record.checkin.view)
    items = [OpenItem(f"checkin:{key}", f"Check-in: {label(key)} is not answered") for key in asked]
    items += [
        OpenItem(f"slot:{slot.id}", f"{slot.label}, planned {clock(slot.at)}, is not recorded")
        for slot in due
        if slot.mandatory and not slot.answered
    ]
    items += _missed(due)
    items += handled
    for row in criteria:
        if not row.settled:
            why = f" ({row.evidence})" if row.evidence else ""
            text = f"Not recorded as met: {row.criterion.text}{why}"
            items.append(OpenItem(f"criterion:{row.criterion.id}", text))
    if record.discharge.departure is None:
        items.append(OpenItem("left", "The time of leaving is not recorded"))
    return tuple(items)


def _missed(due: Sequence[DueItem]) -> list[OpenItem]:
    """What was due and neither done nor answered for, one item a kind: they are many, and one
    reason holds for most of them."""
    items = []
    for what in dict.fromkeys(slot.what for slot in due):
        slots = [
            slot
            for slot in due
            if slot.what == what and not slot.mandatory and slot.state in _GONE_BY
        ]
        if slots:
            times = ", ".join(clock(slot.at) for slot in slots)
            many = f"{len(slots)} × {slots[0].kind}" if len(slots) > 1 else slots[0].kind
            items.append(OpenItem(f"missed:{what}", f"Due and not recorded: {many} ({times})"))
    return items


def _handled(record: Record) -> list[OpenItem]:
    """Nasal devices that are begun, and drawings that the ledger does not account for."""
    items = []
    nasal = record.nasal.of_plan(record.info.protocol.dose)
    if nasal is not None and (told := unfinished(nasal)):
        items.append(OpenItem("nasal", told))
    for number, rest in record.drug.open_mg.items():
        of = f"drawing {number}: " if number else ""
        mg = f"{abs(rest).normalize():f} mg"
        how = f"{mg} drawn are not accounted for"
        if rest < 0:
            how = f"{mg} more are given and wasted than drawn"
        items.append(OpenItem(f"drug:{number}", f"Drug ledger: {of}{how}"))
    if (told := _told_otherwise(record)) and not record.drug.open_mg:
        items.append(OpenItem("drug_given", told))
    return items


def _told_otherwise(record: Record) -> str:
    """That the ledger says another amount was given than the doses of the record come to."""
    if not record.drug.mg(What.DRAWN, record.treats) or record.last_at is None:
        return ""
    if any(infusion.stopped_at is None for infusion in record.infusions):
        return ""  # what has run in is known at its stop
    booked = record.drug.mg(What.GIVEN, record.treats)
    recorded = Decimal(repr(record.total_mg(record.last_at))).quantize(Decimal("0.001"))
    if abs(booked - recorded) <= TOLERANCE:
        return ""
    return (
        f"Drug ledger: {booked.normalize():f} mg given,"
        f" the doses of the record come to {recorded.normalize():f} mg"
    )


def answered_alike(
    items: Sequence[OpenItem], reason: str, *, at: datetime, author: str
) -> tuple[Draft, ...]:
    """One reason for all that is open: how a script ends a session. Nothing where nothing is."""
    if not items:
        return ()
    return (closing([(item.text, reason) for item in items], at=at, author=author),)
