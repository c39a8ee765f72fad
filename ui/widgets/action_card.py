"""The clinic's action card in the timeline's place: one touch a step, and what was done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ketamonitor import words
from ketamonitor.alarm_plan import ActionCard
from ketamonitor.cards import OpenCard, card_for, choices, done
from ketamonitor.view import ActiveAlarm, SessionView
from ui.theme import Theme
from ui.widgets.basics import ActionButton, Panel, Text
from ui.widgets.card_steps import KEYS, ChoiceStep, StepButton
from ui.widgets.dead_time import DEAD_MS

#: A card that came by itself takes no touch for so long: the finger may have been on its way to
#: what stood there before.
GUARD_MS = DEAD_MS


class ActionCardView(Panel):
    """Shows an open card. ``step_wanted(step, choice)``, ``card_wanted(alarm)`` for another alarm's
    card, ``back_wanted`` from a card that a step led to, ``left``."""

    step_wanted = Signal(str, str)
    card_wanted = Signal(str)
    back_wanted = Signal()
    left = Signal()
    #: A part that must be in sight, where the card is scrolled.
    seen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[object, ...] = ()
        self.steps: dict[str, StepButton | ChoiceStep] = {}
        self.others: dict[str, ActionButton] = {}
        self.setAccessibleName("Action card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title = Text(theme, "", 15, 600, wrap=True)
        self.signed = Text(theme, "", 12, 400, "text2", wrap=True)
        self.about = Text(theme, "", 13, 600, "text", wrap=True)
        self.outcome = Text(theme, "", 13, 600, "text", wrap=True)
        self.outcome.setAccessibleName("Message")
        self.note = Text(
            theme, "Each touch stores who, when and the value shown.", 12, 400, "text2", wrap=True
        )
        self.back = ActionButton(theme, "Back", "back")
        self.leave = ActionButton(theme, "Leave card", "cross", "Esc")
        self.back.clicked.connect(self.back_wanted)
        self.leave.clicked.connect(self.left)
        self._steps_box, self._others_box = QVBoxLayout(), QVBoxLayout()
        self._steps_box.setSpacing(3)
        self._others_box.setSpacing(4)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(self.back, 1)
        foot.addWidget(self.leave, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 8, 10, 8)
        box.setSpacing(4)
        box.addWidget(self.title)
        box.addWidget(self.signed)
        box.addWidget(self.about)
        box.addWidget(self.outcome)
        box.addLayout(self._steps_box)
        box.addLayout(self._others_box)
        box.addWidget(self.note)
        box.addLayout(foot)
        box.addStretch()
        self.outcome.hide()
        self._guard = QTimer(self)
        self._guard.setSingleShot(True)
        self._guard.setInterval(GUARD_MS)
        self._guard.timeout.connect(self._enable)

    @property
    def has_focus(self) -> bool:
        """Whether the keys go to the card."""
        focus = self.window().focusWidget()
        return focus is not None and (focus is self or self.isAncestorOf(focus))

    def say(self, text: str) -> None:
        """What came of the last touch."""
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))

    def guard(self) -> None:
        """It came by itself: for a moment no touch counts."""
        self._guard.start()
        self._enable()

    def show_card(
        self,
        card: ActionCard,
        opened: OpenCard,
        view: SessionView,
        about: ActiveAlarm | None,
        others: Sequence[ActiveAlarm],
    ) -> None:
        """``about``: the alarm it is open for; ``others``: those whose cards may be opened."""
        offers = {step.id: choices(step, view.infusion) for step in card.step}
        cards = view.info.protocol.card
        named = tuple((a.id, a.priority) for a in others)
        shown = (card, tuple(offers.items()), named)
        if shown != self._shown:
            if self._shown and self._shown[0] != card:
                self.say("")
            self._shown = shown
            focused = self.has_focus
            self._build(card, offers)
            self._offer([(a, found) for a in others if (found := card_for(a, cards))])
            self._enable()
            if focused:  # the button that had it may be gone
                self.setFocus()
        self.title.setText(card.title)
        signed = f"signed {card.signed}" if card.signed else "not signed"
        self.signed.setText(f"Action card {card.id} v{card.version}, {signed}")
        if about is None:
            self.about.setText("")
        else:
            state = ", ACKNOWLEDGED" if about.acknowledged_at else ""
            stars = words.STARS[about.priority]
            self.about.setText(f"{stars} {about.priority.upper()} {about.text}{state}")
        self.back.setVisible(opened.card != opened.own)
        for id, row in self.steps.items():
            said = done(view.actions, opened, id)
            if isinstance(row, ChoiceStep):
                row.show_state(view, said)
            else:
                row.show_done(said)

    def _build(self, card: ActionCard, offers: dict[str, tuple[str, ...]]) -> None:
        _empty(self._steps_box)
        self.steps = {}
        for number, step in enumerate(card.step, 1):
            row: StepButton | ChoiceStep
            if offers[step.id]:
                row = ChoiceStep(self._theme, number, step, offers[step.id])
                row.chosen.connect(lambda choice, s=step.id: self.step_wanted.emit(s, choice))
            else:
                row = StepButton(self._theme, number, step)
                row.clicked.connect(lambda _=False, s=step.id: self.step_wanted.emit(s, ""))
            self.steps[step.id] = row
            self._steps_box.addWidget(row)

    def _offer(self, others: Sequence[tuple[ActiveAlarm, ActionCard]]) -> None:
        _empty(self._others_box)
        self.others = {}
        for alarm, card in others:
            button = ActionButton(
                self._theme, f"{words.STARS[alarm.priority]} {card.id} {card.title}", "forward"
            )
            button.setAccessibleName(f"Open card {card.title}, {alarm.priority.upper()}")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, a=alarm.id: self.card_wanted.emit(a))
            self.others[alarm.id] = button
            self._others_box.addWidget(button)

    def _enable(self) -> None:
        free = not self._guard.isActive()
        for part in (*self.steps.values(), *self.others.values()):
            part.setEnabled(free)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits act on the steps while the card has the focus; the page has the other keys."""
        digit = event.text()
        if event.isAutoRepeat():
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif digit.isdecimal() and digit != "0" and int(digit) <= min(KEYS, len(self.steps)):
            self._press(list(self.steps.values())[int(digit) - 1])
        else:
            super().keyPressEvent(event)

    def _press(self, row: StepButton | ChoiceStep) -> None:
        if isinstance(row, StepButton):
            row.click()
        elif row.isEnabled():  # which of them is still to be said
            first = next(iter(row.buttons.values()))
            first.setFocus()
            self.seen.emit(first)


def _empty(box: QVBoxLayout) -> None:
    while (item := box.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
