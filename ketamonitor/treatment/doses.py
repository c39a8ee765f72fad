"""What a dose is asked before it is stored: each doubt is one line and wants a reason, no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from ketamonitor import checks, drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.checkin import must_weigh
from ketamonitor.treatment.drugs import form, is_treatment
from ketamonitor.treatment.order import Order
from ketamonitor.treatment.plan import DosePlan
from ketamonitor.words import clock

#: A like dose so soon after (or before) another may be the same one, entered twice.
DOUBLE = timedelta(seconds=60)

#: A pump's figure so far from the reckoned one (as a share, and in mg) is asked about.
PUMP_OFF, PUMP_OFF_MG = Decimal("0.05"), Decimal("0.5")

#: So many times the protocol's dose, or its rate, is asked about where it names no range.
FAR = 2


def doubts(draft: Draft, record: Record, open_items: Sequence[str] = ()) -> list[str]:
    """Why a dose, or a change of an infusion, needs a reason; nothing where it needs none.

    ``open_items`` are the check-in's, in words, as far as the protocol needs them answered.
    Nothing here forbids anything: what was given was given, and belongs into the record.
    """
    if draft.body.get("step") == "first" and record.nasal.view(0).first_at is None:
        # asked before the spray: afterwards it helps nobody
        return [*_unanswered(open_items), *_pressure(draft, record)]
    if draft.kind not in ("dose", "infusion"):
        return []
    found = [*_twice(draft, record), *_earlier(draft, record), *_ended(draft, record)]
    found += _pump(draft, record)
    if draft.kind == "dose" or draft.body["action"] == "start":
        found += _amount(draft, record)
        found += _weight(record)
        guided = draft.body.get("device_no") and record.nasal.steps
        if record.first_dose_at is None and _treats(draft, record) and not guided:
            found += [*_unanswered(open_items), *_pressure(draft, record)]
    return found


def _weight(record: Record) -> Iterator[str]:
    """Another weight at check-in, or in the order, than the one that mg/kg are worked out with."""
    used, order = record.info.weight_kg, record.orders.current
    if record.first_dose_at is not None or used is None:
        return
    told = record.checkin.view.weight_kg
    if told is not None and told != used:
        yield f"Weight at check-in {told:g} kg, of the session {used:g} kg"
    ordered = order.weight_kg if order is not None and order.weight_basis == "actual" else None
    if ordered is not None and ordered != Decimal(repr(used)):
        yield f"The order goes by {ordered} kg, the session has {used:g} kg"


def _pressure(draft: Draft, record: Record) -> Iterator[str]:
    """The last pressure before the first dose, above the protocol's line, with which nobody has
    decided to go on; a decision on a higher one holds for it."""
    if record.first_dose_at is not None:
        return
    before = [point for point in record.cuff if point.plotted and point.at <= draft.at]
    last = max(before, key=lambda point: (point.at, point.seq), default=None)
    if last is None or last.sys is None or last.dia is None:
        yield "No blood pressure is recorded before the dose"
        return
    plan, seen = record.info.protocol.baseline, record.checkin.view
    if not must_weigh(plan, last.sys, last.dia) or seen.held is not None:
        return  # one that was weighed and held stands among what is open
    if any(w.sys >= last.sys and w.dia >= last.dia for w in seen.weighed):
        return
    sys, dia = plan.weigh_above
    told = f"{last.sys:g}/{last.dia:g} at {clock(last.at)} is above {sys:g}/{dia:g}"
    yield f"Blood pressure {told}, and a delay was not weighed"


def _unanswered(open_items: Sequence[str]) -> list[str]:
    if not open_items:
        return []
    many = "1 item" if len(open_items) == 1 else f"{len(open_items)} items"
    return [f"Check-in: {many} open ({', '.join(open_items)})"]


def _twice(draft: Draft, record: Record) -> Iterator[str]:
    body = draft.body
    if draft.kind == "dose":
        for dose in record.doses:
            same = (_alike(dose.drug), dose.route, dose.device_no) == (
                _alike(body["drug"]),
                body["route"],
                body.get("device_no"),
            )
            if same and not dose.struck and abs(draft.at - dose.at) < DOUBLE:
                yield f"{dose.mg:g} mg of {dose.drug} is recorded at {_at(dose.at)}: another one"
                return
        return
    for infusion in record.infusions:
        for act in infusion.acts:
            if act.action == body["action"] and abs(draft.at - act.at) < DOUBLE:
                yield f"The same change is recorded at {_at(act.at)}: another one"
                return


def _alike(drug: str) -> str:
    """One drug under its several names: ``ketamine (racemic)`` and ``Ketamine`` are the same."""
    return form(drug) or drug.strip().casefold()


def _earlier(draft: Draft, record: Record) -> Iterator[str]:
    times = [dose.at for dose in record.doses if not dose.struck]
    times += [act.at for infusion in record.infusions for act in infusion.acts]
    last = max(times, default=None)
    if last is not None and draft.at < last:
        yield f"Earlier than what is recorded for {_at(last)}"


def _pump(draft: Draft, record: Record) -> Iterator[str]:
    """The pump's own figure at the stop, where it is far from what the record comes to: a slip of
    the key, or a change at the pump that nobody entered."""
    shown = draft.body.get("given_mg")
    if shown is None or not record.infusions:
        return
    reckoned = Decimal(repr(record.infusions[-1].given_mg(draft.at))).quantize(Decimal("0.1"))
    off = abs(Decimal(shown) - reckoned)
    if off > PUMP_OFF_MG and off > PUMP_OFF * max(Decimal(shown), reckoned):
        yield f"The pump shows {shown} mg, the recorded rates come to {reckoned} mg"


def _ended(draft: Draft, record: Record) -> Iterator[str]:
    if record.ended_at is not None and draft.at >= record.ended_at:
        yield f"After the end of the session at {_at(record.ended_at)}"
    elif draft.kind == "infusion" and draft.body["action"] != "start":
        infusion = record.infusions[-1] if record.infusions else None
        stopped = infusion.stopped_at if infusion else None
        if stopped is not None and draft.at >= stopped:
            yield f"After the infusion’s stop at {_at(stopped)}"


def _amount(draft: Draft, record: Record) -> Iterator[str]:
    body, plan, order = draft.body, record.info.protocol.dose, record.orders.current
    if not _treats(draft, record):
        return
    mg = Decimal(repr(body.get("mg", body.get("planned_mg"))))
    if order is not None:
        yield from _against_order(mg, order, record)
    per_kg, minutes = body.get("mg_per_kg"), body.get("minutes")
    asked = _asked_for(order, record) if order is not None and order.reason else {}
    for value, bounds, unit in (
        (None if body.get("device_no") else float(mg), plan.mg_range, "mg"),
        (None if body.get("device_no") else per_kg, plan.mg_per_kg_range, "mg/kg"),
        (minutes, plan.minutes_range, "min"),
    ):
        if value is None or bounds is None or bounds[0] <= value <= bounds[1]:
            continue
        # What was ordered outside the range has its own reason already; a slip at the pump has not.
        known = asked.get(unit)
        if known is None or bounds[0] <= known <= bounds[1]:
            yield f"{value:g} {unit} is outside the protocol’s {bounds[0]:g} to {bounds[1]:g}"
    if order is None and not body.get("device_no"):
        yield from _far_off(per_kg, minutes, plan)


def _asked_for(order: Order, record: Record) -> dict[str, float | None]:
    """What an order comes to, by unit."""
    per_kg, weight = order.mg_per_kg, record.info.weight_kg
    mg = float(order.mg)
    return {
        "mg": mg,
        "mg/kg": float(per_kg) if per_kg is not None else drafts.per_kg(mg, weight),
        "min": None if order.minutes is None else float(order.minutes),
    }


def _far_off(per_kg: float | None, minutes: float | None, plan: DosePlan) -> Iterator[str]:
    """Where the protocol names no range and nobody has recorded an order, a slip of the comma is
    still told by the protocol's own numbers."""
    usual = plan.mg_per_kg if plan.mg_per_kg_range is None else None
    if usual is not None and per_kg is not None and per_kg > FAR * usual:
        yield f"{per_kg:g} mg/kg is far more than the protocol’s {usual:g}"
    usual = plan.minutes if plan.minutes_range is None else None
    if usual is not None and minutes is not None and minutes * FAR < usual:
        yield f"{minutes:g} min is far less than the protocol’s {usual:g}"


def _against_order(mg: Decimal, order: Order, record: Record) -> Iterator[str]:
    before = sum(
        (Decimal(repr(d.mg)) for d in record.doses if not d.struck and _is(d.drug, record)),
        Decimal(0),
    )
    for infusion in record.infusions:
        if _is(infusion.drug, record):
            # A stopped one has given what ran in, all of it, whenever this dose was: it may be
            # entered late. One that goes on will give what was planned.
            end = infusion.stopped_at
            whole = infusion.planned_mg if end is None else infusion.given_mg(end)
            before += Decimal(repr(whole)).quantize(Decimal("0.001"))
    if before + mg > order.mg:
        told = f" beside {before.normalize():f} mg" if before else ""
        yield f"{mg.normalize():f} mg{told} is more than the ordered {order.mg} mg"


def _treats(draft: Draft, record: Record) -> bool:
    return _is(draft.body["drug"], record)


def _is(drug: str, record: Record) -> bool:
    return is_treatment(drug, record.info.protocol.dose.drug)


def _at(at: datetime) -> str:
    return clock(at, seconds=True)


def because(draft: Draft, why: str) -> Draft:
    """The dose with the reason that was given for it. Raises ``ValueError`` where there is none."""
    told = checks.text(why, "The reason", checks.LONGEST_NOTE)
    return Draft(draft.kind, draft.at, draft.author, {**draft.body, "why": told})
