"""The steady clock: it only counts, and its hour is that of the clock on the wall."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.clock import SteadyClock
from tests.processes import ran

#: A station that was started the evening before the clocks go back in Berlin (25 Oct 2026).
OVER_NIGHT = """
from datetime import UTC, datetime, timedelta
from ketamonitor.clock import SteadyClock
clock = SteadyClock()
began = clock.now()
clock._start = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC).astimezone()
before = clock.now()
clock._start += timedelta(seconds=2)
after = clock.now()
print(before.strftime("%H:%M %z"), after.strftime("%H:%M %z"), (after - before).seconds)
"""


@pytest.mark.skipif(os.name == "nt", reason="TZ is read on POSIX systems only")
def test_after_the_end_of_summer_time_it_is_the_hour_of_the_wall_and_no_second_is_lost() -> None:
    done = ran([sys.executable, "-c", OVER_NIGHT], env={**os.environ, "TZ": "Europe/Berlin"})
    assert done.stderr == ""
    assert done.stdout.split() == ["02:59", "+0200", "02:00", "+0100", "2"]


class Computer:
    """A computer whose clock can be set and which can sleep; hands out clocks that run on it."""

    def __init__(self) -> None:
        self.steady = self.awake = 1000.0
        self.wall = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

    def passes(self, seconds: float) -> None:
        self.awake += seconds
        self.sleeps(seconds)

    def sleeps(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += timedelta(seconds=seconds)

    def is_set(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)

    def clock(self, **more: Any) -> SteadyClock:
        def ask(what: str) -> Callable[[], Any]:
            return lambda: getattr(self, what)

        return SteadyClock(seconds=ask("steady"), wall=ask("wall"), awake=ask("awake"), **more)


def test_a_clock_that_is_set_moves_the_drift_and_not_the_time() -> None:
    computer = Computer()
    clock = computer.clock()
    before = clock.now()
    computer.is_set(-7200)
    computer.passes(5)
    assert clock.now() - before == timedelta(seconds=5)
    assert clock.drift() == pytest.approx(-7200)
    computer.is_set(7200)
    assert clock.drift() == pytest.approx(0)


def test_sleep_counts_as_time_and_is_told_apart_from_a_set_clock() -> None:
    computer = Computer()
    clock = computer.clock()
    before = clock.now()
    computer.passes(10)
    computer.sleeps(600)
    assert clock.now() - before == timedelta(seconds=610)
    assert clock.slept() == pytest.approx(600)
    assert clock.drift() == pytest.approx(0)


def test_it_goes_on_from_the_last_recorded_time_and_never_back_to_it() -> None:
    computer = Computer()
    clock = computer.clock()
    last = clock.now() + timedelta(hours=2)
    clock.not_before(last)
    assert clock.now() == last
    assert clock.drift() == pytest.approx(-7200)
    clock.not_before(last - timedelta(hours=1))
    assert clock.now() == last
    clock.follow()
    assert clock.now() == computer.wall


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["passes", "sleeps", "is_set", "resumes"]),
            st.floats(-1e6, 1e6, allow_nan=False),
        ),
        max_size=30,
    )
)
def test_session_time_never_runs_back_whatever_is_set_and_whenever_it_sleeps(
    course: list[tuple[str, float]],
) -> None:
    computer = Computer()
    clock = computer.clock()
    last, passed = clock.now(), 0.0
    for what, seconds in course:
        before = clock.now()
        if what == "resumes":
            clock.not_before(before + timedelta(seconds=seconds))
            assert clock.now() - before == timedelta(seconds=max(0.0, seconds))
        elif what == "is_set":
            computer.is_set(seconds)
            assert clock.now() == before
        else:
            getattr(computer, what)(abs(seconds))
            passed = (clock.now() - before).total_seconds()
            assert passed == pytest.approx(abs(seconds), abs=1e-3)
        assert clock.now() >= last
        last = clock.now()


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf"), 1e9, 1e-9])
def test_a_speed_that_cannot_be_is_refused_with_what_can(speed: float) -> None:
    with pytest.raises(ValueError, match=r"from 0\.01 to 10,000"):
        SteadyClock(speed)
