"""Correcting an entry: it is struck out with a reason, stays to be seen, and is entered anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent

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
        self._anew = ""
        self.table = kit.table(HEADERS, [], stretch=2)
        self.table.setAccessibleName("Entries")
        self.table.chosen_changed.connect(self.changed)
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
        return self._record().corrections.standing.get(int(self.table.chosen or 0))

    def opened(self, now: datetime) -> None:
        self.outcome.clear()
        self._offer("")
        self._mark_own()
        self.table.setFocus()

    def missing(self) -> str:
        one = self.entry
        if one is None:
            return "Choose the entry" if self.table.ids else "Nobody has entered anything yet"
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

    def _offer(self, anew: str) -> None:
        self._anew = anew
        self.again.setVisible(bool(anew))

    def _mark_own(self) -> None:
        """The last entry of whoever is signed in; where there is none, nothing is marked."""
        self._fill()
        own = self.desk.author()
        mine = (o for o in self._record().corrections.newest_first() if o.author == own)
        last = next(mine, None)
        self.table.choose(None if last is None else str(last.seq))

    def _fill(self) -> None:
        """What people entered, as it stands now; the marked entry stays marked."""
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
        self.table.fill(rows, [str(one.seq) for one in found])
