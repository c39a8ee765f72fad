"""A table to read: a model of plain text, columns as wide as the longest of their cells."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ui.theme import Theme
from ui.typeface import FACT, LABEL

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_HEAVY = Qt.ItemDataRole.DisplayRole
#: Roles under which a cell's whole text is had: drawn, under the pointer, by a screen reader.
_TEXTS = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)
#: How many of a column's longest texts are measured: the widest is not always the longest.
MEASURED = 6
#: Logical pixels: what stands at both sides of a text, and the widest that a column gets.
PADDING, WIDEST = 30, 340
#: What moves about in a table; every other key is its page's.
_MOVES = frozenset(
    (
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    )
)

Row = tuple[str, ...]


class RowsModel(QAbstractTableModel):
    """Rows of text, each with an identity that it keeps when all are read anew."""

    def __init__(self, headers: Sequence[str]) -> None:
        super().__init__()
        self._headers = tuple(headers)
        self.rows: tuple[Row, ...] = ()
        self.ids: tuple[str, ...] = ()

    def show(self, rows: tuple[Row, ...], ids: tuple[str, ...]) -> None:
        """Take these rows; where only their texts differ the view keeps its place."""
        if ids == self.ids:
            self.rows = rows
            if rows:
                last = self.index(len(rows) - 1, len(self._headers) - 1)
                self.dataChanged.emit(self.index(0, 0), last, list(_TEXTS))
            return
        self.beginResetModel()
        self.rows, self.ids = rows, ids
        self.endResetModel()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._headers)

    def data(self, index: _Index, role: int = _HEAVY) -> Any:
        return self.rows[index.row()][index.column()] if role in _TEXTS else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _HEAVY) -> Any:
        if orientation is Qt.Orientation.Horizontal and role in _TEXTS:
            return self._headers[section]
        return None


class Table(QTableView):
    """Whole rows can be chosen. Column ``stretch`` takes the spare width; the others are as wide
    as their text, which no row but the longest is asked for: a list of thousands costs what is
    seen of it.

    ``chosen_changed``: another row is chosen, or none. ``opened``: a double click on a row.
    ``row_told``: what is cut short in the chosen row, in full; "" where nothing is.
    """

    chosen_changed = Signal()
    opened = Signal()
    row_told = Signal(str)

    def __init__(self, theme: Theme, headers: Sequence[str], stretch: int, height: int) -> None:
        super().__init__()
        self._rows = RowsModel(headers)
        self._headers, self._stretch = tuple(headers), stretch
        self.setModel(self._rows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)  # for a finger
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)  # Tab leads on; else the keyboard is caught in its cells
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)  # a row is one line high
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # both drug and dose are read
        self.setFont(theme.font(FACT))
        upright = self.verticalHeader()
        upright.hide()
        upright.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        upright.setDefaultSectionSize(height)
        header = self.horizontalHeader()
        header.setFont(theme.font(LABEL, 600))
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        self._measure()
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        self.selectionModel().selectionChanged.connect(lambda *_: self._chosen_anew())

    def fill(self, rows: Sequence[Sequence[str]], ids: Sequence[str] | None = None) -> None:
        """Show these rows. ``ids`` are what each of them is; without any a row is its text. The
        chosen one stays chosen where it is still there, whatever came before it."""
        made = tuple(map(tuple, rows))
        named = tuple("\x1f".join(row) for row in made) if ids is None else tuple(ids)
        if made == self._rows.rows and named == self._rows.ids:
            return
        before, bar = self.chosen, self.verticalScrollBar()
        place = bar.value()
        with QSignalBlocker(self.selectionModel()):
            self._rows.show(made, named)
            if before is not None and self.chosen != before and before in named:
                self._select(named.index(before))
        self._measure()
        bar.setValue(place)
        self.viewport().update()
        if self.chosen != before:
            self.chosen_changed.emit()
        self._tell()

    @property
    def chosen(self) -> str | None:
        """The identity of the chosen row."""
        rows = self.selectionModel().selectedRows()
        return self._rows.ids[rows[0].row()] if rows else None

    @property
    def ids(self) -> tuple[str, ...]:
        return self._rows.ids

    @property
    def rows(self) -> tuple[Row, ...]:
        """The texts of all cells."""
        return self._rows.rows

    def choose(self, id: str | None) -> None:
        """Choose the row of that identity and bring it into sight; ``None``, or one that is not
        there, leaves nothing chosen."""
        if id is None or id not in self._rows.ids:
            self.clearSelection()
            return
        place = self._rows.ids.index(id)
        self._select(place)
        self.show_row(id)

    def show_row(self, id: str) -> None:
        """Scroll to the row of that identity; nothing is chosen by it."""
        self.scrollTo(self._rows.index(self._rows.ids.index(id), 0))

    def set_wrapped(self) -> None:
        """For a short table of long texts: a row is as high as its text."""
        self.setWordWrap(True)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def _select(self, place: int) -> None:
        ways = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(
            self._rows.index(place, 0), ways.ClearAndSelect | ways.Rows
        )

    def _chosen_anew(self) -> None:
        self.chosen_changed.emit()
        self._tell()

    def _tell(self) -> None:
        self.row_told.emit(self.cut_short())

    def cut_short(self) -> str:
        """The texts of the chosen row that its columns have no room for."""
        rows = self.selectionModel().selectedRows()
        if not rows:
            return ""
        metrics = QFontMetrics(self.font())
        return " · ".join(
            f"{self._headers[column]}: {text}"
            for column, text in enumerate(self._rows.rows[rows[0].row()])
            if metrics.horizontalAdvance(text) + PADDING // 2 > self.columnWidth(column)
        )

    def _measure(self) -> None:
        """Each column but the stretched one takes the width of the longest that stands in it."""
        metrics = QFontMetrics(self.font())
        header = self.horizontalHeader()
        names = QFontMetrics(header.font())
        for column, name in enumerate(self._headers):
            if column == self._stretch:
                continue
            cells = {row[column] for row in self._rows.rows}
            widest = max(
                (metrics.horizontalAdvance(t) for t in heapq.nlargest(MEASURED, cells, key=len)),
                default=0,
            )
            wide = max(min(widest, WIDEST), names.horizontalAdvance(name)) + PADDING
            if wide != self.columnWidth(column):
                header.resizeSection(column, wide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A letter would look for a row that begins with it, and Enter would stay here: both are
        the page's."""
        if Qt.Key(event.key()) in _MOVES or event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
        else:
            event.ignore()
