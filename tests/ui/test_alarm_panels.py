"""What a nurse does about alerts, on a real station: pauses, cards, limits, all alerts, sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from ketamonitor import alarm_drafts, drafts
from ketamonitor.alarm_plan import PausePlan
from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.view import SessionView
from tests.ui.forms import Bench, view
from tests.ui.keys import looked_at
from tests.ui.room import NURSE, Room
from tests.waits import PATIENCE_MS as WAIT
from ui.pages.all_alarms import AllAlarmsPanel
from ui.pages.chair_alarms import ChairAlarms
from ui.pages.interruption import HIGH_ALWAYS, InterruptionPanel
from ui.pages.limits import LimitsPanel
from ui.pages.pressure import PressurePanel
from ui.pages.signing import UnlockPanel
from ui.pages.sound_test import NOT_NOW, SoundDesk, SoundTestPanel
from ui.widgets.card_steps import ChoiceStep, StepButton

Key = Qt.Key


@pytest.fixture
def room(tmp_path: Path, qapp: object, qtbot: QtBot) -> Iterator[Room]:
    made = Room(tmp_path / "store.db")
    qtbot.waitUntil(lambda: made.session in made.window.live.chairs, timeout=WAIT)
    made.window.show_live(made.session)
    yield made
    made.close()


def severe(room: Room, qtbot: QtBot) -> None:
    """A pressure that is HIGH at once; its card has come and takes touches."""
    room.bp(214, 100)
    qtbot.waitUntil(lambda: room.page.card is room.card, timeout=WAIT)
    qtbot.waitUntil(lambda: all(step.isEnabled() for step in room.card.steps.values()))
    qtbot.waitUntil(lambda: room.page.alarm_bar.can_pause, timeout=WAIT)


def wait_for(qtbot: QtBot, found: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(found()), timeout=WAIT)


def step(room: Room, id: str) -> StepButton:
    made = room.card.steps[id]
    assert isinstance(made, StepButton)
    return made


# Audio --------------------------------------------------------------------------------------


def test_s_pauses_the_audio_and_ends_the_pause_with_a_name(room: Room, qtbot: QtBot) -> None:
    looked_at(room.window)
    qtbot.keyClick(room.page, Key.Key_S)
    severe(room, qtbot)
    assert room.stored("alarm", "audio_paused") == [], "it cannot be paused in advance"
    looked_at(room.window)
    qtbot.keyClick(room.page, Key.Key_S)
    wait_for(qtbot, lambda: room.chair.view.audio_pause)
    (entry,) = room.stored("alarm", "audio_paused")
    assert entry.author == NURSE
    assert entry.body["until"] is not None
    looked_at(room.window)
    qtbot.keyClick(room.page, Key.Key_S)
    wait_for(qtbot, lambda: room.chair.view.audio_pause is None)
    (ended,) = room.stored("alarm", "resumed")
    assert (ended.author, ended.body["what"], ended.body["why"]) == (
        NURSE,
        "audio",
        "ended by user",
    )


def test_nobody_signed_in_pauses_nothing_and_is_asked_for_a_name(room: Room, qtbot: QtBot) -> None:
    severe(room, qtbot)
    room.window.person = None
    looked_at(room.window)
    qtbot.keyClick(room.page, Key.Key_S)
    assert isinstance(room.page.panel, UnlockPanel)
    assert room.stored("alarm", "audio_paused") == []


def test_shift_s_pauses_the_audio_of_every_chair_that_alarms(room: Room, qtbot: QtBot) -> None:
    second, calm = room.begin("5"), room.begin("6")
    qtbot.waitUntil(lambda: len(room.window.live.chairs) == 3, timeout=WAIT)
    room.window.show_live(room.session)
    severe(room, qtbot)
    room.bp(216, 100, second)
    other = room.window.live.chairs[second]
    wait_for(qtbot, lambda: other.view.alarms)
    looked_at(room.window)
    qtbot.keyClick(room.page, Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    wait_for(qtbot, lambda: room.chair.view.audio_pause and other.view.audio_pause)
    assert room.stored("alarm", "audio_paused", calm) == [], "nothing sounds there"
    looked_at(room.window)
    qtbot.keyClick(room.page, Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    wait_for(qtbot, lambda: not room.chair.view.audio_pause and not other.view.audio_pause)


# The planned interruption ---------------------------------------------------------------------


def open_interruption(room: Room, qtbot: QtBot) -> InterruptionPanel:
    qtbot.keyClick(room.page, Key.Key_I)
    panel = room.page.panel
    assert isinstance(panel, InterruptionPanel)
    return panel


def test_two_touches_begin_an_interruption_and_the_page_comes_back(
    room: Room, qtbot: QtBot
) -> None:
    panel = open_interruption(room, qtbot)
    assert not any(cell.hasFocus() for cell in panel.cells.values()), "nothing is chosen before"
    said = words_of(panel)
    assert HIGH_ALWAYS in said
    assert "left out: SYS, DIA" in said
    assert "still watched: SpO₂, Pulse, Heart rate, Breaths, MOAA/S" in said
    qtbot.mouseClick(panel.cells["cuff_off", 5], Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: room.chair.view.interruption)
    (entry,) = room.stored("alarm", "alarm_paused")
    assert (entry.author, entry.body["reason"]) == (NURSE, "cuff_off")
    assert entry.body["watched"] == ["spo2", "pulse", "hr", "rr", "moaas"]
    wait_for(qtbot, lambda: room.page.panel is None)


def test_two_digits_do_the_same_and_the_first_alone_stores_nothing(
    room: Room, qtbot: QtBot
) -> None:
    panel = open_interruption(room, qtbot)
    qtbot.keyClick(panel, Key.Key_9)
    qtbot.keyClick(panel, Key.Key_4)
    assert panel.cells["moved", 10].key == "3"
    assert room.stored("alarm", "alarm_paused") == []
    qtbot.keyClick(panel, Key.Key_9)
    qtbot.keyClick(panel, Key.Key_3)
    wait_for(qtbot, lambda: room.chair.view.interruption)
    pause = room.chair.view.interruption
    assert pause is not None
    assert pause.until is not None
    assert (pause.reason, (pause.until - pause.since).total_seconds()) == ("moved", 600)


def test_one_that_runs_is_ended_by_enter_or_begun_anew(room: Room, qtbot: QtBot) -> None:
    panel = open_interruption(room, qtbot)
    assert not panel.end.isVisible()
    panel.begin("toilet", 2)
    wait_for(qtbot, lambda: room.page.panel is None)
    wait_for(qtbot, lambda: room.chair.view.interruption)
    panel = open_interruption(room, qtbot)
    assert panel.heading.text() == "Begin anew"
    assert "ALARM PAUSED, to the toilet" in words_of(panel)
    looked_at(room.window)
    panel.begin("moved", 15)
    wait_for(qtbot, lambda: getattr(room.chair.view.interruption, "reason", "") == "moved")
    wait_for(qtbot, lambda: room.page.panel is None)
    panel = open_interruption(room, qtbot)
    assert panel.end.hasFocus()
    qtbot.keyClick(panel.end, Key.Key_Return)
    wait_for(qtbot, lambda: room.chair.view.interruption is None)
    (ended,) = room.stored("alarm", "resumed")
    assert (ended.body["what"], ended.author) == ("alarm", NURSE)


def test_alarm_off_is_a_choice_only_where_the_clinic_opened_it(qapp: object, qtbot: QtBot) -> None:
    shut = InterruptionPanel(Bench().desk, view())
    qtbot.addWidget(shut)
    assert {minutes for _, minutes in shut.cells} == {2, 5, 10, 15}
    plan = msgspec.structs.replace(view().info.protocol, pause=PausePlan(alarm_off=True))
    opened = InterruptionPanel(Bench().desk, with_protocol(plan))
    qtbot.addWidget(opened)
    assert opened.cells["toilet", None].text() == "ALARM OFF"


def test_an_interruption_that_cannot_be_stored_is_said_and_the_panel_stays(
    qapp: object, qtbot: QtBot
) -> None:
    bench = Bench()
    panel = InterruptionPanel(bench.desk, view())
    qtbot.addWidget(panel)
    panel.begin("toilet", 2)
    panel.begin("toilet", 5)
    assert len(bench.sent) == 1, "a second touch while the first is written is not taken"
    with qtbot.assertNotEmitted(panel.left):
        bench.refused("the disk is full")
        qtbot.waitUntil(lambda: "Not paused: the disk is full" in panel.outcome.text())
    panel.begin("toilet", 5)
    assert len(bench.sent) == 2


# The action card ------------------------------------------------------------------------------


def test_the_card_of_a_high_alert_opens_by_itself_and_says_whose_it_is(
    room: Room, qtbot: QtBot
) -> None:
    room.bp(165, 90)
    wait_for(qtbot, lambda: room.chair.view.alarms)
    assert room.page.card is None, "MEDIUM: on request"
    assert room.page.offer.text() == "Card BP-2"
    severe(room, qtbot)
    assert room.card.title.text() == "Severe rise of blood pressure"
    assert room.card.signed.text() == "Action card BP-2 v1, not signed"
    assert "HIGH SYS 214 ≥ 200" in room.card.about.text()
    assert all(row.height() >= 48 for row in room.card.steps.values())
    assert not room.page.offer.isVisible()


def test_a_card_takes_no_touch_in_its_first_moment(room: Room, qtbot: QtBot) -> None:
    room.bp(214, 100)
    qtbot.waitUntil(lambda: room.page.card is room.card, timeout=WAIT)
    assert not step(room, "told").isEnabled()
    qtbot.mouseClick(step(room, "told"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(step(room, "told").isEnabled, timeout=WAIT)
    assert room.stored("event", "action") == []


def test_a_step_is_one_touch_and_can_be_done_again(room: Room, qtbot: QtBot) -> None:
    severe(room, qtbot)
    qtbot.mouseClick(step(room, "told"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: room.chair.view.actions)
    (entry,) = room.stored("event", "action")
    assert entry.author == NURSE
    assert entry.body["value"].startswith("BP 214/100 at ")
    assert (entry.body["step"], entry.body["alarm"]) == ("told", "nibp_sys>=200")
    wait_for(qtbot, lambda: NURSE in step(room, "told").accessibleDescription())
    wait_for(qtbot, lambda: "Noted" in room.card.outcome.text())
    looked_at(room.chair)
    qtbot.keyClick(room.card, Key.Key_3)
    wait_for(qtbot, lambda: len(room.stored("event", "action")) == 2)
    wait_for(qtbot, lambda: "2 times" in step(room, "told").accessibleDescription())


def test_the_value_that_followed_stands_beside_the_step(room: Room, qtbot: QtBot) -> None:
    severe(room, qtbot)
    qtbot.mouseClick(step(room, "told"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: room.chair.view.actions)
    room.bp(206, 98)
    wait_for(qtbot, lambda: "then SYS 206" in step(room, "told").accessibleDescription())


def test_the_card_stays_after_the_acknowledgement_and_goes_with_the_alert(
    room: Room, qtbot: QtBot
) -> None:
    severe(room, qtbot)
    while (highest := room.page.alarm_bar.highest) is not None:
        qtbot.keyClick(room.page, Key.Key_A)
        qtbot.waitUntil(lambda h=highest: room.page.alarm_bar.highest is not h)
    assert room.page.card is room.card
    assert "ACKNOWLEDGED" in room.card.about.text()
    qtbot.mouseClick(step(room, "asked"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: room.stored("event", "action"))
    room.bp(118, 74)
    room.bp(118, 74)
    wait_for(qtbot, lambda: room.page.card is None)
    assert room.page.timeline.isVisible()


def test_a_card_that_was_left_is_a_key_away(room: Room, qtbot: QtBot) -> None:
    severe(room, qtbot)
    room.card.setFocus()
    qtbot.keyClick(room.card, Key.Key_Escape)
    assert room.page.card is None
    assert room.page.hasFocus(), "or the keys would go nowhere"
    said = drafts.note("calm", at=room.station.clock.now(), author=NURSE)
    room.station.submit(room.session, said).result(60)
    wait_for(qtbot, lambda: room.chair.view.now >= said.at)
    assert room.page.card is None, "the same occurrence does not bring it back"
    assert room.page.offer.isVisible()
    qtbot.keyClick(room.page, Key.Key_C)
    assert room.page.card is room.card
    assert room.card.has_focus


def test_a_confirming_reading_brings_a_card_back_that_was_left(room: Room, qtbot: QtBot) -> None:
    severe(room, qtbot)
    qtbot.mouseClick(room.card.leave, Qt.MouseButton.LeftButton)
    assert room.page.card is None
    room.bp(216, 102)
    wait_for(qtbot, lambda: room.page.card is room.card)


def test_the_infusion_is_paused_with_the_step_in_one_entry_each(room: Room, qtbot: QtBot) -> None:
    now = room.station.clock.now()
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=now, author=NURSE)
    room.station.submit(room.session, start).result(60)
    severe(room, qtbot)
    row = room.card.steps["infusion"]
    assert isinstance(row, ChoiceStep)
    assert list(row.buttons) == ["go on", "pause", "stop"]
    qtbot.keyClick(room.card, Key.Key_4)
    assert row.buttons["go on"].hasFocus()
    assert room.stored("event", "action") == [], "a digit alone does not choose"
    qtbot.mouseClick(row.buttons["pause"], Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: getattr(room.chair.view.infusion, "state", "") == "paused")
    (paused,) = room.stored("infusion", "pause")
    (noted,) = room.stored("event", "action")
    assert paused.body["reason"] == "action card BP-2"
    assert noted.body["done"] == "pause"
    assert (noted.seq, noted.at) == (paused.seq + 1, paused.at)
    row = room.card.steps["infusion"]
    assert isinstance(row, ChoiceStep)
    assert list(row.buttons) == ["resume", "keep paused", "stop"]
    assert room.card.has_focus, "the button that had the focus is gone"


def test_without_a_cuff_the_typed_pressure_opens_and_the_step_is_noted(
    room: Room, qtbot: QtBot
) -> None:
    severe(room, qtbot)
    qtbot.mouseClick(step(room, "again"), Qt.MouseButton.LeftButton)
    assert isinstance(room.page.panel, PressurePanel)
    wait_for(qtbot, lambda: room.stored("event", "action"))


def test_a_step_may_lead_to_another_card_and_back(room: Room, qtbot: QtBot) -> None:
    severe(room, qtbot)
    qtbot.mouseClick(step(room, "symptom"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: room.card.title.text() == "Emergency")
    wait_for(qtbot, lambda: room.stored("event", "action"))
    qtbot.mouseClick(step(room, "call"), Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: len(room.stored("event", "action")) == 2)
    assert [e.body["card"] for e in room.stored("event", "action")] == ["BP-2", "EM-1"]
    qtbot.mouseClick(room.card.back, Qt.MouseButton.LeftButton)
    assert room.card.title.text() == "Severe rise of blood pressure"


def test_a_step_without_a_name_stores_nothing_and_asks_for_one(room: Room, qtbot: QtBot) -> None:
    severe(room, qtbot)
    room.window.person = None
    qtbot.mouseClick(step(room, "told"), Qt.MouseButton.LeftButton)
    assert isinstance(room.page.panel, UnlockPanel)
    assert room.stored("event", "action") == []
    room.chair.close_panel()
    assert room.page.card is room.card


# Limits ---------------------------------------------------------------------------------------


def open_limits(room: Room, qtbot: QtBot) -> LimitsPanel:
    qtbot.keyClick(room.page, Key.Key_F2)
    panel = room.page.panel
    assert isinstance(panel, LimitsPanel)
    return panel


def cells(panel: LimitsPanel) -> list[str]:
    chosen = panel.table.chosen
    assert chosen is not None, "no limit is chosen"
    return list(panel.table.rows[panel.table.ids.index(chosen)])


@pytest.mark.parametrize(
    ("typed", "reason", "says"),
    [
        ("", "", "Type the new value"),
        ("abc", "x", "Type the other value as a number"),
        ("110", "x", "has the value 110 already"),
        ("500", "x", "can never be passed in a living patient"),
        ("140", "x", "no further out than 130, not to 140"),
        ("120", "", "Type the reason"),
    ],
)
def test_a_limit_that_cannot_be_set_is_answered_in_one_line(
    qapp: object, qtbot: QtBot, typed: str, reason: str, says: str
) -> None:
    bench = Bench()
    panel = LimitsPanel(bench.desk, view())
    qtbot.addWidget(panel)
    assert panel.missing() == "Choose a limit"
    panel.choose("pulse>110")
    panel.value.setText(typed)
    panel.reason.setText(reason)
    assert says in panel.words.text()
    assert "\n" not in panel.words.text()
    assert not panel.set.isEnabled()
    qtbot.keyClick(panel.value, Key.Key_Return)
    assert bench.sent == []
    assert panel.value.text() == typed


def test_a_limit_is_changed_shown_and_set_back_for_this_session(room: Room, qtbot: QtBot) -> None:
    panel = open_limits(room, qtbot)
    said = words_of(panel)
    assert "version 3, NOT APPROVED" in said
    panel.choose("pulse>110")
    assert not panel.back.isVisible()
    assert not panel.off.isVisible(), "ALARM OFF only where the clinic opened it"
    qtbot.keyClicks(panel.value, "120")
    qtbot.keyClicks(panel.reason, "runs at 105")
    qtbot.keyClick(panel.reason, Key.Key_Return)
    wait_for(qtbot, lambda: room.stored("alarm", "limit_changed"))
    (entry,) = room.stored("alarm", "limit_changed")
    assert (entry.author, entry.body["value"], entry.body["was"]) == (NURSE, 120, 110)
    wait_for(qtbot, lambda: "> 120" in cells(panel)[3])
    assert cells(panel)[2] == "> 110 /min"
    assert f"{NURSE}: runs at 105" in cells(panel)[5]
    wait_for(qtbot, lambda: panel.value.text() == "")
    qtbot.mouseClick(panel.back, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: cells(panel)[3] == "")
    assert room.stored("alarm", "limit_changed")[-1].body["value"] == 110


def test_a_new_session_begins_with_the_protocols_limits(room: Room, qtbot: QtBot) -> None:
    panel = open_limits(room, qtbot)
    panel.choose("pulse>110")
    panel.value.setText("120")
    panel.reason.setText("runs at 105")
    panel.set.click()
    wait_for(qtbot, lambda: any(v.preset for v in room.chair.view.limits))
    room.session = room.begin("3")
    qtbot.waitUntil(lambda: room.session in room.window.live.chairs, timeout=WAIT)
    room.window.show_live(room.session)
    assert all(v.preset is None for v in room.chair.view.limits)
    panel = open_limits(room, qtbot)
    panel.choose("pulse>110")
    assert cells(panel)[3:6] == ["", "110 /min", ""]


def test_what_was_typed_for_one_limit_is_never_set_on_another(qapp: object, qtbot: QtBot) -> None:
    panel = LimitsPanel(Bench().desk, view())
    qtbot.addWidget(panel)
    panel.choose("pulse>110")
    panel.value.setText("120")
    panel.choose("spo2<92")
    assert panel.value.text() == ""


def test_alarm_off_is_stored_where_the_clinic_opened_it_and_needs_a_reason(
    qapp: object, qtbot: QtBot
) -> None:
    plan = msgspec.structs.replace(view().info.protocol, pause=PausePlan(alarm_off=True))
    bench = Bench()
    panel = LimitsPanel(bench.desk, with_protocol(plan))
    qtbot.addWidget(panel)
    panel.show()
    panel.choose("pulse>110")
    qtbot.mouseClick(panel.off, Qt.MouseButton.LeftButton)
    assert panel.outcome.text() == "Not changed: Reason is empty"
    panel.reason.setText("pacemaker")
    looked_at(panel)
    qtbot.mouseClick(panel.off, Qt.MouseButton.LeftButton)
    ((draft,),) = bench.sent
    assert draft.body["value"] is None


# All alerts -------------------------------------------------------------------------------------


def open_alarms(room: Room, qtbot: QtBot) -> AllAlarmsPanel:
    qtbot.keyClick(room.page, Key.Key_F3)
    panel = room.page.panel
    assert isinstance(panel, AllAlarmsPanel)
    return panel


@pytest.mark.parametrize("right", [True, False])
def test_a_clock_that_was_set_is_answered_under_all_alerts_with_a_name(
    room: Room, qtbot: QtBot, right: bool
) -> None:
    body = {"event": "clock_changed", "ahead_s": -7200.0}
    set_back = Draft("audit", room.station.clock.now(), PROGRAM, body)
    room.station.submit(room.session, set_back).result(60)
    panel = open_alarms(room, qtbot)
    wait_for(qtbot, lambda: "clock_changed" in panel.rows)
    row = panel.rows["clock_changed"]
    answers = {said: button for button, said in row.answers}
    assert [b.accessibleName() for b in answers.values()] == [
        "The computer's clock is right",
        "The computer's clock is wrong, session time is right",
    ]
    qtbot.waitUntil(answers[right].isEnabled)
    looked_at(panel)
    qtbot.mouseClick(answers[right], Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: room.stored("event", "clock_checked"))
    (entry,) = room.stored("event", "clock_checked")
    assert (entry.author, entry.body["right"]) == (NURSE, right)
    wait_for(qtbot, lambda: "clock_changed" not in panel.rows)


def test_each_alert_is_listed_once_with_its_button_and_the_limits_behind_it(
    room: Room, qtbot: QtBot
) -> None:
    severe(room, qtbot)
    panel = open_alarms(room, qtbot)
    assert {"nibp_sys>=200", "nibp_dia>=100"} <= set(panel.rows)
    assert len([key for key in panel.rows if key.startswith("nibp_sys>")]) == 1
    assert panel.heading.text() == f"All alerts: {len(panel.rows)} active"
    assert (
        "also passed: ** SYS ≥ 180 (confirming), ** SYS ≥ 160"
        in panel.rows["nibp_sys>=200"].story.text()
    )
    dia = panel.rows["nibp_dia>=100"]
    qtbot.mouseClick(dia.acknowledge, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: dia.alarm.acknowledged_by == NURSE)
    assert not dia.acknowledge.isVisible()
    assert panel.rows["nibp_sys>=200"].acknowledge.isVisible(), "each for itself"
    qtbot.mouseClick(panel.rows["nibp_sys>=200"].card, Qt.MouseButton.LeftButton)
    assert room.page.panel is None
    assert room.page.card is room.card


def test_what_has_been_stays_in_the_list_of_the_session(room: Room, qtbot: QtBot) -> None:
    room.bp(165, 90)
    wait_for(qtbot, lambda: room.chair.view.alarms)
    room.bp(118, 74)
    wait_for(qtbot, lambda: not room.chair.view.alarms)
    panel = open_alarms(room, qtbot)
    assert panel.none.isVisible()
    assert panel.rows == {}
    assert any("SYS 165 ≥ 160" in row[2] for row in panel.table.rows)


def test_rows_that_move_take_no_touch_for_a_moment(room: Room, qtbot: QtBot) -> None:
    room.bp(165, 90)
    wait_for(qtbot, lambda: room.chair.view.alarms)
    panel = open_alarms(room, qtbot)
    assert panel.rows["nibp_sys>=160"].acknowledge.isEnabled()
    room.bp(214, 100)
    wait_for(qtbot, lambda: "nibp_sys>=200" in panel.rows)
    assert not panel.rows["nibp_sys>=200"].acknowledge.isEnabled()
    wait_for(qtbot, lambda: panel.rows["nibp_sys>=200"].acknowledge.isEnabled())


# The sound test -----------------------------------------------------------------------------------


class Loudspeaker:
    """The outputs of the computer: what was asked of them, and what they will answer."""

    def __init__(self, bench: Bench, *, plays: bool) -> None:
        self.asked = 0
        self._plays = plays
        self.desk = SoundDesk(self._play, lambda: '"Headset"', bench.bridge.deliver)

    def _play(self) -> Future[bool]:
        self.asked += 1
        done: Future[bool] = Future()
        done.set_result(self._plays)
        return done


@pytest.mark.parametrize("heard", [True, False])
def test_the_sound_test_asks_after_the_tone_and_stores_the_answer(
    qapp: object, qtbot: QtBot, heard: bool
) -> None:
    bench = Bench()
    speaker = Loudspeaker(bench, plays=True)
    panel = SoundTestPanel(bench.desk, view(), speaker.desk)
    qtbot.addWidget(panel)
    panel.show()
    assert "not tested" in panel.state.text()
    assert not panel.heard.isVisible()
    qtbot.keyClick(panel, Key.Key_H)
    assert bench.sent == [], "nothing was played yet"
    qtbot.mouseClick(panel.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.heard.isVisible)
    assert speaker.asked == 1
    qtbot.mouseClick(panel.heard if heard else panel.not_heard, Qt.MouseButton.LeftButton)
    ((draft,),) = bench.sent
    assert draft.author == bench.author
    assert (draft.body["event"], draft.body["output"], draft.body["heard"]) == (
        "sound_test",
        '"Headset"',
        heard,
    )


def test_a_tone_that_was_not_played_is_not_asked_about(qapp: object, qtbot: QtBot) -> None:
    bench = Bench()
    panel = SoundTestPanel(bench.desk, view(), Loudspeaker(bench, plays=False).desk)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.keyClick(panel, Key.Key_P)
    qtbot.waitUntil(lambda: panel.outcome.text() == NOT_NOW)
    assert not panel.heard.isVisible()


def test_a_window_without_outputs_says_so(room: Room, qtbot: QtBot) -> None:
    room.page.sound_test_wanted.emit()
    panel = room.page.panel
    assert isinstance(panel, SoundTestPanel)
    assert panel.where.text() == "This window has no sound output"
    assert not panel.play.isEnabled()


def test_one_test_counts_for_every_session_of_the_window(room: Room, qtbot: QtBot) -> None:
    other = room.begin("5")
    qtbot.waitUntil(lambda: other in room.window.live.chairs, timeout=WAIT)
    room.window.show_live(room.session)
    assert "not tested" in room.page.alarm_bar.sound.said or not room.page.alarm_bar.sound.said
    alarms = room.chair.alarms
    assert isinstance(alarms, ChairAlarms)
    panel = alarms.panel("sound")
    assert isinstance(panel, SoundTestPanel)
    made = alarm_drafts.sound_test("x", heard=True, at=room.station.clock.now(), author=NURSE)
    panel.acting.do(lambda _author: (made,), "Noted")
    wait_for(qtbot, lambda: room.stored("audit", "sound_test"))
    wait_for(qtbot, lambda: room.stored("audit", "sound_test", other))
    wait_for(qtbot, lambda: room.chair.view.sound.heard is True)


# Helpers ------------------------------------------------------------------------------------------


def words_of(panel: QWidget) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel))


def with_protocol(plan: TreatmentProtocol) -> SessionView:
    seen = view()
    return replace(seen, info=replace(seen.info, protocol=plan))
