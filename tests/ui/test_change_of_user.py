"""Another person signs in: nothing that the one before typed is shown to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from ketamonitor.people import Person, Role
from tests.ui.room import NURSE, Room
from ui.pages.remark import NotePanel
from ui.pages.signing import SignInForm

WAIT = 10_000
PASSWORD = "a long enough one"
OTHER = Person("lund", "M. Lund RN", Role.NURSE)
SAME = Person(NURSE, "R. Okafor RN", Role.NURSE)


@pytest.fixture
def room(tmp_path: Path, qapp: object, qtbot: QtBot) -> Iterator[Room]:
    made = Room(tmp_path / "store.db")
    made.station.people.add(NURSE, "R. Okafor RN", Role.NURSE, PASSWORD, "installation")
    qtbot.waitUntil(lambda: made.session in made.window.live.chairs, timeout=WAIT)
    made.window.activateWindow()
    yield made
    made.close()


def change(room: Room, person: Person) -> None:
    room.window.lock()
    room.window._signed_in(person)


def texts(room: Room) -> set[str]:
    """Every text in a field of the window, shown or not."""
    return {f.text() for f in room.window.findChildren(QLineEdit) if f.isVisible()}


def test_the_form_of_a_new_session_its_ticks_and_the_search_go(room: Room) -> None:
    window, form = room.window, room.window.new_session
    window.show_sessions()
    window.sessions.search.setText("lindqvist")
    window.show_new_session()
    form.name.setText("LINDQVIST, Maren")
    form.mrn.setText("SIM-0048")
    form.said_name.setChecked(True)
    form.said_born.setChecked(True)
    change(room, OTHER)
    assert window.sessions.search.text() == ""
    window.show_new_session()
    assert (form.name.text(), form.mrn.text()) == ("", "")
    assert not form.said_name.isChecked()
    assert not form.said_born.isChecked()


def test_whoever_locked_and_comes_back_finds_their_form(room: Room) -> None:
    room.window.show_new_session()
    room.window.new_session.name.setText("LINDQVIST, Maren")
    change(room, SAME)
    assert room.window.new_session.name.text() == "LINDQVIST, Maren"


def note(room: Room) -> NotePanel:
    room.window.show_live(room.session)
    room.chair.open("note")
    panel = room.page.panel
    assert isinstance(panel, NotePanel)
    return panel


def test_a_note_half_typed_waits_for_its_author_and_is_shown_to_nobody_else(room: Room) -> None:
    note(room).text.setText("tearful, asks for")
    change(room, OTHER)
    assert note(room).text.text() == ""
    assert "tearful, asks for" not in texts(room)
    note(room).text.setText("of the other")
    change(room, SAME)
    assert note(room).text.text() == "tearful, asks for"


def test_a_panel_left_open_on_another_page_is_closed_by_a_change(room: Room) -> None:
    note(room).text.setText("tearful, asks for")
    room.window.show_sessions()
    change(room, OTHER)
    room.window.show_live(room.session)
    assert room.page.panel is None
    assert "tearful, asks for" not in texts(room)


def test_a_limit_half_typed_is_not_seen_while_the_screen_is_locked(room: Room) -> None:
    room.window.show_live(room.session)
    room.chair.show_alarm_panel("limits")
    panel = room.page.panel
    assert panel is not None
    panel.choose("hr>110")  # type: ignore[attr-defined]
    panel.reason.setText("runs at 105")  # type: ignore[attr-defined]
    room.window.lock()
    room.chair.show_alarm_panel("limits")
    assert room.page.panel is not panel
    assert "runs at 105" not in texts(room)


def test_a_password_typed_early_stands_in_its_own_field(room: Room, qtbot: QtBot) -> None:
    """The page learns in the background whether anybody can sign in: that moves no cursor."""
    window = room.window
    window.show_sessions()
    window.lock()
    form: SignInForm = window.sign_in.form
    QApplication.processEvents()
    QTest.keyClicks(form.name, NURSE)
    QTest.keyClick(form.name, Qt.Key.Key_Tab)
    window.sign_in._known(False)
    assert form.password.hasFocus()
    QTest.keyClicks(QApplication.focusWidget(), PASSWORD)
    assert (form.name.text(), form.password.text()) == (NURSE, PASSWORD)
    QTest.keyClick(form.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.person is not None, timeout=WAIT)
    assert (form.name.text(), form.password.text()) == ("", "")


def test_enter_after_the_name_leads_to_the_password(room: Room) -> None:
    room.window.show_sessions()
    room.window.lock()
    form = room.window.sign_in.form
    QTest.keyClicks(form.name, NURSE)
    QTest.keyClick(form.name, Qt.Key.Key_Return)
    assert form.password.hasFocus()


def test_a_name_begun_by_one_person_is_not_there_for_the_next(room: Room) -> None:
    room.window.lock()
    form = room.window.sign_in.form
    form.name.setText("okaf")
    room.window.show_sign_in()
    assert form.name.text() == ""
