"""The alarm part of a protocol file: limits, escalation, pauses, where tones go, action cards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from devices.metrics import METRICS
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.sources import Sources

Priority = Literal["high", "medium", "low"]
Seconds = Annotated[float, Meta(gt=0, le=3600)]
Line = Annotated[str, Meta(min_length=1, max_length=200)]

#: The order of priorities, most urgent first.
PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low")

#: A number with a unit in which drugs are measured out. No card may hold one.
_AMOUNT = re.compile(
    r"\d\s*(mg|mcg|µg|ug|g|ml|mL|units?|IU|mmol|tablets?|puffs?|drops?)\b", re.IGNORECASE
)


class PlanError(ValueError):
    """A protocol whose alarm part cannot be used; the text says where and why."""


class Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a protocol file: every key is known, nothing is guessed."""


class Rule(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row or table that says how one treats, with the ids of the sources it rests on."""

    source: Sources = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """What a limit may be set on: a metric of a monitor, or an instrument a person answers."""

    key: str
    label: str
    unit: str
    low: float
    high: float
    episodic: bool


def measured(key: str) -> Measured | None:
    """The metric or instrument of that name, or ``None``."""
    if metric := METRICS.get(key):
        return Measured(key, metric.label, metric.unit, metric.low, metric.high, metric.episodic)
    if scale := INSTRUMENTS.get(key):
        return Measured(key, scale.label, "", scale.low, scale.high, episodic=True)
    return None


class Confirm(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One value beyond the limit has the ``first`` priority and asks for a repeat in
    ``repeat_min``; so many consecutive ``readings`` beyond have the row's own priority."""

    first: Priority = "medium"
    readings: Annotated[int, Meta(ge=2, le=5)] = 2
    repeat_min: Annotated[float, Meta(gt=0, le=30)] = 2


class AlarmLimit(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One bound on one metric. ``relative`` limits are not armed before they have a reference.

    ``value`` is in the metric's unit; relative to the locked baseline it is mmHg (``baseline``) or
    percent (``baseline_percent``), signed; with ``trend`` it is the signed change against the
    lowest (or highest) value of the last ``trend_min`` minutes. The condition must hold for
    ``for_s`` seconds or ``for_readings`` consecutive readings, and ends when values have been
    ``clear_by`` units inside the bound for as long. ``latch``: stays on the screen after its end
    until somebody has seen it. ``before_dose``: only before the first dose. ``loosest``: no
    session may set the value further out than this.
    """

    metric: str
    op: Literal[">", ">=", "<", "<="]
    value: Annotated[float, Meta(ge=-300, le=400)]
    priority: Priority
    relative: Literal["baseline", "baseline_percent", "trend"] | None = None
    trend_min: Annotated[float, Meta(gt=0, le=60)] | None = None
    for_s: Annotated[float, Meta(ge=0, le=300)] = 0
    for_readings: Annotated[int, Meta(ge=1, le=5)] = 1
    clear_by: Annotated[float, Meta(ge=0, le=50)] = 0
    confirm: Confirm | None = None
    latch: bool = False
    before_dose: bool = False
    loosest: Annotated[float, Meta(ge=-300, le=400)] | None = None

    @property
    def id(self) -> str:
        relative = {
            None: "",
            "baseline": "base",
            "baseline_percent": "base%",
            "trend": f"trend{self.trend_min or 0:g}",
        }[self.relative]
        sign = "+" if self.relative and self.value >= 0 else ""
        return f"{self.metric}{self.op}{relative}{sign}{self.value:g}"

    @property
    def of(self) -> Measured:
        found = measured(self.metric)
        if found is None:
            raise PlanError(f"unknown metric {self.metric!r}")
        return found

    @property
    def upper(self) -> bool:
        return self.op in (">", ">=")

    def bound(self, reference: float | None) -> float | None:
        """The limit in the metric's unit, or ``None`` while it is not armed.

        ``reference`` is the baseline, or the trend's earlier value; absolute limits need none.
        """
        if self.relative is None:
            return self.value
        if reference is None:
            return None
        if self.relative == "baseline_percent":
            # In this order 70 % of 90 is 63, and not a little less.
            return reference * (100 + self.value) / 100
        return reference + self.value

    def beyond(self, value: float, bound: float) -> bool:
        """Whether the value is on the wrong side of a bound; never so for what is no number."""
        if self.op == ">":
            return value > bound
        if self.op == ">=":
            return value >= bound
        if self.op == "<":
            return value < bound
        return value <= bound

    def passed(self, value: float, reference: float | None) -> bool:
        """Whether this one value is beyond the limit; one that is not armed is never passed."""
        bound = self.bound(reference)
        return bound is not None and self.beyond(value, bound)

    def inside(self, value: float, bound: float) -> bool:
        """Whether the value is far enough inside for the condition to end."""
        if not self.clear_by:
            return not self.beyond(value, bound)
        return value <= bound - self.clear_by if self.upper else value >= bound + self.clear_by

    def looser_than(self, value: float) -> bool:
        """Whether this row lets more pass than the same row with ``value`` would."""
        return self.value > value if self.upper else self.value < value


class TechnicalPlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """After how many seconds silence becomes a technical alarm, and how urgent it then is.

    A continuous value that stops is LOW after ``no_reading_s`` (or 2.5 of its source's intervals)
    and MEDIUM after ``no_reading_medium_s``. Without a blood pressure for ``no_bp_intervals`` of
    its schedule there is a MEDIUM alarm. What is over when it is known (a clock that was set, a
    program fault) is shown for ``fault_shown_s``.
    """

    no_reading_s: Seconds = 10
    no_reading_medium_s: Seconds = 60
    link_lost_s: Annotated[float, Meta(ge=0, le=600)] = 0
    no_bp_intervals: Annotated[float, Meta(ge=1, le=10)] = 2
    fault_shown_s: Seconds = 60


class EscalationPlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What time does to an alarm; 0 = never.

    A MEDIUM one that nobody acknowledges is HIGH after ``medium_to_high_s``. One that was
    acknowledged and still holds alarms anew after ``remind_high_s`` or ``remind_medium_s``.
    """

    medium_to_high_s: Annotated[float, Meta(ge=0, le=3600)] = 180
    remind_high_s: Annotated[float, Meta(ge=0, le=3600)] = 300
    remind_medium_s: Annotated[float, Meta(ge=0, le=3600)] = 900


class PausePlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long tones and alarms may be paused. The two ``off`` states have no end of their own
    and are closed unless the clinic opens them. 15 min at most: ISO 7396-1 for gas alarms."""

    audio_s: Annotated[float, Meta(ge=10, le=900)] = 120
    interruption_min: Annotated[
        tuple[Annotated[float, Meta(ge=1, le=15)], ...], Meta(min_length=1, max_length=6)
    ] = (2, 5, 10, 15)
    audio_off: bool = False
    alarm_off: bool = False


class SoundPlan(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the tone of each priority sounds, and how long the screen is first alone."""

    high: Literal["nurse", "room", "both"] = "nurse"
    medium: Literal["nurse", "room", "both", "none"] = "nurse"
    low: Literal["nurse", "room", "both", "none"] = "none"
    high_after_s: Annotated[float, Meta(ge=0, le=10)] = 0
    medium_after_s: Annotated[float, Meta(ge=0, le=60)] = 10

    def where(self, priority: str) -> str:
        return {"high": self.high, "medium": self.medium}.get(priority, self.low)

    def after_s(self, priority: str) -> float:
        return {"high": self.high_after_s, "medium": self.medium_after_s}.get(priority, 0)


class CardStep(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of a card. ``act`` says what the button does: note it as ``done``, start or type a
    blood pressure (``bp``), change the infusion (``infusion``), or open another card."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
    text: Line
    hint: Annotated[str, Meta(max_length=200)] = ""
    act: Literal["done", "bp", "infusion", "card"] = "done"
    card: str = ""


class ActionCard(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The clinic's own card for an alarm. It names no amount of any drug.

    It belongs to limit alarms of its ``metrics`` on its ``side``; at ``opens_at`` and above it
    opens by itself. With ``conditions`` it belongs to those technical conditions instead.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,20}$")]
    title: Line
    version: Annotated[int, Meta(ge=1, le=9999)]
    signed: Annotated[str, Meta(max_length=200)] = ""
    metrics: tuple[str, ...] = ()
    side: Literal["high", "low", "any"] = "any"
    conditions: tuple[str, ...] = ()
    opens_at: Priority = "high"
    step: Annotated[tuple[CardStep, ...], Meta(min_length=1, max_length=12)]


def check_limits(limits: Iterable[AlarmLimit]) -> None:
    """What the types cannot say of limit rows. Raises :class:`PlanError` naming row and fault.

    A limit that no living patient's value can pass is as good as off and is refused.
    """
    seen: set[str] = set()
    for number, limit in enumerate(limits):
        where = f"limit[{number}]"
        of = measured(limit.metric)
        if of is None:
            known = ", ".join((*METRICS, *INSTRUMENTS))
            raise PlanError(f"{where}.metric: unknown metric {limit.metric!r} (known: {known})")
        if limit.id in seen:
            raise PlanError(f"{where}: {limit.id} stands twice")
        seen.add(limit.id)
        if limit.relative is None and not _passable(limit, of):
            raise PlanError(
                f"{where}.value: {limit.value:g} {of.unit} can never be passed in a living"
                f" patient, or always is ({of.label} goes from {of.low:g} to {of.high:g})"
            )
        baseline = limit.relative in ("baseline", "baseline_percent")
        if baseline and limit.metric not in ("nibp_sys", "nibp_dia"):
            raise PlanError(f"{where}.relative: only nibp_sys and nibp_dia have a baseline")
        if (limit.relative == "trend") != (limit.trend_min is not None):
            raise PlanError(
                f'{where}.trend_min: goes with relative = "trend" and with nothing else'
            )
        if limit.relative is not None and (limit.value > 0) != limit.upper:
            against = "baseline itself" if baseline else "value it is compared with"
            raise PlanError(f"{where}.value: {limit.id} would be passed at the {against}")
        if limit.for_s and of.episodic:
            raise PlanError(f"{where}.for_s: {limit.metric} comes now and then: use for_readings")
        if limit.for_s and limit.for_readings > 1:
            raise PlanError(f"{where}: for_s or for_readings, not both")
        if limit.confirm is not None:
            if not of.episodic or limit.for_readings > 1:
                raise PlanError(f"{where}.confirm: only for single readings, without for_readings")
            if PRIORITIES.index(limit.confirm.first) <= PRIORITIES.index(limit.priority):
                raise PlanError(f"{where}.confirm.first: must be milder than {limit.priority}")
        if limit.loosest is not None and limit.looser_than(limit.loosest):
            raise PlanError(f"{where}.loosest: {limit.value:g} is further out than that already")


def check_cards(cards: Iterable[ActionCard]) -> None:
    """Cards are found by their id and name no amounts. Raises :class:`PlanError`."""
    known: dict[str, ActionCard] = {}
    cards = tuple(cards)
    for number, card in enumerate(cards):
        if card.id in known:
            raise PlanError(f"card[{number}].id: {card.id} stands twice")
        known[card.id] = card
    for number, card in enumerate(cards):
        where = f"card[{number}]"
        for metric in card.metrics:
            if measured(metric) is None:
                raise PlanError(f"{where}.metrics: unknown metric {metric!r}")
        steps = [step.id for step in card.step]
        if len(set(steps)) != len(steps):
            raise PlanError(f"{where}.step: two steps have the same id")
        for place, step in enumerate(card.step):
            if (step.act == "card") != bool(step.card) or (step.card and step.card not in known):
                raise PlanError(f"{where}.step[{place}].card: no card {step.card!r}")
            if _AMOUNT.search(f"{step.text} {step.hint}"):
                raise PlanError(
                    f"{where}.step[{place}]: names an amount; a card lists what to do,"
                    " the prescriber says how much"
                )


def _passable(limit: AlarmLimit, of: Measured) -> bool:
    """Whether some plausible value lies beyond an absolute limit and some does not."""
    worst, best = (of.high, of.low) if limit.upper else (of.low, of.high)
    return limit.beyond(worst, limit.value) and not limit.beyond(best, limit.value)
