"""What every way of giving a drug has in common on the dose panel."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.order import Order
from ketamonitor.view import SessionView


class DosePart(QWidget):
    """One form. ``missing`` says what is left in words; ``draft`` may raise ``ValueError``.

    ``asks_when``: whether the panel's choice of time is meant; ``began`` is a time that the part
    knows by itself. ``amount`` is the field that a digit goes to while no field has the focus.
    """

    changed = Signal()
    name = ""
    asks_when = True
    amount: QLineEdit | None = None

    @property
    def save_words(self) -> str:
        raise NotImplementedError

    @property
    def began(self) -> datetime | None:
        return None

    def missing(self) -> str:
        raise NotImplementedError

    def draft(self, at: datetime, author: str) -> Draft:
        raise NotImplementedError

    def drafts(self, at: datetime, author: str) -> tuple[Draft, ...]:
        """All that Save stands for, in order."""
        return (self.draft(at, author),)

    def clear(self) -> None:
        raise NotImplementedError

    def follow(self, view: SessionView, record: Record) -> None:
        """Follow the session."""

    def key(self, key: str) -> bool:
        """Take a single key in capitals; whether it meant something here."""
        return False

    def digit(self, text: str) -> bool:
        """Take a digit that was typed while no field had the focus."""
        field = self.amount
        if field is None or not field.isVisible():
            return False
        field.setFocus()
        field.insert(text)
        return True


def order_words(order: Order) -> str:
    """What a button says that takes over an order: ``As ordered: 34.2 mg, 40 min``."""
    over = f", {order.minutes} min" if order.minutes is not None else ""
    return f"As ordered: {order.mg} mg{over}"
