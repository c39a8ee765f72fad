"""Nasal devices, step by step: what is recorded of each, what comes next, and what counts.

The steps follow the instructions for use of SPRAVATO: two green dots, head back 45 degrees, one
spray in each nostril, no green dot left, five minutes of rest, then the next device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ketamonitor import checks, drafts
from ketamonitor.entries import Draft, Entry
from ketamonitor.treatment.plan import DosePlan
from ketamonitor.typed import expiry

#: The steps of one device in order; what else can happen to it.
STEPS = ("lot", "dots", "head", "first", "second", "empty")
OTHERS = ("dot_remains", "stop")

#: Each of them in a few words, for a button.
SHORT = {
    "lot": "Lot and expiry",
    "dots": "2 green dots",
    "head": "Head back 45°",
    "first": "First nostril",
    "second": "Second nostril",
    "empty": "No green dot left",
    "dot_remains": "Dot remains",
    "stop": "Stop here",
}

#: Reasons to stop early; any other is typed.
STOP_REASONS = ("Patient asks to stop", "Nausea or vomiting", "Too drowsy", "Device fault")
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device now. ``times`` are those of its standing steps; ``step`` is the next one, empty
    when it is confirmed or stopped. ``given_at`` is the first spray, ``emptied_at`` the moment
    at which somebody saw no green dot left: both only once its dose is recorded."""

    number: int
    step: str = "lot"
    lot: str = ""
    expiry: str = ""
    times: Mapping[str, datetime] = field(default_factory=dict)
    given_at: datetime | None = None
    emptied_at: datetime | None = None
    by: str = ""
    #: How often a dot was still green after the second spray.
    repeats: int = 0
    stopped: str = ""

    @property
    def confirmed(self) -> bool:
        return self.emptied_at is not None


@dataclass(frozen=True, slots=True)
class NasalView:
    """All devices of the treatment in order; ``last_at`` is the time of the last step."""

    devices: tuple[DeviceView, ...]
    last_at: datetime | None = None

    @property
    def stopped(self) -> DeviceView | None:
        return next((d for d in self.devices if d.stopped), None)

    @property
    def current(self) -> DeviceView | None:
        """The device whose step comes next; ``None`` when all are given or it was stopped."""
        if self.stopped is not None:
            return None
        return next((d for d in self.devices if not d.confirmed), None)

    @property
    def confirmed(self) -> int:
        return sum(d.confirmed for d in self.devices)

    @property
    def first_at(self) -> datetime | None:
        """From when the clock of the first device runs: its first spray."""
        return min((d.given_at for d in self.devices if d.given_at), default=None)

    @property
    def last_emptied_at(self) -> datetime | None:
        return max((d.emptied_at for d in self.devices if d.emptied_at), default=None)

    def rests_until(self, rest_min: float) -> datetime | None:
        """The end of the rest after the last confirmed device."""
        last = self.last_emptied_at
        return None if last is None else last + timedelta(minutes=rest_min)


@dataclass(frozen=True, slots=True)
class Spray:
    """What went into the nose at ``at``; ``over_at`` is ``None`` while the device is in hand."""

    at: datetime
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Step:
    seq: int
    device: int
    step: str
    at: datetime
    by: str
    lot: str
    expiry: str
    reason: str


@dataclass(slots=True)
class Nasal:
    """The fold of ``device_step`` entries and of doses that have a device's number.

    A device is confirmed for as long as its dose stands. A struck step is to be done again.
    """

    steps: list[_Step] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        body = entry.body
        if entry.kind == "event" and body.get("event") == "device_step":
            self._take(entry, body["device"], body["step"])
        elif entry.kind == "dose" and body.get("device_no"):
            self._take(entry, body["device_no"], "dose")
        elif entry.kind == "correction":
            self.steps = [s for s in self.steps if s.seq != body["of_seq"]]

    @property
    def sprays(self) -> list[Spray]:
        """Every first spray that stands, of devices that were stopped or replaced as well. It ends
        with the device's confirmation, its stop, or the device that took its place."""
        found: list[Spray] = []
        for place, one in enumerate(self.steps):
            if one.step != "first":
                continue
            later = [s for s in self.steps[place + 1 :] if s.device == one.device]
            ends = [s.at for s in later if s.step in ("stop", "lot")]
            confirmed = any(s.step == "dose" for s in self.steps if s.device == one.device)
            found.append(Spray(one.at, one.at if confirmed else min(ends, default=None)))
        return found

    def view(self, devices: int) -> NasalView:
        """The devices ordered, and any above them that are recorded all the same."""
        many = max([devices, *(s.device for s in self.steps)])
        return NasalView(
            tuple(self._device(n) for n in range(1, many + 1)),
            max((s.at for s in self.steps), default=None),
        )

    def of_plan(self, plan: DosePlan) -> NasalView | None:
        """The devices of a protocol that gives some; ``None`` for any other."""
        return self.view(plan.devices or 0) if plan.given_as == "devices" else None

    def _take(self, entry: Entry, device: int, step: str) -> None:
        body = entry.body
        self.steps.append(
            _Step(
                entry.seq,
                device,
                step,
                entry.at,
                entry.author,
                body.get("lot") or "",
                body.get("expiry") or "",
                body.get("reason") or "",
            )
        )

    def _device(self, number: int) -> DeviceView:
        times: dict[str, datetime] = {}
        lot = expiry = stopped = ""
        repeats = 0
        dose: _Step | None = None
        for one in self.steps:
            if one.device != number:
                continue
            if one.step == "dose":
                dose = one
            elif one.step == "dot_remains":
                times.pop("second", None)
                repeats += 1
            elif one.step == "stop":
                stopped = one.reason
            else:
                if one.step == "lot":  # another device takes its place
                    times, repeats, lot, expiry = {}, 0, one.lot, one.expiry
                times[one.step] = one.at
        if dose is not None:
            emptied = times.get("empty", dose.at)
            return DeviceView(
                number,
                "",
                lot or dose.lot,
                expiry,
                times,
                dose.at,
                emptied,
                dose.by,
                repeats,
            )
        times.pop("empty", None)
        left = "" if stopped else next((s for s in STEPS if s not in times), "")
        return DeviceView(
            number, left, lot, expiry, times, None, None, "", repeats=repeats, stopped=stopped
        )


def read_expiry(typed: str, on: date) -> str:
    """``2027-08``, ``08/2027`` or ``2027-08-31`` as ISO text; without a day the whole month
    counts. Raises ``ValueError`` for what is no month and for what has expired by ``on``."""
    last, told = expiry(typed, "Type the expiry as on the pack: 2027-08 or 08/2027")
    if last < on:
        raise ValueError(f"Expired {told}: use another device")
    if last.year > on.year + 10:
        raise ValueError(f"The expiry {told} is more than ten years ahead. Check the year")
    return told


def needs_reason(nasal: NasalView, step: str, rest_min: float, at: datetime) -> str:
    """Why this step asks for a reason, in one line; empty where it needs none."""
    now = nasal.current
    if step == "stop":
        return "Say why no more is given"
    if now is None:
        return ""
    if step == "lot" and now.times:
        return f"Say why another device takes the place of device {now.number}"
    until = nasal.rests_until(rest_min)
    if step == "first" and until is not None and at < until:
        return f"Rest until {until:%H:%M:%S}: wait, or say why device {now.number} is given now"
    return ""


def device_step(
    nasal: NasalView,
    step: str,
    *,
    rest_min: float,
    lot: str = "",
    expiry: str = "",
    reason: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """One step of the device whose turn it is. Raises ``ValueError`` for one out of its turn,
    before the step recorded last, with an expired device, or without a reason it needs."""
    checks.one_of(step, (*STEPS, *OTHERS), "Step")
    now = nasal.current
    if now is None:
        raise ValueError(over(nasal))
    allowed = step in (now.step, "stop") or (step == "lot" and bool(now.times))
    if not (allowed or (step == "dot_remains" and now.step == "empty")):
        raise ValueError(f"Device {now.number}: next is “{words(now.step, now.number)}”")
    if nasal.last_at is not None and at < nasal.last_at:
        raise ValueError(f"Earlier than the step recorded at {nasal.last_at:%H:%M:%S}")
    body: dict[str, object] = {"event": "device_step", "device": now.number, "step": step}
    if step == "lot":
        body["lot"] = checks.text(lot, "The lot", 40)
        body["expiry"] = read_expiry(expiry, at.date())
    asked = needs_reason(nasal, step, rest_min, at)
    if asked:
        if not reason.strip():
            raise ValueError(asked)
        body["reason"] = checks.text(reason, "Reason", LONGEST_REASON)
    body["text"] = _told(now.number, step, body)
    return Draft("event", at, author, body)


def confirm(
    nasal: NasalView, plan: DosePlan, weight_kg: float | None, *, at: datetime, author: str
) -> tuple[Draft, Draft]:
    """No green dot left, seen ``at``, and the dose that counts from the first spray.

    Raises ``ValueError`` where the device is not so far.
    """
    step = device_step(nasal, "empty", rest_min=plan.rest_min, at=at, author=author)
    now = nasal.current
    if now is None or plan.device_mg is None:
        raise ValueError("The protocol does not say how much is in a device")
    given = drafts.dose(
        plan.drug,
        plan.route,
        plan.device_mg,
        weight_kg=weight_kg,
        device_no=now.number,
        lot=now.lot,
        note="no green dot left",
        at=now.times["first"],
        author=author,
    )
    return step, given


def unfinished(nasal: NasalView) -> str:
    """What is open of the devices, for the end of the session; empty where nothing is."""
    now, stopped = nasal.current, nasal.stopped
    if stopped is not None and "first" in stopped.times:
        return (
            f"Device {stopped.number} was sprayed and stopped: what went in is not counted,"
            " record it as a dose and say how it was watched"
        )
    if now is None:
        return ""
    if now.times:
        return f"Device {now.number} is begun and not confirmed"
    many = len(nasal.devices)
    return f"{nasal.confirmed} of {many} devices are recorded" if nasal.confirmed else ""


def over(nasal: NasalView) -> str:
    """Why no step comes next."""
    stopped = nasal.stopped
    if stopped is not None:
        return f"Stopped at device {stopped.number}: {stopped.stopped}"
    return f"All {len(nasal.devices)} devices are recorded"


def words(step: str, device: int) -> str:
    """A step as the panel and the timeline say it."""
    blew = "Nose blown, head back 45°" if device == 1 else "Head back 45°, nose not blown"
    return {
        "lot": "Lot and expiry",
        "dots": "2 green dots, not primed",
        "head": blew,
        "first": "First nostril sprayed",
        "second": "Second nostril sprayed",
        "empty": "No green dot left",
        "dot_remains": "A green dot remains: spray the second nostril again",
        "stop": "Stopped here",
    }.get(step, "")


def _told(device: int, step: str, body: Mapping[str, object]) -> str:
    text = words(step, device)
    if step == "lot":
        text = f"lot {body['lot']}, expiry {body['expiry']}"
    elif step == "stop":
        text = "stopped, not counted"
    else:
        text = text[0].lower() + text[1:] if not text.startswith("2") else text
    why = f" ({body['reason']})" if body.get("reason") else ""
    return f"Device {device}: {text}{why}"
