"""A protocol told as what happens when, for whoever writes or approves it."""

from __future__ import annotations

from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.protocol_words import source_lines
from ketamonitor.treatment.checkin_items import ITEMS
from ketamonitor.treatment.plan import DuePlan

#: What minutes are counted from, where it is not the first dose.
_FROM = {"dosing": " of dosing", "end_of_dosing": " after the end of dosing"}
_WHAT = {"bp": "blood pressure", "observation": "observation", "spo2": "pulse oximetry"}


def preview(protocol: TreatmentProtocol) -> list[tuple[str, str]]:
    """``(when, what)`` in order of time: before the dose, each minute at which something is due,
    what goes on after that, the earliest end, what must be met before going home, and last which
    rows rest on which source."""
    needed, asked = (
        ", ".join(ITEMS[key].label.lower() for key in keys)
        for keys in (protocol.checkin.needed, protocol.checkin.asked)
    )
    rows = []
    if needed:
        rows.append(("Check-in", f"needed: {needed}"))
    if asked:
        rows.append(("Check-in", f"asked: {asked}"))
    base = protocol.baseline
    readings = "1 reading" if base.readings == 1 else f"{base.readings} readings"
    sys, dia = base.weigh_above
    rows.append(("Baseline", f"{readings}; above {sys:g}/{dia:g} a delay is weighed"))
    rows += _timed(protocol)
    rows += _after_dosing(protocol)
    for due in protocol.due:
        if due.after_high:
            told = f"{_WHAT[due.what]} every {due.every_min:g} min until two in a row are not"
            rows.append(("After a pressure that is too high", told))
        elif due.every_min is not None and due.counts_from != "first_dose":
            ends = "while it goes on" if due.counts_from == "dosing" else "until the patient left"
            told = f"{_WHAT[due.what]} every {due.every_min:g} min {ends}"
            rows.append((f"After {due.minutes[-1]:g} min{_FROM[due.counts_from]}", told))
        elif due.every_min is not None:
            until = f"to {due.until_min:g} min" if due.until_min is not None else "from then on"
            told = f"{_WHAT[due.what]} every {due.every_min:g} min {until}, and while a pump runs"
            rows.append((f"After {due.minutes[-1]:g} min", told))
    gate = protocol.gate
    after = f", and {gate.after_dose_min:g} min after the last dose" if gate.after_dose_min else ""
    rows.append(("Not before", f"{gate.from_first_dose_min:g} min from the first dose{after}"))
    rows += [("Going home", row.text) for row in protocol.criterion]
    rows += [("Afterwards", f"data sheet {name}") for name in protocol.forms]
    return [*rows, *source_lines(protocol)]


def _timed(protocol: TreatmentProtocol) -> list[tuple[str, str]]:
    by_minute: dict[float, list[str]] = {0: ["first dose"]}
    for due in protocol.due:
        if due.counts_from == "end_of_dosing":
            continue
        for minute in due.minutes:
            by_minute.setdefault(minute, []).append(_due(due, minute, protocol))
    dose = protocol.dose
    if dose.given_as == "infusion" and dose.minutes:
        by_minute.setdefault(dose.minutes, []).append("planned end of the infusion")
    if dose.hold_min:
        by_minute.setdefault(dose.hold_min, []).append("end of the hold in the mouth")
    return [(f"{minute:g} min", "; ".join(by_minute[minute])) for minute in sorted(by_minute)]


def _after_dosing(protocol: TreatmentProtocol) -> list[tuple[str, str]]:
    by_minute: dict[float, list[str]] = {}
    for due in protocol.due:
        if due.counts_from == "end_of_dosing":
            for minute in due.minutes:
                by_minute.setdefault(minute, []).append(_due(due, minute, protocol))
    return [
        (f"{minute:g} min{_FROM['end_of_dosing']}", "; ".join(by_minute[minute]))
        for minute in sorted(by_minute)
    ]


def _due(due: DuePlan, minute: float, protocol: TreatmentProtocol) -> str:
    late = due.late_min if due.late_min is not None else due.grace_min
    what = due.name or _WHAT[due.what]
    if due.what == "observation":
        keys = dict.fromkeys((*protocol.observe.needed, *due.asks))
        what += f" ({', '.join(INSTRUMENTS[key].label.lower() for key in keys)})"
    must = ", must be there or answered" if due.mandatory else ""
    must += ", offered" if due.offered else ""
    return f"{what}, {minute - due.early_min:g} to {minute + late:g}{must}"
