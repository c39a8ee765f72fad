"""What a person enters, checked: each function gives a draft or one clear line of refusal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_SYS, PULSE, Metric
from devices.reading import plain_number
from ketamonitor.entries import Draft
from ketamonitor.instruments import INSTRUMENTS, AnswerStatus
from ketamonitor.view import ActiveAlarm

#: The source of a reading typed by hand.
MANUAL = "manual"

ROUTES = ("iv", "im", "sc", "nasal", "oral")
CHANGES = ("pause", "resume", "stop")

#: No single amount of any drug in this field comes near it: it catches slips of the comma.
MOST_MG = 1000.0
LONGEST_NOTE = 2000


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
    _in_range(sys, NIBP_SYS)
    _in_range(dia, NIBP_DIA)
    if sys <= dia:
        raise ValueError(f"Systolic {sys:g} must be above diastolic {dia:g}: check the two numbers")
    values: dict[str, float | int | None] = {
        NIBP_SYS.key: plain_number(sys),
        NIBP_DIA.key: plain_number(dia),
    }
    if mean is not None:
        _in_range(mean, NIBP_MAP)
        if not dia <= mean <= sys:
            raise ValueError(f"Mean {mean:g} must lie between {dia:g} and {sys:g}")
        values[NIBP_MAP.key] = plain_number(mean)
    if pulse is not None:
        _in_range(pulse, PULSE)
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
    at: datetime,
    author: str,
) -> Draft:
    """One dose given at ``at``: mg, with mg/kg worked out where a weight is known."""
    _amount(mg, "Dose")
    body: dict[str, Any] = {
        "drug": _text(drug, "Drug", 80),
        "route": _one_of(route, ROUTES, "Route"),
        "mg": plain_number(mg),
        "mg_per_kg": per_kg(mg, weight_kg),
        "device_no": device_no,
        "lot": _text(lot, "Lot", 40) if lot is not None else None,
        "note": note.strip()[:LONGEST_NOTE],
    }
    return Draft("dose", at, author, body)


def infusion_start(
    drug: str,
    route: str,
    planned_mg: float,
    minutes: float,
    *,
    weight_kg: float | None = None,
    at: datetime,
    author: str,
) -> Draft:
    """An infusion that begins at ``at``: so many mg over so many minutes."""
    _amount(planned_mg, "Planned dose")
    if not 0 < minutes <= 480:
        raise ValueError(f"Minutes must be above 0 and at most 480, not {minutes:g}")
    body = {
        "action": "start",
        "drug": _text(drug, "Drug", 80),
        "route": _one_of(route, ROUTES, "Route"),
        "planned_mg": plain_number(planned_mg),
        "mg_per_kg": per_kg(planned_mg, weight_kg),
        "minutes": plain_number(minutes),
    }
    return Draft("infusion", at, author, body)


def infusion_change(action: str, reason: str, *, at: datetime, author: str) -> Draft:
    """A pause or stop with its reason, or a resumption."""
    _one_of(action, CHANGES, "Change")
    reason = reason.strip()
    if action != "resume" and not reason:
        raise ValueError(f"Say why the infusion is to {action}")
    return Draft("infusion", at, author, {"action": action, "reason": reason[:LONGEST_NOTE]})


def observation(
    instrument: str, status: AnswerStatus | str, value: int | None, *, at: datetime, author: str
) -> Draft:
    """One answer seen at ``at``. A value goes with ``answered`` and with nothing else."""
    known = INSTRUMENTS.get(instrument)
    if known is None:
        raise ValueError(f"unknown instrument {instrument!r} (known: {', '.join(INSTRUMENTS)})")
    status = AnswerStatus(_one_of(str(status), [s.value for s in AnswerStatus], "Answer"))
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
    _one_of(said_by, ("nurse", "patient"), "Said by")
    return Draft(
        "note", at, author, {"text": _text(text, "Note", LONGEST_NOTE), "said_by": said_by}
    )


def mark(text: str, *, at: datetime, author: str) -> Draft:
    """An event mark."""
    return Draft("event", at, author, {"event": "mark", "text": _text(text, "Event", 200)})


def baseline(
    sys: float, dia: float, of_seq: int, of_at: datetime, *, at: datetime, author: str
) -> Draft:
    """The lock of the cuff reading in entry ``of_seq`` (measured at ``of_at``) as baseline."""
    _in_range(sys, NIBP_SYS)
    _in_range(dia, NIBP_DIA)
    body = {
        "event": "baseline_locked",
        "sys": plain_number(sys),
        "dia": plain_number(dia),
        "of_seq": of_seq,
        "of_at": of_at.isoformat(),
    }
    return Draft("event", at, author, body)


def cuff_interval(source: str, minutes: float | None, *, at: datetime, author: str) -> Draft:
    """The program starts this monitor's cuff each so many minutes, or (``None``) no more."""
    body = {"event": "cuff_interval", "source": source, "minutes": minutes}
    return Draft("event", at, author, body)


def acknowledge(alarm: ActiveAlarm, *, at: datetime, author: str) -> Draft:
    """This one alarm seen by a named person; the condition goes on being watched."""
    return Draft("alarm", at, author, alarm_body("acknowledged", alarm))


def alarm_body(event: str, alarm: ActiveAlarm, op: str | None = None) -> dict[str, Any]:
    """The body of an alarm entry."""
    return {
        "event": event,
        "id": alarm.id,
        "condition": alarm.condition,
        "priority": alarm.priority,
        "type": alarm.type,
        "metric": alarm.metric,
        "value": alarm.value,
        "limit": alarm.limit,
        "op": op,
        "text": alarm.text,
        "detail": alarm.detail,
    }


def ended(reason: str, *, at: datetime, author: str) -> Draft:
    """The end of the session."""
    return Draft("session", at, author, {"event": "ended", "reason": _text(reason, "Reason", 200)})


def per_kg(mg: float, weight_kg: float | None) -> float | None:
    """mg/kg to a thousandth, or ``None`` without a weight."""
    return None if weight_kg is None else round(mg / weight_kg, 3)


def weight(kg: float) -> float:
    """A body weight in kg. Raises ``ValueError`` for one no adult has."""
    if not 25 <= kg <= 350:
        raise ValueError(f"Weight must be between 25 and 350 kg, not {kg:g}")
    return kg


def _in_range(value: float, metric: Metric) -> None:
    if not metric.low <= value <= metric.high:
        raise ValueError(
            f"{metric.label} must be between {metric.low:g} and {metric.high:g} {metric.unit},"
            f" not {value:g}"
        )


def _amount(mg: float, what: str) -> None:
    if not 0 < mg <= MOST_MG:
        raise ValueError(f"{what} must be above 0 and at most {MOST_MG:g} mg, not {mg:g}")


def _text(text: str, what: str, most: int) -> str:
    text = text.strip()
    if not text:
        raise ValueError(f"{what} is empty")
    if len(text) > most:
        raise ValueError(f"{what} is longer than {most} characters")
    return text


def _one_of(value: str, known: Any, what: str) -> str:
    if value not in known:
        raise ValueError(f"{what} must be one of {', '.join(known)}, not {value!r}")
    return value
