"""Scenarios: the published profile, the same for a seed, and a cuff that can be asked."""

from itertools import pairwise
from random import Random
from statistics import mean

import pytest

from devices.simulated.patient import Determination, Failure
from devices.simulated.scenario import (
    PRESSURE_SHAPE,
    SCENARIOS,
    draw_course,
    scenario_patient,
    shape_at,
)

SEEDS = range(1, 11)
DOSE = 300.0


def cuff(name: str, seed: int, until_s: float = 7500) -> list[Determination]:
    return list(scenario_patient(name, seed).ended(until_s))


def systolics(determinations: list[Determination]) -> dict[float, float]:
    return {one.at: one.sys for one in determinations if one.sys is not None}


def test_a_thousand_sessions_agree_with_the_published_changes() -> None:
    random = Random(7)
    courses = [draw_course(random) for _ in range(1000)]
    at_40 = shape_at(PRESSURE_SHAPE, 40)
    at_90 = shape_at(PRESSURE_SHAPE, 90)
    assert 14.8 <= mean(c.rise_sys * at_40 for c in courses) <= 17.2
    assert 10.1 <= mean(c.rise_dia * at_40 for c in courses) <= 11.9
    assert 0.3 <= mean(c.rise_sys * at_90 for c in courses) <= 1.3
    severe = [c for c in courses if c.sys + c.rise_sys >= 180 or c.dia + c.rise_dia >= 110]
    assert 0.002 <= len(severe) / 1000 <= 0.025
    assert all(c.sys <= 140 and c.dia <= 90 and c.spo2 >= 94 for c in courses)


def test_shapes_are_nothing_before_the_dose_and_after_two_hours() -> None:
    assert [shape_at(PRESSURE_SHAPE, m) for m in (-5, 0, 5, 40, 120, 600)] == [0, 0, 0.175, 1, 0, 0]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_seed_gives_the_same_session_and_another_seed_another(name: str) -> None:
    one, same, other = (scenario_patient(name, seed) for seed in (3, 3, 4))
    moments = [0.0, 12.5, 300.0, 2500.0]
    assert [one.at(t) for t in moments] == [same.at(t) for t in moments]
    assert one.ended(4000) == same.ended(4000)
    assert one.at(100) != other.at(100)


def test_the_cuff_measures_at_20_s_until_the_dose_and_every_ten_minutes_from_it() -> None:
    starts = [one.started for one in cuff("calm", 1, 2000)]
    assert starts == [20, 300, 900, 1500]
    later = scenario_patient("calm", 1, dose_at_s=1000)
    assert [one.started for one in later.ended(2300)] == [20, 320, 620, 920, 1000, 1600, 2200]


@pytest.mark.parametrize("seed", SEEDS)
def test_severe_passes_180_and_a_pulse_of_120_only_around_the_peak(seed: int) -> None:
    high = [at for at, sys in systolics(cuff("iv-severe", seed)).items() if sys > 180]
    assert high
    assert all(DOSE + 28 * 60 <= at <= DOSE + 45 * 60 for at in high)
    patient = scenario_patient("iv-severe", seed)
    fast = [t for t in range(0, 7500, 5) if (patient.at(t).pulse or 0) > 120]
    assert fast
    assert all(DOSE + 8 * 60 <= t <= DOSE + 55 * 60 for t in fast)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["iv-mild", "calm"])
def test_mild_and_calm_stay_within_the_usual_limits(name: str, seed: int) -> None:
    determinations = cuff(name, seed)
    pressures = systolics(determinations)
    assert all(90 < sys < 180 for sys in pressures.values())
    assert all(one.dia is not None and one.dia < 110 for one in determinations)
    patient = scenario_patient(name, seed)
    for t in range(0, 7500, 30):
        vitals = patient.at(t)
        assert vitals.spo2 is not None
        assert 92 < vitals.spo2 <= 100
        assert vitals.pulse is not None
        assert 45 < vitals.pulse < 120
    peak = pressures[DOSE + 2400 + 25] - pressures[45]
    assert peak > 0 if name == "iv-mild" else abs(peak) < 16


@pytest.mark.parametrize("seed", SEEDS)
def test_desaturation_goes_to_86_for_a_minute_and_a_half_once(seed: int) -> None:
    patient = scenario_patient("desaturation", seed)
    low = [t for t in range(0, 7500, 5) if (patient.at(t).spo2 or 0) < 88]
    assert 90 <= low[-1] - low[0] <= 130
    assert all(b - a == 5 for a, b in pairwise(low))
    assert DOSE + 1500 <= low[0] <= DOSE + 1560


def test_a_host_starts_a_determination_of_25_s_and_none_while_one_runs() -> None:
    patient = scenario_patient("iv-mild", 1)
    assert patient.start(100)
    assert patient.measuring(100)
    assert not patient.start(110)
    assert patient.measuring(124.9)
    assert not patient.measuring(125)
    result = patient.ended(125)[-1]
    assert (result.started, result.at) == (100, 125)
    assert result.sys is not None
    assert 90 < result.sys < 150


def test_an_automatic_reading_that_finds_the_cuff_busy_is_left_out() -> None:
    patient = scenario_patient("iv-mild", 1)
    assert patient.start(10)
    assert [one.started for one in patient.ended(280)] == [10]


def test_cancelling_ends_it_without_a_result() -> None:
    patient = scenario_patient("iv-mild", 1)
    assert patient.cancel(50)
    assert patient.start(100)
    assert patient.cancel(110)
    assert not patient.measuring(110)
    assert patient.ended(200)[-1] == Determination(100, 110, failure=Failure.CANCELLED)


def test_what_was_shown_can_be_asked_again_later() -> None:
    patient = scenario_patient("iv-mild", 1)
    assert patient.start(100)
    before = patient.ended(100)
    patient.ended(5000)
    assert patient.ended(100) == before
    assert patient.measuring(110)
    assert not patient.measuring(130)
