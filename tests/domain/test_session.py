"""The live session: which alarms entries lead to, and that a replay leads to the same state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamonitor import drafts
from ketamonitor.alarm_drafts import acknowledge
from ketamonitor.entries import Draft, Entry, chain
from ketamonitor.session import LiveSession
from ketamonitor.view import DueState, Freshness
from tests.domain.builders import SESSION, at, chained, cuff, link, protocol, reading, started


class Course:
    """A session as the recorder runs it: each draft, then the alarms it begins or ends."""

    def __init__(self, first: Draft | None = None) -> None:
        self.entries: list[Entry] = chained([first or started()])
        self.live = LiveSession(self.entries[0])

    def enter(self, draft: Draft, t_s: float | None = None) -> None:
        now = draft.at if t_s is None else at(t_s)
        self._append(draft)
        for change in self.live.changes(now):
            self._append(change)

    def tick(self, t_s: float) -> None:
        for change in self.live.changes(at(t_s)):
            self._append(change)

    def _append(self, draft: Draft) -> None:
        last = self.entries[-1]
        entry = chain(draft, SESSION, last.seq + 1, draft.at, last.hash)
        self.live.apply(entry)
        self.entries.append(entry)

    def alarms(self, event: str) -> list[tuple[str, float | None, float | None]]:
        return [
            (e.body["id"], e.body["value"], e.body["limit"])
            for e in self.entries
            if e.kind == "alarm" and e.body["event"] == event
        ]

    def view(self, t_s: float):  # type: ignore[no-untyped-def]
        return self.live.view(at(t_s), saved_at=None, unsaved=0, record_fault="")


def course(*steps: Draft) -> Course:
    made = Course()
    made.enter(link(0, "connected"))
    for step in steps:
        made.enter(step)
    return made


def test_a_limit_passed_is_one_alarm_until_a_value_is_inside_again() -> None:
    c = course(cuff(60, 150, 80), cuff(120, 165, 82), cuff(180, 171, 85), cuff(240, 140, 80))
    assert c.alarms("raised") == [("nibp_sys>=160", 165, 160)]
    assert [key for key, _, _ in c.alarms("cleared")] == ["nibp_sys>=160"]


def test_two_limits_on_one_side_are_two_entries_but_one_alert() -> None:
    c = course(cuff(60, 184, 90))
    assert c.alarms("raised") == [("nibp_sys>=160", 184, 160), ("nibp_sys>=180", 184, 180)]
    view = c.view(61)
    assert [a.text for a in view.alarms] == ["SYS 184 ≥ 180"]
    assert [a.id for a in view.covered] == ["nibp_sys>=160"]
    c.enter(cuff(120, 170, 90))
    assert [a.text for a in c.view(121).alarms] == ["SYS 170 ≥ 160"]


def test_of_equal_limits_the_newest_unacknowledged_is_listed() -> None:
    c = course(cuff(60, 120, 75))
    c.enter(drafts.baseline(120, 75, 3, at(60), at=at(61), author="okafor"))
    c.enter(cuff(120, 170, 80))
    assert [a.text for a in c.view(121).alarms] == ["SYS 170 ≥ 160"]
    c.enter(acknowledge(c.view(121).alarms[0], at=at(122), author="okafor"))
    c.enter(cuff(180, 190, 80))
    listed = c.view(181).alarms
    assert [(a.text, a.acknowledged_by) for a in listed] == [("SYS 190 ≥ 180", None)]
    assert len(c.view(181).covered) == 4


def test_the_text_has_enough_digits_to_be_true() -> None:
    c = course(cuff(60, 160.4, 90))
    assert [a.text for a in c.view(61).alarms] == ["SYS 160.4 ≥ 160"]


def test_relative_limits_alarm_only_once_the_baseline_is_locked() -> None:
    c = course(cuff(60, 118, 74), cuff(120, 158, 92))
    assert c.alarms("raised") == []
    c.enter(cuff(150, 120, 75))
    c.enter(drafts.baseline(118, 74, 3, at(60), at=at(160), author="okafor"))
    c.enter(cuff(180, 158, 92))
    assert {key for key, _, _ in c.alarms("raised")} == {
        "nibp_sys>=base+30",
        "nibp_sys>=base+40",
        "nibp_sys>=base%+20",
    }
    raised = {key: (value, limit) for key, value, limit in c.alarms("raised")}
    assert raised["nibp_sys>=base+40"] == (158, 158)


@pytest.mark.parametrize("mean", [-2, 0])
def test_an_implausible_value_is_technical_and_never_physiological(mean: float) -> None:
    c = course(reading(60, {"nibp_map": mean}, flags=["implausible:nibp_map"]))
    raised = [e.body for e in c.entries if e.kind == "alarm"]
    assert [(b["id"], b["type"], b["priority"]) for b in raised] == [
        ("implausible:nibp_map", "technical", "low")
    ]
    assert c.view(61).values["nibp_map"].freshness is Freshness.QUESTIONABLE
    c.enter(reading(120, {"nibp_map": 90}))
    assert [key for key, _, _ in c.alarms("cleared")] == ["implausible:nibp_map"]


def test_an_implausible_value_neither_begins_nor_ends_a_limit_alarm() -> None:
    c = course(cuff(60, 184, 90))
    c.enter(
        reading(
            120,
            {"nibp_sys": 60, "nibp_dia": 70},
            flags=["implausible:nibp_sys", "implausible:nibp_dia"],
        )
    )
    assert "nibp_sys>=180" not in [key for key, _, _ in c.alarms("cleared")]
    assert not [key for key, _, _ in c.alarms("raised") if "<" in key]


def test_a_missing_value_is_its_own_alarm_and_never_ends_another() -> None:
    c = course(reading(60, {"spo2": 85}))
    assert {key for key, _, _ in c.alarms("raised")} == {"spo2<92", "spo2<88"}
    for t_s in range(61, 92):
        c.enter(reading(t_s, {"spo2": None}))
    assert ("no_reading:spo2", None, None) in c.alarms("raised")
    assert c.alarms("cleared") == []
    assert c.view(92).values["spo2"].freshness is Freshness.TECHNICAL
    c.enter(reading(100, {"spo2": 97}))
    assert {key for key, _, _ in c.alarms("cleared")} == {
        "spo2<92",
        "spo2<88",
        "no_reading:spo2",
    }


def test_values_that_stop_are_an_alarm_that_no_value_brings() -> None:
    c = course(reading(60, {"pulse": 72}))
    c.tick(89)
    assert c.alarms("raised") == []
    c.tick(91)
    assert c.alarms("raised") == [("no_reading:pulse", None, None)]


def test_a_metric_that_never_had_a_value_has_no_alarm_but_a_silent_monitor_has() -> None:
    c = course(reading(10, {"spo2": None}))
    c.tick(29)
    assert c.alarms("raised") == []
    c.tick(31)
    assert c.alarms("raised") == [("no_reading:dinamap", None, None)]
    assert c.view(31).values["spo2"].freshness is Freshness.NO_DATA


def test_a_lost_link_is_one_alarm_and_not_one_for_each_value() -> None:
    c = course(reading(60, {"pulse": 72}), reading(60, {"spo2": 97}), cuff(60, 120, 80))
    c.enter(link(62, "lost", "cable pulled out"))
    c.tick(200)
    assert [key for key, _, _ in c.alarms("raised")] == ["link_lost:dinamap"]
    assert c.view(200).alarms[0].detail == "cable pulled out"
    pulse = c.view(200).values["pulse"]
    assert (pulse.freshness, pulse.reason) == (Freshness.TECHNICAL, "link lost")
    assert c.view(200).values["nibp_sys"].freshness is Freshness.FRESH
    c.enter(link(201, "identifying"))
    c.enter(link(201, "connected"))
    c.tick(202)
    assert [a.text for a in c.view(202).alarms] == ["dinamap: link lost"]
    c.enter(reading(203, {"pulse": 72, "spo2": 97}))
    assert [key for key, _, _ in c.alarms("raised")] == ["link_lost:dinamap"]
    assert [key for key, _, _ in c.alarms("cleared")] == ["link_lost:dinamap"]


def test_a_monitor_that_is_back_and_gives_nothing_has_the_alarms_of_its_values() -> None:
    c = course(reading(60, {"pulse": 72}))
    c.enter(link(62, "lost", "cable pulled out"))
    c.enter(link(100, "connected"))
    c.tick(131)
    assert [key for key, _, _ in c.alarms("cleared")] == ["link_lost:dinamap"]
    assert [a.id for a in c.view(131).alarms] == ["no_reading:pulse"]


def test_a_cuff_result_without_its_diastolic_says_so() -> None:
    c = course(cuff(60, 125, None, 68))
    assert [key for key, _, _ in c.alarms("raised")] == ["no_reading:nibp_dia"]
    assert c.view(61).values["nibp_dia"].value is None


def test_an_older_value_typed_late_changes_nothing_of_the_present() -> None:
    c = course(cuff(600, 120, 80))
    c.enter(drafts.manual_bp(190, 100, at=at(300), author="okafor"), t_s=610)
    assert c.alarms("raised") == []
    assert c.view(611).values["nibp_sys"].value == 120


def test_due_overdue_done_and_what_follows() -> None:
    c = course(cuff(60, 120, 80))
    c.enter(
        drafts.infusion_start(
            "ketamine", "iv", 34.2, 40, weight_kg=68.4, at=at(100), author="okafor"
        )
    )
    ten = 100 + 600
    states = {
        t: next(i for i in c.view(t).due if i.what == "bp").state
        for t in (ten - 181, ten - 1, ten, ten + 120, ten + 121)
    }
    assert states == {
        ten - 181: DueState.AHEAD,
        ten - 1: DueState.SOON,
        ten: DueState.DUE,
        ten + 120: DueState.DUE,
        ten + 121: DueState.OVERDUE,
    }
    c.tick(ten + 121)
    reminders = [e.body for e in c.entries if e.body.get("event") == "overdue"]
    assert [(b["what"], b["due_at"]) for b in reminders] == [("bp", at(ten).isoformat())]
    assert c.alarms("raised") == [], "a reminder is no alarm"
    c.tick(ten + 122)
    assert len([e for e in c.entries if e.body.get("event") == "overdue"]) == 1
    c.enter(cuff(ten + 130, 122, 80))
    assert next(i for i in c.view(ten + 131).due if i.what == "bp").state is DueState.LATE


def test_the_infusion_counts_only_while_it_runs() -> None:
    c = course()
    c.enter(drafts.infusion_start("ketamine", "iv", 40, 40, at=at(0), author="o"))
    c.enter(drafts.infusion_change("pause", "BP rise", at=at(600), author="o"))
    assert c.view(900).total_mg == pytest.approx(10)
    c.enter(drafts.infusion_change("resume", "", at=at(1200), author="o"))
    assert c.view(1260).total_mg == pytest.approx(11)
    assert c.view(1260).infusion.ends_at == at(1200 + 1800)
    assert c.view(99999).total_mg == pytest.approx(40)
    c.enter(drafts.infusion_change("stop", "patient asked", at=at(1800), author="o"))
    assert c.view(9999).total_mg == pytest.approx(20)


def test_acknowledged_stays_until_the_condition_ends_and_a_new_occurrence_alarms_anew() -> None:
    c = course(cuff(60, 165, 80))
    c.enter(acknowledge(c.view(61).alarms[0], at=at(62), author="okafor"))
    assert c.view(63).alarms[0].acknowledged_by == "okafor"
    c.enter(cuff(120, 150, 80))
    c.enter(cuff(180, 165, 80))
    assert c.view(181).alarms[0].acknowledged_by is None
    assert len(c.alarms("raised")) == 2


def test_a_worse_limit_alarms_although_the_milder_was_acknowledged() -> None:
    c = course(cuff(60, 165, 80))
    c.enter(acknowledge(c.view(61).alarms[0], at=at(62), author="okafor"))
    c.enter(cuff(120, 190, 80))
    top = c.view(121).alarms[0]
    assert (top.priority, top.acknowledged_by) == ("high", None)


def test_what_nobody_comes_to_becomes_high_once_on_a_side_and_not_for_each_limit() -> None:
    c = course(cuff(60, 165, 80), cuff(120, 205, 80))
    assert {a.id: a.priority for a in c.live.active.values()} == {
        "nibp_sys>=160": "medium",
        "nibp_sys>=180": "high",
    }
    c.tick(120 + 400)
    assert c.alarms("escalated") == []
    assert [a.text for a in c.view(521).alarms] == ["SYS 205 ≥ 180"]
    c.enter(cuff(600, 165, 80))
    assert [(a.text, a.priority) for a in c.view(601).alarms] == [("SYS 165 ≥ 160", "high")]


def test_a_high_alarm_nobody_has_seen_comes_back_as_high() -> None:
    c = Course(started(protocol()))
    for t_s, sys in ((60, 184), (120, 186), (240, 150)):
        c.enter(cuff(t_s, sys, 80))
    assert c.live.active["nibp_sys>=180"].ended_at is not None
    c.enter(cuff(600, 184, 80))
    again = c.live.active["nibp_sys>=180"]
    assert (again.priority, again.ended_at, again.since) == ("high", None, at(600))


def test_nothing_alarms_after_the_end() -> None:
    c = course(reading(60, {"pulse": 72}))
    c.enter(drafts.ended("finished", at=at(70), author="okafor"))
    c.tick(500)
    assert c.alarms("raised") == []


@pytest.mark.parametrize(
    ("t_s", "state"),
    [
        (64, Freshness.FRESH),
        (67, Freshness.AGEING),
        (75, Freshness.STALE),
        (91, Freshness.TECHNICAL),
    ],
)
def test_a_continuous_value_ages(t_s: float, state: Freshness) -> None:
    c = course(reading(60, {"pulse": 72}))
    c.tick(t_s)
    assert c.view(t_s).values["pulse"].freshness is state


def test_a_cuff_value_ages_by_its_schedule() -> None:
    c = course(cuff(60, 120, 80))
    assert c.view(60 + 899).values["nibp_sys"].freshness is Freshness.FRESH
    assert c.view(60 + 901).values["nibp_sys"].freshness is Freshness.AGEING
    assert c.view(60 + 1801).values["nibp_sys"].freshness is Freshness.STALE


values = st.one_of(st.none(), st.floats(-50, 350, allow_nan=False).map(lambda v: round(v, 2)))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("cuff"), values, values),
        st.tuples(st.just("spo2"), values, st.none()),
        st.tuples(st.just("pulse"), values, st.none()),
        st.tuples(st.just("link"), st.sampled_from(["lost", "silent", "connected"]), st.none()),
        st.tuples(st.just("wait"), st.floats(1, 400), st.none()),
        st.tuples(st.just("dose"), st.none(), st.none()),
        st.tuples(st.just("ack"), st.none(), st.none()),
        st.tuples(st.just("baseline"), st.none(), st.none()),
    ),
    max_size=40,
)


def play(moves: Iterable[tuple[str, object, object]]) -> tuple[Course, float]:
    c, t_s = course(), 1.0
    for what, a, b in moves:
        t_s += 1
        if what == "cuff":
            c.enter(cuff(t_s, a, b))  # type: ignore[arg-type]
        elif what in ("spo2", "pulse"):
            c.enter(reading(t_s, {what: a}))  # type: ignore[dict-item]
        elif what == "link":
            c.enter(link(t_s, str(a)))
        elif what == "wait":
            t_s += float(a)  # type: ignore[arg-type]
            c.tick(t_s)
        elif what == "dose":
            c.enter(drafts.dose("ketamine", "im", 30, at=at(t_s), author="o"))
        elif what == "ack":
            for alarm in c.view(t_s).alarms:
                c.enter(acknowledge(alarm, at=at(t_s), author="o"))
        elif what == "baseline":
            c.enter(drafts.baseline(120, 80, 1, at(0), at=at(t_s), author="o"))
    return c, t_s


@settings(max_examples=60, deadline=None)
@given(steps)
def test_replaying_the_list_gives_the_same_state_and_begins_no_alarm(
    moves: list[tuple[str, object, object]],
) -> None:
    c, t_s = play(moves)
    again = LiveSession(c.entries[0])
    for entry in c.entries[1:]:
        again.apply(entry)
    kwargs = {"saved_at": None, "unsaved": 0, "record_fault": ""}
    assert again.view(at(t_s), **kwargs) == c.live.view(at(t_s), **kwargs)  # type: ignore[arg-type]
    assert again.changes(at(t_s)) == []


@settings(max_examples=60, deadline=None)
@given(steps)
def test_every_alarm_is_raised_before_it_is_cleared_and_never_twice(
    moves: list[tuple[str, object, object]],
) -> None:
    c, _ = play(moves)
    active: set[str] = set()
    for entry in c.entries:
        if entry.kind != "alarm":
            continue
        event, key = entry.body["event"], entry.body["id"]
        if event == "raised":
            assert key not in active
            active.add(key)
        elif event == "cleared":
            active.remove(key)
    assert active == set(c.live.active)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 86400))
def test_the_gate_is_a_fixed_time_after_the_first_dose(t_s: float) -> None:
    c = course()
    c.enter(drafts.dose("esketamine", "nasal", 28, at=at(50), author="o"))
    c.enter(drafts.dose("esketamine", "nasal", 28, at=at(400), author="o"))
    assert c.view(400 + t_s).gate_at == at(50) + timedelta(minutes=70)
