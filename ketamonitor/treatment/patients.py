"""The patients of the stored sessions: who they are, their last session, the place in a series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from ketamonitor.view import Patient


class Seen(Protocol):
    """What is read of a stored session (:class:`ketamonitor.store.SessionSummary` has it)."""

    @property
    def id(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def patient(self) -> Patient | None: ...
    @property
    def protocol_name(self) -> str: ...
    @property
    def protocol_title(self) -> str: ...
    @property
    def simulated(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """A patient with what may be taken over into a new session: identity, and nothing that safety
    hangs on. ``sessions`` counts the real ones, of every protocol; ``last_session`` is its id."""

    patient: Patient
    sessions: int
    last_at: datetime
    last_session: str
    protocol_name: str
    protocol_title: str


def _key(patient: Patient) -> tuple[str, date]:
    """Who is the same patient: record number and date of birth. A name may be written anew."""
    return " ".join(patient.mrn.split()).casefold(), patient.born


def known_patients(sessions: Iterable[Seen]) -> list[KnownPatient]:
    """Every patient of a real session, the one seen last first, as written down last.

    Simulated sessions are nobody's treatment and damaged ones name nobody: neither counts.
    """
    found: dict[tuple[str, date], KnownPatient] = {}
    for seen in sorted(sessions, key=lambda s: (s.started_at, s.id)):
        if seen.simulated or seen.patient is None:
            continue
        key = _key(seen.patient)
        before = found.pop(key, None)
        found[key] = KnownPatient(
            seen.patient,
            1 + (before.sessions if before else 0),
            seen.started_at,
            seen.id,
            seen.protocol_name,
            seen.protocol_title,
        )
    return sorted(found.values(), key=lambda known: known.last_at, reverse=True)


def search(known: Sequence[KnownPatient], words: str) -> list[KnownPatient]:
    """Those whose name or record number holds every word; nothing typed finds nobody, so that a
    list of other patients is never on the screen unasked."""
    wanted = words.casefold().split()
    if not wanted:
        return []
    return [
        one
        for one in known
        if all(word in f"{one.patient.name} {one.patient.mrn}".casefold() for word in wanted)
    ]


def same(known: Sequence[KnownPatient], patient: Patient) -> KnownPatient | None:
    """The known patient with this record number and date of birth."""
    return next((one for one in known if _key(one.patient) == _key(patient)), None)


def clash(known: Sequence[KnownPatient], patient: Patient) -> str:
    """A known patient with the same record number and another date of birth, in words; one of the
    two is a slip, or the number is another patient's. Empty where there is none."""
    mrn, born = _key(patient)
    for one in known:
        other, other_born = _key(one.patient)
        if other == mrn and other_born != born:
            return (
                "This record number is stored with another date of birth:"
                " check both before you start"
            )
    return ""


def series_number(known: Sequence[KnownPatient], patient: Patient) -> int:
    """Which session of the series the next one is: 1 for a patient nobody has seen here."""
    one = same(known, patient)
    return 1 + (one.sessions if one else 0)
