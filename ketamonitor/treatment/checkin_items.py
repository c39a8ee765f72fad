"""What is asked at check-in: one row for each item, with its fields; no answer is pre-filled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ketamonitor.treatment import phq9


class FieldKind(StrEnum):
    """How a field is answered. ``TICK`` is done or not there, never a stored no."""

    TICK = "tick"
    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"
    WHEN = "when"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Field:
    """One answer within an item. ``asked_if`` names answers (field, option) of which one must have
    been given for this field to be asked; a field without one is always asked. ``optional`` ones
    may stay empty. ``low`` and ``high`` bound a number."""

    key: str
    label: str
    kind: FieldKind
    options: tuple[str, ...] = ()
    hint: str = ""
    unit: str = ""
    low: float = 0
    high: float = 0
    optional: bool = False
    asked_if: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked before the dose. ``always``: it cannot be called not applicable. ``named``:
    it is asked only where a protocol names it, and not where one asks everything.

    ``one_of``: of these optional fields at least one must be answered; ``one_of_words`` says so.
    """

    key: str
    label: str
    fields: tuple[Field, ...]
    hint: str = ""
    always: bool = False
    one_of: tuple[str, ...] = ()
    one_of_words: str = ""
    named: bool = False


YES_NO = ("no", "yes")


def _tick(key: str, label: str, *, optional: bool = False) -> Field:
    return Field(key, label, FieldKind.TICK, optional=optional)


def _choice(key: str, label: str, *options: str) -> Field:
    return Field(key, label, FieldKind.CHOICE, options)


def _words(key: str, label: str, *asked_if: tuple[str, str], optional: bool = False) -> Field:
    return Field(key, label, FieldKind.TEXT, asked_if=asked_if, optional=optional)


def _when(key: str, label: str) -> Field:
    return Field(key, label, FieldKind.WHEN, hint="07:30, or 2026-11-23 19:00")


def _day(key: str, label: str, *asked_if: tuple[str, str]) -> Field:
    return Field(key, label, FieldKind.DAY, hint="14 Mar 2026", asked_if=asked_if)


#: Groups that bear on sedation, blood pressure or effect; the first seven are asked for by the
#: patient monitoring form of the REMS, the last two by usual pre-treatment lists.
_MEDICINES = (
    ("benzodiazepine", "Benzodiazepine"),
    ("hypnotic", "Other sedative or sleeping tablet"),
    ("opioid", "Opioid"),
    ("stimulant", "Stimulant"),
    ("maoi", "MAO inhibitor"),
    ("antihypertensive", "Blood pressure medicine"),
    ("lamotrigine", "Lamotrigine"),
    ("substances", "Alcohol or other substances today"),
    ("changed", "Anything changed since the last visit"),
)

_PHQ9 = tuple(
    _choice(f"q{number}", f"{number}  {question}", *map(str, phq9.LEVELS))
    for number, question in enumerate(phq9.QUESTIONS, 1)
)

_ROWS = (
    Item(
        "identity",
        "Identity",
        (
            _tick("name", "Said full name"),
            _tick("born", "Said date of birth", optional=True),
            _tick("number", "Record number read from wristband or card", optional=True),
        ),
        "The patient says it; you compare it with the banner.",
        always=True,
        one_of=("born", "number"),
        one_of_words="Tick a second identifier: date of birth or record number",
    ),
    Item(
        "weight",
        "Weight",
        (
            Field("kg", "Weight", FieldKind.NUMBER, unit="kg", low=25, high=350),
            _choice("how", "How", "measured", "told"),
            _day("on", "On"),
        ),
        "An order worked out from another weight is not changed by this answer.",
    ),
    Item(
        "allergies",
        "Allergies",
        (
            _choice("known", "Allergies", "none known", "known"),
            _words("list", "Which, and what happened", ("known", "known")),
        ),
        always=True,
    ),
    Item(
        "medicines",
        "Medicines of importance",
        (
            *(_choice(key, label, *YES_NO) for key, label in _MEDICINES),
            _words("which", "Which, dose, last taken", *((key, "yes") for key, _ in _MEDICINES)),
        ),
    ),
    Item("food", "Last food", (_when("at", "Last food at"), _words("what", "What", optional=True))),
    Item(
        "drink",
        "Last drink",
        (_when("at", "Last drink at"), _choice("what", "What", "clear", "other")),
    ),
    Item(
        "pregnancy",
        "Pregnancy",
        (
            _choice("result", "Pregnancy", "test negative", "test positive", "test declined"),
            _day("on", "Tested on", ("result", "test negative"), ("result", "test positive")),
            _words("told_to", "Told to", ("result", "test positive"), ("result", "test declined")),
        ),
        "Where it cannot be, choose Not applicable and say why.",
    ),
    Item(
        "escort",
        "Escort home",
        (_words("name", "Name"), _words("phone", "Phone")),
    ),
    Item(
        "consent",
        "Consent",
        (
            _choice("which", "Signed for", "treatment", "treatment, off label"),
            _day("on", "Signed on"),
        ),
    ),
    Item(
        "equipment",
        "Equipment",
        (
            _tick("monitor", "Monitor works, alarm heard"),
            _tick("oxygen", "Oxygen with mask"),
            _tick("suction", "Suction works"),
            _tick("airway", "Bag, mask and airways"),
            _tick("drugs", "Emergency drugs there and in date"),
        ),
        "Tick what you have seen yourself.",
    ),
    Item(
        "phq9",
        "PHQ-9",
        (*_PHQ9, _words("told_to", "Question 9 told to", *(("q9", str(n)) for n in (1, 2, 3)))),
        f"{phq9.ASKED} " + ", ".join(f"{n} {word}" for n, word in phq9.LEVELS.items()),
    ),
    Item(
        "cssrs",
        "C-SSRS",
        (
            _choice("result", "Result of your form", "none", "low", "moderate", "high"),
            _words(
                "told_to",
                "Told to, and what was done",
                *(("result", word) for word in ("low", "moderate", "high")),
            ),
        ),
        "The form is licensed: only its result is entered.",
    ),
    Item(
        "baseline_mental",
        "Mental state before",
        (
            _choice("state", "Compared with usual", "as usual", "better", "worse"),
            _words("what", "In what way", ("state", "better"), ("state", "worse")),
        ),
        "Scores are observations (O).",
    ),
    Item(
        "rems",
        "For the SPRAVATO form",
        (
            _choice("sex", "Sex", "female", "male", "other"),
            _choice("first", "First SPRAVATO treatment", *YES_NO),
            Field(
                "enrolled",
                "Enrolled in the REMS",
                FieldKind.CHOICE,
                YES_NO,
                asked_if=(("first", "yes"),),
            ),
        ),
        "The monitoring form of the REMS asks for it.",
        named=True,
    ),
)

#: Every item by its key, in the order in which they are asked.
ITEMS: dict[str, Item] = {row.key: row for row in _ROWS}
