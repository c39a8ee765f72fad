"""The schedule: no order of events makes a due item vanish or takes one entry twice."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.schedule import due_items
from ketamonitor.view import DueState
from tests.domain.builders import at, protocol

SPRAVATO = protocol("spravato-84")
IV = protocol()


def bp(done_min: list[float], now_min: float, used=SPRAVATO):  # type: ignore[no-untyped-def]
    done = {"bp": [at(60 * m) for m in done_min]}
    items = due_items(used, at(0), done, at(60 * now_min))
    return [i for i in items if i.what == "bp"]


def test_nothing_is_due_before_the_first_dose() -> None:
    assert due_items(IV, None, {}, at(0)) == ()


def test_the_named_reading_counts_only_inside_its_window() -> None:
    assert bp([34.9], 45)[0].state is DueState.DUE
    assert bp([35], 45)[0].state is DueState.DONE
    assert bp([10, 20, 30], 50.1)[0].state is DueState.OVERDUE


def test_a_late_reading_is_done_but_never_for_the_next_slot() -> None:
    forty, last = bp([55], 60)
    assert (forty.state, forty.done_at) == (DueState.DONE, at(55 * 60))
    assert last.state is DueState.AHEAD


@given(
    done=st.lists(st.floats(-30, 200), max_size=30),
    now=st.floats(0, 300),
    seed=st.integers(0, 1000),
)
def test_order_does_not_matter_and_every_slot_is_there(
    done: list[float], now: float, seed: int
) -> None:
    shuffled = done[:]
    random.Random(seed).shuffle(shuffled)
    items = bp(done, now, IV)
    assert items == bp(shuffled, now, IV)
    assert [i.at for i in items] == [at(60 * m) for m in IV.due[0].minutes]
    hits = [i.done_at for i in items if i.done_at]
    assert len(hits) == len(set(hits)) or len(done) != len(set(done))
    early = timedelta(minutes=IV.due[0].early_min)
    assert all(i.done_at >= i.at - early for i in items if i.done_at)


@given(now=st.floats(0, 300))
def test_undone_slots_go_from_ahead_to_due_to_overdue(now: float) -> None:
    moment: datetime = at(60 * now)
    for item in bp([], now, IV):
        expected = DueState.AHEAD
        if moment >= item.at:
            expected = DueState.DUE
        if moment > item.at + timedelta(minutes=2):
            expected = DueState.OVERDUE
        assert item.state is expected
