"""The live session: the state a list of entries adds up to, and the alarms that follow from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from devices.cuff import INTERVAL_ENDED
from devices.metrics import METRICS, NIBP_DIA, NIBP_SYS
from devices.reading import LinkState
from devices.registry import DRIVERS
from ketamonitor import alarms
from ketamonitor.alarms import Known, Situation
from ketamonitor.drafts import alarm_body
from ketamonitor.entries import PROGRAM, Draft, Entry
from ketamonitor.freshness import shown_values
from ketamonitor.record import Record, body_time, session_info
from ketamonitor.schedule import due_items
from ketamonitor.view import (
    ActiveAlarm,
    DueItem,
    InfusionView,
    LimitView,
    LinkView,
    ObservedView,
    SessionView,
)

#: How long a program fault stays an alarm; the audit entry stays for ever.
PROGRAM_FAULT_FOR = timedelta(seconds=60)

#: What stands in the cuff's tile between the notice and the start.
ABOUT_TO_INFLATE = "about to inflate"
MEASURING = "measuring"


class LiveSession:
    """One running session. Owned by the recorder thread; everyone else gets :meth:`view`."""

    def __init__(self, first: Entry) -> None:
        self.info = session_info(first)
        self.record = Record(self.info, keep_series=False)
        self.active: dict[str, ActiveAlarm] = {}
        self.last: Entry = first
        self._known: dict[str, Known] = {}
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
        self._program_fault = ("", first.at)
        self._last_alarm = ""
        self.apply(first)

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of the list."""
        self.last = entry
        self.record.add(entry)
        if entry.kind == "reading":
            self._reading(entry)
        elif entry.kind == "alarm":
            self._alarm(entry)
        elif entry.kind == "device":
            self._device(entry)
        elif entry.kind == "observation":
            body = entry.body
            self._observed[body["instrument"]] = ObservedView(
                body["instrument"], body["status"], body.get("value"), entry.at
            )
        elif entry.kind == "event" and entry.body.get("event") == "cuff_interval":
            self._change(entry.body["source"], cuff_minutes=entry.body["minutes"])
        elif entry.kind == "session" and entry.body.get("event") == "resumed":
            self._resumed(entry)
        elif entry.kind == "audit" and entry.body.get("event") == "program_fault":
            self._program_fault = (entry.body["where"], entry.recorded_at)

    @property
    def ended(self) -> bool:
        return self.record.ended_at is not None

    def changes(self, now: datetime, record_fault: str = "") -> list[Draft]:
        """The alarms that begin or end at ``now``, as drafts. Applying them makes this empty."""
        if self.ended:
            return []
        holding = alarms.holding(self._situation(now, record_fault, self.due(now)))
        begins, ends = alarms.difference(self.active, holding)
        drafts = [_draft("cleared", alarm, now) for alarm in ends]
        drafts += [_draft("raised", alarm, now) for alarm in begins]
        return drafts

    def due(self, now: datetime) -> tuple[DueItem, ...]:
        done = {
            "bp": [cuff.at for cuff in self.record.cuff if cuff.plotted],
            "observation": [answer.at for answer in self.record.answers if not answer.struck],
        }
        return due_items(self.info.protocol, self.record.first_dose_at, done, now)

    def view(
        self, now: datetime, *, saved_at: datetime | None, unsaved: int, record_fault: str
    ) -> SessionView:
        """A frozen picture of the session at ``now``."""
        record = self.record
        first_dose = record.first_dose_at
        gate = self.info.protocol.gate.from_first_dose_min
        due = self.due(now)
        next_bp = next((item.at for item in due if item.what == "bp" and not item.done_at), None)
        links = tuple(self._links.values())
        situation = self._situation(now, record_fault, due)
        active = _as_now(self.active, alarms.holding(situation))
        listed = alarms.urgent_first(active)
        return SessionView(
            info=self.info,
            now=now,
            values=shown_values(
                self._known,
                self.active,
                now,
                intervals={
                    link.source: DRIVERS[link.driver].interval_s
                    for link in links
                    if link.driver in DRIVERS
                },
                next_bp=next_bp,
                cuff_state=self._cuff_state,
            ),
            alarms=listed,
            covered=tuple(a for a in active.values() if a not in listed),
            last_alarm=self._last_alarm,
            due=due,
            limits=tuple(
                LimitView(limit, limit.bound(alarms.baseline_of(limit.metric, record.baseline)))
                for limit in self.info.protocol.limit
            ),
            links=links,
            baseline=record.baseline,
            infusion=self._infusion(now),
            total_mg=record.total_mg(now),
            doses=len(record.doses) + len(record.infusions),
            first_dose_at=first_dose,
            gate_at=first_dose + timedelta(minutes=gate) if first_dose else None,
            observed=dict(self._observed),
            saved_at=saved_at,
            unsaved=unsaved,
            record_fault=record_fault,
            ended_at=record.ended_at,
        )

    def _infusion(self, now: datetime) -> InfusionView | None:
        if not self.record.infusions:
            return None
        infusion = self.record.infusions[-1]
        return InfusionView(
            infusion.state,
            infusion.started_at,
            infusion.planned_mg,
            infusion.minutes,
            infusion.given_mg(now),
            infusion.ends_at(now),
        )

    def _situation(self, now: datetime, record_fault: str, due: tuple[DueItem, ...]) -> Situation:
        where, at = self._program_fault
        return Situation(
            now,
            self.info.started_at,
            self.info.protocol,
            self.record.baseline,
            self._known,
            tuple(self._links.values()),
            due,
            self._cuff_fault,
            record_fault,
            where if now - at < PROGRAM_FAULT_FOR else "",
        )

    def _reading(self, entry: Entry) -> None:
        body = entry.body
        source = body["source"]
        doubtful = {
            flag.removeprefix("implausible:")
            for flag in body.get("flags", ())
            if flag.startswith("implausible:")
        }
        for key, value in body["values"].items():
            if key in METRICS:
                known = self._known.get(key, Known())
                self._known[key] = _newer(known, value, entry.at, source, key in doubtful)
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

    def _alarm(self, entry: Entry) -> None:
        body, event = entry.body, entry.body["event"]
        if event == "raised":
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
            )
        elif event == "cleared":
            self.active.pop(body["id"], None)
        elif event == "acknowledged" and body["id"] in self.active:
            self.active[body["id"]] = replace(
                self.active[body["id"]],
                acknowledged_at=entry.at,
                acknowledged_by=entry.author,
            )
        self._last_alarm = f"{body['text']}, {event} {entry.at:%H:%M:%S}"

    def _device(self, entry: Entry) -> None:
        body = entry.body
        source = body["source"]
        if body["event"] == "link":
            link = self._links.get(source)
            if link is not None:
                state = LinkState(body["state"])
                self._links[source] = replace(
                    link,
                    state=state,
                    reason=body["reason"],
                    port=body["port"],
                    since=entry.at,
                    # An opened port alone is no monitor yet: only a reading ends the break.
                    down=link.down or state in (LinkState.LOST, LinkState.SILENT),
                    cuff="" if state is LinkState.LOST else link.cuff,  # nobody knows any more
                )
        elif body["event"] == "demo":
            self._change(source, demo=True)
        elif body["event"] in ("battery_low", "battery_ok"):
            self._change(source, battery_low=body["event"] == "battery_low")
        elif body["event"] == "nibp_announced":
            self._cuff_state = ABOUT_TO_INFLATE
            self._change(source, cuff=ABOUT_TO_INFLATE)
        elif body["event"] == "nibp_measuring":
            self._cuff_state = MEASURING
            self._change(source, cuff=MEASURING)
        elif body["event"] == "nibp_failed":
            self._cuff_state, self._cuff_fault = "", body["text"]
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


def _as_now(
    active: dict[str, ActiveAlarm], holding: dict[str, ActiveAlarm]
) -> dict[str, ActiveAlarm]:
    """The active alarms with the value that passes the limit now, not the one that began it."""
    return {
        key: replace(
            alarm,
            value=holding[key].value,
            text=holding[key].text,
            detail=holding[key].detail,
        )
        if key in holding
        else alarm
        for key, alarm in active.items()
    }


def _newer(known: Known, value: float | None, at: datetime, source: str, doubtful: bool) -> Known:
    """What is known after one more value; an older one than the last changes nothing."""
    newest = max((t for t in (known.at, known.doubtful_at) if t is not None), default=None)
    if newest is not None and at < newest:
        return known
    if value is None:
        return replace(known, missing=True)
    if doubtful:
        return replace(known, doubtful=value, doubtful_at=at, missing=False)
    return Known(value, at, source)


def _draft(event: str, alarm: ActiveAlarm, now: datetime) -> Draft:
    op = None
    if alarm.condition == "limit_passed":
        op = next((op for op in (">=", "<=", ">", "<") if op in alarm.id), None)
    return Draft("alarm", now, PROGRAM, alarm_body(event, alarm, op))
