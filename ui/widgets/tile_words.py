"""What a value tile says: figure, age, limits. The state is the domain's; here it gets words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.metrics import METRICS
from ketamonitor import words
from ketamonitor.view import (
    ASKING,
    COMING,
    ActiveAlarm,
    DueState,
    Freshness,
    SessionView,
    ShownValue,
)
from ui.widgets.alarm_words import interruption_now

DASHES = "– –"

#: From best to worst: a tile with several values looks as its worst one.
_WORST = (
    Freshness.FRESH,
    Freshness.AGEING,
    Freshness.STALE,
    Freshness.QUESTIONABLE,
    Freshness.TECHNICAL,
    Freshness.NO_DATA,
)
_NOTHING = ShownValue(None, None, "", Freshness.NO_DATA, "no reading yet")

_DASHED = (Freshness.NO_DATA, Freshness.TECHNICAL)


@dataclass(frozen=True, slots=True)
class Figure:
    """One tile's value in words. ``below`` is the age or the reason, ``more`` what goes with it."""

    text: str
    freshness: Freshness
    below: str
    more: str = ""
    source: str = ""
    mean: str = ""
    delta: str = ""

    @property
    def known(self) -> bool:
        return self.freshness not in _DASHED


def shown(view: SessionView, key: str) -> ShownValue:
    return view.values.get(key, _NOTHING)


def interrupted(view: SessionView, key: str, value: ShownValue, now: datetime) -> str:
    """``interruption, back 14:40`` while a planned interruption covers this metric and no value
    has come since it began; else empty. A value that comes is always shown."""
    pause = interruption_now(view, now)
    if pause is None or key not in pause.metrics:
        return ""
    since = value.measured_at is not None and value.measured_at >= pause.since
    if since and value.freshness in (Freshness.FRESH, Freshness.AGEING, Freshness.QUESTIONABLE):
        return ""
    back = "ALARM OFF" if pause.until is None else f"back {words.clock(pause.until)}"
    return f"interruption, {back}"


def pressure_figure(view: SessionView, now: datetime) -> Figure:
    """``138/84`` with its mean, difference to the baseline, time and age."""
    sys, dia, mean = (shown(view, key) for key in ("nibp_sys", "nibp_dia", "nibp_map"))
    away = interrupted(view, "nibp_sys", sys, now)
    if away:
        pair = words.pressure(sys.value, dia.value)
        whole = sys.value is not None and dia.value is not None
        last = f"last {pair}, {words.clock(sys.measured_at)}" if whole and sys.measured_at else ""
        return Figure(DASHES, Freshness.NO_DATA, away, last, sys.source)
    freshness = max(sys.freshness, dia.freshness, key=_WORST.index)
    worst = sys if sys.freshness is freshness else dia
    if freshness not in _DASHED and (sys.value is None or dia.value is None):
        freshness = Freshness.TECHNICAL
    pair = words.pressure(sys.value, dia.value)
    if freshness in _DASHED:
        last = f"last {pair}" if sys.value is not None and dia.value is not None else ""
        when = f", {words.clock(worst.measured_at)}" if last and worst.measured_at else ""
        reason = worst.reason or "no value in the last reading"
        return Figure(DASHES, freshness, _sentence(reason, freshness), last + when, sys.source)
    text = f"{pair} ?" if freshness is Freshness.QUESTIONABLE else pair
    usable = mean.freshness in (Freshness.FRESH, Freshness.AGEING, Freshness.STALE)
    return Figure(
        text,
        freshness,
        cuff_age(worst, freshness, now),
        source=sys.source,
        mean=f"({words.number(mean.value, METRICS['nibp_map'])})"
        if usable and mean.value is not None and mean.measured_at == sys.measured_at
        else "",
        delta=_delta(view, sys.value, dia.value) if freshness is not Freshness.QUESTIONABLE else "",
    )


def cuff_age(value: ShownValue, freshness: Freshness, now: datetime) -> str:
    """The clock time first, then the age: ``14:32 · 3 min ago``."""
    if value.measured_at is None:
        return "time not known"
    at, seconds = words.clock(value.measured_at), (now - value.measured_at).total_seconds()
    age = words.ago(seconds)
    if freshness is Freshness.QUESTIONABLE:
        return f"{at} · {value.reason}"
    if freshness is Freshness.STALE:
        return f"OLD {at} · {age.removesuffix(' ago')}"
    if freshness is Freshness.AGEING:
        return f"{at} · {age.removesuffix(' ago')} old"
    return f"{at} · {age}"


def live_figure(view: SessionView, key: str, now: datetime) -> Figure:
    """A continuous value; pulse falls back to the cuff's, named as such."""
    value, cuff = shown(view, key), shown(view, "nibp_pulse")
    away = interrupted(view, key, value, now)
    if away:
        text = words.number(value.value, METRICS[key])
        before = ""
        if value.value is not None and value.measured_at is not None:
            before = f"last {text}, {words.clock(value.measured_at)}"
        return Figure(DASHES, Freshness.NO_DATA, away, before, value.source)
    if key == "pulse" and value.freshness is Freshness.NO_DATA and cuff.value is not None:
        at = words.clock(cuff.measured_at) if cuff.measured_at else ""
        text = words.number(cuff.value, METRICS["nibp_pulse"])
        return Figure(text, cuff.freshness, cuff_age(cuff, cuff.freshness, now), "", f"cuff {at}")
    text = words.number(value.value, METRICS[key])
    age = (now - value.measured_at).total_seconds() if value.measured_at else None
    if value.freshness in _DASHED or value.value is None:
        last = value.value is not None and value.measured_at is not None
        more = (
            f"last {text}, {words.clock(value.measured_at)}" if last and value.measured_at else ""
        )
        reason = _sentence(value.reason, value.freshness)
        if value.freshness is Freshness.TECHNICAL and age is not None:
            reason = f"{reason} {words.countdown(age)}"
        return Figure(DASHES, value.freshness, reason, more, value.source)
    below = ""
    old = words.ago(age).removesuffix(" ago") if age is not None else ""
    if value.freshness is Freshness.AGEING:
        below = f"{old} old"
    elif value.freshness is Freshness.STALE:
        below = f"OLD {old}"
    elif value.freshness is Freshness.QUESTIONABLE:
        text, below = f"{text} ?", value.reason
    live = f"{value.source} · live" if value.freshness is Freshness.FRESH else value.source
    return Figure(text, value.freshness, below, "", live)


def asked_again(view: SessionView) -> datetime | None:
    """The earliest second reading that an alert asks for and nobody has taken."""
    asked = (a.repeat_at for a in (*view.alarms, *view.covered) if a.ended_at is None)
    return min((at for at in asked if at is not None), default=None)


def next_cuff(view: SessionView, now: datetime) -> tuple[str, bool, float | None]:
    """When the next cuff reading is due, whether that is past, and how far the wait has come."""
    if shown(view, "nibp_sys").reason == "measuring":
        return "Cuff measuring now", False, None
    again = asked_again(view)
    if again is not None:
        left = (again - now).total_seconds()
        # Where the alert is HIGH already the second reading confirms nothing.
        waits = any(a.repeat_at is not None and a.priority != "high" for a in view.alarms)
        word = "Confirming: again" if waits else "Again"
        if left <= 0:
            late = words.countdown(-left)
            return f"{word} {words.clock(again)}, {late} ago", True, 1.0
        return f"{word} {words.clock(again)}, in {words.countdown(left)}", False, None
    slots = [item for item in view.due if item.what == "bp"]
    past = [i for i in slots if i.state in ASKING]
    if past:
        ago = words.countdown((now - past[-1].at).total_seconds())
        return f"Due {words.clock(past[-1].at)}, {ago} ago: start cuff, or B", True, 1.0
    ahead = next((item for item in slots if item.state in COMING), None)
    if ahead is None:
        return "", False, None
    left = (ahead.at - now).total_seconds()
    measured = shown(view, "nibp_sys").measured_at
    whole = (ahead.at - measured).total_seconds() if measured else 0
    share = max(0.0, min(1.0, 1 - left / whole)) if whole > 0 else None
    if ahead.state is DueState.SOON:
        return f"BP due in {words.countdown(left)}, {words.clock(ahead.at)}", False, share
    return f"Next {words.clock(ahead.at)}, in {words.countdown(left)}", False, share


def alarm_of(
    alarms: Sequence[ActiveAlarm], metrics: Sequence[str], source: str
) -> ActiveAlarm | None:
    """The most urgent alarm about a tile's values, or about the link they come by. One that is
    over and waits to be seen stands in the alarm bar alone: the tile shows what is so now."""
    for alarm in alarms:
        if alarm.ended_at is not None:
            continue
        if alarm.metric in metrics or alarm.condition == "monitoring_stopped":
            return alarm
        if alarm.condition == "cuff_failed" and "nibp_sys" in metrics:
            return alarm
        if alarm.condition == "link_lost" and source and alarm.id.endswith(f":{source}"):
            return alarm
    return None


def _delta(view: SessionView, sys: float | None, dia: float | None) -> str:
    if view.baseline is None or sys is None or dia is None:
        return ""
    signed = [f"{a - b:+.0f}" for a, b in ((sys, view.baseline.sys), (dia, view.baseline.dia))]
    return "/".join(signed).replace("-", "−").replace("+0", "0").replace("−0", "0") + " vs base"


def _sentence(reason: str, freshness: Freshness) -> str:
    """A technical cause starts with a capital, a plain reason does not (as the state table)."""
    if freshness is Freshness.TECHNICAL and reason:
        return reason[0].upper() + reason[1:]
    return reason
