"""Ports and monitors in the window: looked for, taken, tried, shown, left alone; real ports."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from devices.capture import read_capture
from devices.port import PortInfo
from devices.reading import NOT_UNDERSTOOD, LinkState
from devices.registry import DRIVERS
from devices.simulated.faults import Fault, FaultKind
from devices.simulated.serve import Server
from ketamonitor import ports_file
from ketamonitor.clock import SteadyClock
from ketamonitor.detecting import set_excluded
from ketamonitor.people import Person, Role
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import DeviceChoice
from tests.served import Resting, served
from tests.ui.forms import PATIENT
from tests.ui.keys import looked_at
from tests.waits import PATIENCE_MS as WAIT
from ui.bridge import Bridge
from ui.device_words import dump, groups, of_link, of_port, title
from ui.main_window import MainWindow
from ui.pages.chair import Chair
from ui.pages.device_list import PlaceButton
from ui.pages.devices import DevicesPage
from ui.pages.driver_box import DriverBox
from ui.theme import Theme

SILENCE = [Fault(FaultKind.SILENCE, 0, 36_000)]


class Desk:
    """A signed-in window and the ports that the computer would list."""

    def __init__(self, folder: Path) -> None:
        self.listed: list[PortInfo] = []
        self.bridge = Bridge()
        self.station = Station(str(folder / "store.db"), SteadyClock(), self.bridge.publish)
        nurse = Person("okafor", "R. Okafor RN", Role.NURSE)
        self.window = MainWindow(
            Theme(), self.station, self.bridge, person=nurse, ports=lambda: list(self.listed)
        )
        self.window.resize(1366, 768)
        self.window.show()

    def plug(self, server: Server, serial: str = "") -> str:
        usb = (0x0403, 0x6001, serial) if serial else (None, None, None)
        self.listed.append(PortInfo(server.name, "simulated", *usb))
        return server.name

    def begin(self, qtbot: QtBot, *devices: DeviceChoice) -> Chair:
        plan = SessionPlan(
            PATIENT, 68.4, self.station.protocols["iv-ketamine-40"], devices, True, "3"
        )
        session, done = self.station.start(plan, "okafor")
        done.result(60)
        qtbot.waitUntil(lambda: session in self.window.chairs, timeout=WAIT)
        return self.window.chairs[session]

    def searched(self) -> bool:
        watch = self.window.watch
        return bool(watch.found) and not watch.searching and not watch.listing

    def close(self) -> None:
        self.window.close()
        self.window.close()
        self.station.close()
        self.window.deleteLater()


@pytest.fixture
def desk(tmp_path: Path, qapp: object) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def button(page: DevicesPage, port: str) -> PlaceButton:
    return next(b for b in page.list.buttons if b.place.port == port)


def searches() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("search-")]


# The start page ----------------------------------------------------------------------------------


def test_what_is_found_is_named_and_taken_by_one_touch_only(desk: Desk, qtbot: QtBot) -> None:
    with served("dinamap") as cuff, served("nonin") as oximeter:
        first, second = desk.plug(cuff, "A1"), desk.plug(oximeter, "B2")
        desk.window.show_new_session()
        devices = desk.window.new_session.devices
        qtbot.waitUntil(desk.searched, timeout=WAIT)
        assert devices.rows == [], "nothing is taken by itself"
        line = devices.found.lines[first]
        assert DRIVERS["dinamap"].title in line.word.text()
        assert "9600 8N1 · certain" in line.reason.text()
        assert line.take.text() == "Use"
        for port in (first, second):
            qtbot.mouseClick(devices.found.lines[port].take, Qt.MouseButton.LeftButton)
        assert [(c.driver, c.port, c.line) for c in devices.choices()] == [
            ("dinamap", first, ""),
            ("nonin", second, ""),
        ]
        assert line.isHidden(), "it stands in its row now"
        # remembered once all ports have answered; the next time it is said
        path = ports_file.ports_path()
        qtbot.waitUntil(lambda: len(ports_file.load(path)[0].adapters) == 2, timeout=WAIT)
        desk.window.show_sessions()
        desk.window.show_new_session()
        qtbot.waitUntil(lambda: "last time" in line.reason.text(), timeout=WAIT)
        qtbot.waitUntil(desk.searched, timeout=WAIT)
        assert "known from last time" in line.reason.text()


def test_another_speed_than_the_usual_goes_into_the_row(desk: Desk, qtbot: QtBot) -> None:
    row = desk.window.new_session.devices.add_row()
    row.take("/dev/x", "nonin", "19200-8E1")
    assert row.choice() == DeviceChoice("nonin", "/dev/x", "nonin", "19200-8E1")
    row.listen_only.setChecked(True)
    assert row.choice().listen_only
    row.line.setText("fast")
    with pytest.raises(ValueError, match="write them as 9600"):
        row.choice()


def test_a_port_that_went_and_one_typed_as_nonsense_say_so(desk: Desk, qtbot: QtBot) -> None:
    gone = "/dev/ttyGONE"
    desk.listed.append(PortInfo(gone, "pulled a moment ago"))
    desk.window.show_new_session()
    devices = desk.window.new_session.devices
    row = devices.add_row()
    row.port.setEditText("blah blah")
    row.typed.emit("blah blah")
    qtbot.waitUntil(lambda: len(desk.window.watch.found) == 2, timeout=WAIT)
    for port in (gone, "blah blah"):
        line = devices.found.lines[port]
        assert "cannot be opened" in line.word.text()
        assert "does not exist" in line.reason.text()
    row.driver.choose("dinamap")
    assert row.choice().port == "blah blah"


def test_an_excluded_port_is_left_alone_and_cannot_be_taken(desk: Desk, qtbot: QtBot) -> None:
    with served("dinamap") as server:
        port = desk.plug(server, "A1")
        assert set_excluded(port, True, listed=lambda: desk.listed) == ""
        desk.window.show_new_session()
        devices = desk.window.new_session.devices
        qtbot.waitUntil(desk.searched, timeout=WAIT)
        assert "excluded" in devices.found.lines[port].word.text()
        assert devices.found.lines[port].take.isHidden()
        assert server.monitor is None, "nobody has opened it"


def test_leaving_the_page_ends_the_look_at_once(desk: Desk, qtbot: QtBot) -> None:
    with served("masimo", faults=SILENCE) as silent, served("dinamap") as other:
        desk.plug(silent)
        port = desk.plug(other)
        desk.window.show_new_session()
        qtbot.waitUntil(lambda: len(searches()) == 2, timeout=WAIT)
        desk.window.show_sessions()
        qtbot.waitUntil(lambda: not searches())
        assert desk.window.watch.found == {}
        # and a session gets the port that was open for the look
        chair = desk.begin(qtbot, DeviceChoice("dinamap", port, "dinamap"))
        qtbot.waitUntil(lambda: chair.view.links[0].state is LinkState.CONNECTED, timeout=WAIT)


def test_the_window_can_be_closed_while_it_looks(tmp_path: Path, qtbot: QtBot) -> None:
    desk = Desk(tmp_path)
    with served("masimo", faults=SILENCE) as silent:
        desk.plug(silent)
        desk.window.show_new_session()
        qtbot.waitUntil(lambda: bool(searches()), timeout=WAIT)
        desk.close()
        assert searches() == []


# The devices page --------------------------------------------------------------------------------


def test_three_monitors_of_a_session_one_silent_one_on_the_wrong_speed(
    desk: Desk, qtbot: QtBot
) -> None:
    with (
        served("dinamap", patient=Resting(spo2=96)) as a,
        served("masimo", faults=SILENCE) as b,
        served("nonin", strict_line=True) as c,
    ):
        ports = [desk.plug(server) for server in (a, b, c)]
        chair = desk.begin(
            qtbot,
            DeviceChoice("dinamap", ports[0], "dinamap"),
            DeviceChoice("masimo", ports[1], "masimo"),
            DeviceChoice("nonin", ports[2], "nonin", "19200"),
        )
        qtbot.waitUntil(
            lambda: (
                [link.state for link in chair.view.links]
                == [LinkState.CONNECTED, LinkState.SILENT, LinkState.SILENT]
            )
        )
        qtbot.keyClick(chair.page, Qt.Key.Key_F4)
        page = chair.page.panel
        assert isinstance(page, DevicesPage)
        assert chair.page.alarm_bar.isVisible()
        assert chair.page.strip.isVisible()
        qtbot.waitUntil(lambda: len(page.list.buttons) == 3, timeout=WAIT)
        assert [b.place.shown.word for b in page.list.buttons] == [
            "connected",
            "silent",
            "not understood",
        ]
        qtbot.waitUntil(lambda: "SpO₂: 96 % · 0 s ago" in page.detail.facts.words, timeout=WAIT)
        assert page.detail.facts.bytes.text()
        assert not page.detail.test.isVisible()
        assert "not opened a second time" in page.detail.about.text()
        qtbot.keyClick(page.list.buttons[0], Qt.Key.Key_Down)
        qtbot.keyClick(page.list.buttons[1], Qt.Key.Key_Down)
        page.refresh()
        assert page.detail.title.text().startswith("nonin")
        assert "19200 8N1" in page.detail.about.text()
        assert NOT_UNDERSTOOD in page.detail.state.text()
        assert page.detail.facts.words == []
        assert searches() == [], "a session's port is never opened by a look"
        bar = chair.page.status

        def told(name: str, state: str) -> bool:
            bar.grab()  # its words are those it has drawn
            return any(w.startswith(name) and state in w for w in bar.words)

        qtbot.waitUntil(lambda: told("** masimo", "silent"), timeout=WAIT)
        qtbot.waitUntil(lambda: told("** nonin", "not understood"), timeout=WAIT)
        assert told("dinamap · ", "connected")
        qtbot.keyClick(page, Qt.Key.Key_Escape)
        assert chair.page.panel is None
        assert chair.view.links[0].state is LinkState.CONNECTED


def test_a_free_port_is_tried_and_captured_and_no_cuff_starts(desk: Desk, qtbot: QtBot) -> None:
    patient = Resting(spo2=95)
    with served("dinamap", patient=patient) as server:
        port = desk.plug(server)
        desk.window.show_devices()
        page = desk.window.devices
        qtbot.waitUntil(desk.searched, timeout=WAIT)
        page.refresh()
        detail = page.detail
        assert detail.driver.chosen == "dinamap", "what was found stands in the settings"
        assert any("Cable" in text for text in detail.notes.words)
        qtbot.mouseClick(detail.capture, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: any("95 %" in words for words in detail.facts.words), timeout=WAIT)
        assert button(page, port).place.shown.word == "test: connected"
        assert detail.facts.bytes.text()
        assert not detail.exclude.isEnabled()
        assert "patient’s name" in detail.said.text()
        view = desk.window.trials.look()
        assert view is not None
        assert view.capture is not None
        qtbot.mouseClick(detail.capture, Qt.MouseButton.LeftButton)
        assert str(view.capture) in detail.said.text().replace("\u200b", "")
        qtbot.mouseClick(detail.test, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: any("95 %" in words for words in detail.facts.words), timeout=WAIT)
        desk.window.show_sessions()
        assert desk.window.trials.look() is None, "leaving the page ends the test"
        desk.window.trials.close()
        assert read_capture(view.capture).pieces[0].direction == "open"
        assert patient.started == 0


def test_wrong_settings_for_a_test_are_refused_in_one_line(desk: Desk, qtbot: QtBot) -> None:
    desk.listed.append(PortInfo("/dev/ttyGONE", ""))
    desk.window.show_devices()
    page = desk.window.devices
    qtbot.waitUntil(desk.searched, timeout=WAIT)
    page.refresh()
    assert not page.detail.test.isEnabled(), "no monitor is chosen"
    page.detail.driver.choose("nonin")
    page.detail.line.setText("fast")
    page.refresh()
    qtbot.mouseClick(page.detail.test, Qt.MouseButton.LeftButton)
    assert "Not tested: line settings 'fast'" in page.detail.said.text()
    page.detail.line.clear()
    looked_at(page)
    qtbot.mouseClick(page.detail.test, Qt.MouseButton.LeftButton)
    place = page.list.buttons[0]
    qtbot.waitUntil(lambda: place.place.shown.word == "test: no link", timeout=WAIT)
    assert "does not exist" in page.detail.state.text()


def test_a_port_is_excluded_and_included_again(desk: Desk, qtbot: QtBot) -> None:
    with served("dinamap") as server:
        port = desk.plug(server, "A1")
        desk.window.show_devices()
        page = desk.window.devices
        qtbot.waitUntil(lambda: port in desk.window.watch.searching, timeout=WAIT)
        page.refresh()
        qtbot.mouseClick(page.detail.exclude, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not searches())
        qtbot.waitUntil(desk.searched, timeout=WAIT)
        page.refresh()
        assert button(page, port).place.shown.word == "excluded"
        assert page.detail.exclude.text() == "Include again"
        looked_at(page)
        qtbot.mouseClick(page.detail.exclude, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(
            lambda: button(page, port).place.shown.word == title("dinamap"), timeout=WAIT
        )


def test_a_typed_port_is_looked_at_and_going_back_leads_where_one_was(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.window.show_new_session()
    desk.window.new_session.mrn.setText("0048-2917")
    qtbot.keyClick(desk.window, Qt.Key.Key_F4)
    page = desk.window.devices
    assert desk.window.stack.currentWidget() is page
    page.typed.setText("socket://127.0.0.1:1")
    qtbot.keyClick(page.typed, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(desk.window.watch.found), timeout=WAIT)
    assert "refused" in button(page, "socket://127.0.0.1:1").place.shown.reason
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert desk.window.stack.currentWidget() is desk.window.new_session
    assert desk.window.new_session.mrn.text() == "0048-2917"


def test_a_session_may_take_the_port_that_is_being_tried(desk: Desk, qtbot: QtBot) -> None:
    with served("dinamap") as server:
        port = desk.plug(server)
        desk.window.show_devices()
        qtbot.waitUntil(desk.searched, timeout=WAIT)
        desk.window.devices.refresh()
        desk.window.devices.detail.test.click()
        chair = desk.begin(qtbot, DeviceChoice("dinamap", port, "dinamap"))
        qtbot.waitUntil(lambda: chair.view.links[0].state is LinkState.CONNECTED, timeout=WAIT)
        assert desk.window.trials.choice is None


# Words -------------------------------------------------------------------------------------------


def test_every_driver_can_be_chosen_once_and_consumer_grade_is_marked(qapp: object) -> None:
    listed = [spec for _, specs in groups(DRIVERS.values()) for spec in specs]
    assert sorted(spec.name for spec in listed) == sorted(DRIVERS)
    box = DriverBox()
    assert box.chosen is None
    for name, spec in DRIVERS.items():
        box.choose(name)
        assert box.chosen == name
        assert ("consumer grade" in title(name)) is spec.consumer
    with pytest.raises(ValueError, match="no driver"):
        box.choose("no-such")


def test_each_state_has_a_sign_and_a_word_of_its_own() -> None:
    states = [
        of_link(LinkState.CONNECTED, ""),
        of_link(LinkState.CONNECTED, "", demo=True),
        of_link(LinkState.SILENT, "nothing from the monitor for 10 s"),
        of_link(LinkState.SILENT, f"{NOT_UNDERSTOOD} nonin"),
        of_link(LinkState.LOST, "the connection broke"),
        of_link(LinkState.IDENTIFYING, "waiting for the monitor to answer"),
        of_port(None, excluded=True),
        of_port(None, holder="the session on chair 3"),
        of_port(None, searching=True),
    ]
    assert len({shown.word for shown in states}) == len(states)
    assert len({shown.icon for shown in states}) == len(states)


def test_bytes_are_shown_in_hex_and_in_letters() -> None:
    assert dump(b"NA1\r\x00", 4) == "4e 41 31 0d  NA1·\n00           ·"
    assert dump(b"") == ""
