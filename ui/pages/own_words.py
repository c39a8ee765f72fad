"""One of some answers to choose from, or another in own words; none is chosen beforehand."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLineEdit

from ui.pages.parts import Choice


class OwnWords(QObject):
    """Ties ``choice`` and ``text``, which are placed by whoever owns them: filling one empties the
    other. A digit chooses the answer of that number (:meth:`digit`)."""

    changed = Signal()

    def __init__(self, choice: Choice, text: QLineEdit, longest: int) -> None:
        super().__init__()
        self.choice, self.text = choice, text
        self.choice.changed.connect(self._picked)
        self.text.setMaxLength(longest)
        self.text.textChanged.connect(self._typed)

    @property
    def words(self) -> str:
        """The answer; empty where there is none yet."""
        return self.text.text().strip() or self.choice.chosen or ""

    def digit(self, typed: str) -> bool:
        """Choose the answer of that number; ``False`` where there is none."""
        if not typed.isdecimal() or not 1 <= int(typed) <= len(self.choice.options):
            return False
        self.choice.choose(self.choice.options[int(typed) - 1])
        return True

    def clear(self) -> None:
        self.choice.clear()
        self.text.clear()

    def _picked(self) -> None:
        if self.choice.chosen is not None:
            self.text.clear()
        self.changed.emit()

    def _typed(self) -> None:
        if self.text.text():
            self.choice.clear()
        self.changed.emit()
