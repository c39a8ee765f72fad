"""Which tone should sound now, and where: pure, from what is active and what is paused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ketamonitor.alarm_plan import SoundPlan
from ketamonitor.alarms.order import rank
from ketamonitor.view import ActiveAlarm, AudioPause


def sounding(
    alarms: Iterable[ActiveAlarm],
    pause: AudioPause | None,
    plan: SoundPlan,
    now: datetime,
) -> ActiveAlarm | None:
    """The most urgent alarm that is to be heard at ``now``, or ``None`` for quiet.

    The screen is first alone for the plan's seconds. A pause covers what alarmed before it began
    and only until its end: whatever is new or worse sounds through it.
    """
    heard = [
        alarm
        for alarm in alarms
        if alarm.signals
        and plan.where(alarm.priority) != "none"
        and (now - _since(alarm)).total_seconds() >= plan.after_s(alarm.priority)
        and not _covered(alarm, pause, now)
    ]
    return min(heard, key=lambda a: (rank(a.priority), _since(a), a.id), default=None)


def _covered(alarm: ActiveAlarm, pause: AudioPause | None, now: datetime) -> bool:
    if pause is None or (pause.until is not None and now >= pause.until):
        return False
    return _since(alarm) <= pause.since


def _since(alarm: ActiveAlarm) -> datetime:
    return alarm.priority_since or alarm.since
