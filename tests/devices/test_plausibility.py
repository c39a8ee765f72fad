"""What is doubtful, and that a doubtful mean never hides a crisis."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.metrics import METRICS, NIBP_DIA, NIBP_MAP, NIBP_SYS, SPO2, Metric
from devices.plausibility import doubtful, judged
from devices.reading import Reading
from tests.devices.wire import NOON


@pytest.mark.parametrize(
    ("sys", "dia", "mean", "flagged"),
    [
        (128, 79, 95, ()),
        (128, 79, 79, ()),
        (128, 79, 128, ()),
        (128, 79, -2, ("nibp_map",)),
        (263, 140, 300, ("nibp_map",)),
        (184, 100, 190, ("nibp_map",)),
        (184, 100, 90, ("nibp_map",)),
        (80, 80, 80, ("nibp_sys", "nibp_dia", "nibp_map")),
        (79, 128, 95, ("nibp_sys", "nibp_dia", "nibp_map")),
        (79, 128, None, ("nibp_sys", "nibp_dia")),
        (0, 0, 0, ("nibp_sys", "nibp_dia", "nibp_map")),
        (128, None, 95, ()),
        (128, None, 140, ("nibp_map",)),
        (None, 79, 70, ("nibp_map",)),
        (None, None, None, ()),
        (math.nan, 79, 95, ("nibp_sys",)),
        (math.inf, 79, 95, ("nibp_sys",)),
    ],
)
def test_pressures(
    sys: float | None, dia: float | None, mean: float | None, flagged: tuple[str, ...]
) -> None:
    flags = doubtful({NIBP_SYS: sys, NIBP_DIA: dia, NIBP_MAP: mean})
    assert flags == tuple(f"implausible:{key}" for key in flagged)


maybe = st.none() | st.floats()


@given(st.dictionaries(st.sampled_from(list(METRICS.values())), maybe))
def test_flags_name_only_values_that_are_there(values: dict[Metric, float | None]) -> None:
    flags = doubtful(values)
    there = {f"implausible:{m.key}" for m, v in values.items() if v is not None}
    assert set(flags) <= there
    assert len(set(flags)) == len(flags)


@given(st.sampled_from(list(METRICS.values())), st.floats())
def test_outside_the_range_is_doubtful_and_inside_is_not(metric: Metric, value: float) -> None:
    inside = metric.low <= value <= metric.high
    assert (doubtful({metric: value}) == ()) is inside


@given(st.integers(31, 290), st.integers(10, 220), st.floats())
def test_no_mean_can_make_a_good_systolic_doubtful(sys: int, dia: int, mean: float) -> None:
    if dia < sys:
        flags = doubtful({NIBP_SYS: sys, NIBP_DIA: dia, NIBP_MAP: mean})
        assert set(flags) <= {"implausible:nibp_map"}


def test_judged_adds_flags_and_keeps_those_there() -> None:
    reading = Reading("x", {SPO2: 101.0}, NOON, NOON, ("manual",))
    assert judged(reading).flags == ("manual", "implausible:spo2")
    fine = Reading("x", {SPO2: 98.0}, NOON, NOON)
    assert judged(fine) is fine
