"""Approval on the page of a new session: what everybody reads, what a director can do there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.approvals import Approvals
from ketamonitor.library import SHIPPED
from ketamonitor.people import People, Person, Role
from ketamonitor.protocol import TreatmentProtocol, read_protocol
from ketamonitor.store import open_store
from tests.fakes import ManualClock
from tests.waits import PATIENCE_MS as WAIT
from ui.background import Background
from ui.bridge import Bridge
from ui.pages.approval_part import ApprovalPart
from ui.pages.parts import Kit
from ui.pages.protocol_preview import ProtocolPreview
from ui.theme import Theme

PASSWORD = "a long enough one"


class Place:
    """The part on a real store, with a director and a nurse, one of whom is signed in."""

    def __init__(self, path: Path, theme: Theme) -> None:
        clock = ManualClock()
        store = open_store(path)
        self.people = People(store, clock.now)
        self.director = self.people.add("hale", "A. Hale", Role.DIRECTOR, PASSWORD, "installation")
        self.nurse = self.people.add("okafor", "R. Okafor", Role.NURSE, PASSWORD, "hale")
        self.person: Person | None = self.director
        self.approvals = Approvals(store, self.people, clock.now)
        self.background = Background(Bridge())
        self.part = ApprovalPart(Kit(theme), self.approvals, self.background, lambda: self.person)
        self.part.show()

    def look(self, qtbot: QtBot, *protocols: TreatmentProtocol) -> None:
        with qtbot.waitSignal(self.part.changed, timeout=WAIT):
            self.part.look(protocols)

    def close(self) -> None:
        self.background.close()
        self.people.close()
        self.part.deleteLater()


@pytest.fixture
def place(tmp_path: Path, theme: Theme) -> Iterator[Place]:
    made = Place(tmp_path / "store.db", theme)
    yield made
    made.close()


@pytest.fixture
def protocol() -> TreatmentProtocol:
    return read_protocol(SHIPPED / "iv-ketamine-40.toml")


def test_a_director_approves_in_place_with_the_password(
    place: Place, protocol: TreatmentProtocol, qtbot: QtBot
) -> None:
    part = place.part
    part.show_protocol(protocol)
    assert "still being looked up" in part.line.text()
    assert not part.open.isVisible()
    place.look(qtbot, protocol)
    assert part.line.text() == "Not approved: simulated sessions only"
    qtbot.mouseClick(part.open, Qt.MouseButton.LeftButton)
    assert "iv-ketamine-40 version 3" in part.asks.text()
    assert not part.approve.isEnabled()
    qtbot.keyClicks(part.password, "not the password")
    qtbot.keyClick(part.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "is wrong" in part.words.text(), timeout=WAIT)
    assert part.password.text() == ""
    assert part.form.isVisible()
    assert place.approvals.of(protocol) is None
    qtbot.keyClicks(part.password, PASSWORD)
    with qtbot.waitSignal(part.changed, timeout=WAIT):
        qtbot.keyClick(part.password, Qt.Key.Key_Return)
    assert part.line.text() == "Approved by A. Hale (hale), 23 Nov 2026"
    assert part.words.text() == "iv-ketamine-40 version 3 is approved"
    assert part.standing(protocol).approval == place.approvals.of(protocol)
    assert not part.open.isVisible()
    assert not part.form.isVisible()


def test_nobody_else_is_offered_it(place: Place, protocol: TreatmentProtocol, qtbot: QtBot) -> None:
    part = place.part
    part.show_protocol(protocol)
    for person in (place.nurse, None):
        place.person = person
        place.look(qtbot, protocol)
        assert part.line.text() == "Not approved: simulated sessions only"
        assert not part.open.isVisible()
    part.show_protocol(None)
    assert not part.isVisible()


def test_a_typed_password_does_not_stay_behind(
    place: Place, protocol: TreatmentProtocol, qtbot: QtBot
) -> None:
    part = place.part
    other = read_protocol(SHIPPED / "spravato-56.toml")
    part.show_protocol(protocol)
    place.look(qtbot, protocol, other)

    def typed() -> None:
        part.open.click()
        part.password.setText(PASSWORD)

    typed()
    qtbot.keyClick(part.password, Qt.Key.Key_Escape)
    assert (part.password.text(), part.form.isVisible()) == ("", False)
    typed()
    part.show_protocol(other)
    assert (part.password.text(), part.form.isVisible()) == ("", False)
    typed()
    part.hide()
    part.show()
    assert (part.password.text(), part.form.isVisible()) == ("", False)
    assert place.approvals.of(other) is None


def test_a_changed_content_is_said_in_full_and_cannot_be_approved(
    place: Place, protocol: TreatmentProtocol, tmp_path: Path, qtbot: QtBot
) -> None:
    place.approvals.approve(protocol, "hale", PASSWORD)
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    path = tmp_path / "iv-ketamine-40.toml"
    path.write_text(text.replace("value = 180", "value = 190", 1), encoding="utf-8")
    edited = read_protocol(path)
    place.part.show_protocol(edited)
    place.look(qtbot, edited)
    assert "another content under that version" in place.part.line.text()
    assert not place.part.open.isVisible()


def test_a_store_that_cannot_be_read_approves_nothing_and_says_so(
    place: Place, protocol: TreatmentProtocol, qtbot: QtBot
) -> None:
    place.approvals.approve(protocol, "hale", PASSWORD)
    place.part.show_protocol(protocol)
    place.look(qtbot, protocol)
    place.people.close()
    place.look(qtbot, protocol)
    assert "is not known" in place.part.line.text()
    assert place.part.standing(protocol).approval is None


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_no_limit_is_cut_off_in_the_preview(theme: Theme, path: Path, qtbot: QtBot) -> None:
    """The page of a new session gives it 395 logical pixels on a small laptop."""
    preview = ProtocolPreview(Kit(theme))
    qtbot.addWidget(preview)
    preview.resize(395, 300)
    preview.show()
    preview.show_protocol(read_protocol(path), 70.0)
    qtbot.waitExposed(preview)
    assert preview.widget().minimumSizeHint().width() <= preview.viewport().width()
