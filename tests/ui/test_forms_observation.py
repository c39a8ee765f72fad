"""The observation panel: nothing by default, keys, needed rows, what is handed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.instruments import AnswerStatus
from ketamonitor.treatment.plan import ObservePlan
from tests.ui.forms import Bench, view
from ui.pages.instrument_row import BreathRow
from ui.pages.observation import ObservationPanel


@pytest.fixture
def bench(qapp: object) -> Bench:
    return Bench()


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> ObservationPanel:
    made = ObservationPanel(bench.desk, view())
    qtbot.addWidget(made)
    made.show()
    made.setFocus()
    return made


def test_nothing_is_answered_to_begin_with(panel: ObservationPanel) -> None:
    assert all(row.answered is None for row in panel.rows)
    assert not panel.save_button.isEnabled()
    assert panel.words.text() == "3 needed answers left: sedation, dissociation, breaths"


def test_enter_saves_nothing_while_an_answer_is_missing(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClick(panel, Qt.Key.Key_4)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert bench.sent == []
    assert panel.words.text() == "2 needed answers left: dissociation, breaths"


def test_keys_answer_the_marked_row_and_go_on(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClick(panel, Qt.Key.Key_4)
    qtbot.keyClick(panel, Qt.Key.Key_T)
    qtbot.keyClick(panel, Qt.Key.Key_1)  # a digit on a typed row puts the cursor there
    assert isinstance(panel.rows[2], BreathRow)
    qtbot.keyClick(panel.rows[2].typed, Qt.Key.Key_4)
    qtbot.keyClick(panel.rows[2].typed, Qt.Key.Key_Return)
    (drafts,) = bench.sent
    assert [(d.body["instrument"], d.body["status"], d.body["value"]) for d in drafts] == [
        ("moaas", "answered", 4),
        ("dissociation", "answered", 10),
        ("breaths", "answered", 14),
    ]
    assert {d.author for d in drafts} == {"r.okafor"}


def test_not_assessed_and_declined_are_answers_without_a_value(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClick(panel, Qt.Key.Key_Minus)
    qtbot.keyClick(panel, Qt.Key.Key_X)
    qtbot.keyClick(panel, Qt.Key.Key_Minus)
    qtbot.mouseClick(panel.save_button, Qt.MouseButton.LeftButton)
    assert [(d.body["status"], d.body["value"]) for d in bench.sent[0]] == [
        ("not_assessed", None),
        ("declined", None),
        ("not_assessed", None),
    ]


def test_a_key_off_the_scale_answers_nothing(panel: ObservationPanel, qtbot: QtBot) -> None:
    qtbot.keyClick(panel, Qt.Key.Key_9)  # MOAA/S ends at 5
    assert panel.rows[0].answered is None
    assert panel.marked == 0


def test_a_held_key_answers_once(panel: ObservationPanel, qtbot: QtBot) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent

    repeat = QKeyEvent(
        QEvent.Type.KeyPress, Qt.Key.Key_3, Qt.KeyboardModifier.NoModifier, "3", True
    )
    panel.keyPressEvent(repeat)
    assert all(row.answered is None for row in panel.rows)


def test_digits_typed_into_the_time_are_no_answers(panel: ObservationPanel, qtbot: QtBot) -> None:
    panel.when.choice.choose("Other time")
    panel.when.typed.setFocus()
    qtbot.keyClicks(panel.when.typed, "1405")
    assert panel.when.typed.text() == "1405"
    assert all(row.answered is None for row in panel.rows)


def test_seen_two_minutes_ago_is_the_time_of_each_answer(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel, "50-")
    panel.when.choice.choose("−2 min")
    panel.save()
    assert {d.at for d in bench.sent[0]} == {bench.now - timedelta(minutes=2)}


def test_saved_is_said_only_when_it_is_durable(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel, "50-")
    panel.save()
    assert panel.outcome.text() == "Saving…"
    panel.save()  # a second Enter must not send it twice
    assert len(bench.sent) == 1
    with qtbot.waitSignal(panel.saved):
        bench.saved()
    assert panel.outcome.text() == "Saved 14:36:05"
    assert all(row.answered is None for row in panel.rows)


def test_a_refusal_keeps_what_was_answered_and_says_why(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel, "50-")
    panel.save()
    bench.refused("the disk is full")
    qtbot.waitUntil(lambda: "the disk is full" in panel.outcome.text())
    assert panel.outcome.text().startswith("Not saved: ")
    assert [row.choice.chosen for row in panel.rows[:3]] == ["5", "0", "Not assessed"]
    assert panel.save_button.isEnabled()


def test_escape_leaves_and_keeps_the_draft(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClick(panel, Qt.Key.Key_4)
    with qtbot.waitSignal(panel.left):
        qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.rows[0].choice.chosen == "4"
    assert bench.sent == []


def test_locked_nothing_is_saved(panel: ObservationPanel, bench: Bench, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel, "50-")
    bench.author = None
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert bench.sent == []
    assert "Sign in" in panel.words.text()


def test_the_protocol_names_the_rows_and_which_are_needed(bench: Bench, qtbot: QtBot) -> None:
    shown = view()
    plan = ObservePlan(rows=("rass", "nausea"), needed=("rass",), sedation="rass")
    protocol = msgspec.structs.replace(shown.info.protocol, observe=plan)
    made = ObservationPanel(bench.desk, replace(shown, info=replace(shown.info, protocol=protocol)))
    qtbot.addWidget(made)
    assert [row.instrument.key for row in made.rows] == ["rass", "nausea"]
    assert made.words.text() == "1 needed answer left: agitation, sedation"
    made.rows[0].choice.choose("0")
    assert made.save_button.isEnabled()
    made.save()
    assert [(d.body["instrument"], d.body["value"]) for d in bench.sent[0]] == [("rass", 0)]


def test_breaths_are_counted_for_half_a_minute(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    row = panel.rows[2]
    assert isinstance(row, BreathRow)
    qtbot.keyClicks(panel, "50")
    for _ in range(8):  # the first begins the half minute
        qtbot.keyClick(panel, Qt.Key.Key_Space)
    assert row.answered is None
    bench.now += timedelta(seconds=30)
    panel.refresh()
    assert row.answered == (AnswerStatus.ANSWERED, 14)
    assert row.told.text() == "7 in 30 s"


def test_a_count_off_its_range_is_named_and_not_sent(
    panel: ObservationPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel, "50")
    qtbot.keyClick(panel, Qt.Key.Key_9)
    row = panel.rows[2]
    assert isinstance(row, BreathRow)
    qtbot.keyClicks(row.typed, "99")
    qtbot.keyClick(row.typed, Qt.Key.Key_Return)
    assert bench.sent == []
    assert "breaths" in panel.words.text().lower()


@pytest.mark.parametrize("width", [895, 1000, 1350])
def test_question_and_answers_are_in_sight_at_any_width(
    theme: object, panel: ObservationPanel, qtbot: QtBot, width: int
) -> None:
    panel.resize(width, 2400)
    view_of = panel.area.viewport()
    qtbot.waitUntil(lambda: panel.rows[0].width() == view_of.width())
    for row in panel.rows:
        name = row.instrument.label
        for part in (row.head, *row.controls()):
            at = part.mapTo(view_of, part.rect().topLeft()).x()
            assert at >= 0, name
            assert at + part.width() <= view_of.width(), name
        buttons = list(row.choice.buttons.values())
        assert all(b.width() >= 44 for b in buttons), name
        assert all(b.height() >= 48 for b in buttons), name
