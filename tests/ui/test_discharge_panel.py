"""Going home by keys: what a person ticks, the override by two, ready and left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.people import People, Role
from ketamonitor.store import open_store
from ketamonitor.treatment.discharge import CriterionState, CriterionView
from ketamonitor.treatment.plan import Criterion
from ketamonitor.view import SessionView
from tests.fakes import ManualClock
from tests.ui.forms import Bench, view
from ui.background import Background
from ui.pages.discharge import DischargePanel
from ui.pages.second_person import SecondPerson

PASSWORD = "a long enough one"
PLAN = (
    Criterion(id="awake", text="Awake", by="score", of="moaas", at_least=5),
    Criterion(id="walks", text="Walks steadily", by="person"),
    Criterion(id="escort", text="Escort is here", by="person"),
)
OPEN, NOT_MET, MET = CriterionState.OPEN, CriterionState.NOT_MET, CriterionState.MET


def shown(*states: CriterionState, **more: object) -> SessionView:
    import msgspec

    made = view()
    protocol = msgspec.structs.replace(made.info.protocol, criterion=PLAN)
    rows = tuple(
        CriterionView(row, state, "Sedation 4 of 5 at 14:30" if row.by == "score" else "")
        for row, state in zip(PLAN, states, strict=True)
    )
    info = replace(made.info, protocol=protocol)
    return replace(made, info=info, criteria=rows, **more)  # type: ignore[arg-type]


class Place:
    def __init__(self, path: Path) -> None:
        self.bench = Bench()
        self.people = People(open_store(path), ManualClock().now)
        for name, full, role in (
            ("r.okafor", "R. Okafor", Role.NURSE),
            ("hale", "A. Hale", Role.DIRECTOR),
        ):
            self.people.add(name, full, role, PASSWORD, "installation")
        self.background = Background(self.bench.bridge)
        desk = self.bench.desk
        second = SecondPerson(desk.kit, self.people, self.background, desk.author)
        self.panel = DischargePanel(desk, shown(NOT_MET, OPEN, OPEN), second)
        self.panel.show()
        self.panel.setFocus()

    def close(self) -> None:
        self.background.close()
        self.people.close()


@pytest.fixture
def place(tmp_path: Path, qtbot: QtBot) -> Iterator[Place]:
    made = Place(tmp_path / "store.db")
    qtbot.addWidget(made.panel)
    yield made
    made.close()


def test_nothing_is_ticked_and_nothing_is_saved_to_begin_with(place: Place, qtbot: QtBot) -> None:
    qtbot.keyClick(place.panel, Qt.Key.Key_Return)
    assert place.bench.sent == []
    assert place.panel.words.text() == "Nothing is ticked"
    assert place.panel.told.text() == "0 of 3 criteria recorded as met"
    assert "safe" not in place.panel.told.text()


def test_keys_tick_what_a_person_answers_and_nothing_else(place: Place, qtbot: QtBot) -> None:
    panel = place.panel
    qtbot.keyClick(panel, Qt.Key.Key_M)  # the record answers the first row: no tick
    assert not panel.rows[0].ticked
    qtbot.keyClick(panel, Qt.Key.Key_Down)
    qtbot.keyClick(panel, Qt.Key.Key_M)
    qtbot.keyClick(panel, Qt.Key.Key_M)  # the mark went on to the next open one
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    (sent,) = place.bench.sent
    assert [(d.body["id"], d.body["state"]) for d in sent] == [("walks", "met"), ("escort", "met")]


def test_an_override_waits_for_a_second_person(place: Place, qtbot: QtBot) -> None:
    panel = place.panel
    qtbot.keyClick(panel, Qt.Key.Key_V)
    assert panel.words.text() == "Type the reason"
    qtbot.keyClicks(panel.reason, "tired, slept badly")
    panel.save()
    assert place.bench.sent == []
    assert "second person" in panel.words.text()
    qtbot.keyClicks(panel.second.name, "hale")
    qtbot.keyClicks(panel.second.password, PASSWORD)
    qtbot.keyClick(panel.second.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.second.person is not None)
    panel.save()
    ((sent,),) = place.bench.sent
    assert (sent.author, sent.body["second"], sent.body["id"]) == ("r.okafor", "hale", "awake")
    assert sent.body["reason"] == "tired, slept badly"
    place.bench.saved()
    qtbot.waitUntil(lambda: panel.second.person is None)
    assert panel.reason.text() == ""


def test_ready_is_said_only_when_nothing_is_left(place: Place, qtbot: QtBot) -> None:
    panel = place.panel
    qtbot.keyClick(panel, Qt.Key.Key_R)
    panel.save()
    assert place.bench.sent == []
    assert panel.words.text().startswith("3 left")
    panel.show_view(shown(MET, MET, CriterionState.OVERRIDDEN))
    assert "1 by deviation" in panel.told.text()
    panel.save()
    ((sent,),) = place.bench.sent
    assert sent.body["event"] == "ready"


def test_leaving_asks_who_came_along(place: Place, qtbot: QtBot) -> None:
    panel = place.panel
    qtbot.keyClick(panel, Qt.Key.Key_F)
    panel.save()
    assert place.bench.sent == []
    assert panel.words.text() == "Type who came along"
    qtbot.keyClicks(panel.companion, "A. Lindqvist, sister")
    qtbot.keyClick(panel.companion, Qt.Key.Key_Return)
    ((sent,),) = place.bench.sent
    assert (sent.body["with"], sent.body["phone"]) == ("A. Lindqvist, sister", "")


def test_escape_leaves_and_keeps_the_ticks(place: Place, qtbot: QtBot) -> None:
    panel = place.panel
    qtbot.keyClick(panel, Qt.Key.Key_Down)
    qtbot.keyClick(panel, Qt.Key.Key_M)
    with qtbot.waitSignal(panel.left):
        qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.rows[1].ticked
    assert place.bench.sent == []


def test_who_touches_met_says_what_is_met_whatever_was_chosen_before(place: Place) -> None:
    panel = place.panel
    panel.act.choose("Override one")
    panel.rows[1].choice.buttons["Met"].click()
    assert panel.act.chosen == "Say what is met"
    assert panel.missing() == ""
    (draft,) = panel.drafts("r.okafor")
    assert (draft.body["id"], draft.body["state"]) == ("walks", "met")
