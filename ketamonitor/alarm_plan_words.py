"""The alarm part of a protocol in plain words: what a director approves and a nurse looks up."""

from __future__ import annotations

from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.protocol import TreatmentProtocol

_PLACES = {
    "nurse": "at the nurse's side",
    "room": "in the room",
    "both": "at the nurse's side and in the room",
    "none": "no tone",
}


def limit_words(limit: AlarmLimit) -> str:
    """``Systolic >= 180 mmHg`` or ``Systolic >= baseline +20 %``, with how it begins and ends."""
    of = limit.of
    if limit.relative is None:
        text = f"{of.label} {limit.op} {limit.value:g} {of.unit}".rstrip()
    elif limit.relative == "trend":
        text = f"{of.label} {limit.op} {limit.value:+g} {of.unit} within {limit.trend_min:g} min"
    else:
        unit = "%" if limit.relative == "baseline_percent" else of.unit
        text = f"{of.label} {limit.op} baseline {limit.value:+g} {unit}"
    return ", ".join((text, *_manner(limit)))


def _manner(limit: AlarmLimit) -> list[str]:
    words = []
    if limit.before_dose:
        words.append("until the first dose")
    if limit.for_s:
        words.append(f"for {limit.for_s:g} s")
    if limit.for_readings > 1:
        words.append(f"{limit.for_readings} readings")
    if limit.confirm is not None:
        words.append(
            f"at first {limit.confirm.first.upper()} and again in {limit.confirm.repeat_min:g} min,"
            f" {limit.priority.upper()} at reading {limit.confirm.readings}"
        )
    if limit.clear_by:
        words.append(f"ends {limit.clear_by:g} inside")
    if limit.latch:
        words.append("stays until seen")
    if limit.loosest is not None:
        words.append(f"no session past {limit.loosest:g}")
    return words


def plan_lines(protocol: TreatmentProtocol) -> list[tuple[str, str]]:
    """What else the alarm part says: a heading and a line each."""
    technical, escalation = protocol.technical, protocol.escalation
    pause, sound = protocol.pause, protocol.sound
    tones = [
        f"{priority.upper()} {_PLACES[sound.where(priority)]}"
        + (f" after {sound.after_s(priority):g} s" if sound.after_s(priority) else "")
        for priority in ("high", "medium", "low")
    ]
    minutes = ", ".join(f"{m:g}" for m in pause.interruption_min)
    off = [
        word for word, on in (("AUDIO OFF", pause.audio_off), ("ALARM OFF", pause.alarm_off)) if on
    ]
    return [
        (
            "Values that stop",
            f"LOW after {technical.no_reading_s:g} s, MEDIUM after"
            f" {technical.no_reading_medium_s:g} s; a link lost after {technical.link_lost_s:g} s;"
            f" no blood pressure for {technical.no_bp_intervals:g} intervals",
        ),
        (
            "Escalation",
            _after("MEDIUM not acknowledged becomes HIGH", escalation.medium_to_high_s)
            + "; acknowledged and still so, it alarms again: "
            + _after("HIGH", escalation.remind_high_s)
            + ", "
            + _after("MEDIUM", escalation.remind_medium_s),
        ),
        (
            "Pauses",
            f"AUDIO PAUSED for {pause.audio_s:g} s; interruptions of {minutes} min; "
            + (f"{' and '.join(off)} allowed" if off else "nothing can be off for good"),
        ),
        ("Tones", "; ".join(tones)),
        *(
            (
                f"Card {card.id}",
                f"{card.title}, version {card.version},"
                f" {f'signed {card.signed}' if card.signed else 'not signed'}:"
                f" {'; '.join(step.text for step in card.step)}",
            )
            for card in protocol.card
        ),
    ]


def _after(what: str, seconds: float) -> str:
    return f"{what} after {seconds:g} s" if seconds else f"{what} never"
