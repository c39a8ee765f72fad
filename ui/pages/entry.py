"""What all entry panels share: draft kept on leaving, words for what is missing, a durable save."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ketamonitor.entries import Draft, Entry
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.keys import LOCK
from ui.pages.parts import Kit, typing, unmodified
from ui.widgets.basics import ENTER
from ui.widgets.dead_time import DeadTime
from ui.widgets.scroll import scroll_area

#: Logical pixels of the column at the right.
SIDE = 366
#: Logical pixels of height below which Save has the right column for itself: a keyboard on the
#: screen leaves no more.
LOW = 220

Written = Future[tuple[Entry, ...]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a panel may do: hand drafts to the recorder and wait for them without blocking.

    ``author`` is the user's short name, or ``None`` while the screen is locked. ``then`` calls one
    of its two functions on the GUI thread when the future is done.
    """

    kit: Kit
    now: Callable[[], datetime]
    author: Callable[[], str | None]
    submit: Callable[[tuple[Draft, ...]], Written]
    then: Callable[[Written, Callable[[object], None], Callable[[BaseException], None]], None]


class _Row(QHBoxLayout):
    """Its columns scroll. Asked how high it wants to be for a width, it would take the height at
    which they need not, and push Save below the edge of a small screen."""

    def hasHeightForWidth(self) -> bool:
        return False


def _column() -> QWidget:
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    return made


def _into(column: QWidget, frame: QWidget) -> None:
    """Move a frame to the foot of a column; its place in the order of Tab stays."""
    layout = column.layout()
    assert layout is not None
    layout.addWidget(frame)
    frame.show()


class EntryPanel(QWidget):
    """A panel over tiles and trend. ``left``: Esc, with the draft kept. ``saved``: it is durable.

    A subclass fills :attr:`main` and :attr:`side`, and says what is missing and which drafts the
    panel stands for. Nothing is sent before Save or Enter.
    """

    left = Signal()
    saved = Signal()
    changed = Signal()

    title = ""
    save_words = "Save"
    #: Whether the panel goes on showing after a save (a running infusion) or gives way to the page.
    stays = False

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.desk = desk
        kit = desk.kit
        self.view = view
        self._waiting = False
        self._dead = DeadTime(self)
        self._frame, self.main = kit.card()
        self._side_frame, self.side = kit.card()
        self._side_frame.setFixedWidth(SIDE)
        self.main.addWidget(kit.label(self.title, "page"))
        self.words = kit.says("fact")
        self.outcome = kit.says()
        self.save_button = kit.button(self.save_words, key="Enter", main=True)
        self.leave_button = kit.button("Leave", key="Esc")
        self.save_button.dead = self._dead  # Enter and a click are presses of the same thing
        self.save_button.clicked.connect(self.save)
        self.leave_button.clicked.connect(self.left)
        row = _Row(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._left_column, self._side_column = _column(), _column()
        row.addWidget(scroll_area(self._left_column), 1)
        right = QVBoxLayout()
        right.setSpacing(8)
        self._foot_frame, self._foot = kit.card()
        self._foot_frame.setFixedWidth(SIDE)
        self._side_area = scroll_area(self._side_column, width=SIDE)
        right.addWidget(self._side_area, 1)
        right.addWidget(self._foot_frame, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(right)
        _into(self._left_column, self._frame)
        _into(self._side_column, self._side_frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low = self.height() < LOW
        if low is self._side_area.isHidden():
            return
        focus = self.window().focusWidget()
        self._side_area.setVisible(not low)
        _into(self._left_column if low else self._side_column, self._side_frame)
        self._foot.setContentsMargins(*((14, 2, 14, 2) if low else (14, 12, 14, 14)))
        self._foot.setSpacing(2 if low else 8)
        for told in (self.words, self.outcome):
            told.setMinimumHeight(0 if low else 18)  # an empty line takes no room
        if focus is not None and self._side_frame.isAncestorOf(focus):
            focus.setFocus()  # moving it took the focus from the field that is being typed in

    def finish(self) -> None:
        """Called by the subclass when its parts stand: adds words and buttons below ``side``."""
        self.main.addStretch()
        self.side.addStretch()
        # On a small screen everything else scrolls; what is missing and Save are always in sight.
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_button, 1)
        buttons.addWidget(self.leave_button)
        for part in (self.words, self.outcome):
            self._foot.addWidget(part)
        self._foot.addLayout(buttons)
        self.changed.connect(self.refresh)
        for field in self.findChildren(QLineEdit):
            field.textEdited.connect(self._dead.lift)
        for button in self.findChildren(QAbstractButton):
            if button is not self.save_button:
                button.pressed.connect(self._dead.lift)
        self.refresh()

    def missing(self) -> str:
        """What must still be entered, in words; empty when Save may be pressed."""
        raise NotImplementedError

    def drafts(self, author: str) -> tuple[Draft, ...]:
        """What would be written. Raises ``ValueError`` with one clear line."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget what was typed: it has been written."""
        raise NotImplementedError

    def opened(self, now: datetime) -> None:
        """The panel comes on screen (again)."""

    def show_view(self, view: SessionView) -> None:
        """A newer picture of the session has come."""
        self.view = view
        self.refresh()

    def refresh(self) -> None:
        """Words and state of Save follow what has been entered."""
        missing = self._still_missing()
        self.words.setText(missing)
        self.save_button.setEnabled(not missing and not self._waiting)

    def save(self) -> None:
        """Hand the drafts over; nothing is called saved before it is durable."""
        author = self.desk.author()
        if self._waiting or author is None or self._still_missing():
            self.refresh()
            return
        try:
            written = self.desk.submit(self.drafts(author))
        except ValueError as error:
            self.outcome.setText(f"Not saved: {error}")
            return
        self._waiting = True
        self.outcome.setText("Saving…")
        self.refresh()
        self.desk.then(written, self._done, self._failed)

    def _still_missing(self) -> str:
        if self.desk.author() is None:
            return f"Sign in to save ({LOCK}). What you typed is kept"
        return self.missing()

    def _done(self, _entries: object) -> None:
        self._waiting = False
        self.clear()
        self.outcome.setText(f"Saved {clock(self.desk.now(), seconds=True)}")
        self.refresh()
        self._dead.shown()
        self.saved.emit()

    def _failed(self, error: BaseException) -> None:
        self._waiting = False
        self.outcome.setText(f"Not saved: {error}. What you typed is kept: press Save again")
        self.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._dead.lift()
        if event.isAutoRepeat():
            event.accept()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._dead.take(ENTER):
                self.save()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif typing(self) or not unmodified(event) or not self.single_key(event):
            super().keyPressEvent(event)

    def single_key(self, event: QKeyEvent) -> bool:
        """Whether the panel takes this key; it is asked only when no text field has the focus."""
        return False
