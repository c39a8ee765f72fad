"""What a dose is asked: each doubt wants a reason, and nothing is forbidden."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment import order
from ketamonitor.treatment.checkin import bp_weighed, checkin
from ketamonitor.treatment.doses import because, doubts
from tests.domain.builders import at, chained, cuff, protocol, started

KETAMINE = "ketamine (racemic)"


def im(t_s: float, mg: float = 34.2, drug: str = KETAMINE) -> Draft:
    return drafts.dose(drug, "im", mg, weight_kg=68.4, at=at(t_s), author="okafor")


def record(*done: Draft) -> Record:
    """A session with a usual pressure before anything is given, and what was done then."""
    return Record.of(chained([started(protocol()), cuff(0, 122, 74), *done]))


def ordered(mg: str, reason: str = "") -> Draft:
    plan = protocol().dose
    made = order.read(plan, {"mg": mg})
    return order.draft(made, plan, reason=reason, at=at(1), author="okafor")


def test_a_first_dose_and_what_is_no_dose_raise_no_doubt() -> None:
    assert doubts(im(60), record()) == []
    assert doubts(drafts.note("calm", at=at(60), author="o"), record()) == []


def test_a_first_dose_without_any_pressure_is_asked_about() -> None:
    bare = Record.of(chained([started(protocol())]))
    assert doubts(im(60), bare) == ["No blood pressure is recorded before the dose"]
    later = Record.of(chained([started(protocol()), cuff(90, 122, 74)]))
    assert doubts(im(60), later) == ["No blood pressure is recorded before the dose"]
    assert doubts(im(600, drug="ondansetron"), bare) == []


def test_the_pumps_figure_far_from_the_record_is_asked_about_at_the_stop() -> None:
    start = drafts.infusion_start(KETAMINE, "iv", 34.2, 40, at=at(60), author="okafor")

    def stop(given_mg: str | None) -> list[str]:
        draft = drafts.infusion_change(
            "stop", "done", given_mg=given_mg, at=at(60 + 2400), author="okafor"
        )
        return doubts(draft, record(start))

    for near in (None, "34.2", "33.8", "35.5"):
        assert stop(near) == []
    assert stop("342") == ["The pump shows 342 mg, the recorded rates come to 34.2 mg"]
    assert stop("20") == ["The pump shows 20 mg, the recorded rates come to 34.2 mg"]


def test_one_drug_under_two_names_is_the_same_drug_twice() -> None:
    assert "is recorded at" in doubts(im(90, drug="Ketamine"), record(im(60)))[0]


def test_a_second_one_within_a_minute_before_or_after_is_asked_about() -> None:
    made = record(im(60))
    assert "34.2 mg of ketamine (racemic) is recorded" in doubts(im(119), made)[0]
    assert doubts(im(120), made) == []
    assert doubts(im(90, drug="ondansetron"), made) == []
    assert len(doubts(im(30), made)) == 2  # a like one so near, and earlier than it


def test_the_same_change_of_an_infusion_twice_is_asked_about() -> None:
    start = drafts.infusion_start(KETAMINE, "iv", 34.2, 40, at=at(60), author="o")
    pause = drafts.infusion_change("pause", "asked", at=at(600), author="o")
    again = drafts.infusion_change("pause", "asked", at=at(630), author="o")
    assert "The same change is recorded" in doubts(again, record(start, pause))[0]
    resume = drafts.infusion_change("resume", "", at=at(630), author="o")
    assert doubts(resume, record(start, pause)) == []


def test_what_is_earlier_than_the_record_or_after_the_end_is_asked_about() -> None:
    assert "Earlier than what is recorded" in doubts(im(60), record(im(900)))[0]
    ended = drafts.ended("finished", at=at(1000), author="o")
    assert "After the end of the session" in doubts(im(1001), record(ended))[0]
    start = drafts.infusion_start(KETAMINE, "iv", 34.2, 40, at=at(60), author="o")
    stop = drafts.infusion_change("stop", "asked", at=at(600), author="o")
    late = drafts.infusion_change("pause", "asked", at=at(700), author="o")
    assert "After the infusion’s stop" in doubts(late, record(start, stop))[0]


def test_more_than_was_ordered_is_asked_about_and_less_is_not() -> None:
    assert doubts(im(60, 17.1), record(ordered("34.2"))) == []
    assert doubts(im(60), record(ordered("34.2"))) == []
    (line,) = doubts(im(60, 34.3), record(ordered("34.2")))
    assert line == "34.3 mg is more than the ordered 34.2 mg"
    (line,) = doubts(im(900, 17.2), record(ordered("34.2"), im(60, 17.1)))
    assert line == "17.2 mg beside 17.1 mg is more than the ordered 34.2 mg"
    assert doubts(im(900, 4, "ondansetron"), record(ordered("34.2"), im(60))) == []


def test_outside_the_protocols_range_is_asked_about_once() -> None:
    plan = protocol()
    dose = msgspec.structs.replace(plan.dose, mg_range=(10.0, 50.0), minutes_range=(30.0, 60.0))
    first = started(msgspec.structs.replace(plan, dose=dose))
    made = Record.of(chained([first, cuff(0, 122, 74)]))
    assert doubts(im(60, 60), made) == ["60 mg is outside the protocol’s 10 to 50"]
    quick = drafts.infusion_start(KETAMINE, "iv", 34.2, 5, at=at(60), author="o")
    assert doubts(quick, made) == ["5 min is outside the protocol’s 30 to 60"]
    # the order has its own reason: nobody is asked twice
    asked = [first, cuff(0, 122, 74), ordered("60", "asked back")]
    assert doubts(im(60, 60), Record.of(chained(asked))) == []


def test_an_open_check_in_is_asked_about_before_the_first_dose_only() -> None:
    (line,) = doubts(im(60), record(), ("Escort", "Weight"))
    assert line == "Check-in: 2 items open (Escort, Weight)"
    assert doubts(im(900), record(im(60)), ("Escort",)) == []
    assert doubts(im(60, 4, "ondansetron"), record(), ("Escort",)) == []


def test_the_reason_is_stored_with_the_dose_and_told() -> None:
    given = because(im(90), "the second half, meant")
    assert given.body["why"] == "the second half, meant"
    assert given.at == at(90)
    made = record(im(60), given)
    assert made.doses[-1].why == "the second half, meant"
    assert made.total_mg(at(90) + timedelta(seconds=1)) == 68.4


def test_another_weight_at_check_in_is_asked_about_before_the_first_dose() -> None:
    def weighed(kg: float) -> Draft:
        value = {"kg": kg, "how": "measured", "on": "2026-11-23"}
        return checkin("weight", "answered", value, "", at=at(5), author="okafor")

    told = "Weight at check-in 72 kg, of the session 68.4 kg"
    assert doubts(im(60), record(weighed(72))) == [told]
    assert doubts(im(60), record(weighed(68.4))) == []
    assert doubts(im(600), record(weighed(72), im(60))) == []


def test_a_dose_entered_late_is_held_against_all_that_was_given() -> None:
    start = drafts.infusion_start(KETAMINE, "iv", 34.2, 40, at=at(60), author="o")
    stop = drafts.infusion_change("stop", "complete", at=at(2460), author="o")
    late = im(300, 20)
    found = doubts(late, record(ordered("34.2"), start, stop))
    assert "20 mg beside 34.2 mg is more than the ordered 34.2 mg" in found


def test_the_orders_reason_answers_for_what_it_names_and_no_slip_at_the_pump() -> None:
    plan = protocol()
    dose = msgspec.structs.replace(plan.dose, minutes_range=(30.0, 60.0))
    first = started(msgspec.structs.replace(plan, dose=dose))
    typed = {"mg": "34.2", "mg_per_kg": "0.57", "weight_kg": "60", "minutes": "40"}
    read = order.read(dose, typed, weight_basis="ideal")
    asked = order.draft(read, dose, reason="Dr Osei wants ideal weight", at=at(1), author="o")
    quick = drafts.infusion_start(KETAMINE, "iv", 34.2, 4, weight_kg=68.4, at=at(60), author="o")
    made = Record.of(chained([first, cuff(0, 122, 74), asked]))
    assert doubts(quick, made) == ["4 min is outside the protocol’s 30 to 60"]


def test_a_slip_of_the_comma_is_told_where_nobody_recorded_an_order() -> None:
    def start(mg: float, minutes: float) -> Draft:
        return drafts.infusion_start(
            KETAMINE, "iv", mg, minutes, weight_kg=68.4, at=at(60), author="okafor"
        )

    assert doubts(start(34.2, 40), record()) == []
    assert doubts(start(342, 40), record()) == ["5 mg/kg is far more than the protocol’s 0.5"]
    assert doubts(start(34.2, 4), record()) == ["4 min is far less than the protocol’s 40"]


def test_an_order_by_another_actual_weight_is_asked_about() -> None:
    def by(weight: str, mg: str, basis: str) -> Draft:
        plan = protocol().dose
        typed = {"mg": mg, "mg_per_kg": "0.5", "weight_kg": weight}
        made = order.read(plan, typed, weight_basis=basis)
        return order.draft(made, plan, reason="asked back", at=at(1), author="okafor")

    told = "The order goes by 86.4 kg, the session has 68.4 kg"
    assert doubts(im(60, 43.2), record(by("86.4", "43.2", "actual"))) == [told]
    assert doubts(im(60, 43.2), record(by("86.4", "43.2", "adjusted"))) == []
    assert doubts(im(60), record(by("68.40", "34.2", "actual"))) == []


def test_a_high_pressure_before_the_dose_asks_whether_or_not_a_baseline_was_locked() -> None:
    def go_on(sys: float, dia: float) -> Draft:
        return bp_weighed(2, sys, dia, "go_on", "usual", at=at(20), author="okafor")

    told = "Blood pressure 176/98 at 14:00 is above 140/90, and a delay was not weighed"
    high = cuff(10, 176, 98)
    assert doubts(im(60), record(high)) == [told]
    assert doubts(im(60), record(cuff(5, 120, 80), high)) == [told]
    assert doubts(im(60), record(high, cuff(30, 132, 84))) == []
    assert doubts(im(60), record(high, go_on(176, 98))) == []
    assert doubts(im(60), record(high, go_on(150, 92))) == [told]
    assert doubts(im(900), record(im(5), high)) == []  # after the first dose the limits watch it
    assert doubts(im(60, 4, "ondansetron"), record(high)) == []
