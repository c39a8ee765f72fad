"""Check-in: what was answered, what is still open, and how a high pressure before the dose was
weighed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from devices.reading import plain_number
from ketamonitor import checks
from ketamonitor.entries import Draft, Entry
from ketamonitor.treatment import phq9
from ketamonitor.treatment.checkin_items import ITEMS, Field, FieldKind, Item
from ketamonitor.treatment.plan import BaselinePlan, CheckInPlan

#: How an item can stand: with its answers, as not applicable, or as not done (both with a reason).
STATUSES = ("answered", "not_applicable", "not_done")

#: What may follow from a pressure above the protocol's line before the dose.
DECISIONS = ("go_on", "delay", "cancel")
DECISION_WORDS = {"go_on": "go on", "delay": "delay", "cancel": "cancel"}

#: Characters of a typed answer.
LONGEST = 300

#: What a field can hold in an entry: a tick is ``True``, days and times are ISO 8601 text.
Value = str | float | bool


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """The word on one item that counts now: who gave it and when. ``text`` says all of it."""

    item: str
    status: str
    value: Mapping[str, Value]
    reason: str
    text: str
    at: datetime
    by: str
    seq: int

    @property
    def done(self) -> bool:
        return self.status == "answered"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A decision on the pressure in entry ``of_seq``, taken before the dose."""

    of_seq: int
    sys: float
    dia: float
    decision: str
    reason: str
    text: str
    at: datetime
    by: str
    seq: int


@dataclass(frozen=True, slots=True)
class CheckInView:
    """Check-in as it stands: the answer that counts for each item, and the weighed pressures.

    ``held`` is the last decision to delay or cancel, until the nurse goes on or locks a later
    reading as baseline.
    """

    answers: Mapping[str, ItemAnswer] = field(default_factory=lambda: MappingProxyType({}))
    weighed: tuple[Weighed, ...] = ()
    held: Weighed | None = None

    @property
    def weight_kg(self) -> float | None:
        """The weight asked for at check-in, if it was."""
        answer = self.answers.get("weight")
        return float(answer.value["kg"]) if answer is not None and answer.done else None

    @property
    def allergies(self) -> str:
        """What stands in the banner: never "none" unless that was the answer."""
        answer = self.answers.get("allergies")
        if answer is None:
            return "not asked"
        if not answer.done:
            return f"not done: {answer.reason}"
        return str(answer.value.get("list") or answer.value["known"])


class CheckIn:
    """Fold of the check-in entries of a session; corrections strike out or replace, and an entry
    that is struck out gives way to the one before it."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Entry, Mapping[str, Any]]] = {}
        self.view = CheckInView()

    def add(self, entry: Entry) -> None:
        """Take in any entry; what is not of check-in changes nothing."""
        body = entry.body
        if entry.kind == "event" and body.get("event") in _KINDS:
            self._entries[entry.seq] = (entry, body)
        elif entry.kind == "correction" and body["of_seq"] in self._entries:
            if body["body"] is None:
                del self._entries[body["of_seq"]]
            else:
                old = self._entries[body["of_seq"]][0]
                self._entries[body["of_seq"]] = (old, body["body"])
        else:
            return
        self.view = _fold(self._entries.values())


_KINDS = ("checkin", "bp_weighed", "baseline_locked")


def _fold(entries: Iterable[tuple[Entry, Mapping[str, Any]]]) -> CheckInView:
    answers: dict[str, ItemAnswer] = {}
    weighed: list[Weighed] = []
    held: Weighed | None = None
    for entry, body in entries:
        if body["event"] == "checkin":
            answers[body["item"]] = ItemAnswer(
                body["item"],
                body["status"],
                MappingProxyType(dict(body["value"])),
                body["reason"],
                body["text"],
                entry.at,
                entry.author,
                entry.seq,
            )
        elif body["event"] == "bp_weighed":
            one = Weighed(
                body["of_seq"],
                body["sys"],
                body["dia"],
                body["decision"],
                body["reason"],
                body["text"],
                entry.at,
                entry.author,
                entry.seq,
            )
            weighed.append(one)
            held = None if one.decision == "go_on" else one
        elif held is not None and body["of_seq"] > held.of_seq:
            held = None  # an older reading says nothing of the one that was held
    return CheckInView(MappingProxyType(answers), tuple(weighed), held)


# What is open ----------------------------------------------------------------------------------


def asked(plan: CheckInPlan) -> tuple[str, ...]:
    """The keys of the items to ask, needed ones first; where the plan names none all of them but
    those that are asked by name only."""
    general = tuple(key for key, item in ITEMS.items() if not item.named)
    return tuple(dict.fromkeys((*plan.needed, *plan.asked))) or general


def label(key: str) -> str:
    return ITEMS[key].label if key in ITEMS else key


def open_items(plan: CheckInPlan, checkin: CheckInView) -> list[str]:
    """What stands against the first dose, in words: needed items without an answer, needed ones
    that were not done, and a pressure for which it was decided to delay or cancel."""
    left = []
    for key in plan.needed:
        answer = checkin.answers.get(key)
        if answer is None:
            left.append(label(key))
        elif answer.status == "not_done":
            left.append(f"{label(key)} (not done)")
    if checkin.held is not None:
        word = DECISION_WORDS[checkin.held.decision]
        left.append(f"Blood pressure {checkin.held.sys:g}/{checkin.held.dia:g}: {word}")
    return left


def unanswered(plan: CheckInPlan, checkin: CheckInView) -> list[str]:
    """The keys of needed items of which nothing at all is recorded: what an end must answer."""
    return [key for key in plan.needed if key not in checkin.answers]


def must_weigh(plan: BaselinePlan, sys: float, dia: float) -> bool:
    """Whether this pressure, taken before the dose, asks for a decision."""
    return sys > plan.weigh_above[0] or dia > plan.weigh_above[1]


# Drafts ----------------------------------------------------------------------------------------


def checkin(
    key: str,
    status: str,
    value: Mapping[str, Value],
    reason: str = "",
    *,
    at: datetime,
    author: str,
) -> Draft:
    """The answer to an item. Raises ``ValueError`` with one clear line for what is missing."""
    checks.one_of(key, ITEMS, "Item")
    item = ITEMS[key]
    checks.one_of(status, STATUSES, "Status")
    if status == "answered":
        if reason.strip():
            raise ValueError(f"{item.label}: an answer goes with no reason")
        stored = _checked(item, value, at)
        told = told_value(key, stored)
    else:
        stored, told = {}, status.replace("_", " ")
        if value:
            raise ValueError(f"{item.label}: {told} goes with no answer")
        if status == "not_applicable" and item.always:
            raise ValueError(f"{item.label} always applies: answer it, or choose Not done")
        if not reason.strip():
            raise ValueError(f"{item.label}: say why it is {told}")
        reason = checks.text(reason, "Reason", LONGEST)
        told = f"{told}: {reason}"
    body = {
        "event": "checkin",
        "item": key,
        "status": status,
        "value": stored,
        "reason": reason.strip(),
        "text": f"{item.label}: {told}",
    }
    return Draft("event", at, author, body)


def bp_weighed(
    of_seq: int,
    sys: float,
    dia: float,
    decision: str,
    reason: str,
    *,
    at: datetime,
    author: str,
) -> Draft:
    """What was decided on a pressure above the protocol's line before the dose, and why."""
    checks.one_of(decision, DECISIONS, "Decision")
    reason = checks.text(reason, "Reason", LONGEST)
    body = {
        "event": "bp_weighed",
        "of_seq": of_seq,
        "sys": plain_number(sys),
        "dia": plain_number(dia),
        "decision": decision,
        "reason": reason,
        "text": f"Blood pressure {sys:g}/{dia:g} weighed: {DECISION_WORDS[decision]}. {reason}",
    }
    return Draft("event", at, author, body)


def is_asked(row: Field, value: Mapping[str, Value]) -> bool:
    """Whether a field is asked, given the other answers."""
    return not row.asked_if or any(value.get(key) == option for key, option in row.asked_if)


def _checked(item: Item, value: Mapping[str, Value], at: datetime) -> dict[str, Value]:
    """All of an item's answers. Raises ``ValueError`` for the first that is missing or wrong."""
    known = {row.key for row in item.fields}
    if strange := [key for key in value if key not in known]:
        raise ValueError(f"{item.label} has no field {strange[0]!r}")
    stored: dict[str, Value] = {}
    for row in item.fields:
        given = value.get(row.key)
        if not is_asked(row, value):
            if given is not None:
                raise ValueError(f"{item.label}: {row.label.lower()} is not asked here")
        elif given is not None and given != "":
            stored[row.key] = _check(row, given, at)
        elif not row.optional:
            raise ValueError(f"{item.label}: {_ask(row)}")
    if item.one_of and not any(key in stored for key in item.one_of):
        raise ValueError(f"{item.label}: {item.one_of_words[0].lower()}{item.one_of_words[1:]}")
    return stored


def _ask(row: Field) -> str:
    verb = {FieldKind.TICK: "tick", FieldKind.CHOICE: "choose"}.get(row.kind, "type")
    return f"{verb} {_short(row)!r}"


def _short(row: Field) -> str:
    return row.label if len(row.label) <= 40 else f"{row.label[:39].rstrip()}…"


def _check(row: Field, given: Value, at: datetime) -> Value:
    """One answer. Raises ``ValueError``."""
    name = _short(row)
    if row.kind is FieldKind.TICK:
        if given is not True:
            raise ValueError(f"{name}: only a tick is stored")
        return True
    if row.kind is FieldKind.NUMBER:
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise ValueError(f"{name} must be a number in {row.unit}, not {given!r}")
        if not math.isfinite(given) or not row.low <= given <= row.high:
            raise ValueError(
                f"{name} must be between {row.low:g} and {row.high:g} {row.unit}, not {given:g}"
            )
        return int(given) if float(given).is_integer() else given
    if not isinstance(given, str):
        raise ValueError(f"{name} must be text, not {given!r}")
    if row.kind is FieldKind.CHOICE:
        return checks.one_of(given, row.options, name)
    if row.kind is FieldKind.TEXT:
        return checks.text(given, name, LONGEST)
    return _past(row, given, at)


def _past(row: Field, given: str, at: datetime) -> str:
    """A day or a time that is not to come, as ISO 8601 text."""
    try:
        if row.kind is FieldKind.DAY:
            day = date.fromisoformat(given)
            if day > at.date():
                raise ValueError(f"{row.label}: {given} is still to come")
            return day.isoformat()
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        if "still to come" in str(error):
            raise
        raise ValueError(f"{row.label}: {given!r} is no {row.kind.value} as ISO 8601") from error
    if moment.tzinfo is None:
        raise ValueError(f"{row.label}: {given!r} has no offset from UTC")
    if moment > at:
        raise ValueError(f"{row.label}: {given} is still to come")
    return given


# Words -----------------------------------------------------------------------------------------


def told_value(key: str, value: Mapping[str, Value]) -> str:
    """The answers of an item in one line, as timeline and PDF say them."""
    if key == "phq9":
        answers = [int(value[f"q{n}"]) for n in range(1, len(phq9.QUESTIONS) + 1)]
        score = phq9.total(answers)
        told = f"{score} of {phq9.MOST} ({phq9.band(score)}), question 9: {answers[-1]}"
        return f"{told}, told to {value['told_to']}" if "told_to" in value else told
    if key == "medicines":
        return _told_medicines(value)
    if key == "rems":
        enrolled = f", enrolled: {value['enrolled']}" if "enrolled" in value else ""
        return f"{value['sex']}, first treatment: {value['first']}{enrolled}"
    rows = (row for row in ITEMS[key].fields if row.key in value)
    return ", ".join(_told_field(row, value[row.key]) for row in rows)


def _told_field(row: Field, given: Value) -> str:
    if row.kind is FieldKind.TICK:
        return row.label[0].lower() + row.label[1:]
    if row.kind is FieldKind.NUMBER:
        return f"{given:g} {row.unit}"
    if row.kind is FieldKind.DAY:
        return f"{row.label.lower()} {given}"
    if row.kind is FieldKind.WHEN:
        return f"{datetime.fromisoformat(str(given)):%Y-%m-%d %H:%M}"
    if row.key == "told_to":
        return f"{row.label[0].lower()}{row.label[1:]} {given}"
    return str(given)


def _told_medicines(value: Mapping[str, Value]) -> str:
    rows = [row for row in ITEMS["medicines"].fields if row.kind is FieldKind.CHOICE]
    yes = [row.label for row in rows if value.get(row.key) == "yes"]
    if not yes:
        return "none of those asked for"
    return f"{', '.join(yes)} ({value['which']})"
