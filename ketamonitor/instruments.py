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


class Kind(StrEnum):
    """How an instrument is answered: by a level, a counted number, a score worked out elsewhere."""

    SCALE = "scale"
    COUNT = "count"
    SCORE = "score"


class Rated(StrEnum):
    """Who says it."""

    NURSE = "nurse"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A scale: whole numbers ``low`` to ``high``; ``worst`` is the end that is bad.

    ``levels`` are our own words for some values, none for an instrument whose wording is licensed:
    of such a one (``SCORE``) the clinic enters the total only. ``worst`` is ``None`` where both
    ends are bad. ``source`` is the paper the scale comes from; ``version`` rises with its rows.
    ``awake`` is the well value of a scale on which it stands between two bad ends.
    """

    key: str
    label: str
    hint: str
    low: int
    high: int
    worst: int | None
    source: str
    levels: Mapping[int, str] = field(default_factory=dict)
    kind: Kind = Kind.SCALE
    rated: Rated = Rated.NURSE
    unit: str = ""
    version: int = 1
    awake: int | None = None

    @property
    def well(self) -> int | None:
        """The value of somebody who is well; ``None`` where the scale does not name one."""
        if self.awake is not None or self.worst is None:
            return self.awake
        return self.high if self.worst == self.low else self.low

    @property
    def span(self) -> str:
        return f"{self.low}-{self.high}"

    def shown(self, value: int) -> str:
        """The value as screen and PDF say it: ``4 of 5``, ``6/10``, ``14 /min``, ``steady``."""
        if self.unit:
            return f"{value} {self.unit}"
        if self.named and value in self.levels:
            return self.levels[value]
        return f"{value} of {self.high}" if self.worst == self.low else f"{value}/{self.high}"

    @property
    def named(self) -> bool:
        """Whether every level has a word that says all: the number is no measure then."""
        return self.high <= 3 and len(self.levels) == self.high - self.low + 1

    def check(self, value: int) -> None:
        """Raises ``ValueError`` with one clear line where the value is off the scale."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{self.label} takes a whole number {self.span}, not {value!r}")
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.label} goes from {self.low} to {self.high}, not {value}")


_OWN = "numeric rating, own wording"


def _asked(key: str, label: str) -> Instrument:
    """What the patient is asked on a scale of our own, 0 to 10."""
    hint = "asked, 10 is most"
    return Instrument(key, label, hint, 0, 10, 10, _OWN, rated=Rated.PATIENT)


def _score(key: str, label: str, high: int, source: str, *, rated: Rated) -> Instrument:
    """A licensed instrument: the total of the clinic's own form."""
    hint = f"total of your form, 0-{high}"
    return Instrument(key, label, hint, 0, high, high, source, kind=Kind.SCORE, rated=rated)


_ROWS = (
    Instrument(
        "moaas",
        "Sedation",
        "MOAA/S, 5 is awake",
        0,
        5,
        0,
        "Chernik et al., J Clin Psychopharmacol 1990;10:244",
        levels={
            5: "to name",
            4: "slow reply",
            3: "loud, again",
            2: "to prod",
            1: "to squeeze",
            0: "no reply",
        },
    ),
    Instrument(
        "rass",
        "Agitation, sedation",
        "RASS, 0 is calm",
        -5,
        4,
        None,
        "Sessler et al., Am J Respir Crit Care Med 2002;166:1338",
        levels={
            4: "combative",
            3: "pulls lines",
            2: "restless",
            1: "uneasy",
            0: "calm",
            -1: "drowsy",
            -2: "brief look",
            -3: "moves",
            -4: "to touch",
            -5: "none",
        },
        awake=0,
    ),
    Instrument(
        "ramsay",
        "Sedation, Ramsay",
        "2 is calm, 6 no reply",
        1,
        6,
        6,
        "Ramsay et al., BMJ 1974;2:656",
        levels={1: "agitated", 2: "calm", 3: "to words", 4: "brisk", 5: "slow", 6: "none"},
        awake=2,
    ),
    Instrument(
        "poss",
        "Sedation, POSS",
        "level of your form, 1-4",
        1,
        4,
        4,
        "Pasero 1994, licensed: level only",
        kind=Kind.SCORE,
    ),
    _asked("dissociation", "Dissociation"),
    Instrument(
        "breaths",
        "Breaths",
        "counted, per minute",
        0,
        60,
        None,
        "counted by the nurse",
        kind=Kind.COUNT,
        unit="/min",
    ),
    # Typed where no monitor sends it; the chart's line is the monitor's alone.
    Instrument(
        "spo2_read",
        "SpO₂, read",
        "from the oximeter",
        0,
        100,
        None,
        "read by the nurse",
        kind=Kind.COUNT,
        unit="%",
    ),
    Instrument(
        "etco2_read",
        "EtCO₂, read",
        "from the capnograph",
        0,
        150,
        None,
        "read by the nurse",
        kind=Kind.COUNT,
        unit="mmHg",
    ),
    _asked("anxiety", "Anxiety"),
    Instrument(
        "nausea",
        "Nausea",
        "asked, 3 is worst",
        0,
        3,
        3,
        _OWN,
        levels={0: "none", 1: "mild", 2: "moderate", 3: "severe, vomited"},
        rated=Rated.PATIENT,
    ),
    _asked("pain", "Pain"),
    Instrument(
        "orientation",
        "Orientation",
        "person, place, time, why here",
        0,
        4,
        0,
        "four questions, own wording",
    ),
    Instrument(
        "gait",
        "Gait",
        "seen to walk",
        0,
        2,
        0,
        "own wording",
        levels={2: "steady", 1: "unsteady", 0: "cannot walk"},
    ),
    Instrument(
        "aldrete",
        "Aldrete",
        "total of five, 10 is well",
        0,
        10,
        0,
        "Aldrete, J Clin Anesth 1995;7:89",
        kind=Kind.COUNT,
    ),
    Instrument(
        "padss",
        "PADSS",
        "total of five, 10 is well",
        0,
        10,
        0,
        "Chung et al., J Clin Anesth 1995;7:500",
        kind=Kind.COUNT,
    ),
    Instrument(
        "iv_site",
        "IV site",
        "looked at",
        0,
        3,
        3,
        "own wording",
        levels={0: "clean", 1: "red", 2: "swollen", 3: "leaks"},
    ),
    _score("cadss", "CADSS", 92, "Bremner et al. 1998, licensed", rated=Rated.PATIENT),
    _score("cadss6", "CADSS-6", 24, "Rodrigues et al. 2021, licensed", rated=Rated.PATIENT),
    _score("madrs", "MADRS", 60, "Montgomery and Asberg 1979, licensed", rated=Rated.NURSE),
    _score("qids", "QIDS-SR16", 27, "Rush et al. 2003, licensed", rated=Rated.PATIENT),
)

#: Every instrument by its key. One row here is all it takes: protocols name the rows they use.
INSTRUMENTS: dict[str, Instrument] = {row.key: row for row in _ROWS}
