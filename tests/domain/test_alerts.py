"""Limits on one side of one quantity are one alert, and an acknowledgement is of what was there."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.alarm_review import bouts, review_session, summed
from ketamonitor.alarms.order import alert_key, rank, urgent_first
from ketamonitor.record import Record
from ketamonitor.report.alerts import counts
from ketamonitor.store import open_store
from ketamonitor.view import ActiveAlarm
from tests.domain.alarm_course import AlarmCourse
from tests.domain.builders import at, cuff, link

PARTS = (("nibp_sys", ">=", "180"), ("nibp_sys", ">=", "base+20"), ("nibp_sys", ">=", "160"))
IDS = [
    *(f"{metric}{op}{value}" for metric, op, value in PARTS),
    "nibp_sys<90",
    "nibp_sys<=80",
    "nibp_dia>=110",
    "spo2<88",
    "spo2<92",
    "spo2<base%-5",
]


def limit(id: str, priority: str, since: int, seen: int | None, over: int | None) -> ActiveAlarm:
    metric = id.split("<")[0].split(">")[0]
    return ActiveAlarm(
        id,
        "limit_passed",
        priority,
        "physiological",
        metric,
        1.0,
        2.0,
        id,
        "",
        at(since),
        acknowledged_at=None if seen is None else at(seen),
        acknowledged_by=None if seen is None else "okafor",
        priority_since=at(since),
        ended_at=None if over is None else at(over),
    )


@st.composite
def active(draw: st.DrawFn) -> dict[str, ActiveAlarm]:
    found = {}
    for id in draw(st.lists(st.sampled_from(IDS), unique=True)):
        since = draw(st.integers(0, 100))
        seen = draw(st.none() | st.integers(since, 200))
        over = None if seen is not None else draw(st.none() | st.integers(since, 200))
        found[id] = limit(id, draw(st.sampled_from(("high", "medium", "low"))), since, seen, over)
    return found


@given(active())
def test_there_is_one_alert_for_each_quantity_and_side_and_it_hides_nothing(
    alarms: dict[str, ActiveAlarm],
) -> None:
    shown = urgent_first(alarms)
    keys = [alert_key(a.condition, a.metric, a.id) for a in shown]
    assert sorted(keys) == sorted({alert_key(a.condition, a.metric, a.id) for a in alarms.values()})
    for alert, key in zip(shown, keys, strict=True):
        group = [a for a in alarms.values() if alert_key(a.condition, a.metric, a.id) == key]
        assert (alert.recorded or alert) in group
        attention = [a for a in group if a.acknowledged_at is None]
        holding = [a for a in group if a.ended_at is None]
        assert rank(alert.priority) <= min(rank(a.priority) for a in (*attention, *holding))
        assert alert.signals or not any(a.signals for a in group), "a tone behind a quiet alert"
        assert (alert.acknowledged_at is None) == bool(attention)
        assert (alert.ended_at is None) == bool(holding)


@given(active(), st.sampled_from(IDS))
def test_a_limit_passed_after_an_acknowledgement_is_not_covered_by_it(
    alarms: dict[str, ActiveAlarm], id: str
) -> None:
    seen = {
        key: replace(alarm, acknowledged_at=at(300), acknowledged_by="okafor", ended_at=None)
        for key, alarm in alarms.items()
        if key != id
    }
    late = limit(id, "low", 301, None, None)
    shown = {
        alert_key(a.condition, a.metric, a.id): a for a in urgent_first({**seen, late.id: late})
    }
    for key, alert in shown.items():
        assert (alert.acknowledged_at is None) == (
            key == alert_key("limit_passed", late.metric, id)
        )


def test_one_reading_of_205_over_120_is_two_alerts_and_the_record_keeps_every_limit() -> None:
    c = AlarmCourse()
    c.lock(120, 75)
    c.enter(cuff(60, 205, 120))
    raised = [key for key in c.told("raised") if key.startswith("nibp")]
    assert len(raised) > 6
    assert sorted(a.metric or "" for a in c.view().alarms) == ["nibp_dia", "nibp_sys"]
    assert len(bouts(c.live.record.alarms)) == 2
    for alert in c.view().alarms:
        c.acknowledge(alert.id)
    assert [a.acknowledged_at is not None for a in c.view().every_alarm] == [True] * len(raised)
    assert c.heard() is None


def test_a_milder_limit_passed_later_asks_anew_on_the_same_side() -> None:
    c = AlarmCourse()
    c.enter(cuff(60, 205, 70))
    c.acknowledge(c.view().alarms[0].id)
    (alert,) = c.view().alarms
    assert alert.acknowledged_at is not None
    c.t += 10
    c.lock(120, 75)  # the limits by the baseline are armed, and passed
    (alert,) = c.view().alarms
    assert alert.signals
    assert alert.priority == "high"
    assert alert.detail.startswith("new: ")
    c.run(60)
    assert c.heard() is not None, "it is heard, too"
    c.acknowledge(alert.id)
    assert not c.view().alarms[0].signals


def test_alerts_are_counted_by_one_definition_whatever_the_order() -> None:
    c = AlarmCourse()
    c.enter(cuff(60, 165, 70))
    c.enter(cuff(120, 205, 70))
    c.enter(cuff(180, 165, 70))
    c.enter(cuff(240, 120, 70))  # SYS >= 140 is over with the second reading inside
    c.enter(cuff(270, 120, 70))
    c.enter(cuff(300, 165, 70))
    found = bouts(c.live.record.alarms)
    assert [(b.priority, b.started_at) for b in found] == [("high", at(60)), ("medium", at(300))]
    assert found[0].ended_at == at(270)
    assert {e.id for e in found[0].episodes} >= {"nibp_sys>=160", "nibp_sys>=200"}
    assert found[1].started_at - found[0].started_at == timedelta(minutes=4)


@pytest.mark.parametrize("older", [False, True])
def test_list_review_and_report_count_alerts_alike(tmp_path: Path, older: bool) -> None:
    c = AlarmCourse()
    c.enter(link(1, "connected"))
    c.lock(120, 75)
    for t_s, sys in ((60, 165), (120, 205), (180, 120), (210, 120), (300, 205)):
        c.enter(cuff(t_s, sys, 120 if sys > 200 else 70))
    for alert in c.view().alarms:
        c.acknowledge(alert.id)
    record = Record.of(c.entries)
    found = bouts(record.alarms)
    by = {p: sum(b.priority == p for b in found) for p in ("high", "medium", "low")}
    path = tmp_path / "store.db"
    with open_store(str(path)) as store:
        store.append(c.entries)
    if older:  # as a version before wrote it
        with sqlite3.connect(path) as raw:
            raw.execute("DROP TRIGGER entries_never_updated")
            raw.execute("UPDATE entries SET tag = NULL WHERE tag LIKE 'alarm:%'")
        raw.close()
    with open_store(str(path), read_only=True) as store:
        (summary,) = store.sessions()
        assert store.wrong_tags(summary.id) == []
        assert dict(store.sessions()[0].alarms) == dict(summary.alarms)
    assert dict(summary.alarms) == by
    review = summed([review_session(c.entries)])
    assert dict(review.alerts) == by
    told = dict(counts(record))
    assert told["Alerts HIGH / MEDIUM / LOW"] == " / ".join(str(n) for n in by.values())


def test_a_damaged_alarm_entry_does_not_take_the_list_away(tmp_path: Path) -> None:
    c = AlarmCourse()
    c.enter(cuff(60, 205, 70))
    path = tmp_path / "store.db"
    with open_store(str(path)) as store:
        store.append(c.entries)
    (alarm, *_) = (e.seq for e in c.entries if e.kind == "alarm")
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TRIGGER entries_never_updated")
        raw.execute("UPDATE entries SET body = '{' WHERE seq = ?", (alarm,))
    raw.close()
    with open_store(str(path), read_only=True) as store:
        (summary,) = store.sessions()
    assert summary.entry_count == len(c.entries)
    assert sum(summary.alarms.values()) == 1
