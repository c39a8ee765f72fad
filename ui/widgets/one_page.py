"""A stack of pages of which only the one on the screen says how much room it needs."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

_SHOWN = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
_HIDDEN = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)


class OnePage(QStackedWidget):
    """Qt's own stack is never smaller than its largest page: a page that nobody looks at would
    hold the window larger than a small screen, or than what a keyboard on it leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self._fit)

    def addWidget(self, page: QWidget) -> int:
        page.setSizePolicy(_HIDDEN)
        place = super().addWidget(page)
        self._fit()
        return place

    def _fit(self) -> None:
        for place in range(self.count()):
            page, shown = self.widget(place), place == self.currentIndex()
            assert page is not None
            page.setSizePolicy(_SHOWN if shown else _HIDDEN)


class Below(QVBoxLayout):
    """What stands below one another in a part that scrolls. Asked how high it wants to be for a
    width, Qt's own would answer with the height at which nothing scrolls within it."""

    def hasHeightForWidth(self) -> bool:
        return False
