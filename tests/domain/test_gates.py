"""The earliest end: no order of doses, late stop, correction or clock opens it early."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.dosing import Dosing as Given
from ketamonitor.treatment.gates import gate, gate_of
from ketamonitor.treatment.plan import GatePlan
from tests.domain.builders import at, chained, protocol, started

PLAN = GatePlan(from_first_dose_min=120, after_dose_min=60)
MINUTES = st.floats(0, 300)


@st.composite
def doses(draw: st.DrawFn) -> list[Given]:
    made = []
    for start in draw(st.lists(MINUTES, max_size=5)):
        length = draw(st.one_of(st.none(), st.floats(0, 60)))
        planned = draw(st.one_of(st.none(), st.floats(0, 400)))
        made.append(
            Given(
                at(60 * start),
                None if length is None else at(60 * (start + length)),
                None if planned is None else at(60 * planned),
            )
        )
    return made


@given(given_doses=doses(), now=st.floats(-60, 900), seed=st.integers(0, 99))
def test_it_is_open_only_when_both_times_are_over_and_no_dose_runs(
    given_doses: list[Given], now: float, seed: int
) -> None:
    moment = at(60 * now)
    found = gate(PLAN, given_doses, moment)
    shuffled = given_doses[:]
    random.Random(seed).shuffle(shuffled)
    assert gate(PLAN, shuffled, moment) == found
    if not given_doses:
        assert found is None
        return
    assert found is not None
    ends = [dose.ended_at for dose in given_doses]
    first = min(dose.started_at for dose in given_doses)
    over = moment >= first + timedelta(minutes=120) and all(
        end is not None and moment >= end + timedelta(minutes=60) for end in ends
    )
    assert found.open is over


@given(given_doses=doses(), now=st.floats(0, 900), back=st.floats(0, 900))
def test_a_clock_that_goes_back_never_opens_it(
    given_doses: list[Given], now: float, back: float
) -> None:
    later, earlier = (
        gate(PLAN, given_doses, at(60 * m)) for m in (max(now, now - back), now - back)
    )
    assert not (earlier and earlier.open and later and not later.open)


@given(given_doses=doses(), more=MINUTES, now=st.floats(0, 900))
def test_a_further_dose_opens_no_gate_unless_it_moves_the_first(
    given_doses: list[Given], more: float, now: float
) -> None:
    before = gate(PLAN, given_doses, at(60 * now))
    first = min((dose.started_at for dose in given_doses), default=None)
    if first is None or at(60 * more) < first:
        return
    after = gate(PLAN, [*given_doses, Given(at(60 * more), at(60 * more))], at(60 * now))
    assert before is not None
    assert after is not None
    assert after.at >= before.at
    assert not (after.open and not before.open)


def test_in_a_record_struck_doses_do_not_count_and_a_pump_holds_it_until_its_stop_is_recorded() -> (
    None
):
    used = msgspec.structs.replace(protocol(), gate=PLAN)
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(0), author="okafor")
    stop = drafts.infusion_change("stop", "done", at=at(50 * 60), author="okafor")
    late = drafts.dose("ketamine", "iv", 10, at=at(100 * 60), author="okafor")
    beside = drafts.dose("ondansetron", "iv", 4, at=at(200 * 60), author="okafor")
    strike = Draft("correction", at(0), "okafor", {"of_seq": 4, "reason": "w", "body": None})

    def found(minute: float, *acts: Draft) -> tuple[float, bool] | None:
        told = gate_of(Record.of(chained([started(used), *acts])), at(60 * minute))
        return None if told is None else ((told.at - at(0)).total_seconds() / 60, told.open)

    assert found(10) is None
    assert found(10, beside) is None
    assert found(10, start) == (120, False)
    assert found(500, start) == (560, False)
    assert found(119, start, stop) == (120, False)
    assert found(120, start, stop) == (120, True)
    assert found(120, start, stop, late) == (160, False)
    assert found(120, start, stop, late, strike) == (120, True)
