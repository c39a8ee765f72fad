"""The form of a stored session in the window: handed in by keys, struck out, the data sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Entry
from ketamonitor.form_book import FormBook
from ketamonitor.people import Person, Role
from ketamonitor.record import Record
from ketamonitor.store import open_store
from tests.domain.builders import at, chained, protocol, started
from tests.fakes import ManualClock
from tests.ui.forms import Bench
from tests.ui.keys import Keys
from ui.background import Background
from ui.pages.form_part import FormDesk, FormPart
from ui.pages.review import FORM, ReviewPage

NURSE = Person("okafor", "R. Okafor", Role.NURSE)


class Office(Bench):
    """A store of its own, five days after the treatment."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.clock.advance(5 * 86400)
        self.background = Background(self.bridge)
        self.store = open_store(str(path))
        self.book = FormBook(self.store, self.clock.now)
        self.person: Person | None = NURSE
        self.forms = FormDesk(
            self.background,
            self.book,
            lambda: {"okafor": "R. Okafor"},
            lambda: self.person,
            self.clock.now,
        )

    def part(self, qtbot: QtBot, *, simulated: bool = False) -> tuple[FormPart, Keys]:
        made = FormPart(self.desk.kit, self.forms, record(simulated=simulated))
        qtbot.addWidget(made)
        made.resize(900, 500)
        made.show()
        made.activateWindow()
        qtbot.waitUntil(lambda: made.known is not None)
        made.setFocus()
        return made, Keys(qtbot, made)


def entries(*, simulated: bool = False) -> list[Entry]:
    first = started(protocol("spravato-56"))
    first = replace(first, body={**first.body, "simulated": simulated})
    return chained([first, drafts.ended("Treatment complete", at=at(7600), author="okafor")])


def record(*, simulated: bool = False) -> Record:
    return Record.of(entries(simulated=simulated))


@pytest.fixture
def office(theme: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "protocols"))
    made = Office(tmp_path / "store.db")
    yield made
    made.background.close()
    made.store.close()


def test_no_day_is_filled_in_and_one_to_come_is_refused(office: Office, qtbot: QtBot) -> None:
    part, keys = office.part(qtbot)
    assert part.state.text() == "Form by 30 Nov, 2 days left"
    assert part.on.text() == ""
    assert not part.done.isEnabled()
    keys.type("29 Nov 2026")
    keys.enter()
    keys.until(lambda: "is still to come" in part.words.text(), "it is refused in words")
    assert part.on.text() == "29 Nov 2026"
    assert office.book.hand_ins().standing == {}


def test_it_is_handed_in_and_struck_out_by_keys(office: Office, qtbot: QtBot) -> None:
    part, keys = office.part(qtbot)
    keys.type("27 Nov 2026")
    keys.fill("Reference", "REF 7")
    keys.enter()
    keys.until(lambda: part.state.text() == "Form handed in 27 Nov", "it is stored")
    assert "reference REF 7. Recorded by okafor, 28 Nov 2026" in part.facts.text()
    assert not part.done.isVisible()
    keys.fill("Reason for striking it out", "other patient")
    keys.enter()
    keys.until(lambda: part.state.text() == "Form by 30 Nov, 2 days left", "it is struck out")
    assert [row.body["event"] for row in office.store.entries("forms")] == [
        *("form_handed_in", "form_struck"),
    ]


def test_nobody_hands_in_when_nobody_is_signed_in(office: Office, qtbot: QtBot) -> None:
    office.person = None
    part, keys = office.part(qtbot)
    keys.type("27 Nov 2026")
    keys.enter()
    assert part.words.text() == "Sign in first"
    assert part.on.text() == "27 Nov 2026"


def test_a_simulated_session_has_a_sheet_and_nothing_to_hand_in(
    office: Office, qtbot: QtBot, tmp_path: Path
) -> None:
    part, _keys = office.part(qtbot, simulated=True)
    assert part.state.text() == "Nothing is handed in of a simulated session"
    assert not part.on.isVisible()
    part.write(tmp_path / "sheet.pdf")
    qtbot.waitUntil(lambda: part.words.text().startswith("Data sheet written"))
    assert "Sedation" in part.words.text()
    assert "Name and date" not in part.words.text()


def test_a_clinics_file_with_a_slip_is_told_where_the_sheet_was_asked_for(
    office: Office, qtbot: QtBot, tmp_path: Path
) -> None:
    part, _keys = office.part(qtbot)
    (tmp_path / "clinic.toml").write_text('name = "Clinic"\nstreet = "1 Road"\n', encoding="utf-8")
    part.write(tmp_path / "sheet.pdf")
    qtbot.waitUntil(lambda: part.words.text().startswith("Data sheet written"))
    said = part.words.text()
    assert "No setting: " in said
    assert "clinic.toml" in said
    assert "street" in said


def test_a_folder_that_is_not_there_is_one_line(
    office: Office, qtbot: QtBot, tmp_path: Path
) -> None:
    part, _keys = office.part(qtbot)
    part.write(tmp_path / "no such folder" / "sheet.pdf")
    qtbot.waitUntil(lambda: part.words.text().startswith("Not done"))


def test_the_review_has_the_form_as_a_tab_and_a_key_away(office: Office, qtbot: QtBot) -> None:
    page = ReviewPage(
        office.desk.kit,
        office.background,
        lambda _session: entries(),
        lambda _session: None,
        lambda _record, _view: QWidget(),
        office.clock.now,
        lambda: "R. Okafor",
        lambda made: FormPart(office.desk.kit, office.forms, made),
    )
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    page.open("KM-261123-000001")
    qtbot.waitUntil(lambda: page.shown is not None)
    assert page.tabs.tabText(page.tabs.count() - 1) == FORM
    page.show_form()
    part = page.tabs.currentWidget()
    assert isinstance(part, FormPart)
    qtbot.waitUntil(lambda: part.state.text() == "Form by 30 Nov, 2 days left")
    # Whoever pressed F while it was being read types the day where it belongs.
    qtbot.waitUntil(part.on.hasFocus)
