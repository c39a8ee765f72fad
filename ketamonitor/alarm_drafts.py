"""What is entered of alarms, by a person or the program: drafts, or one clear line of refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from devices.reading import plain_number
from ketamonitor import checks
from ketamonitor.alarm_plan import (
    ActionCard,
    AlarmLimit,
    CardStep,
    PausePlan,
    PlanError,
    check_limits,
)
from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.view import DUE_KINDS, ActiveAlarm
from ketamonitor.words import SHORT, exact


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


def acknowledge(alarm: ActiveAlarm, *, at: datetime, author: str) -> Draft:
    """This one occurrence at this priority seen by a named person; the condition goes on being
    watched. ``of`` says which occurrence, so that it never counts for a later or worse one."""
    alarm = alarm.recorded or alarm
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
    checks.one_of(what, ("audio", "alarm"), "What is resumed")
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
    reason = checks.text(reason, "Reason", 200)
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
    name = DUE_KINDS.get(what, what)
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
