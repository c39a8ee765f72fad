"""What the chart is fed: thinned lines keep extremes and gaps; one dot a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.alarm_course import AlarmEpisode
from ketamonitor.course import Series
from ui.widgets.tracks import GAP_S, Track, each_minute, thinned
from ui.widgets.trend_marks import merged

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

steps = st.lists(
    st.tuples(
        st.sampled_from([1.0, 2.0, 5.0, 31.0, 90.0]),
        st.one_of(st.none(), st.integers(60, 100).map(float)),
    ),
    min_size=1,
    max_size=300,
)


def arrays(course: list[tuple[float, float | None]]) -> tuple[np.ndarray, np.ndarray]:
    times = np.cumsum([step for step, _ in course]).astype(float)
    values = np.array([np.nan if v is None else v for _, v in course], float)
    return times, values


@given(steps, st.integers(1, 60))
def test_thinning_keeps_extremes_and_invents_nothing(
    course: list[tuple[float, float | None]], columns: int
) -> None:
    times, values = arrays(course)
    line = thinned(times, values, columns)
    known = values[~np.isnan(values)]
    assert np.isfinite(line.y).all()
    assert set(line.y) <= set(known)
    if len(known):
        assert (line.y.min(), line.y.max()) == (known.min(), known.max())
    assert len(line.x) == len(line.y) == len(line.joined)


@given(steps)
def test_no_line_crosses_a_gap(course: list[tuple[float, float | None]]) -> None:
    times, values = arrays(course)
    line = thinned(times, values, 10_000)
    for place in range(len(line.x) - 1):
        between = (times > line.x[place]) & (times < line.x[place + 1])
        gap = line.x[place + 1] - line.x[place] > GAP_S or bool(np.isnan(values[between]).any())
        assert not (gap and line.joined[place])


@given(steps, st.integers(1, 20))
def test_a_thinned_line_is_broken_wherever_the_whole_one_is(
    course: list[tuple[float, float | None]], columns: int
) -> None:
    times, values = arrays(course)
    line = thinned(times, values, columns)
    for place in range(len(line.x) - 1):
        inside = (times >= line.x[place]) & (times <= line.x[place + 1])
        one_group = line.joined[place] and place % 2 == 0
        if line.joined[place] and not one_group:
            assert not np.isnan(values[inside]).any()
            assert (np.diff(times[inside]) <= GAP_S).all()


def test_one_dot_a_minute_is_the_last_value_of_it() -> None:
    times = np.array([0.0, 30.0, 59.0, 61.0, 200.0])
    values = np.array([70.0, 71.0, np.nan, 73.0, 74.0])
    x, y = each_minute(times, values)
    assert list(x) == [30.0, 61.0, 200.0]
    assert list(y) == [71.0, 73.0, 74.0]


def test_a_track_takes_over_only_what_is_new() -> None:
    series, track = Series(), Track()
    for second in range(3000):
        series.add(START + timedelta(seconds=second), None if second % 7 == 0 else 97.0)
        if second % 500 == 0:
            track.absorb(series)
    track.absorb(series)
    times, values = track.between(-np.inf, np.inf)
    assert len(track) == len(times) == 3000
    assert times[0] == START.timestamp()
    assert np.isnan(values[::7]).all()
    inner, _ = track.between(START.timestamp() + 100, START.timestamp() + 200)
    assert inner[0] <= START.timestamp() + 100
    assert len(inner) <= 104


def episode(minute: float, priority: str) -> AlarmEpisode:
    return AlarmEpisode(
        1,
        "x",
        "limit_passed",
        priority,
        "physiological",
        "nibp_sys",
        184,
        180,
        ">=",
        "",
        "",
        START + timedelta(minutes=minute),
    )


def test_alarm_marks_under_four_minutes_apart_merge_into_the_highest() -> None:
    marks = merged(
        [episode(0, "medium"), episode(3, "high"), episode(6.5, "low"), episode(11, "low")]
    )
    assert [mark.priority for mark in marks] == ["high", "low"]
