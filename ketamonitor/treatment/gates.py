"""The earliest end of a session by the clock: a pure function of the doses in the record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ketamonitor.treatment.plan import GatePlan

if TYPE_CHECKING:
    from ketamonitor.record import Record


@dataclass(frozen=True, slots=True)
class Given:
    """A dose of the treatment as far as the gate cares. ``ended_at`` is ``None`` while it runs;
    ``planned_end`` is then when it will have run in, where that is known."""

    started_at: datetime
    ended_at: datetime | None
    planned_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """``at`` is the earliest end; while a dose runs it is only the earliest that can still be, and
    ``open`` stays false whatever the time."""

    at: datetime
    open: bool


def gate(plan: GatePlan, given: Iterable[Given], now: datetime) -> Gate | None:
    """The gate at ``now``; ``None`` before any dose. ``given`` in any order, without struck ones.

    Both minutes must have passed: those from the first dose and those from the end of the last.
    """
    doses = list(given)
    if not doses:
        return None
    at = min(dose.started_at for dose in doses) + timedelta(minutes=plan.from_first_dose_min)
    after = timedelta(minutes=plan.after_dose_min)
    running = False
    for dose in doses:
        end = dose.ended_at
        if end is None:
            running = True
            end = max(now, dose.planned_end or now, dose.started_at)
        at = max(at, end + after)
    return Gate(at, not running and now >= at)


def gate_of(record: Record, now: datetime) -> Gate | None:
    """The gate of a session under its own protocol, from the doses as they stand."""
    given = [Given(dose.at, dose.at) for dose in record.doses if record.counts(dose)]
    given += [
        Given(i.started_at, i.stopped_at, i.ends_at(now))
        for i in record.infusions
        if record.treats(i.drug)
    ]
    given += [Given(spray.at, spray.over_at) for spray in record.nasal.sprays]
    return gate(record.info.protocol.gate, given, now)
