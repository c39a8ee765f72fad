"""The live session: the state a list of entries adds up to, and the alarms that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from devices.cuff import INTERVAL_ENDED
from devices.metrics import NIBP_DIA, NIBP_SYS
from devices.reading import LinkState
from devices.registry import DRIVERS
from ketamonitor import alarm_drafts, words
from ketamonitor.alarms.conditions import holding
from ketamonitor.alarms.limits import reference
from ketamonitor.alarms.manager import AlarmManager
from ketamonitor.alarms.order import urgent_first
from ketamonitor.alarms.situation import Fault, Situation
from ketamonitor.entries import Draft, Entry
from ketamonitor.follow_up import FollowUps
from ketamonitor.freshness import shown_values
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.record import Record, body_time, session_info
from ketamonitor.schedule import due_of
from ketamonitor.treatment.closing import open_items
from ketamonitor.treatment.discharge import criteria, ready_of
from ketamonitor.treatment.gates import gate_of
from ketamonitor.view import (
    ActiveAlarm,
    DueItem,
    DueState,
    InfusionView,
    LimitView,
    LinkView,
    ObservedView,
    SessionView,
    SoundCheck,
)
from ketamonitor.vitals import Vitals

#: What stands in the cuff's tile between the notice and the start.
_SILENT = {
    "sound": "No alarm sound",
    "lamp": "Nurse-call lamp does not answer",
    "guard": "The guard does not answer",
}
ABOUT_TO_INFLATE = "about to inflate"
MEASURING = "measuring"


class LiveSession:
    """One running session. Owned by the recorder thread; everyone else gets :meth:`view`.

    ``manager`` makes the manager of its alarms; tests hand in faulty ones to be caught. Values may
    be ``slack_s`` later than their monitor's interval before they are old (sped-up time only).
    """

    def __init__(
        self,
        first: Entry,
        manager: Callable[[TreatmentProtocol], AlarmManager] = AlarmManager,
        *,
        slack_s: float = 0.0,
    ) -> None:
        self.info = session_info(first)
        self.record = Record(self.info, keep_series=False)
        self.alarms = manager(self.info.protocol)
        self.last: Entry = first
        self._slack_s = slack_s
        self._vitals = Vitals(
            self.info.protocol.limit, self.info.protocol.technical.no_reading_s, slack_s
        )
        self._vitals.lead([device.source for device in self.info.devices])
        self._follow_ups = FollowUps()
        self._links = {
            device.source: LinkView(
                device.source,
                device.driver,
                device.port,
                LinkState.CONNECTING,
                "not opened yet",
                first.at,
                None,
            )
            for device in self.info.devices
        }
        self._observed: dict[str, ObservedView] = {}
        self._cuff_state = ""
        self._cuff_fault = ""
        self._faults: dict[str, Fault] = {}
        self._sensors_off: dict[str, str] = {}
        self._overdue: set[tuple[str, str]] = set()
        self._sound = SoundCheck()
        #: Sources that have had something waiting too long, and since when.
        self.behind: dict[str, datetime] = {}
        self.apply(first)

    @classmethod
    def of(cls, entries: Sequence[Entry], *, slack_s: float = 0.0) -> LiveSession:
        """The session that a list adds up to; its first entry begins it."""
        made = cls(entries[0], slack_s=slack_s)
        for entry in entries[1:]:
            made.apply(entry)
        return made

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of the list."""
        self.last = entry
        self.record.add(entry)
        body = entry.body
        if entry.kind == "reading":
            self._reading(entry)
        elif entry.kind == "alarm":
            self.alarms.apply(entry)
        elif entry.kind == "device":
            self._device(entry)
        elif entry.kind == "observation":
            self._vitals.answer(entry)
            self._observed[body["instrument"]] = ObservedView(
                body["instrument"], body["status"], body.get("value"), entry.at
            )
        elif entry.kind == "correction":
            self._strike(entry)
        elif entry.kind == "event":
            self._follow_ups.apply(entry)
            if body.get("event") == "cuff_interval":
                self._change(body["source"], cuff_minutes=body["minutes"])
            elif body.get("event") == "clock_checked":
                self._faults.pop("clock_changed", None)
            elif body.get("event") == "overdue":
                self._overdue.add((body["what"], body["due_at"]))
        elif entry.kind == "session" and body.get("event") == "resumed":
            self._resumed(entry)
        elif entry.kind == "audit":
            self._audit(entry)

    @property
    def active(self) -> Mapping[str, ActiveAlarm]:
        """The alarms that have begun and are not cleared, by id."""
        return self.alarms.active

    @property
    def ended(self) -> bool:
        return self.record.ended_at is not None

    def changes(self, now: datetime, record_fault: str = "") -> list[Draft]:
        """What follows from time and from what was just taken in: alarms that begin, worsen or
        end, reminders, follow-up values. Applying the drafts makes this empty."""
        if self.ended:
            return []
        due = self.due(now)
        return [
            *self.alarms.changes(self._situation(now, record_fault, due)),
            *self._reminders(due, now),
            *self._follow_ups.changes(self._vitals.known, now),
        ]

    def _reminders(self, due: tuple[DueItem, ...], now: datetime) -> list[Draft]:
        """Once for each slot that is overdue. A reminder is no alarm."""
        return [
            alarm_drafts.overdue(item.what, item.at, at=now)
            for item in due
            if item.state in (DueState.OVERDUE, DueState.MISSED)
            and (item.what, item.at.isoformat()) not in self._overdue
        ]

    def due(self, now: datetime) -> tuple[DueItem, ...]:
        return due_of(self.record, now)

    def view(
        self, now: datetime, *, saved_at: datetime | None, unsaved: int, record_fault: str
    ) -> SessionView:
        """A frozen picture of the session at ``now``."""
        record = self.record
        first_dose = record.first_dose_at
        gate = gate_of(record, now)
        due = self.due(now)
        next_bp = _next_bp(due)
        checked, ready = criteria(record, now), ready_of(record)
        links = tuple(self._links.values())
        situation = self._situation(now, record_fault, due)
        active = _as_now(self.alarms.active, holding(situation))
        listed = urgent_first(active)
        return SessionView(
            info=self.info,
            now=now,
            values=shown_values(
                self._vitals.known,
                self.alarms.active,
                now,
                intervals=situation.intervals,
                next_bp=next_bp,
                cuff_state=self._cuff_now(),
            ),
            alarms=listed,
            covered=tuple(a for a in active.values() if a.id not in {b.id for b in listed}),
            last_alarm=self.alarms.last,
            due=due,
            limits=self._limits(situation),
            links=links,
            baseline=record.baseline,
            infusion=self._infusion(now),
            total_mg=record.total_mg(now),
            doses=sum(record.counts(dose) for dose in record.doses)
            + sum(record.treats(infusion.drug) for infusion in record.infusions),
            order=record.orders.current,
            first_dose_at=first_dose,
            gate_at=gate.at if gate else None,
            gate_open=gate is not None and gate.open,
            observed=dict(self._observed),
            saved_at=saved_at,
            unsaved=unsaved,
            record_fault=record_fault,
            ended_at=record.ended_at,
            audio_pause=self.alarms.audio_pause,
            interruption=self.alarms.interruption,
            sound=self._sound,
            actions=tuple(self._follow_ups.actions),
            checkin=record.checkin.view,
            criteria=checked,
            open_items=open_items(record, due, checked),
            ready_at=None if ready is None else ready[0],
            departure=record.discharge.departure,
            nasal=record.nasal.of_plan(record.info.protocol.dose),
        )

    def _cuff_now(self) -> str:
        """What the cuff does; of one behind a silent link nobody knows."""
        links = [link for link in self._links.values() if link.cuff]
        unknown = [link for link in links if link.state is LinkState.SILENT]
        return "" if links and len(unknown) == len(links) else self._cuff_state

    def _limits(self, situation: Situation) -> tuple[LimitView, ...]:
        """Every row of the protocol as it holds in this session."""
        shown = []
        for preset in self.info.protocol.limit:
            row, change = self.alarms.row(preset), self.alarms.changed.get(preset.id)
            samples = situation.samples.get(preset.metric, ())
            bound = row.bound(reference(row, samples, situation.baseline)) if row else None
            if change is None:
                shown.append(LimitView(preset, bound))
            else:
                shown.append(
                    LimitView(
                        row or preset,
                        bound,
                        preset,
                        change.by,
                        change.at,
                        change.reason,
                        off=row is None,
                    )
                )
        return tuple(shown)

    def _infusion(self, now: datetime) -> InfusionView | None:
        if not self.record.infusions:
            return None
        # One that goes on is the one to be seen, whichever began last.
        going = [i for i in self.record.infusions if i.stopped_at is None]
        infusion = (going or self.record.infusions)[-1]
        return InfusionView(
            infusion.state,
            infusion.started_at,
            infusion.planned_mg,
            infusion.minutes,
            infusion.given_mg(now),
            infusion.ends_at(now),
            infusion.mg_per_min,
            infusion.rate_ml_h,
            infusion.strength_mg_ml,
            infusion.given_ml(now),
        )

    def _situation(self, now: datetime, record_fault: str, due: tuple[DueItem, ...]) -> Situation:
        faults = dict(self._faults)
        if record_fault:
            faults["record_fault"] = Fault(
                "Record not saved", record_fault, now, "high", lasts=True
            )
        return Situation(
            now,
            self.info.started_at,
            self.info.protocol,
            self.alarms.limits,
            self.record.baseline,
            self.record.first_dose_at,
            self._vitals.known,
            self._vitals.samples,
            tuple(self._links.values()),
            due,
            self.alarms.active,
            self.alarms.interruption,
            self._cuff_fault,
            self._vitals.last_bp_at,
            faults,
            self._sensors_off,
            {
                link.source: DRIVERS[link.driver].interval_s + self._slack_s
                for link in self._links.values()
                if link.driver in DRIVERS
            },
            left=self.record.discharge.departure is not None,
        )

    def _strike(self, entry: Entry) -> None:
        """What was struck out is taken back from what limits judge and from what is shown."""
        of_seq = entry.body["of_seq"]
        self._vitals.strike(of_seq)
        self._follow_ups.apply(entry)
        gone = next((a for a in self.record.answers if a.seq == of_seq), None)
        if gone is None:
            return
        self._observed.pop(gone.instrument, None)
        for answer in self.record.answers:
            if answer.instrument == gone.instrument and not answer.struck:
                self._observed[answer.instrument] = ObservedView(
                    answer.instrument, answer.status, answer.value, answer.at
                )

    def _audit(self, entry: Entry) -> None:
        body, event = entry.body, entry.body.get("event")
        if event == "program_fault":
            text = "Program fault, recording goes on"
            self._faults[event] = Fault(text, body["where"], entry.recorded_at)
        elif event == "clock_changed":
            text = "The computer's clock was set"
            detail = words.clock_question(body["ahead_s"])
            self._faults[event] = Fault(text, detail, entry.recorded_at, "low", lasts=True)
        elif event == "recorder_late":
            text = "Monitoring stood still"
            detail = f"{words.standstill(body)}; it goes on"
            self._faults[event] = Fault(text, detail, entry.recorded_at)
        elif event == "renumbered":
            text = "Another program records this session"
            detail = f"{body['entries']} entries stand behind its own; close one of the two"
            self._faults["program_fault"] = Fault(text, detail, entry.recorded_at)
        elif event == "behind":
            source, since = body["source"], body_time(body["since"])
            self.behind[source] = since
            text, detail = words.behind(source, since)
            self._faults[f"behind:{source}"] = Fault(text, detail, entry.recorded_at, lasts=True)
        elif event == "caught_up":
            self.behind.pop(body["source"], None)
            self._faults.pop(f"behind:{body['source']}", None)
        elif event in _SILENT:
            self._signal(event, body)
        elif event == "sound_test":
            self._sound = replace(
                self._sound,
                tested_at=entry.at,
                tested_by=entry.author,
                heard=body["heard"],
            )

    def _signal(self, what: str, body: Mapping[str, Any]) -> None:
        """The state of tones, nurse-call lamp or guard; a failure lasts until it is ready."""
        self._faults.pop(f"no_{what}", None)
        if body["state"] == "failed":
            self._faults[f"no_{what}"] = Fault(
                _SILENT[what], body["text"], self.last.at, lasts=True
            )
        if what == "sound":
            self._sound = replace(self._sound, state=body["state"], text=body["text"])

    def _reading(self, entry: Entry) -> None:
        body = entry.body
        source = body["source"]
        self._vitals.reading(entry)
        if NIBP_SYS.key in body["values"] or NIBP_DIA.key in body["values"]:
            self._cuff_fault = ""
            self._cuff_state = ""
        link = self._links.get(source)
        if link is not None:
            some = any(value is not None for value in body["values"].values())
            last = body_time(body["received_at"]) if some else link.last_value_at
            self._links[source] = replace(
                link,
                last_value_at=last,
                down=False,
                demo=False,
                unmapped=body.get("unmapped", link.unmapped),
                cuff="" if NIBP_SYS.key in body["values"] else link.cuff,
            )

    def _device(self, entry: Entry) -> None:
        body = entry.body
        source = body["source"]
        if body["event"] == "link":
            link = self._links.get(source)
            if link is not None:
                state = LinkState(body["state"])
                lost = state in (LinkState.LOST, LinkState.SILENT)
                self._links[source] = replace(
                    link,
                    state=state,
                    reason=body["reason"],
                    port=body["port"],
                    since=entry.at,
                    # An opened port alone is no monitor yet: only a reading ends the break.
                    down=link.down or lost,
                    cuff="" if state is LinkState.LOST else link.cuff,  # nobody knows any more
                )
                if state is LinkState.LOST and link.cuff:
                    self._cuff_state = ""
                if state is LinkState.LOST:
                    self._sensors_off.pop(source, None)
        elif body["event"] == "demo":
            self._change(source, demo=True)
        elif body["event"] == "sensor_off":
            self._sensors_off[source] = body["text"]
        elif body["event"] == "sensor_on":
            self._sensors_off.pop(source, None)
        elif body["event"] in ("battery_low", "battery_ok"):
            self._change(source, battery_low=body["event"] == "battery_low")
        elif body["event"] == "nibp_announced":
            self._cuff_state = ABOUT_TO_INFLATE
            self._change(source, cuff=ABOUT_TO_INFLATE)
        elif body["event"] == "nibp_measuring":
            self._cuff_state = MEASURING
            self._change(source, cuff=MEASURING)
        elif body["event"] == "nibp_failed":
            self._cuff_state, self._cuff_fault = "", body["text"] or "no reason given"
            self._change(source, cuff="")
        elif body["event"] == "nibp_done":
            self._cuff_state = ""
            self._change(source, cuff="")
        elif body["event"] == "refused":
            # a start that did not come about inflates nothing; one that runs goes on
            self._cuff_state = self._cuff_state.replace(ABOUT_TO_INFLATE, "")
            link = self._links.get(source)
            if link is not None and link.cuff == ABOUT_TO_INFLATE:
                self._change(source, cuff="")
            if INTERVAL_ENDED.items() <= body.get("raw", {}).items():
                self._change(source, cuff_minutes=None)

    def _change(self, source: str, **changes: Any) -> None:
        if source in self._links:
            self._links[source] = replace(self._links[source], **changes)

    def _resumed(self, entry: Entry) -> None:
        """The devices of a resumed session may be others; their links start anew."""
        self._sensors_off.clear()
        for source in self.behind:  # what waited then waits no more
            self._faults.pop(f"behind:{source}", None)
        self.behind.clear()
        self._vitals.lead([d["source"] for d in entry.body.get("devices", ())])
        for device in entry.body.get("devices", ()):
            self._links[device["source"]] = LinkView(
                device["source"],
                device["driver"],
                device["port"],
                LinkState.CONNECTING,
                "not opened yet",
                entry.at,
                None,
            )


def _next_bp(due: tuple[DueItem, ...]) -> datetime | None:
    """When the next blood pressure is due: the first open slot after the last that was done."""
    at = None
    for item in due:
        if item.what != "bp":
            continue
        if item.done_at is not None:
            at = None
        elif at is None and item.state not in (DueState.MISSED, DueState.NOT_DONE):
            at = item.at
    return at


def _as_now(
    active: dict[str, ActiveAlarm], holding: dict[str, ActiveAlarm]
) -> dict[str, ActiveAlarm]:
    """The active alarms with the value that passes the limit now, not the one that began it."""
    return {
        key: replace(
            alarm,
            value=holding[key].value,
            limit=holding[key].limit,
            text=holding[key].text,
            detail=holding[key].detail,
            reading_at=holding[key].reading_at,
        )
        if key in holding
        else alarm
        for key, alarm in active.items()
    }
