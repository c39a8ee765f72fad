"""Which action card belongs to which alarm, which one is open, and what a step of it records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.metrics import METRICS
from ketamonitor import alarm_drafts, drafts
from ketamonitor.alarm_plan import ActionCard, CardStep
from ketamonitor.alarms.order import worse
from ketamonitor.entries import Draft
from ketamonitor.view import (
    ActionDone,
    ActiveAlarm,
    Freshness,
    InfusionView,
    SessionView,
    ShownValue,
)
from ketamonitor.words import NO_VALUE, SHORT, answer, clock, number, pressure

_CUFF = ("nibp_sys", "nibp_dia", "nibp_map")

#: What a step that is about the infusion offers, by the state of the infusion. What is not in
#: ``drafts.CHANGES`` leaves the infusion as it is.
GO_ON, KEEP_PAUSED = "go on", "keep paused"
_CHOICES = {
    "running": (GO_ON, "pause", "stop"),
    "paused": ("resume", KEEP_PAUSED, "stop"),
}

#: One occurrence of an alarm: its id and since when it has its priority.
Occurrence = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class OpenCard:
    """The card on the screen. ``own`` is the alarm's own card; ``card`` is the same, or one that a
    step of it leads to. What was done since ``since`` was done on this occasion."""

    card: str
    own: str
    alarm: str
    since: datetime


def card_for(alarm: ActiveAlarm, cards: Iterable[ActionCard]) -> ActionCard | None:
    """The clinic's card for an alarm: the first in the protocol's order, or ``None``."""
    return next((card for card in cards if _belongs(card, alarm)), None)


def opens_by_itself(alarm: ActiveAlarm, cards: Iterable[ActionCard]) -> bool:
    """Whether the alarm is urgent enough for its card to open unasked."""
    card = card_for(alarm, cards)
    return card is not None and not worse(card.opens_at, alarm.priority)


def occurrence(alarm: ActiveAlarm) -> Occurrence:
    return alarm.id, alarm.priority_since or alarm.since


def left_of(
    card: OpenCard, alarms: Iterable[ActiveAlarm], cards: Sequence[ActionCard]
) -> set[Occurrence]:
    """The occurrences for which a card need not open by itself again once it was left."""
    return {occurrence(a) for a in _with_card(alarms, cards, card.own)}


def card_now(
    before: OpenCard | None,
    left: Collection[Occurrence],
    alarms: Iterable[ActiveAlarm],
    cards: Sequence[ActionCard],
) -> OpenCard | None:
    """The card to be shown; ``alarms`` are all active ones in their order.

    A card opens for the first alarm that nobody has acknowledged, and stays until its alarm has
    ended or somebody leaves it. It gives way by itself only to the card of a more urgent alarm, or
    when its own has been acknowledged.
    """
    holding = [alarm for alarm in alarms if alarm.ended_at is None]
    kept, about = _kept(before, holding, cards)
    waiting = (
        a for a in holding if a.signals and opens_by_itself(a, cards) and occurrence(a) not in left
    )
    first = next(waiting, None)
    if first is None:
        return kept
    card = card_for(first, cards)
    if kept is not None and card is not None and card.id == kept.own:
        return kept
    if about is None or not about.signals or worse(first.priority, about.priority):
        return asked(first, holding, cards)
    return kept


def asked(
    alarm: ActiveAlarm, alarms: Iterable[ActiveAlarm], cards: Sequence[ActionCard]
) -> OpenCard | None:
    """An alarm's card on request, or ``None`` where the clinic has none for it."""
    card = card_for(alarm, cards)
    if card is None:
        return None
    since = min((a.since for a in _with_card(alarms, cards, card.id)), default=alarm.since)
    return OpenCard(card.id, card.id, alarm.id, min(since, alarm.since))


def offered(alarms: Iterable[ActiveAlarm], cards: Sequence[ActionCard]) -> list[ActiveAlarm]:
    """One alarm for each card that could be opened, in the order of the alarms."""
    found: dict[str, ActiveAlarm] = {}
    for alarm in alarms:
        card = card_for(alarm, cards)
        if card is not None and alarm.ended_at is None:
            found.setdefault(card.id, alarm)
    return list(found.values())


def done(actions: Iterable[ActionDone], open_card: OpenCard, step: str) -> list[ActionDone]:
    """What was recorded of a step on this occasion, in order."""
    return [
        a
        for a in actions
        if a.card == open_card.card and a.step == step and a.at >= open_card.since
    ]


def choices(step: CardStep, infusion: InfusionView | None) -> tuple[str, ...]:
    """What may be chosen at a step now; empty where touching it says all."""
    if step.act != "infusion" or infusion is None:
        return ()
    return _CHOICES.get(infusion.state, ())


def step_drafts(
    card: ActionCard,
    step: CardStep,
    alarm: ActiveAlarm | None,
    view: SessionView,
    choice: str = "",
    *,
    at: datetime,
    author: str,
) -> tuple[Draft, ...]:
    """What a step records: the action, led by the change of the infusion where that was chosen.

    Raises ``ValueError`` for a choice that the infusion's present state does not allow.
    """
    allowed = choices(step, view.infusion)
    if choice not in (allowed or ("",)) and step.act == "infusion":
        state = view.infusion.state if view.infusion else "not recorded"
        raise ValueError(f"The infusion is {state} now: choose again")
    action = alarm_drafts.action(
        card, step, alarm, value_shown(view, alarm), done=choice, at=at, author=author
    )
    if step.act != "infusion" or choice not in drafts.CHANGES:
        return (action,)
    reason = f"action card {card.id}"
    return drafts.infusion_change(choice, reason, at=at, author=author), action


def value_shown(view: SessionView, alarm: ActiveAlarm | None) -> str:
    """The value that an alarm is about, as it stands on the screen: ``184/112 (136) at 14:34``."""
    if alarm is None:
        return ""
    metric = alarm.metric
    if metric is None:
        return alarm.text
    if metric in _CUFF:
        return _pressure(view)
    if metric in view.observed:
        seen = view.observed[metric]
        said = answer(metric, seen.status, seen.value)
        return f"{SHORT.get(metric, metric)} {said} at {clock(seen.at)}"
    if metric in METRICS and metric in view.values:
        unit = METRICS[metric].unit
        shown = view.values[metric]
        return f"{SHORT[metric]} {_said(shown, number(shown.value, METRICS[metric]) + f' {unit}')}"
    return alarm.text


def _pressure(view: SessionView) -> str:
    sys = view.values.get("nibp_sys")
    if sys is None:
        return f"BP {NO_VALUE}"
    dia, mean = view.values.get("nibp_dia"), view.values.get("nibp_map")
    text = pressure(sys.value, dia.value if dia else None, mean.value if mean else None)
    return f"BP {_said(sys, text)}"


def _said(shown: ShownValue, text: str) -> str:
    """A value with its age and doubt, as its tile has it."""
    if shown.value is None or shown.measured_at is None:
        return NO_VALUE
    at = clock(shown.measured_at)
    if shown.freshness in (Freshness.NO_DATA, Freshness.TECHNICAL):
        return f"{NO_VALUE} (last {text} at {at})"
    doubt = " ?" if shown.freshness is Freshness.QUESTIONABLE else ""
    old = "OLD " if shown.freshness is Freshness.STALE else ""
    return f"{old}{text}{doubt} at {at}"


def _belongs(card: ActionCard, alarm: ActiveAlarm) -> bool:
    if alarm.condition != "limit_passed":
        return alarm.condition in card.conditions
    side = "low" if "<" in alarm.id else "high"
    return alarm.metric in card.metrics and card.side in ("any", side)


def _with_card(
    alarms: Iterable[ActiveAlarm], cards: Sequence[ActionCard], id: str
) -> list[ActiveAlarm]:
    """The alarms that hold and to which this card belongs."""
    return [
        a
        for a in alarms
        if a.ended_at is None and (card := card_for(a, cards)) is not None and card.id == id
    ]


def _kept(
    before: OpenCard | None, holding: Sequence[ActiveAlarm], cards: Sequence[ActionCard]
) -> tuple[OpenCard | None, ActiveAlarm | None]:
    """The open card and the alarm it is now about, while there is one: of two limits on one metric
    the milder may outlast the other, and SYS and DIA share a card."""
    if before is None:
        return None, None
    mine = _with_card(holding, cards, before.own)
    if not mine:
        return None, None
    about = next((alarm for alarm in mine if alarm.signals), mine[0])
    return OpenCard(before.card, before.own, about.id, before.since), about
