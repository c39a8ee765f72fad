"""Alarm conditions are pure and total: every input class has a defined result for each limit."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.metrics import METRICS, NIBP_DIA, NIBP_SYS, SPO2
from devices.plausibility import judged
from devices.reading import Reading
from devices.registry import DRIVERS
from ketamonitor import drafts
from ketamonitor.alarm_drafts import INTERRUPTIONS
from ketamonitor.alarm_plan import AlarmLimit, Confirm, TechnicalPlan
from ketamonitor.alarms.conditions import expected, holding
from ketamonitor.alarms.limits import limit_alarm, usable
from ketamonitor.alarms.order import rank
from ketamonitor.alarms.situation import Known, Sample, Situation
from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.view import ActiveAlarm, Baseline, Interruption
from tests.domain.alarm_course import AlarmCourse, shaped
from tests.domain.builders import at, cuff, link, protocol, reading

BASE = Baseline(120, 75, at(0), at(1), "okafor")

#: Everything that may stand where a value should: class -> (value, may a limit judge it).
CLASSES: Mapping[str, tuple[Any, bool]] = {
    "value": (85, True),
    "decimals": (85.5, True),
    "None": (None, False),
    "NaN": (math.nan, False),
    "+inf": (math.inf, False),
    "-inf": (-math.inf, False),
    "bool": (True, False),
    "text": ("85", False),
    "empty text": ("", False),
    "list": ([85], False),
    "mapping": ({"value": 85}, False),
}

#: One row of each kind, each passed by 85 (or by what comes of it).
KINDS: Mapping[str, AlarmLimit] = {
    "absolute": AlarmLimit(metric="spo2", op="<", value=88, priority="high"),
    "for_s": AlarmLimit(metric="spo2", op="<", value=88, priority="high", for_s=10),
    "for_readings": AlarmLimit(
        metric="nibp_sys", op="<", value=90, priority="high", for_readings=2
    ),
    "confirm": AlarmLimit(
        metric="nibp_sys", op="<", value=90, priority="high", confirm=Confirm(first="medium")
    ),
    "hysteresis": AlarmLimit(metric="spo2", op="<", value=88, priority="high", clear_by=1),
    "baseline": AlarmLimit(
        metric="nibp_sys", op="<=", value=-30, priority="high", relative="baseline"
    ),
    "percent": AlarmLimit(
        metric="nibp_sys", op="<=", value=-20, priority="high", relative="baseline_percent"
    ),
    "trend": AlarmLimit(
        metric="spo2", op="<=", value=-4, priority="medium", relative="trend", trend_min=5
    ),
    "before_dose": AlarmLimit(
        metric="nibp_sys", op="<", value=90, priority="low", before_dose=True
    ),
    "instrument": AlarmLimit(metric="moaas", op="<=", value=3, priority="medium"),
}


def situation(
    limit: AlarmLimit,
    samples: Sequence[Sample] = (),
    *,
    now_s: float | None = None,
    baseline: Baseline | None = BASE,
    active: Mapping[str, ActiveAlarm] | None = None,
    dosed: bool = False,
    known: Mapping[str, Known] | None = None,
) -> Situation:
    newest = samples[-1].at if samples else at(0)
    plan = shaped(limit)
    return Situation(
        newest if now_s is None else at(now_s),
        at(0),
        plan,
        plan.limit,
        baseline,
        at(0) if dosed else None,
        known or {},
        {limit.metric: tuple(samples)} if samples else {},
        (),
        (),
        active or {},
    )


def run(*values: float, from_s: float = 0, every_s: float = 1) -> list[Sample]:
    return [Sample(at(from_s + i * every_s), value) for i, value in enumerate(values)]


# Each input class for each kind of limit ---------------------------------------------------------


@pytest.mark.parametrize("name", CLASSES)
def test_only_finite_numbers_are_judged(name: str) -> None:
    value, judged_by_limits = CLASSES[name]
    assert usable(value) is judged_by_limits
    assert usable(value, plausible=False) is False


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CLASSES)
def test_every_class_of_input_has_a_result_for_every_kind_of_limit(name: str, kind: str) -> None:
    """Through the whole session: a good value first, then three of the class, seconds apart."""
    value, is_number = CLASSES[name]
    limit = KINDS[kind]
    if limit.metric == "moaas":
        return  # typed by a person and checked there: test_an_answer_that_is_no_answer
    c = AlarmCourse(shaped(limit))
    c.lock(120, 75)
    for _ in range(3):
        c.say(1, **{limit.metric: 120 if limit.metric != "spo2" else 98})
    for _ in range(12):
        c.say(1, **{limit.metric: value})
    c.run(1)
    raised = [key for key in c.told("raised") if key == limit.id]
    assert raised == ([limit.id] if is_number else [])
    if not is_number and not METRICS[limit.metric].episodic:
        c.run(12, **{limit.metric: value})
        assert f"no_reading:{limit.metric}" in c.listed()
    elif not is_number:
        assert f"no_reading:{limit.metric}" in c.listed(), "a cuff that gave no number is told"


@pytest.mark.parametrize("kind", [k for k, row in KINDS.items() if row.metric != "moaas"])
@pytest.mark.parametrize("name", [n for n, (_, number) in CLASSES.items() if not number])
def test_what_is_no_number_never_ends_an_alarm(name: str, kind: str) -> None:
    """However long it lasts: the values by which the alarm began are not forgotten meanwhile."""
    limit = KINDS[kind]
    c = AlarmCourse(shaped(limit))
    c.lock(120, 75)
    c.say(1, **{limit.metric: 120 if limit.metric != "spo2" else 98})
    c.run(16, **{limit.metric: 85})
    begun = c.active(limit.id)
    c.run(150, **{limit.metric: CLASSES[name][0]})
    still = c.active(limit.id)
    assert still.since == begun.since
    assert still.ended_at is None


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_at_all_is_no_alarm_and_no_fault(kind: str) -> None:
    limit = KINDS[kind]
    assert limit_alarm(limit, situation(limit)) is None
    nothing = [Sample(at(0), None, usable=False)] * 20
    assert limit_alarm(limit, situation(limit, nothing)) is None


@pytest.mark.parametrize("value", [4, None, "declined", "not_assessed"])
def test_an_answer_that_is_no_answer(value: int | str | None) -> None:
    """Not asked, declined, not assessed: no alarm, and the last answer goes on counting."""
    c = AlarmCourse(shaped(KINDS["instrument"]))
    c.enter(drafts.observation("moaas", "answered", 2, at=at(10), author="okafor"))
    assert "moaas<=3" in c.listed()
    if isinstance(value, str):
        c.enter(drafts.observation("moaas", value, None, at=at(20), author="okafor"))
        assert "moaas<=3" in c.listed()
    elif value is not None:
        c.enter(drafts.observation("moaas", "answered", value, at=at(20), author="okafor"))
        assert "moaas<=3" not in c.listed()


def test_an_answer_off_its_scale_is_refused() -> None:
    for bad in (-1, 6, True, 2.5):
        with pytest.raises(ValueError, match="Sedation"):
            drafts.observation("moaas", "answered", bad, at=at(0), author="okafor")  # type: ignore[arg-type]


# Out of range, wrong unit, implausible ------------------------------------------------------------


def driven(t_s: float, values: Mapping[Any, float | None]) -> Draft:
    """A reading as a driver gives it: judged for plausibility on its way."""
    made = judged(Reading("dinamap", dict(values), at(t_s), at(t_s), ()))
    return Draft("reading", at(t_s), PROGRAM, made.as_json())


WRONG: Mapping[str, tuple[Mapping[Any, float], str]] = {
    "kPa": ({NIBP_SYS: 16, NIBP_DIA: 10}, "nibp_sys"),
    "a fraction": ({SPO2: 0.97}, "spo2"),
    "zeros": ({NIBP_SYS: 0, NIBP_DIA: 0}, "nibp_sys"),
    "a sentinel": ({NIBP_SYS: -100, NIBP_DIA: -100}, "nibp_sys"),
    "systolic not above diastolic": ({NIBP_SYS: 80, NIBP_DIA: 90}, "nibp_sys"),
    "beyond what a cuff can measure": ({NIBP_SYS: 655.35, NIBP_DIA: 70}, "nibp_sys"),
    "over a hundred percent": ({SPO2: 127}, "spo2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_unit_or_an_impossible_value_is_technical(name: str) -> None:
    values, metric = WRONG[name]
    c = AlarmCourse()
    c.lock(120, 75)
    c.enter(driven(10, values))
    raised = [e.body for e in c.entries if e.kind == "alarm" and e.body["event"] == "raised"]
    assert f"implausible:{metric}" in [b["id"] for b in raised]
    assert {b["type"] for b in raised} == {"technical"}


@pytest.mark.parametrize(
    ("metric", "value"),
    [("nibp_sys", 0), ("nibp_sys", -100), ("spo2", 0), ("spo2", 0.97), ("pulse", 0), ("rr", 0)],
)
def test_a_value_outside_its_metrics_range_is_technical_though_no_driver_flagged_it(
    metric: str, value: float
) -> None:
    """A driver of somebody else's may forget the flag; a lost sensor must not look like a value."""
    c = AlarmCourse()
    c.run(20, **{metric: value})
    raised = [e.body for e in c.entries if e.kind == "alarm" and e.body["event"] == "raised"]
    assert f"implausible:{metric}" in [b["id"] for b in raised]
    assert {b["type"] for b in raised} == {"technical"}


# Persistence, confirming, hysteresis --------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        ([85], False),
        ([85, 85], True),
        ([85, 95, 85], False),
        ([95, 85, 85], True),
        ([85, 85, 95], False),
    ],
)
def test_so_many_readings_in_a_row(values: list[float], holds: bool) -> None:
    limit = KINDS["for_readings"]
    found = limit_alarm(limit, situation(limit, run(*values, every_s=120)))
    assert (found is not None) is holds


@pytest.mark.parametrize(
    ("values", "priority"),
    [([85], "medium"), ([85, 85], "high"), ([85, 95, 85], "medium"), ([95], None)],
)
def test_one_reading_asks_for_a_repeat_and_the_second_confirms(
    values: list[float], priority: str | None
) -> None:
    limit = KINDS["confirm"]
    found = limit_alarm(limit, situation(limit, run(*values, every_s=120)))
    assert (found and found.priority) == priority
    if found is not None:
        asked = found.repeat_at
        newest = at((len(values) - 1) * 120)
        assert asked == (newest + timedelta(minutes=2) if priority == "medium" else None)


@pytest.mark.parametrize(("seconds", "holds"), [(0, False), (9, False), (10, True), (11, True)])
def test_so_many_seconds(seconds: int, holds: bool) -> None:
    limit = KINDS["for_s"]
    found = limit_alarm(limit, situation(limit, run(*[85] * (seconds + 1))))
    assert (found is not None) is holds


def test_the_time_of_dashes_is_no_time_beyond_a_limit_nor_inside() -> None:
    """A probe that slips off gives one low value, and one more when it is put back: two moments,
    not ten minutes. Nor do two good values with only dashes between them end an alarm."""
    c = AlarmCourse(shaped(KINDS["for_s"]))
    c.say(spo2=85)
    c.run(600, spo2=None)
    c.say(spo2=85)
    assert "spo2<88" not in c.live.active
    c.run(8, spo2=85)
    assert "spo2<88" not in c.live.active
    c.run(2, spo2=85)
    c.active("spo2<88")
    c.say(spo2=97)
    c.run(600, spo2=None)
    c.say(spo2=97)
    c.active("spo2<88")
    c.run(10, spo2=97)
    assert "spo2<88" not in c.live.active


def test_a_monitor_that_sends_once_a_minute_is_judged_too() -> None:
    """Each of its values stands for as long as it is current, and for no longer: the second low
    one alarms, and the second good one ends it."""
    c = AlarmCourse(shaped(KINDS["for_s"]))
    c.say(spo2=85)
    c.run(60)
    assert "spo2<88" not in c.live.active
    c.say(spo2=85)
    c.active("spo2<88")
    c.run(60)
    c.say(spo2=97)
    c.active("spo2<88")
    c.run(60)
    c.say(spo2=97)
    assert "spo2<88" not in c.live.active


@pytest.mark.parametrize(
    ("then", "ends"), [(87, False), (88, False), (88.9, False), (89, True), (97, True)]
)
def test_an_alarm_ends_only_when_the_value_is_far_enough_inside(then: float, ends: bool) -> None:
    c = AlarmCourse(shaped(KINDS["hysteresis"]))
    c.say(spo2=85)
    c.say(spo2=then)
    assert ("spo2<88" not in c.live.active) is ends


@pytest.mark.parametrize(
    ("limit", "inside", "edge"),
    [
        (AlarmLimit(metric="nibp_sys", op=">", value=160, priority="high"), 160, 160.1),
        (AlarmLimit(metric="nibp_sys", op=">=", value=160, priority="high"), 159.9, 160),
        (AlarmLimit(metric="spo2", op="<", value=92, priority="high"), 92, 91.9),
        (AlarmLimit(metric="spo2", op="<=", value=92, priority="high"), 92.1, 92),
    ],
)
def test_each_sign_means_what_it_says(limit: AlarmLimit, inside: float, edge: float) -> None:
    assert limit_alarm(limit, situation(limit, run(inside))) is None
    assert limit_alarm(limit, situation(limit, run(edge))) is not None


@pytest.mark.parametrize("percent", [20, 40, -20, -30, -35, -40])
@pytest.mark.parametrize("base", range(60, 200, 5))
def test_a_percent_limit_is_passed_at_the_very_value_that_is_so_many_percent(
    base: int, percent: int
) -> None:
    """70 % of 90 is 63, and 63 is beyond "30 % or more below": not lost in the 15th digit."""
    bound = base * (100 + percent) / 100
    op = ">=" if percent > 0 else "<="
    limit = AlarmLimit(
        metric="nibp_sys", op=op, value=percent, priority="medium", relative="baseline_percent"
    )
    own = replace(BASE, sys=base)
    assert limit_alarm(limit, situation(limit, run(bound), baseline=own)) is not None
    short = bound - 0.1 if percent > 0 else bound + 0.1
    assert limit_alarm(limit, situation(limit, run(short), baseline=own)) is None


# Baseline -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["baseline", "percent"])
def test_the_lock_of_the_baseline_arms_a_relative_limit(kind: str) -> None:
    limit = KINDS[kind]
    c = AlarmCourse(shaped(limit))
    c.enter(cuff(10, 85, 50))
    assert c.listed() == []
    assert [(row.limit.id, row.bound) for row in c.view().limits] == [(limit.id, None)]
    c.t = 20
    c.lock(120, 75)
    assert c.listed() == [limit.id]
    assert [row.bound for row in c.view().limits] == [90 if kind == "baseline" else 96]


def test_absolute_limits_need_no_baseline() -> None:
    c = AlarmCourse()
    c.enter(cuff(10, 204, 98))
    assert "nibp_sys>=200" in c.live.active
    assert not [key for key in c.live.active if "base" in key]


def test_a_limit_of_before_the_dose_ends_with_the_dose() -> None:
    limit = KINDS["before_dose"]
    c = AlarmCourse(shaped(limit))
    c.enter(cuff(10, 85, 50))
    assert c.listed() == [limit.id]
    c.dose()
    assert c.listed() == []
    c.enter(cuff(60, 85, 50))
    assert c.listed() == []


@pytest.mark.parametrize(("minutes", "holds"), [(4, True), (5, True), (6, False)])
def test_a_trend_looks_back_so_far_and_no_further(minutes: float, holds: bool) -> None:
    limit = KINDS["trend"]
    samples = [Sample(at(0), 97), Sample(at(minutes * 60), 93)]
    assert (limit_alarm(limit, situation(limit, samples)) is not None) is holds


# Properties ---------------------------------------------------------------------------------------

anything: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-500, 500),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=3),
)
plausible = st.integers(40, 250).map(float)
kinds = st.sampled_from(list(KINDS.values()))


@st.composite
def situations(draw: st.DrawFn, limit: AlarmLimit | None = None) -> Situation:
    """Anything a session could (or could not) be in, for one limit."""
    limit = limit or draw(kinds)
    samples: list[Sample] = []
    t_s = 0.0
    for value in draw(st.lists(st.one_of(plausible, anything), max_size=12)):
        t_s += draw(st.sampled_from([0.0, 1.0, 5.0, 120.0]))
        samples.append(Sample(at(t_s), value, usable(value)))
    active = None
    if draw(st.booleans()):
        when = at(draw(st.sampled_from([0.0, t_s])))
        alarm = ActiveAlarm(
            limit.id,
            "limit_passed",
            draw(st.sampled_from(["high", "medium", "low"])),
            "physiological",
            limit.metric,
            85,
            limit.value,
            "SYS 85 < 90",
            "",
            when,
            priority_since=when,
            ended_at=draw(st.sampled_from([None, when])),
        )
        active = {limit.id: alarm}
    numbers = st.one_of(st.none(), plausible)
    known = {
        limit.metric: Known(
            draw(numbers),
            draw(st.sampled_from([None, at(0), at(t_s)])),
            draw(st.sampled_from(["", "dinamap"])),
            draw(numbers),
            draw(st.sampled_from([None, at(t_s)])),
            draw(st.booleans()),
        )
    }
    return situation(
        limit,
        samples,
        now_s=t_s + draw(st.sampled_from([0.0, 1.0, 10.0, 400.0])),
        baseline=draw(st.sampled_from([None, BASE])),
        active=active,
        dosed=draw(st.booleans()),
        known=known,
    )


@settings(max_examples=150, deadline=None)
@given(situations())
def test_conditions_have_an_answer_for_anything_and_change_nothing(s: Situation) -> None:
    before = copy.deepcopy((dict(s.samples), dict(s.known), dict(s.active)))
    first, second = holding(s), holding(s)
    assert first == second or "nan" in repr(first)
    assert repr((dict(s.samples), dict(s.known), dict(s.active))) == repr(before)
    for alarm in first.values():
        assert alarm.priority in ("high", "medium", "low")
        assert alarm.value is None or math.isfinite(alarm.value)
        assert alarm.type == ("physiological" if alarm.condition == "limit_passed" else "technical")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_worse_value_never_gives_a_milder_result(data: st.DataObject) -> None:
    """The newest value further out: what held holds, at the same priority or a higher one."""
    limit = data.draw(kinds)
    s = data.draw(situations(limit))
    samples = list(s.samples.get(limit.metric, ()))
    if not samples or not samples[-1].usable or samples[-1].value is None:
        return
    found = limit_alarm(limit, s)
    by = data.draw(st.integers(1, 60))
    worse = samples[-1].value + (by if limit.upper else -by)
    samples[-1] = replace(samples[-1], value=worse)
    then = limit_alarm(limit, replace(s, samples={limit.metric: tuple(samples)}))
    if found is not None:
        assert then is not None
        assert rank(then.priority) <= rank(found.priority)


@settings(max_examples=60, deadline=None)
@given(st.integers(80, 180), st.integers(30, 250))
def test_the_lock_of_a_baseline_takes_no_alarm_away(base: int, sys: int) -> None:
    c = AlarmCourse()
    c.enter(cuff(10, sys, 25))
    before = set(c.live.active)
    c.t = 20
    c.lock(base, 60)
    assert before <= set(c.live.active)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(list(protocol().limit)),
    st.integers(80, 180),
    st.integers(200, 2900).map(lambda tenths: tenths / 10),
)
def test_the_words_of_an_alarm_are_true(limit: AlarmLimit, base: int, value: float) -> None:
    """Value, sign and limit as printed: never "15 > 15"."""
    limit = replace_limit(limit)
    found = limit_alarm(limit, situation(limit, run(value), baseline=replace(BASE, sys=base)))
    if found is None:
        return
    *_, left, sign, right = found.text.split(" ")
    a, b = float(left), float(right)
    assert {"≥": a >= b, "≤": a <= b, ">": a > b, "<": a < b}[sign]


def replace_limit(limit: AlarmLimit) -> AlarmLimit:
    """The row at its first value: without delay, confirming or a time of its own."""
    return AlarmLimit(
        metric=limit.metric,
        op=limit.op,
        value=limit.value,
        priority=limit.priority,
        relative=limit.relative,
    )


# Two rows that come to stand at one value ---------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_limits_changed_to_one_value_the_worse_counts(order: int) -> None:
    """The medium row set to the value of the high one must not take its place."""
    rows = (
        AlarmLimit(metric="spo2", op="<", value=92, priority="medium"),
        AlarmLimit(metric="spo2", op="<", value=88, priority="high"),
    )
    c = AlarmCourse(shaped(*rows[::order]))
    c.set_limit("spo2<92", 88)
    c.say(spo2=85)
    assert [a.priority for a in c.view().alarms] == ["high"]
    assert c.heard() is not None


# Technical conditions: each begins and ends -------------------------------------------------------


def test_no_reading_of_a_value_low_then_medium_then_over() -> None:
    c = AlarmCourse()
    c.say(spo2=97)
    c.run(10)
    assert c.listed() == []
    c.run(1)
    assert [(a.id, a.priority) for a in c.view().alarms] == [("no_reading:spo2", "low")]
    c.run(50)
    assert [(a.id, a.priority) for a in c.view().alarms] == [("no_reading:spo2", "medium")]
    c.say(spo2=97)
    assert c.listed() == []


def test_a_slow_monitor_is_given_its_own_time() -> None:
    slow = max(DRIVERS.values(), key=lambda spec: spec.interval_s)
    assert 2.5 * slow.interval_s > protocol().technical.no_reading_s, "no slow monitor to try"
    c = AlarmCourse(devices=((slow.name, "/dev/ttyUSB0"),))
    c.say(1, source=slow.name, spo2=97)
    c.run(int(2.5 * slow.interval_s))
    assert c.listed() == []
    c.run(2)
    assert "no_reading:spo2" in c.listed()


def test_a_monitor_that_never_gave_anything() -> None:
    c = AlarmCourse()
    c.run(10)
    assert c.listed() == []
    c.run(1)
    assert c.listed() == ["no_reading:dinamap"]
    c.say(spo2=97)
    assert c.listed() == []


def test_a_link_that_is_lost_and_back() -> None:
    c = AlarmCourse()
    c.say(spo2=97)
    c.enter(link(5, "lost", "cable pulled out"))
    assert [(a.id, a.priority, a.detail) for a in c.view().alarms] == [
        ("link_lost:dinamap", "medium", "cable pulled out")
    ]
    c.enter(link(9, "connected"))
    assert c.listed() == ["link_lost:dinamap"], "an open port alone is no monitor"
    c.say(spo2=97)
    assert c.listed() == []


def test_a_cuff_that_failed_until_it_measures() -> None:
    c = AlarmCourse()
    c.t = 10
    c.device("nibp_failed", text="leak in the cuff")
    assert [(a.id, a.detail) for a in c.view().alarms] == [("cuff_failed", "leak in the cuff")]
    c.enter(cuff(60, 120, 80))
    assert "cuff_failed" not in c.listed()


def test_a_probe_that_is_off_says_so() -> None:
    c = AlarmCourse()
    c.say(spo2=97)
    c.device("sensor_off", text="SpO₂ probe off")
    c.run(11)
    assert [a.text for a in c.view().alarms] == ["SpO₂: SpO₂ probe off"]
    c.device("sensor_on")
    c.say(spo2=97)
    assert c.listed() == []


def test_a_monitor_in_demonstration_mode() -> None:
    c = AlarmCourse()
    c.device("demo")
    assert c.listed() == ["demo:dinamap"]
    c.say(spo2=97)
    assert c.listed() == []


def test_a_battery_that_is_low() -> None:
    c = AlarmCourse()
    c.say(spo2=97)
    c.device("battery_low")
    assert c.listed() == ["battery_low:dinamap"]
    c.device("battery_ok")
    assert c.listed() == []


def test_a_record_that_cannot_be_saved() -> None:
    c = AlarmCourse()
    c.fault = "the disk is full"
    c.settle()
    assert [(a.id, a.priority) for a in c.view().alarms] == [("record_fault", "high")]
    c.fault = ""
    c.settle()
    assert c.listed() == []


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("program_fault", {"where": "the tick", "fault": "KeyError"}),
        ("recorder_late", {"for_s": 4.2}),
    ],
)
def test_what_is_over_when_it_is_known_is_shown_for_its_time(
    event: str, body: dict[str, Any]
) -> None:
    c = AlarmCourse(shaped(technical=TechnicalPlan(no_reading_s=3600, fault_shown_s=60)))
    c.audit(event, **body)
    assert c.listed() == [event]
    c.run(59)
    assert c.listed() == [event]
    c.run(1)
    assert c.listed() == []


@pytest.mark.parametrize("right", [True, False])
def test_a_clock_that_was_set_asks_until_somebody_has_said_which_is_right(right: bool) -> None:
    c = AlarmCourse(shaped(technical=TechnicalPlan(no_reading_s=3600, fault_shown_s=60)))
    c.audit("clock_changed", ahead_s=-7200.0)
    c.run(600)
    (alarm,) = c.view().alarms
    assert alarm.text == "The computer's clock was set"
    assert "2:00:00 behind session time" in alarm.detail
    assert "which is right?" in alarm.detail
    c.enter(drafts.clock_checked(right, at=at(c.t), author="okafor"))
    assert c.listed() == []
    c.audit("clock_changed", ahead_s=0.0)
    assert c.listed() == ["clock_changed"], "set once more, it is asked once more"


def test_a_source_that_sends_too_much_is_an_alarm_of_its_own_until_it_is_caught_up() -> None:
    c = AlarmCourse(shaped(technical=TechnicalPlan(no_reading_s=3600, fault_shown_s=60)))
    c.audit("behind", source="gw", since=at(0).isoformat())
    c.audit("behind", source="ox", since=at(0).isoformat())
    c.run(300)
    assert sorted(c.listed()) == ["behind:gw", "behind:ox"]
    assert {a.condition for a in c.view().alarms} == {"behind"}
    c.audit("caught_up", source="gw", **{"from": at(0).isoformat(), "to": at(c.t).isoformat()})
    assert c.listed() == ["behind:ox"]


@pytest.mark.parametrize(("what", "key"), [("sound", "no_sound"), ("lamp", "no_lamp")])
def test_a_signal_that_failed_until_it_is_ready(what: str, key: str) -> None:
    c = AlarmCourse(shaped(technical=TechnicalPlan(no_reading_s=3600)))
    c.audit(what, state="failed", text="no such output")
    c.run(300)
    assert c.listed() == [key]
    c.audit(what, state="ready", text="")
    assert c.listed() == []


def test_no_blood_pressure_for_two_intervals() -> None:
    c = AlarmCourse(shaped(technical=TechnicalPlan(no_reading_s=3600)))
    c.enter(cuff(1, 120, 80))
    c.dose()
    c.tick(1 + 1800)  # a single dose: the first slot is 15 min after it
    assert "no_bp" not in c.listed()
    c.tick(1 + 1801)
    assert "no_bp" in c.listed()
    c.enter(cuff(1810, 120, 80))
    assert "no_bp" not in c.listed()


# What a planned interruption covers ---------------------------------------------------------------


def alarm(key: str, kind: str, metric: str | None, priority: str) -> ActiveAlarm:
    return ActiveAlarm(key, "x", priority, kind, metric, None, None, key, "", at(0))


@pytest.mark.parametrize("reason", INTERRUPTIONS)
@pytest.mark.parametrize("metric", [None, *METRICS, "moaas"])
@pytest.mark.parametrize("kind", ["technical", "physiological"])
@pytest.mark.parametrize("priority", ["high", "medium", "low"])
def test_an_interruption_covers_its_metrics_and_never_a_high_limit(
    reason: str, metric: str | None, kind: str, priority: str
) -> None:
    named = INTERRUPTIONS[reason].metrics
    pause = Interruption(reason, at(0), at(120), "okafor", named, ())
    covered = expected(alarm("a", kind, metric, priority), pause)
    assert covered is (metric in named and (kind == "technical" or priority != "high"))


def test_what_still_holds_when_an_interruption_ends_alarms_anew() -> None:
    c = AlarmCourse(shaped(pause=protocol().pause))
    c.run(20, spo2=90)
    assert c.listed() == ["spo2<92"]
    c.interrupt("probe_off", 2)
    assert c.listed() == []
    c.run(119, spo2=90)
    assert c.listed() == []
    c.run(1, spo2=90)
    assert c.listed() == ["spo2<92"]
    assert [why for _, why, _ in c.ends("alarm")] == ["time is over"]


def test_a_reading_with_what_no_one_knows_is_left_alone() -> None:
    c = AlarmCourse()
    c.enter(reading(5, {"capnography": 38, "spo2": 97}))
    assert c.listed() == []


def test_a_reading_from_the_future_does_not_hide_those_that_follow() -> None:
    """A driver that trusts a clock an hour ahead: the crisis that follows is no old value."""
    c = AlarmCourse()
    ahead = cuff(3600, 120, 80)
    c.t = 10
    c._append(ahead)
    c.settle()
    c.enter(cuff(60, 212, 100))
    assert c.view().alarms[0].id == "nibp_sys>=200"
    assert c.view().values["nibp_sys"].value == 212
