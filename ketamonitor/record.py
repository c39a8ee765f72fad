"""The whole course of a session, folded from its entries: what review, report and export show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

import msgspec

from devices.metrics import METRICS, NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from ketamonitor import words
from ketamonitor.alarm_course import AlarmEpisode
from ketamonitor.alarm_history import AlarmHistory
from ketamonitor.course import (
    GAP_AFTER,
    LATE_AFTER,
    AnswerPoint,
    CuffPoint,
    DosePoint,
    EventPoint,
    Gap,
    Infusion,
    Series,
)
from ketamonitor.entries import GENESIS, PROGRAM, Body, Entry
from ketamonitor.leading import Lead, may_speak, order_of
from ketamonitor.protocol import TreatmentProtocol, protocol_from_json
from ketamonitor.treatment.adverse import AdverseEvents
from ketamonitor.treatment.breathing import WATCHED
from ketamonitor.treatment.checkin import CheckIn
from ketamonitor.treatment.corrections import Corrections
from ketamonitor.treatment.discharge import Discharge
from ketamonitor.treatment.drug_use import DrugUse
from ketamonitor.treatment.drugs import is_treatment
from ketamonitor.treatment.episodes import Episodes
from ketamonitor.treatment.infusion import Act, act_of
from ketamonitor.treatment.nasal import Nasal
from ketamonitor.treatment.not_done import NotDoneSlots
from ketamonitor.treatment.on_site import OnSite
from ketamonitor.treatment.order import Orders
from ketamonitor.treatment.plan import ENROLMENT, INPATIENT, OUTPATIENT
from ketamonitor.treatment.rules import rules_from_json
from ketamonitor.view import Baseline, DeviceChoice, Patient, SessionInfo

#: Events whose own text stands among the numbered events of the session.
_TOLD = (
    *("mark", "action", "not_done", "bp_weighed", "order", "device_step", "drug"),
    *("on_site", "episode", "adverse", "adverse_none", "criterion", "ready", "left", "closing"),
)


@dataclass(slots=True)
class Record:
    """The course of a session. Feed it entries in order with :meth:`add`; it never loses one."""

    info: SessionInfo
    entries: int = 0
    last_at: datetime | None = None
    last_hash: str = GENESIS
    cuff: list[CuffPoint] = field(default_factory=list)
    #: What the leading monitor measured, by metric: what tile and limits go by. Where another one
    #: takes the lead there is a break.
    series: dict[str, Series] = field(default_factory=dict)
    #: What the others measured meanwhile, by metric and source.
    others: dict[tuple[str, str], Series] = field(default_factory=dict)
    doses: list[DosePoint] = field(default_factory=list)
    infusions: list[Infusion] = field(default_factory=list)
    #: Those whose start was struck out: they count nowhere and are told all the same.
    struck_infusions: list[Infusion] = field(default_factory=list)
    answers: list[AnswerPoint] = field(default_factory=list)
    #: Episodes, pauses, changed limits, actions, reminders.
    history: AlarmHistory = field(default_factory=AlarmHistory)
    #: Slots of the schedule that were not done, with the reason.
    not_done: NotDoneSlots = field(default_factory=NotDoneSlots)
    #: Nasal devices, step by step.
    nasal: Nasal = field(default_factory=Nasal)
    #: Onset and end of sedation, dissociation, respiratory depression, as confirmed by a person.
    episodes: Episodes = field(default_factory=Episodes)
    adverse: AdverseEvents = field(default_factory=AdverseEvents)
    on_site: OnSite = field(default_factory=OnSite)
    #: The drug drawn for this session, by its entries; the ledger itself is elsewhere.
    drug: DrugUse = field(default_factory=DrugUse)
    checkin: CheckIn = field(default_factory=CheckIn)
    discharge: Discharge = field(default_factory=Discharge)
    #: What was ordered; the last order counts.
    orders: Orders = field(default_factory=Orders)
    #: What can still be struck out.
    corrections: Corrections = field(default_factory=Corrections)
    events: list[EventPoint] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    baseline: Baseline | None = None
    ended_at: datetime | None = None
    readings: dict[str, int] = field(default_factory=dict)
    by_source: dict[str, int] = field(default_factory=dict)
    #: A chart needs every continuous value. The recorder keeps those of breathing, thinned: they
    #: fill slots of the schedule and speak for or against going home.
    keep_series: bool = True
    #: Acts on the pump by their entry, with its body; entries that were struck out.
    _pump: dict[int, tuple[Act, Body]] = field(default_factory=dict)
    _leads: dict[str, Lead] = field(default_factory=dict)
    _order: dict[str, int] = field(default_factory=dict)
    _struck: set[int] = field(default_factory=set)
    #: Ends of a hold in the mouth, by their entry: the dose that each is of.
    _held: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """The record of a session's entries, in order.

        Raises ``ValueError`` when the list is empty or does not begin with the session's start.
        """
        remaining = iter(entries)
        first = next(remaining, None)
        if first is None:
            raise ValueError("the session has no entries")
        record = cls(session_info(first))
        record.add(first)
        for entry in remaining:
            record.add(entry)
        return record

    @property
    def alarms(self) -> list[AlarmEpisode]:
        """Every alarm from beginning to end, in order of their beginnings."""
        return self.history.episodes

    @property
    def first_dose_at(self) -> datetime | None:
        """When the first dose of the treatment began, an infusion's start included."""
        starts = [dose.at for dose in self.doses if not dose.struck and self.treats(dose.drug)]
        starts += [i.started_at for i in self.infusions if self.treats(i.drug)]
        # A spray is in the nose before somebody has confirmed its device.
        starts += [sprayed.at for sprayed in self.nasal.sprays]
        return min(starts, default=None)

    def total_mg(self, now: datetime) -> float:
        """All of the treatment's drug given by ``now`` in mg, as recorded."""
        singles = sum(
            dose.mg
            for dose in self.doses
            if not dose.struck and dose.at <= now and self.treats(dose.drug)
        )
        running = (i.given_mg(now) for i in self.infusions if self.treats(i.drug))
        return singles + sum(running)

    def counts(self, dose: DosePoint) -> bool:
        """Whether clocks and totals go by this dose: not struck, and of the treatment's drug."""
        return not dose.struck and self.treats(dose.drug)

    def treats(self, drug: str) -> bool:
        """Whether it is the drug of the treatment and not one given beside it."""
        return is_treatment(drug, self.info.protocol.dose.drug)

    def add(self, entry: Entry) -> None:
        """Take in the next entry. What a later version writes and this one does not know is
        counted and otherwise left alone: old programs must open what they can."""
        self.entries += 1
        self.last_at, self.last_hash = entry.recorded_at, entry.hash
        self.history.add(entry)
        self.orders.add(entry)
        self.checkin.add(entry)
        self.discharge.add(entry)
        self.not_done.add(entry)
        self.nasal.add(entry)
        self.drug.add(entry)
        self.episodes.add(entry)
        self.adverse.add(entry)
        self.on_site.add(entry)
        self.corrections.add(entry)
        take = _TAKERS.get(entry.kind)
        if take is not None:
            take(self, entry)

    def _reading(self, entry: Entry) -> None:
        values = {METRICS[k]: v for k, v in entry.body["values"].items() if k in METRICS}
        flags = entry.body.get("flags", [])
        doubtful = tuple(f.removeprefix("implausible:") for f in flags if "implausible:" in f)
        source = entry.body["source"]
        self.by_source[source] = self.by_source.get(source, 0) + 1
        if any(metric in values for metric in (NIBP_SYS, NIBP_DIA, NIBP_MAP)):
            self.cuff.append(
                CuffPoint(
                    entry.seq,
                    entry.at,
                    values.get(NIBP_SYS),
                    values.get(NIBP_DIA),
                    values.get(NIBP_MAP),
                    source,
                    entry.author,
                    _late(entry),
                    doubtful,
                    pulse=values.get(NIBP_PULSE),
                    recorded_at=entry.recorded_at,
                )
            )
        for metric, value in values.items():
            kept = self.keep_series or metric.key in WATCHED
            if kept and not (metric.episodic or metric.transient):
                usable = None if metric.key in doubtful else value
                self._one_of_several(metric.key, entry.at, usable, source, value)
            if value is not None:
                self.readings[metric.key] = self.readings.get(metric.key, 0) + 1

    def _one_of_several(
        self, metric: str, at: datetime, usable: float | None, source: str, value: float | None
    ) -> None:
        """``usable`` is the value where it is plausible."""
        lead = self._leads.get(metric)
        quiet = timedelta(seconds=self.info.protocol.technical.no_reading_s)
        order = self._order or order_of([device.source for device in self.info.devices])
        if not may_speak(lead, source, value, at, order=order, quiet=quiet):
            if self.keep_series:
                self.others.setdefault((metric, source), Series()).add(at, usable)
            return
        now = (lead or Lead(source)).after(source, value, at, usable=usable is not None)
        course = self.series.get(metric)
        if lead is not None and now.source != lead.source and course is not None:
            course.add(course.times[-1], None)  # no line leads from one monitor to another
        self._leads[metric] = now
        self._continuous(metric, at, usable)

    def _continuous(self, metric: str, at: datetime, value: float | None) -> None:
        series = self.series.setdefault(metric, Series())
        had_value = metric in self.readings
        opened = next((g for g in reversed(self.gaps) if g.metric == metric and not g.end), None)
        if value is None and had_value and opened is None:
            self.gaps.append(Gap(metric, at, None, "no value"))
        elif value is not None:
            if opened is not None:
                self._end_gap(opened, at)
            elif series.times and at - series.times[-1] > GAP_AFTER and had_value:
                self.gaps.append(Gap(metric, series.times[-1], at, "no reading"))
        if self.keep_series:
            series.add(at, value)
        else:
            series.thinned(at, value)

    def _end_gap(self, gap: Gap, at: datetime) -> None:
        place = self.gaps.index(gap)
        if at - gap.start > GAP_AFTER:
            self.gaps[place] = replace(gap, end=at)
        else:
            # A blip shorter than a gap is in the series as a missing value; it is no stretch.
            del self.gaps[place]

    def _dose(self, entry: Entry) -> None:
        body = entry.body
        self.doses.append(
            DosePoint(
                entry.seq,
                entry.at,
                entry.recorded_at,
                entry.author,
                body["drug"],
                body["route"],
                body["mg"],
                body.get("mg_per_kg"),
                body.get("device_no"),
                body.get("lot"),
                body.get("note", ""),
                _late(entry),
                why=body.get("why", ""),
                hold_s=body.get("hold_s"),
                after_hold=body.get("after_hold"),
                site=body.get("site"),
            )
        )
        number = body.get("device_no")
        what = f"device {number}, {body['mg']:g} mg" if number else f"{body['mg']:g} mg"
        self._event(entry, f"{body['drug']} {what}")

    def _infusion(self, entry: Entry) -> None:
        act = act_of(entry)
        if act is None:
            return
        self._pump[entry.seq] = (act, entry.body)
        self._settle_infusions()
        told = words.infusion(entry.body)
        self._event(entry, told[0] + (f", {told[1]}" if told[1] else ""))

    def _settle_infusions(self) -> None:
        """Each start is an infusion, in order of their own times, and each other act belongs to
        the one that ran then: so late entries and corrections leave none without its stop."""
        standing = [act for act, _ in self._pump.values() if act.seq not in self._struck]
        struck = [act for act, _ in self._pump.values() if act.seq in self._struck]
        starts = sorted((a for a in standing if a.action == "start"), key=lambda a: (a.at, a.seq))
        acts: dict[int, list[Act]] = {start.seq: [start] for start in starts}
        taken: dict[int, list[Act]] = {start.seq: [] for start in starts}
        for act in standing + struck:
            before = [start for start in starts if start.at <= act.at] or starts[:1]
            if act.action != "start" and before:
                (taken if act.seq in self._struck else acts)[before[-1].seq].append(act)
        self.infusions = [self._begun(acts[s.seq], taken[s.seq]) for s in starts]
        self.struck_infusions = [self._begun([a], []) for a in struck if a.action == "start"]

    def _begun(self, acts: list[Act], struck: list[Act]) -> Infusion:
        start = acts[0]
        body = self._pump[start.seq][1]
        return Infusion(
            body["drug"],
            body["route"],
            body["planned_mg"],
            body["minutes"],
            start.at,
            start.author,
            acts,
            body.get("strength_mg_ml"),
            body.get("why", ""),
            struck_acts=struck,
        )

    def _observation(self, entry: Entry) -> None:
        body = entry.body
        if not self.answers or self.answers[-1].at != entry.at:
            self._event(entry, "Observation")
        self.answers.append(
            AnswerPoint(
                entry.seq,
                entry.at,
                entry.recorded_at,
                entry.author,
                body["instrument"],
                body["status"],
                body.get("value"),
                _late(entry),
            )
        )

    def _alarm(self, entry: Entry) -> None:
        body = entry.body
        if body.get("event") in ("alarm_paused", "limit_changed"):
            self._event(entry, body["text"])

    def _happening(self, entry: Entry) -> None:
        body = entry.body
        if body.get("event") == "baseline_locked":
            self.baseline = Baseline(
                body["sys"],
                body["dia"],
                body_time(body["of_at"]),
                entry.at,
                entry.author,
                body["of_seq"],
            )
            why = f", {body['why']}" if body.get("why") else ""
            self._event(entry, f"Baseline locked {body['sys']:g}/{body['dia']:g}{why}")
        elif body.get("event") == "held":
            self._held[entry.seq] = body["of_seq"]
            self._hold(body["of_seq"], body["hold_s"], body["after_hold"])
            self._event(entry, body["text"])
        elif body.get("event") in _TOLD:
            self._event(entry, body["text"])

    def _hold(self, dose: int, hold_s: float | None, after: str | None) -> None:
        """What became of the dose of that entry in the mouth."""
        self.doses = [
            replace(d, hold_s=hold_s, after_hold=after) if d.seq == dose else d for d in self.doses
        ]

    def _note(self, entry: Entry) -> None:
        text = entry.body["text"]
        quoted = f"“{text}”" if entry.body.get("said_by") == "patient" else text
        self._event(entry, quoted)

    def _session(self, entry: Entry) -> None:
        event = entry.body.get("event")
        if event == "ended":
            self.ended_at = entry.at
            self.gaps = [g if g.end else replace(g, end=entry.at) for g in self.gaps]
        elif event == "resumed":
            if devices := entry.body.get("devices"):
                self._order = order_of([device["source"] for device in devices])
            gap_s = entry.body.get("gap_s")
            if gap_s:
                start = entry.at - timedelta(seconds=gap_s)
                self.gaps.append(Gap("all", start, entry.at, "program was not running"))

    def _audit(self, entry: Entry) -> None:
        """Times in which nobody watched, or values came late."""
        body, event = entry.body, entry.body.get("event")
        if event == "recorder_late" and "from" in body:
            why = "the computer slept" if body["slept"] else "monitoring stood still"
            self.gaps.append(Gap("all", body_time(body["from"]), body_time(body["to"]), why))
        elif event == "caught_up" and body["source"]:
            why = f"{body['source']} sent more than could be recorded: late, some perhaps lost"
            self.gaps.append(Gap("all", body_time(body["from"]), body_time(body["to"]), why))

    def _correction(self, entry: Entry) -> None:
        of_seq = entry.body["of_seq"]
        self.cuff = [replace(c, struck=True) if c.seq == of_seq else c for c in self.cuff]
        self.doses = [replace(d, struck=True) if d.seq == of_seq else d for d in self.doses]
        self.answers = [replace(a, struck=True) if a.seq == of_seq else a for a in self.answers]
        self._struck.add(of_seq)
        if of_seq in self._pump:
            self._settle_infusions()
        if of_seq in self._held:
            self._hold(self._held.pop(of_seq), None, None)
        self._strike_event(of_seq)
        self._event(entry, entry.body.get("text") or f"Entry {of_seq} struck out")

    def _strike_event(self, of_seq: int) -> None:
        """The numbered event of a struck entry; that of an observation once all of it is struck."""
        gone = {of_seq}
        moment = next((a.at for a in self.answers if a.seq == of_seq), None)
        if moment is not None:
            together = [a for a in self.answers if a.at == moment]
            gone = set() if any(not a.struck for a in together) else {a.seq for a in together}
        self.events = [replace(e, struck=True) if e.seq in gone else e for e in self.events]

    def _event(self, entry: Entry, text: str) -> None:
        self.events.append(EventPoint(len(self.events) + 1, entry.seq, entry.at, text))


_TAKERS = {
    "reading": Record._reading,
    "dose": Record._dose,
    "infusion": Record._infusion,
    "observation": Record._observation,
    "alarm": Record._alarm,
    "event": Record._happening,
    "note": Record._note,
    "session": Record._session,
    "correction": Record._correction,
    "audit": Record._audit,
}


def _late(entry: Entry) -> bool:
    return entry.author != PROGRAM and entry.recorded_at - entry.at > LATE_AFTER


def body_time(text: str) -> datetime:
    """A time as bodies hold it (ISO 8601 with offset)."""
    return datetime.fromisoformat(text)


def _in_setting(protocol: TreatmentProtocol, setting: str) -> TreatmentProtocol:
    """The protocol as it is followed in that setting: inpatients are not enrolled in the REMS, and
    no form is handed in for them (spravatorems.com, page for inpatient settings)."""
    if setting != INPATIENT:
        return protocol
    plan = protocol.checkin
    checkin = msgspec.structs.replace(
        plan,
        needed=tuple(key for key in plan.needed if key != ENROLMENT),
        asked=tuple(key for key in plan.asked if key != ENROLMENT),
    )
    return msgspec.structs.replace(protocol, forms=(), checkin=checkin)


def session_info(first: Entry) -> SessionInfo:
    """What a session's first entry says. Raises ``ValueError`` if it is not a start."""
    body = first.body
    if first.kind != "session" or body.get("event") != "started":
        raise ValueError("the first entry is not the start of a session")
    patient: Mapping[str, Any] = body["patient"]
    return SessionInfo(
        first.session,
        first.at,
        Patient(patient["name"], patient["mrn"], date.fromisoformat(patient["born"])),
        body["weight_kg"],
        _in_setting(protocol_from_json(body["protocol"]), body.get("setting", OUTPATIENT)),
        device_choices(body),
        body["simulated"],
        body["chair"],
        first.author,
        body.get("series"),
        rules_from_json(body.get("rules")),
    )


def device_choices(body: Mapping[str, Any]) -> tuple[DeviceChoice, ...]:
    """The monitors that the start of a session, or its resumption, names."""
    return tuple(
        DeviceChoice(
            d["driver"],
            d["port"],
            d["source"],
            d.get("line", ""),
            d.get("listen_only", False),
        )
        for d in body["devices"]
    )
