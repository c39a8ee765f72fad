"""Actions taken on alarms, and the value that followed each: a fold of entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from devices.metrics import METRICS
from ketamonitor import alarm_drafts
from ketamonitor.alarms.situation import Known
from ketamonitor.entries import Draft, Entry
from ketamonitor.view import ActionDone
from ketamonitor.words import SHORT, clock, exact

#: A continuous value so long after an action is what followed it.
AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Waiting:
    seq: int
    metric: str
    at: datetime


class FollowUps:
    """The actions of a session, and which of them wait for the value that follows.

    For a pressure that is the next cuff reading, for a continuous metric the first value two
    minutes later. Of several actions on one metric each gets its own.
    """

    def __init__(self) -> None:
        self.actions: list[ActionDone] = []
        self._waiting: list[_Waiting] = []

    def apply(self, entry: Entry) -> None:
        """Take in the next entry; one that is no action or follow-up, and strikes none, changes
        nothing."""
        body = entry.body
        if entry.kind == "correction":
            self.actions = [a for a in self.actions if a.seq != body["of_seq"]]
            self._waiting = [w for w in self._waiting if w.seq != body["of_seq"]]
        if entry.kind != "event":
            return
        if body.get("event") == "action":
            self.actions.append(
                ActionDone(
                    entry.seq,
                    body["card"],
                    body["step"],
                    entry.at,
                    entry.author,
                    body["alarm"],
                    body["value"],
                    body["done"],
                )
            )
            if body["metric"] in METRICS:
                self._waiting.append(_Waiting(entry.seq, body["metric"], entry.at))
        elif body.get("event") == "follow_up":
            self._waiting = [w for w in self._waiting if w.seq != body["of_seq"]]
            self.actions = [
                _followed(a, body) if a.seq == body["of_seq"] else a for a in self.actions
            ]

    def changes(self, known: Mapping[str, Known], now: datetime) -> list[Draft]:
        """The follow-up values that have come."""
        made = []
        for waiting in self._waiting:
            found = known.get(waiting.metric)
            if found is None or found.value is None or found.at is None:
                continue
            due = waiting.at if METRICS[waiting.metric].episodic else waiting.at + AFTER
            if found.at > due or (found.at == due and due != waiting.at):
                made.append(
                    alarm_drafts.follow_up(
                        waiting.seq, waiting.metric, found.value, found.at, at=now
                    )
                )
        return made


def _followed(action: ActionDone, body: Mapping[str, Any]) -> ActionDone:
    measured = clock(datetime.fromisoformat(body["measured_at"]))
    metric = SHORT.get(body["metric"], body["metric"])
    return replace(action, followed=f"{metric} {exact(body['value'])} at {measured}")
