"""What it costs to show a list of sessions again, and against a table whose columns ask each row.

``QTableWidget`` with columns that fit their contents measured the whole column for each cell that
was set over another one: that way stands here, as small as can be, to be measured beside ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from statistics import median
from time import perf_counter
from typing import cast

from PySide6.QtWidgets import QApplication, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from ui.pages.parts import Kit
from ui.pages.sessions import HEADERS
from ui.theme import Theme

ROWS = 1_000
#: The old way is measured on a list of this many: its cost grows with the square of it, so that
#: what it would take for :data:`ROWS` is at least so many times as much as they are more.
OLD_ROWS = 50
STRETCH = HEADERS.index("Protocol")


def rows(count: int, day: str) -> list[list[str]]:
    """A list as the page has it; another day's is another list."""
    return [
        [
            *(day, f"{number // 60 % 24:02}:{number % 60:02}", f"PATIENT, Number {number}"),
            *(f"MRN-{number:06}", "finished", "*** 1  * 2", "Ketamine IV 0.5 mg/kg"),
            *("r.okafor", f"{number % 9}"),
        ]
        for number in range(count)
    ]


def old_table() -> QTableWidget:
    """As it was: widths by their contents, of every row."""
    made = QTableWidget(0, len(HEADERS))
    header = made.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(STRETCH, QHeaderView.ResizeMode.Stretch)
    return made


def old_fill(made: QTableWidget, cells: list[list[str]]) -> None:
    made.setRowCount(len(cells))
    for place, row in enumerate(cells):
        for column, text in enumerate(row):
            made.setItem(place, column, QTableWidgetItem(text))


def shown(table: QWidget) -> None:
    table.resize(1366, 600)
    table.show()
    QApplication.processEvents()


def took(fill: Callable[[], None]) -> float:
    """Seconds until it is drawn."""
    began = perf_counter()
    fill()
    QApplication.processEvents()
    return perf_counter() - began


@dataclass(frozen=True, slots=True)
class Fills:
    """Seconds: our first and second fill of ``count`` rows, the old way's second of so many."""

    count: int
    first: float
    again: float
    old_count: int
    old_again: float


@cache
def measured(smoke: bool) -> Fills:
    count, old_count, rounds = (100, 10, 2) if smoke else (ROWS, OLD_ROWS, 5)
    theme = Theme()
    theme.install(cast(QApplication, QApplication.instance() or QApplication(sys.argv[:1])))
    first, again = [], []
    for _ in range(rounds):
        table = Kit(theme).table(HEADERS, [], STRETCH)
        shown(table)
        first.append(took(partial(table.fill, rows(count, "1 Dec"))))
        again.append(took(partial(table.fill, rows(count, "2 Dec"))))
        table.close()
    old = old_table()
    shown(old)
    old_fill(old, rows(old_count, "1 Dec"))
    QApplication.processEvents()
    old_again = took(partial(old_fill, old, rows(old_count, "2 Dec")))
    old.close()
    made = Fills(count, median(first), median(again), old_count, old_again)
    print(
        f"list of {count}: first {made.first * 1e3:.1f} ms, again {made.again * 1e3:.1f} ms;"
        f" the old way again {made.old_again * 1e3:.0f} ms for {old_count}"
    )
    return made


def refill_growth(smoke: bool) -> float:
    """The second fill of a shown list, times the first."""
    found = measured(smoke)
    return found.again / found.first


def against_old(smoke: bool) -> float:
    """How many times faster than the old way, at the very least."""
    found = measured(smoke)
    return found.old_again * (found.count / found.old_count) / found.again
