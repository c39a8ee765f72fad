"""Alarms only the screen can raise: the recorder has gone quiet, or says it cannot write."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ketamonitor.view import ActiveAlarm, Freshness, SessionView, ShownValue

#: Seconds of the computer without an update after which the picture is not to be trusted.
QUIET_S = 3.0


def screen_alarms(view: SessionView, stopped_at: datetime | None) -> tuple[ActiveAlarm, ...]:
    """The view's alarms, led by what the recorder itself cannot tell.

    ``stopped_at`` is when the last update came, where that is too long ago.
    """
    alarms = view.alarms
    if view.record_fault or view.unsaved:
        alarms = _with_record_fault(view, alarms)
    if stopped_at is not None:
        detail = "no word from the recorder; watch the bedside monitor"
        stopped = _high("monitoring_stopped", "Monitoring stopped", detail, stopped_at)
        alarms = (stopped, *alarms)
    return alarms


def distrusted(view: SessionView) -> SessionView:
    """The same picture with every value taken back: nobody knows what is true now."""
    values = {
        key: ShownValue(
            shown.value,
            shown.measured_at,
            shown.source,
            Freshness.TECHNICAL,
            "monitoring stopped",
        )
        for key, shown in view.values.items()
    }
    return replace(view, values=values)


def _with_record_fault(
    view: SessionView, alarms: tuple[ActiveAlarm, ...]
) -> tuple[ActiveAlarm, ...]:
    unsaved = f"{view.unsaved} {'entry' if view.unsaved == 1 else 'entries'} unsaved"
    detail = " · ".join(
        part for part in (unsaved if view.unsaved else "", view.record_fault) if part
    )
    known = next((a for a in alarms if a.condition == "record_fault"), None)
    if known is not None:
        return tuple(replace(a, detail=detail) if a is known else a for a in alarms)
    if not view.record_fault:
        return alarms  # a write is on its way; the status bar counts it
    return (_high("record_fault", "Record not saved", detail, view.saved_at or view.now), *alarms)


def _high(condition: str, text: str, detail: str, since: datetime) -> ActiveAlarm:
    return ActiveAlarm(
        condition, condition, "high", "technical", None, None, None, text, detail, since
    )
