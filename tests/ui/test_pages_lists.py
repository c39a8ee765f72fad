"""The session list and the review: order, search, marks, a broken chain in words; and starting."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.protocol import protocol_to_json
from ketamonitor.store import SessionSummary
from ketamonitor.treatment.hand_in import HandedIn
from tests.ui.forms import PATIENT, START, Bench, view
from tests.waits import PATIENCE_MS as WAIT
from ui.app import run_app, tell_faults
from ui.background import Background
from ui.pages.review import ReviewPage
from ui.pages.reviewed import review
from ui.pages.sessions import HEADERS, SessionsPage, found, row_of

TODAY = START.date()
STATE = HEADERS.index("State")


def summary(number: int, *, finished: bool = True, simulated: bool = False) -> SessionSummary:
    started = START - timedelta(days=number)
    return SessionSummary(
        id=f"KM-{number}",
        started_at=started,
        ended_at=started + timedelta(hours=2) if finished else None,
        patient=replace(PATIENT, name=f"PATIENT, Number {number}", mrn=f"00-{number}"),
        protocol_name="iv-ketamine-40",
        protocol_title="Ketamine IV",
        simulated=simulated,
        author="r.okafor",
        chair="3",
        entry_count=9,
        alarms={"high": 1, "medium": 0, "low": 2},
    )


def entries() -> list[Entry]:
    """A short session: a pressure, its end."""
    info = view().info
    body = {
        "event": "started",
        "patient": {"name": PATIENT.name, "mrn": PATIENT.mrn, "born": PATIENT.born.isoformat()},
        "weight_kg": 68.4,
        "protocol": protocol_to_json(info.protocol),
        "devices": [],
        "simulated": True,
        "chair": "3",
        "software": "0",
    }
    made: list[Entry] = []
    for draft in (
        Draft("session", START, "r.okafor", body),
        drafts.manual_bp(122, 74, at=START + timedelta(minutes=1), author="r.okafor"),
        drafts.note("calm", at=START + timedelta(minutes=2), author="r.okafor"),
        drafts.ended("Treatment complete", at=START + timedelta(minutes=3), author="r.okafor"),
    ):
        before = made[-1].hash if made else GENESIS
        made.append(chain(draft, info.id, len(made) + 1, draft.at, before))
    return made


def review_page(bench: Desk, read: Callable[[str], list[Entry]], qtbot: QtBot) -> ReviewPage:
    page = ReviewPage(
        bench.desk.kit,
        bench.background,
        read,
        lambda _session: None,
        lambda _record, _view: QWidget(),
        lambda: bench.now,
        lambda: "R. Okafor RN",
    )
    qtbot.addWidget(page)
    return page


def sessions_page(
    bench: Desk, listed: Callable[[], list[SessionSummary]], elsewhere: Collection[str] = ()
) -> SessionsPage:
    return SessionsPage(
        bench.desk.kit,
        bench.background,
        listed,
        list,
        lambda _summaries: frozenset(elsewhere),
        dict,
        lambda: TODAY,
    )


def test_a_session_recorded_in_another_window_is_listed_and_not_offered(
    bench: Desk, qtbot: QtBot
) -> None:
    page = sessions_page(
        bench, lambda: [summary(1, finished=False), summary(2, finished=False)], ["KM-2"]
    )
    qtbot.addWidget(page)
    page.opened()
    qtbot.waitUntil(lambda: len(page.table.rows) == 2, timeout=WAIT)
    assert [row[STATE] for row in page.table.rows] == ["not finished", "in another window"]
    page._leave("KM-1")
    assert page.question.count() == 0


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("", [1, 2, 12]),
        ("number 2", [2, 12]),
        ("00-1", [1, 12]),
        ("PATIENT 00-12", [12]),
        ("x", []),
    ],
)
def test_the_search_wants_every_word_in_name_or_number(words: str, ids: list[int]) -> None:
    all_of_them = [summary(n) for n in (1, 2, 12)]
    assert [s.id for s in found(all_of_them, words)] == [f"KM-{n}" for n in ids]


def test_a_row_says_simulated_and_unfinished() -> None:
    row = row_of(summary(1, finished=False, simulated=True), {}, TODAY)
    assert "not finished · SIMULATED" in row
    assert "*** 1  * 2" in row
    unread = replace(summary(1), patient=None, fault="the first entry cannot be read")
    assert "damaged" in row_of(unread, {}, TODAY)


def test_a_row_counts_the_days_to_the_form_until_it_is_handed_in() -> None:
    asked = replace(summary(0), forms=("rems_monitoring",))
    said = {"KM-0": HandedIn(1, "KM-0", date(2026, 11, 28), "", "okafor", START)}

    def state(session: SessionSummary, today: date, done: Mapping[str, HandedIn] = {}) -> str:
        return row_of(session, done, today)[STATE]

    assert state(asked, TODAY) == "finished · form by 30 Nov, 7 days left"
    assert state(asked, date(2026, 12, 2)) == "finished · form overdue since 30 Nov"
    assert state(asked, date(2026, 12, 2), said) == "finished · form handed in 28 Nov"
    assert state(replace(asked, simulated=True), TODAY) == "finished · SIMULATED"
    assert state(replace(asked, ended_at=None), TODAY) == "not finished"
    assert state(replace(asked, forms=("unheard_of",)), TODAY) == "finished"


def test_unfinished_sessions_come_first_and_are_asked_about_one_by_one(
    bench: Desk, qtbot: QtBot
) -> None:
    listed = [summary(1), summary(2, finished=False), summary(3, finished=False)]
    page = sessions_page(bench, lambda: listed)
    qtbot.addWidget(page)
    page.opened()
    qtbot.waitUntil(lambda: len(page.table.rows) == 3, timeout=WAIT)
    states = [row[STATE] for row in page.table.rows]
    assert states == ["not finished", "not finished", "finished"]
    assert page.question.count() == 1
    page._leave("KM-2")
    asked = page.question.itemAt(0)
    assert asked is not None
    frame = asked.widget()
    assert frame is not None
    assert any("was not finished" in label.text() for label in frame.findChildren(QLabel))
    page._leave("KM-3")
    assert page.question.count() == 0


def test_a_chain_as_written_is_called_verified(bench: Desk, qtbot: QtBot) -> None:
    page = review_page(bench, lambda _session: entries(), qtbot)
    page.open("KM-261123-000001")
    qtbot.waitUntil(lambda: page.shown is not None, timeout=WAIT)
    assert page.chain.text() == "Chain verified"
    assert page.name.text() == PATIENT.name
    assert page.tabs.count() == 6


def test_a_changed_entry_is_told_and_files_can_still_be_written(bench: Desk, qtbot: QtBot) -> None:
    changed = entries()
    changed[2] = replace(changed[2], body={"text": "tearful", "said_by": "nurse"})
    page = review_page(bench, lambda _session: changed, qtbot)
    page.open("KM-261123-000001")
    qtbot.waitUntil(lambda: page.shown is not None, timeout=WAIT)
    assert page.chain.text() == "Chain broken: 1 faults"
    assert "entry 3 is not as it was written" in page.words.text()
    assert page.buttons["PDF"].isEnabled()


def test_a_session_that_cannot_be_read_is_one_line(bench: Desk, qtbot: QtBot) -> None:
    page = review_page(bench, lambda _session: [], qtbot)
    page.open("KM-261123-000001")
    qtbot.waitUntil(lambda: page.words.text().startswith("Not done"), timeout=WAIT)
    assert not page.buttons["PDF"].isEnabled()


def test_a_folder_that_is_not_there_is_one_line_and_the_page_stays(
    bench: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    page = review_page(bench, lambda _session: entries(), qtbot)
    page.open("KM-261123-000001")
    qtbot.waitUntil(lambda: page.shown is not None, timeout=WAIT)
    page.write("CSV", tmp_path / "no such folder" / "a.csv")
    qtbot.waitUntil(lambda: page.words.text().startswith("Not done"), timeout=WAIT)
    assert page.buttons["CSV"].isEnabled()


def test_the_changes_tab_holds_what_people_did() -> None:
    shown = review("KM-261123-000001", entries())
    assert [row[0] for row in shown.changes] == ["1", "2", "3", "4"]


def test_a_file_that_is_no_store_is_told_in_the_window_and_by_the_status(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("not a store " * 50)
    told: list[str] = []

    def look() -> None:
        for window in qapp.topLevelWidgets():
            told.extend(label.text() for label in window.findChildren(QLabel))
            window.close()

    QTimer.singleShot(700, look)
    assert run_app(str(path)) == 1
    assert any("cannot start" in text for text in told)
    assert capsys.readouterr().err.startswith("ketamonitor: ")


def test_a_fault_of_ours_is_told_without_what_it_holds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    import threading

    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    told: list[str] = []
    tell_faults(told.append)
    try:
        raise KeyError("LINDQVIST, Maren")
    except KeyError as fault:
        sys.excepthook(type(fault), fault, fault.__traceback__)
    assert "KeyError in test_a_fault_of_ours" in told[0]
    assert "LINDQVIST" not in told[0] + caplog.text


class Desk(Bench):
    """A bench with a background thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.background = Background(self.bridge)


@pytest.fixture
def bench(qapp: object) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.background.close()
