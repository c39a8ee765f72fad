"""The page of protocols by keys: preview, changes, and a text that is checked as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.approvals import Approvals
from ketamonitor.library import load_protocols
from ketamonitor.people import People, Person, Role
from ketamonitor.store import Store, open_store
from tests.fakes import ManualClock
from tests.ui.forms import Bench
from tests.ui.keys import Keys
from ui.background import Background
from ui.pages.protocols import ProtocolsPage
from ui.widgets.table import Table

PASSWORD = "a long enough one"


class Place:
    def __init__(self, folder: Path, qtbot: QtBot, role: Role) -> None:
        self.folder = folder / "clinic"
        bench = Bench()
        self.store: Store = open_store(str(folder / "s.db"))
        now = ManualClock().now
        people = People(self.store, now)
        people.add("hale", "A. Hale", Role.DIRECTOR, PASSWORD, "test")
        self.approvals = Approvals(self.store, people, now)
        self.background = Background(bench.bridge)
        self.bridge = bench.bridge
        self.page = ProtocolsPage(
            bench.desk.kit,
            load_protocols(Path("/nowhere")),
            self.approvals,
            self.background,
            lambda: Person("hale", "A. Hale", role),
        )
        qtbot.addWidget(self.page)
        self.page.resize(1366, 700)
        self.page.show()
        self.page.activateWindow()
        self.keys = Keys(qtbot, self.page)

    def close(self) -> None:
        self.background.close()
        self.store.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theme: object) -> Path:
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "clinic"))
    return tmp_path


@pytest.fixture
def director(folder: Path, qtbot: QtBot) -> Iterator[Place]:
    made = Place(folder, qtbot, Role.DIRECTOR)
    yield made
    made.close()


def cells(table: Table) -> list[tuple[str, ...]]:
    return list(table.rows)


def test_what_happens_when_and_how_it_stands(director: Place) -> None:
    page, keys = director.page, director.keys
    page.opened()
    keys.until(lambda: len(page._standing) == 7, "the approvals are read")
    keys.choose("SPRAVATO (esketamine nasal) 84 mg, 3 devices, spravato-84")
    assert page.stands.text() == "Not approved: simulated sessions only"
    told = dict(cells(page.when))
    assert told["40 min"] == "SPRAVATO 40 min, 35 to 50, must be there or answered"
    assert page.tabs.tabText(1) == "Changes: no approved version yet"


def test_a_change_is_shown_against_the_approved_version_and_saved(director: Place) -> None:
    page, keys = director.page, director.keys
    used = load_protocols(Path("/nowhere"))["im-ketamine"]
    director.approvals.approve(used, "hale", PASSWORD)
    page.opened()
    keys.until(lambda: "im-ketamine" in page._approved, "the approvals are read")
    keys.choose("Ketamine IM, im-ketamine")
    assert page.stands.text().startswith("Approved by A. Hale")
    assert page.tabs.tabText(1) == "Changes (0)"
    text = page.text.toPlainText()
    page.text.setPlainText(text.replace("from_first_dose_min = 90", "from_first_dose_min = 9O"))
    line = text[: text.index("from_first_dose_min = 90")].count("\n") + 1
    assert page.fault.text().startswith(f"Line {line}: is not valid TOML")
    assert not page.save.isEnabled()
    later = text.replace("from_first_dose_min = 90", "from_first_dose_min = 100")
    page.text.setPlainText(later.replace("version = 2", "version = 3", 1))
    assert page.tabs.tabText(1) == "Changes (2)"
    assert cells(page.different) == [
        ("version", "2", "3"),
        ("gate.from_first_dose_min", "90", "100"),
    ]
    assert page.save.isEnabled()
    page.tabs.setCurrentIndex(2)
    keys.choose("Save in the clinic’s folder")
    keys.until(lambda: "Saved as im-ketamine.toml" in page.told.text(), "it is saved")
    assert load_protocols(director.folder)["im-ketamine"].version == 3


def test_a_copy_needs_its_own_name_in_text_and_file(director: Place) -> None:
    page, keys = director.page, director.keys
    page.opened()
    keys.choose("Ketamine SC, sc-ketamine")
    page.name.setText("sc-own")
    assert "the file must have the same name" in page.fault.text()
    assert not page.save.isEnabled()
    page.text.setPlainText(page.text.toPlainText().replace('"sc-ketamine"', '"sc-own"', 1))
    assert page.save.isEnabled()


def test_a_nurse_looks_and_does_not_write(folder: Path, qtbot: QtBot) -> None:
    place = Place(folder, qtbot, Role.NURSE)
    try:
        page = place.page
        page.opened()
        place.keys.choose("Ketamine SC, sc-ketamine")
        assert page.text.isReadOnly()
        assert not page.save.isVisible()
        place.keys.press(Qt.Key.Key_Escape)
    finally:
        place.close()


def test_what_was_changed_and_not_saved_is_there_again(director: Place) -> None:
    page, keys = director.page, director.keys
    page.opened()
    keys.until(lambda: len(page._standing) == 7, "the approvals are read")
    keys.choose("Ketamine IM, im-ketamine")
    text = page.text.toPlainText()
    later = text.replace("from_first_dose_min = 90", "from_first_dose_min = 100")
    page.text.setPlainText(later)
    page.name.setText("im-own")
    assert page.told.text() == "Changed and not saved"
    page.choice.choose("sc-ketamine")
    assert page.told.text() == ""
    page.opened()  # away and back
    page.choice.choose("im-ketamine")
    assert page.text.toPlainText() == later
    assert page.name.text() == "im-own"
    assert page.told.text() == "Changed and not saved"
    assert dict(cells(page.when))["Not before"].startswith("100 min")
    page.text.setPlainText(text)
    assert page.told.text() == ""
