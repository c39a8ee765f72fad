"""The dose panel of nasal devices: one device after the other."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QVBoxLayout

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.view import SessionInfo, SessionView
from ketamonitor.words import clock
from ui.pages.dose_part import DosePart
from ui.pages.parts import Kit
from ui.pages.protocol_lines import dose_line


class DevicesPart(DosePart):
    """Nasal devices one after the other; nothing counts before "no green dot left" is ticked."""

    name = "Devices"

    def __init__(self, kit: Kit, info: SessionInfo) -> None:
        super().__init__()
        self._info = info
        self._plan = info.protocol.dose
        self._given = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._head = kit.label("", "huge")
        self._so_far = kit.says()
        self.lot = kit.field("Lot, typed from the pack", "Lot")
        self.lot.setMaxLength(40)
        self.no_dot = kit.tick_box("No green dot left")
        layout.addWidget(kit.label(dose_line(self._plan), "fact"))
        layout.addWidget(self._head)
        layout.addWidget(self._so_far)
        layout.addWidget(kit.label("Lot", "muted"))
        layout.addWidget(self.lot)
        layout.addWidget(self.no_dot)
        layout.addWidget(
            kit.label("Nothing is counted until “no green dot left” is ticked and saved.", "muted")
        )
        layout.addStretch()
        self.lot.textChanged.connect(self.changed)
        self.no_dot.toggled.connect(self.changed)

    @property
    def _number(self) -> int:
        return self._given + 1

    @property
    def _complete(self) -> bool:
        return self._given >= (self._plan.devices or 0)

    @property
    def save_words(self) -> str:
        if self._complete:
            return "All devices given"
        return f"Give device {self._number}: {self._plan.device_mg:g} mg"

    def missing(self) -> str:
        if self._complete:
            return f"All {self._plan.devices} devices of this protocol are recorded"
        if not self.lot.text().strip():
            return "Type the lot of this device"
        return "" if self.no_dot.isChecked() else "Tick “no green dot left” once it is so"

    def draft(self, at: datetime, author: str) -> Draft:
        return drafts.dose(
            self._plan.drug,
            self._plan.route,
            self._plan.device_mg or 0.0,
            weight_kg=self._info.weight_kg,
            device_no=self._number,
            lot=self.lot.text(),
            note="no green dot left",
            at=at,
            author=author,
        )

    def clear(self) -> None:
        self.lot.clear()
        self.no_dot.setChecked(False)

    def follow(self, view: SessionView, record: Record) -> None:
        given = [d for d in record.doses if d.device_no is not None and not d.struck]
        self._given = len(given)
        total = sum(d.mg for d in given)
        number = min(self._number, self._plan.devices or 0)
        self._head.setText(f"Device {number} of {self._plan.devices}")
        told = [
            f"Device {d.device_no}: {clock(d.at, seconds=True)}, {d.mg:g} mg, lot {d.lot}"
            for d in given
        ]
        self._so_far.setText("\n".join([*told, f"{total:g} mg recorded"]))
        for widget in (self.lot, self.no_dot):
            widget.setEnabled(not self._complete)

    def key(self, key: str) -> bool:
        if key != "K":
            return False
        self.lot.setFocus()
        return True
