"""What is due when, and what has been done of it: a pure function of the record."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ketamonitor.course import Series
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.treatment.not_done import NotDoneSlots
from ketamonitor.treatment.plan import DuePlan
from ketamonitor.view import DueItem, DueState
from ketamonitor.words import clock

if TYPE_CHECKING:
    from ketamonitor.record import Record

#: The instrument by which somebody enters what the oximeter shows.
TYPED_SPO2 = "spo2_read"

#: More slots than this no row has (one a minute for a day): a clock far off must not make a list
#: without end.
MOST_SLOTS = 1440


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in any order: times of blood pressures, and of answers by instrument; and the
    monitor's own SpO2, in the order in which it came, and when one was typed.

    ``infusing``: an infusion runs. ``infused_until`` is when the stop of the last one was
    *entered* (``None`` without one): rows that go on while an infusion runs go on so long, and a
    stop that is entered late takes no slot back that was due.
    """

    bp: Sequence[datetime] = ()
    answers: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    spo2: Series = field(default_factory=Series)
    typed_spo2: Sequence[datetime] = ()
    not_done: NotDoneSlots = field(default_factory=NotDoneSlots)
    infused_until: datetime | None = None
    infusing: bool = False


@dataclass(frozen=True, slots=True)
class _Slot:
    id: str
    at: datetime
    opens: datetime
    closes: datetime | None


def due_of(record: Record, now: datetime) -> tuple[DueItem, ...]:
    """The schedule of a session at ``now``, from its record."""
    answers: dict[str, list[datetime]] = {}
    for answer in record.answers:
        if not answer.struck:
            answers.setdefault(answer.instrument, []).append(answer.at)
    stops = [i.stop_recorded_at or i.stopped_at for i in record.infusions if i.stopped_at]
    done = Done(
        [cuff.at for cuff in record.cuff if cuff.plotted],
        answers,
        record.series.get("spo2", Series()),
        # declined is an answer and no saturation
        [
            answer.at
            for answer in record.answers
            if answer.instrument == TYPED_SPO2 and answer.value is not None and not answer.struck
        ],
        record.not_done,
        max((at for at in stops if at is not None), default=None),
        any(i.stopped_at is None for i in record.infusions),
    )
    return due_items(record.info.protocol, record.first_dose_at, done, now)


def due_items(
    protocol: TreatmentProtocol, first_dose_at: datetime | None, done: Done, now: datetime
) -> tuple[DueItem, ...]:
    """Every slot in order of time. Empty before the first dose.

    A slot takes the first reading or observation of its window: from its early minutes to the
    opening of the next slot of its row or, with a name, to its late minutes. An observation is
    there once every instrument that it needs was answered in the window, be it with *declined*.
    """
    if first_dose_at is None:
        return ()
    items = []
    unnamed: Counter[str] = Counter()
    for plan in protocol.due:
        row = ""
        if not plan.name:
            unnamed[plan.what] += 1
            row = f"#{unnamed[plan.what]}" if unnamed[plan.what] > 1 else ""
        needed = (*protocol.observe.needed, *plan.asks)
        for slot in _slots(plan, row, first_dose_at, done, now):
            items.append(_item(plan, slot, needed, done, now))
    return tuple(sorted(items, key=lambda item: (item.at, item.what, item.id)))


def _item(plan: DuePlan, slot: _Slot, needed: Sequence[str], done: Done, now: datetime) -> DueItem:
    missing: tuple[str, ...] = ()
    if plan.what == "bp":
        hit = _first(done.bp, slot)
    elif plan.what == "spo2":
        typed = _first(done.typed_spo2, slot)
        seen = [at for at in (typed, _first_value(done.spo2, slot)) if at is not None]
        hit = min(seen, default=None)
    else:
        found = {key: _first(done.answers.get(key, ()), slot) for key in needed}
        times = [at for at in found.values() if at is not None]
        missing = tuple(key for key, at in found.items() if at is None) if times else ()
        hit = max(times) if times and not missing else None
        if not found:  # a protocol that needs no instrument: any answer is an observation
            hit = _first([at for times in done.answers.values() for at in times], slot)
    late = slot.at + timedelta(minutes=plan.grace_min)
    said = done.not_done.said(slot.id, slot.opens, slot.closes)
    if hit is not None:
        state = DueState.DONE if hit <= late else DueState.LATE
    elif said is not None:
        state = DueState.NOT_DONE
    else:
        state = _open_state(plan, slot, late, now)
    return DueItem(
        plan.what,
        slot.at,
        state,
        hit,
        id=slot.id,
        name=plan.name,
        mandatory=plan.mandatory,
        opens_at=slot.opens,
        closes_at=slot.closes if plan.name else None,
        missing=missing,
        reason=said.reason if said and hit is None else "",
        said_by=said.by if said and hit is None else "",
    )


def _open_state(plan: DuePlan, slot: _Slot, late: datetime, now: datetime) -> DueState:
    """The state of a slot that nothing has filled: time alone decides."""
    if now < slot.opens:
        return DueState.AHEAD
    if now < slot.at:
        return DueState.SOON
    if plan.name and slot.closes is not None and now > slot.closes:
        return DueState.MISSED
    return DueState.DUE if now <= late else DueState.OVERDUE


def _first(times: Sequence[datetime], slot: _Slot) -> datetime | None:
    inside = (at for at in times if at >= slot.opens and (slot.closes is None or at <= slot.closes))
    return min(inside, default=None)


def _first_value(series: Series, slot: _Slot) -> datetime | None:
    """The first moment of the slot at which the monitor had a value: an empty one is none."""
    for place in range(bisect_left(series.times, slot.opens), len(series.times)):
        at = series.times[place]
        if slot.closes is not None and at > slot.closes:
            return None
        if series.values[place] is not None and at >= slot.opens:
            return at
    return None


def _slots(plan: DuePlan, row: str, first: datetime, done: Done, now: datetime) -> Iterator[_Slot]:
    early = timedelta(minutes=plan.early_min)
    minutes = list(_minutes(plan, first, done, now))
    for place, minute in enumerate(minutes):
        at = first + timedelta(minutes=minute)
        closes = None
        if place + 1 < len(minutes):
            following = first + timedelta(minutes=minutes[place + 1]) - early
            closes = following - timedelta(microseconds=1)  # what opens the next is not for this
        if plan.name and plan.late_min is not None:
            window = at + timedelta(minutes=plan.late_min)
            closes = window if closes is None else min(closes, window)
        yield _Slot(_slot_id(plan, row, minute), at, at - early, closes)


def _slot_id(plan: DuePlan, row: str, minute: float) -> str:
    """``bp@10``, ``bp@10#2`` in a second unnamed row, ``bp:NAME``: it moves with no clock."""
    if not plan.name:
        return f"{plan.what}@{minute:g}{row}"
    only = len(plan.minutes) == 1 and plan.every_min is None
    return f"{plan.what}:{plan.name}" if only else f"{plan.what}:{plan.name}@{minute:g}"


def _minutes(plan: DuePlan, first: datetime, done: Done, now: datetime) -> Iterator[float]:
    """The minutes of the row and, with ``every_min``, those after them: up to ``until_min``, and
    each that had opened before the stop of the infusion was entered. While one runs, the next."""
    yield from plan.minutes
    if plan.every_min is None:
        return
    end = plan.until_min or 0.0
    if done.infused_until is not None:
        end = max(end, (done.infused_until - first).total_seconds() / 60 + plan.early_min)
    if done.infusing:
        end = max(end, (now - first).total_seconds() / 60 + plan.every_min)
    for number in range(1, MOST_SLOTS):
        minute = plan.minutes[-1] + number * plan.every_min
        if minute > end:
            return
        yield minute


def planned(plan: DuePlan) -> str:
    """A row of the schedule in words: ``at 10, 20 min``, with its window and how it goes on."""
    said = f"at {', '.join(f'{minute:g}' for minute in plan.minutes)} min"
    if plan.name and plan.late_min is not None:
        said += (
            f" ({plan.name}: {plan.early_min:g} min before to {plan.late_min:g} after, no later)"
        )
    if plan.every_min is not None:
        until = f" to {plan.until_min:g} min and" if plan.until_min is not None else ""
        said += f", then every {plan.every_min:g} min{until} while an infusion runs"
    if plan.asks:
        also = [INSTRUMENTS[key].label if key in INSTRUMENTS else key for key in plan.asks]
        said += f", with {', '.join(also)}"
    return said + (", needed" if plan.mandatory else "")


def told(item: DueItem) -> str:
    """How a slot stands, in a few words: ``done 14:02``, ``late, done 14:20``."""
    if item.done_at is not None:
        late = "late, " if item.state is DueState.LATE else ""
        return f"{late}done {clock(item.done_at)}"
    if item.state is DueState.NOT_DONE:
        return f"not done: {item.reason}"
    return _TOLD[item.state]


_TOLD = {
    DueState.AHEAD: "to come",
    DueState.SOON: "soon",
    DueState.DUE: "due now",
    DueState.OVERDUE: "overdue",
    DueState.MISSED: "missed: its window is over",
}
