"""The choice of when it happened: at the first touch, one or two minutes before, or typed."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.course import LATE_AFTER
from ketamonitor.words import clock
from ui.pages.parts import Kit
from ui.pages.typed import time_of_day

AS_BEGUN, OTHER = "As begun", "Other time"
BACK = {AS_BEGUN: 0, "−1 min": 1, "−2 min": 2}


class When(QWidget):
    """Shows and gives the time at which something happened.

    It runs with the clock until the first answer or digit, and stands from then on: a panel that
    was open for long must not date what is entered now to when somebody opened it.
    """

    changed = Signal()

    def __init__(self, kit: Kit, title: str, opened: datetime) -> None:
        super().__init__()
        self._opened = opened
        self._now = opened
        self._shown = kit.label("", "big")
        self._entered = kit.label("", "muted")
        self.choice = kit.choice([*BACK, OTHER])
        self.choice.choose(AS_BEGUN)
        self.typed = kit.field("HH:MM", "Time it happened")
        self.typed.setMaxLength(5)
        self.typed.hide()
        self.words = kit.says()
        top = QHBoxLayout()
        top.addWidget(kit.label(title, "title"))
        top.addStretch()
        top.addWidget(self._entered)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self._shown)
        layout.addWidget(self.choice)
        layout.addWidget(self.typed)
        layout.addWidget(self.words)
        self.choice.changed.connect(self._chosen)
        self.typed.textChanged.connect(self._refresh)
        self._refresh()

    def restart(self, opened: datetime) -> None:
        """The panel was opened anew: the time begins again, a typed one is dropped."""
        self._opened = self._now = opened
        self.choice.choose(AS_BEGUN)
        self.typed.clear()
        self._chosen()

    def tick(self, now: datetime, *, begun: bool) -> None:
        """A second has passed. ``begun``: something has been entered beside it."""
        self._now = now
        if not begun:
            self._opened = now
        self._entered.setText(f"entered at {clock(now, seconds=True)}")
        self._refresh_words()

    def at(self) -> datetime:
        """When it happened. Raises ``ValueError`` with one clear line for a time not typed well."""
        picked = self.choice.chosen
        if picked == OTHER:
            return time_of_day(self.typed.text(), self._now)
        return self._opened - timedelta(minutes=BACK[picked or AS_BEGUN])

    def fault(self) -> str:
        """Why there is no time yet, or nothing."""
        try:
            self.at()
        except ValueError as error:
            return str(error)
        return ""

    def _chosen(self) -> None:
        other = self.choice.chosen == OTHER
        self.typed.setVisible(other)
        if other:
            self.typed.setFocus()
        self._refresh()

    def _refresh(self) -> None:
        self._refresh_words()
        self.changed.emit()

    def _refresh_words(self) -> None:
        try:
            at = self.at()
        except ValueError as error:
            self._shown.setText("––:––")
            self.words.setText(str(error))
            return
        self._shown.setText(clock(at, seconds=True))
        late = self._now - at > LATE_AFTER
        self.words.setText(
            "More than 2 min apart: will be marked late on chart and record."
            if late
            else "More than 2 min apart is marked late on chart and record."
        )
