"""A gloved finger on the screen: it touches what can be seen and is large enough, and counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QScrollArea, QWidget

from tests.ui.keys import THINK_S, said
from tests.waits import until
from ui.widgets.basics import Drawn

#: Card, Moran and Newell, Commun ACM 1980;23:396: pointing at something on a screen. Each letter
#: on a keyboard on the screen is pointed at as well.
POINT_S = 1.10
#: The least that a gloved finger hits, in logical pixels (DESIGN-NOTES section 2).
WIDE, HIGH = 44, 48
#: Logical pixels of the shortest drag: less is a touch.
LEAST = 40
#: Most drags until something must have come into sight.
DRAGS = 12


@dataclass
class Touch:
    """Touches come in at a place of the window, as from its screen; nothing is called.

    ``touches`` counts touches and drags, and a text on the screen's keyboard as one; ``points``
    counts each of its letters.
    """

    window: QWidget
    touches: int = 0
    points: int = 0

    def tap(self, what: str | QWidget) -> None:
        """Touch a control, by its words or how they begin; it is dragged into sight before."""
        control = self.find(what) if isinstance(what, str) else what
        if isinstance(control, Drawn):
            # no finger is back on the same button within its dead time
            until(lambda: not control.dead.isActive(), turn=QApplication.processEvents)
        size = f"{control.width()} x {control.height()}"
        assert control.width() >= WIDE, f"{said(control)!r} is too narrow for a finger: {size}"
        assert control.height() >= HIGH, f"{said(control)!r} is too low for a finger: {size}"
        self._drag_into_sight(control)
        seen = control.visibleRegion().boundingRect()
        at = control.mapTo(self.window, seen.center())
        assert _within(self.window.childAt(at), control), f"{said(control)!r} is covered"
        self._count()
        self._finger(at, at)

    def type(self, text: str) -> None:
        """On the screen's keyboard, into the field that has the focus."""
        field = QApplication.focusWidget()
        assert isinstance(field, QLineEdit), f"{field} takes no text: touch a field before"
        self._count(len(text))
        for letter in text:  # a letter may move the focus
            QTest.keyClicks(QApplication.focusWidget(), letter)
        QApplication.processEvents()

    def fill(self, name: str, text: str) -> None:
        """Touch the field of that name, and type."""
        self.tap(name)
        self.type(text)

    def begin(self) -> None:
        """Count from here."""
        self.touches = self.points = 0

    @property
    def seconds(self) -> float:
        """One thought, and so many times pointing."""
        return THINK_S + POINT_S * self.points

    def find(self, words: str) -> QWidget:
        """The control of these words that can be used now."""
        shown = [w for w in self._controls() if w.isVisible() and w.isEnabled()]
        same = [w for w in shown if said(w) == words]
        found = same or [w for w in shown if said(w).startswith(words)]
        assert found, f"nothing says {words!r}, only {sorted({said(w) for w in shown})}"
        return found[0]

    def _controls(self) -> Iterator[QWidget]:
        yield from self.window.findChildren(QAbstractButton)
        yield from self.window.findChildren(QLineEdit)

    def _count(self, points: int = 1) -> None:
        self.touches += 1
        self.points += points

    def _finger(self, down: QPoint, up: QPoint) -> None:
        """Down at one place of the window, up at another."""
        ways = [down + (up - down) * step / 8 for step in range(1, 9)] if up != down else []
        for kind, place in (("press", down), *(("move", p) for p in ways), ("release", up)):
            touch = QTest.touchEvent(self.window, _finger(), autoCommit=False)
            getattr(touch, kind)(0, place)
            touch.commit()
            QApplication.processEvents()

    def _drag_into_sight(self, control: QWidget) -> None:
        for _ in range(DRAGS):
            QApplication.processEvents()  # what has just been said moves what stands below it
            seen = control.visibleRegion().boundingRect()
            if seen.width() >= WIDE and seen.height() >= HIGH:
                return
            self._drag(control)
        raise AssertionError(f"{said(control)!r} cannot be dragged into sight")

    def _drag(self, control: QWidget) -> None:
        """One drag, of the innermost area that hides the control, by no more than its height."""
        area = _hides(control)
        assert area is not None, f"{said(control)!r} is out of sight, and nothing can be dragged"
        view = area.viewport()
        seen = view.visibleRegion().boundingRect()
        top = control.mapTo(view, QPoint(0, 0)).y()
        wanted = seen.center().y() - (top + control.height() // 2)
        most = seen.height() - 12
        by = max(-most, min(most, wanted))
        by = max(by, LEAST) if by > 0 else min(by, -LEAST)
        start = QPoint(seen.center().x(), seen.bottom() - 6 if by < 0 else seen.top() + 6)
        at = view.mapTo(self.window, start)
        assert _within(self.window.childAt(at), area), f"{said(control)!r} cannot be dragged to"
        self._count()
        place = control.mapTo(self.window, QPoint(0, 0))
        self._finger(at, at + QPoint(0, by))
        moved = control.mapTo(self.window, QPoint(0, 0)) != place
        assert moved, f"a drag towards {said(control)!r} moves nothing"


@cache
def _finger() -> QPointingDevice:
    return QTest.createTouchDevice(QPointingDevice.DeviceType.TouchScreen)


def _within(found: QWidget | None, control: QWidget) -> bool:
    return found is not None and (found is control or control.isAncestorOf(found))


def _hides(control: QWidget) -> QScrollArea | None:
    """The innermost area whose view the control is outside of."""
    around = control.parentWidget()
    while around is not None:
        if isinstance(around, QScrollArea):
            top = control.mapTo(around.viewport(), QPoint(0, 0)).y()
            seen = around.viewport().visibleRegion().boundingRect()
            if top < seen.top() or top + control.height() > seen.bottom() + 1:
                return around
        around = around.parentWidget()
    return None
