"""Which alarm conditions hold: a pure, total function of what is known of a session."""

from __future__ import annotations

from ketamonitor.alarms.limits import limit_alarm
from ketamonitor.alarms.order import worse
from ketamonitor.alarms.situation import Situation
from ketamonitor.alarms.technical import technical_alarms
from ketamonitor.view import ActiveAlarm, Interruption


def holding(situation: Situation) -> dict[str, ActiveAlarm]:
    """The conditions that hold now, by id. Total: every situation has an answer."""
    found: dict[str, ActiveAlarm] = {}
    for limit in situation.limits:
        alarm = limit_alarm(limit, situation)
        # Two rows may come to one value in a session, and so to one id: the worse one counts.
        if alarm is not None and (
            alarm.id not in found or worse(alarm.priority, found[alarm.id].priority)
        ):
            found[alarm.id] = alarm
    for alarm in technical_alarms(situation):
        found[alarm.id] = alarm
    return found


def expected(alarm: ActiveAlarm, pause: Interruption) -> bool:
    """Whether a planned interruption is the reason for an alarm: probes that are off, a cuff that
    does not measure, values moved about. A value beyond a HIGH limit is never expected."""
    if alarm.metric is None or alarm.metric not in pause.metrics:
        return False
    return alarm.type == "technical" or alarm.priority != "high"
