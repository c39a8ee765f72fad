"""Going home: the protocol's criteria as the record answers them, overrides, ready, left, closing.

The program says what is recorded as met. Whether somebody may leave is for the staff to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry
from ketamonitor.instruments import INSTRUMENTS, AnswerStatus
from ketamonitor.schedule import TYPED_SPO2, due_of
from ketamonitor.treatment.breathing import COUNTED, breathing, mildest_lower
from ketamonitor.treatment.dosing import dosings_of, end_of
from ketamonitor.treatment.gates import gate_of
from ketamonitor.treatment.plan import Criterion
from ketamonitor.words import answer, clock, countdown, pressure

if TYPE_CHECKING:
    from ketamonitor.course import AnswerPoint, CuffPoint
    from ketamonitor.record import Record

LONGEST_REASON = 200
#: Times are typed to the minute: a value within it says nothing against an end at its beginning.
WITHIN_THE_MINUTE = timedelta(minutes=1)
#: A saturation so long before the first dose is the one to compare with. A proposal of ours.
BEFORE_THE_DOSE = timedelta(minutes=30)
#: Kinds of criteria that a person answers, an item at check-in or here; the record answers the
#: others.
BY_PERSON = ("person", "item")


class CriterionState(StrEnum):
    """``OPEN``: a person has not answered it yet. ``OVERRIDDEN``: a deviation, by two people."""

    OPEN = "open"
    MET = "met"
    NOT_MET = "not_met"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """What people said of a criterion; ``second`` is the short name of the one who agreed."""

    state: CriterionState
    at: datetime
    by: str
    reason: str = ""
    second: str | None = None


@dataclass(frozen=True, slots=True)
class CriterionView:
    """A criterion now. ``evidence`` is what the record has for or against it, in words.

    ``answer`` is the latest that was said of it by people, an earlier override included.
    """

    criterion: Criterion
    state: CriterionState
    evidence: str
    answer: CriterionAnswer | None = None

    @property
    def settled(self) -> bool:
        return self.state in (CriterionState.MET, CriterionState.OVERRIDDEN)


@dataclass(frozen=True, slots=True)
class Departure:
    """When the patient left, with whom, and a telephone number for the evening."""

    at: datetime
    by: str
    companion: str
    phone: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An item that was open when the session was closed, and the reason given for it."""

    item: str
    reason: str
    by: str


@dataclass(slots=True)
class Discharge:
    """What people have entered about going home. Feed it every entry with :meth:`add`.

    An entry that is struck out gives way to the one before it.
    """

    answers: dict[str, CriterionAnswer] = field(default_factory=dict)
    ready_at: datetime | None = None
    ready_by: str = ""
    departure: Departure | None = None
    unfinished: list[Unfinished] = field(default_factory=list)
    _entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        if entry.kind == "event" and entry.body.get("event") in _ENTERED:
            self._entries.append(entry)
            self._take(entry)
        elif entry.kind == "correction":
            left = [one for one in self._entries if one.seq != entry.body["of_seq"]]
            if len(left) < len(self._entries):
                self._again(left)

    def _again(self, entries: list[Entry]) -> None:
        self.answers, self.unfinished = {}, []
        self.ready_at, self.ready_by, self.departure = None, "", None
        self._entries = entries
        for entry in entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        body = entry.body
        what = body["event"]
        if what == "criterion":
            self.answers[body["id"]] = CriterionAnswer(
                CriterionState(body["state"]),
                entry.at,
                entry.author,
                body.get("reason", ""),
                body.get("second"),
            )
        elif what == "ready":
            self.ready_at, self.ready_by = entry.at, entry.author
        elif what == "left":
            self.departure = Departure(entry.at, entry.author, body["with"], body["phone"])
        elif what == "closing":
            self.unfinished += [
                Unfinished(row["item"], row["reason"], entry.author) for row in body["open"]
            ]


_ENTERED = ("criterion", "ready", "left", "closing")


def dose_end(record: Record) -> datetime | None:
    """When the last of the treatment's drug was in. ``None`` without a dose and while one runs."""
    return end_of(dosings_of(record, record.last_at or record.info.started_at))


def _last_begun(record: Record) -> datetime | None:
    """When the last dose of the treatment's drug began."""
    begun = [dose.at for dose in record.doses if record.counts(dose)]
    begun += [i.started_at for i in record.infusions if record.treats(i.drug)]
    begun += [spray.at for spray in record.nasal.sprays]
    return max(begun, default=None)


def ready_of(record: Record) -> tuple[datetime, str] | None:
    """When, and by whose word, the patient was clinically ready. What was said before the last
    dose says nothing of the time after it: it must be said anew."""
    home, begun = record.discharge, _last_begun(record)
    if home.ready_at is None or (begun is not None and home.ready_at < begun):
        return None
    return home.ready_at, home.ready_by


def criteria(record: Record, now: datetime) -> tuple[CriterionView, ...]:
    """Every criterion of the session's protocol as it stands at ``now``, in the file's order; once
    the patient has left or the session is over, as it stood then."""
    over = [record.discharge.departure.at] if record.discharge.departure is not None else []
    over += [record.ended_at] if record.ended_at is not None else []
    judged = min([now, *over])
    return tuple(_criterion(record, row, judged) for row in record.info.protocol.criterion)


def _criterion(record: Record, row: Criterion, now: datetime) -> CriterionView:
    said = record.discharge.answers.get(row.id)
    begun = _last_begun(record)
    if said is not None and begun is not None and said.at < begun:
        said = None  # what was said before the last dose says nothing of the time after it
    if row.by in BY_PERSON:
        item = record.checkin.view.answers.get(row.of) if row.by == "item" else None
        if said is None and item is not None and item.done:
            return CriterionView(row, CriterionState.MET, f"{item.text} ({item.by})")
        if said is None:
            return CriterionView(row, CriterionState.OPEN, "")
        if (
            row.fresh
            and said.state is CriterionState.MET
            and (old := _too_old(record, said.at, now))
        ):
            return CriterionView(row, CriterionState.OPEN, f"{clock(said.at)}, {said.by}{old}")
        return CriterionView(row, said.state, f"{clock(said.at)}, {said.by}", said)
    met, evidence = _WAYS[row.by](record, row, now)
    if met:
        return CriterionView(row, CriterionState.MET, evidence, said)
    if said is not None and said.state is CriterionState.OVERRIDDEN:
        return CriterionView(row, CriterionState.OVERRIDDEN, evidence, said)
    return CriterionView(row, CriterionState.NOT_MET, evidence, said)


def _gate(record: Record, _row: Criterion, now: datetime) -> tuple[bool, str]:
    gate = gate_of(record, now)
    if gate is None:
        return False, "No dose is recorded"
    if gate.open:
        return True, f"{clock(gate.at)} has passed"
    if now < gate.at:
        other = gate.from_last if gate.at == gate.from_first else gate.from_first
        beside = ""
        if other != gate.at:
            which = ("first", "last") if gate.at == gate.from_first else ("last", "first")
            beside = f" (from the {which[0]} dose; from the {which[1]} {clock(other)})"
        left = countdown((gate.at - now).total_seconds())
        return False, f"{clock(gate.at)}{beside}, in {left}"
    return False, "The dose has not ended"


def _bp(record: Record, row: Criterion, now: datetime) -> tuple[bool, str]:
    base, end = record.baseline, dose_end(record)
    if end is None:
        return False, "The dose has not ended" if record.first_dose_at else "No dose is recorded"
    last = _last_pressure(record, end)
    if last is None or last.sys is None or last.dia is None:
        return False, "No blood pressure after the last dose"
    said = f"BP {pressure(last.sys, last.dia, None)} at {clock(last.at)}"
    if old := _too_old(record, last.at, now):
        return False, said + old
    if beyond := _beyond_limits(record, last.sys, last.dia):
        return False, f"{said}, {beyond}"
    if alert := _active_alert(record, ("nibp_sys", "nibp_dia", "nibp_map"), now):
        return False, f"{said}, an alert goes on: {alert}"
    if base is None:
        return False, f"{said}, no baseline is locked"
    said += f", baseline {base.sys:g}/{base.dia:g}"
    if row.percent is None:
        return False, f"{said}, the protocol names no percentage"
    off = max(abs(last.sys - base.sys) / base.sys, abs(last.dia - base.dia) / base.dia) * 100
    return off <= row.percent, f"{said} ({off:.0f} % apart)"


def _too_old(record: Record, at: datetime, now: datetime) -> str:
    """That a value is older than the clinic lets it be, in words; empty for one that is not."""
    most = record.info.rules.fresh_min
    age = now - at
    if most is None or age <= timedelta(minutes=most):
        return ""
    return f", {age // timedelta(minutes=1)} min old: more than {most:g} min, to be seen anew"


def _beyond_limits(record: Record, sys: float, dia: float) -> str:
    """Which of the protocol's own limits a pressure is beyond, the mildest of them; those that
    follow the baseline have the percentage, and those before the dose are over."""
    for limit in record.info.protocol.limit:
        value = {"nibp_sys": sys, "nibp_dia": dia}.get(limit.metric)
        absolute = limit.relative is None and not limit.before_dose
        if value is not None and absolute and limit.beyond(value, limit.value):
            return f"beyond the protocol’s limit ({limit.op} {limit.value:g})"
    return ""


def _active_alert(record: Record, metrics: Sequence[str], now: datetime) -> str:
    """A physiological alert of one of these that has not ended by then, in words."""
    for alarm in record.alarms:
        begun = alarm.raised_at <= now and alarm.metric in metrics and alarm.type != "technical"
        if begun and (alarm.cleared_at is None or alarm.cleared_at > now):
            return alarm.text
    return ""


def _spo2(record: Record, row: Criterion, now: datetime) -> tuple[bool, str]:
    end = dose_end(record)
    if end is None:
        return False, "The dose has not ended" if record.first_dose_at else "No dose is recorded"
    last = _saturation(record, end, now)
    if last is None:
        return False, "SpO₂: no value after the last dose"
    at, value = last
    said = f"SpO₂ {value:g} % at {clock(at)}"
    if old := _too_old(record, at, now):
        return False, said + old
    if alert := _active_alert(record, ("spo2", TYPED_SPO2), now):
        return False, f"{said}, an alert goes on: {alert}"
    if row.at_least is not None and value >= row.at_least:
        return True, said
    first = record.first_dose_at or end
    base = _saturation(record, first - BEFORE_THE_DOSE, first)
    if base is None:
        return False, f"{said}, no value before the dose to compare with"
    return value >= base[1], f"{said}, {base[1]:g} % before the dose"


def _saturation(record: Record, since: datetime, until: datetime) -> tuple[datetime, float] | None:
    """The last value of the oximeter in that time, from the monitor or typed."""
    found = [
        (a.at, float(a.value))
        for a in record.answers
        if a.instrument == TYPED_SPO2 and a.value is not None and not a.struck
    ]
    series = record.series.get("spo2")
    if series is not None:
        for place in range(len(series.times) - 1, -1, -1):
            value = series.values[place]
            if value is not None and series.times[place] <= until:
                found.append((series.times[place], value))
                break
    inside = [one for one in found if since <= one[0] <= until]
    return max(inside, default=None, key=lambda one: one[0])


def _last_pressure(record: Record, after: datetime) -> CuffPoint | None:
    usable = (p for p in record.cuff if p.plotted and p.at >= after and p.sys and p.dia)
    return max(usable, key=lambda point: (point.at, point.seq), default=None)


def _last_answer(record: Record, instrument: str, after: datetime) -> AnswerPoint | None:
    """The last answer seen at or after that time, in the order of seeing, not of entering."""
    found = (a for a in record.answers if a.instrument == instrument and not a.struck)
    return max((a for a in found if a.at >= after), key=lambda a: (a.at, a.seq), default=None)


def _unwell_since(record: Record, what: str, over: datetime) -> AnswerPoint | None:
    """The last answer that speaks of the episode and was seen after ``over``. Answers that came
    later take none of it back: the end that was confirmed was not the end."""
    scale, unwell = _sign_of(record, what)
    found = [
        a
        for a in record.answers
        if a.instrument == scale and not a.struck and a.at > over and unwell(a.value)
    ]
    return max(found, key=lambda a: (a.at, a.seq), default=None)


def _breathing_since(record: Record, since: datetime) -> str | None:
    """What breaths and SpO2, from the monitor or typed, say against a depression that was none, or
    over by ``since``, in words. What was well again later takes none of it back."""
    found = breathing(record.answers, record.series, record.info.protocol.limit, since)
    return found.text if found.onset_at is not None else None


def _sign_of(record: Record, what: str) -> tuple[str, Callable[[int | None], bool]]:
    """The instrument whose answers tell of an episode, and which of them do."""
    if what == "respiratory_depression":
        limit = mildest_lower(record.info.protocol.limit).get(COUNTED)
        if limit is None:
            return COUNTED, lambda _value: False
        return COUNTED, lambda v: v is not None and limit.beyond(v, limit.value)
    scale = {"sedation": record.info.protocol.observe.sedation}.get(what, what)
    well = INSTRUMENTS[scale].well if scale in INSTRUMENTS else None
    return scale, lambda v: well is not None and v not in (None, well)


def _score(record: Record, row: Criterion, now: datetime) -> tuple[bool, str]:
    end = dose_end(record)
    if end is None:
        return False, "The dose has not ended" if record.first_dose_at else "No dose is recorded"
    last = _last_answer(record, row.of, end)
    label = INSTRUMENTS[row.of].label
    if last is None:
        return False, f"{label}: not answered after the last dose"
    said = f"{label} {answer(row.of, last.status, last.value)} at {clock(last.at)}"
    if last.status != AnswerStatus.ANSWERED or last.value is None:
        return False, said
    if old := _too_old(record, last.at, now):
        return False, said + old
    low_enough = row.at_most is None or last.value <= row.at_most
    high_enough = row.at_least is None or last.value >= row.at_least
    return low_enough and high_enough, said


def _resolved(record: Record, row: Criterion, now: datetime) -> tuple[bool, str]:
    """Met by what a person confirmed after the dose, as long as no answer says otherwise."""
    what = row.of.replace("_", " ").capitalize()
    said = next((e for e in reversed(record.episodes.said) if e.body["what"] == row.of), None)
    if said is None:
        return False, f"Nobody has confirmed {what.lower()}: none, or over at"
    end = dose_end(record)
    if end is None or said.at < end:
        return False, f"{what} was confirmed at {clock(said.at)}, before the dose had ended"
    none = bool(said.body.get("none"))
    over = str(said.body.get("resolved_at") or "")
    if not none and not over:
        return False, f"{what} is not over"
    if none and (early := _too_early(record, said.at, now)):
        return False, f"{what}: none was said at {clock(said.at)}, {early}"
    if old := _too_old(record, said.at, now):
        return False, f"{what} was confirmed at {clock(said.at)}{old}"
    since = (record.first_dose_at or end) if none else datetime.fromisoformat(over)
    told = "none" if none else f"over {clock(since)}"
    against = _unwell_since(record, row.of, since)
    if against is not None:
        seen = answer(against.instrument, against.status, against.value)
        label = INSTRUMENTS[against.instrument].label
        return False, f"{label} {seen} at {clock(against.at)}, but confirmed as {told}"
    if row.of == "respiratory_depression":
        shallow = _breathing_since(record, since if none else since + WITHIN_THE_MINUTE)
        if shallow is not None:
            return False, f"{shallow}, but confirmed as {told}"
    return True, f"{what} {told}"


def _too_early(record: Record, at: datetime, now: datetime) -> str:
    """Why "none" says nothing yet: what came later may be told only from the gate on, or once the
    last observation before it is due (REMS 386: at least two hours and until resolution)."""
    gate = gate_of(record, now)
    if record.info.rules.fresh_min is None or gate is None:
        return ""
    slots = [i.opens_at for i in due_of(record, now) if i.what == "observation" and i.at <= gate.at]
    counts = min([gate.at, *slots[-1:]])
    return f"before it can be known at {clock(counts)}" if at < counts else ""


_WAYS = {"gate": _gate, "bp": _bp, "spo2": _spo2, "score": _score, "resolved": _resolved}


# What people enter ----------------------------------------------------------------------------


def _row(plan: Sequence[Criterion], criterion: str) -> Criterion:
    found = next((row for row in plan if row.id == criterion), None)
    if found is None:
        raise ValueError(f"The protocol has no criterion {criterion!r}")
    return found


def met(plan: Sequence[Criterion], criterion: str, *, at: datetime, author: str) -> Draft:
    """A person says that a criterion is met. What the record answers cannot be said so."""
    row = _row(plan, criterion)
    if row.by not in BY_PERSON:
        raise ValueError(f"The record answers “{row.text}”: record the value, or override it")
    text = f"{row.text}: recorded as met"
    body = {"event": "criterion", "id": row.id, "state": "met", "reason": "", "second": None}
    return Draft("event", at, author, {**body, "text": text})


def overridden(
    plan: Sequence[Criterion],
    criterion: str,
    reason: str,
    second: str,
    *,
    at: datetime,
    author: str,
) -> Draft:
    """A deviation: the criterion is not met and two people go on, with the reason."""
    row = _row(plan, criterion)
    reason = checks.text(reason, "Reason", LONGEST_REASON)
    second = checks.text(second, "Second person", 80)
    if second.casefold() == author.casefold():
        raise ValueError("The second person must be somebody else")
    body = {
        "event": "criterion",
        "id": row.id,
        "state": "overridden",
        "reason": reason,
        "second": second,
        "text": f"Deviation: {row.text}: not met, {reason} ({author} and {second})",
    }
    return Draft("event", at, author, body)


def ready(*, at: datetime, author: str) -> Draft:
    """Clinically ready at ``at``. The time of leaving is another one."""
    body = {"event": "ready", "text": "Clinically ready to leave"}
    return Draft("event", at, author, body)


def left(companion: str, phone: str, *, at: datetime, author: str) -> Draft:
    """The patient left at ``at`` with ``companion`` (in words; nobody is a word too)."""
    companion = checks.text(companion, "Left with", 80)
    phone = phone.strip()
    if len(phone) > 40:
        raise ValueError("Telephone is longer than 40 characters")
    body = {"event": "left", "with": companion, "phone": phone, "text": f"Left with {companion}"}
    return Draft("event", at, author, body)


def closing(answers: Sequence[tuple[str, str]], *, at: datetime, author: str) -> Draft:
    """What was open when the session was closed: each item with the reason given for it."""
    if not answers:
        raise ValueError("nothing is open")
    rows = [
        {"item": item, "reason": checks.text(reason, f"Reason for “{item}”", LONGEST_REASON)}
        for item, reason in answers
    ]
    text = f"Closed with {len(rows)} open item{'s' if len(rows) > 1 else ''}"
    return Draft("event", at, author, {"event": "closing", "open": rows, "text": text})
