"""Correcting on the real window, by keys: what is struck, what stays, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.people import Role
from tests.ui.keys import Keys
from tests.ui.test_window import PASSWORD, Place, begin, sign_in_first
from ui.pages.chair import Chair
from ui.pages.correcting import CorrectionPanel
from ui.pages.dose import DosePanel

CONTROL = Qt.KeyboardModifier.ControlModifier
ME = "r.okafor"


@pytest.fixture
def place(tmp_path: Path, qtbot: QtBot, qapp: object) -> Iterator[Place]:
    made = Place(tmp_path / "store.db")
    sign_in_first(made, qtbot)
    begin(made, qtbot)
    made.window.activateWindow()
    yield made
    made.close()


def chair_of(place: Place) -> Chair:
    chair = place.window.chair
    assert chair is not None
    return chair


def enter(place: Place, keys: Keys, *new: Draft) -> None:
    chair = chair_of(place)
    place.station.submit(chair.session, *new).result(60)
    last = place.station.entries(chair.session)[-1].seq
    keys.until(lambda: chair.record.entries >= last, "the page has the entries")


def dose(place: Place, mg: float) -> Draft:
    now = place.station.clock.now()
    return drafts.dose("ketamine (racemic)", "iv", mg, at=now, author=ME)


def opened(place: Place, keys: Keys) -> CorrectionPanel:
    keys.press(Qt.Key.Key_Z, CONTROL)
    panel = chair_of(place).page.panel
    assert isinstance(panel, CorrectionPanel)
    return panel


def stored(place: Place) -> list[dict[str, object]]:
    entries = place.station.entries(chair_of(place).session)
    return [dict(e.body) for e in entries if e.kind == "correction"]


def test_my_last_entry_in_three_keys_and_anew_with_a_fourth(place: Place, qtbot: QtBot) -> None:
    keys, chair = Keys(qtbot, place.window), chair_of(place)
    enter(place, keys, dose(place, 342))
    assert chair.view.total_mg == 342
    keys.begin()
    panel = opened(place, keys)
    assert panel.what.text().startswith("ketamine (racemic) 342 mg iv, ")
    assert panel.missing() == "Choose a reason or type one"
    keys.press("1")
    keys.enter()
    assert keys.actions == 3
    keys.until(lambda: len(stored(place)) == 1, "it is stored")
    keys.until(lambda: not panel.again.isHidden(), "entering it anew is offered")
    body = stored(place)[0]
    assert (body["reason"], body["body"]) == ("Wrong number", None)
    assert str(body["text"]).startswith("Struck out: ketamine (racemic) 342 mg iv, ")
    assert (chair.view.total_mg, chair.view.first_dose_at) == (0, None)
    assert panel.missing() == "Nobody has entered anything yet"
    keys.press("y")
    assert isinstance(chair.page.panel, DosePanel)
    assert chair.page.panel.missing() == "Type the planned dose in mg"  # empty, as always


def test_the_timeline_keeps_what_was_struck_and_says_so(place: Place, qtbot: QtBot) -> None:
    keys, chair = Keys(qtbot, place.window), chair_of(place)
    enter(place, keys, dose(place, 342))
    opened(place, keys)
    keys.press("1")
    keys.enter()
    keys.until(lambda: chair.view.total_mg == 0, "it counts no more")
    keys.escape()
    rows = chair.page.timeline.model
    shown = [rows.row(place).heading for place in range(rows.rowCount())]
    assert "Struck: ketamine (racemic) 342 mg iv" in shown
    assert any(text.startswith("Struck out: ketamine (racemic) 342 mg") for text in shown)


def test_what_somebody_else_entered_is_not_marked_for_me(place: Place, qtbot: QtBot) -> None:
    keys = Keys(qtbot, place.window)
    place.station.people.add("lund", "M. Lund RN", Role.NURSE, PASSWORD, ME)
    now = place.station.clock.now()
    enter(place, keys, drafts.note("mine", at=now, author=ME))
    enter(place, keys, drafts.note("not mine", at=now, author="lund"))
    panel = opened(place, keys)
    assert [row[2] for row in panel.table.rows] == ["not mine", "mine"]
    assert panel.what.text().startswith("mine, ")
    keys.press(Qt.Key.Key_Up)
    assert panel.what.text().startswith("not mine, ")


def test_an_entry_that_comes_meanwhile_moves_no_mark(place: Place, qtbot: QtBot) -> None:
    keys = Keys(qtbot, place.window)
    enter(place, keys, dose(place, 34.2))
    panel = opened(place, keys)
    enter(place, keys, drafts.note("later", at=place.station.clock.now(), author="lund"))
    keys.until(lambda: len(panel.table.rows) == 2, "the new row is there")
    assert panel.what.text().startswith("ketamine (racemic) 34.2 mg")
    keys.press("3")
    keys.enter()
    keys.until(lambda: len(stored(place)) == 1, "it is stored")
    assert str(stored(place)[0]["text"]).startswith("Struck out: ketamine (racemic) 34.2 mg")
    assert stored(place)[0]["reason"] == "Entered twice"
    keys.until(lambda: panel.entry is None, "the next Enter strikes nothing by itself")
    keys.enter()
    assert len(stored(place)) == 1


def test_the_locked_baseline_is_refused_with_what_to_do(place: Place, qtbot: QtBot) -> None:
    keys = Keys(qtbot, place.window)
    now = place.station.clock.now()
    enter(place, keys, drafts.manual_bp(182, 74, at=now, author=ME))
    entries = place.station.entries(chair_of(place).session)
    seq = next(entry.seq for entry in entries if entry.kind == "reading")
    enter(place, keys, drafts.baseline(182, 74, seq, now, at=now, author=ME))
    panel = opened(place, keys)
    keys.press("1")
    assert panel.missing() == "It is the locked baseline: lock another reading first (T)"
    keys.enter()
    assert stored(place) == []


def test_own_words_are_a_reason_and_digits_in_them_are_text(place: Place, qtbot: QtBot) -> None:
    keys = Keys(qtbot, place.window)
    enter(place, keys, dose(place, 34.2))
    panel = opened(place, keys)
    keys.press("2")
    keys.fill("Reason", "pump 2, not 1")
    assert panel.reason.words == "pump 2, not 1"
    assert panel.reason.choice.chosen is None
    keys.enter()
    keys.until(lambda: len(stored(place)) == 1, "it is stored")
    assert stored(place)[0]["reason"] == "pump 2, not 1"


def test_nothing_is_struck_while_nobody_is_signed_in(place: Place, qtbot: QtBot) -> None:
    keys = Keys(qtbot, place.window)
    enter(place, keys, dose(place, 34.2))
    place.window.lock()
    keys.press(Qt.Key.Key_Z, CONTROL)
    assert not isinstance(chair_of(place).page.panel, CorrectionPanel)
    assert stored(place) == []
