"""What a person enters, checked: each function gives a draft or one clear line of refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_SYS, PULSE, Metric
from devices.reading import plain_number
from ketamonitor.alarm_plan import (
    ActionCard,
    AlarmLimit,
    CardStep,
    PausePlan,
    PlanError,
    check_limits,
)
from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.instruments import INSTRUMENTS, AnswerStatus
from ketamonitor.view import ActiveAlarm
from ketamonitor.words import SHORT, exact

#: The source of a reading typed by hand.
MANUAL = "manual"

ROUTES = ("iv", "im", "sc", "nasal", "oral")
CHANGES = ("pause", "resume", "stop")


@dataclass(frozen=True, slots=True)
class InterruptionKind:
    """A planned interruption: its words, and the metrics that cannot be measured meanwhile."""

    label: str
    metrics: tuple[str, ...]


_CUFF = ("nibp_sys", "nibp_dia", "nibp_map", "nibp_pulse")
_PROBE = ("spo2", "pulse")

#: Each planned interruption by its name in the record.
INTERRUPTIONS: Mapping[str, InterruptionKind] = {
    "toilet": InterruptionKind("to the toilet", (*_CUFF, *_PROBE, "hr", "rr")),
    "cuff_off": InterruptionKind("cuff off", _CUFF),
    "probe_off": InterruptionKind("probe off", _PROBE),
    "moved": InterruptionKind("moved or turned", (*_CUFF, *_PROBE)),
}

#: What an interruption can leave watched, in the order of the screen.
WATCHED = ("nibp_sys", "nibp_dia", "spo2", "pulse", "hr", "rr", "moaas")

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
    """This one occurrence at this priority seen by a named person; the condition goes on being
    watched. ``of`` says which occurrence, so that it never counts for a later or worse one."""
    body = alarm_body("acknowledged", alarm)
    body["of"] = alarm.priority_since.isoformat() if alarm.priority_since else None
    return Draft("alarm", at, author, body)


def alarm(event: str, alarm: ActiveAlarm, at: datetime, *, why: str = "") -> Draft:
    """A change in an alarm's life that the program itself records."""
    body = alarm_body(event, alarm)
    if why:
        body["why"] = why
    return Draft("alarm", at, PROGRAM, body)


def alarm_body(event: str, alarm: ActiveAlarm) -> dict[str, Any]:
    """The body of an alarm entry."""
    op = None
    if alarm.condition == "limit_passed":
        op = next((op for op in (">=", "<=", ">", "<") if op in alarm.id), None)
    body: dict[str, Any] = {
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
    if alarm.repeat_at is not None:
        body["repeat_at"] = alarm.repeat_at.isoformat()
    return body


def audio_paused(plan: PausePlan, *, off: bool = False, at: datetime, author: str) -> Draft:
    """AUDIO PAUSED for the protocol's seconds, or AUDIO OFF where the clinic allows it."""
    if off and not plan.audio_off:
        raise ValueError("AUDIO OFF is not allowed by this protocol: pause the audio instead")
    until = None if off else at + timedelta(seconds=plan.audio_s)
    text = "AUDIO OFF" if until is None else f"AUDIO PAUSED until {until:%H:%M:%S}"
    body = {"event": "audio_paused", "until": until and until.isoformat(), "text": text}
    return Draft("alarm", at, author, body)


def alarm_paused(
    plan: PausePlan, reason: str, minutes: float | None, *, at: datetime, author: str
) -> Draft:
    """ALARM PAUSED for a planned interruption of so many minutes.

    ``minutes`` is one of the protocol's; ``None`` (ALARM OFF) only where the clinic allows it.
    """
    kind = INTERRUPTIONS.get(reason)
    if kind is None:
        raise ValueError(f"Interruption must be one of {', '.join(INTERRUPTIONS)}, not {reason!r}")
    if minutes is None and not plan.alarm_off:
        raise ValueError("ALARM OFF is not allowed by this protocol: give the interruption an end")
    if minutes is not None and minutes not in plan.interruption_min:
        allowed = ", ".join(f"{m:g}" for m in plan.interruption_min)
        raise ValueError(f"An interruption lasts {allowed} minutes, not {minutes:g}")
    until = None if minutes is None else at + timedelta(minutes=minutes)
    end = "ALARM OFF" if until is None else f"ALARM PAUSED until {until:%H:%M:%S}"
    body = {
        "event": "alarm_paused",
        "reason": reason,
        "metrics": list(kind.metrics),
        "watched": [key for key in WATCHED if key not in kind.metrics],
        "until": until and until.isoformat(),
        "text": f"{end}, {kind.label}",
    }
    return Draft("alarm", at, author, body)


def resumed(what: str, why: str, *, at: datetime, author: str) -> Draft:
    """The end of a pause: ``what`` is ``audio`` or ``alarm``."""
    _one_of(what, ("audio", "alarm"), "What is resumed")
    word = "Audio" if what == "audio" else "Alarms"
    body = {"event": "resumed", "what": what, "why": why, "text": f"{word} on again: {why}"}
    return Draft("alarm", at, author, body)


def limit_changed(
    preset: AlarmLimit,
    value: float | None,
    reason: str,
    plan: PausePlan,
    *,
    at: datetime,
    author: str,
) -> Draft:
    """Another value for one limit row of this session; ``None`` is ALARM OFF.

    Raises ``ValueError`` where no living patient's value could pass the limit, where it is further
    out than the protocol lets a session go, or where it would be off and the clinic forbids that.
    """
    reason = _text(reason, "Reason", 200)
    if value is None:
        if not plan.alarm_off:
            raise ValueError("ALARM OFF is not allowed by this protocol: set another value")
    else:
        changed = msgspec.structs.replace(preset, value=value, loosest=None)
        try:
            check_limits((changed,))
        except PlanError as error:
            raise ValueError(str(error).removeprefix("limit[0]").lstrip(".: ")) from None
        if preset.loosest is not None and changed.looser_than(preset.loosest):
            raise ValueError(
                f"The protocol lets a session set this limit no further out than"
                f" {preset.loosest:g}, not to {value:g}"
            )
    label = SHORT[preset.metric]
    new = "ALARM OFF" if value is None else f"{preset.op} {value:g}"
    body = {
        "event": "limit_changed",
        "id": preset.id,
        "priority": preset.priority,
        "metric": preset.metric,
        "value": None if value is None else plain_number(value),
        "was": plain_number(preset.value),
        "reason": reason,
        "text": f"{label} limit {preset.op} {preset.value:g} set to {new}",
    }
    return Draft("alarm", at, author, body)


def action(
    card: ActionCard,
    step: CardStep,
    alarm: ActiveAlarm | None,
    value: str,
    *,
    done: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """A step of the clinic's card that was done: for which alarm, and the value shown then.

    ``done`` says what was chosen where the step leaves a choice (``pause``).
    """
    text = f"{card.title}: {step.text}" + (f" ({done})" if done else "")
    body = {
        "event": "action",
        "card": card.id,
        "version": card.version,
        "step": step.id,
        "done": done,
        "alarm": alarm.id if alarm else "",
        "metric": alarm.metric if alarm else None,
        "value": value,
        "text": text,
    }
    return Draft("event", at, author, body)


def follow_up(
    of_seq: int, metric: str, value: float, measured_at: datetime, *, at: datetime
) -> Draft:
    """The value that followed an action: a cuff reading after it, or a continuous one later."""
    body = {
        "event": "follow_up",
        "of_seq": of_seq,
        "metric": metric,
        "value": plain_number(value),
        "measured_at": measured_at.isoformat(),
        "text": f"After the action: {SHORT[metric]} {exact(value)}",
    }
    return Draft("event", at, PROGRAM, body)


def overdue(what: str, due_at: datetime, *, at: datetime) -> Draft:
    """A reminder: something of the schedule was not recorded in time. It is no alarm."""
    name = "BP" if what == "bp" else "Observation"
    body = {
        "event": "overdue",
        "what": what,
        "due_at": due_at.isoformat(),
        "text": f"{name} due {due_at:%H:%M}, not recorded",
    }
    return Draft("event", at, PROGRAM, body)


def sound_test(output: str, heard: bool, *, at: datetime, author: str) -> Draft:
    """Somebody was asked whether the test tone was heard."""
    text = f"Sound test on {output or 'the default output'}: {'heard' if heard else 'NOT heard'}"
    body = {"event": "sound_test", "output": output, "heard": heard, "text": text}
    return Draft("audit", at, author, body)


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
