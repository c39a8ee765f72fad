"""The alerts of a session on paper: each with its whole life, pauses, changed limits, signals."""

from __future__ import annotations

from typing import Any

from ketamonitor import words
from ketamonitor.alarm_course import AlarmEpisode, Pause
from ketamonitor.alarm_drafts import INTERRUPTIONS
from ketamonitor.alarm_plan import PRIORITIES
from ketamonitor.alarm_review import acted_on, bouts, per_hour
from ketamonitor.alarm_review_words import alarm_name, rate
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame

_RISEN = {
    "confirmed": "a second reading",
    "longer": "it lasted",
}


def alerts(record: Record, frame: Frame) -> dict[str, Any]:
    """Each alarm from start to end, what was paused, which limits were changed.

    ``rows`` have ``start``, ``priority`` (the most urgent), ``stars``, ``what``, ``course`` (how
    its priority went, empty where it stayed), ``acknowledged``, ``done``, ``ended``.
    """
    rows = [
        {
            "start": frame.clock(alarm.raised_at, seconds=True),
            "priority": alarm.highest,
            "stars": words.STARS[alarm.highest],
            "what": _what(alarm),
            "course": _course(alarm, frame),
            "acknowledged": _acknowledged(alarm, frame),
            "done": _done(record, alarm, frame),
            "ended": _ended(alarm, frame),
        }
        for alarm in record.alarms
    ]
    seen = len(bouts(record.alarms))
    title = f"Alerts, {seen or 'none'} in {length_in_words(record)}"
    if len(rows) > seen:
        title += f", of {len(rows)} limits and conditions"
    return {
        "rows": rows,
        "title": title,
        "pauses": [_pause(pause, frame) for pause in record.history.pauses],
        "limits": [
            [
                frame.clock(change.at, seconds=True),
                alarm_name(change.id),
                change.priority.upper(),
                "ALARM OFF" if change.value is None else f"{change.value:g}",
                change.reason,
                change.by,
            ]
            for change in record.history.limit_changes
        ],
        "signals": [
            [frame.clock(note.at, seconds=True), note.text, note.by]
            for note in record.history.signals
        ],
    }


def length_in_words(record: Record) -> str:
    """How long the session was, or is so far: ``2 h 20 min``."""
    whole = int(_length_s(record)) // 60
    return f"{whole // 60} h {whole % 60:02d} min" if whole >= 60 else f"{whole} min"


def counts(record: Record) -> list[list[str]]:
    """How many alerts there were, for the completeness part: label and figure."""
    found = bouts(record.alarms)
    by = " / ".join(str(sum(b.priority == p for b in found)) for p in PRIORITIES)
    told = [["Alerts HIGH / MEDIUM / LOW", by]]
    told.append(["Alerts an hour", rate(per_hour(len(found), _length_s(record) / 3600))])
    never = sum(a.acknowledged_at is None for a in record.alarms)
    if record.alarms:
        told.append(
            ["Limits and conditions nobody acknowledged", f"{never} of {len(record.alarms)}"]
        )
    if record.history.reminders:
        told.append(["Reminders of what was overdue", f"{len(record.history.reminders)}"])
    return told


def _length_s(record: Record) -> float:
    end = record.ended_at or record.last_at or record.info.started_at
    return max(0.0, (end - record.info.started_at).total_seconds())


def _what(alarm: AlarmEpisode) -> str:
    technical = "Technical: " if alarm.type == "technical" else ""
    return f"{technical}{alarm.text}" + (f", {alarm.detail}" if alarm.detail else "")


def _course(alarm: AlarmEpisode, frame: Frame) -> str:
    """``MEDIUM, then HIGH 14:34:06, a second reading``; empty where nothing happened to it."""
    steps = [
        f"{e.priority.upper()} {frame.clock(e.at, seconds=True)},"
        f" {_RISEN.get(e.why) or f'not acknowledged for {words.countdown(e.after_s)}'}"
        for e in alarm.escalations
    ]
    parts = [f"{alarm.priority.upper()}, then {'; '.join(steps)}"] if steps else []
    if alarm.reminders:
        again = ", ".join(frame.clock(at, seconds=True) for at in alarm.reminders)
        parts.append(f"alerted again {again}")
    return "; ".join(parts)


def _acknowledged(alarm: AlarmEpisode, frame: Frame) -> str:
    """Each acknowledgement with who; the first with how long it took."""
    told = []
    for seen in alarm.acknowledgements:
        text = f"{frame.clock(seen.at, seconds=True)} {seen.by}"
        if not seen.counted:
            text += " (of what it was before)"
        elif seen.at == alarm.acknowledged_at:
            text += f", after {words.countdown(alarm.acknowledged_after_s or 0)}"
        told.append(text)
    return "\n".join(told) or "no"


def _done(record: Record, alarm: AlarmEpisode, frame: Frame) -> str:
    """The steps of action cards that name it, with the value that followed. What it says for a
    milder limit on the same side is not said again there."""
    told = []
    for action in record.history.actions:
        if action.alarm != alarm.id or not acted_on(alarm, action):
            continue
        text = f"{frame.clock(action.at)} {action.text}, {action.by}"
        if action.followed_by is not None and action.followed_at is not None:
            name = words.SHORT.get(action.metric or "", action.metric)
            value = words.exact(action.followed_by)
            text += f"; then {name} {value} at {frame.clock(action.followed_at)}"
        told.append(text)
    return "\n".join(told)


def _ended(alarm: AlarmEpisode, frame: Frame) -> str:
    if alarm.latched_at is not None:
        over = frame.clock(alarm.latched_at, seconds=True)
        if alarm.cleared_at is None:
            return f"{over}, not seen"
        cleared = frame.clock(alarm.cleared_at, seconds=True)
        return f"{over}, came again" if alarm.ended_why == "again" else f"{over}, seen {cleared}"
    if alarm.cleared_at is None:
        return "not ended"
    why = f", {alarm.ended_why}" if alarm.ended_why else ""
    return f"{frame.clock(alarm.cleared_at, seconds=True)}{why}"


def _pause(pause: Pause, frame: Frame) -> list[str]:
    """From, to, what, until when it was meant, by whom, how it ended."""
    kind = INTERRUPTIONS.get(pause.reason)
    state = {"audio": "AUDIO", "alarm": "ALARM"}[pause.what]
    state += " OFF" if pause.until is None else " PAUSED"
    name = kind.label if kind else pause.reason
    end = frame.clock(pause.ended_at, seconds=True) if pause.ended_at else "not ended"
    by = f", {pause.ended_by}" if pause.ended_by not in ("", "program") else ""
    return [
        frame.clock(pause.at, seconds=True),
        end,
        f"{state}, {name}" if name else state,
        pause.by,
        f"{pause.ended_why}{by}".lstrip(", "),
    ]
