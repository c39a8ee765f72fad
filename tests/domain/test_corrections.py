"""Striking out: what was struck is as if it had never been, and stays to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamonitor import drafts, words
from ketamonitor.alarm_drafts import acknowledge
from ketamonitor.entries import Draft, Entry
from ketamonitor.record import Record
from ketamonitor.report.course import event_text, events, ledger
from ketamonitor.report.frame import Frame
from ketamonitor.schedule import due_of
from ketamonitor.session import LiveSession
from ketamonitor.treatment import adverse, discharge, episodes, infusion, nasal, order
from ketamonitor.treatment.breathing import breathing_of
from ketamonitor.treatment.checkin import bp_weighed, checkin
from ketamonitor.treatment.closing import open_items
from ketamonitor.treatment.corrections import LONGEST_REASON, Standing, in_the_way, struck
from ketamonitor.treatment.discharge import criteria
from ketamonitor.treatment.estimate import Estimate, estimate
from ketamonitor.treatment.gates import gate_of
from ketamonitor.treatment.not_done import not_done
from tests.domain.builders import at, chained, cuff, protocol, reading, started

BY = "okafor"
IV, NASAL = protocol(), protocol("spravato-56")


def strike(of_seq: int, t_s: float = 9000) -> Draft:
    body = {"of_seq": of_seq, "reason": "wrong number", "body": None, "text": "Struck out: it"}
    return Draft("correction", at(t_s), BY, body)


def typed(t_s: float, sys: float, dia: float) -> Draft:
    return drafts.manual_bp(sys, dia, at=at(t_s), author=BY)


def moaas(t_s: float, value: int) -> Draft:
    return drafts.observation("moaas", "answered", value, at=at(t_s), author=BY)


def standing(*made: Draft) -> Sequence[Standing]:
    return Record.of(chained([started(IV), *made])).corrections.newest_first()


# What may be struck -------------------------------------------------------------------------------


def test_the_newest_entry_stands_first_in_the_words_of_the_timeline() -> None:
    found = standing(typed(10, 128, 80), drafts.note("calm", at=at(20), author="lund"))
    assert [(one.what, one.title, one.author) for one in found] == [
        ("note", "calm", "lund"),
        ("reading", "BP 128/80, typed by hand", BY),
    ]


def test_what_a_monitor_sent_and_acts_that_only_an_act_undoes_are_not_offered() -> None:
    alarm = next(iter(played(cuff(0, 210, 120)).active.values()))
    drawn = {"event": "drug", "what": "drawn", "mg": "40", "ledger_seq": 3, "text": "40 mg drawn"}
    found = standing(
        cuff(0, 120, 80),
        drafts.baseline(120, 80, 2, at(0), at=at(5), author=BY),
        drafts.cuff_interval("dinamap", 5, at=at(6), author=BY),
        acknowledge(alarm, at=at(70), author=BY),
        Draft("event", at(7), BY, drawn),
        Draft("event", at(8), BY, {"event": "of a later version", "text": "something"}),
    )
    assert found == ()


def test_a_struck_entry_is_offered_no_more_and_a_correction_never() -> None:
    assert [o.seq for o in standing(typed(10, 128, 80), typed(20, 130, 82), strike(2))] == [3]
    assert standing(typed(10, 128, 80), strike(2)) == ()


@pytest.mark.parametrize("reason", ["", "   ", "x" * (LONGEST_REASON + 1)])
def test_a_strike_needs_a_reason(reason: str) -> None:
    one = standing(typed(10, 128, 80))[0]
    with pytest.raises(ValueError, match="Reason"):
        struck(one, reason, at=at(20), author=BY)


def test_the_locked_baseline_is_not_taken_away_under_the_relative_limits() -> None:
    lock = drafts.baseline(182, 74, 2, at(10), at=at(15), author=BY)
    made = Record.of(chained([started(IV), typed(10, 182, 74), lock, typed(30, 128, 74)]))
    right, wrong = made.corrections.newest_first()
    assert in_the_way(right, made.baseline) == ""
    assert in_the_way(wrong, made.baseline) == (
        "It is the locked baseline: lock another reading first (T)"
    )
    with pytest.raises(ValueError, match="lock another reading first"):
        struck(wrong, "Wrong number", made.baseline, at=at(40), author=BY)
    again = drafts.baseline(128, 74, 4, at(30), at=at(35), author=BY)
    made.add(chained([*[started(IV)] * 4, again])[-1])
    done = struck(wrong, "Wrong number", made.baseline, at=at(40), author=BY)
    assert done.body == {
        "of_seq": 2,
        "reason": "Wrong number",
        "body": None,
        "text": "Struck out: BP 182/74, typed by hand, 14:00",
    }


# What was struck counts nowhere ------------------------------------------------------------------


def check_in(key: str, value: dict[str, object]) -> Draft:
    return checkin(key, "answered", value, at=at(0), author=BY)  # type: ignore[arg-type]


def ordered(mg: str) -> Draft:
    made = order.read(IV.dose, {"mg": mg})
    return order.draft(made, IV.dose, reason="as told", at=at(0), author=BY)


def a_step(step: str, t_s: float) -> Draft:
    body = {"event": "device_step", "device": 1, "step": step, "text": step}
    return Draft("event", at(t_s), BY, {**body, "lot": "L1", "expiry": "2027-08"})


#: An entry of each kind at some minute, as a person would enter it.
KINDS = {
    "reading": lambda m: typed(60 * m, 128 + m % 7, 80),
    "dose": lambda m: drafts.dose("ketamine", "iv", 10, at=at(60 * m), author=BY),
    "another drug": lambda m: drafts.dose("ondansetron", "iv", 4, at=at(60 * m), author=BY),
    "device dose": lambda m: drafts.dose(
        "esketamine", "nasal", 28, device_no=1, at=at(60 * m), author=BY
    ),
    "start": lambda m: drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(60 * m), author=BY),
    "pause": lambda m: drafts.infusion_change("pause", "nausea", at=at(60 * m), author=BY),
    "resume": lambda m: drafts.infusion_change("resume", "", at=at(60 * m), author=BY),
    "rate": lambda m: infusion.rate_change(0.5, "BP rise", at=at(60 * m), author=BY),
    "stop": lambda m: drafts.infusion_change("stop", "done", at=at(60 * m), author=BY),
    "answer": lambda m: moaas(60 * m, m % 6),
    "dissociation": lambda m: drafts.observation(
        "dissociation", "answered", m % 11, at=at(60 * m), author=BY
    ),
    "declined": lambda m: drafts.observation("breaths", "declined", None, at=at(60 * m), author=BY),
    "note": lambda m: drafts.note("calm", at=at(60 * m), author=BY),
    "mark": lambda m: drafts.mark("Toilet", at=at(60 * m), author=BY),
    "order": lambda m: ordered(str(30 + m % 5)),
    "weight": lambda m: check_in(
        "weight", {"kg": 60 + m % 9, "how": "told", "on": at(0).date().isoformat()}
    ),
    "weighed": lambda m: bp_weighed(2, 150, 95, "delay", "again soon", at=at(60 * m), author=BY),
    "device step": lambda m: a_step(nasal.STEPS[m % 6], 60 * m),
    "episode": lambda m: episodes.episode(
        "sedation", onset_at=at(0), resolved_at=at(30 * m), medicine=False, at=at(60 * m), author=BY
    ),
    "adverse": lambda m: adverse.adverse("Nausea", False, (), "over", "", at=at(60 * m), author=BY),
    "no adverse": lambda m: adverse.adverse_none(adverse.AdverseEvents(), at=at(60 * m), author=BY),
    "met": lambda m: discharge.met(IV.criterion, "walks", at=at(60 * m), author=BY),
    "overridden": lambda m: discharge.overridden(
        IV.criterion, "gate", "asked to go", "lund", at=at(60 * m), author=BY
    ),
    "ready": lambda m: discharge.ready(at=at(60 * m), author=BY),
    "left": lambda m: discharge.left("alone", "", at=at(60 * m), author=BY),
    "monitor": lambda m: reading(60 * m, {"nibp_sys": 120 + m % 9, "nibp_dia": 75, "spo2": 97}),
}


def told(entries: list[Entry], now: datetime) -> dict[str, object]:
    """Everything that is worked out of a session's entries, without the numbers of entries."""
    live = LiveSession(entries[0])
    for entry in entries[1:]:
        live.apply(entry)
    made = live.record
    due, checked = due_of(made, now), criteria(made, now)
    guessed = estimate(made, now)
    view = live.view(now, saved_at=None, unsaved=0, record_fault="")
    return {
        "first": made.first_dose_at,
        "total": made.total_mg(now),
        "gate": gate_of(made, now),
        "due": due,
        "criteria": [(row.criterion.id, row.state, row.evidence) for row in checked],
        "open": open_items(made, due, checked),
        "estimate": list(guessed.middle) if isinstance(guessed, Estimate) else guessed,
        "weight": made.checkin.view.weight_kg,
        "held": made.checkin.view.held is not None,
        "order": made.orders.current and made.orders.current.mg,
        "devices": made.nasal.view(1),
        "episodes": [said.text for said in made.episodes.confirmed.values()],
        "adverse": [event.what for event in made.adverse.events],
        "no adverse": made.adverse.none_said is not None,
        "breathing": breathing_of(made).text,
        "ready": (made.discharge.ready_at, made.discharge.departure),
        "observed": view.observed,
        "infusion": view.infusion,
        "values": view.values,
        "last_bp": live._vitals.last_bp_at,
        "limits": {
            key: [(s.at, s.value, s.usable) for s in samples]
            for key, samples in live._vitals.samples.items()
            if samples
        },
    }


COURSE = st.lists(st.tuples(st.sampled_from(list(KINDS)), st.integers(0, 12)), max_size=14)


@settings(deadline=None)
@given(course=COURSE, which=st.lists(st.integers(0, 13), max_size=5), now=st.integers(0, 200))
def test_what_is_struck_out_is_as_if_it_had_never_been(
    course: list[tuple[str, int]], which: list[int], now: int
) -> None:
    # Limits look at the last values only: within a few minutes none is too old to be kept.
    acts = [KINDS[kind](minute) for kind, minute in course]
    used = msgspec.structs.replace(IV, due=(*IV.due, *NASAL.due[:1]))
    gone = {n for n in which if n < len(acts) and acts[n].author == BY}
    entries = chained([started(used), *acts, *(strike(n + 2) for n in sorted(gone))])
    without = chained([started(used), *(a for n, a in enumerate(acts) if n not in gone)])
    assert told(entries, at(60 * now)) == told(without, at(60 * now))


def test_a_slot_said_not_done_by_mistake_is_open_again() -> None:
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(0), author=BY)
    made = Record.of(chained([started(IV), start]))
    slot = next(item for item in due_of(made, at(700)) if item.what == "bp")
    said = not_done(slot, "asleep", at=at(700), author=BY)
    again = Record.of(chained([started(IV), start, said, strike(3)]))
    assert due_of(again, at(700)) == due_of(made, at(700))


def test_the_end_of_a_hold_struck_out_leaves_the_dose_in_the_mouth() -> None:
    dose = drafts.dose("ketamine", "sublingual", 100, at=at(0), author=BY)
    held = drafts.held(2, 600, "spat out", at=at(600), author=BY)
    made = Record.of(chained([started(IV), dose, held, strike(3)]))
    assert (made.doses[0].hold_s, made.doses[0].after_hold) == (None, None)


def test_a_step_of_a_card_struck_out_waits_for_no_value_and_was_not_done() -> None:
    step = {"event": "action", "card": "BP-2", "version": 1, "step": "told", "done": ""}
    step |= {"alarm": "x", "metric": "nibp_sys", "value": "184", "text": "Prescriber told"}
    act = Draft("event", at(10), BY, step)
    live = LiveSession(chained([started(IV)])[0])
    for entry in chained([started(IV), act, strike(2, 20), cuff(60, 150, 90)])[1:]:
        live.apply(entry)
    assert live.view(at(70), saved_at=None, unsaved=0, record_fault="").actions == ()
    assert not [d for d in live.changes(at(70)) if d.body.get("event") == "follow_up"]
    assert live.record.history.actions == []


# Alarms ------------------------------------------------------------------------------------------


def played(*made: Draft) -> LiveSession:
    """Entries with the alarms that follow from each, as the recorder would write them."""
    drafted: list[Draft] = [started(IV)]
    live = LiveSession(chained(drafted)[0])
    for draft in made:
        drafted.append(draft)
        live.apply(chained(drafted)[-1])
        while changes := live.changes(draft.at):
            drafted += changes
            for entry in chained(drafted)[-len(changes) :]:
                live.apply(entry)
    return live


def limits_of(live: LiveSession) -> list[str]:
    return [a.id for a in live.active.values() if a.type == "physiological" and not a.ended_at]


def test_a_slip_of_the_key_ends_its_alert_and_a_true_value_before_it_goes_on_alerting() -> None:
    slip = played(moaas(0, 5), moaas(60, 3))
    assert "moaas<=3" in limits_of(slip)
    seq = next(s.seq for s in slip.record.corrections.newest_first() if s.what == "observation")
    assert limits_of(played(moaas(0, 5), moaas(60, 3), strike(seq, 70))) == []
    calmed = played(moaas(0, 3), moaas(60, 5))
    assert limits_of(calmed) == []
    seq = calmed.record.corrections.newest_first()[0].seq
    assert "moaas<=3" in limits_of(played(moaas(0, 3), moaas(60, 5), strike(seq, 70)))


def test_a_typed_pressure_struck_out_neither_alerts_nor_calms() -> None:
    high = played(cuff(0, 120, 75), typed(60, 205, 118))
    assert any(key.startswith("nibp_sys") for key in limits_of(high))
    seq = high.record.corrections.newest_first()[0].seq
    assert limits_of(played(cuff(0, 120, 75), typed(60, 205, 118), strike(seq, 70))) == []
    calmed = played(cuff(0, 205, 118), typed(60, 120, 75))
    seq = calmed.record.corrections.newest_first()[0].seq
    again = played(cuff(0, 205, 118), typed(60, 120, 75), strike(seq, 70))
    assert "nibp_sys>=200" in limits_of(again)


# It stays visible --------------------------------------------------------------------------------


def test_on_paper_the_struck_entry_and_the_correction_both_stand() -> None:
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(0), author=BY)
    rate = infusion.rate_change(0.5, "BP rise", at=at(600), author=BY)
    wrong = drafts.infusion_start("ketamine", "iv", 342, 40, at=at(-60), author=BY)
    answers = [moaas(900, 4), drafts.observation("pain", "answered", 2, at=at(900), author=BY)]
    made = Record.of(
        chained([started(IV), wrong, start, rate, *answers, strike(2), strike(4), strike(5)])
    )
    frame = Frame.of(made)
    lines = [row[1] for row in ledger(made, frame)]
    assert "Infusion start, ketamine 342 mg over 40 min (struck, not counted)" in lines
    assert "Infusion rate changed (struck, not counted)" in lines
    assert lines.count("Infusion start, ketamine 34.2 mg over 40 min") == 1
    assert made.total_mg(at(3000)) == pytest.approx(34.2)
    told_all = [event_text(made, event) for event in made.events]
    assert told_all == [
        "Infusion start, 342 mg over 40 min (struck)",
        "Infusion start, 34.2 mg over 40 min",
        "Infusion rate 0.5 mg/min, BP rise (struck)",
        "Sedation 4 (struck), pain 2",
        "Struck out: it",
        "Struck out: it",
        "Struck out: it",
    ]
    assert [event.struck for event in made.events][:4] == [True, False, True, False]
    assert len(events(made, frame)["blocks"][0]) == 3
    both = Record.of(chained([started(IV), start, *answers, strike(3), strike(4)]))
    assert [e.struck for e in both.events if e.text == "Observation"] == [True]


def test_the_words_of_a_correction() -> None:
    new, old = chained([strike(2), Draft("correction", at(0), BY, {"of_seq": 2, "reason": "x"})])
    assert words.headline(new) is not None
    assert words.headline(replace(new, recorded_at=new.at)) == (
        "Struck out: it",
        "wrong number · okafor",
    )
    assert words.headline(old) == ("Correction of entry 2", "x · okafor")
