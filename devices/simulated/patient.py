"""What a simulated monitor measures: a patient's values in time and the cuff's determinations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

#: How long an adult cuff reading takes: 20-40 s on the common monitors.
DETERMINATION_S = 25.0


class Failure(StrEnum):
    """Why a determination ended without a result."""

    NO_RESULT = "no result"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is shown at one moment: rates per minute, ``spo2`` in percent, ``etco2`` in mmHg.

    ``None`` = no value.
    """

    hr: float | None = None
    pulse: float | None = None
    spo2: float | None = None
    rr: float | None = None
    etco2: float | None = None


@dataclass(frozen=True, slots=True)
class Determination:
    """One act of measuring with the cuff, ``started`` to ``at`` (session seconds).

    Pressures in mmHg, ``pulse`` per minute; ``None`` = this part was not measured. A determination
    with a ``failure`` has no values.
    """

    started: float
    at: float
    sys: float | None = None
    dia: float | None = None
    map: float | None = None
    pulse: float | None = None
    failure: Failure | None = None


class Patient(Protocol):
    """The source of a monitor's values. All times are session seconds and never go back."""

    @property
    def automatic(self) -> bool:
        """Whether cuff readings come by themselves (the monitor's own interval)."""

    def at(self, t: float) -> Vitals:
        """What the sensors show at ``t``."""

    def measuring(self, t: float) -> bool:
        """Whether a determination is in progress at ``t``."""

    def ended(self, t: float) -> Sequence[Determination]:
        """Every determination that has ended by ``t``, oldest first."""

    def start(self, t: float) -> bool:
        """A host asks for a determination. ``False``: refused, nothing begins."""

    def cancel(self, t: float) -> bool:
        """A host cancels the determination in progress. ``False``: refused."""


@dataclass(frozen=True, slots=True)
class CuffDisplay:
    """What the cuff part of a monitor shows: the last result stands while the next is measured."""

    measuring: bool
    result: Determination | None
    failure: Failure | None


def cuff_display(patient: Patient, t: float) -> CuffDisplay:
    """The cuff's display at ``t``; ``failure`` is set where the newest determination failed."""
    ended = patient.ended(t)
    result = next((one for one in reversed(ended) if one.failure is None), None)
    failure = ended[-1].failure if ended else None
    return CuffDisplay(patient.measuring(t), result, failure)


def whole(value: float) -> int:
    """The nearest whole number; of two as near the even one, so that no side is favoured."""
    return round(value)
