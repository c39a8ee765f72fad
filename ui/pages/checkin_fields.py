"""The fields of one check-in item: ticks, answers, numbers, words, days, times; none filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ketamonitor.treatment.checkin import LONGEST, Value, is_asked
from ketamonitor.treatment.checkin_items import Field, FieldKind, Item
from ketamonitor.treatment.checkin_typed import read_field, read_when
from ketamonitor.words import clock, day
from ui.pages.parts import Choice, Kit, set_mark

#: Logical pixels below which question and answers stand below one another.
STACKED_BELOW = 520
_WAY = {False: QBoxLayout.Direction.LeftToRight, True: QBoxLayout.Direction.TopToBottom}


class FieldRow(QWidget):
    """One field: its name at the left, its control at the right."""

    changed = Signal()

    def __init__(self, kit: Kit, row: Field) -> None:
        super().__init__()
        self.row = row
        self.name = kit.label(row.label, "fact", wrap=True)
        self.read = kit.label("", "muted", wrap=False)
        self.choice: Choice | None = None
        self.tick = kit.tick_box(row.label) if row.kind is FieldKind.TICK else None
        self.typed = None
        self._inside = inside = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        inside.setContentsMargins(10, 4, 8, 4)
        inside.setSpacing(10)
        if self.tick is not None:
            self.tick.toggled.connect(self.changed)
            inside.addWidget(self.tick, 1)
            return
        inside.addWidget(self.name, 1)
        if row.kind is FieldKind.CHOICE:
            self.choice = kit.choice(row.options)
            self.choice.changed.connect(self.changed)
            for option, button in self.choice.buttons.items():
                button.setAccessibleName(f"{row.label}: {option}")
            self.choice.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            inside.addWidget(self.choice)
            return
        hint = row.hint or row.unit or ("if any" if row.optional else "")
        self.typed = kit.field(hint, row.label)
        self.typed.setMinimumHeight(48)
        self.typed.setMaxLength(LONGEST)
        self.typed.textChanged.connect(self.changed)
        wide = row.kind is FieldKind.TEXT
        if not wide:
            self.typed.setMaximumWidth(240)
            self.typed.setMinimumWidth(150)
        inside.addWidget(self.typed, 2 if wide else 0)
        if not wide:
            inside.addWidget(self.read, 1)

    def fit(self, room: int) -> None:
        """Where there is little room the answers stand below the question, if need be one below
        the other: none may be cut off."""
        stacked = room < STACKED_BELOW
        self._inside.setDirection(_WAY[stacked])
        self._inside.setSpacing(4 if stacked else 10)
        if self.choice is None:
            return
        wide = sum(b.sizeHint().width() + 6 for b in self.choice.buttons.values()) + 18
        choices = self.choice.layout()
        assert isinstance(choices, QBoxLayout)
        choices.setDirection(_WAY[stacked and wide > room])

    @property
    def control(self) -> QWidget:
        """Where the keyboard goes."""
        if self.tick is not None:
            return self.tick
        if self.choice is not None:
            return next(iter(self.choice.buttons.values()))
        assert self.typed is not None
        return self.typed

    def value(self, now: datetime) -> Value | None:
        """The answer, or ``None`` where there is none. Raises ``ValueError`` for a bad one."""
        if self.tick is not None:
            return True if self.tick.isChecked() else None
        if self.choice is not None:
            return self.choice.chosen
        assert self.typed is not None
        return read_field(self.row, self.typed.text(), now) if self.typed.text().strip() else None

    def say(self, now: datetime) -> None:
        """Beside a typed time stands what it was read as."""
        told = ""
        if self.row.kind is FieldKind.WHEN and self.typed is not None and self.typed.text().strip():
            try:
                at = read_when(self.typed.text(), self.row.label, now)
                told = f"{day(at.date())} {clock(at)}"
            except ValueError:
                told = ""  # the panel's words say what is wrong
        elif self.row.kind is FieldKind.NUMBER:
            told = self.row.unit
        self.read.setText(told)

    def clear(self) -> None:
        if self.tick is not None:
            self.tick.setChecked(False)
        if self.choice is not None:
            self.choice.clear()
        if self.typed is not None:
            self.typed.clear()


class ItemForm(QWidget):
    """All fields of an item, or the reason why it was not done or does not apply.

    Keys: a digit gives the answer of that number on the marked question (the number itself where
    the answers are numbers) and goes on to the next.
    """

    changed = Signal()

    def __init__(self, kit: Kit, item: Item, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.item, self._now = item, now
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        if item.hint:
            inside.addWidget(kit.label(item.hint, "muted", wrap=True))
        self._before: Mapping[str, Value] = {}
        self.before_words = kit.label("", "fact", wrap=True)
        self.again = kit.button("The patient says the same today", key="Y")
        self.again.clicked.connect(self._say_again)
        for part in (self.before_words, self.again):
            part.hide()
            inside.addWidget(part)
        self.rows = [FieldRow(kit, row) for row in item.fields]
        for row in self.rows:
            row.changed.connect(self._answering)
            inside.addWidget(row)
        options = ["Not done"] if item.always else ["Not applicable", "Not done"]
        self.instead = kit.choice(options)
        self.reason = kit.field("why", "Reason")
        self.reason.setMinimumHeight(48)
        self.reason.setMaxLength(LONGEST)
        self.instead.changed.connect(self._told)
        self.reason.textChanged.connect(self.changed)
        self._low = low = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        low.setContentsMargins(10, 8, 8, 0)
        low.addWidget(kit.label("Instead", "muted", wrap=False))
        low.addWidget(self.instead)
        low.addWidget(self.reason, 1)
        inside.addLayout(low)
        inside.addStretch()
        self._show()

    def fit(self, room: int) -> None:
        """Take the width there is, in logical pixels."""
        for row in self.rows:
            row.fit(room)
        self._low.setDirection(_WAY[room < STACKED_BELOW])

    def tell_before(self, words: str, value: Mapping[str, Value]) -> None:
        """What was answered at an earlier session: words beside the empty fields, and a button that
        puts it into them once the patient has said it again. Save is another act."""
        self._before = value
        self.before_words.setText(words)
        for part in (self.before_words, self.again):
            part.show()

    def _say_again(self) -> None:
        self.clear()
        for row in self.rows:
            given = self._before.get(row.row.key)
            if row.choice is not None and given in row.row.options:
                row.choice.choose(str(given))
            elif row.typed is not None and given is not None:
                row.typed.setText(str(given))

    @property
    def status(self) -> str:
        return {"Not applicable": "not_applicable", "Not done": "not_done"}.get(
            self.instead.chosen or "", "answered"
        )

    def value(self) -> Mapping[str, Value]:
        """What was answered. Raises ``ValueError`` with one clear line for a bad answer."""
        if self.status != "answered":
            return {}
        chosen = self._chosen()
        asked = [row for row in self.rows if is_asked(row.row, chosen)]
        read = {row.row.key: row.value(self._now()) for row in asked}
        return {key: value for key, value in read.items() if value is not None}

    @property
    def reason_text(self) -> str:
        return "" if self.status == "answered" else self.reason.text()

    @property
    def begun(self) -> bool:
        """Whether something stands in the form that is not stored."""
        return self.instead.chosen is not None or any(
            row.choice.chosen is not None
            if row.choice is not None
            else row.tick.isChecked()
            if row.tick is not None
            else bool(row.typed and row.typed.text().strip())
            for row in self.rows
        )

    def controls(self) -> list[QWidget]:
        """Everything that can have the focus."""
        found: list[QWidget] = [self.reason, self.again, *self.instead.buttons.values()]
        for row in self.rows:
            found += row.choice.buttons.values() if row.choice is not None else (row.control,)
        return found

    def first(self) -> QWidget:
        return self.rows[0].control

    def key(self, event: QKeyEvent) -> bool:
        """A digit on the marked question, or ``Y`` for what was said before; ``True`` where it was
        one of its answers."""
        if event.text().upper() == "Y" and self._before:
            self._say_again()
            return True
        row = self._marked()
        if row is None or row.choice is None:
            return False
        typed, options = event.text(), row.choice.options
        if typed not in options and typed.isdigit() and not options[0].isdigit():
            number = int(typed) - 1
            typed = options[number] if 0 <= number < len(options) else ""
        if typed not in options:
            return False
        row.choice.choose(typed)
        asked = [r for r in self.rows if not r.isHidden()]
        place = asked.index(row) + 1
        if place < len(asked):
            asked[place].control.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            row.choice.buttons[typed].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def mark(self) -> QWidget | None:
        """Mark the question that keys act on; gives it, to be brought into sight."""
        marked = self._marked()
        for row in self.rows:
            set_mark(row, row is marked)
        return marked

    def clear(self) -> None:
        for row in self.rows:
            row.clear()
        self.instead.clear()
        self.reason.clear()
        self._show()

    def _marked(self) -> FieldRow | None:
        focus = self.window().focusWidget()
        for row in self.rows:
            if focus is not None and row.isAncestorOf(focus):
                return row
        return None

    def _chosen(self) -> dict[str, Value]:
        return {
            row.row.key: row.choice.chosen
            for row in self.rows
            if row.choice is not None and row.choice.chosen is not None
        }

    def _answering(self) -> None:
        """Somebody answers: "not done" no longer holds."""
        if self.instead.chosen is not None:
            self.instead.clear()
        self._show()
        self.changed.emit()

    def _told(self) -> None:
        self._show()
        if self.instead.chosen is not None:
            self.reason.setFocus(Qt.FocusReason.TabFocusReason)
        self.changed.emit()

    def _show(self) -> None:
        chosen = self._chosen()
        for row in self.rows:
            row.setVisible(is_asked(row.row, chosen))
            row.say(self._now())
        self.reason.setVisible(self.instead.chosen is not None)
