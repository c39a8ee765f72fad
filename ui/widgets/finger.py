"""A finger drags what scrolls, as on any other screen that is touched."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QGraphicsView,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

#: Logical pixels that a finger may slip during a touch, about 4 mm; more is a drag.
SLIP = 16

_AWAY = QPointF(-10_000, -10_000)
_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class FingerScroll(QObject):
    """A finger drags what scrolls. A drag presses no button that it began on.

    Qt makes a mouse of a finger, and a mouse drags nothing: without this only the bar scrolls, a
    few pixels wide. Qt's own ``QScroller`` holds each touch back and gives it to whatever then lies
    below the finger; here a touch that is no drag goes its way untouched, as on an action card one
    touch is an entry.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._began: QPointF | None = None
        self._dragged: QAbstractScrollArea | None = None
        self._last = 0.0
        self._letting_go = False
        handle = window.windowHandle()
        assert handle is not None, "the window has not been made yet"
        self._handle: QWindow = handle
        handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._letting_go or not isinstance(event, QMouseEvent):
            return False
        if event.type() in _PRESSES:
            left = event.button() is Qt.MouseButton.LeftButton
            self._began = event.position() if left and not self._selects(event) else None
            self._dragged = None
            return False
        if event.type() is QEvent.Type.MouseMove and self._began is not None:
            return self._move(event.position().y())
        if event.type() is QEvent.Type.MouseButtonRelease:
            dragging, self._began, self._dragged = self._dragged, None, None
            return dragging is not None
        return False

    def _selects(self, event: QMouseEvent) -> bool:
        """Whether a true mouse begins to mark text."""
        under = self._window.childAt(event.position().toPoint())
        real = event.source() is Qt.MouseEventSource.MouseEventNotSynthesized
        while under is not None and not isinstance(under, (QLineEdit, QPlainTextEdit)):
            under = under.parentWidget()
        return real and under is not None

    def _move(self, y: float) -> bool:
        began = self._began
        assert began is not None
        if self._dragged is None:
            if abs(y - began.y()) < SLIP:
                return False
            self._dragged = self._area(began, up=y < began.y())
            if self._dragged is None:
                self._began = None
                return False
            self._last = began.y()
            self._let_go()
        bar = self._dragged.verticalScrollBar()
        bar.setValue(bar.value() + round(self._last - y))
        self._last = y
        return True

    def _area(self, at: QPointF, *, up: bool) -> QAbstractScrollArea | None:
        """The innermost area there that can still move that way."""
        around: QWidget | None = self._window.childAt(at.toPoint())
        while around is not None:
            if isinstance(around, QAbstractScrollArea) and not isinstance(around, QGraphicsView):
                bar = around.verticalScrollBar()
                rows = (
                    isinstance(around, QAbstractItemView)
                    and around.verticalScrollMode() is QAbstractItemView.ScrollMode.ScrollPerItem
                )
                more = bar.value() < bar.maximum() if up else bar.value() > bar.minimum()
                if more and not rows:
                    return around
            around = around.parentWidget()
        return None

    def _let_go(self) -> None:
        """The button that the drag began on learns that the finger left it elsewhere."""
        self._letting_go = True
        QCoreApplication.sendEvent(
            self._handle,
            QMouseEvent(
                QEvent.Type.MouseButtonRelease,
                _AWAY,
                _AWAY,
                _AWAY,
                Qt.MouseButton.LeftButton,
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
            ),
        )
        self._letting_go = False
