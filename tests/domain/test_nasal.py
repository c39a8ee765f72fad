"""The guide of the nasal devices: order, rest, expiry, and that only a confirmed device counts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.treatment.nasal import Nasal, Step, doubts, folded, record_step
from tests.domain.builders import SESSION, at, protocol

PLAN = protocol("spravato-84").dose
FRESH = date(2027, 6, 30)
ORDER = (Step.LOT, Step.DOTS, Step.HEAD, Step.FIRST, Step.SECOND, Step.EMPTY)


class Guide:
    """Entries of a session in which only the guide is used."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.nasal = Nasal()

    def do(self, step: Step, t_s: float, *, why: str = "", expiry: date = FRESH) -> None:
        made = record_step(
            self.nasal, PLAN, step, lot="AB12", expiry=expiry, why=why, at=at(t_s), author="okafor"
        )
        for draft in made:
            self.append(draft)

    def append(self, draft: Draft) -> None:
        prev = self.entries[-1].hash if self.entries else GENESIS
        entry = chain(draft, SESSION, len(self.entries) + 1, draft.at, prev)
        self.entries.append(entry)
        self.nasal.add(entry)

    def device(self, t_s: float, why: str = "") -> None:
        for number, step in enumerate(ORDER):
            self.do(step, t_s + 5 * number, why=why if step is Step.FIRST else "")

    @property
    def doses(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == "dose"]


def test_three_devices_are_84_mg_each_at_its_first_spray() -> None:
    guide = Guide()
    for number in range(3):
        guide.device(400 * number)
    assert guide.nasal.mg(PLAN) == Decimal(84)
    assert [(d.body["device_no"], d.body["mg"], d.body["lot"]) for d in guide.doses] == [
        (1, 28, "AB12"),
        (2, 28, "AB12"),
        (3, 28, "AB12"),
    ]
    assert [d.at for d in guide.doses] == [at(15), at(415), at(815)]
    assert (guide.nasal.first_at, guide.nasal.last_at) == (at(15), at(815))


def test_a_dot_that_is_left_is_sprayed_again_and_counts_once() -> None:
    guide = Guide()
    for number, step in enumerate((*ORDER[:5], Step.DOT_REMAINS, Step.SECOND, Step.EMPTY)):
        guide.do(step, number)
    assert guide.nasal.mg(PLAN) == 28
    assert len(guide.doses) == 1
    assert guide.nasal.rest_until(PLAN) == at(6) + timedelta(minutes=5)


def test_a_next_device_before_the_rest_is_over_asks_for_a_reason() -> None:
    guide = Guide()
    guide.device(0)  # second spray at 20 s
    for step in ORDER[:3]:
        guide.do(step, 200)
    assert doubts(guide.nasal, PLAN, Step.FIRST, at(300)) == [
        "The rest of 5 min is not over: 0:20 left"
    ]
    with pytest.raises(ValueError, match=r"not over: 0:20 left\. Type the reason"):
        guide.do(Step.FIRST, 300)
    assert doubts(guide.nasal, PLAN, Step.FIRST, at(320)) == []
    guide.do(Step.FIRST, 300, why="patient had begun")
    assert guide.entries[-1].body["text"].endswith(": patient had begun")


def test_an_expired_device_and_one_without_lot_are_refused() -> None:
    guide = Guide()
    with pytest.raises(ValueError, match="expired on 22 Nov 2026: take another one"):
        guide.do(Step.LOT, 0, expiry=date(2026, 11, 22))
    guide.do(Step.LOT, 0, expiry=date(2026, 11, 23))  # good until the end of that day
    with pytest.raises(ValueError, match="Lot is empty"):
        record_step(Nasal(), PLAN, Step.LOT, lot=" ", expiry=FRESH, at=at(0), author="okafor")
    with pytest.raises(ValueError, match="Type the expiry date"):
        record_step(Nasal(), PLAN, Step.LOT, lot="A", at=at(0), author="okafor")


def test_a_device_that_is_given_up_counts_nothing_and_needs_a_reason() -> None:
    guide = Guide()
    for step in ORDER[:4]:
        guide.do(step, 10)
    with pytest.raises(ValueError, match="Type the reason"):
        guide.do(Step.STOP, 20)
    guide.do(Step.STOP, 20, why="sneezed, prescriber told")
    assert guide.nasal.mg(PLAN) == 0
    assert guide.doses == []
    assert guide.nasal.first_at == at(10)  # some of it was sprayed: the clock has begun
    assert guide.nasal.next_steps() == (Step.LOT,)


def test_a_fourth_device_of_three_asks_for_a_reason() -> None:
    guide = Guide()
    for number in range(3):
        guide.device(400 * number)
    with pytest.raises(ValueError, match="All 3 devices of this protocol are confirmed"):
        guide.do(Step.LOT, 2000)


def test_a_struck_confirmation_counts_no_more() -> None:
    guide = Guide()
    guide.device(0)
    seq = next(e.seq for e in guide.entries if e.body.get("step") == "empty")
    body = {"of_seq": seq, "reason": "slip", "body": None}
    guide.append(Draft("correction", at(60), "okafor", body))
    assert guide.nasal.mg(PLAN) == 0
    assert guide.nasal.next_steps() == (Step.EMPTY, Step.DOT_REMAINS, Step.STOP)


def test_a_step_before_the_one_before_it_is_refused() -> None:
    guide = Guide()
    guide.do(Step.LOT, 60)
    with pytest.raises(ValueError, match="The step before was at 14:01:00"):
        guide.do(Step.DOTS, 30)


class AnyOrder(RuleBasedStateMachine):
    """Whoever presses what, when: a device counts only by all its steps, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.guide = Guide()
        self.t_s = 0.0
        self.path: list[Step] = []
        self.counted = 0
        self.sprayed_at: float | None = None
        self._spray = 0.0

    @rule(
        step=st.sampled_from(Step),
        wait_s=st.sampled_from([0, 1, 30, 200, 299, 300, 400]),
        why=st.sampled_from(["", "a reason"]),
    )
    def press(self, step: Step, wait_s: int, why: str) -> None:
        self.t_s += wait_s
        before = len(self.guide.entries)
        if not self._good(step, why):
            with pytest.raises(ValueError, match=r"."):
                self.guide.do(step, self.t_s, why=why)
            assert len(self.guide.entries) == before
            return
        self.guide.do(step, self.t_s, why=why)
        self._follow(step)

    def _good(self, step: Step, why: str) -> bool:
        """Written from the instructions and not from the code."""
        last = self.path[-1] if self.path else None
        if step is Step.STOP:
            return last is not None and bool(why)
        if step is Step.LOT:
            return last is None and (self.counted < 3 or bool(why))
        if step is Step.FIRST:
            rested = self.sprayed_at is None or self.t_s - self.sprayed_at >= 300
            return last is Step.HEAD and (rested or bool(why))
        before = {
            Step.DOTS: (Step.LOT,),
            Step.HEAD: (Step.DOTS,),
            Step.SECOND: (Step.FIRST, Step.DOT_REMAINS),
            Step.EMPTY: (Step.SECOND,),
            Step.DOT_REMAINS: (Step.SECOND,),
        }
        return last in before[step]

    def _follow(self, step: Step) -> None:
        self.path.append(step)
        if step in (Step.FIRST, Step.SECOND):
            self._spray = self.t_s
        if step in (Step.EMPTY, Step.STOP):
            self.counted += step is Step.EMPTY
            if Step.FIRST in self.path:
                self.sprayed_at = self._spray
            self.path = []

    @invariant()
    def only_confirmed_devices_count(self) -> None:
        nasal = self.guide.nasal
        assert nasal.mg(PLAN) == 28 * self.counted
        assert len(self.guide.doses) == self.counted
        assert (nasal.current is None) is (not self.path)

    @invariant()
    def folding_again_gives_the_same(self) -> None:
        assert folded(self.guide.entries).devices == self.guide.nasal.devices


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
