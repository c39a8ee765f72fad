"""Where the record has what a form asks: one short function for each source of a template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ketamonitor.clinic import FILE, Clinic, Contact
from ketamonitor.course import CuffPoint, Series
from ketamonitor.record import Record
from ketamonitor.schedule import TYPED_SPO2, due_of
from ketamonitor.treatment.adverse import OUTCOMES, SERIOUS
from ketamonitor.treatment.checkin import DECISION_WORDS, is_asked, must_weigh
from ketamonitor.treatment.checkin_items import ITEMS
from ketamonitor.treatment.discharge import CriterionState, ready_of
from ketamonitor.treatment.plan import EPISODES
from ketamonitor.words import clock, day

#: The window of the reading at 40 minutes, in minutes from the first device.
WINDOW_40 = (35, 50)
#: The form asks whether an episode was over by then, from the first device.
WITHIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Around:
    """What a form asks beside the record: full ``names`` by short name, the ``clinic``, and who
    prints the sheet when. ``printed_by`` is empty where nobody has signed in for it."""

    printed_at: datetime
    printed_by: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    clinic: Clinic | None = None

    def who(self, name: str) -> str:
        return self.names.get(name) or name


@dataclass(frozen=True, slots=True)
class Lacking:
    """Not there, with the reason in words."""

    why: str = "not recorded"


Found = str | Lacking


@dataclass(frozen=True, slots=True)
class Source:
    """How a kind of source is read; ``of`` are the words that may follow its colon (``None``: any
    one)."""

    read: Callable[[Record, Around, str], Found]
    of: Collection[str] | None = ("",)


# Check-in --------------------------------------------------------------------------------------


def _checkin(record: Record, _around: Around, of: str) -> Found:
    """``item.field``: the answer, or that it was not asked by the others."""
    key, _, name = of.partition(".")
    answer = record.checkin.view.answers.get(key)
    if answer is None:
        return Lacking()
    if not answer.done:
        return Lacking(f"{answer.status.replace('_', ' ')}: {answer.reason}")
    row = next(row for row in ITEMS[key].fields if row.key == name)
    if not is_asked(row, answer.value):
        return "does not apply"
    said = answer.value.get(name)
    return Lacking() if said is None else str(said)


# Staff and setting -----------------------------------------------------------------------------


def _observers(record: Record) -> list[str]:
    """Who observed, by short name, in the order in which they came."""
    return list(dict.fromkeys(answer.author for answer in record.answers if not answer.struck))


def _monitors(record: Record, around: Around, _of: str) -> Found:
    names = _observers(record)
    if not names:
        return Lacking("no observation is recorded")
    told = ((around.who(name), name) for name in names)
    return ", ".join(full if full == name else f"{full} ({name})" for full, name in told)


def _contact(record: Record, around: Around, of: str) -> Found:
    """``phone`` or ``email`` of each who observed; the setting's where they have none of their
    own, and said so."""
    names = _observers(record)
    if around.clinic is None or not names:
        return Lacking(f"no {FILE}" if names else "no observation is recorded")
    told = []
    for name in names:
        own = str(getattr(around.clinic.person.get(name, Contact()), of))
        general = str(getattr(around.clinic, of))
        if not own and not general:
            return Lacking(f"{FILE} has none of {around.who(name)}")
        told.append(
            f"{around.who(name)} {own}" if own else f"{around.who(name)} {general} (setting)"
        )
    return ", ".join(told)


def _clinic(_record: Record, around: Around, of: str) -> Found:
    if around.clinic is None:
        return Lacking(f"no {FILE}")
    return around.clinic.name if of == "name" else ", ".join(around.clinic.address)


def _printed(_record: Record, around: Around, _of: str) -> Found:
    if not around.printed_by:
        return Lacking("printed by nobody who has signed in")
    return f"{around.printed_by}, {day(around.printed_at.date())}"


# Treatment -------------------------------------------------------------------------------------


def _dose(record: Record, _around: Around, _of: str) -> Found:
    given = [dose for dose in record.doses if record.counts(dose)]
    many = f"{len(given)} device{'' if len(given) == 1 else 's'}"
    return f"{sum(dose.mg for dose in given):g}, {many}" if given else Lacking()


def _lots(record: Record, _around: Around, _of: str) -> Found:
    lots = [dose.lot for dose in record.doses if record.counts(dose) and dose.lot]
    return ", ".join(dict.fromkeys(lots)) or Lacking()


def _since_first(record: Record, until: datetime | None) -> Found:
    first = record.first_dose_at
    if first is None or until is None:
        return Lacking()
    return f"{(until - first).total_seconds() / 60:.0f}"


def _minutes(record: Record, _around: Around, _of: str) -> Found:
    left = record.discharge.departure
    return _since_first(record, left.at if left is not None else record.ended_at)


def _ready(record: Record, _around: Around, _of: str) -> Found:
    ready = ready_of(record)
    return _since_first(record, ready[0] if ready else None)


# Pulse oximetry --------------------------------------------------------------------------------


def _spo2_checks(record: Record, around: Around, _of: str) -> Found:
    """Each slot of the schedule with the value that filled it, and the lowest that was recorded
    after the first dose; never a value that nobody and no monitor gave."""
    # Slots go on until somebody has left: a sheet that is printed later must not have more of them.
    until = record.ended_at or record.last_at or around.printed_at
    slots = [
        item
        for item in due_of(record, until)
        if item.what == "spo2" and (item.at <= until or item.done_at is not None)
    ]
    if not slots:
        return Lacking("the schedule asks for none")
    seen = _spo2_values(record)
    done = [item for item in slots if item.done_at is not None]
    if not done:
        return Lacking(f"none of {len(slots)} is recorded")
    told = [f"{seen[i.done_at]:g} % {clock(i.done_at)}" for i in done if i.done_at in seen]
    lowest_at, lowest = min(seen.items(), key=lambda one: (one[1], one[0]))
    many = f"{len(done)} of {len(slots)} in the schedule: {', '.join(told)}"
    return f"{many}; lowest {lowest:g} % at {clock(lowest_at)}"


def _spo2_values(record: Record) -> dict[datetime, float]:
    """SpO2 from the first dose on, the monitor's and what was typed, by its time."""
    first = record.first_dose_at
    series = record.series.get("spo2", Series())
    found = {
        at: value
        for at, value in zip(series.times, series.values, strict=True)
        if value is not None
    }
    for answer in record.answers:
        if answer.instrument == TYPED_SPO2 and not answer.struck and answer.value is not None:
            found[answer.at] = answer.value
    return {at: value for at, value in found.items() if first is not None and at >= first}


# Blood pressure --------------------------------------------------------------------------------


def _pressure(points: list[CuffPoint]) -> Found:
    if not points:
        return Lacking()
    point = points[-1]
    return f"{point.sys:g}/{point.dia:g} at {clock(point.at)}"


def _bp_before(record: Record, _around: Around, _of: str) -> Found:
    first = record.first_dose_at
    return _pressure([p for p in record.cuff if p.plotted and (first is None or p.at <= first)])


def _bp_40(record: Record, _around: Around, _of: str) -> Found:
    first = record.first_dose_at
    if first is None:
        return Lacking()
    low, high = (first + timedelta(minutes=m) for m in WINDOW_40)
    wanted = first + timedelta(minutes=40)
    within = [p for p in record.cuff if p.plotted and low <= p.at <= high]
    if not within:
        return Lacking(f"no reading from {WINDOW_40[0]} to {WINDOW_40[1]} minutes")
    return _pressure(sorted(within, key=lambda p: -abs(p.at - wanted)))


def _after_dose(record: Record) -> list[CuffPoint]:
    first = record.first_dose_at
    return [p for p in record.cuff if p.plotted and first is not None and p.at > first]


def _bp_end(record: Record, _around: Around, _of: str) -> Found:
    return _pressure(_after_dose(record))


def _accepted_before(record: Record, around: Around, _of: str) -> Found:
    """By the lock of the baseline, or by the decision on a pressure above the protocol's line. No
    yes of the program: who locked or decided, and what on."""
    plan, base, first = record.info.protocol.baseline, record.baseline, record.first_dose_at
    line = f"{plan.weigh_above[0]:g}/{plan.weigh_above[1]:g}"
    view = record.checkin.view
    if view.held is not None:
        held = view.held
        word, by = DECISION_WORDS[held.decision], around.who(held.by)
        return f"no: {held.sys:g}/{held.dia:g}, {word}. {held.reason} ({by}, {clock(held.at)})"
    if base is None:
        return Lacking("no baseline was locked")
    if first is not None and base.locked_at > first:
        return Lacking("the baseline was locked after the first dose")
    said = f"{base.sys:g}/{base.dia:g}"
    if not must_weigh(plan, base.sys, base.dia):
        by = around.who(base.locked_by)
        return f"{said} locked as baseline, not above {line} ({by}, {clock(base.locked_at)})"
    weighed = [w for w in view.weighed if (w.sys, w.dia) == (base.sys, base.dia)]
    if not weighed:
        return Lacking(f"{said} is above {line} and nobody weighed it")
    one = weighed[-1]
    by = f"{around.who(one.by)}, {clock(one.at)}"
    return f"{said} is above {line}, weighed: {DECISION_WORDS[one.decision]}. {one.reason} ({by})"


def _criterion(record: Record, around: Around, of: str) -> Found:
    """A criterion of discharge that a person answers. A pressure after the answer is told."""
    said = record.discharge.answers.get(of)
    if said is None:
        return Lacking()
    by = around.who(said.by)
    if said.state is CriterionState.OVERRIDDEN:
        both = f"{by} and {around.who(said.second)}" if said.second else by
        return f"no, a deviation: {said.reason} ({both}, {clock(said.at)})"
    later = [p for p in _after_dose(record) if p.at > said.at]
    more = f"; after that {_pressure(later)}" if later else ""
    return f"yes ({by}, {clock(said.at)}){more}"


# What happened ---------------------------------------------------------------------------------


def _episode(record: Record, around: Around, of: str) -> Found:
    said = record.episodes.confirmed.get(of)
    if said is None:
        return Lacking("nobody has confirmed it")
    return f"{said.text.partition(': ')[2]} ({around.who(said.by)})"


def _within(record: Record, _around: Around, of: str) -> Found:
    said, first = record.episodes.confirmed.get(of), record.first_dose_at
    if said is None or first is None:
        return Lacking("nobody has confirmed it")
    if said.none:
        return "does not apply"
    if said.resolved_at is not None:
        took = said.resolved_at - first
        minutes = f"{took.total_seconds() / 60:.0f} min"
        return f"yes, {minutes}" if took <= WITHIN else f"no, {minutes}"
    if said.at - first >= WITHIN:
        return f"no, not over at {clock(said.at)}"
    return Lacking(f"not over when it was last confirmed, {clock(said.at)}")


def _given_for(record: Record, _around: Around, of: str) -> Found:
    said = record.episodes.confirmed.get(of)
    if said is None:
        return Lacking("nobody has confirmed it")
    if said.none:
        return "does not apply"
    return Lacking() if said.medicine is None else "yes" if said.medicine else "no"


def _serious(record: Record, around: Around, _of: str) -> Found:
    """No event entered is no answer: somebody has to say that there was none."""
    if record.adverse.serious:
        return "; ".join(
            f"{e.what} ({', '.join(SERIOUS[c] for c in e.criteria)}),"
            f" {OUTCOMES[e.outcome].lower()}. {e.description}"
            for e in record.adverse.serious
        )
    said = record.adverse.none_said
    if said is None:
        return Lacking("nobody has said that there was none")
    return f"none ({around.who(said.by)}, {clock(said.at)})"


SOURCES: Mapping[str, Source] = {
    "name": Source(lambda record, _around, _of: record.info.patient.name),
    "born": Source(lambda record, _around, _of: day(record.info.patient.born)),
    "checkin": Source(_checkin, [f"{i.key}.{f.key}" for i in ITEMS.values() for f in i.fields]),
    "monitors": Source(_monitors),
    "contact": Source(_contact, ("phone", "email")),
    "clinic": Source(_clinic, ("name", "address")),
    "date": Source(lambda record, _around, _of: day(record.info.started_at.date())),
    "dose": Source(_dose),
    "lots": Source(_lots),
    "minutes": Source(_minutes),
    "ready_minutes": Source(_ready),
    "spo2_checks": Source(_spo2_checks),
    "bp_before": Source(_bp_before),
    "bp_40": Source(_bp_40),
    "bp_end": Source(_bp_end),
    "accepted_before": Source(_accepted_before),
    "criterion": Source(_criterion, None),
    "episode": Source(_episode, EPISODES),
    "within": Source(_within, EPISODES),
    "given_for": Source(_given_for, EPISODES),
    "serious": Source(_serious),
    "printed": Source(_printed),
}
