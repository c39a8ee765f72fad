"""The support notes of a driver on a page: models, cable, set-up, what it gives and cannot."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from devices.notes import NotesError, support_notes
from devices.registry import DRIVERS
from ui.pages.parts import Kit


class SupportNotes(QWidget):
    """Made anew only when another driver is shown."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self.driver: str | None = None
        self.words: list[str] = []
        self._inner = QWidget()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self._inner)

    def show_driver(self, name: str | None) -> None:
        if name == self.driver:
            return
        self.driver = name
        self.words = notes_of(name)
        fresh = QWidget()
        box = QVBoxLayout(fresh)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        for text in self.words:
            heading, _, rest = text.partition(": ")
            box.addWidget(self._kit.label(heading, "fact"))
            box.addWidget(self._kit.label(rest))
        self._inner.hide()
        self._layout.replaceWidget(self._inner, fresh)
        self._inner.deleteLater()
        self._inner = fresh


def notes_of(name: str | None) -> list[str]:
    """Each note as ``heading: text``; nothing without a driver."""
    spec = DRIVERS.get(name or "")
    if spec is None:
        return []
    try:
        notes = support_notes(spec)
    except NotesError as error:  # somebody else's driver
        return [f"Notes: this driver says nothing of itself ({error})"]
    return [f"{heading}: {text}" for heading, text in notes.parts.items()]
