"""The stretches in which the drug went in: what schedule, gate and criteria count from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ketamonitor.record import Record


@dataclass(frozen=True, slots=True)
class Dosing:
    """One stretch. ``ended_at`` is ``None`` while it goes on; ``planned_end`` is then when it will
    be over, where that is known."""

    started_at: datetime
    ended_at: datetime | None
    planned_end: datetime | None = None


def dosings_of(record: Record, now: datetime) -> tuple[Dosing, ...]:
    """The stretches of a session in order; what was struck out is none."""
    given = [Dosing(dose.at, dose.at) for dose in record.doses if record.counts(dose)]
    given += [
        Dosing(i.started_at, i.stopped_at, i.ends_at(now))
        for i in record.infusions
        if record.treats(i.drug)
    ]
    given += [Dosing(spray.at, spray.over_at) for spray in record.nasal.sprays]
    return merged(given)


def merged(given: Iterable[Dosing]) -> tuple[Dosing, ...]:
    """In order of their beginnings, those that overlap as one: a bolus while a pump runs is no
    end of dosing."""
    found: list[Dosing] = []
    for one in sorted(given, key=lambda d: d.started_at):
        last = found[-1] if found else None
        if last is None or (last.ended_at is not None and last.ended_at < one.started_at):
            found.append(one)
            continue
        going = last.ended_at is None or one.ended_at is None
        ends = [d.ended_at for d in (last, one) if d.ended_at is not None]
        planned = [d.planned_end for d in (last, one) if d.planned_end is not None]
        found[-1] = Dosing(
            last.started_at,
            None if going else max(ends),
            max(planned, default=None) if going else None,
        )
    return tuple(found)


def end_of(dosings: Sequence[Dosing]) -> datetime | None:
    """When the last of it was in. ``None`` without a dose and while one goes on."""
    return dosings[-1].ended_at if dosings else None
