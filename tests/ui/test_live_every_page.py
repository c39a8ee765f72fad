"""An alert is in sight wherever the window is: other pages, another chair, locked, signed out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.clock import SteadyClock
from ketamonitor.people import Person, Role
from ketamonitor.station import SessionPlan, Station
from tests.ui.forms import PATIENT
from tests.ui.keys import looked_at
from tests.waits import PATIENCE_MS as WAIT
from ui.bridge import Bridge
from ui.main_window import MainWindow
from ui.theme import Theme


class Clinic:
    """One window with two chairs; the pressure on chair 5 is far too high."""

    def __init__(self, store: Path) -> None:
        self.bridge = Bridge()
        self.station = Station(str(store), SteadyClock(), self.bridge.publish)
        nurse = Person("okafor", "R. Okafor RN", Role.NURSE)
        self.window = MainWindow(Theme(), self.station, self.bridge, person=nurse, ports=lambda: [])
        self.window.resize(1366, 768)
        self.window.show()
        self.sessions = [self.begin(chair) for chair in ("3", "5")]
        now = self.station.clock.now()
        high = drafts.manual_bp(214, 118, at=now, author="okafor")
        self.station.submit(self.sessions[1], high).result(60)

    def begin(self, chair: str) -> str:
        protocol = self.station.protocol("iv-ketamine-40")
        plan = SessionPlan(PATIENT, 68.4, protocol, (), simulated=True, chair=chair)
        session, done = self.station.start(plan, "okafor")
        done.result(60)
        return session

    def close(self) -> None:
        self.window.close()
        self.window.close()
        self.station.close()
        self.window.deleteLater()


@pytest.fixture
def clinic(tmp_path: Path, qapp: object, qtbot: QtBot) -> Iterator[Clinic]:
    made = Clinic(tmp_path / "store.db")
    qtbot.waitUntil(lambda: len(made.window.live.pages) == 2, timeout=WAIT)
    qtbot.waitUntil(lambda: bool(made.window.live.alarms()), timeout=WAIT)
    yield made
    made.close()


def strip_says(clinic: Clinic, words: str) -> bool:
    strip = clinic.window.alarms
    return strip.isVisible() and words in " ".join((*strip.words, *strip.alarm.words))


def test_the_worst_alert_is_above_every_page(clinic: Clinic, qtbot: QtBot) -> None:
    window = clinic.window
    for show in (
        window.show_sessions,
        window.show_new_session,
        window.show_devices,
        lambda: window.show_alarm_review(None),
        window.show_sign_in,
    ):
        show()
        qtbot.waitUntil(lambda: strip_says(clinic, "Chair 5 · HIGH"), timeout=WAIT)
    assert strip_says(clinic, "SYS 214 ≥ 200")
    qtbot.mouseClick(window.alarms.alarm, Qt.MouseButton.LeftButton)
    assert window.chair is not None
    assert window.chair.session == clinic.sessions[1]
    assert not window.alarms.isVisible(), "the live page has its own"


def test_it_is_above_the_sign_in_page_of_a_locked_window(clinic: Clinic, qtbot: QtBot) -> None:
    clinic.window.show_sessions()
    clinic.window.lock()
    assert clinic.window.person is None
    qtbot.waitUntil(lambda: strip_says(clinic, "SYS 214 ≥ 200"), timeout=WAIT)


def test_a_locked_live_page_keeps_its_alarm_bar(clinic: Clinic, qtbot: QtBot) -> None:
    window = clinic.window
    window.show_live(clinic.sessions[1])
    window.lock()
    page = window.live.pages[clinic.sessions[1]]
    assert page.panel is not None
    qtbot.waitUntil(lambda: "SYS 214 ≥ 200" in page.alarm_bar.words, timeout=WAIT)
    assert page.alarm_bar.isVisible()


def test_the_nurse_at_chair_3_sees_chair_5_and_goes_there_by_keyboard(
    clinic: Clinic, qtbot: QtBot
) -> None:
    window = clinic.window
    window.show_live(clinic.sessions[0])
    page = window.live.pages[clinic.sessions[0]]
    qtbot.waitUntil(page.alarm_bar.other.isVisible, timeout=WAIT)
    assert page.alarm_bar.other.accessibleName() == "Chair 5: HIGH SYS 214 ≥ 200"
    qtbot.keyClick(page.alarm_bar.other, Qt.Key.Key_Return)
    assert window.chair is not None
    assert window.chair.session == clinic.sessions[1]
    there = window.live.pages[clinic.sessions[1]]
    while (highest := there.alarm_bar.highest) is not None:
        qtbot.keyClick(there, Qt.Key.Key_A)
        qtbot.waitUntil(lambda h=highest: there.alarm_bar.highest is not h, timeout=WAIT)
        qtbot.waitUntil(
            lambda h=highest: h.id not in [a.id for a in there.alarms if not a.acknowledged_at],
            timeout=WAIT,
        )
        looked_at(there)
    assert all(a.acknowledged_by == "okafor" for a in there.alarms)
