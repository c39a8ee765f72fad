"""A reason: one of some to choose from, or another in own words; none is chosen beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from ui.pages.parts import Kit


class Reason(QObject):
    """``choice`` and ``text`` are placed by whoever owns it; filling one empties the other.

    With ``keys`` the number of a reason stands beside it: :meth:`digit` chooses it.
    """

    changed = Signal()

    def __init__(
        self, kit: Kit, reasons: Sequence[str], hint: str, longest: int, *, keys: bool = False
    ) -> None:
        super().__init__()
        shown = {r: f"{r}\nkey {n}" for n, r in enumerate(reasons, 1)} if keys else None
        self.choice = kit.choice(list(reasons), shown=shown, upright=True)
        self.choice.changed.connect(self._picked)
        self.text = kit.field(hint, "Reason")
        self.text.setMaxLength(longest)
        self.text.textChanged.connect(self._typed)

    @property
    def words(self) -> str:
        """The reason; empty where there is none yet."""
        return self.text.text().strip() or self.choice.chosen or ""

    def digit(self, typed: str) -> bool:
        """Choose the reason of that number; ``False`` where there is none."""
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
