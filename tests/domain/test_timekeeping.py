"""What the recorder says of time itself, as drafts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import timekeeping
from ketamonitor.inbox import Waiting
from tests.fakes import START


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def told(drafts: object) -> list[Mapping[str, object]]:
    return [draft.body for draft in drafts]  # type: ignore[attr-defined]


def plain(seconds: float) -> float:
    return seconds


@pytest.mark.parametrize(("ahead", "before", "says"), [(1.9, 0, 0), (2.1, 0, 1), (-7200, 0, 1)])
def test_a_step_of_the_clock_is_told_and_slow_drift_is_not(
    ahead: float, before: float, says: int
) -> None:
    assert len(told(timekeeping.clock_changed(ahead, before, at(0)))) == says


def test_a_standstill_has_its_beginning_its_end_and_whether_it_was_sleep() -> None:
    assert told(timekeeping.stood_still(3.0, 0.0, at(100), plain)) == []
    for slept in (0.0, 40.0):
        (body,) = told(timekeeping.stood_still(40.0, slept, at(100), plain))
        assert body == {
            "event": "recorder_late",
            "for_s": 40.0,
            "from": at(60).isoformat(),
            "to": at(100).isoformat(),
            "slept": slept > 0,
        }


def test_what_waits_is_told_after_three_seconds_and_its_end_once() -> None:
    waits = [Waiting("s", "gw", at(0))]
    assert told(timekeeping.behind(waits, {}, at(3), plain)) == []
    (body,) = told(timekeeping.behind(waits, {}, at(3.1), plain))
    assert body == {"event": "behind", "source": "gw", "since": at(0).isoformat()}
    known = {"gw": at(0)}
    assert told(timekeeping.behind(waits, known, at(60), plain)) == []
    fresh = [Waiting("s", "gw", at(59))]
    for now_waiting in ([], fresh):
        (body,) = told(timekeeping.behind(now_waiting, known, at(60), plain))
        assert body == {
            "event": "caught_up",
            "source": "gw",
            "from": at(0).isoformat(),
            "to": at(60).isoformat(),
        }


def test_what_is_told_may_be_recorded_while_the_rest_is_still_asked_for() -> None:
    """The recorder takes in each draft before it asks for the next."""
    known = {"gw": at(0), "ox": at(0)}
    for draft in timekeeping.behind([], known, at(60), plain):
        known.pop(draft.body["source"])
    assert known == {}


@given(st.lists(st.floats(0, 5), max_size=200))
def test_time_that_is_held_back_is_told_from_a_second_on_and_seldom(steps: list[float]) -> None:
    held = last = 0.0
    count = 0
    for step in steps:
        held += step
        for draft in timekeeping.held_back(held, last, at(0)):
            count, last = count + 1, held
            assert draft.body["for_s"] == round(held, 1)
    assert (count > 0) == (held >= 1.0)
    assert count <= 11
    assert held < max(1.0, 2 * last)
