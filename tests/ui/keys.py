"""A nurse at the keyboard: keys go to whatever has the focus, as on a real computer, and count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.exceptions import TimeoutError
from pytestqt.qtbot import QtBot

from tests.waits import PATIENCE_MS as WAIT
from tests.waits import until
from ui.widgets.dead_time import DeadTime

#: Card, Moran and Newell, Commun ACM 1980;23:396: a practised key, and making up one's mind.
KEY_S, THINK_S = 0.28, 1.35


@dataclass
class Keys:
    """Keys to the widget with the focus in ``window``; nothing is clicked, nothing is called.

    ``actions`` counts keys, a typed word or number as one; ``strokes`` counts every key.
    """

    qtbot: QtBot
    window: QWidget
    actions: int = 0
    strokes: int = 0
    _last: Qt.Key | str | None = None

    def focus(self) -> QWidget:
        """Who gets the next key. The window itself where nothing in it has the focus."""
        found = QApplication.focusWidget()
        return found if found is not None and found.window() is self.window else self.window

    def press(
        self,
        key: Qt.Key | str,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """One key: a letter as it stands on its cap, or a :class:`Qt.Key`."""
        self.actions += 1
        self.strokes += 1
        if key == self._last and key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
            looked_at(self.window)
        self._last = key
        if isinstance(key, str):
            QTest.keyClicks(self.focus(), key, modifiers)
        else:
            QTest.keyClick(self.focus(), key, modifiers)
        QApplication.processEvents()  # nobody's fingers are faster than the next event

    def enter(self) -> None:
        self.press(Qt.Key.Key_Return)

    def escape(self) -> None:
        self.press(Qt.Key.Key_Escape)

    def type(self, text: str) -> None:
        """A word or a number into the field that has the focus."""
        self.actions += 1
        self.strokes += len(text)
        self._last = None
        for letter in text:  # a key may move the focus
            QTest.keyClicks(self.focus(), letter)
        QApplication.processEvents()

    def fill(self, name: str, text: str) -> None:
        """Tab to the field of that accessible name and type."""
        self.tab_to(name)
        self.type(text)

    def tab_to(self, name: str, most: int = 120) -> QWidget:
        """Tab until the control of that name (or its words) has the focus; each Tab counts."""
        seen: list[str] = []
        for _ in range(most):
            if said(self.focus()) == name:
                return self.focus()
            seen.append(said(self.focus()))
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab never comes to {name!r}; it came to {list(dict.fromkeys(seen))}")

    def choose(self, name: str) -> None:
        """Tab to a button, answer or tick of that name and press the space bar."""
        self.tab_to(name)
        self.press(Qt.Key.Key_Space)

    def until(self, so: Callable[[], bool], why: str) -> None:
        """Wait for what the program does by itself; no key."""

        try:
            self.qtbot.waitUntil(so, timeout=WAIT)
        except TimeoutError:
            raise AssertionError(why) from None

    def begin(self) -> None:
        """Count from here."""
        self.actions = self.strokes = 0

    @property
    def seconds(self) -> float:
        """What a practised person needs: one thought, and so many keys."""
        return THINK_S + self.strokes * KEY_S


def looked_at(window: QObject) -> None:
    """Whoever presses the same once more has read what came of it: no dead time is left."""
    until(
        lambda: not any(dead.isActive() for dead in window.findChildren(DeadTime)),
        "a dead time that never ends",
        turn=QApplication.processEvents,
    )


def said(widget: QWidget) -> str:
    """The name of a control as a screen reader says it, else its words on one line."""
    name = widget.accessibleName()
    if not name and isinstance(widget, QAbstractButton):
        name = widget.text()
    return " ".join(name.replace("&", "").split())
