"""A monitor that says it has no value, and what a value's age is measured by."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.registry import DRIVERS
from ketamonitor.pace import Pace
from ketamonitor.view import Freshness
from tests.domain.alarm_course import AlarmCourse
from tests.domain.builders import at

HL7 = (("hl7", "tcp://127.0.0.1:2575"),)
CONTINUOUS = sorted(
    name for name, spec in DRIVERS.items() if any(m.key == "spo2" for m in spec.metrics)
)


@pytest.mark.parametrize("driver", CONTINUOUS)
def test_no_value_is_shown_at_once_and_never_the_old_number_as_fresh(driver: str) -> None:
    c = AlarmCourse(devices=((driver, "/dev/ttyUSB0"),))
    for _ in range(10):
        c.say(1, source=driver, spo2=98)
    assert c.view().values["spo2"].freshness is Freshness.FRESH
    c.say(1, source=driver, spo2=None)
    for _ in range(70):
        shown = c.view().values["spo2"]
        assert (shown.freshness, shown.value) == (Freshness.TECHNICAL, 98)
        assert shown.reason in ("no value", "no reading")
        c.say(1, source=driver, spo2=None)


def test_no_value_alarms_after_10_and_60_seconds_whatever_the_drivers_interval() -> None:
    c = AlarmCourse(devices=HL7)
    for _ in range(10):
        c.say(1, source="hl7", spo2=98)
    began = c.t
    found: dict[str, float] = {}
    for _ in range(70):
        c.say(1, source="hl7", spo2=None)
        for alarm in c.view().alarms:
            found.setdefault(alarm.priority, c.t - began)
    assert found == {"low": 11, "medium": 61}


def test_a_slow_sender_that_says_no_value_is_told_of_10_seconds_later() -> None:
    c = AlarmCourse(devices=HL7)
    for _ in range(4):
        c.say(60, source="hl7", spo2=98)
    c.say(60, source="hl7", spo2=None)
    assert c.view().values["spo2"].freshness is Freshness.TECHNICAL
    assert c.listed() == []
    c.run(11)
    assert c.listed() == ["no_reading:spo2"]
    assert c.active("no_reading:spo2").priority == "low"


def test_silence_of_a_fast_sender_ages_by_its_own_pace_and_not_by_the_drivers() -> None:
    c = AlarmCourse(devices=HL7)
    for _ in range(10):
        c.say(1, source="hl7", spo2=98)
    c.run(6)
    assert c.view().values["spo2"].freshness is Freshness.AGEING
    c.run(5)
    assert c.listed() == ["no_reading:spo2"]


def test_a_sender_that_is_slower_than_the_drivers_interval_is_not_waited_for_longer() -> None:
    c = AlarmCourse()
    for _ in range(6):
        c.say(30, spo2=98)
    assert c.live.changes(at(c.t)) == []
    c.run(11)
    assert c.listed() == ["no_reading:spo2"]


def test_a_sender_that_has_said_only_no_value_is_told_of_without_its_drivers_minute() -> None:
    c = AlarmCourse(devices=HL7)
    for _ in range(12):
        c.say(1, source="hl7", spo2=None)
    assert c.listed() == ["no_reading:hl7"]
    assert c.view().values["spo2"].reason == "no value"


def test_a_doubtful_value_is_gone_with_the_word_that_there_is_none() -> None:
    c = AlarmCourse()
    c.say(1, spo2=98)
    c.say(1, spo2=127)
    assert c.view().values["spo2"].freshness is Freshness.QUESTIONABLE
    c.say(1, spo2=None)
    assert c.view().values["spo2"].freshness is Freshness.TECHNICAL


def test_a_value_that_comes_again_is_shown_at_once() -> None:
    c = AlarmCourse()
    c.say(1, spo2=98)
    c.say(1, spo2=None)
    c.say(1, spo2=97)
    shown = c.view().values["spo2"]
    assert (shown.freshness, shown.value, shown.reason) == (Freshness.FRESH, 97, "")


def words(pace: Pace, *times: tuple[float, float]) -> float | None:
    """The pace after words measured and come at these seconds."""
    seconds = None
    for measured, came in times:
        seconds = pace.word(at(0) + timedelta(seconds=measured), at(0) + timedelta(seconds=came))
    return seconds


def test_one_word_or_one_gap_tells_no_pace() -> None:
    assert words(Pace(), (0, 0), (1, 1), (2, 2)) is None
    assert words(Pace(), (0, 0), (1, 1), (2, 2), (3, 3)) == 1


def test_one_hiccup_does_not_make_a_sender_slow() -> None:
    assert words(Pace(), *((t, t) for t in (0, 1, 2, 30, 31, 32))) == 1


def test_a_minutes_values_at_once_are_a_word_a_minute() -> None:
    batches = [(60 * n + t, 60 * n + 60 + t / 100) for n in range(4) for t in range(60)]
    assert words(Pace(), *batches) == pytest.approx(59.4, abs=1)


def test_times_to_the_minute_do_not_make_a_sender_fast() -> None:
    assert words(Pace(), *((60 * (t // 60), t) for t in range(200))) == 60


def test_a_flood_costs_no_memory() -> None:
    pace = Pace()
    for t in range(20_000):
        words(pace, (t / 8000, t / 8000))
    assert len(pace._gaps) < 10
