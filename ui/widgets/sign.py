"""A sign beside its word, in the colours of the theme."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui.theme import Theme
from ui.widgets.ink import Ink

SIZE = 20


class Sign(QWidget):
    """One line icon; the word beside it says the same, so a screen reader passes it by."""

    def __init__(self, theme: Theme, icon: str = "ring", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icon = theme, icon
        self.setFixedSize(SIZE, SIZE)
        theme.changed.connect(self.update)

    @property
    def icon(self) -> str:
        return self._icon

    def show_icon(self, icon: str) -> None:
        if icon != self._icon:
            self._icon = icon
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        Ink(painter, self._theme).icon(self._icon, 0, 0, SIZE, "text")
        painter.end()
