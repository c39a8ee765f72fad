"""Adverse events as a person enters them: what, whether serious and by which criteria, outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry

#: What is common after the drug (trial of esketamine with standard care, n = 227, PMC8407443
#: table 2); anything else is typed.
COMMON = (
    "Dizziness",
    "Dissociation",
    "Nausea",
    "Somnolence",
    "Headache",
    "Altered taste",
    "Blurred vision",
    "Blood pressure increased",
    "Vomiting",
    "Paraesthesia",
    "Anxiety",
    "Sedation",
)

#: What makes an event serious, by key (ICH E2A, 1994, section II.B).
SERIOUS = {
    "death": "Death",
    "life_threatening": "Life-threatening",
    "hospital": "Hospital stay, or a longer one",
    "disability": "Lasting disability",
    "important": "Otherwise medically important",
}

#: How it stands when it is entered, by key.
OUTCOMES = {
    "over": "Over",
    "getting_better": "Getting better",
    "not_over": "Not over",
    "lasting": "Over with lasting effects",
    "died": "Died",
    "unknown": "Not known",
}


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """One event as it was entered; ``criteria`` are keys of :data:`SERIOUS`."""

    seq: int
    what: str
    at: datetime
    by: str
    serious: bool
    criteria: tuple[str, ...]
    outcome: str
    description: str


@dataclass(frozen=True, slots=True)
class NoneSaid:
    """Somebody said that no serious adverse event had happened by then."""

    seq: int
    at: datetime
    by: str


@dataclass(slots=True)
class AdverseEvents:
    """All of a session, struck ones left out. Feed it every entry with :meth:`add`."""

    events: list[AdverseEvent] = field(default_factory=list)
    said_none: list[NoneSaid] = field(default_factory=list)

    @property
    def serious(self) -> list[AdverseEvent]:
        return [event for event in self.events if event.serious]

    @property
    def none_said(self) -> NoneSaid | None:
        """The last word that there was no serious one. An event that was entered after it takes
        it back: whoever said it did not know of that event, so it must be said anew."""
        last = max((event.seq for event in self.events), default=0)
        standing = [said for said in self.said_none if said.seq > last]
        return standing[-1] if standing and not self.serious else None

    def add(self, entry: Entry) -> None:
        body = entry.body
        if entry.kind == "event" and body.get("event") == "adverse":
            self.events.append(
                AdverseEvent(
                    entry.seq,
                    body["what"],
                    entry.at,
                    entry.author,
                    body["serious"],
                    tuple(body["criteria"]),
                    body["outcome"],
                    body["description"],
                )
            )
        elif entry.kind == "event" and body.get("event") == "adverse_none":
            self.said_none.append(NoneSaid(entry.seq, entry.at, entry.author))
        elif entry.kind == "correction":
            self.events = [event for event in self.events if event.seq != body["of_seq"]]
            self.said_none = [said for said in self.said_none if said.seq != body["of_seq"]]


def adverse(
    what: str,
    serious: bool | None,
    criteria: Sequence[str],
    outcome: str,
    description: str,
    *,
    at: datetime,
    author: str,
) -> Draft:
    """An adverse event that began at ``at``. ``serious`` has no default: ``None`` is refused.

    Raises ``ValueError`` with one line: nothing said of its seriousness, serious without a
    criterion or with no description, a criterion without seriousness, an unknown key.
    """
    what = checks.text(what, "What happened", 120)
    if serious is None:
        raise ValueError("Say whether it is serious")
    chosen = tuple(dict.fromkeys(checks.one_of(key, SERIOUS, "Criterion") for key in criteria))
    if serious and not chosen:
        raise ValueError("Choose what makes it serious")
    if chosen and not serious:
        raise ValueError("A criterion of a serious event goes with a serious one only")
    checks.one_of(outcome, OUTCOMES, "Outcome")
    if (outcome == "died") is not ("death" in chosen):
        raise ValueError("Death as outcome and as criterion go together")
    description = description.strip()
    if serious:
        checks.text(description, "Description of a serious event", checks.LONGEST_NOTE)
    if len(description) > checks.LONGEST_NOTE:
        raise ValueError(f"Description is longer than {checks.LONGEST_NOTE} characters")
    kind = "Serious adverse event" if serious else "Adverse event"
    body = {
        "event": "adverse",
        "what": what,
        "serious": serious,
        "criteria": list(chosen),
        "outcome": outcome,
        "description": description,
        "text": f"{kind}: {what}, {OUTCOMES[outcome].lower()}",
    }
    return Draft("event", at, author, body)


def adverse_none(known: AdverseEvents, *, at: datetime, author: str) -> Draft:
    """A person says that no serious adverse event has happened.

    Raises ``ValueError`` with one line where a serious one is recorded.
    """
    if known.serious:
        raise ValueError(f"A serious adverse event is recorded: {known.serious[-1].what}")
    body = {"event": "adverse_none", "text": "No serious adverse event"}
    return Draft("event", at, author, body)
