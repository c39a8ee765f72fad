"""The observation panel: one row of answers for each instrument, nothing pre-filled."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.view import SessionView
from ketamonitor.words import answer, clock
from ui.pages.entry import SIDE, Desk, EntryPanel
from ui.pages.instrument_row import row_of
from ui.pages.parts import rule, set_mark
from ui.pages.when import When
from ui.widgets.scroll import bring_into_sight, scroll_area

#: Keys that mark another row.
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class ObservationPanel(EntryPanel):
    """Asks what the instruments table names; a further row there is a further row here."""

    title = "Observation"

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        plan = view.info.protocol.observe
        self.rows = [
            row_of(kit, INSTRUMENTS[key], desk.now, needed=key in plan.needed) for key in plan.rows
        ]
        self.marked = 0
        inner = QWidget()
        inside = QVBoxLayout(inner)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        self.area = scroll_area(inner, sideways=False)
        self.main.addWidget(self.area, 1)
        for row in self.rows:
            inside.addWidget(rule())
            inside.addWidget(row)
            row.changed.connect(self.changed)
            row.installEventFilter(self)
            for control in row.controls():
                control.installEventFilter(self)
        inside.addStretch()
        self.main.addWidget(rule())
        feet = QGridLayout()
        feet.addWidget(kit.label("Nothing is pre-filled.", "fact"), 0, 0)
        feet.addWidget(
            kit.label("A blank row is not stored. 0 means asked and answered 0.", "muted"), 1, 0
        )
        self._last_title = kit.label("", "fact")
        self._last = kit.label("", "muted")
        feet.addWidget(self._last_title, 0, 1)
        feet.addWidget(self._last, 1, 1)
        self.main.addLayout(feet)
        self.when = When(kit, "Seen at", desk.now())
        self.when.changed.connect(self.changed)
        self.side.addWidget(self.when)
        self._mark(0)
        self.finish()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # what the frames, their margins and the scroll bars take is not the rows'
        room = self.width() - SIDE - 46
        for row in self.rows:
            row.fit(room)

    def opened(self, now: datetime) -> None:
        # The time of an earlier opening would be stored as that of these answers.
        if all(row.answered is None for row in self.rows):
            self.when.restart(now)

    def missing(self) -> str:
        left = [r.instrument.label for r in self.rows if r.needed and r.answered is None]
        if left:
            answers = "answer" if len(left) == 1 else "answers"
            return f"{len(left)} needed {answers} left: {', '.join(left).lower()}"
        if fault := next((row.fault for row in self.rows if row.fault), ""):
            return fault
        if all(row.answered is None for row in self.rows):
            return "No row is answered"
        return self.when.fault()

    def drafts(self, author: str) -> tuple[Draft, ...]:
        at = self.when.at()
        return tuple(
            drafts.observation(row.instrument.key, *row.answered, at=at, author=author)
            for row in self.rows
            if row.answered is not None
        )

    def clear(self) -> None:
        for row in self.rows:
            row.clear()
        self.when.restart(self.desk.now())
        self._mark(0)

    def refresh(self) -> None:
        now = self.desk.now()
        self.when.tick(now, begun=any(row.begun for row in self.rows))
        for row in self.rows:
            row.tick(now)
        last = [self.view.observed[k] for k in INSTRUMENTS if k in self.view.observed]
        newest = max((seen.at for seen in last), default=None)
        self._last_title.setText(f"Last seen {clock(newest)}" if newest else "Not observed yet")
        self._last.setText(
            " · ".join(
                f"{INSTRUMENTS[s.instrument].label} {answer(s.instrument, s.status, s.value)}"
                for s in last
            )
        )
        super().refresh()

    def single_key(self, event: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None:
            self._step(step)
            return True
        row = self.rows[self.marked]
        if not row.key(event):
            return False
        if row.goes_on() and self.marked + 1 < len(self.rows):
            self._mark(self.marked + 1)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.MouseButtonPress):
            for place, row in enumerate(self.rows):
                if watched is row or watched in row.controls():
                    self._mark(place)
        elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = _STEPS.get(Qt.Key(event.key()))
            if step is not None and isinstance(watched, QLineEdit):
                # Out of a typed number: the keys are the panel's again.
                self.setFocus(Qt.FocusReason.ShortcutFocusReason)
                self._step(step)
                return True
        return super().eventFilter(watched, event)

    def _step(self, step: int) -> None:
        self._mark((self.marked + step) % len(self.rows))

    def _mark(self, place: int) -> None:
        self.marked = place
        bring_into_sight(self.rows[place])
        for number, row in enumerate(self.rows):
            set_mark(row, number == place)
