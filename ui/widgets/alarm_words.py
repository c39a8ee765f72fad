"""What the alarm area says: blocks, pauses and the sound, in the five allowed words of a pause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from ketamonitor import words
from ketamonitor.alarm_drafts import INTERRUPTIONS
from ketamonitor.alarms.order import rank
from ketamonitor.view import ActiveAlarm, AudioPause, Freshness, Interruption, SessionView

#: Where a tone sounds, as the protocol names it.
_PLACES = {"nurse": "nurse's side", "room": "room", "both": "nurse's side and room"}

OVER = "OVER, not yet seen"


def below(alarm: ActiveAlarm, now: datetime) -> tuple[str, ...]:
    """The parts of a block's second line, those that are needed most first."""
    for_ = f"for {words.countdown((now - alarm.since).total_seconds())}"
    if alarm.acknowledged_at is not None:
        who = alarm.acknowledged_by or ""
        seen = f"ACKNOWLEDGED, {who}, {words.clock(alarm.acknowledged_at)}"
        return (seen, alarm.type, for_)
    if alarm.ended_at is not None:
        span = f"{words.clock(alarm.since)} to {words.clock(alarm.ended_at)}"
        return (OVER, span, alarm.type)
    parts = [for_]
    if alarm.repeat_at is not None:
        parts.insert(0, f"confirming: again {words.clock(alarm.repeat_at)}")
    if alarm.type == "technical":
        return (*parts, alarm.type, *_details(alarm))
    return (*parts, *_details(alarm), alarm.type)


def _details(alarm: ActiveAlarm) -> tuple[str, ...]:
    """The reading's number before its source: ``reading 2`` says more than ``dinamap 14:34``."""
    parts = [part for part in alarm.detail.split(" · ") if part]
    return tuple(sorted(parts, key=lambda part: not part.startswith("reading ")))


def fitting(parts: Sequence[str], room: float, width: Callable[[str], float]) -> str:
    """As many parts as there is room for; the first one always."""
    said = parts[0] if parts else ""
    for part in parts[1:]:
        longer = f"{said} · {part}"
        if width(longer) > room:
            break
        said = longer
    return said


def recorded(alarm: ActiveAlarm) -> bool:
    """Whether the recorder knows of it. What only the screen can see cannot be acknowledged: there
    is nobody to write down who did."""
    return alarm.condition != "monitoring_stopped"


def highest(alarms: Iterable[ActiveAlarm]) -> ActiveAlarm | None:
    """What Acknowledge is about: the most urgent alarm that asks for attention; when none does,
    the most urgent that is over and nobody has seen. ``alarms`` come in their order."""
    unseen = [alarm for alarm in alarms if alarm.acknowledged_at is None and recorded(alarm)]
    return next((a for a in unseen if a.signals), unseen[0] if unseen else None)


def worst(alarms: Iterable[ActiveAlarm]) -> ActiveAlarm | None:
    """The one to show where there is room for one only: what asks for attention before what has
    been seen or is over, then by priority."""
    return min(alarms, key=lambda a: (not a.signals, rank(a.priority)), default=None)


def pause_now(view: SessionView, now: datetime) -> AudioPause | None:
    """The audio pause, but never past its end: the screen must not promise silence that is over."""
    pause = view.audio_pause
    if pause is None or (pause.until is not None and pause.until <= now):
        return None
    return pause


def interruption_now(view: SessionView, now: datetime) -> Interruption | None:
    """The planned interruption, but never past its end."""
    pause = view.interruption
    if pause is None or (pause.until is not None and pause.until <= now):
        return None
    return pause


def audio_words(pause: AudioPause | None, now: datetime) -> tuple[str, str, str]:
    """Title, who and how to end it, and the countdown of the audio's state."""
    if pause is None:
        return "Pause audio", "", ""
    if pause.until is None:
        return "AUDIO OFF", f"{pause.by} · S ends it", ""
    left = words.countdown((pause.until - now).total_seconds())
    return "AUDIO PAUSED", f"{pause.by} · S ends it", left


def watched(view: SessionView, pause: Interruption) -> tuple[str, ...]:
    """What goes on being watched and is indeed measured or asked in this session."""
    return tuple(
        key
        for key in pause.watched
        if key in view.observed
        or (key in view.values and view.values[key].freshness is not Freshness.NO_DATA)
    )


def interruption_words(
    view: SessionView, pause: Interruption, now: datetime
) -> tuple[str, tuple[str, ...], str]:
    """Title, the parts beside and below it (those needed most first), and the countdown."""
    kind = INTERRUPTIONS.get(pause.reason)
    names = ", ".join(words.SHORT.get(key, key) for key in watched(view, pause))
    parts = (
        kind.label if kind else pause.reason,
        "I ends it",
        f"watched: {names or 'nothing else'}",
        pause.by,
    )
    if pause.until is None:
        return "ALARM OFF", parts, ""
    return "ALARM PAUSED", parts, words.countdown((pause.until - now).total_seconds())


def sound_words(view: SessionView) -> str:
    """Where the tones go and whether anybody has heard them: ``Sound: nurse's side · heard
    13:40``, ``No sound: the headset is gone``."""
    sound, plan = view.sound, view.info.protocol.sound
    if sound.state in ("failed", "off"):
        return f"No sound: {sound.text or sound.state}"
    place = _PLACES.get(plan.where("high"), plan.where("high"))
    tested = "not tested"
    if sound.tested_at is not None:
        at = words.clock(sound.tested_at)
        tested = f"heard {at}" if sound.heard else f"NOT heard {at}"
    if sound.state != "ready":
        return f"Sound not known to work · {tested}"
    return f"Sound: {place} · {tested}"


def sound_fails(view: SessionView) -> bool:
    """Whether the calm bar must say it strongly: there is no sound, or nobody could hear it."""
    return view.sound.state in ("failed", "off") or view.sound.heard is False
