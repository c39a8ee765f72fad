"""Patients of stored sessions: who is the same, what counts, what a search shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.patients import clash, known_patients, same, search, series_number
from ketamonitor.view import Patient
from tests.domain.builders import chained, started

MAREN = Patient("LINDQVIST, Maren", "0048-2917", date(1984, 3, 14))
OTHER = Patient("LINDGREN, Per", "0051-1200", date(1990, 1, 2))
FIRST = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Stored:
    patient: Patient | None
    days: int
    simulated: bool = False
    protocol_name: str = "iv-ketamine-40"
    protocol_title: str = "Ketamine IV"

    @property
    def id(self) -> str:
        return f"KM-{self.days:06}"

    @property
    def started_at(self) -> datetime:
        return FIRST + timedelta(days=self.days)


def test_simulated_and_damaged_sessions_are_nobodys() -> None:
    assert known_patients([Stored(MAREN, 1, simulated=True), Stored(None, 2)]) == []
    assert series_number([], MAREN) == 1


def test_a_patient_is_known_by_number_and_birth_and_written_as_last() -> None:
    married = Patient("LINDQVIST-HOLM, Maren", " 0048-2917", MAREN.born)
    known = known_patients([Stored(married, 7), Stored(MAREN, 0), Stored(OTHER, 3)])
    assert [(k.patient.name, k.sessions) for k in known] == [
        ("LINDQVIST-HOLM, Maren", 2),
        ("LINDGREN, Per", 1),
    ]
    assert known[0].last_session == "KM-000007"
    assert series_number(known, MAREN) == 3
    assert same(known, OTHER) is known[1]


def test_another_date_of_birth_is_another_patient_and_is_told() -> None:
    known = known_patients([Stored(MAREN, 0)])
    twin = Patient(MAREN.name, MAREN.mrn, date(1948, 3, 14))
    assert same(known, twin) is None
    assert series_number(known, twin) == 1
    assert "another date of birth" in clash(known, twin)
    assert MAREN.name not in clash(known, twin)
    assert clash(known, MAREN) == clash(known, OTHER) == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", []),
        ("   ", []),
        ("lind", ["LINDQVIST, Maren", "LINDGREN, Per"]),
        ("maren lind", ["LINDQVIST, Maren"]),
        ("0051", ["LINDGREN, Per"]),
        ("osei", []),
    ],
)
def test_a_search_needs_every_word_and_nothing_typed_shows_nobody(
    words: str, found: list[str]
) -> None:
    known = known_patients([Stored(MAREN, 2), Stored(OTHER, 1)])
    assert [one.patient.name for one in search(known, words)] == found


@given(st.permutations([Stored(MAREN, d) for d in range(4)] + [Stored(OTHER, 9)]))
def test_the_order_of_the_list_changes_nothing(sessions: list[Stored]) -> None:
    known = known_patients(sessions)
    assert series_number(known, MAREN) == 5
    assert [k.last_session for k in known] == ["KM-000009", "KM-000003"]


def test_the_place_in_the_series_is_in_the_record_and_old_records_have_none() -> None:
    draft = started()
    numbered = Draft(draft.kind, draft.at, draft.author, {**draft.body, "series": 3})
    assert Record.of(chained([numbered])).info.series == 3
    assert Record.of(chained([draft])).info.series is None
