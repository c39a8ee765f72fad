"""The observation instruments: one row each, with our own short level labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AnswerStatus(StrEnum):
    """Whether a question was answered. A row left blank is not stored at all."""

    ANSWERED = "answered"
    NOT_ASSESSED = "not_assessed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A scale: whole numbers ``low`` to ``high``; ``worst`` is the end that is bad.

    ``levels`` are our own words for some values; ``source`` the paper the scale comes from.
    """

    key: str
    label: str
    hint: str
    low: int
    high: int
    worst: int
    source: str
    needed: bool = False
    levels: Mapping[int, str] = field(default_factory=dict)

    @property
    def span(self) -> str:
        return f"{self.low}-{self.high}"

    def shown(self, value: int) -> str:
        """The value as a screen and the PDF say it: ``4 of 5`` or ``6/10``."""
        return f"{value} of {self.high}" if self.worst == self.low else f"{value}/{self.high}"

    def check(self, value: int) -> None:
        """Raises ``ValueError`` with one clear line where the value is off the scale."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{self.label} takes a whole number {self.span}, not {value!r}")
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.label} goes from {self.low} to {self.high}, not {value}")


MOAAS = Instrument(
    "moaas",
    "Sedation",
    "MOAA/S, 5 is awake",
    0,
    5,
    0,
    "Chernik et al., J Clin Psychopharmacol 1990;10:244",
    needed=True,
    levels={
        5: "to name",
        4: "slow reply",
        3: "loud, again",
        2: "to prod",
        1: "to squeeze",
        0: "no reply",
    },
)
DISSOCIATION = Instrument(
    "dissociation",
    "Dissociation",
    "asked, 10 is most",
    0,
    10,
    10,
    "numeric rating, own wording",
    needed=True,
)

INSTRUMENTS: dict[str, Instrument] = {i.key: i for i in (MOAAS, DISSOCIATION)}
