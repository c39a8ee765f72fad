"""The dose panel's order: what was prescribed, typed from it; the numbers must agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtWidgets import QGridLayout, QVBoxLayout

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment import order
from ketamonitor.view import SessionInfo, SessionView
from ui.pages.dose_part import DosePart
from ui.pages.parts import Kit
from ui.pages.protocol_lines import arithmetic, dose_line
from ui.pages.typed import time_of_day

#: The fields in reading order: key, label, hint.
_FIELDS = {
    "mg": "Dose, mg",
    "mg_per_kg": "Per kg, mg/kg",
    "weight_kg": "Weight, kg",
    "strength_mg_ml": "Strength, mg/mL",
    "volume_ml": "Volume, mL",
    "rate_ml_h": "Rate, mL/h",
    "minutes": "Over, min",
    "devices": "Devices",
}


class OrderPart(DosePart):
    """Stores only what was typed. Numbers that do not agree are told and never corrected."""

    name = "Order"
    asks_when = False

    def __init__(self, kit: Kit, info: SessionInfo, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._plan, self._now = info.protocol.dose, now
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._standing = kit.says()
        layout.addWidget(kit.label(dose_line(self._plan), "fact", wrap=True))
        layout.addWidget(
            kit.label(f"Protocol’s arithmetic: {arithmetic(self._plan, info.weight_kg)}", "muted")
        )
        layout.addWidget(self._standing)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        wanted = [key for key in _FIELDS if self._asked(key)]
        self.fields = {key: kit.field("", f"Ordered {_FIELDS[key]}") for key in wanted}
        self.prescriber = kit.field("Name", "Ordered by")
        self.prescriber.setMaxLength(80)
        self.ordered_at = kit.field("HH:MM", "Ordered at")
        self.ordered_at.setMaxLength(5)
        self.reason = kit.field("Only where it is outside the protocol", "Reason")
        placed = [(_FIELDS[key], typed) for key, typed in self.fields.items()]
        placed += [("Ordered by", self.prescriber), ("Ordered at", self.ordered_at)]
        for number, (label, typed) in enumerate(placed):
            row, column = divmod(number, 4)
            grid.addWidget(kit.label(label, "muted"), 2 * row, column)
            grid.addWidget(typed, 2 * row + 1, column)
        layout.addLayout(grid)
        self.basis = kit.choice([f"{basis} weight" for basis in order.WEIGHT_BASES])
        layout.addWidget(kit.label("Which weight the order goes by", "muted"))
        layout.addWidget(self.basis)
        layout.addWidget(self.reason)
        layout.addStretch()
        for typed in (*self.fields.values(), self.prescriber, self.ordered_at, self.reason):
            typed.textChanged.connect(self.changed)
        self.basis.changed.connect(self.changed)
        self.amount = self.fields["mg"]

    @property
    def save_words(self) -> str:
        return "Save order"

    def missing(self) -> str:
        try:
            self.draft(self._now(), "check")
        except ValueError as error:
            return str(error)
        return ""

    def draft(self, at: datetime, author: str) -> Draft:
        made = order.read(
            self._plan,
            {key: typed.text() for key, typed in self.fields.items()},
            weight_basis=(self.basis.chosen or "").removesuffix(" weight"),
            prescriber=self.prescriber.text(),
        )
        if self.ordered_at.text().strip():
            made = replace(made, ordered_at=time_of_day(self.ordered_at.text(), self._now()))
        return order.draft(made, self._plan, reason=self.reason.text(), at=at, author=author)

    def clear(self) -> None:
        for typed in (*self.fields.values(), self.prescriber, self.ordered_at, self.reason):
            typed.clear()
        self.basis.clear()

    def follow(self, view: SessionView, record: Record) -> None:
        standing = record.orders.current
        self._standing.setText(
            "No order recorded yet" if standing is None else f"Stands: {order.told(standing)}"
        )

    def _asked(self, key: str) -> bool:
        """Devices only of devices; strength and rate only of what runs from a syringe."""
        devices = self._plan.given_as == "devices"
        if key == "devices":
            return devices
        if key in ("rate_ml_h", "minutes"):
            return self._plan.given_as == "infusion"
        return not devices or key == "mg"
