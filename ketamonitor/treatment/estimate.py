"""The predicted concentration of one session, from its doses as they are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ketamonitor.record import Record
from ketamonitor.treatment.drugs import RACEMIC, S_FORM, form
from ketamonitor.treatment.pk import (
    Dose,
    Floats,
    Model,
    concentration,
    domino,
    nasal_device,
    perez_ruixo,
)

#: Stands with every figure and line of an estimate, on the screen and on paper.
LABEL = "Predicted plasma concentration (population estimate, not measured). Do not use for dosing."

#: People differ so much from the middle of their population: half below and half above it.
SPREAD = 0.5

LONGEST = timedelta(hours=24)
STEP_S = 30.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A course in ng/mL: ``middle[i]`` at ``seconds[i]`` after ``start``, the first dose.

    ``low`` and ``high`` bound the grey band in which it is drawn; the middle is no finding either.
    ``pushes`` are the seconds at which a dose went into the vein at once.
    """

    model: str
    source: str
    start: datetime
    seconds: Floats
    middle: Floats
    pushes: tuple[float, ...] = ()

    @property
    def settled_high(self) -> float:
        """The top of the band, ng/mL, but for two minutes after each push into a vein."""
        settled = np.ones(len(self.seconds), dtype=bool)
        for push in self.pushes:
            settled &= (self.seconds < push) | (self.seconds >= push + 120)
        return float(np.max(self.high[settled], initial=0.0))

    @property
    def low(self) -> Floats:
        return self.middle * (1 - SPREAD)

    @property
    def high(self) -> Floats:
        return self.middle * (1 + SPREAD)


@dataclass(frozen=True, slots=True)
class NoEstimate:
    """Why there is none, in words."""

    why: str


def offered(record: Record) -> bool:
    """Whether the session's protocol names a model at all."""
    return bool(record.info.protocol.estimate)


def estimate(record: Record, until: datetime) -> Estimate | NoEstimate:
    """The predicted course from the first dose to ``until``, 24 hours at most.

    It is worked out anew from the doses as they stand, so that what was entered late or struck out
    moves it. Doses of drugs that are no ketamine are left out; ketamine given in a way that the
    model does not know leaves no estimate at all.
    """
    kind, weight = record.info.protocol.estimate, record.info.weight_kg
    start = record.first_dose_at
    if not kind:
        return NoEstimate("No model for this treatment")
    if start is None:
        return NoEstimate("No dose yet")
    if kind == "domino":
        if weight is None:
            return NoEstimate("No weight: this model needs it")
        model, doses = domino(weight), list(_veins(record, start, until, wanted=RACEMIC))
    else:
        model = perez_ruixo()
        doses = [*_veins(record, start, until, wanted=S_FORM), *_devices(record, start)]
    if other := _unknown(record, kind):
        return NoEstimate(f"{other}: this model does not know it")
    if not doses:
        return NoEstimate("No dose that this model knows")
    return _course(model, doses, start, min(until, start + LONGEST))


def _course(model: Model, doses: list[Dose], start: datetime, end: datetime) -> Estimate:
    last = max(0.0, (end - start).total_seconds())
    edges = [edge * 60 for dose in doses for edge in (dose.start, dose.end)]
    grid = [*np.arange(0.0, last, STEP_S), *(edge for edge in edges if 0 <= edge <= last), last]
    seconds = np.unique(np.asarray(grid, dtype=float))
    middle = concentration(model, doses, list(seconds / 60))
    pushes = tuple(d.start * 60 for d in doses if d.start == d.end and d.compartment == 0)
    return Estimate(model.name, model.source, start, seconds, middle, pushes)


def _veins(record: Record, start: datetime, now: datetime, *, wanted: str) -> Iterator[Dose]:
    """What ran or was pushed into a vein until ``now``."""
    for infusion in record.infusions:
        if infusion.route != "iv" or form(infusion.drug) != wanted:
            continue
        left = float(infusion.planned_mg)
        for segment in infusion.segments:
            mg = min(left, float(segment.mg(now)))
            if mg > 0:
                begun = _minutes(segment.start, start)
                rate = float(segment.mg_per_min)
                yield Dose(0, mg, begun, begun + mg / rate)
                left -= mg
    for dose in record.doses:
        if dose.route == "iv" and not dose.struck and form(dose.drug) == wanted:
            at = _minutes(dose.at, start)
            yield Dose(0, float(dose.mg), at, at)


def _devices(record: Record, start: datetime) -> Iterator[Dose]:
    given = sorted(
        (
            dose
            for dose in record.doses
            if dose.route == "nasal" and not dose.struck and form(dose.drug) == S_FORM
        ),
        key=lambda dose: dose.at,
    )
    for number, dose in enumerate(given):
        yield from nasal_device(float(dose.mg), _minutes(dose.at, start), first=number == 0)


def _unknown(record: Record, kind: str) -> str:
    """Ketamine that was given in a way the model leaves out, in words; else empty."""
    wanted = RACEMIC if kind == "domino" else S_FORM
    routes = ("iv",) if wanted == RACEMIC else ("iv", "nasal")
    given = [(i.drug, i.route) for i in record.infusions]
    given += [(d.drug, d.route) for d in record.doses if not d.struck]
    for drug, route in given:
        if form(drug) and (route not in routes or form(drug) != wanted):
            return f"{drug}, {route}"
    return ""


def _minutes(at: datetime, start: datetime) -> float:
    return (at - start).total_seconds() / 60
