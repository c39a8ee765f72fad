"""The alarm part of a session's record, folded from its entries. It never loses one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from ketamonitor import words
from ketamonitor.alarm_course import (
    Acknowledgement,
    ActionTaken,
    AlarmEpisode,
    Escalation,
    LimitChanged,
    Pause,
    Reminder,
    SignalNote,
)
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.entries import PROGRAM, Entry


@dataclass(slots=True)
class AlarmHistory:
    """Feed it every entry in order with :meth:`add`; what it does not know it leaves alone."""

    episodes: list[AlarmEpisode] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    limit_changes: list[LimitChanged] = field(default_factory=list)
    actions: list[ActionTaken] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)
    signals: list[SignalNote] = field(default_factory=list)
    #: The reading whose consequences are being written; what a person enters ends that.
    _cause: int | None = None
    #: Places in ``episodes`` of those that are not cleared, by id.
    _open: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        if entry.kind == "reading":
            self._cause = entry.seq
        elif entry.author != PROGRAM or entry.kind not in ("alarm", "event"):
            self._cause = None
        if entry.kind == "correction":
            self.actions = [a for a in self.actions if a.seq != entry.body["of_seq"]]
        take = _TAKERS.get((entry.kind, str(entry.body.get("event"))))
        if take is not None:
            take(self, entry, entry.body)

    def limits(self, rows: tuple[AlarmLimit, ...], seq: int | None = None) -> list[AlarmLimit]:
        """The protocol's rows as they held when entry ``seq`` was written (``None``: at the end):
        with the session's own values, and without those that were off."""
        changes = {c.id: c for c in self.limit_changes if seq is None or c.seq < seq}
        held = []
        for row in rows:
            change = changes.get(row.id)
            if change is None:
                held.append(row)
            elif change.value is not None:
                held.append(msgspec.structs.replace(row, value=change.value))
        return held

    # Alarms ------------------------------------------------------------------------------------

    def _raised(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self._open[body["id"]] = len(self.episodes)
        self.episodes.append(
            AlarmEpisode(
                entry.seq,
                body["id"],
                body["condition"],
                body["priority"],
                body["type"],
                body.get("metric"),
                body.get("value"),
                body.get("limit"),
                body.get("op"),
                body["text"],
                body.get("detail", ""),
                entry.at,
                by_reading=self._cause,
            )
        )

    def _escalated(self, entry: Entry, body: Mapping[str, Any]) -> None:
        place, episode = self._of(body)
        if episode is None:
            return
        escalation = Escalation(
            entry.at,
            episode.now,
            body["priority"],
            body.get("why", ""),
            body.get("value"),
            body["text"],
            (entry.at - episode.priority_since).total_seconds(),
            self._cause,
        )
        self.episodes[place] = replace(episode, escalations=(*episode.escalations, escalation))

    def _reminder(self, entry: Entry, body: Mapping[str, Any]) -> None:
        place, episode = self._of(body)
        if episode is not None:
            self.episodes[place] = replace(episode, reminders=(*episode.reminders, entry.at))

    def _acknowledged(self, entry: Entry, body: Mapping[str, Any]) -> None:
        place, episode = self._of(body)
        if episode is None:
            return
        of = _time(body.get("of"))
        counted = body["priority"] == episode.now and of in (None, episode.priority_since)
        made = Acknowledgement(entry.at, entry.author, body["priority"], counted)
        self.episodes[place] = replace(episode, acknowledgements=(*episode.acknowledgements, made))

    def _latched(self, entry: Entry, body: Mapping[str, Any]) -> None:
        place, episode = self._of(body)
        if episode is not None:
            self.episodes[place] = replace(episode, latched_at=entry.at)

    def _cleared(self, entry: Entry, body: Mapping[str, Any]) -> None:
        place, episode = self._of(body)
        if episode is not None:
            why = body.get("why", "")
            self.episodes[place] = replace(episode, cleared_at=entry.at, ended_why=why)
            del self._open[episode.id]

    def _of(self, body: Mapping[str, Any]) -> tuple[int, AlarmEpisode | None]:
        place = self._open.get(body["id"])
        return (-1, None) if place is None else (place, self.episodes[place])

    # Pauses and limits -------------------------------------------------------------------------

    def _audio_paused(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self._pause(entry, body, "audio", "", ())

    def _alarm_paused(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self._pause(entry, body, "alarm", body["reason"], tuple(body["metrics"]))

    def _pause(
        self,
        entry: Entry,
        body: Mapping[str, Any],
        what: str,
        reason: str,
        metrics: tuple[str, ...],
    ) -> None:
        self._end_pause(what, entry.at, entry.author, "paused anew")
        until = _time(body["until"])
        self.pauses.append(
            Pause(entry.seq, what, entry.at, until, entry.author, reason, metrics, body["text"])
        )

    def _resumed(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self._end_pause(body["what"], entry.at, entry.author, body.get("why", ""))

    def _end_pause(self, what: str, at: datetime, by: str, why: str) -> None:
        for place, pause in enumerate(self.pauses):
            if pause.what == what and pause.ended_at is None:
                self.pauses[place] = replace(pause, ended_at=at, ended_by=by, ended_why=why)

    def _limit_changed(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.limit_changes.append(
            LimitChanged(
                entry.seq,
                entry.at,
                entry.author,
                body["id"],
                body["priority"],
                body["metric"],
                body["was"],
                body["value"],
                body["reason"],
                body["text"],
            )
        )

    def _session_ended(self, entry: Entry, _body: Mapping[str, Any]) -> None:
        for what in ("audio", "alarm"):
            self._end_pause(what, entry.at, PROGRAM, "the session ended")

    # Actions, reminders, the signals themselves ------------------------------------------------

    def _action(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.actions.append(
            ActionTaken(
                entry.seq,
                entry.at,
                entry.author,
                body["card"],
                body["version"],
                body["step"],
                body["done"],
                body["alarm"],
                body["metric"],
                body["value"],
                body["text"],
            )
        )

    def _follow_up(self, _entry: Entry, body: Mapping[str, Any]) -> None:
        for place, action in enumerate(self.actions):
            if action.seq == body["of_seq"] and action.followed_at is None:
                self.actions[place] = replace(
                    action, followed_by=body["value"], followed_at=_time(body["measured_at"])
                )

    def _overdue(self, entry: Entry, body: Mapping[str, Any]) -> None:
        due_at = datetime.fromisoformat(body["due_at"])
        self.reminders.append(Reminder(entry.seq, body["what"], due_at, entry.at))

    def _signal(self, entry: Entry, body: Mapping[str, Any]) -> None:
        title, detail = words.signal(body)
        fault = (
            body["event"] == "recorder_late"
            or body.get("state") == "failed"
            or body.get("heard") is False
        )
        text = f"{title}: {detail}" if detail else title
        self.signals.append(
            SignalNote(entry.seq, entry.at, entry.author, body["event"], text, fault)
        )


_TAKERS = {
    ("alarm", "raised"): AlarmHistory._raised,
    ("alarm", "escalated"): AlarmHistory._escalated,
    ("alarm", "reminder"): AlarmHistory._reminder,
    ("alarm", "acknowledged"): AlarmHistory._acknowledged,
    ("alarm", "latched"): AlarmHistory._latched,
    ("alarm", "cleared"): AlarmHistory._cleared,
    ("alarm", "audio_paused"): AlarmHistory._audio_paused,
    ("alarm", "alarm_paused"): AlarmHistory._alarm_paused,
    ("alarm", "resumed"): AlarmHistory._resumed,
    ("alarm", "limit_changed"): AlarmHistory._limit_changed,
    ("event", "action"): AlarmHistory._action,
    ("event", "follow_up"): AlarmHistory._follow_up,
    ("event", "overdue"): AlarmHistory._overdue,
    ("session", "ended"): AlarmHistory._session_ended,
    ("audit", "sound"): AlarmHistory._signal,
    ("audit", "lamp"): AlarmHistory._signal,
    ("audit", "guard"): AlarmHistory._signal,
    ("audit", "sound_test"): AlarmHistory._signal,
    ("audit", "recorder_late"): AlarmHistory._signal,
}


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
