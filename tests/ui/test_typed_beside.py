"""Letters typed beside a field: with a panel open nothing outside of it acts, whatever is typed."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.keys import Keys
from tests.ui.room import Room
from tests.waits import PATIENCE_MS as WAIT
from ui.pages.entry import EntryPanel

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
#: Everything that can lie over tiles and trend.
PANELS = (
    *("checkin", "dose", "observation", "pressure", "note", "mark", "baseline", "home", "ledger"),
    *("course", "correction", "schedule", "end", "limits", "alarms", "interruption", "sound"),
    *("devices", "more", "lock"),
)


@pytest.fixture
def room(tmp_path: Path, qapp: object, qtbot: QtBot) -> Iterator[Room]:
    made = Room(tmp_path / "store.db")
    qtbot.waitUntil(lambda: made.session in made.window.live.chairs, timeout=WAIT)
    made.window.activateWindow()
    made.window.show_live(made.session)
    made.bp(214, 100)
    qtbot.waitUntil(lambda: made.page.alarm_bar.can_pause, timeout=WAIT)
    yield made
    made.close()


def show(room: Room, kind: str) -> QWidget:
    chair = room.chair
    chair.close_panel()
    if kind in ("limits", "alarms", "interruption", "sound"):
        chair.show_alarm_panel(kind)
    elif kind == "devices":
        chair.show_devices()
    elif kind == "more":
        chair.show_more()
    elif kind == "lock":
        chair.lock()
    elif kind == "schedule":
        chair.open_slot("")
    else:
        chair.open(kind)
    panel = room.page.panel
    assert panel is not None
    return panel


def spots(room: Room, panel: QWidget) -> list[QWidget]:
    """Where the keys may go: the panel, what else can have the focus in it, and the page."""
    inside = [
        w
        for w in panel.findChildren(QWidget)
        if w.isVisible() and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.ClickFocus
    ]
    return [panel, *inside, room.page, room.page.alarm_bar.acknowledge]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(
    kind=st.sampled_from(PANELS),
    place=st.integers(0, 200),
    typed=st.text(st.sampled_from(string.ascii_letters), min_size=1, max_size=12),
)
def test_letters_with_a_panel_open_acknowledge_pause_and_open_nothing(
    room: Room, qtbot: QtBot, kind: str, place: int, typed: str
) -> None:
    panel = show(room, kind)
    there = spots(room, panel)
    there[place % len(there)].setFocus()
    stored, night = len(room.station.entries(room.session)), room.window.theme.night
    for letter in typed:
        QTest.keyClicks(QApplication.focusWidget() or room.window, letter)
    QApplication.processEvents()
    assert room.page.panel is panel
    assert room.window.person is not None
    assert room.window.stack.currentWidget() is room.page
    assert room.window.theme.night is night
    assert not room.stored("alarm", "acknowledged")
    assert not room.stored("alarm", "audio_paused")
    assert len(room.station.entries(room.session)) == stored


def test_penicillin_typed_beside_its_field_becomes_no_note(room: Room, qtbot: QtBot) -> None:
    panel = show(room, "pressure")
    room.page.setFocus()
    QTest.keyClicks(room.page, "Penicillin rash")
    assert room.page.panel is panel
    note = show(room, "note")
    assert [field.text() for field in note.findChildren(QLineEdit)] == ["", ""]


def test_a_in_the_observation_form_leaves_high_as_it_is_and_alt_a_acknowledges_it(
    room: Room, qtbot: QtBot
) -> None:
    panel = show(room, "observation")
    for where in (panel, room.page):
        where.setFocus()
        QTest.keyClicks(where, "aA")
    bar = room.page.alarm_bar
    assert not room.stored("alarm", "acknowledged")
    assert bar.acknowledge.key == "Alt+A"
    QTest.keyClick(panel, Qt.Key.Key_A, ALT)
    qtbot.waitUntil(lambda: room.stored("alarm", "acknowledged") != [], timeout=WAIT)
    assert room.page.panel is panel


def test_the_bar_can_be_clicked_beside_an_open_panel(room: Room, qtbot: QtBot) -> None:
    panel = show(room, "note")
    QTest.mouseClick(room.page.alarm_bar.acknowledge, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.stored("alarm", "acknowledged") != [], timeout=WAIT)
    assert room.page.panel is panel


def test_alerts_have_keys_that_act_while_a_field_is_typed_in(room: Room, qtbot: QtBot) -> None:
    field = show(room, "limits").findChild(QLineEdit)
    note = show(room, "note")
    assert isinstance(field, QLineEdit)
    field = note.findChildren(QLineEdit)[0]
    field.setFocus()
    QTest.keyClicks(field, "calm")
    QTest.keyClick(field, Qt.Key.Key_S, ALT)
    qtbot.waitUntil(lambda: len(room.stored("alarm", "audio_paused")) == 1, timeout=WAIT)
    QTest.keyClick(field, Qt.Key.Key_S, ALT | SHIFT)
    qtbot.waitUntil(lambda: len(room.stored("alarm", "resumed")) == 1, timeout=WAIT)
    assert field.text() == "calm"
    QTest.keyClick(field, Qt.Key.Key_L, ALT)
    assert room.window.person is None


def test_without_a_panel_the_letters_are_shown_and_act(room: Room, qtbot: QtBot) -> None:
    show(room, "note")
    room.chair.close_panel()
    assert room.page.alarm_bar.acknowledge.key == "A"
    QTest.keyClick(room.page, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: room.stored("alarm", "acknowledged") != [], timeout=WAIT)


def test_ctrl_with_a_letter_is_not_that_letter(room: Room) -> None:
    panel = show(room, "home")
    assert isinstance(panel, EntryPanel)
    before = panel.act.chosen  # type: ignore[attr-defined]
    QTest.keyClick(panel, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert panel.act.chosen == before  # type: ignore[attr-defined]
    QTest.keyClick(panel, Qt.Key.Key_V)
    assert panel.act.chosen != before  # type: ignore[attr-defined]


def test_whoever_comes_back_types_on_where_they_were(room: Room, qtbot: QtBot) -> None:
    keys = Keys(qtbot, room.window)
    field = show(room, "pressure").findChildren(QLineEdit)[1]
    field.setFocus()
    room.window.show_sessions()
    room.window.show_live(room.session)
    QApplication.processEvents()
    assert keys.focus() is field
    keys.type("84")
    assert field.text() == "84"


@pytest.mark.parametrize("show_page", ["show_new_session", "show_devices", "show_protocols"])
def test_beside_a_form_of_a_page_no_letter_locks_or_leaves(
    room: Room, qtbot: QtBot, show_page: str
) -> None:
    getattr(room.window, show_page)()
    here = room.window.stack.currentWidget()
    for widget in (here, *(w for w in here.findChildren(QWidget) if w.isVisible())):
        if not isinstance(widget, QLineEdit) and widget.focusPolicy() & Qt.FocusPolicy.ClickFocus:
            widget.setFocus()
            QTest.keyClicks(widget, "lnfA")
    assert room.window.person is not None
    assert room.window.stack.currentWidget() is here
    QTest.keyClick(here, Qt.Key.Key_L, ALT)
    assert room.window.person is None
