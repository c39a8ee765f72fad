"""When sedation and dissociation began and were over, worked out from the answers for a person.

Nothing of it is stored: it stands beside the empty answer, and a person confirms or types another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ketamonitor import checks
from ketamonitor.course import AnswerPoint
from ketamonitor.entries import Draft, Entry
from ketamonitor.instruments import INSTRUMENTS, AnswerStatus
from ketamonitor.treatment.plan import EPISODES
from ketamonitor.words import clock

#: Two answers at the well end so far apart make it over, from the first of them. Proposed: the
#: monitoring form asks for times, and one good answer between two others is no end.
SETTLED = timedelta(minutes=5)


LABELS = {
    "sedation": "Sedation",
    "dissociation": "Dissociation",
    "respiratory_depression": "Respiratory depression",
}
LONGEST_WORST = 60


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
    def known(self) -> bool:
        """Whether there is anything to take over."""
        return bool(self.answers)

    @property
    def worst_words(self) -> str:
        return "" if self.worst is None else str(self.worst)

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
    What was not assessed or declined neither begins nor ends it; the worst is furthest from well,
    of two as far the sleepier one. Raises ``ValueError`` for an instrument without a well value.
    """
    well = _well(instrument)
    seen = usable_answers(answers, instrument, first_dose_at)
    onset, resolved = span([(point.at, point.value != well) for point in seen])
    if onset is None:
        return Proposed(instrument, len(seen))
    values = [point.value for point in seen if point.value is not None]
    worst = max(values, key=lambda value: (abs(value - well), -value))
    return Proposed(instrument, len(seen), onset, worst, resolved)


def span(points: Sequence[tuple[datetime, bool]]) -> tuple[datetime | None, datetime | None]:
    """Beginning and end of what is off in ``points`` (when, and whether off), in their order.

    The end is the first well one after the last that is off, where well ones reach over
    :data:`SETTLED` from there; ``None`` for what has not begun, or is not over.
    """
    off = [place for place, (_, is_off) in enumerate(points) if is_off]
    if not off:
        return None, None
    after = points[off[-1] + 1 :]
    settled = bool(after) and after[-1][0] - after[0][0] >= SETTLED
    return points[off[0]][0], after[0][0] if settled else None


def _well(instrument: str) -> int:
    scale = INSTRUMENTS[instrument]
    if scale.well is None:
        raise ValueError(f"{scale.label} names no value of somebody who is well")
    return scale.well


def usable_answers(
    answers: Iterable[AnswerPoint], instrument: str, first_dose_at: datetime | None
) -> Sequence[AnswerPoint]:
    """The answers with a value from the first dose on, as they were seen; struck ones left out."""
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


def episode(
    what: str,
    *,
    none: bool = False,
    onset_at: datetime | None = None,
    resolved_at: datetime | None = None,
    worst: str = "",
    medicine: bool | None = None,
    at: datetime,
    author: str,
) -> Draft:
    """What a person confirms of one episode: none, or when it began and, once over, when it was,
    and whether a ``medicine`` was given for it, which has no default.

    Raises ``ValueError`` with one line: an unknown episode, none with times or medicine, no onset,
    an end before the onset, a time that is still to come, no word on medicine.
    """
    checks.one_of(what, EPISODES, "Episode")
    label = LABELS[what]
    if none and (onset_at or resolved_at or worst.strip()):
        raise ValueError(f"{label}: none has no times")
    if none and medicine is not None:
        raise ValueError(f"{label}: none needs no medicine")
    if not none:
        if onset_at is None:
            raise ValueError(f"{label}: type when it began, or choose none")
        for moment in (onset_at, resolved_at):
            if moment is not None and moment > at:
                raise ValueError(f"{label}: {clock(moment)} is still to come")
        if resolved_at is not None and resolved_at < onset_at:
            raise ValueError(f"{label}: over {clock(resolved_at)} is before {clock(onset_at)}")
    worst = worst.strip()
    if len(worst) > LONGEST_WORST:
        raise ValueError(f"{label}: the worst is longer than {LONGEST_WORST} characters")
    if not none and medicine is None:
        raise ValueError(f"{label}: say whether medicine was given for it")
    if none:
        text = f"{label}: none"
    else:
        over = f"over {clock(resolved_at)}" if resolved_at else "not over"
        at_worst = f", worst {worst}" if worst else ""
        given = "medicine given" if medicine else "no medicine"
        text = f"{label}: from {clock(onset_at) if onset_at else ''}{at_worst}, {over}, {given}"
    body: dict[str, Any] = {
        "event": "episode",
        "what": what,
        "none": none,
        "onset_at": onset_at.isoformat() if onset_at else None,
        "resolved_at": resolved_at.isoformat() if resolved_at else None,
        "worst": worst or None,
        "text": text,
    }
    if medicine is not None:
        body["medicine"] = medicine
    return Draft("event", at, author, body)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The last that a person said of an episode. ``medicine`` ``None``: nobody was asked, as in
    records of before there was the question, or there was none to ask of."""

    what: str
    text: str
    at: datetime
    by: str
    none: bool
    resolved_at: datetime | None
    medicine: bool | None


@dataclass(slots=True)
class Episodes:
    """The fold of ``episode`` events: of each episode the last confirmation that stands."""

    said: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        if entry.kind == "event" and entry.body.get("event") == "episode":
            self.said.append(entry)
        elif entry.kind == "correction":
            self.said = [one for one in self.said if one.seq != entry.body["of_seq"]]

    @property
    def confirmed(self) -> dict[str, Confirmed]:
        return {one.body["what"]: _confirmed(one) for one in self.said}


def _confirmed(entry: Entry) -> Confirmed:
    body = entry.body
    over = body.get("resolved_at")
    return Confirmed(
        body["what"],
        body["text"],
        entry.at,
        entry.author,
        body.get("none", False),
        datetime.fromisoformat(over) if over else None,
        body.get("medicine"),
    )
