"""A session for alarm tests: drafts and seconds go in, alarms come out, as the recorder runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import msgspec

from ketamonitor import alarm_drafts, drafts
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.alarms import audible
from ketamonitor.alarms.manager import AlarmManager
from ketamonitor.alarms.order import milder
from ketamonitor.entries import PROGRAM, Draft, Entry, chain
from ketamonitor.protocol import TreatmentProtocol, protocol_from_json, protocol_to_json
from ketamonitor.session import LiveSession
from ketamonitor.view import ActiveAlarm, SessionView
from tests.domain.builders import SESSION, at, chained, link, protocol, reading, started

NURSE = "okafor"
Manager = Callable[[TreatmentProtocol], AlarmManager]
Devices = Iterable[tuple[str, str]]


def shaped(*limits: AlarmLimit, **parts: Any) -> TreatmentProtocol:
    """The shipped protocol with these limits alone (its own where none is given), and with other
    parts (``pause=...``); checked as a file would be."""
    base = protocol()
    made = msgspec.structs.replace(base, limit=limits or base.limit, **parts)
    return protocol_from_json(protocol_to_json(made))


class AlarmCourse:
    """A live session at its second ``t``. Each draft is applied, then whatever is due.

    ``enter`` takes a draft at its own time; ``run`` lets seconds pass with a tick in each.
    """

    def __init__(
        self,
        used: TreatmentProtocol | None = None,
        manager: Manager = AlarmManager,
        devices: Devices = (("dinamap", "/dev/ttyUSB0"),),
        connected: bool = True,
    ) -> None:
        self.manager = manager
        self.fault = ""
        self.t = 0.0
        self.entries: list[Entry] = chained([started(used or protocol(), devices)])
        self.live = LiveSession(self.entries[0], manager)
        if connected:
            for device in self.live.info.devices:
                self.enter(link(0, "connected", source=device.source))

    @property
    def plan(self) -> TreatmentProtocol:
        return self.live.info.protocol

    def enter(self, draft: Draft) -> None:
        """Record a draft, now; its own time may be earlier."""
        self.t = max(self.t, (draft.at - at(0)).total_seconds())
        self._append(draft)
        self.settle()

    def settle(self) -> None:
        """Record what is due now."""
        for change in self.live.changes(at(self.t), self.fault):
            self._append(change)

    def tick(self, t_s: float) -> None:
        """It is ``t_s`` seconds into the session, and nothing has come."""
        self.t = t_s
        self.settle()

    def run(self, seconds: int, **values: float | None) -> None:
        """So many seconds, each with a reading of these values, or with a tick alone."""
        for _ in range(seconds):
            if values:
                self.say(1, **values)
            else:
                self.tick(self.t + 1)

    def say(
        self, after_s: float = 1, /, *, source: str = "dinamap", **values: float | None
    ) -> None:
        """A reading of these values so many seconds later."""
        self.enter(reading(self.t + after_s, values, source=source))

    def _append(self, draft: Draft) -> None:
        last = self.entries[-1]
        entry = chain(draft, SESSION, last.seq + 1, at(self.t), last.hash)
        self.live.apply(entry)
        self.entries.append(entry)

    # What the nurse does

    def acknowledge(self, key: str) -> ActiveAlarm:
        """Acknowledge an alarm, with the milder ones that it stands for; the alarm as it stood."""
        alarm = self.active(key)
        for seen in (alarm, *milder(alarm, self.live.active)):
            self.enter(alarm_drafts.acknowledge(seen, at=at(self.t), author=NURSE))
        return alarm

    def pause_audio(self, *, off: bool = False) -> None:
        self.enter(alarm_drafts.audio_paused(self.plan.pause, off=off, at=at(self.t), author=NURSE))

    def interrupt(self, reason: str, minutes: float | None = 2) -> None:
        self.enter(
            alarm_drafts.alarm_paused(self.plan.pause, reason, minutes, at=at(self.t), author=NURSE)
        )

    def resume(self, what: str) -> None:
        self.enter(alarm_drafts.resumed(what, "by hand", at=at(self.t), author=NURSE))

    def set_limit(self, key: str, value: float | None, reason: str = "known hypertension") -> None:
        row = next(row for row in self.plan.limit if row.id == key)
        self.enter(
            alarm_drafts.limit_changed(
                row, value, reason, self.plan.pause, at=at(self.t), author=NURSE
            )
        )

    def lock(self, sys: float, dia: float) -> None:
        self.enter(drafts.baseline(sys, dia, 1, at(0), at=at(self.t), author=NURSE))

    def dose(self) -> None:
        self.enter(drafts.dose("ketamine", "iv", 30, at=at(self.t), author=NURSE))

    def audit(self, event: str, **body: Any) -> None:
        self.enter(Draft("audit", at(self.t), PROGRAM, {"event": event, **body}))

    def device(self, event: str, source: str = "dinamap", text: str = "") -> None:
        body = {"event": event, "source": source, "text": text}
        self.enter(Draft("device", at(self.t), PROGRAM, body))

    # What comes of it

    def view(self) -> SessionView:
        return self.live.view(at(self.t), saved_at=None, unsaved=0, record_fault=self.fault)

    def heard(self) -> ActiveAlarm | None:
        """The alarm whose tone sounds now."""
        view = self.view()
        return audible.sounding(view.every_alarm, view.audio_pause, self.plan.sound, view.now)

    def active(self, key: str) -> ActiveAlarm:
        found = self.live.active.get(key)
        assert found is not None, f"{key} is not active, but {sorted(self.live.active)}"
        return found

    def listed(self) -> list[str]:
        return [alarm.id for alarm in self.view().alarms]

    def told(self, event: str) -> list[str]:
        """The ids of the alarm entries of one event, in order."""
        return [
            e.body["id"]
            for e in self.entries
            if e.kind == "alarm" and e.body["event"] == event and "id" in e.body
        ]

    def ends(self, what: str) -> list[tuple[float, str, str]]:
        """When, why and by whom each pause of audio or alarms ended, session seconds."""
        return [
            ((e.at - at(0)) / timedelta(seconds=1), e.body["why"], e.author)
            for e in self.entries
            if e.kind == "alarm" and e.body["event"] == "resumed" and e.body["what"] == what
        ]

    def again(self) -> LiveSession:
        """A second live session, folded from the entries."""
        live = LiveSession(self.entries[0], self.manager)
        for entry in self.entries[1:]:
            live.apply(entry)
        return live
