"""Tables: what is chosen stays chosen, Tab and letters lead out, a long text can be read whole."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.touch import Touch
from ui.pages.parts import ANSWER, Kit
from ui.theme import Theme
from ui.widgets.finger import FingerScroll
from ui.widgets.table import WIDEST, RowsModel, Table

HEADERS = ("Day", "Patient", "Protocol")
LONG = "VAN DER LINDEN-ABRAHAMSSON, Wilhelmina Theodora Maximiliana Josephina"


def row(number: int, patient: str = "") -> tuple[str, ...]:
    return (f"{number} Dec", patient or f"PATIENT, Number {number}", "Ketamine IV 0.5 mg/kg")


def rows_of(ids: list[int]) -> list[tuple[str, ...]]:
    return [row(number) for number in ids]


class Shown:
    """A window with a table, the line below it, and a field after it; it keeps the keys it got."""

    def __init__(self, qtbot: QtBot, theme: Theme, count: int = 0) -> None:
        self.letters: list[str] = []
        shown = self

        class Window(QWidget):
            def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
                shown.letters.append(event.text())

        kit = Kit(theme)
        self.window = Window()
        qtbot.addWidget(self.window)
        box = QVBoxLayout(self.window)
        self.table: Table = kit.table(HEADERS, [], stretch=2)
        self.line: QLabel = kit.in_full(self.table)
        self.field = QLineEdit()
        for part in (self.table, self.line, self.field):
            box.addWidget(part)
        self.fill(list(range(count)))
        self.window.resize(900, 400)
        self.window.winId()
        self.finger = FingerScroll(self.window)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)
        self.table.setFocus()

    def fill(self, ids: list[int]) -> None:
        self.table.fill(rows_of(ids), [str(number) for number in ids])


@pytest.fixture
def shown(qtbot: QtBot, theme: Theme) -> Shown:
    return Shown(qtbot, theme, 30)


def test_the_chosen_row_is_known_by_what_it_is(shown: Shown, qtbot: QtBot) -> None:
    shown.table.choose("7")
    with qtbot.assertNotEmitted(shown.table.chosen_changed):
        shown.fill([99, 98, 7, *range(20)])
    assert shown.table.chosen == "7"
    assert shown.table.currentIndex().row() == 2
    QTest.keyClick(shown.table, Qt.Key.Key_Down)
    assert shown.table.chosen == "0"


def test_where_the_chosen_row_has_gone_none_is_chosen_and_that_is_told(
    shown: Shown, qtbot: QtBot
) -> None:
    shown.table.choose("7")
    with qtbot.waitSignal(shown.table.chosen_changed):
        shown.fill([1, 2, 3])
    assert shown.table.chosen is None


def test_an_unknown_one_is_not_chosen(shown: Shown) -> None:
    shown.table.choose("7")
    shown.table.choose("nobody")
    assert shown.table.chosen is None


def test_a_list_read_anew_stays_where_it_was_scrolled_to(shown: Shown) -> None:
    bar = shown.table.verticalScrollBar()
    bar.setValue(400)
    shown.table.fill([row(n, f"ANOTHER, {n}") for n in range(30)], [str(n) for n in range(30)])
    assert bar.value() == 400
    shown.fill(list(range(40)))
    assert bar.value() == 400


_LISTS = st.lists(st.integers(0, 12), unique=True, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lists=st.lists(_LISTS, min_size=1, max_size=6), chosen=st.integers(0, 12))
def test_through_all_that_comes_and_goes_only_its_own_row_is_chosen(
    shown: Shown, lists: list[list[int]], chosen: int
) -> None:
    shown.fill(lists[0])
    shown.table.choose(str(chosen))
    still = chosen in lists[0]
    for ids in lists[1:]:
        shown.fill(ids)
        still = still and chosen in ids
        assert shown.table.chosen == (str(chosen) if still else None)
        assert shown.table.rows == tuple(rows_of(ids))


def test_letters_and_enter_are_the_pages_and_choose_no_row(shown: Shown) -> None:
    shown.table.choose("7")
    QTest.keyClicks(shown.table, "9n")
    QTest.keyClick(shown.table, Qt.Key.Key_Return)
    assert shown.table.chosen == "7"
    assert shown.letters == ["9", "n", "\r"]


def test_tab_leads_out_and_back(shown: Shown) -> None:
    QTest.keyClick(shown.table, Qt.Key.Key_Tab)
    assert shown.field.hasFocus()
    QTest.keyClick(shown.field, Qt.Key.Key_Backtab)
    assert shown.table.hasFocus()


def test_a_long_name_is_cut_short_in_its_column_and_read_whole_below(shown: Shown) -> None:
    shown.table.fill([row(1), row(2, LONG)], ["1", "2"])
    assert shown.table.columnWidth(1) <= WIDEST + 40
    cell = shown.table.model().index(1, 1)
    assert cell.data(Qt.ItemDataRole.ToolTipRole) == LONG
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == LONG
    QTest.keyClick(shown.table, Qt.Key.Key_Down)
    assert shown.line.text() == ""
    QTest.keyClick(shown.table, Qt.Key.Key_Down)
    assert shown.line.text() == f"Patient: {LONG}"
    shown.fill([3])
    assert shown.line.text() == ""


def test_a_finger_drags_the_list_and_a_touch_chooses_a_high_row(shown: Shown) -> None:
    table, view = shown.table, shown.table.viewport()
    assert table.rowHeight(0) == ANSWER
    touch = Touch(shown.window)
    start = view.mapTo(shown.window, view.rect().center())
    touch._finger(start, start - QPoint(0, 150))
    assert table.verticalScrollBar().value() > 100
    at = table.visualRect(table.model().index(5, 0)).center()
    touch._finger(view.mapTo(shown.window, at), view.mapTo(shown.window, at))
    assert table.chosen == "5"


def test_a_column_is_as_wide_as_its_longest_text(shown: Shown) -> None:
    narrow = shown.table.columnWidth(1)
    shown.table.fill([*rows_of([1]), row(2, "PATIENT, With Two Given Names")], ["1", "2"])
    text = shown.table.fontMetrics().horizontalAdvance("PATIENT, With Two Given Names")
    assert narrow < text < shown.table.columnWidth(1)


def test_only_what_is_seen_is_asked_for(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the list: a row that nobody sees costs no question, at the second fill too."""
    asked: set[int] = set()
    data = RowsModel.data

    def counted(self: RowsModel, index: QModelIndex, role: int = 0) -> object:
        asked.add(index.row())
        return data(self, index, role)

    monkeypatch.setattr(RowsModel, "data", counted)
    shown = Shown(qtbot, theme)
    for turn in range(3):
        asked.clear()
        rows = [row(n, f"P{turn}, {n}") for n in range(1_000)]
        shown.table.fill(rows, [str(n) for n in range(1_000)])
        QApplication.processEvents()
        assert 1 <= len(asked) < 20
