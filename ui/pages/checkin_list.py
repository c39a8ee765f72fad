"""The items of check-in below one another, each with how it stands; one of them is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme import Theme
from ui.typeface import ACTION, LABEL
from ui.widgets.basics import Drawn
from ui.widgets.ink import Ink

WIDTH = 214


class ItemButton(Drawn):
    """An item and its state in words. The check sign says that it is answered, nothing else."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(theme, name)
        self.state, self.answered = "", False
        self.setCheckable(True)
        self.setMinimumSize(100, 48)
        # Up and Down go through the items: thirteen stops for Tab would bury the answers.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.toggled.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 48)

    def show_state(self, state: str, answered: bool) -> None:
        self.state, self.answered = state, answered
        self.setAccessibleName(f"{self.text()}, {state}")
        self.update()

    def draw(self, ink: Ink, area: QRectF) -> None:
        if self.isChecked():
            ink.box(area, "panel3", "accent", 2)
        else:
            ink.box(area, self.ground(), "line2")
        x, room = area.left() + 30, area.width() - 38
        if self.answered:
            ink.icon("check", area.left() + 8, area.center().y() - 8, 16, "text")
        ink.text(x, area.top() + 21, self.text(), ACTION, 600, "text", room=room)
        ink.text(x, area.top() + 39, self.state, LABEL, 400, "text2", room=room)


class ItemList(QWidget):
    """``shown`` is the item whose fields are on screen."""

    changed = Signal()

    def __init__(self, theme: Theme, items: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.buttons = {key: ItemButton(theme, name) for key, name in items}
        self.shown = next(iter(self.buttons))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for key, button in self.buttons.items():
            button.clicked.connect(lambda _=False, k=key: self.show_item(k))
            layout.addWidget(button)
        layout.addStretch()

    def show_item(self, key: str) -> None:
        self.shown = key
        for name, button in self.buttons.items():
            button.setChecked(name == key)
        self.changed.emit()
