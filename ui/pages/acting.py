"""What one touch stores: at once, with a name, and with a line that says what came of it."""

from __future__ import annotations

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from ketamonitor.entries import Draft
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.keys import LOCK
from ui.pages.entry import Desk
from ui.pages.parts import typing, unmodified
from ui.widgets.basics import Text
from ui.widgets.dead_time import DeadTime

NO_NAME = f"Sign in to do this ({LOCK})"
WRITING = "Saving…"

Make = Callable[[str], tuple[Draft, ...]]


class Acting(QObject):
    """Hands drafts over and says in ``say`` whether they are durable. While a thing is being
    written another touch on the same one is not taken.

    ``sign_in_wanted``: nobody is signed in, and nothing was stored.
    """

    sign_in_wanted = Signal()

    def __init__(self, desk: Desk, say: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._say = desk, say
        self._busy: set[str] = set()
        self._dead = DeadTime(self)

    def do(
        self,
        make: Make,
        done: str,
        *,
        failed: str = "Not recorded",
        then: Callable[[], None] | None = None,
        thing: str = "",
    ) -> None:
        """Store what ``make(author)`` gives; ``then`` is called once it is durable. ``thing`` names
        what was touched, where several may be under way.

        ``make`` may raise ``ValueError`` with one clear line.
        """
        author = self._desk.author()
        if not self._dead.take((thing, done)) or thing in self._busy:
            return
        if author is None:
            self._say(NO_NAME)
            self.sign_in_wanted.emit()
            return
        try:
            written = self._desk.submit(make(author))
        except ValueError as error:
            self._dead.lift()  # nothing was stored: to press again is the way out
            self._say(f"{failed}: {error}")
            return
        self._busy.add(thing)
        self._say(WRITING)

        def through(_entries: object) -> None:
            if shiboken6.isValid(self):  # its page may have gone with the session meanwhile
                self._busy.discard(thing)
                self._dead.shown()
                self._say(f"{done} {clock(self._desk.now(), seconds=True)}")
                if then is not None:
                    then()

        def refused(error: BaseException) -> None:
            if shiboken6.isValid(self):
                self._busy.discard(thing)
                self._dead.lift()
                self._say(f"{failed}: {error}")

        self._desk.then(written, through, refused)


class AlarmPanel(QWidget):
    """A panel of the alarm system over tiles and trend. What it stores it stores at a touch.

    ``outcome`` is the line that says what came of it; the subclass puts it into its layout.
    """

    left = Signal()
    sign_in_wanted = Signal()

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.desk, self.kit, self.view = desk, desk.kit, view
        self.outcome: Text = desk.kit.says()
        self.acting = Acting(desk, self.outcome.setText, self)
        self.acting.sign_in_wanted.connect(self.sign_in_wanted)
        self.leave = desk.kit.button("Leave", key="Esc")
        self.leave.clicked.connect(self.left)

    def opened(self) -> None:
        """The panel comes on the screen (again)."""
        raise NotImplementedError

    def show_view(self, view: SessionView) -> None:
        """A newer picture of the session has come."""
        self.view = view
        self.refresh()

    def refresh(self) -> None:
        """A second has passed, or something has changed."""
        raise NotImplementedError

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif typing(self) or not unmodified(event) or not self.single_key(event):
            super().keyPressEvent(event)

    def single_key(self, event: QKeyEvent) -> bool:
        """Whether the panel takes this key."""
        return False
