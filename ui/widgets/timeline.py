"""The timeline: what happened, newest first, filtered to all, mine or alarms."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ketamonitor.entries import Entry
from ui.theme import Theme
from ui.widgets.basics import Panel, SegmentedControl, Text
from ui.widgets.ink import CENTRE, Ink
from ui.widgets.timeline_rows import FILTERS, Index, TimelineModel

ROW = 45


class _RowPainter(QStyledItemDelegate):
    """Draws one row: time, number as on the chart, title, who and what."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, TimelineModel)
        row, area = model.row(index.row()), QRectF(option.rect)
        painter.save()
        ink = Ink(painter, self._theme)
        ink.text(area.left() + 11, area.top() + 20, row.at, 13, 600, "text")
        if row.number is not None:
            chip = QRectF(area.left() + 58, area.top() + 7, 20, 18)
            ink.box(chip, "panel2", "line2", radius=4)
            ink.text(
                chip.center().x(), chip.top() + 13.3, str(row.number), 12, 500, "text2", CENTRE
            )
        x = area.left() + 86
        room = area.right() - x - 8
        ink.text(x, area.top() + 20, row.heading, 13, 600, "text", room=room)
        if row.struck:
            width = min(room, ink.width(row.heading, 13, 600))
            ink.line(x, area.top() + 15.5, x + width, area.top() + 15.5, "text2")
        ink.text(x, area.top() + 36, row.below, 12, 400, "text2", room=room)
        ink.line(area.left(), area.bottom() - 0.5, area.right(), area.bottom() - 0.5)
        painter.restore()


class _Rows(QListView):
    """A list that leaves single letters to the page's keys."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """D opens the dose panel, it does not look for a row."""
        if event.text().isprintable() and event.text():
            event.ignore()
        else:
            super().keyPressEvent(event)


class Timeline(Panel):
    """The card in the right column."""

    def __init__(self, theme: Theme, user: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = TimelineModel(user, self)
        self.filter = SegmentedControl(theme, "Timeline", FILTERS)
        self.filter.chosen.connect(self.model.set_filter)
        self.list = _Rows()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_RowPainter(theme, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setProperty("bare", True)
        self.list.setAccessibleName("Timeline, newest first")
        theme.changed.connect(self.list.viewport().update)
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 10, 0)
        head.addWidget(Text(theme, "Timeline", 15, 600))
        head.addStretch(1)
        head.addWidget(self.filter)
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 0, 1, 1)
        box.setSpacing(0)
        box.addLayout(head)
        box.addWidget(self.list, 1)

    def add(self, entries: Sequence[Entry], numbers: dict[int, int]) -> None:
        """Shows new entries; a reader who has scrolled down is not moved."""
        bar = self.list.verticalScrollBar()
        before = self.model.rowCount()
        at_top = bar.value() == 0
        self.model.add(entries, numbers)
        if not at_top:
            bar.setValue(bar.value() + (self.model.rowCount() - before) * ROW)
