"""The due strip and the schedule: nothing chosen by itself, a word for each slot not done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.schedule import due_of
from ketamonitor.treatment.not_done import not_done
from ketamonitor.view import DueState, SessionView
from tests.domain.builders import chained, protocol, started
from tests.ui.forms import START, Bench, view
from tests.ui.keys import Keys
from tests.ui.test_window import Place, begin, place, sign_in_first
from ui.pages.schedule import SchedulePanel
from ui.theme import Theme
from ui.widgets.due_strip import DueStrip, due_cells

__all__ = ["place"]  # a fixture of the window's own tests


@pytest.fixture
def bench(qapp: object) -> Bench:
    return Bench()


def seen(minutes: float, *acts: Draft) -> SessionView:
    """The picture so many minutes after an infusion began at the session's start."""
    begun = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=START, author="okafor")
    record = Record.of(chained([started(protocol(), at=START), begun, *acts]))
    now = START + timedelta(minutes=minutes)
    first = record.first_dose_at
    return replace(view(), now=now, due=due_of(record, now), first_dose_at=first)


def opened(bench: Bench, qtbot: QtBot, picture: SessionView, slot: str = "") -> SchedulePanel:
    bench.now = picture.now
    panel = SchedulePanel(bench.desk, picture)
    qtbot.addWidget(panel)
    panel.resize(1340, 560)
    panel.show()
    panel.opened(bench.now)
    panel.choose(slot)
    return panel


def chosen(panel: SchedulePanel) -> str:
    return panel.item.id if panel.item else ""


def pressure(minute: float) -> Draft:
    return drafts.manual_bp(122, 74, at=START + timedelta(minutes=minute), author="okafor")


@pytest.mark.parametrize(
    ("minutes", "slot", "says"),
    [
        (12, "", "Choose a slot"),
        (12, "no such", "Choose a slot"),
        (12, "bp@10", "Choose a reason or type one"),
        (12, "bp@20", "BP 14:20 opens at 14:17"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_sent(
    bench: Bench, qtbot: QtBot, minutes: float, slot: str, says: str
) -> None:
    panel = opened(bench, qtbot, seen(minutes), slot)
    assert panel.words.text() == says
    assert panel.reasons.chosen is None
    panel.save()
    assert bench.sent == []


def test_a_slot_that_is_done_takes_no_reason(bench: Bench, qtbot: QtBot) -> None:
    panel = opened(bench, qtbot, seen(12, pressure(10)), "bp@10")
    panel.reasons.choose("Patient declined")
    assert panel.words.text() == "BP 14:10 is done"
    assert not panel.save_button.isEnabled()


def test_no_dose_no_schedule(bench: Bench, qtbot: QtBot) -> None:
    assert opened(bench, qtbot, view()).words.text() == "The schedule starts with the first dose"


def test_the_keyboard_alone_answers_a_slot(bench: Bench, qtbot: QtBot) -> None:
    panel = opened(bench, qtbot, seen(12))
    for _ in range(2):
        if chosen(panel) != "bp@10":
            QTest.keyClick(panel.table, Qt.Key.Key_Down)
    assert chosen(panel) == "bp@10"
    panel.text.setFocus()
    QTest.keyClicks(panel.text, "cuff on the wrong arm")
    QTest.keyClick(panel.text, Qt.Key.Key_Return)
    ((draft,),) = bench.sent
    assert draft.body == {
        "event": "not_done",
        "slot": "bp@10",
        "what": "bp",
        "due_at": (START + timedelta(minutes=10)).isoformat(),
        "reason": "cuff on the wrong arm",
        "text": "BP due 14:10 not done: cuff on the wrong arm",
    }
    bench.saved()
    qtbot.waitUntil(lambda: panel.outcome.text().startswith("Saved"))
    assert chosen(panel) == ""
    assert panel.text.text() == ""


def test_a_reason_is_either_chosen_or_typed(bench: Bench, qtbot: QtBot) -> None:
    panel = opened(bench, qtbot, seen(12), "bp@10")
    panel.reasons.choose("Patient declined")
    panel.text.setText("asleep")
    assert panel.reasons.chosen is None
    panel.reasons.choose("Patient declined")
    assert panel.text.text() == ""
    panel.save()
    assert bench.sent[0][0].body["reason"] == "Patient declined"


def test_a_newer_picture_keeps_the_chosen_slot(bench: Bench, qtbot: QtBot) -> None:
    panel = opened(bench, qtbot, seen(12), "bp@10")
    panel.show_view(seen(14))
    assert panel.item is not None
    assert (panel.item.id, panel.item.state) == ("bp@10", DueState.OVERDUE)


def test_the_table_says_how_each_slot_stands(bench: Bench, qtbot: QtBot) -> None:
    before = seen(12)
    (slot,) = [i for i in before.due if i.id == "observation@10"]
    said = not_done(slot, "Patient asleep, not woken", at=before.now, author="okafor")
    panel = opened(bench, qtbot, seen(23, pressure(13), said))
    cells = panel.table.model()
    rows = [
        [cells.index(row, column).data() for column in range(3)] for row in range(cells.rowCount())
    ]
    assert rows[:7] == [
        ["14:10", "BP", "late, done 14:13"],
        ["14:10", "Observation", "not done: Patient asleep, not woken (okafor)"],
        ["14:10", "SpO₂", "overdue"],
        ["14:20", "BP", "overdue"],
        ["14:20", "Observation", "due now"],
        ["14:20", "SpO₂", "due now"],
        ["14:30", "BP", "to come"],
    ]


def test_keys_alone_lead_from_the_live_page_to_a_stored_reason(place: Place, qtbot: QtBot) -> None:
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    chair = place.window.chair
    assert chair is not None
    begun = place.station.clock.now() - timedelta(minutes=12)
    late = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=begun, author="r.okafor")
    place.station.submit(chair.session, late)
    keys = Keys(qtbot, place.window)
    keys.until(lambda: bool(chair.view.due), "the schedule begins with the first dose")
    keys.tab_to("Due")
    keys.enter()
    panel = chair.page.panel
    assert isinstance(panel, SchedulePanel)
    assert panel.item is None
    keys.press(Qt.Key.Key_Down)
    keys.until(lambda: chosen(panel) in ("bp@10", "observation@10"), "an arrow key chooses")
    slot = chosen(panel)
    keys.choose("Patient declined")
    keys.enter()
    keys.until(lambda: chair.page.panel is None, "the page comes back once it is stored")
    keys.until(
        lambda: (
            ("Patient declined", DueState.NOT_DONE)
            in [(i.reason, i.state) for i in chair.view.due if i.id == slot]
        ),
        "the slot stands as not done with its reason",
    )


# The strip ---------------------------------------------------------------------------------------


def test_the_strip_says_that_a_pressure_is_due_before_it_is_late(qapp: object) -> None:
    def first(minutes: float, *acts: Draft) -> tuple[str, str]:
        picture = seen(minutes, *acts)
        cell = due_cells(picture, picture.now)[0]
        return cell.title, cell.below

    assert first(5) == ("Nothing due now", "next in 5:00")
    assert first(8.5) == ("BP due in 1:30", "14:10: counts already")
    assert first(10) == ("BP due now, 14:10", "0:00 ago: start the cuff or press B")
    assert first(12.5) == ("BP overdue, 14:10", "2:30 ago: start the cuff or press B")
    assert first(9, pressure(8.8)) == ("Observation due in 1:00", "14:10: counts already")


def test_the_strip_names_what_an_observation_still_needs(qapp: object) -> None:
    at = START + timedelta(minutes=10)
    picture = seen(11, pressure(10), drafts.observation("moaas", "answered", 5, at=at, author="o"))
    cell = due_cells(picture, picture.now)[0]
    assert cell.below == "1:00 ago: not answered: Dissociation, Breaths"


def test_the_strip_ends_with_what_became_of_the_slots_behind(qapp: object) -> None:
    picture = seen(25, pressure(9), pressure(24))
    told = [(c.title, c.below) for c in due_cells(picture, picture.now)]
    assert told[-2:] == [("BP 14:20", "late, done 14:24"), ("BP 14:10", "done 14:09")]


def test_a_touch_on_a_slot_or_enter_on_the_strip_asks_for_the_schedule(qtbot: QtBot) -> None:
    strip = DueStrip(Theme())
    qtbot.addWidget(strip)
    strip.resize(1300, strip.height())
    picture = seen(12)
    strip.show_view(picture, picture.now)
    strip.show()
    strip.grab()
    asked: list[str] = []
    strip.slot_wanted.connect(asked.append)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(60, 20))
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert asked == ["bp@10", ""]
