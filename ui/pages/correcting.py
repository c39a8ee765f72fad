"""Correcting an entry: it is struck out with a reason, stays to be seen, and is entered anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QTableWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.corrections import (
    LONGEST_REASON,
    REASONS,
    Standing,
    in_the_way,
    struck,
)
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.pages.entry import Desk, EntryPanel
from ui.pages.own_words import OwnWords
from ui.pages.parts import ANSWER, Rows, fill

HEADERS = ("At", "Entered", "What", "By")
#: Where an entry of that kind is made anew.
_ANEW = {
    **dict.fromkeys(("dose", "infusion", "order", "held", "device_step"), "dose"),
    **dict.fromkeys(("criterion", "ready", "left"), "home"),
    **dict.fromkeys(("episode", "adverse", "adverse_none"), "course"),
    **{"reading": "pressure", "observation": "observation", "note": "note", "mark": "mark"},
    **{"checkin": "checkin", "bp_weighed": "baseline", "not_done": "schedule"},
}


class CorrectionPanel(EntryPanel):
    """All that people entered, the last one first and marked; the digits choose the reason.

    ``anew_wanted`` names the panel in which what was just struck out is entered again.
    """

    title = "Correct an entry"
    save_words = "Strike it out"
    stays = True

    anew_wanted = Signal(str)

    def __init__(self, desk: Desk, view: SessionView, record: Callable[[], Record]) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._record = record
        self._shown: Rows = []
        self._seqs: list[int] = []
        self._anew = ""
        self.table: QTableWidget = kit.table(HEADERS, [], stretch=2)
        self.table.setAccessibleName("Entries")
        self.table.verticalHeader().setDefaultSectionSize(ANSWER)
        self.table.itemSelectionChanged.connect(self.changed)
        self.table.installEventFilter(self)
        self.main.addWidget(
            kit.label("Nothing is deleted: it stays in the record, struck through.", "muted")
        )
        self.main.addWidget(self.table, 1)
        self.what = kit.says("title")
        keys = {reason: f"{reason}\nkey {n}" for n, reason in enumerate(REASONS, 1)}
        self.reason = OwnWords(
            kit.choice(list(REASONS), shown=keys, upright=True),
            kit.field("Another reason", "Reason"),
            LONGEST_REASON,
        )
        self.reason.changed.connect(self.changed)
        self.again = kit.button("Enter it anew", key="Y", icon="edit")
        self.again.clicked.connect(self.enter_anew)
        self.again.hide()
        self.side.addWidget(self.what)
        self.side.addWidget(self.reason.choice)
        self.side.addWidget(self.reason.text)
        self.side.addWidget(self.again)
        self.finish()

    @property
    def entry(self) -> Standing | None:
        """The entry that is marked."""
        rows = self.table.selectionModel().selectedRows()
        seq = self._seqs[rows[0].row()] if rows else 0
        return self._record().corrections.standing.get(seq)

    def opened(self, now: datetime) -> None:
        self.outcome.clear()
        self._offer("")
        self._mark_own()
        self.table.setFocus()

    def missing(self) -> str:
        one = self.entry
        if one is None:
            return "Choose the entry" if self._seqs else "Nobody has entered anything yet"
        if fault := in_the_way(one, self._record().baseline):
            return fault
        return "" if self.reason.words else "Choose a reason or type one"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        one = self.entry
        if one is None:
            raise ValueError("choose the entry")
        baseline, now = self._record().baseline, self.desk.now()
        self._anew = _ANEW.get(one.what, "")
        return (struck(one, self.reason.words, baseline, at=now, author=author),)

    def clear(self) -> None:
        self.reason.clear()
        self.table.clearSelection()
        self._offer(self._anew)
        self.table.setFocus()

    def refresh(self) -> None:
        self._fill()
        one = self.entry
        if one is None:
            self.what.setText("No entry is chosen")
        else:
            self.what.setText(f"{one.title}, {clock(one.at, seconds=True)}")
        super().refresh()

    def enter_anew(self) -> None:
        """To the panel where it is entered again; empty, as always."""
        if self._anew and not self.again.isHidden():
            self.anew_wanted.emit(self._anew)

    def single_key(self, event: QKeyEvent) -> bool:
        typed = event.text().upper()
        if typed == "Y":
            self.enter_anew()
            return True
        return self.reason.digit(typed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The table would look for a row that begins with the letter; its keys are the panel's."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enters or event.text().isalnum():
                QApplication.sendEvent(self, event)
                return True
        return super().eventFilter(watched, event)

    def _offer(self, anew: str) -> None:
        self._anew = anew
        self.again.setVisible(bool(anew))

    def _mark_own(self) -> None:
        """The last entry of whoever is signed in; where there is none, nothing is marked."""
        self._fill()
        self.table.clearSelection()
        standing, own = self._record().corrections.standing, self.desk.author()
        for row, seq in enumerate(self._seqs):
            if standing[seq].author == own:
                self.table.selectRow(row)
                return

    def _fill(self) -> None:
        """Draw the rows anew where one has come or gone; the marked entry stays marked."""
        found = self._record().corrections.newest_first()
        rows = [
            [
                clock(one.at, seconds=True),
                clock(one.recorded_at, seconds=True),
                one.title,
                one.author,
            ]
            for one in found
        ]
        seqs = [one.seq for one in found]
        if rows == self._shown and seqs == self._seqs:
            return
        marked = self.entry
        self.table.blockSignals(True)
        fill(self.table, rows)
        self._shown, self._seqs = rows, seqs
        self.table.clearSelection()
        if marked is not None and marked.seq in seqs:
            self.table.selectRow(seqs.index(marked.seq))
        self.table.blockSignals(False)
