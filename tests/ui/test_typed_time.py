"""Times of day as typed: never in the future, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.pages.typed import FURTHEST_BACK, time_of_day

NOW = datetime(2026, 11, 23, 14, 36, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed", ["", "25:00", "14:60", "2pm", "14:5", "14:05:10", "-1:00", "half past"]
)
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        time_of_day(typed, NOW)


def test_a_time_still_to_come_is_refused() -> None:
    with pytest.raises(ValueError, match="14:37 is still to come"):
        time_of_day("14:37", NOW)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("14:36", (23, 14, 36)), ("9:05", (23, 9, 5)), ("1405", (23, 14, 5)), ("14.05", (23, 14, 5))],
)
def test_a_time_is_the_latest_that_has_passed(typed: str, expected: tuple[int, int, int]) -> None:
    at = time_of_day(typed, NOW)
    assert (at.day, at.hour, at.minute) == expected


def test_after_midnight_yesterday_evening_can_be_typed() -> None:
    now = datetime(2026, 11, 24, 0, 10, tzinfo=timezone(timedelta(hours=1)))
    assert time_of_day("23:55", now) == now - timedelta(minutes=15)


@given(st.times(), st.datetimes(timezones=st.just(UTC)))
def test_a_typed_time_is_never_in_the_future(typed: object, now: datetime) -> None:
    try:
        at = time_of_day(f"{typed:%H:%M}", now)
    except (ValueError, OverflowError):
        return
    assert timedelta(0) <= now - at <= FURTHEST_BACK
