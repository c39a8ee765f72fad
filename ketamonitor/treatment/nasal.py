"""The guide of the nasal devices: which step comes next, the rest between two, what is confirmed.

Order of the steps and the 5-min rest: instructions for use of the 28-mg device (2 sprays, one for
each nostril). A device counts when somebody has seen that no green dot is left, and not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ketamonitor import checks, drafts
from ketamonitor.entries import Draft, Entry
from ketamonitor.treatment.plan import DosePlan
from ketamonitor.words import clock, countdown, day

LONGEST_REASON = 200


class Step(StrEnum):
    """One thing that is done with a device. ``STOP``: it is given up and does not count."""

    LOT = "lot"
    DOTS = "dots"
    HEAD = "head"
    FIRST = "first"
    SECOND = "second"
    EMPTY = "empty"
    DOT_REMAINS = "dot_remains"
    STOP = "stop"


#: What may follow on what; every device begins with its lot.
_FOLLOWS = {
    Step.LOT: (Step.DOTS,),
    Step.DOTS: (Step.HEAD,),
    Step.HEAD: (Step.FIRST,),
    Step.FIRST: (Step.SECOND,),
    Step.SECOND: (Step.EMPTY, Step.DOT_REMAINS),
    Step.DOT_REMAINS: (Step.SECOND,),
    Step.EMPTY: (),
    Step.STOP: (),
}

_TOLD = {
    Step.LOT: "lot and expiry read",
    Step.DOTS: "two green dots seen, not primed",
    Step.HEAD: "head reclined",
    Step.FIRST: "first spray",
    Step.SECOND: "second spray",
    Step.EMPTY: "no green dot left",
    Step.DOT_REMAINS: "a green dot is left: spray again in the second nostril",
    Step.STOP: "given up, not counted",
}


@dataclass(frozen=True, slots=True)
class Done:
    """A step that is recorded: entry, time, author."""

    seq: int
    step: Step
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Device:
    """One device: its lot and expiry as typed, and its steps in the order they were entered."""

    number: int
    lot: str
    expiry: date
    steps: tuple[Done, ...]

    @property
    def last(self) -> Step:
        return self.steps[-1].step

    @property
    def confirmed(self) -> bool:
        return self.last is Step.EMPTY

    @property
    def closed(self) -> bool:
        return self.last in (Step.EMPTY, Step.STOP)

    def at(self, step: Step) -> datetime | None:
        """When a step was done last; ``None`` where it was not."""
        return next((done.at for done in reversed(self.steps) if done.step is step), None)

    @property
    def started_at(self) -> datetime | None:
        """The first spray: where the clocks of this device begin."""
        return next((done.at for done in self.steps if done.step is Step.FIRST), None)


@dataclass(slots=True)
class Nasal:
    """All devices of a session, folded from ``device_step`` events; struck ones are gone."""

    _entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        if entry.kind == "event" and entry.body.get("event") == "device_step":
            self._entries.append(entry)
        elif entry.kind == "correction":
            self._entries = [e for e in self._entries if e.seq != entry.body["of_seq"]]

    @property
    def devices(self) -> tuple[Device, ...]:
        """In order of their numbers."""
        found: dict[int, Device] = {}
        for entry in self._entries:
            body = entry.body
            done = Done(entry.seq, Step(body["step"]), entry.at, entry.author)
            known = found.get(body["device"])
            if done.step is Step.LOT:
                expiry = date.fromisoformat(body["expiry"])
                found[body["device"]] = Device(body["device"], body["lot"], expiry, (done,))
            elif known is not None:
                steps = (*known.steps, done)
                found[known.number] = Device(known.number, known.lot, known.expiry, steps)
        return tuple(found[number] for number in sorted(found))

    @property
    def current(self) -> Device | None:
        """The device that is begun and neither confirmed nor given up."""
        return next((device for device in self.devices if not device.closed), None)

    @property
    def confirmed(self) -> tuple[Device, ...]:
        return tuple(device for device in self.devices if device.confirmed)

    def mg(self, plan: DosePlan) -> Decimal:
        """What is confirmed, exact: so many devices of so many mg."""
        return Decimal(str(plan.device_mg or 0)) * len(self.confirmed)

    @property
    def first_at(self) -> datetime | None:
        """First spray of the first device, confirmed or not: the 2-h clock begins there."""
        return min((d.started_at for d in self.devices if d.started_at), default=None)

    @property
    def last_at(self) -> datetime | None:
        """First spray of the last device that was begun."""
        return max((d.started_at for d in self.devices if d.started_at), default=None)

    def rest_until(self, plan: DosePlan) -> datetime | None:
        """When the rest after the last device that was sprayed is over; ``None`` before one."""
        ends = [d.at(Step.SECOND) or d.started_at for d in self.devices if d.closed]
        last = max((end for end in ends if end is not None), default=None)
        return None if last is None else last + timedelta(minutes=plan.rest_min)

    def next_steps(self) -> tuple[Step, ...]:
        """What may be recorded now, the usual one first."""
        device = self.current
        if device is None:
            return (Step.LOT,)
        return (*_FOLLOWS[device.last], Step.STOP)


def doubts(nasal: Nasal, plan: DosePlan, step: Step, at: datetime) -> list[str]:
    """What asks for a reason before this step, one line each. It forbids nothing."""
    found = []
    rest = nasal.rest_until(plan)
    if step is Step.FIRST and rest is not None and at < rest:
        left = countdown((rest - at).total_seconds())
        found.append(f"The rest of {plan.rest_min:g} min is not over: {left} left")
    if step is Step.LOT and plan.devices is not None and len(nasal.confirmed) >= plan.devices:
        found.append(f"All {plan.devices} devices of this protocol are confirmed")
    if step is Step.STOP:
        found.append("Why is this device given up?")
    return found


def record_step(
    nasal: Nasal,
    plan: DosePlan,
    step: Step,
    *,
    lot: str = "",
    expiry: date | None = None,
    why: str = "",
    weight_kg: float | None = None,
    at: datetime,
    author: str,
) -> tuple[Draft, ...]:
    """The drafts of a step; ``EMPTY`` also gives the dose, at the time of the first spray.

    Raises ``ValueError`` with one line: not the step's turn, earlier than the step before it, an
    expired device, a lot or a reason that is missing.
    """
    if step not in nasal.next_steps():
        allowed = " or ".join(_TOLD[known] for known in nasal.next_steps())
        raise ValueError(f"“{_TOLD[step]}” does not come now. Next: {allowed}")
    device = nasal.current
    if device is not None and at < device.steps[-1].at:
        raise ValueError(f"The step before was at {clock(device.steps[-1].at, seconds=True)}")
    asked = doubts(nasal, plan, step, at)
    why = why.strip()[:LONGEST_REASON]
    if asked and not why:
        raise ValueError(f"{asked[0]}. Type the reason")
    number = device.number if device is not None else len(nasal.devices) + 1
    body: dict[str, object] = {"event": "device_step", "device": number, "step": step.value}
    body |= {"lot": None, "expiry": None, "why": why}
    text = f"Device {number}: {_TOLD[step]}"
    if step is Step.LOT:
        lot = checks.text(lot, "Lot", 40)
        if expiry is None:
            raise ValueError("Type the expiry date of this device")
        if expiry < at.date():
            raise ValueError(f"This device expired on {day(expiry)}: take another one")
        body |= {"lot": lot, "expiry": expiry.isoformat()}
        text = f"{text}, lot {lot}, expires {day(expiry)}"
    body["text"] = f"{text}: {why}" if why else text
    made = Draft("event", at, author, body)
    if step is not Step.EMPTY or device is None or device.started_at is None:
        return (made,)
    given = drafts.dose(
        plan.drug,
        plan.route,
        plan.device_mg or 0.0,
        weight_kg=weight_kg,
        device_no=number,
        lot=device.lot,
        note="no green dot left",
        at=device.started_at,
        author=author,
    )
    return (made, given)


def folded(entries: Iterable[Entry]) -> Nasal:
    """The guide after these entries."""
    nasal = Nasal()
    for entry in entries:
        nasal.add(entry)
    return nasal
