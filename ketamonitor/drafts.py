"""What a person enters, checked: each function gives a draft or one clear line of refusal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_SYS, PULSE
from devices.reading import plain_number
from ketamonitor import checks
from ketamonitor.entries import Draft
from ketamonitor.instruments import INSTRUMENTS, AnswerStatus
from ketamonitor.treatment import order

#: The source of a reading typed by hand.
MANUAL = "manual"

ROUTES = ("iv", "im", "sc", "nasal", "oral", "sublingual")
#: What became of what was held in the mouth.
AFTER_HOLD = ("swallowed", "spat out")
CHANGES = ("pause", "resume", "stop")


def manual_bp(
    sys: float,
    dia: float,
    mean: float | None = None,
    pulse: float | None = None,
    *,
    at: datetime,
    author: str,
) -> Draft:
    """A blood pressure typed by hand, mmHg; ``pulse`` per minute as counted with it."""
    checks.in_range(sys, NIBP_SYS)
    checks.in_range(dia, NIBP_DIA)
    if sys <= dia:
        raise ValueError(f"Systolic {sys:g} must be above diastolic {dia:g}: check the two numbers")
    values: dict[str, float | int | None] = {
        NIBP_SYS.key: plain_number(sys),
        NIBP_DIA.key: plain_number(dia),
    }
    if mean is not None:
        checks.in_range(mean, NIBP_MAP)
        if not dia <= mean <= sys:
            raise ValueError(f"Mean {mean:g} must lie between {dia:g} and {sys:g}")
        values[NIBP_MAP.key] = plain_number(mean)
    if pulse is not None:
        checks.in_range(pulse, PULSE)
        values["nibp_pulse"] = plain_number(pulse)
    body = {
        "source": MANUAL,
        "measured_at": at.isoformat(),
        "received_at": at.isoformat(),
        "values": values,
        "flags": [MANUAL],
    }
    return Draft("reading", at, author, body)


def dose(
    drug: str,
    route: str,
    mg: float,
    *,
    weight_kg: float | None = None,
    device_no: int | None = None,
    lot: str | None = None,
    note: str = "",
    why: str = "",
    hold_s: float | None = None,
    after_hold: str | None = None,
    site: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """One dose given at ``at``: mg, with mg/kg worked out where a weight is known.

    ``why`` answers a doubt (:mod:`ketamonitor.treatment.doses`). What was held in the mouth has
    ``hold_s`` seconds and what came after. Amounts finer than 0.001 mg are refused.
    """
    checks.amount(mg, "Dose")
    checks.fine(mg, "Dose")
    body: dict[str, Any] = {
        "drug": checks.text(drug, "Drug", 80),
        "route": checks.one_of(route, ROUTES, "Route"),
        "mg": plain_number(mg),
        "mg_per_kg": per_kg(mg, weight_kg),
        "device_no": device_no,
        "lot": checks.text(lot, "Lot", 40) if lot is not None else None,
        "note": checks.optional(note, "Note", checks.LONGEST_NOTE),
    }
    if why.strip():
        body["why"] = checks.text(why, "Reason", checks.LONGEST_NOTE)
    if site.strip():
        body["site"] = checks.text(site, "Site", 40)
    if after_hold is not None:
        if hold_s is None or not 0 <= hold_s <= 7200:
            raise ValueError("Say for how long it was held in the mouth, at most 120 min")
        body["hold_s"] = plain_number(hold_s)
        body["after_hold"] = checks.one_of(after_hold, AFTER_HOLD, "After the hold")
    return Draft("dose", at, author, body)


def held(of_seq: int, hold_s: float, after_hold: str, *, at: datetime, author: str) -> Draft:
    """What was in the mouth since the dose of entry ``of_seq`` has left it, after ``hold_s``."""
    checks.one_of(after_hold, AFTER_HOLD, "After the hold")
    if not 0 <= hold_s <= 7200:
        raise ValueError("It was held for 120 min at most: check the time of the dose")
    minutes, seconds = divmod(round(hold_s), 60)
    body = {
        "event": "held",
        "of_seq": of_seq,
        "hold_s": plain_number(hold_s),
        "after_hold": after_hold,
        "text": f"Held in the mouth {minutes}:{seconds:02d}, {after_hold}",
    }
    return Draft("event", at, author, body)


def infusion_start(
    drug: str,
    route: str,
    planned_mg: float,
    minutes: float,
    *,
    weight_kg: float | None = None,
    strength_mg_ml: str | None = None,
    rate_ml_h: str | None = None,
    why: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """An infusion that begins at ``at``: so many mg over so many minutes.

    ``strength_mg_ml`` and ``rate_ml_h`` are as on syringe and pump, where they were typed.
    """
    checks.amount(planned_mg, "Planned dose")
    checks.fine(planned_mg, "Planned dose")
    if not 0 < minutes <= 480:
        raise ValueError(f"Minutes must be above 0 and at most 480, not {minutes:g}")
    # Each picture of the session divides by the strength: one that is no number ends them all.
    for typed, key in ((strength_mg_ml, "strength_mg_ml"), (rate_ml_h, "rate_ml_h")):
        if typed is not None and order.number(str(typed), key) is None:
            raise ValueError(f"The {order.NUMBERS[key][0]} is empty")
    body: dict[str, Any] = {
        "action": "start",
        "drug": checks.text(drug, "Drug", 80),
        "route": checks.one_of(route, ROUTES, "Route"),
        "planned_mg": plain_number(planned_mg),
        "mg_per_kg": per_kg(planned_mg, weight_kg),
        "minutes": plain_number(minutes),
        "strength_mg_ml": strength_mg_ml,
        "rate_ml_h": rate_ml_h,
    }
    if why.strip():
        body["why"] = checks.text(why, "Reason", checks.LONGEST_NOTE)
    return Draft("infusion", at, author, body)


def infusion_change(
    action: str, reason: str, *, given_mg: str | None = None, at: datetime, author: str
) -> Draft:
    """A pause or stop with its reason, or a resumption.

    A stop has ``given_mg`` as the pump shows it, where that was typed.
    """
    checks.one_of(action, CHANGES, "Change")
    reason = reason.strip()
    if action != "resume" and not reason:
        raise ValueError(f"Say why the infusion is to {action}")
    body: dict[str, Any] = {
        "action": action,
        "reason": checks.optional(reason, "Reason", checks.LONGEST_NOTE),
    }
    if given_mg is not None:
        if action != "stop":
            raise ValueError("What the pump has given is typed at its stop")
        body["given_mg"] = given_mg
    return Draft("infusion", at, author, body)


def observation(
    instrument: str, status: AnswerStatus | str, value: int | None, *, at: datetime, author: str
) -> Draft:
    """One answer seen at ``at``. A value goes with ``answered`` and with nothing else."""
    known = INSTRUMENTS.get(instrument)
    if known is None:
        raise ValueError(f"unknown instrument {instrument!r} (known: {', '.join(INSTRUMENTS)})")
    status = AnswerStatus(checks.one_of(str(status), [s.value for s in AnswerStatus], "Answer"))
    if status is AnswerStatus.ANSWERED:
        if value is None:
            raise ValueError(f"{known.label}: choose an answer")
        known.check(value)
    elif value is not None:
        raise ValueError(f"{known.label}: {status.value.replace('_', ' ')} goes with no value")
    body = {"instrument": instrument, "status": status.value, "value": value}
    return Draft("observation", at, author, body)


def note(text: str, *, said_by: str = "nurse", at: datetime, author: str) -> Draft:
    """A note in the nurse's words, or the patient's own (``said_by="patient"``)."""
    checks.one_of(said_by, ("nurse", "patient"), "Said by")
    return Draft(
        "note",
        at,
        author,
        {"text": checks.text(text, "Note", checks.LONGEST_NOTE), "said_by": said_by},
    )


def mark(text: str, *, at: datetime, author: str) -> Draft:
    """An event mark."""
    return Draft("event", at, author, {"event": "mark", "text": checks.text(text, "Event", 200)})


def clock_checked(right: bool, *, at: datetime, author: str) -> Draft:
    """The answer to *The computer's clock was set*: whether the computer's clock is right now.

    Session time goes on as it was either way; the record keeps both times and the word.
    """
    state = "right" if right else "wrong, session time is right"
    text = f"Looked at another clock: the computer's is {state}"
    return Draft("event", at, author, {"event": "clock_checked", "right": right, "text": text})


def baseline(
    sys: float,
    dia: float,
    of_seq: int,
    of_at: datetime,
    *,
    why: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """The lock of the cuff reading in entry ``of_seq`` (measured at ``of_at``) as baseline.

    ``why`` answers for one that was taken after the first dose.
    """
    checks.in_range(sys, NIBP_SYS)
    checks.in_range(dia, NIBP_DIA)
    body = {
        "event": "baseline_locked",
        "sys": plain_number(sys),
        "dia": plain_number(dia),
        "of_seq": of_seq,
        "of_at": of_at.isoformat(),
    }
    if why.strip():
        body["why"] = checks.text(why, "The reason", 200)
    return Draft("event", at, author, body)


def cuff_interval(source: str, minutes: float | None, *, at: datetime, author: str) -> Draft:
    """The program starts this monitor's cuff each so many minutes, or (``None``) no more."""
    body = {"event": "cuff_interval", "source": source, "minutes": minutes}
    return Draft("event", at, author, body)


def ended(reason: str, *, at: datetime, author: str) -> Draft:
    """The end of the session."""
    return Draft(
        "session", at, author, {"event": "ended", "reason": checks.text(reason, "Reason", 200)}
    )


def per_kg(mg: float, weight_kg: float | None) -> float | None:
    """mg/kg to a thousandth, or ``None`` without a weight."""
    return None if weight_kg is None else round(mg / weight_kg, 3)


def weight(kg: float) -> float:
    """A body weight in kg. Raises ``ValueError`` for one no adult has."""
    if not 25 <= kg <= 350:
        raise ValueError(f"Weight must be between 25 and 350 kg, not {kg:g}")
    return kg
