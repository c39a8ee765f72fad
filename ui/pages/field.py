"""A text field that takes what is typed or pasted whole, or refuses it whole, and never cuts."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QLineEdit, QToolTip


class _Whole(QValidator):
    """Qt's own bound keeps the beginning of a text that is too long, without a word."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        fits = len(text) <= self.most
        return (QValidator.State.Acceptable if fits else QValidator.State.Invalid), text, place


class Field(QLineEdit):
    """Where the bound is passed, nothing of the key or the paste is taken, and a line beneath the
    field says so. What a program sets stays whole: whoever stores it refuses it with the limit."""

    def __init__(self) -> None:
        super().__init__()
        self._whole: _Whole | None = None
        self.inputRejected.connect(self._refused)

    def setMaxLength(self, most: int) -> None:
        self._whole = _Whole(most)
        self.setValidator(self._whole)

    def maxLength(self) -> int:
        return self._whole.most if self._whole else super().maxLength()

    @property
    def refusal(self) -> str:
        """What is said where the bound is passed."""
        return f"At most {self.maxLength()} characters: what was typed or pasted is not taken"

    def _refused(self) -> None:
        if self._whole is not None:
            QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), self.refusal, self)
