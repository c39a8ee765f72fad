"""What is not needed every few minutes, in large buttons: for a finger, where keys have letters.

Four to a row, so that all of them are in sight on the smallest screen.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ui.keys import LOCK
from ui.pages.parts import Kit

#: Word, icon, key that acts here too, and the act that it asks for.
ACTS = (
    ("Check-in", "list", "", "checkin"),
    ("Baseline", "lock", "", "baseline"),
    ("Correct an entry", "edit", "", "correction"),
    ("Course, adverse event", "flag", "", "course"),
    ("Going home", "door", "", "home"),
    ("Drug ledger", "syringe", "", "ledger"),
    ("Planned interruption", "pause", "", "interruption"),
    ("Schedule", "list", "", "schedule"),
    ("Limits", "bell", "F2", "limits"),
    ("All alerts", "bell", "F3", "alarms"),
    ("Devices", "monitor", "F4", "devices"),
    ("Sessions", "back", "", "sessions"),
    ("Lock", "person", LOCK, "lock"),
)
COLUMNS = 4


class MorePanel(QWidget):
    """Gives the act with ``wanted``; it holds nothing and needs no name."""

    wanted = Signal(str)
    left = Signal()

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        frame, inside = kit.card("More")
        grid = QGridLayout()
        grid.setSpacing(8)
        self.buttons = {}
        for place, (word, icon, key, act) in enumerate(ACTS):
            button = kit.button(word, icon=icon, key=key)
            button.setMinimumHeight(56)
            button.clicked.connect(lambda _=False, a=act: self.wanted.emit(a))
            self.buttons[act] = button
            grid.addWidget(button, *divmod(place, COLUMNS))
        inside.addLayout(grid)
        inside.addStretch()
        leave = kit.button("Leave", key="Esc")
        leave.clicked.connect(self.left)
        inside.addWidget(leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            self.left.emit()
        else:
            super().keyPressEvent(event)
