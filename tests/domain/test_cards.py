"""Action cards: which belongs to which alarm, when it opens and goes, what a step records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ketamonitor import cards, drafts
from ketamonitor.alarm_plan import ActionCard, CardStep
from ketamonitor.instruments import AnswerStatus
from ketamonitor.view import ActionDone, ActiveAlarm, InfusionView, SessionView
from tests.domain.builders import at, cuff, protocol, reading
from tests.domain.played import Played

CARDS = protocol().card
NURSE = "okafor"


def alarm(id: str, priority: str = "high", **changes: object) -> ActiveAlarm:
    metric = next((m for m in ("nibp_sys", "nibp_dia", "spo2", "moaas", "pulse") if m in id), None)
    made = ActiveAlarm(
        id,
        "limit_passed" if metric else id,
        priority,
        "physiological" if metric else "technical",
        metric,
        184,
        180,
        f"{id} text",
        "",
        at(100),
        priority_since=at(100),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


SYS = alarm("nibp_sys>=180")
DIA = alarm("nibp_dia>=110", since=at(130), priority_since=at(130))
SPO2 = alarm("spo2<88", since=at(140), priority_since=at(140))
PULSE = alarm("pulse>110", "medium")
ACKNOWLEDGED = {"acknowledged_at": at(150), "acknowledged_by": NURSE}


def card(id: str) -> ActionCard:
    return next(card for card in CARDS if card.id == id)


def step(of: str, id: str) -> CardStep:
    return next(step for step in card(of).step if step.id == id)


# Which card -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "belongs"),
    [
        ("nibp_sys>=180", "BP-2"),
        ("nibp_dia>=base+25", "BP-2"),
        ("nibp_sys<90", "BP-3"),
        ("nibp_sys<=base%-30", "BP-3"),
        ("spo2<88", "OX-1"),
        ("moaas<=2", "SE-1"),
        ("pulse>130", "PR-1"),
        ("pulse<40", "PR-1"),
        ("record_fault", None),
        ("link_lost:dinamap", None),
    ],
)
def test_a_card_belongs_to_metric_and_side(id: str, belongs: str | None) -> None:
    found = cards.card_for(alarm(id), CARDS)
    assert (found.id if found else None) == belongs


def test_a_card_of_technical_conditions_belongs_to_these_alone() -> None:
    made = ActionCard(
        id="TE-1",
        title="Cuff",
        version=1,
        conditions=("cuff_failed",),
        opens_at="low",
        step=(CardStep(id="a", text="Look at the hose"),),
    )
    failed = alarm("cuff_failed", "low")
    assert cards.card_for(failed, (made, *CARDS)) is made
    assert cards.opens_by_itself(failed, (made,))
    assert cards.card_for(SYS, (made,)) is None


def test_the_first_of_two_cards_is_taken() -> None:
    general = ActionCard(id="X", title="All", version=1, metrics=("nibp_sys",), step=CARDS[0].step)
    assert cards.card_for(SYS, (general, *CARDS)) is general


def test_a_card_opens_by_itself_from_its_own_priority_on() -> None:
    assert cards.opens_by_itself(SYS, CARDS)
    assert not cards.opens_by_itself(PULSE, CARDS)
    assert cards.opens_by_itself(alarm("moaas<=3", "medium"), CARDS), "its card opens at MEDIUM"
    assert not cards.opens_by_itself(alarm("moaas<=4", "low"), CARDS)


# Opening, staying, going ------------------------------------------------------------------------


def now(before: cards.OpenCard | None, *alarms: ActiveAlarm, left=frozenset()):  # type: ignore[no-untyped-def]
    return cards.card_now(before, left, alarms, CARDS)


def test_nothing_opens_without_an_alarm_that_asks_for_it() -> None:
    assert now(None) is None
    assert now(None, PULSE) is None
    assert now(None, replace(SYS, **ACKNOWLEDGED)) is None
    assert now(None, replace(SYS, ended_at=at(160))) is None
    assert now(None, alarm("record_fault")) is None


def test_it_opens_for_the_first_alarm_that_has_a_card() -> None:
    opened = now(None, alarm("record_fault"), SYS, PULSE)
    assert opened == cards.OpenCard("BP-2", "BP-2", "nibp_sys>=180", at(100))


def test_it_stays_after_the_acknowledgement_and_goes_with_the_alarm() -> None:
    opened = now(None, SYS)
    seen = replace(SYS, **ACKNOWLEDGED)
    assert now(opened, seen) == opened
    assert now(opened, replace(seen, ended_at=at(160))) is None
    assert now(opened) is None


def test_the_alarm_on_the_same_card_that_remains_keeps_it_open() -> None:
    opened = now(None, SYS, DIA)
    remains = now(opened, replace(DIA, **ACKNOWLEDGED))
    assert remains == cards.OpenCard("BP-2", "BP-2", "nibp_dia>=110", at(100))
    assert remains.since == at(100), "what was done before counts still"


def test_a_card_that_was_left_comes_again_only_for_another_occurrence() -> None:
    opened = now(None, SYS, DIA)
    left = cards.left_of(opened, (SYS, DIA), CARDS)
    assert now(None, SYS, DIA, left=left) is None
    assert now(None, DIA, left=left) is None
    again = replace(SYS, priority_since=at(500))
    assert now(None, again, DIA, left=left).card == "BP-2"
    assert now(None, SPO2, SYS, left=left).card == "OX-1"


def test_another_card_comes_by_itself_only_over_a_milder_or_an_acknowledged_alarm() -> None:
    opened = now(None, SYS)
    assert now(opened, SPO2, SYS) == opened, "two HIGH ones: none is torn from under a finger"
    assert now(opened, SPO2, replace(SYS, **ACKNOWLEDGED)).card == "OX-1"
    sedated = now(None, alarm("moaas<=3", "medium"))
    assert sedated.card == "SE-1"
    assert now(sedated, SPO2, alarm("moaas<=3", "medium")).card == "OX-1"


def test_a_card_that_a_step_opened_stays_while_its_alarm_holds() -> None:
    opened = replace(now(None, SYS), card="EM-1")
    assert now(opened, SYS) == opened
    assert now(opened) is None


def test_on_request_at_medium_and_one_offer_a_card() -> None:
    assert cards.asked(PULSE, [PULSE], CARDS).card == "PR-1"
    assert cards.asked(alarm("link_lost:x"), [], CARDS) is None
    found = cards.offered([SYS, DIA, PULSE, replace(SPO2, ended_at=at(1))], CARDS)
    assert [a.id for a in found] == ["nibp_sys>=180", "pulse>110"]


# What a step records --------------------------------------------------------------------------


def bedside(*made: object) -> SessionView:
    played = Played()
    played.add(reading(5, {"pulse": 88, "spo2": 97}), cuff(10, 184, 112, 136), *made)  # type: ignore[arg-type]
    return played.view


def test_a_step_records_who_when_and_what_was_shown() -> None:
    view = bedside()
    made = cards.step_drafts(card("BP-2"), step("BP-2", "told"), SYS, view, at=at(30), author=NURSE)
    (draft,) = made
    assert (draft.kind, draft.author, draft.at) == ("event", NURSE, at(30))
    assert draft.body["step"] == "told"
    assert draft.body["alarm"] == "nibp_sys>=180"
    assert draft.body["value"] == f"BP 184/112 (136) at {at(10):%H:%M}"


@pytest.mark.parametrize(
    ("about", "says"),
    [
        (None, ""),
        (alarm("record_fault"), "record_fault text"),
        (alarm("pulse>110"), "Pulse 88 /min at"),
        (alarm("spo2<88"), "SpO₂ 97 % at"),
        (alarm("moaas<=2"), "moaas<=2 text"),
    ],
)
def test_the_value_shown_in_words(about: ActiveAlarm | None, says: str) -> None:
    assert cards.value_shown(bedside(), about).startswith(says)
    if not says:
        assert cards.value_shown(bedside(), about) == ""


def test_an_answer_is_shown_as_answered_and_a_missing_value_as_missing() -> None:
    answer = drafts.observation("moaas", AnswerStatus.ANSWERED, 2, at=at(20), author=NURSE)
    view = bedside(answer)
    assert cards.value_shown(view, alarm("moaas<=2")).startswith("MOAA/S 2")
    gone = bedside(reading(20, {"pulse": 90, "spo2": None}))
    said = cards.value_shown(gone, alarm("spo2<88"))
    assert said.startswith("SpO₂ –")
    assert "97 % at" in said
    nothing = Played().view
    assert cards.value_shown(nothing, SYS) == "BP –"


RUNNING = InfusionView("running", at(0), 34.2, 40, 5.0, None)


@pytest.mark.parametrize(
    ("state", "offers"),
    [
        ("running", ("go on", "pause", "stop")),
        ("paused", ("resume", "keep paused", "stop")),
        ("stopped", ()),
    ],
)
def test_only_what_the_infusion_allows_is_offered(state: str, offers: tuple[str, ...]) -> None:
    infusion = replace(RUNNING, state=state)
    assert cards.choices(step("BP-2", "infusion"), infusion) == offers
    assert cards.choices(step("BP-2", "told"), infusion) == ()
    assert cards.choices(step("BP-2", "infusion"), None) == ()


@pytest.mark.parametrize(
    ("state", "choice", "kinds"),
    [
        ("running", "pause", ["infusion", "event"]),
        ("running", "stop", ["infusion", "event"]),
        ("running", "go on", ["event"]),
        ("paused", "resume", ["infusion", "event"]),
        ("paused", "keep paused", ["event"]),
    ],
)
def test_a_change_of_the_infusion_and_the_step_are_recorded_together(
    state: str, choice: str, kinds: list[str]
) -> None:
    view = replace(bedside(), infusion=replace(RUNNING, state=state))
    made = cards.step_drafts(
        card("BP-2"), step("BP-2", "infusion"), SYS, view, choice, at=at(30), author=NURSE
    )
    assert [draft.kind for draft in made] == kinds
    assert made[-1].body["done"] == choice
    if len(made) == 2:
        assert made[0].body == {"action": choice, "reason": "action card BP-2"}


@pytest.mark.parametrize(
    ("state", "choice"), [("stopped", "pause"), ("paused", "pause"), ("running", "")]
)
def test_what_the_infusion_does_not_allow_is_refused(state: str, choice: str) -> None:
    view = replace(bedside(), infusion=replace(RUNNING, state=state))
    with pytest.raises(ValueError, match=f"The infusion is {state} now|choose again"):
        cards.step_drafts(
            card("BP-2"), step("BP-2", "infusion"), SYS, view, choice, at=at(30), author=NURSE
        )


def test_without_an_infusion_the_step_is_only_noted() -> None:
    (draft,) = cards.step_drafts(
        card("EM-1"), step("EM-1", "stop"), None, bedside(), at=at(30), author=NURSE
    )
    assert (draft.kind, draft.body["done"], draft.body["value"]) == ("event", "", "")


def test_no_card_of_the_shipped_protocols_says_how_much_of_a_drug() -> None:
    for name in ("iv-ketamine-40", "spravato-56", "spravato-84"):
        for made in protocol(name).card:
            for line in made.step:
                assert " mg" not in f"{line.text} {line.hint}"


# What was done ----------------------------------------------------------------------------------


def test_done_steps_are_those_of_this_occasion() -> None:
    actions = [
        ActionDone(5, "BP-2", "told", at(50), NURSE, SYS.id, ""),
        ActionDone(6, "BP-2", "told", at(200), NURSE, SYS.id, ""),
        ActionDone(7, "BP-3", "told", at(210), NURSE, SYS.id, ""),
        ActionDone(8, "BP-2", "asked", at(220), NURSE, DIA.id, ""),
    ]
    opened = now(None, SYS)
    assert [a.seq for a in cards.done(actions, opened, "told")] == [6]
    assert [a.seq for a in cards.done(actions, opened, "asked")] == [8]


def test_the_value_that_followed_stands_beside_the_step() -> None:
    played = Played()
    played.add(cuff(10, 184, 112, 136))
    high = next(iter(played.live.active.values()))
    (draft,) = cards.step_drafts(
        card("BP-2"), step("BP-2", "told"), high, played.view, at=at(30), author=NURSE
    )
    played.add(draft)
    (waiting,) = played.view.actions
    assert (waiting.followed, waiting.done) == ("", "")
    played.add(cuff(200, 171, 99, 120))
    (followed,) = played.view.actions
    metric = {"nibp_sys": "SYS 171", "nibp_dia": "DIA 99"}[high.metric or ""]
    assert followed.followed == f"{metric} at {at(200):%H:%M}"
