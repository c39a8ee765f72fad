"""The life cycle of a session's alarms: a fold of entries, and the changes that are due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from ketamonitor import alarm_drafts
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.alarms.conditions import expected, holding
from ketamonitor.alarms.order import called_for, worse, worst_first
from ketamonitor.alarms.situation import Situation
from ketamonitor.entries import PROGRAM, Draft, Entry
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.view import ActiveAlarm, AudioPause, Interruption


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit row of this session with another value, or off (``None``)."""

    value: float | None
    by: str
    at: datetime
    reason: str


class AlarmManager:
    """The alarms of one session. State comes from entries alone (:meth:`apply`); what should change
    is worked out by :meth:`changes` and becomes entries, so that a replay leads to the same state.
    """

    def __init__(self, protocol: TreatmentProtocol) -> None:
        self.protocol = protocol
        self.active: dict[str, ActiveAlarm] = {}
        self.audio_pause: AudioPause | None = None
        self.interruption: Interruption | None = None
        self.changed: dict[str, LimitChange] = {}
        self.last = ""

    # The fold --------------------------------------------------------------------------------

    def apply(self, entry: Entry) -> None:
        """Take in an ``alarm`` entry. One of a kind that is not known changes nothing."""
        body = entry.body
        take = {
            "raised": self._raised,
            "escalated": self._again,
            "reminder": self._again,
            "acknowledged": self._acknowledged,
            "latched": self._latched,
            "cleared": self._cleared,
            "audio_paused": self._audio_paused,
            "alarm_paused": self._alarm_paused,
            "resumed": self._resumed,
            "limit_changed": self._limit_changed,
        }.get(body["event"])
        if take is None:
            return
        take(entry, body)
        if "condition" in body:  # pauses and changed limits are no alarms
            self.last = f"{body['text']}, {body['event'].replace('_', ' ')} {entry.at:%H:%M:%S}"

    def _raised(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.active[body["id"]] = ActiveAlarm(
            body["id"],
            body["condition"],
            body["priority"],
            body["type"],
            body["metric"],
            body["value"],
            body["limit"],
            body["text"],
            body["detail"],
            entry.at,
            priority_since=entry.at,
            repeat_at=_time(body.get("repeat_at")),
        )

    def _again(self, entry: Entry, body: Mapping[str, Any]) -> None:
        """Escalated, or reminded of: it asks for attention anew."""
        alarm = self.active.get(body["id"])
        if alarm is not None:
            self.active[alarm.id] = replace(
                alarm,
                priority=body["priority"],
                value=body["value"],
                limit=body["limit"],
                text=body["text"],
                detail=body["detail"],
                priority_since=entry.at,
                acknowledged_at=None,
                acknowledged_by=None,
                repeat_at=_time(body.get("repeat_at")),
            )

    def _acknowledged(self, entry: Entry, body: Mapping[str, Any]) -> None:
        alarm = self.active.get(body["id"])
        if alarm is not None and self._same_occurrence(alarm, body):
            self.active[alarm.id] = replace(
                alarm, acknowledged_at=entry.at, acknowledged_by=entry.author
            )

    def _same_occurrence(self, alarm: ActiveAlarm, body: Mapping[str, Any]) -> bool:
        """An acknowledgement that was on its way while the alarm got worse, or came anew, is not
        of what stands there now."""
        of = _time(body.get("of"))
        return body["priority"] == alarm.priority and (of is None or of == alarm.priority_since)

    def _latched(self, entry: Entry, body: Mapping[str, Any]) -> None:
        alarm = self.active.get(body["id"])
        if alarm is not None:
            self.active[alarm.id] = replace(alarm, ended_at=entry.at)

    def _cleared(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.active.pop(body["id"], None)

    def _audio_paused(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.audio_pause = AudioPause(entry.at, _time(body["until"]), entry.author)

    def _alarm_paused(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.interruption = Interruption(
            body["reason"],
            entry.at,
            _time(body["until"]),
            entry.author,
            tuple(body["metrics"]),
            tuple(body["watched"]),
        )

    def _resumed(self, entry: Entry, body: Mapping[str, Any]) -> None:
        if body["what"] == "audio":
            self.audio_pause = None
        else:
            self.interruption = None

    def _limit_changed(self, entry: Entry, body: Mapping[str, Any]) -> None:
        preset = next((row for row in self.protocol.limit if row.id == body["id"]), None)
        if preset is None:
            return
        if body["value"] == preset.value:
            self.changed.pop(preset.id, None)
        else:
            self.changed[preset.id] = LimitChange(
                body["value"], entry.author, entry.at, body["reason"]
            )

    # What holds --------------------------------------------------------------------------------

    @property
    def limits(self) -> tuple[AlarmLimit, ...]:
        """The rows of this session: changed ones with their value, none that is off."""
        rows = (self.row(preset) for preset in self.protocol.limit)
        return tuple(row for row in rows if row is not None)

    def row(self, preset: AlarmLimit) -> AlarmLimit | None:
        """A row as it holds in this session, or ``None`` while it is off."""
        change = self.changed.get(preset.id)
        if change is None:
            return preset
        if change.value is None:
            return None
        return msgspec.structs.replace(preset, value=change.value)

    # What is due --------------------------------------------------------------------------------

    def changes(self, situation: Situation) -> list[Draft]:
        """Everything that begins, worsens, ends or runs out now. Applying it leaves nothing due."""
        made = self._over(situation)
        every = holding(situation)
        pause = situation.interruption
        if pause is not None and _run_out(pause.until, situation.now):
            pause = None
        found = {k: a for k, a in every.items() if pause is None or not expected(a, pause)}
        loud: list[ActiveAlarm] = []
        # What each is after its own change, so that the milder ones are judged by that.
        after = found | self.active
        for alarm in worst_first(self.active.values()):
            key = alarm.id
            now_so = found.get(key)
            if now_so is None:
                del after[key]
                made += self._ended(alarm, situation.now, expected=key in every)
            elif alarm.ended_at is not None:
                if worse(alarm.priority, now_so.priority):
                    # Nobody has seen that it was HIGH: a first reading does not make it less.
                    now_so = replace(now_so, priority=alarm.priority)
                made.append(alarm_drafts.alarm("cleared", alarm, situation.now, why="again"))
                made.append(alarm_drafts.alarm("raised", now_so, situation.now))
                loud.append(now_so)
                after[key] = now_so
            else:
                again = self._worse(alarm, now_so, situation, after) or self._remind(
                    alarm, now_so, situation
                )
                if again is not None:
                    event, risen, why = again
                    after[key] = risen
                    made.append(alarm_drafts.alarm(event, risen, situation.now, why=why))
                    loud.append(risen)
                elif alarm.signals and self._after_pause(alarm):
                    loud.append(alarm)
        for key, alarm in found.items():
            if key not in self.active:
                made.append(alarm_drafts.alarm("raised", alarm, situation.now))
                loud.append(alarm)
        made += self._break_pause(loud, situation)
        return made

    def _over(self, situation: Situation) -> list[Draft]:
        """Pauses end by themselves."""
        made = []
        if self.audio_pause is not None and _run_out(self.audio_pause.until, situation.now):
            made.append(
                alarm_drafts.resumed("audio", "time is over", at=situation.now, author=PROGRAM)
            )
        if self.interruption is not None and _run_out(self.interruption.until, situation.now):
            made.append(
                alarm_drafts.resumed("alarm", "time is over", at=situation.now, author=PROGRAM)
            )
        return made

    def _ended(self, alarm: ActiveAlarm, now: datetime, *, expected: bool) -> list[Draft]:
        """``expected``: it holds still, but a planned interruption is the reason."""
        if expected and alarm.ended_at is None:
            return [alarm_drafts.alarm("cleared", alarm, now, why="planned interruption")]
        if alarm.acknowledged_at is not None:
            return [alarm_drafts.alarm("cleared", alarm, now)]
        if alarm.ended_at is not None:
            return []  # it waits to be seen
        return [alarm_drafts.alarm("latched" if self._latches(alarm) else "cleared", alarm, now)]

    def _latches(self, alarm: ActiveAlarm) -> bool:
        return any(row.id == alarm.id and row.latch for row in self.limits)

    def _worse(
        self,
        alarm: ActiveAlarm,
        now_so: ActiveAlarm,
        situation: Situation,
        after: Mapping[str, ActiveAlarm],
    ) -> tuple[str, ActiveAlarm, str] | None:
        if worse(now_so.priority, alarm.priority):
            why = "confirmed" if alarm.type == "physiological" else "longer"
            return "escalated", now_so, why
        wait = self.protocol.escalation.medium_to_high_s
        waited = (situation.now - (alarm.priority_since or alarm.since)).total_seconds()
        waits = alarm.signals and not called_for(alarm, after.values())
        if alarm.priority == "medium" and waits and 0 < wait <= waited:
            return "escalated", replace(now_so, priority="high"), "not acknowledged"
        return None

    def _remind(
        self, alarm: ActiveAlarm, now_so: ActiveAlarm, situation: Situation
    ) -> tuple[str, ActiveAlarm, str] | None:
        plan = self.protocol.escalation
        wait = {"high": plan.remind_high_s, "medium": plan.remind_medium_s}.get(alarm.priority, 0)
        if alarm.acknowledged_at is None or not wait:
            return None
        if (situation.now - alarm.acknowledged_at).total_seconds() < wait:
            return None
        return "reminder", replace(now_so, priority=alarm.priority), "still so"

    def _after_pause(self, alarm: ActiveAlarm) -> bool:
        """Whether it began after the audio was paused: a pause may have been on its way."""
        pause = self.audio_pause
        return pause is not None and (alarm.priority_since or alarm.since) > pause.since

    def _break_pause(self, loud: list[ActiveAlarm], situation: Situation) -> list[Draft]:
        """AUDIO PAUSED covers what was there when it began: what is new or worse ends it."""
        plan = self.protocol.sound
        if self.audio_pause is None or _run_out(self.audio_pause.until, situation.now):
            return []
        if not any(plan.where(alarm.priority) != "none" for alarm in loud):
            return []
        return [alarm_drafts.resumed("audio", "a new alert", at=situation.now, author=PROGRAM)]


def _run_out(until: datetime | None, now: datetime) -> bool:
    return until is not None and now >= until


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
