"""The test vectors of the proposed factory preset, all of them, against the shipped limits.

The figures stand here as the clinical source gives them; nothing is read from the protocol file
but what it is held against.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from devices.metrics import NIBP_DIA, NIBP_SYS
from ketamonitor import drafts
from ketamonitor.alarm_plan import AlarmLimit, TechnicalPlan
from tests.domain.alarm_course import AlarmCourse, shaped
from tests.domain.builders import at, cuff, protocol
from tests.domain.test_alarm_conditions import driven

BASELINE = (118, 74)


def infused(locked: bool = True) -> AlarmCourse:
    """Ten seconds into the infusion, with a locked baseline; nothing is asked of the oximeter."""
    quiet = TechnicalPlan(no_reading_s=3600, no_reading_medium_s=3600)
    c = AlarmCourse(shaped(technical=quiet))
    c.enter(cuff(1, *BASELINE))
    if locked:
        c.lock(*BASELINE)
    c.t = 10
    c.dose()
    return c


def priorities(c: AlarmCourse) -> Mapping[str, str]:
    return {key: alarm.priority for key, alarm in c.live.active.items()}


# Baseline 118/74: reading -> what holds after the first and after a second equal reading ----------

VECTORS: Mapping[str, tuple[tuple[int, int], dict[str, str], dict[str, str]]] = {
    "158/92: rise of 40": (
        (158, 92),
        {
            "nibp_sys>=base+30": "medium",
            "nibp_sys>=base%+20": "medium",
            "nibp_sys>=base+40": "medium",
        },
        {
            "nibp_sys>=base+30": "medium",
            "nibp_sys>=base%+20": "medium",
            "nibp_sys>=base+40": "high",
        },
    ),
    "150/100: the diastolic rise": (
        (150, 100),
        {
            "nibp_sys>=base+30": "medium",
            "nibp_sys>=base%+20": "medium",
            "nibp_dia>=100": "medium",
            "nibp_dia>=base+20": "medium",
            "nibp_dia>=base+25": "medium",
        },
        {
            "nibp_sys>=base+30": "medium",
            "nibp_sys>=base%+20": "medium",
            "nibp_dia>=100": "medium",
            "nibp_dia>=base+20": "medium",
            "nibp_dia>=base+25": "high",
        },
    ),
    "172/88: 160 and a rise of 54": (
        (172, 88),
        {
            "nibp_sys>=160": "medium",
            "nibp_sys>=base+30": "medium",
            "nibp_sys>=base%+20": "medium",
            "nibp_sys>=base+40": "medium",
        },
        {
            "nibp_sys>=160": "medium",
            "nibp_sys>=base+30": "medium",
            "nibp_sys>=base%+20": "medium",
            "nibp_sys>=base+40": "high",
        },
    ),
    "146/86: a rise of 23.7 percent": (
        (146, 86),
        {"nibp_sys>=base%+20": "medium"},
        {"nibp_sys>=base%+20": "medium"},
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_reading_and_a_second_equal_one(name: str) -> None:
    values, first, second = VECTORS[name]
    c = infused()
    c.enter(cuff(600, *values))
    assert priorities(c) == first
    c.enter(cuff(720, *values))
    assert priorities(c) == second


@pytest.mark.parametrize("name", VECTORS)
def test_the_first_reading_asks_for_a_repeat_in_two_minutes_where_a_second_would_be_high(
    name: str,
) -> None:
    values, first, second = VECTORS[name]
    c = infused()
    c.enter(cuff(600, *values))
    asked = {key for key, alarm in c.live.active.items() if alarm.repeat_at == at(720)}
    assert asked == {key for key in second if second[key] != first[key]}
    c.enter(cuff(720, *values))
    assert [a.repeat_at for a in c.live.active.values() if a.priority == "high"] == [None] * len(
        asked
    )


@pytest.mark.parametrize("name", VECTORS)
def test_what_a_vector_names_is_what_the_screen_lists_first(name: str) -> None:
    values, _, second = VECTORS[name]
    c = infused()
    c.enter(cuff(600, *values))
    assert c.view().alarms[0].priority == "medium"
    c.enter(cuff(720, *values))
    top = c.view().alarms[0]
    assert top.priority == ("high" if "high" in second.values() else "medium")
    assert second[top.id] == top.priority


def test_204_98_is_high_at_once() -> None:
    c = infused()
    c.enter(cuff(600, 204, 98))
    assert c.view().alarms[0].id == "nibp_sys>=200"
    assert c.view().alarms[0].priority == "high"
    assert c.heard() is not None
    c.enter(cuff(720, 204, 98))
    assert priorities(c)["nibp_sys>=200"] == "high"
    assert priorities(c)["nibp_sys>=180"] == "high"


@pytest.mark.parametrize("values", [(158, 92), (150, 100), (172, 88), (204, 98), (146, 86)])
def test_without_a_baseline_relative_limits_are_not_armed_and_absolute_ones_work(
    values: tuple[int, int],
) -> None:
    c = infused(locked=False)
    c.enter(cuff(600, *values))
    c.enter(cuff(720, *values))
    assert not [key for key in c.live.active if "base" in key]
    armed = {row.limit.id: row.bound for row in c.view().limits}
    relative = [row.id for row in protocol().limit if row.relative is not None]
    assert len(relative) == 7
    assert [armed[key] for key in relative] == [None] * 7
    sys, dia = values
    assert ("nibp_sys>=160" in c.live.active) is (sys >= 160)
    assert ("nibp_dia>=100" in c.live.active) is (dia >= 100)
    assert (priorities(c).get("nibp_sys>=180") == "high") is (sys >= 180)


@pytest.mark.parametrize("values", [(0, 0), (-100, -100), (90, 90), (85, 92), (120, 130)])
def test_zeros_sentinels_and_a_systolic_not_above_the_diastolic_are_technical(
    values: tuple[int, int],
) -> None:
    c = infused()
    for t_s in (600, 720):
        c.enter(driven(t_s, {NIBP_SYS: values[0], NIBP_DIA: values[1]}))
    assert set(c.live.active) >= {"implausible:nibp_sys", "implausible:nibp_dia"}
    assert {a.type for a in c.live.active.values()} == {"technical"}
    assert c.view().values["nibp_sys"].freshness.value == "questionable"


# The table of the preset, row by row --------------------------------------------------------------

Row = tuple[str, str, float, str, str | None]

#: (metric, op, value, priority, relative) of each bound that the source proposes.
PRESET: list[Row] = [
    ("nibp_sys", ">=", 140, "low", None),
    ("nibp_sys", ">=", 160, "medium", None),
    ("nibp_sys", ">=", 180, "high", None),
    ("nibp_sys", ">=", 200, "high", None),
    ("nibp_dia", ">=", 90, "low", None),
    ("nibp_dia", ">=", 100, "medium", None),
    ("nibp_dia", ">=", 110, "high", None),
    ("nibp_sys", ">=", 30, "medium", "baseline"),
    ("nibp_sys", ">=", 20, "medium", "baseline_percent"),
    ("nibp_sys", ">=", 40, "high", "baseline"),
    ("nibp_dia", ">=", 20, "medium", "baseline"),
    ("nibp_dia", ">=", 25, "high", "baseline"),
    ("nibp_sys", "<", 100, "medium", None),
    ("nibp_sys", "<=", -20, "medium", "baseline_percent"),
    ("nibp_sys", "<", 90, "high", None),
    ("nibp_sys", "<=", -30, "high", "baseline_percent"),
    *[
        (metric, *row, None)
        for metric in ("pulse", "hr")
        for row in (
            (">", 110, "medium"),
            (">", 130, "high"),
            ("<", 50, "medium"),
            ("<", 40, "high"),
        )
    ],
    ("spo2", "<", 92, "medium", None),
    ("spo2", "<", 88, "high", None),
    ("rr", "<", 10, "medium", None),
    ("rr", "<", 8, "high", None),
    ("rr", ">", 24, "medium", None),
    ("rr", ">", 30, "high", None),
    ("breaths", "<", 10, "medium", None),
    ("breaths", "<", 8, "high", None),
    ("breaths", ">", 24, "medium", None),
    ("breaths", ">", 30, "high", None),
    ("moaas", "<=", 4, "low", None),
    ("moaas", "<=", 3, "medium", None),
    ("moaas", "<=", 2, "high", None),
]

#: Seconds that a continuous value must hold; a cuff reading counts in readings.
HOLD_S: Mapping[tuple[str, float], float] = {
    **{(m, v): 10 for m in ("pulse", "hr") for v in (110, 130, 50, 40)},
    ("spo2", 92): 15,
    ("spo2", 88): 10,
    **{("rr", v): 15 for v in (10, 8, 24, 30)},
}
CLEAR_BY = {"nibp_sys": 3, "nibp_dia": 3, "pulse": 2, "hr": 2, "spo2": 1}


def shipped(row: Row) -> AlarmLimit:
    found = [
        limit
        for limit in protocol().limit
        if (limit.metric, limit.op, limit.value, limit.priority, limit.relative) == row
    ]
    assert len(found) == 1, f"{row} stands {len(found)} times in the file"
    return found[0]


@pytest.mark.parametrize("row", PRESET, ids=lambda row: f"{row[0]}{row[1]}{row[2]}{row[4] or ''}")
def test_each_bound_of_the_preset_with_its_persistence_and_hysteresis(row: Row) -> None:
    limit = shipped(row)
    metric, _, value, priority, _ = row
    assert limit.for_s == HOLD_S.get((metric, value), 0)
    assert limit.clear_by >= CLEAR_BY.get(metric, 0)
    assert limit.before_dose is (priority == "low" and metric.startswith("nibp"))
    confirmed = metric.startswith("nibp") and priority == "high" and value != 200
    assert (limit.confirm is not None) is confirmed
    if limit.confirm is not None:
        assert (limit.confirm.first, limit.confirm.readings) == ("medium", 2)
        assert limit.confirm.repeat_min == 2


def test_the_preset_has_no_other_bounds() -> None:
    assert len(protocol().limit) == len(PRESET)


def test_low_pressures_want_two_readings() -> None:
    """As the source: two readings. One below 90 is shown as MEDIUM until the second is there."""
    c = infused()
    c.enter(cuff(600, 95, 60))
    assert not [key for key in c.live.active if "<100" in key]
    c.enter(cuff(720, 95, 60))
    assert priorities(c)["nibp_sys<100"] == "medium"
    c = infused()
    c.enter(cuff(600, 84, 50))
    assert "high" not in priorities(c).values()
    c.enter(cuff(720, 84, 50))
    assert priorities(c)["nibp_sys<90"] == "high"


CONTINUOUS = [row for row in PRESET if (row[0], row[2]) in HOLD_S]


@pytest.mark.parametrize("row", CONTINUOUS, ids=lambda row: f"{row[0]}{row[1]}{row[2]:g}")
def test_a_continuous_value_alarms_after_its_seconds_and_ends_after_as_many(row: Row) -> None:
    metric, op, limit, _, _ = row
    hold_s = int(HOLD_S[metric, limit])
    out, side = (1, 1) if op == ">" else (-1, -1)
    good = {"spo2": 97.0, "rr": 14.0}.get(metric, 72.0)
    key = f"{metric}{op}{limit:g}"
    c = AlarmCourse()
    c.run(20, **{metric: good})
    c.say(**{metric: limit + out})
    c.run(hold_s - 1, **{metric: limit + out})
    assert key not in c.live.active
    c.say(**{metric: limit + out})
    assert key in c.live.active
    hysteresis = shipped(row).clear_by
    c.run(2 * hold_s, **{metric: limit - side * (hysteresis - 0.5)})
    assert key in c.live.active, "not far enough inside"
    c.say(**{metric: limit - side * hysteresis})
    c.run(hold_s - 1, **{metric: limit - side * hysteresis})
    assert c.active(key).ended_at is None, "not for long enough inside"
    c.say(**{metric: limit - side * hysteresis})
    over = c.live.active.get(key)
    assert over is None or over.ended_at is not None, "ended, or waits to be seen"


@pytest.mark.parametrize("row", CONTINUOUS, ids=lambda row: f"{row[0]}{row[1]}{row[2]:g}")
def test_one_good_value_in_between_begins_the_seconds_anew(row: Row) -> None:
    metric, op, limit, _, _ = row
    out = limit + (1 if op == ">" else -1)
    good = {"spo2": 97.0, "rr": 14.0}.get(metric, 72.0)
    c = AlarmCourse()
    c.run(int(HOLD_S[metric, limit]), **{metric: out})
    c.say(**{metric: good})
    c.run(int(HOLD_S[metric, limit]), **{metric: out})
    assert f"{metric}{op}{limit:g}" not in c.live.active


@pytest.mark.parametrize(
    ("answer", "priority"), [(5, None), (4, "low"), (3, "medium"), (2, "high")]
)
def test_sedation_alarms_on_entry(answer: int, priority: str | None) -> None:
    c = infused()
    c.enter(drafts.observation("moaas", "answered", answer, at=at(600), author="okafor"))
    alarms = c.view().alarms
    assert (alarms[0].priority if alarms else None) == priority


@pytest.mark.parametrize(
    ("sys", "ended"), [(159, False), (158, False), (157.5, False), (157, True), (120, True)]
)
def test_a_pressure_ends_its_alarm_three_mmhg_inside(sys: float, ended: bool) -> None:
    c = infused(locked=False)
    c.enter(cuff(600, 165, 80))
    c.enter(cuff(720, sys, 80))
    assert ("nibp_sys>=160" not in c.live.active) is ended


def test_no_pressure_is_a_reminder_at_the_grace_and_medium_at_twice_the_interval() -> None:
    c = infused()
    c.tick(10 + 900 + 121)  # the first slot after a single dose is 15 min after it
    assert [e.body["what"] for e in c.entries if e.body.get("event") == "overdue"] == ["bp"]
    assert "no_bp" not in c.live.active
    c.tick(10 + 1801)
    assert c.active("no_bp").priority == "medium"
    assert c.active("no_bp").type == "technical"


def test_a_value_that_stops_is_low_at_10_s_and_medium_at_60_s() -> None:
    c = AlarmCourse()
    c.say(spo2=97)
    c.run(11)
    assert priorities(c) == {"no_reading:spo2": "low"}
    c.run(50)
    assert priorities(c) == {"no_reading:spo2": "medium"}
