"""What is typed about a patient: the bad cases first, then what must be taken."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import intake
from ketamonitor.typed import MONTHS

TODAY = date(2026, 11, 23)


def refused(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(ValueError, match=r"\S") as caught:
        call(*args, **kwargs)  # type: ignore[operator]
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type the weight in kg"),
        ("  ", "Type the weight in kg"),
        ("0", "above 0"),
        ("-5", "above 0"),
        ("abc", "a number in kg"),
        ("700", "between 25 and 350 kg"),
        ("24.9", "between 25 and 350 kg"),
        ("nan", "a number"),
        ("inf", "a number"),
        ("1e2", "a number"),
        ("6_8", "a number"),
        ("68.4 kg", "a number"),
        ("68.4.1", "a number"),
        ("٦٨", "a number"),
    ],
)
def test_a_weight_that_cannot_be_is_refused(typed: str, says: str) -> None:
    assert says in refused(intake.weight_kg, typed)


@pytest.mark.parametrize(
    ("typed", "kg"), [("68.4", 68.4), (" 68,4 ", 68.4), ("25", 25), ("350", 350)]
)
def test_a_weight_is_taken(typed: str, kg: float) -> None:
    assert intake.weight_kg(typed) == kg


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type the date of birth"),
        ("24 Nov 2026", "in the future"),
        ("2062-01-01", "in the future"),
        ("1880-01-01", "more than 120 years"),
        ("31 Feb 1984", "no such day"),
        ("03/04/1984", "two ways"),
        ("14 Mzr 1984", "14 Mar 1984"),
        ("1984", "14 Mar 1984"),
        ("84-03-14", "14 Mar 1984"),
        ("0000-01-01", "no such day"),
    ],
)
def test_a_birth_date_that_cannot_be_is_refused(typed: str, says: str) -> None:
    assert says in refused(intake.birth_date, typed, today=TODAY)


@given(st.dates(min_value=date(1920, 1, 1), max_value=TODAY))
def test_each_way_of_writing_a_date_means_the_same(born: date) -> None:
    month = MONTHS[born.month - 1].title()
    for typed in (
        born.isoformat(),
        f"{born.day} {month} {born.year}",
        f"{born.day}.{born.month}.{born.year}",
        f"{born.day:02}. {born.month:02}. {born.year}",
    ):
        assert intake.birth_date(typed, today=TODAY) == born


@given(st.text(max_size=20))
def test_nothing_typed_gets_past_without_a_clear_line(typed: str) -> None:
    for take in (intake.weight_kg, lambda t: intake.birth_date(t, today=TODAY)):
        with contextlib.suppress(ValueError):
            assert take(typed) is not None
            continue
        assert refused(take, typed)


@pytest.mark.parametrize("typed", ["", " ", "x" * 81, "1234"])
def test_a_name_must_be_one(typed: str) -> None:
    refused(intake.patient_name, typed)


def test_spaces_are_tidied_and_the_patient_is_made() -> None:
    made = intake.patient("  LINDQVIST,   Maren ", " 0048-2917", "14 Mar 1984", today=TODAY)
    assert (made.name, made.mrn, made.born) == ("LINDQVIST, Maren", "0048-2917", date(1984, 3, 14))


@pytest.mark.parametrize("typed", ["", "12.5", "-3", "x", "12345", "1 2"])
def test_a_pressure_is_a_whole_number(typed: str) -> None:
    refused(intake.whole, typed, "systolic", "mmHg")
