"""What every way of giving a drug has in common on the dose panel."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.view import SessionView


class DosePart(QWidget):
    """One form. ``missing`` says what is left in words; ``draft`` may raise ``ValueError``."""

    changed = Signal()
    name = ""

    @property
    def save_words(self) -> str:
        raise NotImplementedError

    def missing(self) -> str:
        raise NotImplementedError

    def draft(self, at: datetime, author: str) -> Draft:
        raise NotImplementedError

    def clear(self) -> None:
        raise NotImplementedError

    def follow(self, view: SessionView, record: Record) -> None:
        """Follow the session."""

    def key(self, key: str) -> bool:
        """Take a single key in capitals; whether it meant something here."""
        return False
