"""Check-in and baseline on the real window: keys open them, the store holds what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.people import Role
from ketamonitor.station import SessionPlan
from ketamonitor.treatment.checkin import checkin
from ketamonitor.treatment.checkin_items import ITEMS
from ketamonitor.words import day
from tests.ui.forms import PATIENT
from tests.ui.keys import Keys
from tests.ui.test_window import PASSWORD, Place, begin, sign_in_first
from ui.pages.baseline import BaselinePanel
from ui.pages.checkin import CheckInPanel


@pytest.fixture
def place(tmp_path: Path, qapp: object) -> Iterator[Place]:
    made = Place(tmp_path / "store.db")
    yield made
    made.close()


def running(place: Place, qtbot: QtBot) -> Keys:
    sign_in_first(place, qtbot)
    begin(place, qtbot)
    place.window.activateWindow()
    return Keys(qtbot, place.window)


def stored(place: Place, event: str) -> list[dict[str, object]]:
    chair = place.window.chair
    assert chair is not None
    entries = place.station.entries(chair.session)
    return [dict(e.body) for e in entries if e.kind == "event" and e.body["event"] == event]


def test_items_answered_by_keys_are_in_the_store_and_in_the_banner(
    place: Place, qtbot: QtBot
) -> None:
    keys = running(place, qtbot)
    chair = place.window.chair
    assert chair is not None
    keys.press("k")
    panel = chair.page.panel
    assert isinstance(panel, CheckInPanel)
    keys.until(lambda: keys.focus() is panel.form.first(), "the first field has the focus")
    while panel.key != "allergies":
        keys.press(Qt.Key.Key_Down)
    keys.press("2")
    keys.type("penicillin")
    keys.enter()
    keys.until(lambda: chair.view.checkin.allergies == "penicillin", "the answer comes back")
    keys.until(lambda: panel.key != "allergies", "the next item comes up")
    assert panel.key == list(ITEMS)[list(ITEMS).index("allergies") + 1]
    keys.escape()
    assert chair.page.panel is None
    assert [body["text"] for body in stored(place, "checkin")] == ["Allergies: known, penicillin"]


def test_a_high_pressure_is_weighed_and_locked_by_keys(place: Place, qtbot: QtBot) -> None:
    keys = running(place, qtbot)
    chair = place.window.chair
    assert chair is not None
    now = place.station.clock.now()
    high = drafts.manual_bp(152, 88, at=now, author="r.okafor")
    place.station.submit(chair.session, high).result(60)
    keys.until(lambda: len(chair.record.cuff) == 1, "the page has the reading")
    keys.press("t")
    panel = chair.page.panel
    assert isinstance(panel, BaselinePanel)
    keys.press(Qt.Key.Key_Tab)
    keys.press(Qt.Key.Key_Space)
    keys.choose("Go on")
    keys.fill("Reason of the decision", "usual for her")
    keys.enter()
    keys.until(lambda: chair.view.baseline is not None, "the baseline is locked")
    assert [body["decision"] for body in stored(place, "bp_weighed")] == ["go_on"]
    assert [body["sys"] for body in stored(place, "baseline_locked")] == [152]


def test_allergies_of_the_session_before_are_asked_again_and_never_taken_over(
    tmp_path: Path, qtbot: QtBot, qapp: object
) -> None:
    place = Place(tmp_path / "store.db")
    try:
        sign_in_first(place, qtbot)
        now = place.station.clock.now()
        protocol = place.station.protocol("iv-ketamine-40")
        place.station.people.add("hale", "A. Hale", Role.DIRECTOR, PASSWORD, "r.okafor")
        place.station.approvals.approve(protocol, "hale", PASSWORD)
        first, second = (
            SessionPlan(PATIENT, 68.4, protocol, (), simulated=False, chair=chair)
            for chair in ("3", "4")
        )
        before, started = place.station.start(first, "r.okafor")
        started.result(60)
        value = {"known": "known", "list": "penicillin (rash)"}
        said = checkin("allergies", "answered", value, at=now, author="r.okafor")
        place.station.submit(before, said).result(60)
        session, started = place.station.start(second, "r.okafor")
        started.result(60)
        qtbot.waitUntil(lambda: session in place.window.chairs)
        place.window.show_live(session)
        place.window.activateWindow()
        keys, chair = Keys(qtbot, place.window), place.window.chairs[session]
        keys.press("k")
        panel = chair.page.panel
        assert isinstance(panel, CheckInPanel)
        form = panel.forms["allergies"]
        keys.until(lambda: not form.again.isHidden(), "what was said before is read")
        assert form.before_words.text() == (
            f"At the session of {day(now.date())}: known, penicillin (rash). Ask again"
        )
        assert not form.begun
        assert chair.view.checkin.allergies == "not asked"
        panel.items.show_item("allergies")
        panel.setFocus()
        keys.press("y")
        assert form.value() == value
        assert chair.view.checkin.allergies == "not asked"  # nothing is stored before Enter
        keys.enter()
        keys.until(lambda: chair.view.checkin.allergies == "penicillin (rash)", "it is stored")
    finally:
        place.close()


def test_a_simulated_session_before_tells_nothing_of_a_patient(place: Place, qtbot: QtBot) -> None:
    running(place, qtbot)
    chair = place.window.chair
    assert chair is not None
    assert place.station.allergies_before(chair.view.info) is None
