"""Faults to order: what goes wrong, from when and for how long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from devices.simulated.patient import Determination, Failure, Patient, Vitals

DEFAULT_DURATION_S = 30.0


class FaultKind(StrEnum):
    """What can go wrong on the line, in the monitor or at the patient."""

    PULL = "pull"  # the cable is pulled and comes back
    NOISE = "noise"  # random bytes between the frames
    SILENCE = "silence"  # the monitor neither hears nor answers
    PROBE_OFF = "probe-off"  # no pulse and no SpO2
    CUFF_FAIL = "cuff-fail"  # determinations that end in this time have no result
    CORRUPT = "corrupt"  # one bit of some frames is flipped
    SENTINEL = "sentinel"  # the monitor shows dashes for every value
    FROZEN = "frozen"  # the values shown stop changing


class FaultError(ValueError):
    """A fault that was ordered in words nobody understands; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, from ``start`` for ``duration`` (session seconds)."""

    kind: FaultKind
    start: float
    duration: float = DEFAULT_DURATION_S

    @property
    def end(self) -> float:
        return self.start + self.duration


def parse_fault(text: str) -> Fault:
    """``KIND@SECONDS`` or ``KIND@SECONDS+DURATION``. Raises :class:`FaultError`."""
    kinds = ", ".join(FaultKind)
    name, at, rest = text.partition("@")
    if name not in set(FaultKind):
        raise FaultError(f"unknown fault {name!r}; the kinds are {kinds}")
    start, plus, duration = rest.partition("+")
    if not at:
        raise FaultError(f"fault {text!r}: write {name}@SECONDS or {name}@SECONDS+DURATION")
    return Fault(
        FaultKind(name),
        _seconds(text, start, 0.0),
        _seconds(text, duration, 0.001) if plus else DEFAULT_DURATION_S,
    )


def _seconds(text: str, number: str, least: float) -> float:
    try:
        seconds = float(number)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= least):
        raise FaultError(f"fault {text!r}: {number!r} is not a number of seconds, 0 or more")
    return seconds


class FaultPlan:
    """All faults that were ordered."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults = tuple(faults)
        self._changes = sorted({edge for f in faults for edge in (f.start, f.end)})

    def active(self, kind: FaultKind, t: float) -> Fault | None:
        """The fault of this kind that holds at ``t``."""
        return next(
            (f for f in self._faults if f.kind is kind and f.start <= t < f.end),
            None,
        )

    def next_change(self, t: float) -> float | None:
        """When, after ``t``, the next fault begins or ends."""
        return next((edge for edge in self._changes if edge > t), None)


class FaultyPatient:
    """A patient as a faulty sensor or display shows them."""

    def __init__(self, patient: Patient, plan: FaultPlan) -> None:
        self._patient = patient
        self._plan = plan

    @property
    def automatic(self) -> bool:
        return self._patient.automatic

    def at(self, t: float) -> Vitals:
        if self._plan.active(FaultKind.SENTINEL, t):
            return Vitals()
        vitals = self._patient.at(self._shown(t))
        if self._plan.active(FaultKind.PROBE_OFF, t):
            return replace(vitals, pulse=None, spo2=None)
        return vitals

    def measuring(self, t: float) -> bool:
        return self._patient.measuring(self._shown(t))

    def ended(self, t: float) -> Sequence[Determination]:
        dashes = self._plan.active(FaultKind.SENTINEL, t) is not None
        return [self._seen(one, dashes) for one in self._patient.ended(self._shown(t))]

    def start(self, t: float) -> bool:
        return self._patient.start(t)

    def cancel(self, t: float) -> bool:
        return self._patient.cancel(t)

    def _shown(self, t: float) -> float:
        frozen = self._plan.active(FaultKind.FROZEN, t)
        return t if frozen is None else frozen.start

    def _seen(self, one: Determination, dashes: bool) -> Determination:
        if one.failure is None and self._plan.active(FaultKind.CUFF_FAIL, one.at):
            return Determination(one.started, one.at, failure=Failure.NO_RESULT)
        if dashes:
            return replace(one, sys=None, dia=None, map=None, pulse=None)
        return one
