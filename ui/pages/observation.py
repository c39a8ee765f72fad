"""The observation panel: one row of answers for each instrument, nothing pre-filled."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.instruments import INSTRUMENTS, AnswerStatus, Instrument
from ketamonitor.view import SessionView
from ketamonitor.words import answer, clock
from ui.pages.entry import Desk, EntryPanel
from ui.pages.parts import Kit, rule, set_mark
from ui.pages.when import When

NOT_ASSESSED, DECLINED = "Not assessed", "Declined"
_STATUS = {NOT_ASSESSED: AnswerStatus.NOT_ASSESSED, DECLINED: AnswerStatus.DECLINED}


class InstrumentRow(QWidget):
    """One question. ``answered`` is ``None`` until somebody chose: there is no default."""

    changed = Signal()

    def __init__(self, kit: Kit, instrument: Instrument) -> None:
        super().__init__()
        self.instrument = instrument
        needed = " · needed" if instrument.needed else ""
        name = QVBoxLayout()
        name.setSpacing(0)
        self._name = kit.label(f"{instrument.label}{needed}", "fact")
        name.addWidget(self._name)
        name.addWidget(kit.label(instrument.hint, "muted"))
        # The end that is well stands first, so that a calm answer is always at the same place.
        values = list(range(instrument.low, instrument.high + 1))
        if instrument.worst == instrument.low:
            values.reverse()
        texts = {
            str(v): f"{v}\n{instrument.levels[v]}" if v in instrument.levels else str(v)
            for v in values
        }
        self.choice = kit.choice(
            [*texts, NOT_ASSESSED, DECLINED], shown=texts, gap_before=NOT_ASSESSED
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        head = QWidget()
        head.setLayout(name)
        head.setFixedWidth(176)
        row.addWidget(head)
        row.addWidget(self.choice, 1)
        self.choice.changed.connect(self.changed)

    @property
    def answered(self) -> tuple[AnswerStatus, int | None] | None:
        chosen = self.choice.chosen
        if chosen is None:
            return None
        if chosen in _STATUS:
            return _STATUS[chosen], None
        return AnswerStatus.ANSWERED, int(chosen)

    def key(self, event: QKeyEvent) -> bool:
        """Answer by key: 0-9, T = 10, minus = not assessed, X = declined."""
        typed = event.text().upper()
        picked = {"T": "10", "-": NOT_ASSESSED, "−": NOT_ASSESSED, "X": DECLINED}.get(typed, typed)
        if not picked or picked not in self.choice.options:
            return False
        self.choice.choose(picked)
        return True


class ObservationPanel(EntryPanel):
    """Asks what the instruments table names; a further row there is a further row here."""

    title = "Observation"

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self.rows = [InstrumentRow(kit, instrument) for instrument in INSTRUMENTS.values()]
        self.marked = 0
        for row in self.rows:
            self.main.addWidget(rule())
            self.main.addWidget(row)
            row.changed.connect(self.changed)
            row.installEventFilter(self)
            for button in row.choice.buttons.values():
                button.installEventFilter(self)
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

    def missing(self) -> str:
        left = [r.instrument.label for r in self.rows if r.instrument.needed and r.answered is None]
        if left:
            answers = "answer" if len(left) == 1 else "answers"
            return f"{len(left)} needed {answers} left: {', '.join(left).lower()}"
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
            row.choice.clear()
        self.when.restart(self.desk.now())
        self._mark(0)

    def refresh(self) -> None:
        self.when.tick(self.desk.now())
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
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._mark((self.marked + step) % len(self.rows))
            return True
        if not self.rows[self.marked].key(event):
            return False
        if self.marked + 1 < len(self.rows):
            self._mark(self.marked + 1)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.MouseButtonPress):
            for place, row in enumerate(self.rows):
                if watched is row or watched in row.choice.buttons.values():
                    self._mark(place)
        return super().eventFilter(watched, event)

    def _mark(self, place: int) -> None:
        self.marked = place
        for number, row in enumerate(self.rows):
            set_mark(row, number == place)
