"""The steps of an action card: a button each, or a row of choices, and what was done of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ketamonitor import words
from ketamonitor.alarm_plan import CardStep
from ketamonitor.view import ActionDone, SessionView
from ui.theme import Theme
from ui.widgets.basics import ChoiceButton, Drawn, KeyCap, Text, draw_key_cap
from ui.widgets.ink import Ink, text_width

#: The least height of a step: a finger's.
STEP = 48
#: Steps beyond the ninth have no key.
KEYS = 9
_ICONS = {"bp": "cuff", "card": "forward"}
#: Room of the sign at the left of a step, and of icon and key at its right.
_LEFT, _RIGHT = 34, 36


def lines(text: str, room: float, width: Callable[[str], float]) -> list[str]:
    """``text`` broken between words so that each line fits into ``room``."""
    made: list[str] = []
    for word in text.split():
        longer = f"{made[-1]} {word}" if made else word
        if made and width(longer) <= room:
            made[-1] = longer
        else:
            made.append(word)
    return made


class StepButton(Drawn):
    """The whole row is the button. A circle before it was done, a check after; it can be done
    again, which is another entry."""

    def __init__(self, theme: Theme, number: int, step: CardStep) -> None:
        super().__init__(theme, step.text)
        self.step, self.number = step, number
        self._below: tuple[str, ...] = (step.hint,) if step.hint else ()
        self._done = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(STEP)
        if number <= KEYS:
            self.setToolTip(f"key {number}")

    def show_done(self, said: Sequence[ActionDone]) -> None:
        self._done = bool(said)
        self._below = done_words(said) or ((self.step.hint,) if self.step.hint else ())
        self.setAccessibleDescription(". ".join(("done", *self._below)) if said else "not done yet")
        self._fit()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        """As high as its words need; never below a finger's 48."""
        title, below = self._broken()
        self.setFixedHeight(max(STEP, 12 + 17 * len(title) + 15 * len(below)))

    def _broken(self) -> tuple[list[str], list[str]]:
        room = max(60, self.width() - _LEFT - self._right)
        title = lines(self.step.text, room, lambda t: text_width(self.theme.font(13, 600), t))
        wide = self.width() - _LEFT - 8
        below = [
            line
            for part in self._below
            for line in lines(part, wide, lambda t: text_width(self.theme.font(12, 400), t))
        ]
        return title, below

    @property
    def _right(self) -> int:
        return _RIGHT + (26 if self.step.act in _ICONS else 0)

    def draw(self, ink: Ink, area: QRectF) -> None:
        ink.box(area.adjusted(0, 1, 0, -1), self.ground(), "line2")
        title, below = self._broken()
        height = 17 * len(title) + 15 * len(below)
        y = area.center().y() - height / 2
        ink.icon("check" if self._done else "ring", 9, area.center().y() - 9, 18, "text")
        for line in title:
            ink.text(_LEFT, y + 13, line, 13, 600, "text")
            y += 17
        for line in below:
            ink.text(_LEFT, y + 11, line, 12, 400, "text2")
            y += 15
        middle = area.center().y() if not below else area.center().y() - 7 * len(below)
        cap = 0.0
        if self.number <= KEYS:
            cap = draw_key_cap(ink, area.right() - 8, middle, str(self.number))
        icon = _ICONS.get(self.step.act)
        if icon is not None:
            ink.icon(icon, area.right() - 8 - cap - 25, middle - 9, 18, "text2")


class ChoiceStep(QWidget):
    """A step with a choice: what may be done with the infusion as it now is, one touch each."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, number: int, step: CardStep, offers: Sequence[str]) -> None:
        super().__init__()
        self.step, self.number = step, number
        self._title = Text(theme, step.text, 13, 600, wrap=True)
        self._below = Text(theme, "", 12, 400, "text2", wrap=True)
        self.buttons: dict[str, ChoiceButton] = {}
        row = QHBoxLayout()
        row.setSpacing(6)
        for offer in offers:
            button = ChoiceButton(theme, offer.capitalize())
            button.setCheckable(False)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setAccessibleName(f"{step.text}: {offer}")
            button.clicked.connect(lambda _=False, o=offer: self.chosen.emit(o))
            self.buttons[offer] = button
            row.addWidget(button)
        head = QHBoxLayout()
        head.setContentsMargins(10, 0, 8, 0)
        head.addWidget(self._title, 1)
        if number <= KEYS:
            head.addWidget(KeyCap(theme, str(number)))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 2, 0, 2)
        box.setSpacing(2)
        box.addLayout(head)
        box.addWidget(self._below)
        box.addLayout(row)
        self._below.setContentsMargins(10, 0, 8, 0)

    def show_state(self, view: SessionView, said: Sequence[ActionDone]) -> None:
        infusion = view.infusion
        now = f"{infusion.state}, {infusion.given_mg:.1f} mg given" if infusion else ""
        told = " · ".join(done_words(said))
        self._below.setText("\n".join(part for part in (now, f"✓ {told}" if told else "") if part))


def done_words(said: Sequence[ActionDone]) -> tuple[str, ...]:
    """``14:35:04 okafor: pause``, how often, and the value that followed."""
    if not said:
        return ()
    last = said[-1]
    choice = f": {last.done}" if last.done else ""
    often = f" · {len(said)} times" if len(said) > 1 else ""
    made = [f"{words.clock(last.at, seconds=True)} {last.by}{choice}{often}"]
    followed = next((a.followed for a in reversed(said) if a.followed), "")
    if followed:
        made.append(f"then {followed}")
    return tuple(made)
