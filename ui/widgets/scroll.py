"""Areas that scroll where there is little room; what has the focus is brought into sight."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

#: Logical pixels above a field in which its name stands.
NAME = 26


class _Area(QScrollArea):
    """Where it gets smaller, what has the focus in it stays in sight."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        focus = self.window().focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            QTimer.singleShot(0, self, lambda: _show_focus(self))


def scroll_area(
    inner: QWidget | None = None,
    *,
    width: int = 0,
    sideways: bool = True,
    parent: QWidget | None = None,
) -> QScrollArea:
    """``inner``, which scrolls where there is no room for it; ``width`` where it is a fixed one."""
    area = _Area(parent)
    area.setWidgetResizable(True)
    area.setProperty("clear", True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if inner is not None:
        area.setWidget(inner)
    if width:
        area.setFixedWidth(width)
    if width or not sideways:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def bring_into_sight(control: QWidget) -> None:
    """Scroll every area around ``control`` so that it can be seen, and its name where it fits.

    Not while a finger is down: what it is about to press would move away from below it.
    """
    if QApplication.mouseButtons() is not Qt.MouseButton.NoButton:
        return
    around = control.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea) and (inner := around.widget()) not in (None, control):
            _scroll_to(around, inner, control)
        around = around.parentWidget()


def _scroll_to(area: QScrollArea, inner: QWidget, control: QWidget) -> None:
    """All of the control, not only the cursor in it: with that Qt's own would be content."""
    view, high, wide = area.viewport(), control.height(), control.width()
    room = (view.height() - high) // 2
    if room >= 0:
        middle = control.mapTo(inner, control.rect().center())
        across = min(wide, view.width()) // 2
        area.ensureVisible(middle.x(), middle.y(), across, (high + 1) // 2 + min(NAME, room))


def _show_focus(within: QWidget) -> None:
    """Bring what has the focus into sight, once everything has found its place."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    focus = within.window().focusWidget()
    if focus is not None and focus.isVisible():
        bring_into_sight(focus)


class Sight(QObject):
    """What gets the focus in ``window`` comes into sight: also where a touch or the program gave
    it, and not the Tab key. With :func:`scroll_area` it stays there when a keyboard on the screen
    comes, takes half of the window's height and leaves the field that called for it at the edge."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._moved)

    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and new.window() is self._window:
            QTimer.singleShot(0, self, lambda: _show_focus(self._window))
