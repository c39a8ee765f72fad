"""What is due when, and what has been done of it: a pure function of the record."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ketamonitor.course import CuffPoint, Series
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.treatment.dosing import Dosing, dosings_of
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
    stop that is entered late takes no slot back that was due. ``dosings`` are the stretches of
    dosing, ``left_at`` when the patient left or the session ended; ``high`` says of each pressure
    in ``bp`` whether it is beyond a limit.
    """

    bp: Sequence[datetime] = ()
    high: Sequence[bool] = ()
    dosings: Sequence[Dosing] = ()
    left_at: datetime | None = None
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

    def offered_until(self, late: datetime) -> datetime:
        """How long it is shown where nobody need take it."""
        return late if self.closes is None else min(late, self.closes)


def due_of(record: Record, now: datetime) -> tuple[DueItem, ...]:
    """The schedule of a session at ``now``, from its record."""
    answers: dict[str, list[datetime]] = {}
    for answer in record.answers:
        if not answer.struck:
            answers.setdefault(answer.instrument, []).append(answer.at)
    stops = [i.stop_recorded_at or i.stopped_at for i in record.infusions if i.stopped_at]
    taken = sorted((c for c in record.cuff if c.plotted), key=lambda c: (c.at, c.seq))
    departure = record.discharge.departure
    done = Done(
        [cuff.at for cuff in taken],
        [too_high(record, cuff) for cuff in taken],
        dosings_of(record, now),
        departure.at if departure is not None else record.ended_at,
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
    rows: list[tuple[DuePlan, list[_Slot]]] = []
    unnamed: Counter[str] = Counter()
    for plan in protocol.due:
        row = ""
        if not plan.name and plan.counts_from == "first_dose":
            unnamed[plan.what] += 1
            row = f"#{unnamed[plan.what]}" if unnamed[plan.what] > 1 else ""
        rows.append((plan, list(_slots(plan, row, first_dose_at, done, now))))
    items = []
    for plan, slots in rows:
        needed = (*protocol.observe.needed, *plan.asks)
        for slot in slots:
            item = _item(plan, _closed(plan, slot, rows), needed, done, now)
            if item is not None:
                items.append(item)
    return tuple(sorted(items, key=lambda item: (item.at, item.what, item.id)))


def _closed(plan: DuePlan, slot: _Slot, rows: Sequence[tuple[DuePlan, list[_Slot]]]) -> _Slot:
    """The slot with the end of its window, where a slot that counts from the end of dosing opens:
    what belongs to that one does not fill the one before it, late."""
    if plan.name or plan.after_high or plan.counts_from == "end_of_dosing":
        return slot
    opened = [
        other.opens
        for row, slots in rows
        if row.what == plan.what and row.counts_from == "end_of_dosing" and not row.after_high
        for other in slots
        if other.opens > slot.opens and other.at > slot.at
    ]
    following = min(opened, default=None)
    if following is None or (slot.closes is not None and slot.closes < following):
        return slot
    return replace(slot, closes=following - timedelta(microseconds=1))


def too_high(record: Record, cuff: CuffPoint) -> bool:
    """Whether a pressure is beyond an upper limit of the protocol, its own or one above the
    baseline. The session's changed limits do not count: they were moved for the alert."""
    for limit in record.info.protocol.limit:
        value = {"nibp_sys": cuff.sys, "nibp_dia": cuff.dia}.get(limit.metric)
        if value is None or not limit.upper or limit.before_dose or limit.relative == "trend":
            continue
        bound = limit.value
        if limit.relative is not None:
            base = record.baseline
            if base is None:
                continue
            of = base.sys if limit.metric == "nibp_sys" else base.dia
            percent = limit.relative == "baseline_percent"
            bound = of * (1 + limit.value / 100) if percent else of + limit.value
        if limit.beyond(value, bound):
            return True
    return False


def _item(
    plan: DuePlan, slot: _Slot, needed: Sequence[str], done: Done, now: datetime
) -> DueItem | None:
    """The slot as it stands; ``None`` for one that was only offered and is over."""
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
    elif plan.offered and now > slot.offered_until(late):
        return None
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


def _slots(
    plan: DuePlan,
    row: str,
    first: datetime,
    done: Done,
    now: datetime,
) -> Iterator[_Slot]:
    if plan.after_high:
        yield from _after_high(plan, first, done)
    elif plan.counts_from == "first_dose":
        minutes = list(_minutes(plan, first, done, now))
        yield from _row(plan, row, first, minutes, None, "")
    else:
        for number, one in enumerate(done.dosings, 1):
            again = f"/{number}" if number > 1 else ""
            following = done.dosings[number].started_at if number < len(done.dosings) else None
            if plan.counts_from == "dosing":
                minutes = list(_while(plan, one.started_at, one.ended_at, now))
                yield from _row(plan, row, one.started_at, minutes, following, again)
            elif one.ended_at is not None:
                until = min((at for at in (following, done.left_at) if at), default=None)
                minutes = list(_until(plan, one.ended_at, until, now))
                yield from _row(plan, row, one.ended_at, minutes, following, f"+{again}")


def _row(
    plan: DuePlan,
    row: str,
    start: datetime,
    minutes: Sequence[float],
    last: datetime | None,
    mark: str,
) -> Iterator[_Slot]:
    """The slots at those minutes from ``start``; the last one closes at ``last``, if at all."""
    early = timedelta(minutes=plan.early_min)
    for place, minute in enumerate(minutes):
        at = start + timedelta(minutes=minute)
        closes = last
        if place + 1 < len(minutes):
            closes = start + timedelta(minutes=minutes[place + 1]) - early
        if closes is not None:
            closes -= timedelta(microseconds=1)  # what opens the next is not for this
        own = plan.late_min if plan.name else plan.grace_min if plan.offered else None
        if own is not None:
            window = at + timedelta(minutes=own)
            closes = window if closes is None else min(closes, window)
        yield _Slot(_slot_id(plan, row, minute, mark), at, at - early, closes)


def _while(plan: DuePlan, start: datetime, end: datetime | None, now: datetime) -> Iterator[float]:
    """The minutes of a stretch of dosing: those before its end, and while it goes on the next."""
    over = None if end is None else (end - start).total_seconds() / 60
    going = (now - start).total_seconds() / 60 + (plan.every_min or 0)
    for minute in plan.minutes:
        if over is None or minute <= over:
            yield minute
    if plan.every_min is None:
        return
    for number in range(1, MOST_SLOTS):
        minute = plan.minutes[-1] + number * plan.every_min
        if minute > (going if over is None else over):
            return
        yield minute


def _until(plan: DuePlan, end: datetime, until: datetime | None, now: datetime) -> Iterator[float]:
    """The minutes after a stretch of dosing: until the next one or the leaving, else the next."""
    over = None if until is None else (until - end).total_seconds() / 60
    for minute in plan.minutes:
        if over is None or minute <= over:
            yield minute
    if plan.every_min is None:
        return
    going = (now - end).total_seconds() / 60 + plan.every_min
    for number in range(1, MOST_SLOTS):
        minute = plan.minutes[-1] + number * plan.every_min
        if minute > (going if over is None else over):
            return
        yield minute


def _after_high(plan: DuePlan, first: datetime, done: Done) -> Iterator[_Slot]:
    """One slot after each pressure since the first dose that leaves them high: a high one begins
    it, two in a row that are not end it. The next reading is for it, however early or late."""
    if plan.every_min is None:
        return
    calm = 2
    readings = [(at, high) for at, high in zip(done.bp, done.high, strict=True) if at >= first]
    for place, (taken, high) in enumerate(readings):
        calm = 0 if high else calm + 1
        if calm >= 2:
            continue
        due = taken + timedelta(minutes=plan.every_min)
        if done.left_at is not None and due > done.left_at:
            return
        following = readings[place + 1][0] if place + 1 < len(readings) else None
        minute = (taken - first).total_seconds() / 60
        yield _Slot(f"bp:high@{minute:.4g}", due, taken + timedelta(microseconds=1), following)


def _slot_id(plan: DuePlan, row: str, minute: float, mark: str = "") -> str:
    """``bp@10``, ``bp@10#2`` in a second unnamed row, ``bp:NAME``: it moves with no clock.
    ``bp@15+`` is counted from the end of dosing, ``bp@15+/2`` from that of its second stretch."""
    if not plan.name:
        return f"{plan.what}@{minute:g}{mark}{row}"
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
    if plan.after_high:
        return f"every {plan.every_min:g} min after one that is too high, until two are not"
    said = f"at {', '.join(f'{minute:g}' for minute in plan.minutes)} min"
    said += _COUNTED[plan.counts_from]
    if plan.name and plan.late_min is not None:
        said += (
            f" ({plan.name}: {plan.early_min:g} min before to {plan.late_min:g} after, no later)"
        )
    if plan.every_min is not None:
        until = f" to {plan.until_min:g} min and" if plan.until_min is not None else ""
        how = {"first_dose": f"{until} while an infusion runs", "dosing": " while it goes on"}
        said += f", then every {plan.every_min:g} min"
        said += how.get(plan.counts_from, " until the patient has left")
    if plan.asks:
        also = [INSTRUMENTS[key].label if key in INSTRUMENTS else key for key in plan.asks]
        said += f", with {', '.join(also)}"
    said += ", offered" if plan.offered else ""
    return said + (", needed" if plan.mandatory else "")


#: From when minutes are counted, in words; from the first dose goes without saying.
_COUNTED = {"first_dose": "", "dosing": " of dosing", "end_of_dosing": " after the end of dosing"}


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
