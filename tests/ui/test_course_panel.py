"""Onset and end of an episode, and adverse events: proposed or typed, stored only by a person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.instruments import AnswerStatus
from ketamonitor.record import Record
from ketamonitor.treatment.adverse import adverse
from tests.domain.builders import at, chained, reading, started
from tests.ui.forms import Bench, view
from tests.ui.keys import Keys
from ui.pages.course import CoursePanel


@pytest.fixture
def bench(theme: object) -> Iterator[Bench]:
    return Bench()


def answered(minute: float, value: int, instrument: str = "moaas") -> Draft:
    return drafts.observation(
        instrument, AnswerStatus.ANSWERED, value, at=at(minute * 60), author="okafor"
    )


def panel_of(bench: Bench, qtbot: QtBot, *acts: Draft) -> tuple[CoursePanel, Keys]:
    given = drafts.dose("ketamine (racemic)", "iv", 10, weight_kg=68, at=at(0), author="okafor")
    bench.now = at(36 * 60)
    record = Record.of(chained([started(), given, *acts]))
    panel = CoursePanel(bench.desk, view(), lambda: record)
    qtbot.addWidget(panel)
    panel.resize(1040, 640)
    panel.show()
    panel.activateWindow()
    panel.opened(bench.now)
    panel.refresh()
    return panel, Keys(qtbot, panel)


def test_what_was_worked_out_stands_beside_an_empty_answer_and_is_stored_by_a_key(
    bench: Bench, qtbot: QtBot
) -> None:
    panel, keys = panel_of(
        bench, qtbot, answered(5, 4), answered(10, 3), answered(20, 5), answered(30, 5)
    )
    part = panel.parts["Sedation"]
    assert part.words.text() == "From 14:05, worst 3, over 14:20"
    assert part.choice.chosen is None
    assert panel.words.text() == "Sedation: choose an answer"
    keys.press("m")  # nothing to give a medicine for yet
    assert part.medicine.chosen is None
    keys.press("y")
    assert panel.words.text() == "Sedation: say whether medicine was given for it"
    keys.enter()
    assert not bench.sent
    keys.press("n")
    keys.enter()
    (draft,) = bench.sent[0]
    assert draft.body["text"] == "Sedation: from 14:05, worst 3, over 14:20, no medicine"
    assert draft.body["medicine"] is False
    assert draft.body["resolved_at"] == at(20 * 60).isoformat()


def test_without_answers_nothing_is_worked_out_and_none_is_a_persons_word(
    bench: Bench, qtbot: QtBot
) -> None:
    panel, keys = panel_of(bench, qtbot)
    keys.press("2")
    part = panel.parts["Dissociation"]
    assert "nothing can be worked out" in part.words.text()
    keys.press("y")
    assert part.choice.chosen is None
    keys.press("x")
    keys.escape()  # out of the field of times
    panel.setFocus()
    keys.press("m")
    keys.press("z")
    assert part.medicine.isHidden() or not part.medicine.isVisible()
    keys.enter()
    body = bench.sent[0][0].body
    assert body["none"] is True
    assert "medicine" not in body


def test_own_times_are_read_and_an_end_before_the_onset_is_refused(
    bench: Bench, qtbot: QtBot
) -> None:
    panel, keys = panel_of(bench, qtbot)
    keys.press("3")
    keys.press("x")
    assert panel.words.text() == "Respiratory depression: type when it began, or choose none"
    keys.type("14:12")
    keys.fill("Respiratory depression over at", "14:10")
    assert "over 14:10 is before 14:12" in panel.words.text()
    for _ in range(5):
        keys.press(Qt.Key.Key_Backspace)
    keys.type("14:16")
    keys.choose("Medicine given for it: yes")
    keys.enter()
    told = "Respiratory depression: from 14:12, over 14:16, medicine given"
    assert bench.sent[0][0].body["text"] == told


def test_breathing_is_worked_out_from_counts_and_oxygen(bench: Bench, qtbot: QtBot) -> None:
    low = [reading(300 + n, {"spo2": 88 if n < 60 else 97}) for n in range(0, 600, 5)]
    panel, keys = panel_of(bench, qtbot, *low, answered(25, 14, "breaths"))
    keys.press("3")
    part = panel.parts["Respiratory depression"]
    assert part.words.text() == "From 14:05, worst SpO₂ 88, over 14:06"
    keys.press("y")
    keys.press("m")
    keys.enter()
    body = bench.sent[0][0].body
    assert (body["worst"], body["medicine"]) == ("SpO₂ 88", True)


def test_breathing_with_no_record_of_it_has_no_proposal(bench: Bench, qtbot: QtBot) -> None:
    panel, keys = panel_of(bench, qtbot)
    keys.press("3")
    part = panel.parts["Respiratory depression"]
    assert "nothing can be worked out" in part.words.text()
    keys.press("y")
    assert part.choice.chosen is None


def test_no_serious_event_is_an_answer_by_two_keys(bench: Bench, qtbot: QtBot) -> None:
    panel, keys = panel_of(bench, qtbot)
    keys.press("4")
    assert panel.words.text().startswith("Choose what happened, type it, or say that nothing")
    keys.enter()
    assert not bench.sent
    keys.press("z")
    assert not panel.when.isVisible()
    keys.enter()
    assert bench.sent[0][0].body["event"] == "adverse_none"
    bench.saved()
    qtbot.waitUntil(lambda: panel.adverse.kind.chosen is None)


def test_there_is_no_none_beside_a_serious_event(bench: Bench, qtbot: QtBot) -> None:
    serious = adverse("Fall", True, ["hospital"], "not_over", "slipped", at=at(60), author="okafor")
    panel, keys = panel_of(bench, qtbot, serious)
    keys.press("4")
    assert panel.adverse.stands.text() == "Recorded: Fall (serious), 14:01, okafor"
    keys.press("z")
    assert panel.words.text() == "A serious adverse event is recorded: Fall"
    keys.enter()
    assert not bench.sent


def test_an_adverse_event_says_whether_it_is_serious_and_why(bench: Bench, qtbot: QtBot) -> None:
    panel, keys = panel_of(bench, qtbot)
    keys.press("4")
    keys.press("z")
    keys.press("c")  # something did happen after all
    assert panel.adverse.kind.chosen is None
    assert panel.adverse.common.chosen == "Nausea"
    assert panel.words.text() == "Say whether it is serious"
    keys.press("s")
    assert panel.words.text() == "Choose how it stands"
    keys.press("q")
    assert panel.words.text() == "Choose what makes it serious"
    keys.choose("Hospital stay, or a longer one")
    assert "Description of a serious event" in panel.words.text()
    keys.fill("Description", "kept in overnight")
    keys.enter()
    body = bench.sent[0][0].body
    assert (body["what"], body["serious"], body["criteria"]) == ("Nausea", True, ["hospital"])
    assert body["outcome"] == "not_over"


def test_a_usual_adverse_event_is_six_keys(bench: Bench, qtbot: QtBot) -> None:
    panel, keys = panel_of(bench, qtbot)
    keys.begin()
    for key in ("4", "c", "n", "o"):
        keys.press(key)
    assert panel.missing() == ""
    keys.enter()
    assert keys.actions == 5  # with V, which opens the panel, six
    body = bench.sent[0][0].body
    assert (body["what"], body["serious"], body["outcome"]) == ("Nausea", False, "over")


def test_saying_that_nothing_happened_takes_back_what_was_begun(bench: Bench, qtbot: QtBot) -> None:
    panel, keys = panel_of(bench, qtbot)
    for key in ("4", "c", "n", "z"):
        keys.press(key)
    assert panel.adverse.common.chosen is panel.adverse.serious.chosen is None
    keys.enter()
    assert bench.sent[0][0].body["event"] == "adverse_none"
