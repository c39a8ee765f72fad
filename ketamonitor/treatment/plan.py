"""The parts of a treatment protocol that say how one treats: order, check-in, gates, discharge."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta

from ketamonitor.alarm_plan import Line, PlanError, Rule
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.treatment.checkin_items import ITEMS
from ketamonitor.treatment.form_names import form_names

Minutes = Annotated[float, Meta(ge=0, le=1440)]
Key = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
Pressure = Annotated[float, Meta(ge=40, le=300)]

Route = Literal["iv", "im", "sc", "nasal", "oral", "sublingual"]
#: By which routes each way of giving can go.
ROUTES: dict[str, tuple[Route, ...]] = {
    "infusion": ("iv", "sc"),
    "bolus": ("iv", "im", "sc"),
    "devices": ("nasal",),
    "oral": ("oral", "sublingual"),
}
WeightBasis = Literal["actual", "ideal", "adjusted"]


class DosePlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is given. ``infusion``: mg/kg over minutes; ``devices``: so many nasal devices;
    ``oral``: swallowed, or held in the mouth for ``hold_min`` and then swallowed or spat out.

    The ranges are those of an order: one outside them asks for a reason. None of the numbers is
    ever filled in for the nurse.
    """

    drug: Line
    route: Route
    given_as: Literal["infusion", "bolus", "devices", "oral"]
    mg_per_kg: Annotated[float, Meta(gt=0, le=10)] | None = None
    minutes: Annotated[float, Meta(gt=0, le=480)] | None = None
    device_mg: Annotated[float, Meta(gt=0, le=200)] | None = None
    devices: Annotated[int, Meta(ge=1, le=3)] | None = None
    mg_per_kg_range: tuple[float, float] | None = None
    mg_range: tuple[float, float] | None = None
    minutes_range: tuple[float, float] | None = None
    weight_bases: Annotated[tuple[WeightBasis, ...], Meta(min_length=1)] = ("actual",)
    rest_min: Annotated[float, Meta(ge=0, le=30)] = 5
    hold_min: Annotated[float, Meta(gt=0, le=60)] | None = None
    after_hold: Literal["", "swallow", "spit", "either"] = ""


class BaselinePlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Before the dose: a reading above ``weigh_above`` (systolic, diastolic, mmHg) asks whether
    to delay, with decision and reason; ``readings`` cuff readings must be there before the lock.
    """

    readings: Annotated[int, Meta(ge=1, le=5)] = 1
    weigh_above: tuple[Pressure, Pressure] = (140, 90)


class CheckInPlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked before the dose, by key (:data:`ketamonitor.treatment.checkin.ITEMS`).

    ``needed`` ones must be answered before the first dose; the others may stay open.
    """

    needed: tuple[Key, ...] = ()
    asked: tuple[Key, ...] = ()


class ObservePlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rows of the observation panel, in order, and which of them each observation needs.

    ``sedation`` is the one sedation scale of this protocol: two would be mixed up.
    """

    rows: Annotated[tuple[Key, ...], Meta(min_length=1)] = ("moaas", "dissociation")
    needed: tuple[Key, ...] = ("moaas", "dissociation")
    sedation: Key = "moaas"


class DuePlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is due at which minutes, counted ``counts_from`` the first dose, the beginning of each
    ``dosing`` (and then only until its end), or the ``end_of_dosing`` (and then until the next one
    or the patient's leaving).

    A reading or observation counts for a slot from ``early_min`` before it; the slot is overdue
    ``grace_min`` after it. A slot with a ``name`` has a window: it takes nothing later than
    ``late_min`` after its time. ``mandatory``: the session is not closed without it or a reason.
    ``spo2`` is a value of the oximeter, from the monitor or typed (``spo2_read``).
    ``asks`` are instruments that an observation for this slot needs beside the protocol's own.
    ``every_min``: the row goes on so often after its last minute, ``until_min`` from the first
    dose, and for as long as an infusion runs; a row that counts from the end of dosing goes on
    until the patient has left. ``after_high``: due so often after a pressure beyond a limit of the
    protocol, until two in a row are not. ``offered``: shown while its window is open and neither
    overdue nor missed.
    """

    what: Literal["bp", "observation", "spo2"]
    minutes: Annotated[tuple[Minutes, ...], Meta(max_length=100)] = ()
    counts_from: Literal["first_dose", "dosing", "end_of_dosing"] = "first_dose"
    after_high: bool = False
    offered: bool = False
    early_min: Annotated[float, Meta(ge=0, le=30)] = 3
    grace_min: Annotated[float, Meta(gt=0, le=60)] = 2
    late_min: Annotated[float, Meta(gt=0, le=120)] | None = None
    name: Annotated[str, Meta(max_length=40)] = ""
    mandatory: bool = False
    asks: tuple[Key, ...] = ()
    every_min: Annotated[float, Meta(ge=1, le=120)] | None = None
    until_min: Minutes | None = None


class GatePlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The earliest end: minutes from the first dose, and from the end of the last one. Of nasal
    devices the clinic's file says which of the two counts (:mod:`.rules`)."""

    from_first_dose_min: Minutes
    after_dose_min: Minutes = 0


class Criterion(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A criterion of discharge. ``by`` says how the record answers it:

    ``gate`` the time gate; ``bp`` a blood pressure after the last dose within ``percent`` of the
    baseline, inside the protocol's own limits and with no alert of a pressure; ``spo2`` a value of
    the oximeter of ``at_least`` so much, or of the baseline; ``resolved`` the episode in ``of`` is
    none or over; ``score`` the last answer to the instrument in ``of`` is ``at_least`` or
    ``at_most``; ``item`` the check-in or discharge item in ``of`` is answered; ``person`` somebody
    ticks it. What the record answers is as fresh as the clinic's file asks; ``fresh`` says the same
    of what a person ticks.
    """

    id: Key
    text: Line
    by: Literal["gate", "bp", "spo2", "resolved", "score", "item", "person"]
    of: Annotated[str, Meta(max_length=40)] = ""
    at_least: float | None = None
    at_most: float | None = None
    percent: Annotated[float, Meta(gt=0, le=100)] | None = None
    fresh: bool = False


#: Where the patients of a clinic are, as a session's first entry says where it is not the first.
OUTPATIENT, INPATIENT = "outpatient", "inpatient"
#: The item of check-in that only outpatients are asked.
ENROLMENT = "rems"

#: The scales of sedation, of which a protocol has one.
SEDATION = ("moaas", "rass", "ramsay", "poss")

#: What can be ``resolved``, as the patient monitoring form of the REMS asks for it.
EPISODES = ("sedation", "dissociation", "respiratory_depression")


def check_treatment(
    dose: DosePlan,
    due: tuple[DuePlan, ...],
    observe: ObservePlan,
    criteria: tuple[Criterion, ...],
    checkin: CheckInPlan,
) -> None:
    """What the types cannot say. Raises :class:`PlanError` with place and fault in one line."""
    _check_dose(dose)
    for number, row in enumerate(due):
        _check_due(f"due[{number}]", row)
    for place, keys in (("rows", observe.rows), ("needed", observe.needed)):
        _known(f"observe.{place}", keys)
    _known("observe.sedation", (observe.sedation,))
    if missing := [key for key in observe.needed if key not in observe.rows]:
        raise PlanError(f"observe.needed: {missing[0]!r} is not among observe.rows")
    for place, keys in (("needed", checkin.needed), ("asked", checkin.asked)):
        for key in keys:
            _item(f"checkin.{place}", key)
    if twice := [key for key in checkin.asked if key in checkin.needed]:
        raise PlanError(f"checkin.asked: {twice[0]!r} is among checkin.needed already")
    seen: set[str] = set()
    for number, criterion in enumerate(criteria):
        _check_criterion(f"criterion[{number}]", criterion)
        if criterion.id in seen:
            raise PlanError(f"criterion[{number}].id: {criterion.id!r} is there twice")
        seen.add(criterion.id)


def _check_dose(dose: DosePlan) -> None:
    needs = {
        "infusion": ("mg_per_kg",),
        "bolus": ("mg_per_kg",),
        "devices": ("device_mg", "devices"),
        "oral": (),
    }[dose.given_as]
    for key in needs:
        if getattr(dose, key) is None:
            raise PlanError(f"dose.{key} is missing: given as {dose.given_as} needs it")
    if dose.given_as == "infusion" and dose.minutes is None and dose.minutes_range is None:
        raise PlanError("dose.minutes is missing: an infusion needs it, or minutes_range")
    for key in ("mg_per_kg_range", "mg_range", "minutes_range"):
        pair = getattr(dose, key)
        if pair is not None and not 0 < pair[0] <= pair[1]:
            raise PlanError(f"dose.{key}: must be two numbers above 0 that rise")
    if dose.hold_min is not None and not dose.after_hold:
        raise PlanError("dose.after_hold is missing: hold_min needs swallow, spit or either")


def _check_due(place: str, row: DuePlan) -> None:
    if row.after_high:
        if row.minutes or row.what != "bp" or row.every_min is None or row.name:
            raise PlanError(f'{place}: after_high needs what = "bp" and every_min, and no minutes')
    elif not row.minutes:
        raise PlanError(f"{place}.minutes is missing")
    if row.until_min is not None and row.counts_from != "first_dose":
        raise PlanError(f"{place}.until_min: only a row that counts from the first dose has it")
    if row.mandatory and row.counts_from != "first_dose":
        raise PlanError(f"{place}.mandatory: only a row that counts from the first dose can be")
    if row.mandatory and row.offered:
        raise PlanError(f"{place}.offered: what is mandatory is more than offered")
    if list(row.minutes) != sorted(set(row.minutes)):
        raise PlanError(f"{place}.minutes: must rise and not repeat")
    if row.name and row.late_min is None:
        raise PlanError(f"{place}.late_min is missing: a named slot has a window")
    if row.late_min is not None and row.late_min < row.grace_min:
        raise PlanError(f"{place}.late_min: must not be less than grace_min")
    if row.until_min is not None and row.every_min is None:
        raise PlanError(f"{place}.every_min is missing: until_min needs it")
    if row.asks and row.what != "observation":
        raise PlanError(f"{place}.asks: only an observation asks for instruments")
    _known(f"{place}.asks", row.asks)


def _check_criterion(place: str, row: Criterion) -> None:
    if row.by == "resolved" and row.of not in EPISODES:
        raise PlanError(f"{place}.of: must be one of {', '.join(EPISODES)}, not {row.of!r}")
    if row.by == "score":
        _known(f"{place}.of", (row.of,))
        if (row.at_least is None) == (row.at_most is None):
            raise PlanError(f"{place}: a score needs either at_least or at_most")
    if row.by == "item":
        _item(f"{place}.of", row.of)


def _item(place: str, key: str) -> None:
    if key not in ITEMS:
        raise PlanError(f"{place}: unknown item {key!r} (known: {', '.join(ITEMS)})")


def _known(place: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key not in INSTRUMENTS:
            known = ", ".join(INSTRUMENTS)
            raise PlanError(f"{place}: unknown instrument {key!r} (known: {known})")


def check_sense(
    dose: DosePlan,
    baseline: BaselinePlan,
    due: tuple[DuePlan, ...],
    observe: ObservePlan,
    criteria: tuple[Criterion, ...],
    forms: tuple[str, ...],
) -> None:
    """What a file must not ask for because nobody could do or meet it. Raises :class:`PlanError`.

    Of files only: a session that was recorded under such a protocol is read all the same.
    """
    if dose.route not in ROUTES[dose.given_as]:
        routes = " or ".join(ROUTES[dose.given_as])
        raise PlanError(f"dose.route: given as {dose.given_as} goes {routes}, not {dose.route}")
    for key in ("mg_per_kg_range", "minutes_range"):
        pair, usual = getattr(dose, key), getattr(dose, key.removesuffix("_range"))
        if pair is not None and usual is not None and not pair[0] <= usual <= pair[1]:
            raise PlanError(f"dose.{key}: {usual:g} of the protocol itself is outside it")
    if baseline.weigh_above[0] <= baseline.weigh_above[1]:
        raise PlanError("baseline.weigh_above: systolic first, and above diastolic")
    if observe.sedation not in SEDATION:
        known = ", ".join(SEDATION)
        raise PlanError(f"observe.sedation: must be one of {known}, not {observe.sedation!r}")
    for key in observe.rows:
        if key in SEDATION and key != observe.sedation:
            raise PlanError(f"observe.rows: {key!r} is a second scale of sedation")
    _asked_for("observe.sedation", observe.sedation, observe)
    names: set[str] = set()
    for number, row in enumerate(due):
        _sensible_due(f"due[{number}]", row, observe)
        if row.name and row.name in names:
            raise PlanError(f"due[{number}].name: {row.name!r} is there twice")
        names.add(row.name)
    for number, criterion in enumerate(criteria):
        _can_be_met(f"criterion[{number}]", criterion, observe)
    if strange := [name for name in forms if name not in form_names()]:
        known = ", ".join(form_names())
        raise PlanError(f"forms: unknown form {strange[0]!r} (known: {known})")


def _sensible_due(place: str, row: DuePlan, observe: ObservePlan) -> None:
    steps = [after - before for before, after in pairwise(row.minutes)]
    steps += [row.every_min] if row.every_min is not None else []
    if steps and row.early_min >= min(steps):
        # The next slot would be open before this one's time: a reading on time would fill none.
        raise PlanError(f"{place}.early_min: must be less than the {min(steps):g} min between two")
    for key in row.asks:
        _asked_for(f"{place}.asks", key, observe)


def _can_be_met(place: str, row: Criterion, observe: ObservePlan) -> None:
    if row.by == "bp" and row.percent is None:
        raise PlanError(f"{place}.percent is missing: a pressure is met within so many percent")
    if row.by == "spo2" and (row.at_least is None or not 50 <= row.at_least <= 100):
        raise PlanError(f"{place}.at_least is missing: a saturation is met from 50 to 100 % on")
    if row.fresh and row.by != "person":
        raise PlanError(f"{place}.fresh: only what a person ticks needs it said")
    if row.by != "score":
        return
    _asked_for(f"{place}.of", row.of, observe)
    scale = INSTRUMENTS[row.of]
    for key, value in (("at_least", row.at_least), ("at_most", row.at_most)):
        if value is not None and not scale.low <= value <= scale.high:
            raise PlanError(f"{place}.{key}: {scale.label} goes from {scale.low} to {scale.high}")


def _asked_for(place: str, key: str, observe: ObservePlan) -> None:
    if key not in observe.rows:
        raise PlanError(f"{place}: {key!r} is not among observe.rows, nobody could answer it")
