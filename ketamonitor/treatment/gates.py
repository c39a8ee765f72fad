"""The earliest end of a session by the clock: a pure function of the doses in the record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ketamonitor.treatment.dosing import Dosing, dosings_of
from ketamonitor.treatment.plan import GatePlan

if TYPE_CHECKING:
    from ketamonitor.record import Record


@dataclass(frozen=True, slots=True)
class Gate:
    """``at`` is the earliest end; while a dose runs it is only the earliest that can still be, and
    ``open`` stays false whatever the time. ``from_first`` and ``from_last`` are the two times that
    it is the later of, or of which the clinic has chosen the first."""

    at: datetime
    open: bool
    from_first: datetime
    from_last: datetime


def gate(
    plan: GatePlan, given: Iterable[Dosing], now: datetime, *, first_only: bool = False
) -> Gate | None:
    """The gate at ``now``; ``None`` before any dose. ``given`` in any order, without struck ones.

    Both minutes must have passed: those from the first dose and those from the end of the last;
    with ``first_only`` those from the first alone.
    """
    doses = list(given)
    if not doses:
        return None
    from_first = min(d.started_at for d in doses) + timedelta(minutes=plan.from_first_dose_min)
    after = timedelta(minutes=plan.after_dose_min)
    from_last = from_first
    running = False
    for dose in doses:
        end = dose.ended_at
        if end is None:
            running = True
            end = max(now, dose.planned_end or now, dose.started_at)
        from_last = max(from_last, end + after)
    at = from_first if first_only else from_last
    return Gate(at, not running and now >= at, from_first, from_last)


def gate_of(record: Record, now: datetime) -> Gate | None:
    """The gate of a session under its own protocol, from the doses as they stand."""
    protocol, given = record.info.protocol, dosings_of(record, now)
    devices = protocol.dose.given_as == "devices"
    return gate(
        protocol.gate, given, now, first_only=devices and record.info.rules.gate_from == "first"
    )
