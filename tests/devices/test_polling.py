"""One request at a time, in turn, on time, and a wait that is exact."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.polling import Answer, Poller
from tests.devices.wire import NOON, after

SECOND = timedelta(seconds=1)


def poller() -> Poller:
    made = Poller(("A", "B", "C"), SECOND, SECOND)
    made.restart(NOON)
    return made


def test_in_turn_each_once_a_second() -> None:
    asked = poller()
    sent = []
    for tick in range(0, 3000, 10):
        name = asked.take(after(tick / 1000))
        if name:
            sent.append((tick, name))
            assert asked.answered(name) is Answer.ASKED
    assert sent[:4] == [(0, "A"), (10, "B"), (20, "C"), (1000, "A")]
    assert len(sent) == 9


def test_the_next_waits_for_the_answer_or_the_time_out() -> None:
    asked = poller()
    assert asked.take(NOON) == "A"
    assert asked.take(after(0.999)) is None
    assert asked.wait(after(0.25)) == 0.75
    assert asked.take(after(1)) == "B"
    assert asked.given_up == ["A"]
    assert asked.answered("A") is Answer.LATE
    assert asked.answered("A") is Answer.UNASKED
    assert asked.answered("B") is Answer.ASKED


def test_single_requests_come_first_but_not_before_their_time() -> None:
    asked = poller()
    asked.once("X", after(0.5))
    asked.once("Y")
    order = []
    for at in (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        name = asked.take(after(at))
        if name:
            order.append(name)
            asked.answered(name)
    assert order == ["Y", "A", "B", "C", "X"]


def test_a_restart_drops_single_requests_and_says_which() -> None:
    asked = poller()
    asked.once("X")
    asked.once("Y")
    assert asked.take(NOON) == "X"
    assert asked.restart(after(5)) == ["Y", "X"]
    assert asked.take(after(5)) == "A"


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans(), st.booleans()), max_size=40))
def test_wait_is_exact_and_an_early_take_changes_nothing(
    steps: list[tuple[float, bool, bool]],
) -> None:
    asked, now = poller(), NOON
    for seconds, answers, single in steps:
        now += timedelta(seconds=seconds)
        if single:
            asked.once("X")
        wait = asked.wait(now)
        due = now + timedelta(seconds=wait)
        if wait > 0:
            assert asked.take(due - timedelta(microseconds=1)) is None
            assert asked.wait(now) == wait
        name = asked.take(due)
        assert name is not None
        now = due
        if answers:
            assert asked.answered(name) is Answer.ASKED
