"""When sedation and dissociation began and were over, worked out from the answers for a person.

Nothing of it is stored: it stands beside the empty answer, and a person confirms or types another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ketamonitor.course import AnswerPoint
from ketamonitor.instruments import INSTRUMENTS, AnswerStatus
from ketamonitor.words import clock

#: Two answers at the well end so far apart make it over, from the first of them. Proposed: the
#: monitoring form asks for times, and one good answer between two others is no end.
SETTLED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the answers say. ``onset_at`` ``None``: every answer was at the well end (``answers``
    of them; with none of them nothing is known). ``resolved_at`` ``None``: not over by them."""

    instrument: str
    answers: int
    onset_at: datetime | None = None
    worst: int | None = None
    resolved_at: datetime | None = None

    @property
    def text(self) -> str:
        label = INSTRUMENTS[self.instrument].label
        if not self.answers:
            return f"{label} was not answered after the first dose: nothing can be worked out"
        if self.onset_at is None:
            times = "1 answer" if self.answers == 1 else f"{self.answers} answers"
            return f"None by {times}"
        over = f"over {clock(self.resolved_at)}" if self.resolved_at else "not over"
        return f"From {clock(self.onset_at)}, worst {self.worst}, {over}"


def proposed(
    answers: Iterable[AnswerPoint], instrument: str, first_dose_at: datetime | None
) -> Proposed:
    """The episode in the answers to ``instrument`` since the first dose, in any order given.

    It begins with the first answer off the well end. It is over at the first of consecutive
    answers at the well end that reach over :data:`SETTLED` and after which no other one follows.
    What was not assessed or declined neither begins nor ends it. Raises ``ValueError`` for an
    instrument that is not worst at one of its ends.
    """
    well = _well(instrument)
    seen = _usable(answers, instrument, first_dose_at)
    off = [place for place, point in enumerate(seen) if point.value != well]
    if not off:
        return Proposed(instrument, len(seen))
    values = [point.value for point in seen if point.value is not None]
    worst = min(values) if well == INSTRUMENTS[instrument].high else max(values)
    after = seen[off[-1] + 1 :]
    settled = bool(after) and after[-1].at - after[0].at >= SETTLED
    return Proposed(
        instrument,
        len(seen),
        seen[off[0]].at,
        worst,
        after[0].at if settled else None,
    )


def _well(instrument: str) -> int:
    scale = INSTRUMENTS[instrument]
    if scale.worst not in (scale.low, scale.high):
        raise ValueError(f"{scale.label} has no well end")
    return scale.high if scale.worst == scale.low else scale.low


def _usable(
    answers: Iterable[AnswerPoint], instrument: str, first_dose_at: datetime | None
) -> Sequence[AnswerPoint]:
    if first_dose_at is None:
        return ()
    return sorted(
        (
            point
            for point in answers
            if point.instrument == instrument
            and point.status == AnswerStatus.ANSWERED
            and point.value is not None
            and not point.struck
            and point.at >= first_dose_at
        ),
        key=lambda point: (point.at, point.seq),
    )
