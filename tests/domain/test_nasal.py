"""Nasal devices: nothing counts before no green dot is left; every other order is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.schedule import due_of
from ketamonitor.treatment.closing import open_items
from ketamonitor.treatment.discharge import dose_end
from ketamonitor.treatment.gates import gate_of
from ketamonitor.treatment.nasal import (
    STEPS,
    NasalView,
    confirm,
    device_step,
    read_expiry,
    unfinished,
)
from tests.domain.builders import at, chained, protocol, started

PLAN = protocol("spravato-84").dose


class Course:
    """A session of 84 mg in which steps are recorded at given seconds."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = [started(protocol("spravato-84"))]

    @property
    def record(self) -> Record:
        return Record.of(chained(self.drafts))

    @property
    def view(self) -> NasalView:
        return self.record.nasal.view(3)

    def do(self, step: str, t_s: float, reason: str = "") -> None:
        if step == "empty":
            self.drafts += confirm(self.view, PLAN, 68.4, at=at(t_s), author="okafor")
            return
        self.drafts.append(
            device_step(
                self.view,
                step,
                rest_min=PLAN.rest_min,
                lot="24KX118" if step == "lot" else "",
                expiry="2036-08" if step == "lot" else "",
                reason=reason,
                at=at(t_s),
                author="okafor",
            )
        )

    def device(self, t_s: float) -> None:
        for number, step in enumerate(STEPS):
            self.do(step, t_s + 10 * number)

    def strike(self, seq: int, t_s: float) -> None:
        body = {"of_seq": seq, "reason": "mistake"}
        self.drafts.append(Draft("correction", at(t_s), "okafor", body))


def test_three_devices_are_84_mg_and_the_clocks_run_from_the_sprays() -> None:
    course = Course()
    for number in range(3):
        course.device(400 * number)
    record, nasal = course.record, course.view
    assert [d.mg for d in record.doses] == [28, 28, 28]
    assert [d.device_no for d in record.doses] == [1, 2, 3]
    assert [d.lot for d in record.doses] == ["24KX118"] * 3
    assert record.first_dose_at == nasal.first_at == at(30)
    assert nasal.last_emptied_at == at(850)
    assert nasal.rests_until(5) == at(1150)
    assert nasal.current is None
    assert unfinished(nasal) == ""
    with pytest.raises(ValueError, match="All 3 devices are recorded"):
        course.do("lot", 2000)


@pytest.mark.parametrize("step", [*STEPS[1:], "dot_remains", "nose"])
def test_a_step_out_of_its_turn_is_refused(step: str) -> None:
    with pytest.raises(ValueError, match=r"next is “Lot and expiry”|Step must be one of"):
        Course().do(step, 0)


def test_a_device_that_is_too_early_asks_why_and_keeps_the_reason() -> None:
    course = Course()
    course.device(0)
    for step in ("lot", "dots", "head"):
        course.do(step, 60)
    with pytest.raises(ValueError, match=r"Rest until .*: wait, or say why device 2"):
        course.do("first", 349)
    course.do("first", 349, "asked for by Dr Osei")
    assert course.drafts[-1].body["reason"] == "asked for by Dr Osei"
    later = Course()
    later.device(0)
    for step in ("lot", "dots", "head", "first"):
        later.do(step, 350)
    assert "reason" not in later.drafts[-1].body


def test_a_dot_that_remains_asks_for_the_second_nostril_again() -> None:
    course = Course()
    for number, step in enumerate(STEPS[:5]):
        course.do(step, number)
    course.do("dot_remains", 6)
    now = course.view.current
    assert now is not None
    assert (now.step, now.repeats, course.view.confirmed) == ("second", 1, 0)
    with pytest.raises(ValueError, match="Second nostril"):
        course.do("empty", 7)
    course.do("second", 8)
    course.do("empty", 9)
    assert course.record.total_mg(at(10)) == 28
    assert course.record.first_dose_at == at(3)


def test_a_stop_needs_a_reason_and_what_was_not_confirmed_does_not_count() -> None:
    course = Course()
    course.device(0)
    for step in STEPS[:4]:
        course.do(step, 400)
    assert unfinished(course.view) == "Device 2 is begun and not confirmed"
    with pytest.raises(ValueError, match="Say why"):
        course.do("stop", 401)
    course.do("stop", 401, "Nausea or vomiting")
    assert course.record.total_mg(at(500)) == 28
    assert course.view.current is None
    with pytest.raises(ValueError, match="Stopped at device 2: Nausea or vomiting"):
        course.do("second", 402)


def test_a_spray_into_a_device_that_was_stopped_is_asked_for_at_the_end() -> None:
    course = Course()
    for step in STEPS[:3]:
        course.do(step, 0)
    course.do("stop", 5, "Patient asks to stop")
    assert unfinished(course.view) == ""  # nothing went in
    course = Course()
    for step in STEPS[:4]:
        course.do(step, 0)
    course.do("stop", 5, "Nausea or vomiting")
    told = {item.key: item.text for item in open_items(course.record, (), ())}
    assert told["nasal"].startswith("Device 1 was sprayed and stopped")
    assert "no_dose" not in told  # the drug went in, though it is no counted dose


def test_a_spray_starts_every_clock_before_its_device_is_confirmed() -> None:
    course = Course()
    for step in STEPS[:4]:
        course.do(step, 0)
    record = course.record
    sprayed = record.first_dose_at
    assert sprayed is not None
    assert record.total_mg(sprayed + timedelta(hours=1)) == 0
    late = sprayed + timedelta(hours=3)
    assert due_of(record, late)
    held = gate_of(record, late)
    assert held is not None
    assert not held.open  # a device that nobody has confirmed or stopped is still in hand
    assert dose_end(record) is None
    course.do("stop", 5, "Nausea or vomiting")
    over = gate_of(course.record, late)
    assert over is not None
    assert over.open
    assert dose_end(course.record) == at(5)


def test_another_device_after_a_spray_moves_no_clock() -> None:
    course = Course()
    for step in STEPS[:4]:
        course.do(step, 0)
    sprayed = course.record.first_dose_at
    course.do("lot", 3, "leaks")
    for step in STEPS[1:]:
        course.do(step, 4)
    assert course.record.first_dose_at == sprayed
    assert course.record.total_mg(course.record.last_at + timedelta(hours=1)) == 28  # type: ignore[operator]


def test_another_device_in_place_of_one_begun_asks_why_and_starts_over() -> None:
    course = Course()
    for step in STEPS[:3]:
        course.do(step, 0)
    with pytest.raises(ValueError, match="Say why another device"):
        course.do("lot", 1)
    course.do("lot", 1, "dropped")
    now = course.view.current
    assert now is not None
    assert (now.number, now.step) == (1, "dots")


def test_a_struck_dose_is_to_be_confirmed_again_and_a_struck_step_done_again() -> None:
    course = Course()
    course.device(0)
    course.strike(8, 100)
    assert course.record.total_mg(at(200)) == 0
    now = course.view.current
    assert now is not None
    assert (now.number, now.step) == (1, "empty")
    course.strike(5, 110)
    again = course.view.current
    assert again is not None
    assert again.step == "first"


def test_a_time_before_the_last_step_is_refused() -> None:
    course = Course()
    course.do("lot", 60)
    with pytest.raises(ValueError, match="Earlier than the step recorded at"):
        course.do("dots", 59)


def test_old_records_with_doses_alone_go_on_folding() -> None:
    body = {"drug": "esketamine", "route": "nasal", "mg": 28, "device_no": 1, "lot": "A1"}
    record = Record.of(
        chained([started(protocol("spravato-84")), Draft("dose", at(60), "okafor", body)])
    )
    nasal = record.nasal.view(3)
    assert (nasal.confirmed, nasal.devices[0].lot, nasal.last_emptied_at) == (1, "A1", at(60))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type the expiry"),
        ("soon", "Type the expiry"),
        ("2027-13", "Type the expiry"),
        ("2027-02-30", "Type the expiry"),
        ("2026-10", "Expired 2026-10: use another device"),
        ("2026-11-22", "Expired 2026-11-22: use another device"),
        ("2062-08", "more than ten years ahead"),
    ],
)
def test_an_expiry_that_cannot_be_used_is_told(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_expiry(typed, date(2026, 11, 23))


def test_an_expiry_without_a_day_lasts_the_month() -> None:
    on = date(2026, 11, 30)
    assert read_expiry("2026-11", on) == "2026-11"
    assert read_expiry("11/2026", on) == "2026-11"
    assert read_expiry(" 2026-11-30 ", on) == "2026-11-30"


class AnyOrder(RuleBasedStateMachine):
    """Any step at any time against a model that knows only a place in the list of steps."""

    def __init__(self) -> None:
        super().__init__()
        self.course = Course()
        self.t_s = 0.0
        self.done, self.place, self.stopped = 0, 0, False
        self.emptied_s: float | None = None

    @precondition(lambda self: len(self.course.drafts) < 60)
    @rule(
        step=st.sampled_from([*STEPS, "dot_remains", "stop"]),
        wait=st.sampled_from([1.0, 20.0, 301.0]),
        reason=st.sampled_from(["", "because"]),
    )
    def attempt(self, step: str, wait: float, reason: str) -> None:
        self._try(step, wait, reason)

    @precondition(lambda self: len(self.course.drafts) < 60)
    @rule(wait=st.sampled_from([1.0, 301.0]))
    def go_on(self, wait: float) -> None:
        """The next step by the model, so that whole courses are reached."""
        self._try(STEPS[self.place], wait, "")

    def _try(self, step: str, wait: float, reason: str) -> None:
        self.t_s += wait
        expected = self._expected(step, reason)
        before = len(self.course.drafts)
        if not expected:
            with pytest.raises(ValueError, match=r".+"):
                self.course.do(step, self.t_s, reason)
            assert len(self.course.drafts) == before
            return
        self.course.do(step, self.t_s, reason)
        if step == "stop":
            self.stopped = True
        elif step == "dot_remains":
            self.place = 4
        elif step == "empty":
            self.done, self.place, self.emptied_s = self.done + 1, 0, self.t_s
        else:
            self.place = STEPS.index(step) + 1

    def _expected(self, step: str, reason: str) -> bool:
        if self.stopped or self.done == 3:
            return False
        if step == "stop":
            return bool(reason)
        if step == "dot_remains":
            return self.place == 5
        if step == "lot" and self.place > 0:
            return bool(reason)
        rests = self.emptied_s is not None and self.t_s < self.emptied_s + 300
        if step == "first" and self.place == 3 and rests:
            return bool(reason)
        return STEPS[self.place] == step

    @invariant()
    def only_confirmed_devices_count(self) -> None:
        record = self.course.record
        assert record.total_mg(at(self.t_s + 1)) == 28 * self.done
        nasal = record.nasal.view(3)
        assert nasal.confirmed == self.done
        if self.stopped or self.done == 3:
            assert nasal.current is None
        else:
            assert nasal.current is not None
            assert (nasal.current.number, nasal.current.step) == (self.done + 1, STEPS[self.place])
        if self.emptied_s is not None:
            assert nasal.last_emptied_at == at(0) + timedelta(seconds=self.emptied_s)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
