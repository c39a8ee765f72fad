"""Plain words for entries and values, the same on the screen, on paper and in exports."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from devices.metrics import METRICS, Metric
from ketamonitor.entries import PROGRAM, Entry
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.view import Patient

NO_VALUE = "–"

STARS = {"high": "***", "medium": "**", "low": "*"}

#: How a metric is called in an alarm's text, short enough for 4 m.
SHORT = {
    "nibp_sys": "SYS",
    "nibp_dia": "DIA",
    "nibp_map": "MEAN",
    "nibp_pulse": "Cuff pulse",
    "pulse": "Pulse",
    "spo2": "SpO₂",
    "hr": "Heart rate",
    "rr": "Breaths",
    "etco2": "EtCO₂",
    "temp": "Temperature",
    "cuff_pressure": "Cuff",
    **{key: instrument.label for key, instrument in INSTRUMENTS.items()},
    "moaas": "MOAA/S",
}


def clock(at: datetime, *, seconds: bool = False) -> str:
    """The time of day: ``14:02`` or ``14:02:11``."""
    return at.strftime("%H:%M:%S" if seconds else "%H:%M")


def day(on: date) -> str:
    """``14 Mar 1984``, the same in every locale."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{on.day:02d} {months[on.month - 1]} {on.year}"


def weekday(on: date) -> str:
    """``Mon 23 Nov 2026``."""
    return f"{['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][on.weekday()]} {day(on)}"


def minutes(delta: timedelta) -> str:
    """Minutes around the first dose with their sign: ``+40``, ``−5``, ``0``."""
    whole = round(delta.total_seconds() / 60)
    return "0" if whole == 0 else f"+{whole}" if whole > 0 else f"−{-whole}"


def countdown(seconds: float) -> str:
    """``6:24`` or ``1:26:24``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def ago(seconds: float) -> str:
    """How old something is, in words: ``8 s ago``, ``3 min ago``, ``2 h 05 min ago``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s ago"
    if whole < 3600:
        return f"{whole // 60} min ago"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min ago"


def number(value: float | None, metric: Metric) -> str:
    """A value as it is shown, rounded half up to the metric's decimals; a dash for no value."""
    if value is None:
        return NO_VALUE
    scale = 10**metric.decimals
    rounded = int(value * scale + (0.5 if value >= 0 else -0.5)) / scale
    return f"{rounded:.{metric.decimals}f}"


def exact(value: float) -> str:
    """A value with as many digits as it takes to be true beside its limit: ``180.4 > 180``."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def pressure(sys: float | None, dia: float | None, mean: float | None = None) -> str:
    """``138/84 (102)``."""
    text = f"{number(sys, METRICS['nibp_sys'])}/{number(dia, METRICS['nibp_dia'])}"
    return text if mean is None else f"{text} ({number(mean, METRICS['nibp_map'])})"


def patient_line(patient: Patient, on: date) -> str:
    """``14 Mar 1984 · 42 y · MRN 0048-2917``."""
    return f"{day(patient.born)} · {patient.age(on)} y · MRN {patient.mrn}"


def answer(instrument: str, status: str, value: int | None) -> str:
    """An answer in words: ``4 of 5``, ``not assessed``, ``declined``."""
    if status != "answered" or value is None:
        return status.replace("_", " ")
    known = INSTRUMENTS.get(instrument)
    return known.shown(value) if known else str(value)


def headline(entry: Entry) -> tuple[str, str] | None:
    """Title and subtitle of an entry in a timeline; ``None`` for what a timeline leaves out."""
    tell = _TELLERS.get(entry.kind)
    told = tell(entry.body) if tell else None
    if told is None:
        return None
    title, detail = told
    late = entry.author != PROGRAM and entry.late_s > 120
    parts = [detail] if detail else []
    if entry.author != PROGRAM:
        parts.append(entry.author)
    if late:
        parts.append(f"entered {clock(entry.recorded_at)}, late")
    elif entry.kind in ("dose", "infusion") and entry.late_s >= 1:
        # Of a drug both times are always told: when it was given and when that was written.
        parts.append(f"entered {clock(entry.recorded_at, seconds=True)}")
    return title, " · ".join(parts)


def _reading(body: Any) -> tuple[str, str] | None:
    values = body["values"]
    if not any(key in values for key in ("nibp_sys", "nibp_dia", "nibp_map")):
        return None
    doubtful = any(flag.startswith("implausible:") for flag in body.get("flags", ()))
    text = pressure(values.get("nibp_sys"), values.get("nibp_dia"), values.get("nibp_map"))
    how = "typed by hand" if body["source"] == "manual" else body["source"]
    return f"BP {text}{' ?' if doubtful else ''}", f"{how}, implausible" if doubtful else how


def _dose(body: Any) -> tuple[str, str]:
    device = f", device {body['device_no']}" if body.get("device_no") else ""
    parts = [f"{body['mg_per_kg']:.2f} mg/kg" if body.get("mg_per_kg") else ""]
    if body.get("site"):
        parts.append(body["site"])
    if body.get("hold_s") is not None:
        parts.append(f"held {countdown(body['hold_s'])}")
    parts += [body.get("after_hold") or "", body.get("why", "")]
    told = ", ".join(part for part in parts if part)
    return f"{body['drug']} {body['mg']:g} mg {body['route']}{device}", told


def infusion(body: Any) -> tuple[str, str]:
    """An infusion's start or change: title and detail."""
    why = [body["why"]] if body.get("why") else []
    reason = [body["reason"]] if body.get("reason") else []
    if body["action"] == "start":
        planned = f"{body['planned_mg']:g} mg over {body['minutes']:g} min"
        pump = [f"{body['rate_ml_h']} mL/h"] if body.get("rate_ml_h") else []
        return "Infusion start", ", ".join([planned, *pump, *why])
    if body["action"] == "rate":
        pump = [f"{body['rate_ml_h']} mL/h"] if body.get("rate_ml_h") else []
        rate = f"Infusion rate {body['mg_per_min']:.3g} mg/min"
        return rate, ", ".join([*pump, *reason, *why])
    known = {"pause": "paused", "resume": "resumed", "stop": "stopped"}
    word = known.get(body["action"], body["action"])
    shown = [f"pump shows {body['given_mg']} mg"] if body.get("given_mg") else []
    return f"Infusion {word}", ", ".join([*reason, *shown, *why])


def _observation(body: Any) -> tuple[str, str]:
    known = INSTRUMENTS.get(body["instrument"])
    label = known.label if known else body["instrument"]
    return f"{label} {answer(body['instrument'], body['status'], body.get('value'))}", ""


def _alarm(body: Any) -> tuple[str, str]:
    event = body["event"]
    if event in ("audio_paused", "alarm_paused", "resumed", "limit_changed"):
        return body["text"], alarm_change(body)
    return f"{STARS[body['priority']]} {body['text']}", alarm_change(body)


def alarm_change(body: Any) -> str:
    """What an alarm entry changed, in words: ``HIGH: not acknowledged in time``."""
    event = body["event"]
    if event == "audio_paused":
        return ""
    if event == "alarm_paused":
        watched = ", ".join(SHORT.get(key, key) for key in body["watched"])
        return f"still watched: {watched}" if watched else "nothing else is watched"
    if event == "resumed":
        return ""
    priority = body["priority"].upper()
    if event == "limit_changed":
        return f"{priority} limit, {body['reason']}"
    why = body.get("why", "")
    said = {
        "raised": f"{priority} raised",
        "escalated": f"{priority}: {_WHY.get(why, why)}",
        "reminder": f"{priority} again: acknowledged, and still so",
        "latched": f"{priority}: over, not yet seen",
        "cleared": f"{priority} cleared" + (f": {_WHY.get(why, why)}" if why else ""),
    }
    return said.get(event, f"{priority} {event.replace('_', ' ')}")


#: Why an alarm got worse, or was cleared although nothing had become better.
_WHY = {
    "confirmed": "a second reading confirms it",
    "longer": "it lasts",
    "not acknowledged": "not acknowledged in time",
    "again": "it came again",
}


def _device(body: Any) -> tuple[str, str] | None:
    if body["event"] == "link":
        return f"{body['source']} {body['state']}", body["reason"]
    # what the cuff tile shows at the moment, and what is said elsewhere, is no line of its own
    if body["event"] in ("nibp_announced", "nibp_measuring", "nibp_done") or "text" not in body:
        return None
    return f"{body['source']}: {body['text']}", ""


def _session(body: Any) -> tuple[str, str] | None:
    known = {"started": "Session started", "resumed": "Session resumed", "ended": "Session ended"}
    title = known.get(body["event"])
    return (title, body.get("reason", body.get("why", ""))) if title else None


def _event(body: Any) -> tuple[str, str] | None:
    if body["event"] == "baseline_locked":
        return f"Baseline locked {pressure(body['sys'], body['dia'])}", body.get("why", "")
    if body["event"] == "cuff_interval":
        if body["minutes"] is None:
            return "Cuff interval off", body["source"]
        return f"Cuff every {body['minutes']:g} min", body["source"]
    if body["event"] == "action":
        return body["text"], f"{body['value']} then" if body["value"] else ""
    return (body["text"], "") if "text" in body else None


def _note(body: Any) -> tuple[str, str]:
    return (
        (f"“{body['text']}”", "patient")
        if body.get("said_by") == "patient"
        else (
            body["text"],
            "",
        )
    )


def _correction(body: Any) -> tuple[str, str]:
    return body.get("text") or f"Correction of entry {body['of_seq']}", body.get("reason", "")


def _audit(body: Any) -> tuple[str, str] | None:
    event = body["event"]
    if event == "clock_changed":
        return "Computer clock changed", f"{body['ahead_s']:+.0f} s against session time"
    if event in ("sound", "lamp", "guard", "sound_test", "recorder_late"):
        return signal(body)
    if event == "renumbered":
        return (
            "Another program wrote to this session at the same time",
            f"{body['entries']} entries stand behind its own",
        )
    if event == "rescued":
        how = "as they were entered" if body["as_written"] else "behind what was recorded meanwhile"
        return f"{body['entries']} entries taken in from a rescue file", how
    if event == "behind":
        return behind(body["source"], datetime.fromisoformat(body["since"]))
    if event == "caught_up":
        from_, to = (datetime.fromisoformat(body[key]) for key in ("from", "to"))
        who = body["source"] or "Entries"
        return f"{who}: recorded without delay again", f"late {_span(from_, to)}"
    if event == "clock_held":
        return f"Simulated time was held back for {body['for_s']:g} s", "the computer was busy"
    if event == "window_late":
        return f"The window stood still for {body['for_s']:g} s", "recording and alerts went on"
    return (f"Program fault in {body['where']}", body["fault"]) if "fault" in body else None


def _span(start: datetime, end: datetime) -> str:
    return f"from {clock(start, seconds=True)} to {clock(end, seconds=True)}"


def standstill(body: Any) -> str:
    """How long, or from when to when, nobody watched; older records have the length only."""
    if "from" not in body:
        return f"for {body['for_s']:g} s"
    span = _span(datetime.fromisoformat(body["from"]), datetime.fromisoformat(body["to"]))
    return f"{span} (the computer slept)" if body["slept"] else span


def behind(source: str, since: datetime) -> tuple[str, str]:
    """Of a source that sends more than can be recorded, or (empty) of entries that wait."""
    at = clock(since, seconds=True)
    if not source:
        return "Entries wait to be recorded", f"since {at}"
    return (
        f"{source}: sends more than can be recorded",
        f"since {at}; its values come late and some may be lost on the way: check the monitor",
    )


def clock_question(ahead_s: float) -> str:
    """What is asked of somebody who can look at another clock."""
    way = "ahead of" if ahead_s > 0 else "behind"
    return f"{countdown(abs(ahead_s))} {way} session time, which goes on as it was: which is right?"


_SIGNALS = {"sound": "Alarm sound", "lamp": "Nurse-call lamp", "guard": "The guard"}


def signal(body: Any) -> tuple[str, str]:
    """The state of the alarm system's own signals: title and detail."""
    if body["event"] == "sound_test":
        return body["text"], ""
    if body["event"] == "recorder_late":
        return f"Monitoring stood still {standstill(body)}", ""
    what = _SIGNALS[body["event"]]
    state = {"failed": "FAILED", "ready": "ready", "off": "off"}.get(body["state"], body["state"])
    return f"{what} {state}", body.get("text", "")


_TELLERS = {
    "reading": _reading,
    "dose": _dose,
    "infusion": infusion,
    "observation": _observation,
    "alarm": _alarm,
    "device": _device,
    "session": _session,
    "event": _event,
    "note": _note,
    "correction": _correction,
    "audit": _audit,
}
