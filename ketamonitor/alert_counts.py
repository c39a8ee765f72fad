"""How many alerts a session had, by priority: counted as everything counts them, by bouts."""

from __future__ import annotations

from collections.abc import Iterable

from ketamonitor.alarm_history import AlarmHistory
from ketamonitor.alarm_plan import PRIORITIES
from ketamonitor.alarm_review import bouts
from ketamonitor.entries import Entry


def alert_counts(alarms: Iterable[Entry]) -> dict[str, int]:
    """Of a session's alarm entries, in order. Where one is not as this program writes it each that
    was raised counts: an alert too many is better than one too few."""
    alarms, history = tuple(alarms), AlarmHistory()
    try:
        for entry in alarms:
            history.add(entry)
        found = [bout.priority for bout in bouts(history.episodes)]
    except (KeyError, TypeError):
        raised = [entry for entry in alarms if entry.body.get("event") == "raised"]
        found = [str(entry.body.get("priority")) for entry in raised]
    return {priority: found.count(priority) for priority in PRIORITIES}
