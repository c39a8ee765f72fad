"""The second person: own name and password, never the first one's, and nobody is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.people import People, Role
from ketamonitor.store import open_store
from tests.fakes import ManualClock
from tests.waits import PATIENCE_MS as WAIT
from ui.background import Background
from ui.bridge import Bridge
from ui.pages.parts import Kit
from ui.pages.second_person import SecondPerson
from ui.theme import Theme

PASSWORD = "a long enough one"


class Place:
    def __init__(self, path: Path, theme: Theme) -> None:
        self.people = People(open_store(path), ManualClock().now)
        for name, full, role in (
            ("okafor", "R. Okafor", Role.NURSE),
            ("hale", "A. Hale", Role.DIRECTOR),
        ):
            self.people.add(name, full, role, PASSWORD, "installation")
        self.first: str | None = "okafor"
        self.background = Background(Bridge())
        self.part = SecondPerson(Kit(theme), self.people, self.background, lambda: self.first)
        self.part.show()

    def sign(self, qtbot: QtBot, name: str, password: str = PASSWORD) -> None:
        qtbot.keyClicks(self.part.name, name)
        qtbot.keyClicks(self.part.password, password)
        qtbot.keyClick(self.part.password, Qt.Key.Key_Return)
        assert self.part.words.text() == "Checking…"
        qtbot.waitUntil(lambda: self.part.words.text() != "Checking…", timeout=WAIT)

    def close(self) -> None:
        self.background.close()
        self.people.close()
        self.part.deleteLater()


@pytest.fixture
def place(tmp_path: Path, theme: Theme) -> Iterator[Place]:
    made = Place(tmp_path / "store.db", theme)
    yield made
    made.close()


def test_another_person_with_the_password_is_the_second(place: Place, qtbot: QtBot) -> None:
    place.sign(qtbot, "hale")
    assert place.part.person is not None
    assert place.part.person.name == "hale"
    assert place.part.password.text() == ""
    assert place.first == "okafor"
    place.part.clear()
    assert place.part.person is None
    assert not place.part.name.isHidden()


def test_the_first_person_is_not_the_second(place: Place, qtbot: QtBot) -> None:
    place.sign(qtbot, "okafor")
    assert place.part.person is None
    assert place.part.words.text() == "R. Okafor is signed in already: it takes another person"


def test_a_wrong_password_is_said_and_nobody_is_signed_in(place: Place, qtbot: QtBot) -> None:
    place.sign(qtbot, "hale", "not this one at all")
    assert place.part.person is None
    assert place.part.words.text() == "Name or password is wrong"


def test_a_second_who_then_signs_in_as_the_first_no_longer_counts(
    place: Place, qtbot: QtBot
) -> None:
    place.sign(qtbot, "hale")
    place.first = "hale"
    assert place.part.person is None


NOON = ManualClock().now()


def test_an_agreement_is_to_the_words_that_stood_there(place: Place, qtbot: QtBot) -> None:
    part = place.part
    part.about("5 mg of vial 1 returned to the pharmacy", NOON)
    place.sign(qtbot, "hale")
    part.about("5 mg of vial 1 returned to the pharmacy", NOON + timedelta(seconds=20))
    assert part.person is not None
    assert (
        part.told.text() == "Confirmed by A. Hale (hale): 5 mg of vial 1 returned to the pharmacy"
    )
    part.about("10 mg wasted of vial 1", NOON + timedelta(seconds=30))
    assert part.person is None
    assert "has changed" in part.words.text()


def test_an_agreement_ends_after_two_minutes(place: Place, qtbot: QtBot) -> None:
    part = place.part
    part.about("5 mg wasted", NOON)
    place.sign(qtbot, "hale")
    part.about("5 mg wasted", NOON + timedelta(seconds=1))
    part.about("5 mg wasted", NOON + timedelta(seconds=120))
    assert part.person is not None
    part.about("5 mg wasted", NOON + timedelta(seconds=121))
    assert part.person is None


def test_an_agreement_ends_with_the_first_person_and_with_a_lock(
    place: Place, qtbot: QtBot
) -> None:
    for first in ("silva", None):
        place.first = "okafor"
        place.part.about("5 mg wasted", NOON)
        place.sign(qtbot, "hale")
        place.first = first
        place.part.about("5 mg wasted", NOON)
        assert place.part.person is None


def test_an_agreement_ends_where_it_is_no_longer_on_the_screen(place: Place, qtbot: QtBot) -> None:
    place.part.about("5 mg wasted", NOON)
    place.sign(qtbot, "hale")
    place.part.hide()
    place.part.show()
    assert place.part.person is None
