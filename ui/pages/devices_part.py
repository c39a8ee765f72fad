"""The dose panel of nasal devices: a guide, step by step, one device after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment import nasal
from ketamonitor.treatment.nasal import STOP_REASONS
from ketamonitor.view import SessionInfo, SessionView
from ketamonitor.words import clock, countdown
from ui.pages.device_column import DeviceColumn, Rest
from ui.pages.dose_part import DosePart
from ui.pages.parts import Kit, rule
from ui.pages.protocol_lines import dose_line
from ui.pages.typed import time_of_day

#: Logical pixels below which one device is shown at a time.
THREE_COLUMNS = 640

NEXT, DOT, STOP, OTHER = "Next step", "Dot remains", "Stop here", "Another device"
_STEPS = {DOT: "dot_remains", STOP: "stop", OTHER: "lot"}
_KEYS = {"G": DOT, "X": STOP}


class DevicesPart(DosePart):
    """Save records the next step at this moment, or at a time that is typed.

    Nothing counts before "no green dot left" is saved. Keys: Enter the next step, ``K`` lot,
    ``G`` a dot remains, ``X`` stop. A rest that is over is told and never sounds.
    """

    name = "Devices"

    def __init__(self, kit: Kit, info: SessionInfo, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._info, self._now = info, now
        self._plan = info.protocol.dose
        self.nasal = nasal.Nasal().view(self._plan.devices or 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(kit.label(dose_line(self._plan), "fact", wrap=True))
        self.clocks = kit.label("", "muted", wrap=True)
        layout.addWidget(self.clocks)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(8)
        self.columns = [DeviceColumn(kit, device.number) for device in self.nasal.devices]
        for column in self.columns:
            self._columns.addWidget(column, 1)
        layout.addLayout(self._columns, 1)
        layout.addWidget(rule())
        self.act = kit.choice(
            [NEXT, DOT, STOP, OTHER],
            shown={DOT: f"{DOT}\nkey G", STOP: f"{STOP}\nkey X", NEXT: f"{NEXT}\nEnter"},
        )
        self.act.choose(NEXT)
        layout.addWidget(self.act)
        self.lot = kit.field("As on the pack", "Lot")
        self.lot.setMaxLength(40)
        self.expiry = kit.field("2027-08 or 08/2027", "Expiry")
        self.expiry.setMaxLength(10)
        self.stops = kit.choice(list(STOP_REASONS))
        self.reason = kit.field("Why", "Reason of the step")
        self.reason.setMaxLength(nasal.LONGEST_REASON)
        self.typed_at = kit.field("HH:MM", "Time, if not now")
        self.typed_at.setMaxLength(5)
        self._lot_row = _row(kit, ("Lot", self.lot), ("Expiry", self.expiry))
        layout.addWidget(self._lot_row)
        layout.addWidget(self.stops)
        self._why = kit.says("fact")
        layout.addWidget(self._why)
        layout.addWidget(self.reason)
        layout.addWidget(_row(kit, ("Time of the step, if it is not now", self.typed_at)))
        for typed in (self.lot, self.expiry, self.reason, self.typed_at):
            typed.textChanged.connect(self.changed)
        self.stops.changed.connect(self.changed)
        self.act.changed.connect(self._turned)
        self._show()

    # What Save stands for --------------------------------------------------------------------

    @property
    def step(self) -> str:
        """The step that Save records; empty when there is none left."""
        current = self.nasal.current
        if current is None:
            return ""
        return _STEPS.get(self.act.chosen or NEXT, current.step)

    @property
    def save_words(self) -> str:
        current = self.nasal.current
        if current is None or not self.step:
            return "All devices recorded"
        return f"{current.number}: {nasal.SHORT[self.step]}"

    @property
    def began(self) -> datetime | None:
        """The moment of the touch, or a time that was typed."""
        try:
            return self._at()
        except ValueError:
            return self._now()  # what is wrong with it stands beside Save

    def missing(self) -> str:
        if self.nasal.current is None:
            return nasal.over(self.nasal)
        if self.step == "lot" and not self.lot.text().strip():
            return "Type or scan the lot of this device (K)"
        if self.step == "lot" and not self.expiry.text().strip():
            return "Type the expiry of this device"
        try:
            self.drafts(self._at(), "check")
        except ValueError as error:
            return str(error)
        return ""

    def draft(self, at: datetime, author: str) -> Draft:
        return self.drafts(at, author)[0]

    def drafts(self, at: datetime, author: str) -> tuple[Draft, ...]:
        if self.step == "empty":
            return nasal.confirm(self.nasal, self._plan, self._info.weight_kg, at=at, author=author)
        made = nasal.device_step(
            self.nasal,
            self.step,
            rest_min=self._plan.rest_min,
            lot=self.lot.text(),
            expiry=self.expiry.text(),
            reason=self.reason.text().strip() or self.stops.chosen or "",
            at=at,
            author=author,
        )
        return (made,)

    def clear(self) -> None:
        for typed in (self.lot, self.expiry, self.reason, self.typed_at):
            typed.clear()
        self.stops.clear()
        self.act.choose(NEXT)

    def follow(self, view: SessionView, record: Record) -> None:
        self.nasal = record.nasal.view(self._plan.devices or 0)
        gate = view.gate_at
        now = self._now()
        told = []
        for words, since in (
            ("Since device 1", self.nasal.first_at),
            ("since the last one", self.nasal.last_emptied_at),
        ):
            told.append(
                f"{words} {countdown((now - since).total_seconds())}"
                if since is not None
                else f"{words}: not yet"
            )
        if gate is not None:
            told.append(f"gate {clock(gate, seconds=True)}")
        confirmed, mg = self.nasal.confirmed, self._plan.device_mg or 0
        told.append(f"{confirmed} × {mg:g} mg confirmed")
        self.clocks.setText(" · ".join(told))
        self._show()

    def key(self, key: str) -> bool:
        if key == "K":
            if self._lot_row.isVisibleTo(self):
                self.lot.setFocus()
            return True
        picked = _KEYS.get(key)
        if picked is None or not self.act.buttons[picked].isVisibleTo(self):
            return False
        self.act.choose(picked)
        return True

    def digit(self, text: str) -> bool:
        """A digit is a reason of a stop, or begins the lot."""
        if self.stops.isVisibleTo(self):
            place = int(text) - 1 if text.isdecimal() else -1
            if 0 <= place < len(STOP_REASONS):
                self.stops.choose(STOP_REASONS[place])
            return True
        self.amount = self.lot
        return super().digit(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show()

    # What is shown ---------------------------------------------------------------------------

    def _at(self) -> datetime:
        typed = self.typed_at.text().strip()
        return time_of_day(typed, self._now()) if typed else self._now()

    def _rest(self) -> Rest | None:
        until = self.nasal.rests_until(self._plan.rest_min)
        return None if until is None else Rest(until, self._plan.rest_min * 60)

    def _show(self) -> None:
        now, current, rest = self._now(), self.nasal.current, self._rest()
        for column, device in zip(self.columns, self.nasal.devices, strict=False):
            column.show_device(device, current, now, rest)
            # With little room the device whose turn it is has all of it.
            column.setVisible(
                self.width() >= THREE_COLUMNS or device is (current or self.nasal.devices[-1])
            )
        self.act.allow(DOT, current is not None and current.step == "empty")
        self.act.allow(STOP, current is not None)
        self.act.allow(OTHER, current is not None and bool(current.times))
        self.act.setVisible(current is not None)
        step = self.step
        self._lot_row.setVisible(step == "lot")
        self.stops.setVisible(step == "stop")
        asked = nasal.needs_reason(self.nasal, step, self._plan.rest_min, self.began or now)
        self._why.setText(asked)
        for part in (self._why, self.reason):
            part.setVisible(bool(asked))

    def _turned(self) -> None:
        if self.act.chosen is None:
            self.act.choose(NEXT)
            return
        self._show()
        self.changed.emit()
        if self.act.chosen == OTHER:
            self.lot.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _row(kit: Kit, *fields: tuple[str, QLineEdit]) -> QWidget:
    """Fields beside one another, each below its name."""
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    for column, (name, typed) in enumerate(fields):
        grid.addWidget(kit.label(name, "muted"), 0, column)
        grid.addWidget(typed, 1, column)
    return made
