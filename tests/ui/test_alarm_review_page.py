"""The supervisor's page "Alerts": counts by limit, a what-if, all of it in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Entry
from ketamonitor.store import SessionSummary, StoreError
from tests.domain.builders import at, cuff
from tests.domain.played import Played
from tests.ui.forms import Bench
from tests.ui.test_pages_lists import summary
from tests.waits import PATIENCE_MS as WAIT
from ui.background import Background
from ui.pages.alarm_review import ALL, HEIGHT, MONTH, THIS, AlarmReviewPage

Read = Callable[[str], list[Entry]]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """Twenty minutes with one pressure over 160 that nobody acknowledged."""
    played = Played()
    played.add(drafts.dose("ketamine", "im", 20, at=at(5), author="o"))
    played.add(cuff(10, 165, 80), cuff(130, 166, 80), cuff(250, 120, 80))
    played.add(drafts.ended("finished", at=at(1200), author="o"))
    return played.entries


def listed() -> list[SessionSummary]:
    """Two of a patient lately, an older one, a simulated one, one that is not finished."""
    made = [
        summary(1),
        summary(2),
        summary(100),
        summary(3, simulated=True),
        summary(4, finished=False),
    ]
    return [
        replace(s, started_at=at(0) - timedelta(days=n)) for s, n in zip(made, DAYS, strict=True)
    ]


DAYS = (1, 2, 100, 3, 4)


class Page:
    def __init__(self, qtbot: QtBot, read: Read, sessions: list[SessionSummary]) -> None:
        self.bench = Bench()
        self.background = Background(self.bench.bridge)
        self.threads: set[str] = set()

        def entries_of(session: str) -> list[Entry]:
            self.threads.add(threading.current_thread().name)
            return read(session)

        self.page = AlarmReviewPage(
            self.bench.desk.kit,
            self.background,
            lambda: sessions,
            entries_of,
            lambda: at(1200),
        )
        self.qtbot = qtbot
        qtbot.addWidget(self.page)

    def show(self, session: str | None = None) -> None:
        self.page.open(session)
        self.page.show()
        self.read()

    def read(self) -> None:
        self.qtbot.waitUntil(lambda: self.page.review is not None, timeout=WAIT)

    def choose(self, which: str) -> None:
        place = self.page.which.findText(which)
        self.page.which.setCurrentIndex(place)
        self.page.which.activated.emit(place)
        self.read()

    def try_value(self, limit: str, typed: str) -> None:
        self.page.limit.setCurrentIndex(self.page.limit.findData(limit))
        self.page.value.setText(typed)
        self.page.go.click()

    @property
    def sessions(self) -> int:
        assert self.page.review is not None
        return self.page.review.sessions


@pytest.fixture
def made(qtbot: QtBot, entries: list[Entry]) -> Iterator[Page]:
    page = Page(qtbot, lambda s: [replace(e, session=s) for e in entries], listed())
    yield page
    page.page.hide()
    page.background.close()


def cells(page: AlarmReviewPage, row: int) -> list[str]:
    return list(page.table.rows[row])


def test_the_finished_sessions_of_patients_of_the_last_month(made: Page) -> None:
    made.show()
    assert made.sessions == 2
    assert made.page.words.text().startswith("2 alerts in 2 sessions, 0.7 h: 3.0 an hour")
    first = cells(made.page, 0)
    assert first[0] == "SYS ≥ 160"
    assert first[2:6] == ["2", "3.0", "–", "2"]
    assert made.page.noise.text().startswith("Most from SYS ≥ 160: 4 of ")
    assert made.threads == {"background_0"}, "the GUI thread reads nothing"


def test_older_and_simulated_ones_are_counted_where_one_asks(made: Page) -> None:
    made.show()
    made.choose(ALL)
    assert made.sessions == 3
    made.page.simulated.setChecked(True)
    made.read()
    assert made.sessions == 4
    made.choose(MONTH)
    assert made.sessions == 3


def test_one_session_from_its_review_simulated_or_not(made: Page) -> None:
    made.show("KM-3")
    assert made.page.which.currentText() == THIS
    assert made.sessions == 1
    assert made.page.back.text() == "Review"


def test_a_what_if_is_worked_out_in_the_background(made: Page, qtbot: QtBot) -> None:
    made.show()
    made.threads.clear()
    made.try_value("nibp_sys>=160", "170")
    assert made.page.answer.text() == "Session 1 of 2…"
    qtbot.waitUntil(lambda: made.page.result is not None, timeout=WAIT)
    assert made.threads == {"background_0"}
    assert made.page.answer.text() == (
        "2 alerts as recorded, 3.0 an hour; 0 with the other value, 0.0 an hour"
    )
    assert made.page.compared.rows[0] == ("SYS ≥ 170, was SYS ≥ 160", "2", "0", "−2")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Type the other value as a number, such as 160"),
        ("x", "Type the other value as a number, such as 160"),
        ("160", "The limit has the value 160 already: type another one"),
        ("400", "can never be passed"),
    ],
)
def test_a_value_that_cannot_be_tried_is_one_line(made: Page, typed: str, said: str) -> None:
    made.show()
    made.try_value("nibp_sys>=160", typed)
    assert said in made.page.answer.text()
    assert made.page.result is None


def test_another_limit_takes_the_answer_away(made: Page, qtbot: QtBot) -> None:
    made.show()
    made.try_value("nibp_sys>=160", "170")
    qtbot.waitUntil(lambda: made.page.result is not None, timeout=WAIT)
    made.page.limit.setCurrentIndex(made.page.limit.findData("spo2<88"))
    assert made.page.answer.text() == ""
    assert made.page.compared.rows == ()
    assert made.page.value.placeholderText() == "now 88"


def test_no_session_says_so_and_offers_nothing(qtbot: QtBot) -> None:
    old = replace(summary(3, simulated=True), started_at=at(0) - timedelta(days=100))
    page = Page(qtbot, lambda _session: [], [old])
    page.show()
    assert page.page.words.text() == "No finished session in this time"
    page.choose(ALL)
    assert page.page.words.text() == (
        "No session of a patient in this time; there are simulated ones"
    )
    assert not page.page.go.isEnabled()
    page.page.hide()
    page.background.close()


def test_a_session_that_cannot_be_read_is_left_out_and_said(
    qtbot: QtBot, entries: list[Entry]
) -> None:
    def read(session: str) -> list[Entry]:
        return [] if session == "KM-2" else [replace(e, session=session) for e in entries]

    page = Page(qtbot, read, listed())
    page.show()
    assert page.sessions == 1
    assert page.page.words.text().endswith("; 1 session left out, not readable")
    page.page.hide()
    page.background.close()


def test_a_store_that_fails_is_one_line(qtbot: QtBot) -> None:
    def read(_session: str) -> list[Entry]:
        raise StoreError("the disk has gone")

    page = Page(qtbot, read, listed())
    page.page.open(None)
    page.page.show()
    qtbot.waitUntil(lambda: page.page.words.text() == "Not done: the disk has gone", timeout=WAIT)
    page.page.hide()
    page.background.close()


def test_leaving_the_page_ends_the_work(made: Page, qtbot: QtBot) -> None:
    made.show()
    made.try_value("nibp_sys>=160", "170")
    with qtbot.waitSignal(made.page.left, timeout=WAIT):
        qtbot.keyClick(made.page, Qt.Key.Key_Escape)
    made.page.hide()
    made.background.close()
    qtbot.wait(50)
    assert made.page.result is None


def test_its_controls_are_for_a_mouse_and_reached_by_keys(made: Page) -> None:
    made.show()
    page = made.page
    for control in (page.back, page.which, page.limit, page.value, page.go):
        assert HEIGHT <= control.height() <= 44
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
    for table in (page.table, page.compared, page.which, page.limit, page.value):
        assert table.accessibleName()
