"""One question of the observation panel: levels to touch, a number to type, breaths to count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.instruments import AnswerStatus, Instrument, Kind
from ketamonitor.words import countdown
from ui.pages.parts import Choice, Kit

NOT_ASSESSED, DECLINED = "Not assessed", "Declined"
_STATUS = {NOT_ASSESSED: AnswerStatus.NOT_ASSESSED, DECLINED: AnswerStatus.DECLINED}

Answered = tuple[AnswerStatus, int | None]

#: Logical pixels of the question, and of the row below which its answers stand below it.
HEAD, STACKED_BELOW = 156, 700

#: How long breaths are counted.
COUNT_FOR = timedelta(seconds=30)


class InstrumentRow(QWidget):
    """One question. ``answered`` is ``None`` until somebody chose: there is no default."""

    changed = Signal()

    def __init__(self, kit: Kit, instrument: Instrument, *, needed: bool) -> None:
        super().__init__()
        self.instrument, self.needed = instrument, needed
        mark = " · needed" if needed else ""
        name = QVBoxLayout()
        name.setSpacing(0)
        name.addWidget(kit.label(f"{instrument.label}{mark}", "fact", wrap=True))
        name.addWidget(kit.label(instrument.hint, "muted"))
        name.addStretch()
        self.head = QWidget()
        self.head.setLayout(name)
        self.choice = self._answers(kit)
        self.choice.changed.connect(self.changed)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._both.setContentsMargins(8, 6, 4, 6)
        self._both.addWidget(self.head)
        self.inside = QHBoxLayout()
        self.inside.addWidget(self.choice, 1)
        self._both.addLayout(self.inside, 1)
        self.fit(STACKED_BELOW)

    def fit(self, room: int) -> None:
        """Take the width there is: with little of it the answers stand below the question, so that
        neither is pushed out of sight."""
        stacked = room < STACKED_BELOW
        ways = QBoxLayout.Direction
        self._both.setDirection(ways.TopToBottom if stacked else ways.LeftToRight)
        self._both.setSpacing(2 if stacked else 6)
        self.head.setMinimumWidth(0 if stacked else HEAD)
        self.head.setMaximumWidth(room if stacked else HEAD)
        self._fit_answers(room - 12 - (0 if stacked else HEAD + 6))

    def _fit_answers(self, room: int) -> None:
        self.choice.fit(room)

    @property
    def answered(self) -> Answered | None:
        chosen = self.choice.chosen
        if chosen is None:
            return None
        if chosen in _STATUS:
            return _STATUS[chosen], None
        return AnswerStatus.ANSWERED, int(chosen)

    @property
    def begun(self) -> bool:
        """Whether somebody has touched it: an answer, a digit, a count that runs."""
        return self.answered is not None

    @property
    def fault(self) -> str:
        """What is wrong with what was typed, in words; empty where nothing is."""
        return ""

    def controls(self) -> list[QWidget]:
        """Everything in the row that can have the focus."""
        return list(self.choice.buttons.values())

    def key(self, event: QKeyEvent) -> bool:
        """Answer by key: 0-9, T = 10, minus = not assessed, X = declined."""
        typed = event.text().upper()
        picked = {"T": "10", "-": NOT_ASSESSED, "−": NOT_ASSESSED, "X": DECLINED}.get(typed, typed)
        if not picked or picked not in self.choice.options:
            return False
        self.choice.choose(picked)
        return True

    def goes_on(self) -> bool:
        """Whether the next row is marked once a key has answered this one."""
        return True

    def tick(self, now: datetime) -> None:
        """A second has passed."""

    def clear(self) -> None:
        self.choice.clear()

    def _answers(self, kit: Kit) -> Choice:
        # The end that is well stands first, so that a calm answer is always at the same place.
        values = list(range(self.instrument.low, self.instrument.high + 1))
        if self.instrument.worst == self.instrument.low:
            values.reverse()
        levels = self.instrument.levels
        texts = {str(v): f"{v}\n{levels[v]}" if v in levels else str(v) for v in values}
        options = [*texts, NOT_ASSESSED, DECLINED]
        return kit.choice(options, shown=texts, gap_before=NOT_ASSESSED)


class TypedRow(InstrumentRow):
    """A number that is typed: a count, or the total of a form. A digit puts the cursor there."""

    def __init__(self, kit: Kit, instrument: Instrument, *, needed: bool) -> None:
        super().__init__(kit, instrument, needed=needed)
        self.typed = kit.field(instrument.span, f"{instrument.label}, {instrument.hint}")
        self.typed.setMaxLength(3)
        self.typed.setFixedWidth(96)
        self.typed.setMinimumHeight(48)
        self.typed.setValidator(QIntValidator(0, 999, self.typed))
        self.typed.textChanged.connect(self._entered)
        self.unit = kit.label(instrument.unit, "muted")
        self.inside.insertWidget(0, self.typed)
        self.inside.insertWidget(1, self.unit)
        self.choice.changed.connect(self._chosen)

    @property
    def answered(self) -> Answered | None:
        text = self.typed.text().strip()
        if not text:
            return super().answered
        return None if self.fault else (AnswerStatus.ANSWERED, int(text))

    @property
    def begun(self) -> bool:
        return bool(self.typed.text()) or super().begun

    @property
    def fault(self) -> str:
        text = self.typed.text().strip()
        try:
            if text:
                self.instrument.check(int(text))
        except ValueError as error:
            return str(error)
        return ""

    def controls(self) -> list[QWidget]:
        return [self.typed, *super().controls()]

    def key(self, event: QKeyEvent) -> bool:
        if event.text().isdigit():
            self.typed.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.typed.setText(event.text())
            return True
        return super().key(event)

    def goes_on(self) -> bool:
        return not self.typed.hasFocus()

    def clear(self) -> None:
        self.typed.clear()
        super().clear()

    def _answers(self, kit: Kit) -> Choice:
        return kit.choice([NOT_ASSESSED, DECLINED])

    def _fit_answers(self, room: int) -> None:
        """Two answers and a number need no second line."""

    def _entered(self, text: str) -> None:
        if text:
            self.choice.clear()
        self.changed.emit()

    def _chosen(self) -> None:
        if self.choice.chosen is not None:
            self.typed.clear()


class BreathRow(TypedRow):
    """Breaths: typed as a number a minute, or counted for half a minute with a key or touches."""

    def __init__(
        self, kit: Kit, instrument: Instrument, now: Callable[[], datetime], *, needed: bool
    ) -> None:
        super().__init__(kit, instrument, needed=needed)
        self._now = now
        self._since: datetime | None = None
        self.count = 0
        self.button = kit.button("Count breaths", key="Space")
        self.button.rapid = True
        self.button.clicked.connect(self.breath)
        self.told = kit.label("", "muted")
        self.inside.insertWidget(0, self.button)
        self.inside.insertWidget(1, self.told)

    @property
    def begun(self) -> bool:
        return self._since is not None or super().begun

    def controls(self) -> list[QWidget]:
        return [self.button, *super().controls()]

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Space:
            self.breath()
            return True
        return super().key(event)

    def goes_on(self) -> bool:
        return self._since is None and super().goes_on()

    def breath(self) -> None:
        """The first touch begins the half minute, each later one is a breath."""
        now = self._now()
        if self._since is None:
            self.clear()
            self._since = now
        else:
            self.count += 1
        self.tick(now)

    def tick(self, now: datetime) -> None:
        if self._since is None:
            return
        left = self._since + COUNT_FOR - now
        if left > timedelta():
            self.button.setText(f"Counting {countdown(left.total_seconds())}")
            self.told.setText(f"{self.count} so far")
            return
        per_minute = round(self.count * 60 / COUNT_FOR.total_seconds())
        words = f"{self.count} in {COUNT_FOR.total_seconds():g} s"
        self._stop()
        self.typed.setText(str(per_minute))
        self.told.setText(words)

    def clear(self) -> None:
        self._stop()
        self.told.setText("")
        super().clear()

    def _stop(self) -> None:
        self._since, self.count = None, 0
        self.button.setText("Count breaths")


def row_of(
    kit: Kit, instrument: Instrument, now: Callable[[], datetime], *, needed: bool
) -> InstrumentRow:
    """The row that an instrument's kind asks for."""
    if instrument.key == "breaths":
        return BreathRow(kit, instrument, now, needed=needed)
    made = InstrumentRow if instrument.kind is Kind.SCALE else TypedRow
    return made(kit, instrument, needed=needed)
