"""Criteria of discharge: met only by what the record holds, and open items at the end."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.schedule import due_of
from ketamonitor.treatment import discharge
from ketamonitor.treatment.checkin import checkin
from ketamonitor.treatment.closing import answered_alike, open_items
from ketamonitor.treatment.discharge import CriterionState, criteria
from ketamonitor.treatment.episodes import episode as episode_of
from ketamonitor.treatment.plan import CheckInPlan, Criterion, DuePlan, GatePlan, ObservePlan
from tests.domain.builders import at, chained, cuff, plain_protocol, protocol, started

PLAN = (
    Criterion(id="gate", text="Time has passed", by="gate"),
    Criterion(id="bp", text="Pressure near baseline", by="bp", percent=20),
    Criterion(id="awake", text="Awake", by="score", of="moaas", at_least=5),
    Criterion(id="over", text="Sedation over", by="resolved", of="sedation"),
    Criterion(id="walks", text="Walks", by="person"),
)
PROTOCOL = msgspec.structs.replace(
    plain_protocol(),
    criterion=PLAN,
    checkin=CheckInPlan(needed=("consent",)),
    gate=GatePlan(from_first_dose_min=60),
    due=(DuePlan(what="bp", minutes=(40,), name="At 40", late_min=10, mandatory=True),),
)
MET, NOT_MET, OPEN = CriterionState.MET, CriterionState.NOT_MET, CriterionState.OPEN


def record(*steps: Draft) -> Record:
    return Record.of(chained([started(PROTOCOL), *steps]))


def dose(t_s: float) -> Draft:
    return drafts.dose("ketamine", "iv", 30, at=at(t_s), author="okafor")


def moaas(t_s: float, value: int) -> Draft:
    return drafts.observation("moaas", "answered", value, at=at(t_s), author="okafor")


def episode(t_s: float, over_s: float | None) -> Draft:
    over = None if over_s is None else at(over_s).isoformat()
    body = {"event": "episode", "what": "sedation", "none": False, "onset_at": at(60).isoformat()}
    return Draft("event", at(t_s), "okafor", {**body, "resolved_at": over, "text": "sedation"})


def locked(t_s: float) -> Draft:
    return drafts.baseline(120, 80, 2, at(0), at=at(t_s), author="okafor")


def states(made: Record, t_s: float) -> dict[str, CriterionState]:
    return {row.criterion.id: row.state for row in criteria(made, at(t_s))}


WELL = [
    cuff(0, 120, 80),
    locked(10),
    dose(100),
    cuff(3000, 130, 84),
    moaas(3000, 5),
    episode(3100, 2900),
]


def test_without_a_dose_nothing_of_it_is_met() -> None:
    assert states(record(cuff(0, 120, 80), moaas(10, 5)), 9000) == {
        **dict.fromkeys(("gate", "bp", "awake", "over"), NOT_MET),
        "walks": OPEN,
    }


def test_the_record_answers_what_it_holds_and_a_person_the_rest() -> None:
    made = record(*WELL, discharge.met(PLAN, "walks", at=at(3200), author="okafor"))
    assert set(states(made, 3700).values()) == {MET}
    assert states(made, 3699)["gate"] is NOT_MET  # 60 min after the dose at 100 s is 3700 s
    told = {row.criterion.id: row.evidence for row in criteria(made, at(3700))}
    assert told["bp"] == "BP 130/84 at 14:50, baseline 120/80 (8 % apart)"
    assert told["awake"] == "Sedation 5 of 5 at 14:50"


@pytest.mark.parametrize(
    ("later", "which"),
    [
        (cuff(3300, 170, 84), "bp"),
        (cuff(3300, 80, 60), "bp"),  # too low is not near either
        (moaas(3300, 4), "awake"),
        (moaas(3300, 4), "over"),
        (drafts.observation("moaas", "not_assessed", None, at=at(3300), author="o"), "awake"),
        (episode(3300, None), "over"),
    ],
)
def test_what_gets_worse_takes_a_criterion_back(later: Draft, which: str) -> None:
    ready = discharge.ready(at=at(3250), author="okafor")
    made = record(*WELL, ready, later)
    assert states(made, 9000)[which] is NOT_MET
    assert made.discharge.ready_at == at(3250)


def test_a_further_dose_asks_for_pressure_and_score_anew() -> None:
    made = record(*WELL, dose(3400))
    found = states(made, 9000)
    assert (found["bp"], found["awake"]) == (NOT_MET, NOT_MET)


def test_a_struck_reading_or_answer_counts_no_more() -> None:
    strikes = [
        Draft("correction", at(3300), "okafor", {"of_seq": seq, "reason": "slip", "body": None})
        for seq in (5, 6)
    ]
    found = states(record(*WELL, *strikes), 9000)
    assert (found["bp"], found["awake"]) == (NOT_MET, NOT_MET)


def test_while_an_infusion_runs_nothing_after_the_dose_is_met() -> None:
    start = drafts.infusion_start("ketamine", "iv", 34, 40, at=at(100), author="okafor")
    rest = [cuff(3000, 120, 80), moaas(3000, 5)]
    found = states(record(cuff(0, 120, 80), locked(10), start, *rest), 90_000)
    assert (found["gate"], found["bp"], found["awake"]) == (NOT_MET, NOT_MET, NOT_MET)


def test_an_override_takes_two_people_and_a_reason() -> None:
    enter = {"at": at(3300), "author": "okafor"}
    with pytest.raises(ValueError, match="somebody else"):
        discharge.overridden(PLAN, "awake", "slept badly", "okafor", **enter)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Reason is empty"):
        discharge.overridden(PLAN, "awake", " ", "hale", **enter)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no criterion 'nonsense'"):
        discharge.overridden(PLAN, "nonsense", "x", "hale", **enter)  # type: ignore[arg-type]
    said = discharge.overridden(PLAN, "awake", "tired", "hale", **enter)  # type: ignore[arg-type]
    made = record(dose(100), moaas(3000, 4), said)
    row = next(r for r in criteria(made, at(9000)) if r.criterion.id == "awake")
    assert row.state is CriterionState.OVERRIDDEN
    assert row.settled
    assert row.evidence == "Sedation 4 of 5 at 14:50"
    assert row.answer is not None
    assert (row.answer.by, row.answer.second, row.answer.reason) == ("okafor", "hale", "tired")


def test_nobody_can_say_what_the_record_answers() -> None:
    with pytest.raises(ValueError, match="The record answers"):
        discharge.met(PLAN, "gate", at=at(1), author="okafor")


steps = st.lists(
    st.one_of(
        st.builds(cuff, st.integers(0, 8000), st.integers(70, 200), st.integers(40, 69)),
        st.builds(moaas, st.integers(0, 8000), st.integers(0, 5)),
        st.builds(dose, st.integers(0, 4000)),
        st.builds(episode, st.integers(0, 8000), st.integers(0, 8000)),
    ),
    max_size=12,
)


@given(steps, st.randoms(use_true_random=False), st.integers(0, 9000))
def test_no_order_of_entering_meets_a_criterion_early(  # type: ignore[no-untyped-def]
    made: list[Draft], chance, now_s: int
) -> None:
    """Gate, pressure and score follow from when things were, not from when they were written."""
    base = [cuff(0, 120, 80), locked(0)]
    mixed = list(made)
    chance.shuffle(mixed)
    one, other = record(*base, *made), record(*base, *mixed)
    found = states(other, now_s)
    times = {d.at for d in made if d.kind == "dose"}
    if found["gate"] is MET:
        assert times
        assert all(now_s >= (t - at(0)).total_seconds() for t in times)
        assert now_s >= (min(times) - at(0)).total_seconds() + 3600
    same = {(d.at, d.kind) for d in made}
    if len(same) == len(made):  # two values of one moment: the later entered counts
        ours = {k: v for k, v in found.items() if k != "over"}
        assert ours == {k: v for k, v in states(one, now_s).items() if k != "over"}


def test_what_is_open_at_the_end_is_listed_and_answered_once() -> None:
    made = record(dose(100))
    now = at(9000)
    items = open_items(made, due_of(made, now), criteria(made, now))
    assert [item.key for item in items] == [
        "checkin:consent",
        next(item.key for item in items if item.key.startswith("slot:")),
        *(f"criterion:{key}" for key in ("bp", "awake", "over", "walks")),
        "left",
    ]
    (closed,) = answered_alike(items, "end of the test", at=now, author="okafor")
    assert [row["item"] for row in closed.body["open"]] == [item.text for item in items]
    made = record(dose(100), closed)
    assert {one.reason for one in made.discharge.unfinished} == {"end of the test"}
    assert answered_alike((), "x", at=now, author="okafor") == ()


def test_without_a_dose_only_that_is_open() -> None:
    made = record()
    found = open_items(made, due_of(made, at(60)), criteria(made, at(60)))
    assert [item.text for item in found] == ["No dose is recorded"]


def test_leaving_is_a_time_of_its_own() -> None:
    gone = discharge.left("A. Lindqvist", "", at=at(8000), author="okafor")
    made = record(*WELL, gone)
    assert made.discharge.departure is not None
    assert made.discharge.departure.at == at(8000)
    with pytest.raises(ValueError, match="Left with is empty"):
        discharge.left(" ", "", at=at(1), author="okafor")


def on_scale(scale: str, value: int | None, t_s: float = 3300) -> Draft:
    status = "not_assessed" if value is None else "answered"
    return drafts.observation(scale, status, value, at=at(t_s), author="okafor")


@pytest.mark.parametrize(
    ("scale", "value", "state"),
    [
        ("rass", 0, MET),
        ("rass", -5, NOT_MET),  # cannot be roused: the low end of this scale is no well end
        ("rass", 2, NOT_MET),
        ("ramsay", 2, MET),
        ("ramsay", 1, NOT_MET),
        ("ramsay", 6, NOT_MET),
        ("poss", 1, MET),
        ("poss", 4, NOT_MET),
    ],
)
def test_sedation_is_over_by_what_is_well_on_the_scale_of_the_protocol(
    scale: str, value: int, state: CriterionState
) -> None:
    observe = ObservePlan(rows=(scale,), needed=(scale,), sedation=scale)
    used = msgspec.structs.replace(PROTOCOL, observe=observe)
    made = Record.of(chained([started(used), *WELL, on_scale(scale, value)]))
    assert states(made, 9000)["over"] is state


def test_what_came_after_a_relapse_does_not_hide_it() -> None:
    for later in (on_scale("moaas", None, 3400), moaas(3400, 5)):
        made = record(*WELL, moaas(3300, 2), later)
        assert states(made, 9000)["over"] is NOT_MET
        assert (
            states(record(*WELL, moaas(3300, 2), later, episode(3500, 3400)), 9000)["over"] is MET
        )


def test_none_does_not_stand_against_an_answer_or_before_the_dose() -> None:
    body = {"event": "episode", "what": "sedation", "none": True, "text": "Sedation: none"}

    def none(t_s: float) -> Draft:
        return Draft("event", at(t_s), "okafor", body)

    assert states(record(dose(100), moaas(3000, 5), none(3100)), 9000)["over"] is MET
    assert states(record(none(50), dose(100), moaas(3000, 5)), 9000)["over"] is NOT_MET
    seen = record(dose(100), moaas(900, 3), moaas(3000, 5), none(3100))
    told = {row.criterion.id: row.evidence for row in criteria(seen, at(9000))}
    assert states(seen, 9000)["over"] is NOT_MET
    assert told["over"] == "Sedation 3 of 5 at 14:15, but confirmed as none"


def test_an_end_is_confirmed_anew_after_a_further_dose() -> None:
    made = record(*WELL, dose(3400))
    assert states(made, 9000)["over"] is NOT_MET
    assert states(record(*WELL, dose(3400), episode(5000, 4800)), 9000)["over"] is MET


def test_a_struck_confirmation_counts_no_more() -> None:
    strike = {"of_seq": 7, "reason": "other patient", "body": None}
    made = record(*WELL, Draft("correction", at(3300), "okafor", strike))
    assert states(made, 9000)["over"] is NOT_MET


def drug(what: str, mg: str, row: int, drawing: int | None = None) -> Draft:
    body = {"event": "drug", "what": what, "mg": mg, "ledger_seq": row, "lot": "L7", "text": what}
    return Draft("event", at(row), "okafor", body | ({"drawing": drawing} if drawing else {}))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((drug("drawn", "50", 3),), "Drug ledger: drawing 3: 50 mg drawn are not accounted for"),
        (
            (drug("drawn", "50", 3), drug("given", "60", 4, 3)),
            "Drug ledger: drawing 3: 10 mg more are given and wasted than drawn",
        ),
        (
            (drug("drawn", "50", 3), drug("given", "40", 4)),  # the only one need not be named
            "Drug ledger: drawing 3: 10 mg drawn are not accounted for",
        ),
        (
            # of a version that named none
            (drug("drawn", "50", 3), drug("drawn", "20", 4), drug("given", "40", 5)),
            "Drug ledger: 30 mg drawn are not accounted for",
        ),
    ],
)
def test_what_was_drawn_is_asked_for_at_the_end_without_a_dose_as_well(
    rows: tuple[Draft, ...], told: str
) -> None:
    for more in ((), (dose(100),)):
        made = record(*rows, *more)
        due = due_of(made, at(9000))
        items = [i.text for i in open_items(made, due, criteria(made, at(9000)))]
        assert told in items


def test_what_was_said_before_the_last_dose_does_not_hold_after_it() -> None:
    said = [
        discharge.met(PLAN, "walks", at=at(50), author="okafor"),
        discharge.overridden(PLAN, "gate", "wants to go", "lund", at=at(60), author="okafor"),
    ]
    before = states(record(*said, dose(100)), 200)
    assert (before["walks"], before["gate"]) == (OPEN, NOT_MET)
    after = states(record(dose(10), *said), 200)
    assert (after["walks"], after["gate"]) == (MET, CriterionState.OVERRIDDEN)
    again = states(record(dose(10), *said, dose(100)), 200)
    assert (again["walks"], again["gate"]) == (OPEN, NOT_MET)


def test_an_item_that_was_answered_at_check_in_meets_its_criterion() -> None:
    row = Criterion(id="escort", text="Somebody takes the patient home", by="item", of="escort")
    used = msgspec.structs.replace(PROTOCOL, criterion=(row,))
    value = {"name": "A. Lindqvist", "phone": "555 0101"}

    def shown(*steps: Draft) -> discharge.CriterionView:
        return criteria(Record.of(chained([started(used), *steps])), at(9000))[0]

    answered = checkin("escort", "answered", value, at=at(5), author="okafor")
    none = checkin("escort", "not_done", {}, "comes later", at=at(5), author="okafor")
    assert shown(answered, dose(100)).state is MET
    assert "A. Lindqvist" in shown(answered, dose(100)).evidence
    assert shown(none, dose(100)).state is OPEN
    said = discharge.met((row,), "escort", at=at(200), author="okafor")
    assert shown(none, dose(100), said).state is MET


def test_breaths_counted_low_take_back_that_breathing_was_never_depressed() -> None:
    row = Criterion(id="air", text="Breathing well", by="resolved", of="respiratory_depression")
    used = msgspec.structs.replace(protocol(), criterion=(row,))

    def shown(*steps: Draft) -> tuple[CriterionState, str]:
        found = criteria(Record.of(chained([started(used), dose(10), *steps])), at(9000))[0]
        return found.state, found.evidence

    def counted(t_s: float, value: int) -> Draft:
        return drafts.observation("breaths", "answered", value, at=at(t_s), author="okafor")

    none = episode_of("respiratory_depression", none=True, at=at(3000), author="okafor")
    assert shown(none)[0] is MET
    assert shown(counted(900, 14), none)[0] is MET
    state, told = shown(none, counted(3600, 8), counted(4200, 14))
    assert state is NOT_MET
    assert told == "Breaths 8 /min at 15:00, but confirmed as none"


def test_who_was_ready_before_a_further_dose_is_to_be_found_ready_anew() -> None:
    said = discharge.ready(at=at(4000), author="okafor")
    assert discharge.ready_of(record(dose(100), said)) == (at(4000), "okafor")
    assert discharge.ready_of(record(dose(100), said, dose(4100))) is None
    again = discharge.ready(at=at(8000), author="lund")
    assert discharge.ready_of(record(dose(100), said, dose(4100), again)) == (at(8000), "lund")


def test_another_amount_in_the_ledger_than_in_the_record_is_asked_about_at_the_end() -> None:
    def told(*rows: Draft) -> list[str]:
        made = record(dose(100), *rows)  # 30 mg
        found = open_items(made, due_of(made, at(9000)), criteria(made, at(9000)))
        return [item.text for item in found if item.key == "drug_given"]

    drawn = drug("drawn", "40", 203)
    assert told(drawn, drug("given", "30", 204), drug("wasted", "10", 205)) == []
    assert told(drawn, drug("given", "30.05", 204), drug("wasted", "9.95", 205)) == []
    assert told(drawn, drug("given", "34", 204), drug("wasted", "6", 205)) == [
        "Drug ledger: 34 mg given, the doses of the record come to 30 mg"
    ]
    assert told() == []  # a clinic may keep its ledger elsewhere


def test_a_second_person_is_somebody_else_however_the_name_is_written() -> None:
    with pytest.raises(ValueError, match="somebody else"):
        discharge.overridden(PLAN, "gate", "asked", "Okafor", at=at(0), author="okafor")
