"""Cuff control: no start while one runs or the arm rests, the interval, and the safety stop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from devices.cuff import LONGEST, NOTICE, OBEYS_WITHIN, REST, CuffControl, Step
from devices.metrics import NIBP_DIA, NIBP_SYS, SPO2
from devices.reading import DeviceEvent, Reading
from devices.spec import Command
from tests.devices.wire import NOON, after

BOTH = frozenset(Command)
START, CANCEL = Command.START_NIBP, Command.CANCEL_NIBP


def control(commands: frozenset[Command] = BOTH) -> CuffControl:
    made = CuffControl("x", commands)
    made.connected(NOON)
    return made


def event(kind: str, at: float, text: str = "") -> DeviceEvent:
    return DeviceEvent("x", kind, text, after(at))


def result(at: float) -> Reading:
    return Reading("x", {NIBP_SYS: 120.0, NIBP_DIA: 70.0}, after(at), after(at))


def refusal(step: Step | None) -> str:
    assert step is not None
    assert step.command is None
    assert step.event is not None
    assert step.event.kind == "refused"
    return step.event.text


def test_no_start_while_a_reading_runs_whoever_began_it() -> None:
    cuff = control()
    cuff.saw(event("nibp_measuring", 1), after(1))
    assert "is running" in refusal(cuff.ask(START, after(2)))


def test_no_start_within_thirty_seconds_of_the_last_reading() -> None:
    cuff = control()
    assert cuff.ask(START, after(0)) == Step(command=START)
    cuff.saw(event("nibp_measuring", 1), after(1))
    cuff.saw(event("nibp_done", 26), after(26))
    cuff.saw(result(26), after(26))
    assert "rests for another 20 s" in refusal(cuff.ask(START, after(36)))
    assert cuff.ask(START, after(56)) == Step(command=START)


def test_a_failed_reading_is_followed_by_the_same_rest() -> None:
    cuff = control()
    cuff.saw(event("nibp_failed", 10, "cuff loose"), after(10))
    assert "rests" in refusal(cuff.ask(START, after(39)))
    assert cuff.ask(START, after(40)).command is START


def test_a_reading_of_another_sensor_ends_nothing() -> None:
    cuff = control()
    cuff.saw(event("nibp_measuring", 1), after(1))
    cuff.saw(Reading("x", {SPO2: 97.0}, after(2), after(2)), after(2))
    cuff.saw(Reading("x", {NIBP_SYS: None}, after(2), after(2)), after(2))
    assert cuff.busy(after(3))


def test_two_touches_of_the_button_are_one_start() -> None:
    cuff = control()
    assert cuff.ask(START, after(0)).command is START
    assert "just been asked" in refusal(cuff.ask(START, after(1)))
    # a monitor that never obeyed can be asked again
    assert cuff.ask(START, after(OBEYS_WITHIN.total_seconds())).command is START


def test_a_cancel_always_goes_through() -> None:
    cuff = control()
    assert cuff.ask(CANCEL, after(0)) == Step(command=CANCEL)
    cuff.saw(event("nibp_measuring", 1), after(1))
    assert cuff.ask(CANCEL, after(2)) == Step(command=CANCEL)


def test_a_monitor_that_forgets_to_say_it_is_done_does_not_block_for_ever() -> None:
    cuff = control()
    cuff.saw(event("nibp_measuring", 0), after(0))
    assert cuff.ask(START, after(LONGEST.total_seconds() - 1)).command is None
    assert cuff.ask(START, after(LONGEST.total_seconds())).command is START


def test_a_link_lost_during_our_reading_stops_the_cuff_when_it_is_back() -> None:
    cuff = control()
    cuff.ask(START, after(0))
    cuff.saw(event("nibp_measuring", 1), after(1))
    step = cuff.connected(after(20))
    assert step is not None
    assert step.command is CANCEL
    assert step.event is not None
    assert step.event.kind == "nibp_failed"
    assert "told to stop" in step.event.text
    assert "rests" in refusal(cuff.ask(START, after(30)))


def test_a_reading_begun_at_the_monitor_is_not_stopped_by_us() -> None:
    cuff = control()
    cuff.saw(event("nibp_measuring", 1), after(1))
    assert cuff.connected(after(20)) is None


def test_a_break_longer_than_any_reading_stops_nothing() -> None:
    cuff = control()
    cuff.ask(START, after(0))
    assert cuff.connected(after(LONGEST.total_seconds())) is None


def test_the_interval_announces_and_then_starts() -> None:
    cuff = control()
    cuff.every(timedelta(minutes=5), after(0))
    assert cuff.wait(after(0)) == 290
    assert cuff.due(after(289)) is None
    step = cuff.due(after(290))
    assert step is not None
    assert step.command is None
    assert step.event is not None
    assert (step.event.kind, step.event.text) == (
        "nibp_announced",
        "the cuff will inflate in 10 s",
    )
    assert cuff.due(after(290)) is None
    assert cuff.wait(after(290)) == 10
    assert cuff.due(after(300)) == Step(command=START)
    assert cuff.due(after(300)) is None
    assert cuff.wait(after(300)) == 290


def test_a_late_look_still_leaves_the_whole_notice() -> None:
    cuff = control()
    cuff.every(timedelta(minutes=5), after(0))
    assert cuff.due(after(310)).event.text == "the cuff will inflate in 10 s"
    assert cuff.due(after(319)) is None
    assert cuff.due(after(320)) == Step(command=START)


def test_a_reading_by_hand_moves_the_interval() -> None:
    cuff = control()
    cuff.every(timedelta(minutes=5), after(0))
    cuff.ask(START, after(200))
    assert cuff.wait(after(200)) == 290


def test_the_interval_gives_way_to_a_running_reading() -> None:
    cuff = control()
    cuff.every(timedelta(minutes=5), after(0))
    cuff.due(after(290))
    cuff.saw(event("nibp_measuring", 295), after(295))
    assert cuff.due(after(300)) is None
    assert cuff.wait(after(300)) == 290


def test_a_break_announces_anew() -> None:
    cuff = control()
    cuff.every(timedelta(minutes=5), after(0))
    cuff.due(after(290))
    cuff.connected(after(400))
    assert cuff.due(after(400)).event.kind == "nibp_announced"
    assert cuff.due(after(409)) is None
    assert cuff.due(after(410)) == Step(command=START)


def test_three_failures_in_a_row_end_the_interval() -> None:
    cuff = control()
    cuff.every(timedelta(minutes=2), after(0))
    assert cuff.saw(event("nibp_failed", 10), after(10)) is None
    assert cuff.saw(event("nibp_failed", 130), after(130)) is None
    step = cuff.saw(event("nibp_failed", 250), after(250))
    assert "3 cuff readings in a row failed" in refusal(step)
    assert cuff.interval is None
    assert cuff.wait(after(251)) == float("inf")


def test_a_result_between_failures_counts() -> None:
    cuff = control()
    cuff.every(timedelta(minutes=2), after(0))
    cuff.saw(event("nibp_failed", 10), after(10))
    cuff.saw(event("nibp_failed", 130), after(130))
    cuff.saw(result(250), after(250))
    assert cuff.saw(event("nibp_failed", 370), after(370)) is None
    assert cuff.interval is not None


def test_no_interval_for_a_monitor_that_cannot_be_started_or_too_often() -> None:
    with pytest.raises(ValueError, match="cannot be started"):
        control(frozenset()).every(timedelta(minutes=5), NOON)
    with pytest.raises(ValueError, match="shortest interval"):
        control().every(timedelta(seconds=59), NOON)
    control(frozenset()).every(None, NOON)


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order: starts keep their distance and are announced."""

    def __init__(self) -> None:
        super().__init__()
        self.t = 0.0
        self.starts: list[float] = []
        self.runs_since: float | None = None
        self.ended: float | None = None
        self.noticed: float | None = None

    @initialize()
    def plug(self) -> None:
        self.cuff = control()

    def take(self, step: Step | None, *, by_itself: bool) -> None:
        if step is None:
            return
        if step.event is not None and step.event.kind == "nibp_announced":
            self.noticed = self.t
        if step.command is START:
            assert self.runs_since is None or self.t - self.runs_since >= LONGEST.total_seconds()
            assert self.ended is None or self.t - self.ended >= REST.total_seconds()
            if by_itself:
                assert self.noticed is not None
                assert self.t - self.noticed >= NOTICE.total_seconds()
            self.noticed = None
            self.starts.append(self.t)

    @rule(seconds=st.sampled_from([0.5, 5, 10, 29, 30, 31, 60, 200]))
    def time_passes(self, seconds: float) -> None:
        self.t += seconds
        for _ in range(3):
            self.take(self.cuff.due(after(self.t)), by_itself=True)

    @rule()
    def the_nurse_asks(self) -> None:
        self.take(self.cuff.ask(START, after(self.t)), by_itself=False)

    @rule(minutes=st.sampled_from([None, 1, 2, 5]))
    def interval(self, minutes: int | None) -> None:
        self.noticed = None
        self.cuff.every(None if minutes is None else timedelta(minutes=minutes), after(self.t))

    @rule()
    def it_measures(self) -> None:
        if self.runs_since is None:
            self.runs_since = self.t
        self.cuff.saw(event("nibp_measuring", self.t), after(self.t))
        self.runs_since = self.t

    @rule(good=st.booleans())
    def it_ends(self, good: bool) -> None:
        self.runs_since, self.ended = None, self.t
        said = result(self.t) if good else event("nibp_failed", self.t)
        self.take(self.cuff.saw(said, after(self.t)), by_itself=True)

    @rule()
    def the_cable_comes_back(self) -> None:
        self.runs_since = None  # what the monitor did meanwhile is not known
        self.noticed = None
        self.take(self.cuff.connected(after(self.t)), by_itself=True)

    @invariant()
    def waiting_is_never_negative(self) -> None:
        if hasattr(self, "cuff"):
            assert self.cuff.wait(after(self.t)) >= 0


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_any_order = AnyOrder.TestCase
