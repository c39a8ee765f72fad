"""Check-in: bad answers first, then what counts, what is open, how a high pressure is weighed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.record import Record
from ketamonitor.report.checkin import check_in
from ketamonitor.report.frame import Frame
from ketamonitor.script import ScriptError, Seen, drafts_of, read_script
from ketamonitor.treatment import phq9
from ketamonitor.treatment.checkin import (
    CheckIn,
    CheckInView,
    Value,
    asked,
    bp_weighed,
    checkin,
    must_weigh,
    open_items,
    unanswered,
)
from ketamonitor.treatment.checkin_items import ITEMS, FieldKind
from ketamonitor.treatment.checkin_typed import read_field, read_when
from ketamonitor.treatment.plan import BaselinePlan, CheckInPlan
from tests.domain.builders import chained, cuff, protocol, started

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
TODAY = "2026-11-23"

MEDICINES: dict[str, Value] = {
    row.key: "no" for row in ITEMS["medicines"].fields if row.kind is FieldKind.CHOICE
}
NINE: dict[str, Value] = {f"q{n}": "1" for n in range(1, 9)} | {"q9": "0"}

#: A complete answer to each item, and what it is told as.
GOOD: dict[str, tuple[dict[str, Value], str]] = {
    "identity": ({"name": True, "born": True}, "said full name, said date of birth"),
    "weight": ({"kg": 68.4, "how": "measured", "on": TODAY}, "68.4 kg, measured, on 2026-11-23"),
    "allergies": ({"known": "known", "list": "penicillin: rash"}, "known, penicillin: rash"),
    "medicines": (MEDICINES, "none of those asked for"),
    "food": ({"at": "2026-11-23T07:30+00:00"}, "2026-11-23 07:30"),
    "drink": ({"at": "2026-11-23T12:00+00:00", "what": "clear"}, "2026-11-23 12:00, clear"),
    "pregnancy": ({"result": "test negative", "on": TODAY}, "test negative, tested on 2026-11-23"),
    "escort": ({"name": "J. Lindqvist", "phone": "555 0142"}, "J. Lindqvist, 555 0142"),
    "consent": ({"which": "treatment", "on": TODAY}, "treatment, signed on 2026-11-23"),
    "equipment": (
        {row.key: True for row in ITEMS["equipment"].fields},
        "monitor works, alarm heard, oxygen with mask, suction works, bag, mask and airways,"
        " emergency drugs there and in date",
    ),
    "phq9": (NINE, "8 of 27 (mild), question 9: 0"),
    "cssrs": ({"result": "none"}, "none"),
    "baseline_mental": ({"state": "as usual"}, "as usual"),
    "rems": (
        {"sex": "female", "first": "yes", "enrolled": "yes"},
        "female, first treatment: yes, enrolled: yes",
    ),
}


def draft(key: str, status: str = "answered", reason: str = "", **value: Value) -> Draft:
    return checkin(key, status, value, reason, at=NOW, author="okafor")


def entries(*drafts: Draft) -> list[Entry]:
    made: list[Entry] = []
    for one in drafts:
        previous = made[-1].hash if made else GENESIS
        made.append(chain(one, "KM-261123-000001", len(made) + 1, NOW, previous))
    return made


def folded(*drafts: Draft) -> CheckInView:
    fold = CheckIn()
    for entry in entries(*drafts):
        fold.add(entry)
    return fold.view


def correction(of_seq: int, body: Mapping[str, object] | None) -> Draft:
    return Draft("correction", NOW, "okafor", {"of_seq": of_seq, "reason": "slip", "body": body})


# Refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("shoe_size", {}, "Item must be one of identity"),
        ("identity", {"name": True}, "Identity: tick a second identifier"),
        ("identity", {"born": True, "number": True}, "Identity: tick 'Said full name'"),
        ("identity", {"name": False, "born": True}, "only a tick is stored"),
        ("weight", {"kg": 684, "how": "told", "on": TODAY}, "between 25 and 350 kg, not 684"),
        ("weight", {"kg": float("nan"), "how": "told", "on": TODAY}, "between 25 and 350 kg"),
        ("weight", {"kg": "68", "how": "told", "on": TODAY}, "must be a number in kg"),
        ("weight", {"kg": 68.4, "on": TODAY}, "Weight: choose 'How'"),
        ("weight", {"kg": 68.4, "how": "told", "on": "2026-11-24"}, "is still to come"),
        ("weight", {"kg": 68.4, "how": "told", "on": "yesterday"}, "is no day"),
        ("allergies", {"known": "known"}, "type 'Which, and what happened'"),
        ("allergies", {"known": "none known", "list": "nuts"}, "is not asked here"),
        ("allergies", {"known": "perhaps"}, "must be one of none known, known"),
        ("allergies", {"known": "known", "list": "  "}, "is empty"),
        ("medicines", {**MEDICINES, "maoi": "yes"}, "type 'Which, dose, last taken'"),
        ("medicines", {k: v for k, v in MEDICINES.items() if k != "maoi"}, "'MAO inhibitor'"),
        ("food", {"at": "2026-11-23T14:01+00:00"}, "is still to come"),
        ("food", {"at": "2026-11-23T07:30"}, "has no offset"),
        ("pregnancy", {"result": "test positive", "on": TODAY}, "type 'Told to'"),
        ("escort", {"name": "J. Lindqvist"}, "type 'Phone'"),
        ("equipment", {"monitor": True}, "tick 'Oxygen with mask'"),
        ("phq9", {k: v for k, v in NINE.items() if k != "q4"}, "PHQ-9: choose '4"),
        ("phq9", {**NINE, "q4": "4"}, "must be one of 0, 1, 2, 3"),
        ("phq9", {**NINE, "q9": "1"}, "type 'Question 9 told to'"),
        ("cssrs", {"result": "moderate"}, "type 'Told to, and what was done'"),
        ("cssrs", {"result": "none", "colour": "red"}, "has no field 'colour'"),
        ("rems", {"sex": "female"}, "choose 'First SPRAVATO treatment'"),
        ("rems", {"sex": "female", "first": "yes"}, "choose 'Enrolled in the REMS'"),
        ("rems", {"sex": "female", "first": "no", "enrolled": "yes"}, "is not asked here"),
    ],
)
def test_a_wrong_or_missing_answer_is_refused_in_one_line(
    key: str, value: dict[str, Value], says: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as refused:
        checkin(key, "answered", value, at=NOW, author="okafor")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", ITEMS)
def test_no_item_is_answered_by_nothing(key: str) -> None:
    with pytest.raises(ValueError, match=f"^{ITEMS[key].label}: (tick|choose|type) "):
        draft(key)


@pytest.mark.parametrize("key", ITEMS)
def test_not_done_needs_its_reason(key: str) -> None:
    with pytest.raises(ValueError, match="say why it is not done"):
        draft(key, "not_done", "  ")
    body = draft(key, "not_done", "patient left").body
    assert body["value"] == {}
    assert body["text"] == f"{ITEMS[key].label}: not done: patient left"


def test_identity_and_allergies_always_apply() -> None:
    for key in ("identity", "allergies"):
        with pytest.raises(ValueError, match="always applies"):
            draft(key, "not_applicable", "known to us")
    assert draft("pregnancy", "not_applicable", "68 years").body["status"] == "not_applicable"


def test_a_state_other_than_answered_takes_no_answers_and_an_answer_no_reason() -> None:
    with pytest.raises(ValueError, match="goes with no answer"):
        draft("cssrs", "not_done", "no form here", result="none")
    with pytest.raises(ValueError, match="goes with no reason"):
        draft("cssrs", "answered", "why not", result="none")
    with pytest.raises(ValueError, match="Status must be one of"):
        draft("cssrs", "maybe", "why not")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "type it as 07:30"),
        ("half past", "type it as 07:30"),
        ("25:00", "type it as 07:30"),
        ("2026-02-30 10:00", "type it as 07:30"),
        ("2026-11-23 14:01", "is still to come"),
        ("2023-11-23 14:00", "more than a year ago"),
    ],
)
def test_a_time_that_cannot_be_is_told(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_when(typed, "Last food at", NOW)


# Taken ------------------------------------------------------------------------------------------


def test_every_item_has_its_example_here() -> None:
    assert list(GOOD) == list(ITEMS)


@pytest.mark.parametrize("key", ITEMS)
def test_a_complete_answer_is_stored_as_given_and_told_in_one_line(key: str) -> None:
    value, told = GOOD[key]
    made = checkin(key, "answered", value, at=NOW, author="okafor")
    assert made.kind == "event"
    assert made.body == {
        "event": "checkin",
        "item": key,
        "status": "answered",
        "value": value,
        "reason": "",
        "text": f"{ITEMS[key].label}: {told}",
    }


def test_a_clock_time_is_the_last_time_it_was_so() -> None:
    assert read_when("07:30", "Food", NOW) == NOW.replace(hour=7, minute=30)
    assert read_when("19:00", "Food", NOW) == NOW.replace(day=22, hour=19)
    assert read_when("2026-11-21 9:05", "Food", NOW) == NOW.replace(day=21, hour=9, minute=5)


def test_what_is_typed_is_read_by_the_kind_of_its_field() -> None:
    kg, _, on = ITEMS["weight"].fields
    assert read_field(kg, "68,4", NOW) == 68.4
    assert read_field(on, "22 Nov 2026", NOW) == "2026-11-22"
    with pytest.raises(ValueError, match="On: 24 Nov 2026 is still to come"):
        read_field(on, "24 Nov 2026", NOW)
    with pytest.raises(ValueError, match="On: type the day"):
        read_field(on, "11/22/2026", NOW)


def test_the_sum_of_the_phq9_needs_all_nine() -> None:
    with pytest.raises(ValueError, match="has 9 answers, not 8"):
        phq9.total([1] * 8)
    with pytest.raises(ValueError, match="question 2 goes from 0 to 3"):
        phq9.total([0, 4, *[0] * 7])
    assert phq9.total([3] * 9) == phq9.MOST
    bands = [phq9.band(n) for n in (0, 4, 5, 9, 10, 14, 15, 19, 20, 27)]
    assert bands[::2] == ["minimal", "mild", "moderate", "moderately severe", "severe"]
    assert bands[1::2] == bands[::2]
    assert [phq9.to_be_told([0] * 8 + [n]) for n in range(4)] == [False, True, True, True]


@given(st.lists(st.sampled_from("0123"), min_size=9, max_size=9))
def test_the_told_sum_is_that_of_the_stored_answers(given_answers: list[str]) -> None:
    value: dict[str, Value] = {f"q{n}": a for n, a in enumerate(given_answers, 1)}
    if given_answers[-1] != "0":
        value["told_to"] = "Dr Osei"
    body = checkin("phq9", "answered", value, at=NOW, author="okafor").body
    assert body["text"].startswith(f"PHQ-9: {sum(map(int, given_answers))} of 27")
    assert ("told to Dr Osei" in body["text"]) == (given_answers[-1] != "0")


# What counts ------------------------------------------------------------------------------------


def test_the_latest_answer_of_an_item_counts_and_a_struck_one_gives_way() -> None:
    first = draft("allergies", known="none known")
    second = draft("allergies", known="known", list="latex")
    assert folded(first, second).allergies == "latex"
    assert folded(first, second, correction(2, None)).allergies == "none known"
    assert folded(first, correction(1, None)).allergies == "not asked"
    assert folded(first, correction(1, second.body)).allergies == "latex"


def test_the_banner_never_says_none_where_nobody_asked() -> None:
    assert CheckInView().allergies == "not asked"
    assert folded(draft("allergies", "not_done", "asleep")).allergies == "not done: asleep"
    assert folded(draft("allergies", known="none known")).allergies == "none known"


def test_the_weight_of_the_check_in_is_none_until_answered() -> None:
    assert CheckInView().weight_kg is None
    assert folded(draft("weight", "not_done", "scale broken")).weight_kg is None
    assert folded(draft("weight", kg=70, how="told", on=TODAY)).weight_kg == 70


PLAN = CheckInPlan(needed=("identity", "allergies"), asked=("food",))


def test_needed_items_are_open_until_answered_and_not_done_stays_open_for_the_dose() -> None:
    assert asked(PLAN) == ("identity", "allergies", "food")
    # The SPRAVATO form's own question is nobody else's.
    assert asked(CheckInPlan()) == tuple(key for key in ITEMS if key != "rems")
    assert "rems" in asked(protocol("spravato-56").checkin)
    assert "rems" not in asked(protocol("iv-ketamine-40").checkin)
    assert open_items(PLAN, CheckInView()) == ["Identity", "Allergies"]
    seen = folded(
        draft("identity", name=True, number=True), draft("allergies", "not_done", "asleep")
    )
    assert open_items(PLAN, seen) == ["Allergies (not done)"]
    assert unanswered(PLAN, seen) == []
    assert open_items(CheckInPlan(), CheckInView()) == []


def test_an_item_this_program_does_not_know_stays_open() -> None:
    assert open_items(CheckInPlan(needed=("shoe_size",)), CheckInView()) == ["shoe_size"]


# The pressure before the dose -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sys", "dia", "weighed"),
    [(140, 90, False), (141, 80, True), (120, 91, True), (139, 89, False)],
)
def test_only_a_pressure_above_the_line_is_weighed(sys: float, dia: float, weighed: bool) -> None:
    assert must_weigh(BaselinePlan(), sys, dia) is weighed


def test_a_decision_needs_its_reason() -> None:
    with pytest.raises(ValueError, match="Reason is empty"):
        bp_weighed(3, 152, 88, "go_on", " ", at=NOW, author="okafor")
    with pytest.raises(ValueError, match="Decision must be one of"):
        bp_weighed(3, 152, 88, "", "usual for her", at=NOW, author="okafor")


def locked(of_seq: int) -> Draft:
    body = {"event": "baseline_locked", "sys": 130, "dia": 80, "of_seq": of_seq}
    return Draft("event", NOW, "okafor", {**body, "of_at": NOW.isoformat()})


def test_a_delay_stands_against_the_dose_until_the_nurse_goes_on() -> None:
    delay = bp_weighed(3, 152, 88, "delay", "repeat in 10 min", at=NOW, author="okafor")
    go_on = bp_weighed(3, 152, 88, "go_on", "Dr Osei agrees", at=NOW, author="okafor")
    cancel = bp_weighed(9, 171, 99, "cancel", "too high", at=NOW, author="okafor")
    assert open_items(CheckInPlan(), folded(delay)) == ["Blood pressure 152/88: delay"]
    assert open_items(CheckInPlan(), folded(delay, locked(3))) != []
    assert open_items(CheckInPlan(), folded(delay, locked(8))) == []
    assert open_items(CheckInPlan(), folded(delay, locked(2))) != []  # an older, lower one
    assert open_items(CheckInPlan(), folded(delay, go_on)) == []
    assert open_items(CheckInPlan(), folded(delay, go_on, cancel)) == [
        "Blood pressure 171/99: cancel"
    ]
    assert len(folded(delay, go_on, cancel).weighed) == 3


@given(st.permutations([NOW + timedelta(minutes=m) for m in range(4)]))
def test_an_answer_entered_late_counts_by_the_order_of_recording(times: list[datetime]) -> None:
    drafts = [
        checkin("cssrs", "answered", {"result": "none"}, at=at, author=f"nurse{n}")
        for n, at in enumerate(times)
    ]
    assert folded(*drafts).answers["cssrs"].by == "nurse3"


# In scripts and in print ------------------------------------------------------------------------


def test_a_script_answers_items_and_weighs_the_last_pressure(tmp_path: Path) -> None:
    lines = [
        {"t_s": 0, "checkin": {"item": "allergies", "value": {"known": "none known"}}},
        {"t_s": 1, "checkin": {"item": "escort", "status": "not_done", "reason": "comes later"}},
        {"t_s": 3, "weighed": {"decision": "go_on", "reason": "usual for her"}},
    ]
    path = tmp_path / "nurse.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    acts = read_script(path)
    seen = Seen()
    with pytest.raises(ScriptError, match="no cuff reading to weigh"):
        drafts_of(acts[2], seen, None, NOW, "okafor")
    for entry in chained([started(), cuff(2, 152, 88)]):
        seen.take(entry)
    made = [drafts_of(act, seen, None, NOW, "okafor")[0].body for act in acts]
    assert [body["text"] for body in made] == [
        "Allergies: none known",
        "Escort home: not done: comes later",
        "Blood pressure 152/88 weighed: go on. usual for her",
    ]


@pytest.mark.parametrize(
    ("detail", "says"),
    [
        ({"item": "escort"}, "Escort home: type 'Name'"),
        ({"status": "answered"}, "checkin needs 'item'"),
        ({"item": "mood"}, "check-in has no item 'mood' (it has: identity, "),
    ],
)
def test_a_script_cannot_answer_badly(tmp_path: Path, detail: object, says: str) -> None:
    """What can be seen in the script itself is said before the session begins."""
    path = tmp_path / "nurse.jsonl"
    path.write_text(json.dumps({"t_s": 0, "checkin": detail}), encoding="utf-8")
    with pytest.raises(ScriptError, match=re.escape(says)):
        [drafts_of(act, Seen(), None, NOW, "okafor") for act in read_script(path)]


def test_the_print_has_each_answer_and_says_what_nobody_answered() -> None:
    used = msgspec.structs.replace(protocol(), checkin=PLAN)
    weighed = bp_weighed(2, 152, 88, "go_on", "usual for her", at=NOW, author="okafor")
    record = Record.of(
        chained([started(used), draft("allergies", known="known", list="latex"), weighed])
    )
    rows = check_in(record, Frame.of(record))["rows"]
    assert [row[:2] for row in rows] == [
        ["Allergies", "known, latex"],
        ["Identity", "not recorded"],
        ["Before the dose", "Blood pressure 152/88 weighed: go on. usual for her"],
    ]
    assert rows[0][3] == "okafor"
    assert "Blood pressure 152/88 weighed: go on. usual for her" in [e.text for e in record.events]
