"""The schedule: no order of events makes a due item vanish or takes one entry twice."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import drafts
from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.record import Record
from ketamonitor.schedule import Done, due_items, due_of, planned, told
from ketamonitor.treatment.not_done import NotDone, NotDoneSlots, not_done
from ketamonitor.treatment.plan import DuePlan
from ketamonitor.view import DueItem, DueState
from tests.domain.builders import at, chained, cuff, protocol, started

#: Fixed minutes from the first dose.
MINUTES = (10, 20, 30, 40, 55, 70, 85, 100, 115)
IV = msgspec.structs.replace(
    protocol(),
    due=(
        DuePlan(what="bp", minutes=MINUTES),
        DuePlan(what="observation", minutes=MINUTES, grace_min=5),
    ),
)

#: A named slot at 40 minutes, 35 to 50, and one at the end without a window of its own.
FORTY = next(row for row in protocol("spravato-84").due if row.name)
NAMED = msgspec.structs.replace(
    protocol("spravato-84"),
    due=(
        FORTY,
        DuePlan(what="bp", minutes=(120,), early_min=5, grace_min=10),
        DuePlan(what="observation", minutes=(15, 30, 45, 60, 90, 120), early_min=5, grace_min=5),
    ),
)

#: Each 10 minutes, and on while the pump runs.
GOING_ON = msgspec.structs.replace(
    IV, due=(DuePlan(what="bp", minutes=(10, 20), early_min=3, grace_min=2, every_min=10),)
)


def bp(
    done_min: list[float],
    now_min: float,
    used: TreatmentProtocol = NAMED,
    said: NotDoneSlots | None = None,
) -> list[DueItem]:
    done = Done([at(60 * m) for m in done_min], not_done=said or NotDoneSlots())
    items = due_items(used, at(0), done, at(60 * now_min))
    return [i for i in items if i.what == "bp"]


def given_dose(minute: float, mg: float = 28) -> Draft:
    return drafts.dose("esketamine", "nasal", mg, at=at(60 * minute), author="okafor")


def pump(minute: float, action: str) -> Draft:
    return drafts.infusion_change(action, "asked to", at=at(60 * minute), author="okafor")


def pump_start(minute: float) -> Draft:
    return drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(60 * minute), author="okafor")


def answered(minute: float, *keys: str) -> list[Draft]:
    return [
        drafts.observation(key, "declined", None, at=at(60 * minute), author="okafor")
        for key in keys
    ]


def record(used: TreatmentProtocol, *acts: Draft) -> Record:
    return Record.of(chained([started(used), *acts]))


def forty_of(seen: Record, minute: float) -> DueItem:
    (item,) = [i for i in due_of(seen, at(60 * minute)) if i.name]
    return item


def struck(seq: int, minute: float) -> Draft:
    body = {"of_seq": seq, "reason": "wrong", "body": None}
    return Draft("correction", at(60 * minute), "okafor", body)


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "minute", "reason", "says"),
    [
        ([], 41, " ", "Reason is empty"),
        ([], 41, "x" * 201, "Reason is longer than 200 characters"),
        ([], 34.9, "asleep", "SPRAVATO 40 min due 14:40 can be answered from 14:35 on"),
        ([38], 41, "asleep", "SPRAVATO 40 min due 14:40 is done at 14:38"),
    ],
)
def test_not_done_is_refused_in_one_line(
    done: list[float], minute: float, reason: str, says: str
) -> None:
    (item, _) = bp(done, minute)
    with pytest.raises(ValueError, match=f"^{says}$"):
        not_done(item, reason, at=at(60 * minute), author="okafor")


# Slots, windows and states -----------------------------------------------------------------------


def test_nothing_is_due_before_the_first_dose() -> None:
    assert due_items(IV, None, Done(), at(0)) == ()


def test_ids_name_a_slot_whatever_the_time() -> None:
    assert [i.id for i in bp([], 0)] == ["bp:SPRAVATO 40 min", "bp@120"]
    twice = msgspec.structs.replace(IV, due=(IV.due[0], IV.due[0], IV.due[1]))
    ids = [i.id for i in due_items(twice, at(0), Done(), at(0))]
    assert ids[:3] == ["bp@10", "bp@10#2", "observation@10"]
    assert len(ids) == len(set(ids))


def test_the_named_reading_counts_only_inside_its_window() -> None:
    assert bp([34.9], 45)[0].state is DueState.DUE
    assert bp([35], 45)[0].state is DueState.DONE
    assert bp([10, 20, 30], 45.1)[0].state is DueState.OVERDUE
    assert bp([10, 20, 30], 50.1)[0].state is DueState.MISSED
    assert bp([50.1, 60, 70], 80)[0].state is DueState.MISSED
    assert bp([50], 80)[0].state is DueState.LATE


def test_a_late_reading_is_done_but_never_for_the_next_slot() -> None:
    forty, last = bp([50], 60)
    assert (forty.state, forty.done_at) == (DueState.LATE, at(50 * 60))
    assert last.state is DueState.AHEAD


@given(now=st.floats(0, 300))
def test_undone_slots_go_from_ahead_to_due_to_overdue(now: float) -> None:
    moment: datetime = at(60 * now)
    for item in bp([], now, IV):
        expected = DueState.AHEAD
        if moment >= item.at - timedelta(minutes=3):
            expected = DueState.SOON
        if moment >= item.at:
            expected = DueState.DUE
        if moment > item.at + timedelta(minutes=2):
            expected = DueState.OVERDUE
        assert item.state is expected


def test_an_observation_is_there_when_all_that_it_needs_is_answered() -> None:
    def first(*acts: Draft) -> DueItem:
        seen = record(IV, pump_start(0), *acts)
        return next(i for i in due_of(seen, at(690)) if i.what == "observation")

    assert IV.observe.needed == ("moaas", "dissociation", "breaths")
    begun = first(*answered(10, "moaas", "dissociation"))
    assert (begun.state, begun.missing) == (DueState.DUE, ("breaths",))
    both = first(*answered(10, "moaas", "dissociation"), *answered(11, "breaths"))
    assert (both.state, both.done_at, both.missing) == (DueState.DONE, at(660), ())
    assert first(*answered(6.9, "moaas", "dissociation", "breaths")).state is DueState.DUE
    assert first(*answered(10, "nausea")).missing == ()


def test_asks_are_needed_beside_the_protocols_own() -> None:
    plan = DuePlan(what="observation", minutes=(30,), asks=("gait",), early_min=3, grace_min=5)
    used = msgspec.structs.replace(IV, due=(plan,))
    own = answered(30, "moaas", "dissociation", "breaths")
    (item,) = due_of(record(used, pump_start(0), *own), at(1800))
    assert item.missing == ("gait",)
    (item,) = due_of(record(used, pump_start(0), *own, *answered(31, "gait")), at(1900))
    assert item.state is DueState.DONE


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (DuePlan(what="bp", minutes=(10, 20)), "at 10, 20 min"),
        (
            NAMED.due[0],
            "at 40 min (SPRAVATO 40 min: 5 min before to 10 after, no later), needed",
        ),
        (
            DuePlan(what="bp", minutes=(10,), every_min=15, until_min=60),
            "at 10 min, then every 15 min to 60 min and while an infusion runs",
        ),
        (
            DuePlan(what="observation", minutes=(30,), asks=("gait",)),
            "at 30 min, with Gait",
        ),
    ],
)
def test_a_row_is_told_with_its_window_and_how_it_goes_on(plan: DuePlan, said: str) -> None:
    assert planned(plan) == said


# Not done ----------------------------------------------------------------------------------------


def test_not_done_stands_with_its_reason_until_a_reading_comes() -> None:
    acts = [given_dose(0)]
    item = forty_of(record(NAMED, *acts), 51)
    assert told(item) == "missed: its window is over"
    acts.append(not_done(item, "Patient asleep, not woken", at=at(51 * 60), author="okafor"))
    said = forty_of(record(NAMED, *acts), 52)
    assert (said.state, said.reason, said.said_by) == (
        DueState.NOT_DONE,
        "Patient asleep, not woken",
        "okafor",
    )
    assert told(said) == "not done: Patient asleep, not woken"
    found = drafts.manual_bp(122, 74, at=at(41 * 60), author="okafor")  # it had been written down
    late = forty_of(record(NAMED, *acts, found), 55)
    assert (late.state, late.reason, told(late)) == (DueState.DONE, "", "done 14:41")


def test_a_struck_answer_opens_the_slot_again() -> None:
    item = forty_of(record(NAMED, given_dose(0)), 51)
    said = not_done(item, "asleep", at=at(51 * 60), author="okafor")
    again = record(NAMED, given_dose(0), said, struck(3, 52))
    assert forty_of(again, 53).state is DueState.MISSED


def test_a_struck_dose_moves_the_clock_and_what_was_said_of_the_old_time_does_not_count() -> None:
    item = forty_of(record(NAMED, given_dose(0)), 51)
    said = not_done(item, "asleep", at=at(51 * 60), author="okafor")
    moved = record(NAMED, given_dose(0), said, given_dose(30), struck(2, 55))
    forty = forty_of(moved, 71)
    assert (forty.id, forty.at, forty.state) == (item.id, at(70 * 60), DueState.DUE)


def test_a_dose_moved_by_a_minute_keeps_what_was_said() -> None:
    item = forty_of(record(NAMED, given_dose(0)), 51)
    said = not_done(item, "asleep", at=at(51 * 60), author="okafor")
    moved = record(NAMED, given_dose(0), said, given_dose(1), struck(2, 55))
    assert forty_of(moved, 56).state is DueState.NOT_DONE


# Rows that go on ---------------------------------------------------------------------------------


def test_a_row_goes_on_while_the_pump_runs_and_a_pause_changes_nothing() -> None:
    running = due_of(record(GOING_ON, pump_start(0)), at(45 * 60))
    paused = due_of(record(GOING_ON, pump_start(0), pump(31, "pause")), at(45 * 60))
    assert [i.id for i in running] == ["bp@10", "bp@20", "bp@30", "bp@40", "bp@50"]
    assert paused == running


def test_a_stop_entered_late_takes_no_slot_back_that_was_due() -> None:
    entries = chained([started(GOING_ON), pump_start(0)])
    before = {i.id for i in due_of(Record.of(entries), at(45 * 60)) if i.state in DUE_OR_OVER}
    late = entered(entries, pump(25, "stop"), recorded_min=45)
    after = due_of(Record.of([*entries, late]), at(46 * 60))
    assert before == {"bp@10", "bp@20", "bp@30", "bp@40"}
    assert before <= {i.id for i in after}
    assert "bp@50" not in {i.id for i in after}


DUE_OR_OVER = (DueState.SOON, DueState.DUE, DueState.OVERDUE, DueState.MISSED)


def entered(entries: list[Entry], draft: Draft, recorded_min: float) -> Entry:
    last = entries[-1]
    return chain(draft, last.session, last.seq + 1, at(60 * recorded_min), last.hash)


# Properties --------------------------------------------------------------------------------------


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


ACTS = st.one_of(
    st.tuples(st.just("bp"), st.floats(0, 150)),
    st.tuples(st.just("answers"), st.floats(0, 150)),
    st.tuples(st.just("pause"), st.floats(0, 150)),
    st.tuples(st.just("resume"), st.floats(0, 150)),
    st.tuples(st.just("stop"), st.floats(0, 150)),
    st.tuples(st.just("second dose"), st.floats(5, 150)),
    st.tuples(st.just("strike"), st.integers(3, 30)),
    st.tuples(st.just("not done"), st.integers(0, 20)),
)


def act(what: str, number: float, seen: Record, now: datetime) -> list[Draft]:
    if what == "bp":
        return [cuff(60 * number, 122, 74)]
    if what == "answers":
        return answered(number, "moaas", "dissociation", "breaths")
    if what in ("pause", "resume", "stop"):
        return [pump(number, what)]
    if what == "second dose":
        return [drafts.dose("ketamine", "iv", 10, at=at(60 * number), author="okafor")]
    if what == "strike":
        return [Draft("correction", now, "okafor", {"of_seq": number, "reason": "w", "body": None})]
    due = due_of(seen, now)
    item = due[int(number) % len(due)]
    if item.done_at is not None or now < item.opens_at:
        return []
    return [not_done(item, "asleep", at=now, author="okafor")]


@given(
    acts=st.lists(st.tuples(ACTS, st.floats(-3, 12)), max_size=25),
    used=st.sampled_from([IV, GOING_ON]),
)
def test_nothing_that_was_due_ever_vanishes(
    acts: list[tuple[tuple[str, float], float]], used: TreatmentProtocol
) -> None:
    """Readings, late entries, pauses, corrections and a clock that goes back: what had opened once
    is there for good, and an open slot goes only by a reading or a person's word."""
    drafted: list[Draft] = [started(used), pump_start(0)]
    minute, latest, opened = 0.0, 0.0, set[str]()
    recorded = [0.0, 0.0]
    for (what, number), step in acts:
        minute = max(0.0, minute + step)  # the clock may be set back
        latest = max(latest, minute)
        seen = recorded_record(drafted, recorded)
        new = act(what, number, seen, at(60 * minute))
        drafted += new
        recorded += [latest] * len(new)
        for moment in (minute, latest):
            items = due_of(recorded_record(drafted, recorded), at(60 * moment))
            assert len({i.id for i in items}) == len(items)
        assert opened <= {i.id for i in items}
        opened |= {
            i.id for i in items if i.state is not DueState.AHEAD and i.opens_at <= at(60 * latest)
        }
        for item in items:
            assert (item.done_at is None) == (item.state not in (DueState.DONE, DueState.LATE))
            if item.state is DueState.NOT_DONE:
                assert item.reason == "asleep"
            elif item.done_at is None and at(60 * latest) >= item.at:
                assert item.state in (DueState.DUE, DueState.OVERDUE)


def recorded_record(drafted: list[Draft], minutes: list[float]) -> Record:
    prev = GENESIS
    entries: list[Entry] = []
    for seq, (draft, minute) in enumerate(zip(drafted, minutes, strict=True), 1):
        entry = chain(draft, "KM-261123-000001", seq, at(60 * minute), prev)
        entries.append(entry)
        prev = entry.hash
    return Record.of(entries)


def test_the_latest_word_of_a_slot_counts() -> None:
    said = NotDoneSlots(
        [
            NotDone(5, "bp@10", at(600), "asleep", at(600), "a"),
            NotDone(6, "bp@10", at(600), "away", at(620), "b"),
        ]
    )
    assert bp([], 12, IV, said)[0].reason == "away"
