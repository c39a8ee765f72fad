"""What is due when, and what has been done of it: a pure function of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.treatment.plan import DuePlan
from ketamonitor.view import DueItem, DueState


def due_items(
    protocol: TreatmentProtocol,
    first_dose_at: datetime | None,
    done: Mapping[str, Sequence[datetime]],
    now: datetime,
) -> tuple[DueItem, ...]:
    """Every slot in order of time. Empty before the first dose.

    ``done`` holds the times of cuff readings (``bp``) and observations, in any order. A slot takes
    the first that falls between its early window and the window of the next slot of its kind.
    """
    if first_dose_at is None:
        return ()
    items = [
        item
        for plan in protocol.due
        for item in _slots(plan, first_dose_at, sorted(done.get(plan.what, ())), now)
    ]
    return tuple(sorted(items, key=lambda item: (item.at, item.what)))


def _slots(
    plan: DuePlan, first_dose_at: datetime, done: Sequence[datetime], now: datetime
) -> list[DueItem]:
    early, grace = timedelta(minutes=plan.early_min), timedelta(minutes=plan.grace_min)
    times = [first_dose_at + timedelta(minutes=m) for m in plan.minutes]
    slots: list[DueItem] = []
    for place, at in enumerate(times):
        opens = at - early
        closes = times[place + 1] - early if place + 1 < len(times) else None
        hit = next((t for t in done if t >= opens and (closes is None or t < closes)), None)
        if hit is not None:
            state = DueState.DONE
        elif now < at:
            state = DueState.AHEAD
        elif now <= at + grace:
            state = DueState.DUE
        else:
            state = DueState.OVERDUE
        slots.append(DueItem(plan.what, at, state, hit))
    return slots
