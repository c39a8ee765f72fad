"""The five phases of a session, told from its picture: what is done, on, and still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ketamonitor import words
from ketamonitor.treatment.checkin import open_items
from ketamonitor.view import InfusionView, SessionView


class PhaseState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Phase:
    """``fraction`` (0 to 1) is how far the current phase is, where that is known."""

    title: str
    state: PhaseState
    detail: str
    fraction: float | None = None


def phases(view: SessionView, now: datetime) -> tuple[Phase, ...]:
    """Check-in, Baseline, Dosing, Observation, Discharge; at most one is current."""
    dosed, dosing, dose_fraction = _dosing(view, now)
    open_gate = view.gate_open and dosed
    left = len(open_items(view.info.protocol.checkin, view.checkin))
    if view.baseline is None and view.first_dose_at is None:
        place = 0 if left else 1
    elif not dosed:
        place = 2
    else:
        place = 4 if open_gate else 3
    if view.ended_at is not None:
        place = 5
    details = (
        f"{left} open" if left else f"done {words.clock(_checked_in(view))}",
        f"locked {words.clock(view.baseline.locked_at)}" if view.baseline else "not locked",
        dosing,
        _observing(view, now, dosed, place == 3),
        _discharge(view, open_gate),
    )
    fractions = (None, None, dose_fraction, _toward_gate(view, now), None)
    titles = ("Check-in", "Baseline", "Dosing", "Observation", "Discharge")
    return tuple(
        Phase(
            title,
            # What is still open never looks done, however far the session is.
            PhaseState.AHEAD if left and number == 0 < place else _state(number, place),
            detail,
            fraction if number == place else None,
        )
        for number, (title, detail, fraction) in enumerate(
            zip(titles, details, fractions, strict=True)
        )
    )


def _checked_in(view: SessionView) -> datetime:
    """When the last item of check-in was answered; without any, the patient was checked when the
    session was begun."""
    answered = [answer.at for answer in view.checkin.answers.values()]
    return max(answered, default=view.info.started_at)


def dosing_end(view: SessionView) -> datetime | None:
    """When the infusion ends as planned, or ``None`` where that is not known."""
    return view.infusion.ends_at if view.infusion else None


def _state(number: int, place: int) -> PhaseState:
    if number < place:
        return PhaseState.DONE
    return PhaseState.CURRENT if number == place else PhaseState.AHEAD


def _dosing(view: SessionView, now: datetime) -> tuple[bool, str, float | None]:
    """Whether the planned drug is in, and how to say it."""
    plan = view.info.protocol.dose
    if view.first_dose_at is None:
        return False, "not begun", None
    if view.infusion is not None:
        return _infusing(view.infusion, now)
    needed = plan.devices or 1
    done = view.doses >= needed
    if plan.devices:
        return done, f"{min(view.doses, needed)} of {needed} devices", view.doses / needed
    return done, f"{view.total_mg:g} mg at {words.clock(view.first_dose_at)}", None


def _infusing(infusion: InfusionView, now: datetime) -> tuple[bool, str, float | None]:
    given = f"{infusion.given_mg:.1f} mg"
    if infusion.state == "stopped":
        return True, f"{given}, stopped", None
    if infusion.state == "paused":
        return False, f"paused, {given} in", infusion.given_mg / infusion.planned_mg
    if infusion.ends_at is not None and now >= infusion.ends_at:
        return True, f"{given} by {words.clock(infusion.ends_at)}", None
    share = infusion.given_mg / infusion.planned_mg
    planned = infusion.planned_mg / infusion.minutes
    if infusion.mg_per_min is not None and abs(infusion.mg_per_min / planned - 1) > 0.01:
        # At another rate the planned minutes say nothing any more.
        return False, f"{given} of {infusion.planned_mg:g} mg", share
    ran = words.countdown(infusion.minutes * 60 * share)
    return False, f"{ran} of {words.countdown(infusion.minutes * 60)}", share


def _observing(view: SessionView, now: datetime, dosed: bool, current: bool) -> str:
    if view.gate_at is None or view.first_dose_at is None:
        return "after dosing"
    pump = view.infusion
    ends = pump.ends_at if pump is not None and pump.state == "running" else None
    if current and now >= min(view.gate_at, ends or view.gate_at):
        return "record the infusion’s stop"
    if current:
        return f"{words.countdown((view.gate_at - now).total_seconds())} to the gate"
    if dosed:
        return f"gate {words.clock(view.gate_at)}"
    end = dosing_end(view)
    return f"from {words.clock(end)}" if end else "after dosing"


def _toward_gate(view: SessionView, now: datetime) -> float | None:
    if view.gate_at is None or view.first_dose_at is None or view.gate_at <= view.first_dose_at:
        return None
    share = (now - view.first_dose_at) / (view.gate_at - view.first_dose_at)
    return max(0.0, min(1.0, share))


def _discharge(view: SessionView, open_gate: bool) -> str:
    if view.ended_at is not None:
        return f"ended {words.clock(view.ended_at)}"
    if view.gate_at is None:
        return "after the gate"
    return f"{'gate passed' if open_gate else 'opens'} {words.clock(view.gate_at)}"


def gate_name(view: SessionView) -> str:
    """``70-min gate`` where that many minutes from the first dose are what opens it; else ``Gate``:
    a later dose has moved it."""
    minutes = view.info.protocol.gate.from_first_dose_min
    at, first = view.gate_at, view.first_dose_at
    moved = at is not None and first is not None and at != first + timedelta(minutes=minutes)
    return "Gate" if moved else f"{minutes:g}-min gate"


def gate_left(view: SessionView, now: datetime) -> timedelta | None:
    """Time to the earliest end; zero or less when the gate is passed, ``None`` before a dose."""
    return view.gate_at - now if view.gate_at else None
