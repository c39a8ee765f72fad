"""The window on a real station and store: sign-in to review, lock, resume, faults, closing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from devices.port import PortInfo
from ketamonitor import drafts
from ketamonitor.clock import SteadyClock
from ketamonitor.people import Role
from ketamonitor.station import SessionPlan, Station
from tests.ui.forms import PATIENT
from tests.ui.keys import Keys
from tests.waits import PATIENCE_MS as WAIT
from ui.bridge import Bridge
from ui.main_window import MainWindow
from ui.pages.ending import EndPanel
from ui.pages.infusion_part import InfusionPart
from ui.pages.observation import ObservationPanel
from ui.pages.pressure import PressurePanel
from ui.pages.signing import UnlockPanel
from ui.theme import Theme

PASSWORD = "a long enough one"


class Place:
    """A workstation: its store file, station and window."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.bridge = Bridge()
        self.station = Station(str(store), SteadyClock(), self.bridge.publish)
        self.window = MainWindow(
            Theme(), self.station, self.bridge, ports=lambda: [PortInfo("COM3", "")]
        )
        self.window.resize(1366, 768)
        self.window.show()

    def close(self) -> None:
        self.window.close()
        self.window.close()  # a running session asks once more
        self.station.close()
        self.window.deleteLater()


@pytest.fixture
def place(tmp_path: Path, qapp: object) -> Iterator[Place]:
    made = Place(tmp_path / "store.db")
    yield made
    made.close()


def sign_in_first(place: Place, qtbot: QtBot) -> None:
    page = place.window.sign_in
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.first, timeout=WAIT)
    first = page.first
    first.name.setText("r.okafor")
    first.full_name.setText("R. Okafor RN")
    first.role.choose("Administrator")
    first.password.setText(PASSWORD)
    first.again.setText(PASSWORD)
    qtbot.keyClick(first.again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: place.window.person is not None, timeout=WAIT)


def type_new_session(place: Place) -> None:
    page = place.window.new_session
    place.window.show_new_session()
    page.name.setText(PATIENT.name)
    page.mrn.setText(PATIENT.mrn)
    page.born.setText("14 Mar 1984")
    page.weight.setText("68.4")
    page.said_name.setChecked(True)
    page.said_born.setChecked(True)
    page.protocol.choose("iv-ketamine-40")
    page.devices.none.setChecked(True)
    page.chair.setText("3")
    page.simulated.setChecked(True)


def begin(place: Place, qtbot: QtBot) -> None:
    type_new_session(place)
    qtbot.mouseClick(place.window.new_session.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: place.window.chair is not None, timeout=WAIT)


def test_who_was_seen_before_brings_identity_and_nothing_else(place: Place, qtbot: QtBot) -> None:
    sign_in_first(place, qtbot)
    page = place.window.new_session
    place.window.show_new_session()
    page.said_name.setChecked(True)
    page.patients.taken.emit(PATIENT)
    typed = (page.name.text(), page.mrn.text(), page.born.text())
    assert typed == (PATIENT.name, PATIENT.mrn, "14 Mar 1984")
    assert not page.said_name.isChecked()
    assert not page.said_born.isChecked()
    assert page.weight.text() == page.chair.text() == ""
    assert page.protocol.chosen is None


def test_the_first_person_is_made_once_and_then_signs_in(place: Place, qtbot: QtBot) -> None:
    first = place.window.sign_in.first
    first.name.setText("r.okafor")
    assert first.missing() == "Type the full name"
    sign_in_first(place, qtbot)
    assert place.window.person is not None
    assert place.window.person.role is Role.ADMIN
    assert place.window.stack.currentWidget() is place.window.sessions
    assert "LINDQVIST" not in place.window.windowTitle()


def test_a_short_password_is_refused_in_words_and_the_form_stays(
    place: Place, qtbot: QtBot
) -> None:
    first = place.window.sign_in.first
    first.name.setText("r.okafor")
    first.full_name.setText("R. Okafor")
    first.role.choose("Administrator")
    first.password.setText("short")
    first.again.setText("short")
    first.send()
    qtbot.waitUntil(lambda: "at least" in first.words.text(), timeout=WAIT)
    assert place.window.person is None
    assert first.full_name.text() == "R. Okafor"


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("weight", "", "Type the weight in kg"),
        ("weight", "0", "above 0"),
        ("weight", "-5", "above 0"),
        ("weight", "abc", "must be a number"),
        ("weight", "700", "between 25 and 350"),
        ("born", "24 Nov 2062", "in the future"),
        ("born", "03/04/1984", "two ways"),
        ("name", "", "full name"),
        ("mrn", " ", "record number"),
        ("chair", "", "Type the chair"),
    ],
)
def test_what_is_typed_wrong_or_left_is_said_in_one_line_and_stays(
    place: Place, qtbot: QtBot, field: str, typed: str, says: str
) -> None:
    type_new_session(place)
    page = place.window.new_session
    assert page.start.isEnabled()
    getattr(page, field).setText(typed)
    page.said_name.setChecked(True)
    page.said_born.setChecked(True)
    assert says in page.words.text()
    assert "\n" not in page.words.text()
    assert not page.start.isEnabled()
    assert getattr(page, field).text() == typed


def test_a_changed_identifier_must_be_confirmed_anew(place: Place) -> None:
    type_new_session(place)
    place.window.new_session.mrn.setText("0048-2918")
    assert not place.window.new_session.said_name.isChecked()
    assert "tick both" in place.window.new_session.words.text()


def test_an_unapproved_protocol_is_for_simulated_sessions_only(place: Place, qtbot: QtBot) -> None:
    type_new_session(place)
    page = place.window.new_session
    page.simulated.setChecked(False)
    assert not page.start.isEnabled()
    assert "looked up" in page.words.text()
    qtbot.waitUntil(lambda: "is not approved" in page.words.text(), timeout=WAIT)
    assert page.approval.line.text() == "Not approved: simulated sessions only"
    assert not page.start.isEnabled()
    page.simulated.setChecked(True)
    assert page.start.isEnabled()


def test_a_monitor_needs_port_and_model(place: Place) -> None:
    type_new_session(place)
    page = place.window.new_session
    page.devices.look()
    row = page.devices.add_row()
    assert row.port.currentText() == ""
    assert "port" in page.words.text()
    row.port.setEditText("/dev/pts/5")
    assert "Choose the monitor on /dev/pts/5" in page.words.text()
    row.driver.setCurrentIndex(row.driver.findData("dinamap"))
    other = page.devices.add_row()
    other.port.setEditText("/dev/pts/5")
    other.driver.setCurrentIndex(other.driver.findData("dinamap"))
    assert "same port" in page.words.text()
    other.port.setEditText("socket://127.0.0.1:5001")
    assert [d.source for d in page.plan().devices] == ["dinamap", "dinamap-2"]


def test_a_whole_session_by_keys_ends_in_its_review(
    place: Place, qtbot: QtBot, tmp_path: Path
) -> None:
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    window = place.window
    chair = window.chair
    assert chair is not None
    page = chair.page
    assert window.new_session.name.text() == ""

    qtbot.keyClick(page, Qt.Key.Key_B)
    panel = page.panel
    assert isinstance(panel, PressurePanel)
    qtbot.keyClicks(panel.fields["systolic"], "122")
    qtbot.keyClicks(panel.fields["diastolic"], "74")
    qtbot.keyClick(panel.fields["diastolic"], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.panel is None, timeout=WAIT)

    chair.open("dose")
    dose = page.panel
    part = dose.part  # type: ignore[union-attr]
    assert isinstance(part, InfusionPart)
    part.mg.setText("34.2")
    part.minutes.choose(part.minutes.options[0])
    dose.why.setText("checked in on paper")  # type: ignore[union-attr]
    qtbot.keyClick(part.mg, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: chair.view.infusion is not None, timeout=WAIT)
    qtbot.keyClick(dose, Qt.Key.Key_Escape)
    assert page.panel is None

    qtbot.keyClick(page, Qt.Key.Key_O)
    panel = page.panel
    assert isinstance(panel, ObservationPanel)
    qtbot.keyClicks(panel, "46-")
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    asked = {"moaas", "dissociation", "breaths"}
    qtbot.waitUntil(lambda: chair.view.observed.keys() == asked, timeout=WAIT)

    chair.open("end")
    end = page.panel
    assert isinstance(end, EndPanel)
    end.choice.choose("Treatment complete")
    assert "stop" in end.words.text()
    chair.open("dose")
    part.action.choose("Stop")
    part.why.choice.choose("Order complete")
    dose.save()  # type: ignore[union-attr]
    qtbot.waitUntil(
        lambda: chair.view.infusion is not None and chair.view.infusion.state == "stopped",
        timeout=WAIT,
    )
    chair.open("end")
    assert "open: give a reason for each" in end.words.text()
    for row in end.rows.values():
        qtbot.keyClicks(row.answer, "test of the record")
    qtbot.keyClick(end, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.review.shown is not None, timeout=WAIT)

    shown = window.review.shown
    assert shown is not None
    assert shown.faults == []
    assert window.review.chain.text() == "Chain verified"
    assert [row[2] for row in shown.observations] == ["4 of 5", "6/10", "not assessed"]
    assert shown.record.ended_at is not None
    for name in ("PDF", "CSV", "JSON"):
        path = tmp_path / f"out.{name.lower()}"
        window.review.write(name, path)
        qtbot.waitUntil(lambda n=name: f"{n} written" in window.review.words.text(), timeout=WAIT)
        assert path.stat().st_size > 500
    assert window.chairs == {}

    alerts = window.alarm_review
    window.review.alarms.click()
    qtbot.waitUntil(lambda: alerts.review is not None, timeout=WAIT)
    assert window.stack.currentWidget() is alerts
    assert alerts.which.currentText() == "This session"
    assert alerts.review is not None
    assert alerts.review.sessions == 1
    qtbot.keyClick(alerts, Qt.Key.Key_Escape)
    assert window.stack.currentWidget() is window.review
    window.show_sessions()
    window.sessions.alarms.click()
    assert alerts.which.currentText() == "Last 30 days"
    qtbot.keyClick(alerts, Qt.Key.Key_Escape)
    assert window.stack.currentWidget() is window.sessions


def test_locked_the_page_goes_on_and_entries_wait_for_a_name(place: Place, qtbot: QtBot) -> None:
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    window = place.window
    chair = window.chair
    assert chair is not None
    qtbot.keyClick(chair.page, Qt.Key.Key_L)
    assert window.person is None
    assert isinstance(chair.page.panel, UnlockPanel)
    chair.close_panel()
    qtbot.keyClick(chair.page, Qt.Key.Key_N)
    unlock = chair.page.panel
    assert isinstance(unlock, UnlockPanel)
    assert chair.page.alarm_bar.isVisible()
    unlock.form.name.setText("r.okafor")
    unlock.form.password.setText("not the password")
    unlock.form.send()
    qtbot.waitUntil(lambda: "wrong" in unlock.form.words.text(), timeout=WAIT)
    assert window.person is None
    unlock.form.password.setText(PASSWORD)
    unlock.form.send()
    qtbot.waitUntil(lambda: window.person is not None, timeout=WAIT)
    assert chair.opened == "note"


def test_a_draft_outlives_leaving_and_another_panel(place: Place, qtbot: QtBot) -> None:
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    chair = place.window.chair
    assert chair is not None
    chair.open("observation")
    panel = chair.page.panel
    qtbot.keyClick(panel, Qt.Key.Key_4)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    chair.open("note")
    chair.close_panel()
    chair.open("observation")
    assert isinstance(chair.page.panel, ObservationPanel)
    assert chair.page.panel.rows[0].choice.chosen == "4"


def test_what_was_opened_over_a_page_goes_with_it(place: Place, qtbot: QtBot) -> None:
    """A workstation runs for weeks: what an ended session leaves would slow every later one."""
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    window, chair = place.window, place.window.chair
    assert chair is not None
    opened: list[QWidget] = [chair.page]
    for kind in ("checkin", "dose", "observation", "note", "home", "course", "ledger"):
        chair.open(kind)
        panel = chair.page.panel
        assert panel is not None
        opened.append(panel)
    chair.lock()
    first = chair.page.panel
    assert first is not None
    chair.close_panel()
    chair.lock()
    qtbot.waitUntil(lambda: not isValid(first), timeout=WAIT)
    chair.close_panel()
    chair.open("end")
    end = chair.page.panel
    assert isinstance(end, EndPanel)
    end.choice.choose("Treatment complete")
    for row in end.rows.values():
        row.answer.setText("test of the record")
    end.save()
    qtbot.waitUntil(lambda: window.chairs == {}, timeout=WAIT)
    qtbot.waitUntil(lambda: not any(isValid(widget) for widget in opened), timeout=WAIT)


def test_a_session_left_unfinished_is_offered_and_goes_on(tmp_path: Path, qtbot: QtBot) -> None:
    store = tmp_path / "store.db"
    bridge = Bridge()
    station = Station(str(store), SteadyClock(), bridge.publish)
    station.people.add("r.okafor", "R. Okafor RN", Role.ADMIN, PASSWORD, "r.okafor")
    plan = SessionPlan(PATIENT, 68.4, station.protocols["iv-ketamine-40"], (), True, "3")
    _, started = station.start(plan, "r.okafor")
    started.result(60)
    station.close()

    place = Place(store)
    try:
        window = place.window
        form = window.sign_in.form
        form.name.setText("r.okafor")
        form.password.setText(PASSWORD)
        form.send()
        qtbot.waitUntil(lambda: window.sessions.question.count() == 1, timeout=WAIT)
        keys = Keys(qtbot, window)
        keys.press(Qt.Key.Key_Down)  # in the list, which Tab must lead out of
        keys.choose("Resume")
        qtbot.waitUntil(lambda: window.chair is not None, timeout=WAIT)
        chair = window.chair
        assert chair is not None
        qtbot.waitUntil(lambda: chair.record.entries >= 2, timeout=WAIT)
        window.show_sessions()
        qtbot.waitUntil(lambda: window.sessions.question.count() == 0, timeout=WAIT)
    finally:
        place.close()


def test_a_running_session_is_not_closed_by_one_click(place: Place, qtbot: QtBot) -> None:
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    assert not place.window.close()
    assert "A session is running" in place.window.fault.text()
    assert place.window.close()


def test_what_is_not_saved_is_said_before_the_window_closes_and_stays_true(
    place: Place, qtbot: QtBot
) -> None:
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    window, fault = place.window, place.window.fault
    assert not window.close()
    with closing(sqlite3.connect(place.store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        note = drafts.note("held", at=place.station.clock.now(), author="r.okafor")
        (session,) = window.chairs
        place.station.submit(session, note)
        qtbot.waitUntil(lambda: window.chairs[session].view.unsaved > 0, timeout=WAIT)
        # The answer to another question is no answer to this one.
        assert not window.close()
        assert fault.text().startswith("NOT SAVED YET: ")
        assert "of chair 3" in fault.text()
        assert "rescue file" in fault.text()
        assert PATIENT.name not in fault.text()
        assert window.isVisible()
        qtbot.waitUntil(lambda: "another program is writing" in fault.text(), timeout=WAIT)
        other.execute("ROLLBACK")
    qtbot.waitUntil(lambda: fault.text().startswith("All is saved now"), timeout=WAIT)
    # Who went to another page has the words no longer before their eyes: it is asked anew.
    window.show_sessions()
    assert fault.text() == ""
    assert not window.close()
    assert "A session is running" in fault.text()
    assert window.close()
    assert place.station.close() is None
