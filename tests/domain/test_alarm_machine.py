"""A state machine over the live session: whatever is done in whatever order, alarms keep their
promises. ``make soak-alarms`` plays a million steps of the same."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.domain import alarm_machine as machine
from tests.domain import alarm_mutants as mutants
from tests.domain.alarm_machine import Player, course, play
from tests.domain.alarm_oracle import WrongError
from tests.processes import ran

sources = st.sampled_from(machine.SOURCES)
few = st.integers(1, 12)
share = st.integers(0, 100).map(lambda percent: percent / 100)


@st.composite
def readings(draw: st.DrawFn) -> dict[str, Any]:
    metrics = draw(st.sets(st.sampled_from(sorted(machine.VALUES)), min_size=1, max_size=2))
    return {
        metric: draw(
            st.one_of(st.sampled_from(machine.VALUES[metric]), st.sampled_from(machine.ODD))
        )
        for metric in sorted(metrics)
    }


class AlarmMachine(RuleBasedStateMachine):
    """Each rule is one action; every second of it is checked by the player."""

    @initialize(small=st.booleans())
    def begin(self, small: bool) -> None:
        self.player = Player(machine.compact() if small else None)

    def do(self, *action: Any) -> None:
        self.player.do(action)

    @rule(seconds=few, source=sources, values=readings(), flagged=st.booleans())
    def values(self, seconds: int, source: str, values: dict[str, Any], flagged: bool) -> None:
        self.do("values", seconds, source, values, flagged)

    @rule(
        source=sources,
        sys=st.sampled_from(machine.PRESSURES),
        dia=st.sampled_from((40, 74, 95, 101, 112)),
    )
    def cuff(self, source: str, sys: int, dia: int) -> None:
        self.do("values", 1, source, {"nibp_sys": sys, "nibp_dia": dia})

    @rule(seconds=few)
    def wait(self, seconds: int) -> None:
        self.do("wait", seconds)

    @rule(seconds=st.sampled_from((30, 61, 121, 181, 301, 901)))
    def sleep(self, seconds: int) -> None:
        self.do("sleep", seconds)

    @rule(ago=st.sampled_from((0, 60)), sys=st.sampled_from((118, 165, 186, 204)))
    def typed(self, ago: int, sys: int) -> None:
        self.do("typed", ago, sys, 80)

    @rule(value=st.integers(0, 5))
    def answer(self, value: int) -> None:
        self.do("answer", value)

    @rule(source=sources, state=st.sampled_from(machine.LINKS))
    def link(self, source: str, state: str) -> None:
        self.do("link", source, state)

    @rule(source=sources, event=st.sampled_from(machine.EVENTS))
    def event(self, source: str, event: str) -> None:
        self.do("event", source, event)

    @rule(name=st.sampled_from(sorted(machine.AUDITS)))
    def audit(self, name: str) -> None:
        self.do("audit", name)

    @rule(text=st.sampled_from(("", "the disk is full")))
    def fault(self, text: str) -> None:
        self.do("fault", text)

    @rule(which=st.integers(0, 5), milder=st.booleans())
    def acknowledge(self, which: int, milder: bool) -> None:
        self.do("ack", which, milder)

    @rule(which=st.integers(0, 63))
    def acknowledge_late(self, which: int) -> None:
        self.do("late_ack", which)

    @rule(ago=st.sampled_from((0, 0.5, 3)))
    def pause(self, ago: float) -> None:
        self.do("pause", ago)

    @rule(reason=st.sampled_from(machine.REASONS), which=st.integers(0, 3))
    def interrupt(self, reason: str, which: int) -> None:
        self.do("interrupt", reason, which)

    @rule(what=st.sampled_from(("audio", "alarm")))
    def resume(self, what: str) -> None:
        self.do("resume", what)

    @rule(which=st.integers(0, 60), far=share)
    def limit(self, which: int, far: float) -> None:
        self.do("limit", which, far)

    @rule(sys=st.sampled_from((100, 118, 140)))
    def baseline(self, sys: int) -> None:
        self.do("baseline", sys, 74)

    @rule()
    def dose(self) -> None:
        self.do("dose")

    @rule()
    def replay(self) -> None:
        self.do("replay")

    @rule(gap=st.sampled_from((5, 90, 1200)))
    def restart(self, gap: int) -> None:
        self.do("restart", gap)


TestAlarmMachine = AlarmMachine.TestCase
TestAlarmMachine.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("seed", range(6))
def test_a_random_course_keeps_every_promise(seed: int) -> None:
    actions = course(seed, 60)
    assert json.loads(json.dumps(actions)) == actions, "a failing course can be kept and played"
    play(actions)


@pytest.mark.parametrize(
    "mutant",
    [
        mutants.AcknowledgedForGood,
        mutants.AnyOccurrence,
        mutants.MarksLeftOver,
        mutants.OnlyWhenValuesCome,
        mutants.SoundsUnderThePause,
        mutants.PauseLooksAtNewOnesOnly,
        mutants.PauseWithoutEnd,
        mutants.RecordFaultUnhandled,
        mutants.LowNeedsHigh,
        mutants.OneEntryLate,
    ],
)
def test_the_machine_catches_a_faulty_manager(mutant: type[Any]) -> None:
    def hunt() -> None:
        for seed in range(12):
            play(course(seed, 80), mutant)

    with pytest.raises((WrongError, AssertionError)):
        hunt()


def test_the_soak_plays_and_counts() -> None:
    command = [sys.executable, "-m", "tests.soak", "--steps", "200", "--jobs", "1", "--seed", "7"]
    done = ran(command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed 7: 200 steps")
    assert "without a violation" in done.stdout
