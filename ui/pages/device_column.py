"""One nasal device of the guide: lot, expiry, steps with their times, and the rest before it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.treatment.nasal import STEPS, DeviceView, words
from ketamonitor.words import NO_VALUE, clock, countdown
from ui.pages.parts import Bar, Kit, rule, set_mark


class Rest:
    """The pause before a device: when it ends, and how long it is in seconds."""

    def __init__(self, until: datetime, seconds: float) -> None:
        self.until, self.seconds = until, seconds


DONE, NOW, RESTING, WAITING, STOPPED = "Done", "Now", "Resting", "Waiting", "Stopped"


class DeviceColumn(QWidget):
    """What is recorded of the device stands with its time; what is not yet done with a dash."""

    def __init__(self, kit: Kit, number: int) -> None:
        super().__init__()
        self.number = number
        self.state = kit.label("", "fact", wrap=False)
        self.pack = kit.label("", "muted", wrap=True)
        head = QHBoxLayout()
        head.addWidget(kit.label(f"Device {number}", "title", wrap=False), 1)
        head.addWidget(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.pack)
        layout.addWidget(rule())
        rows = QGridLayout()
        rows.setHorizontalSpacing(8)
        rows.setVerticalSpacing(4)
        rows.setColumnStretch(0, 1)
        self.steps = {}
        self.times = {}
        for place, step in enumerate(STEPS[1:]):
            self.steps[step] = kit.label(words(step, number), "muted", wrap=True)
            self.times[step] = kit.label("", "fact", wrap=False)
            rows.addWidget(self.steps[step], place, 0)
            rows.addWidget(self.times[step], place, 1, Qt.AlignmentFlag.AlignRight)
        layout.addLayout(rows)
        layout.addStretch()
        self.rest = kit.label("", "muted", wrap=True)
        self.left = kit.label("", "huge", wrap=False)
        self.bar = Bar()
        for part in (self.rest, self.left, self.bar):
            layout.addWidget(part)

    def show_device(
        self, device: DeviceView, current: DeviceView | None, now: datetime, rest: Rest | None
    ) -> None:
        """``rest`` is the one before this device, if there is one."""
        resting = rest is not None and now < rest.until
        if device.stopped:
            state = STOPPED
        elif device.confirmed:
            state = DONE
        elif current is device:
            state = RESTING if resting else NOW
        else:
            state = WAITING
        self.state.setText(state)
        set_mark(self, current is device)
        pack = f"Lot {device.lot}, expiry {device.expiry}" if device.lot else "Lot not read yet"
        if device.stopped:
            pack += f". {device.stopped}"
        if device.repeats:
            pack += f". A dot remained {device.repeats}×"
        self.pack.setText(pack)
        for step, label in self.times.items():
            at = device.times.get(step)
            if step == "empty" and device.emptied_at is not None:
                at = device.emptied_at
            label.setText(clock(at, seconds=True) if at else NO_VALUE)
        self._show_rest(rest if current is device and "first" not in device.times else None, now)

    def _show_rest(self, rest: Rest | None, now: datetime) -> None:
        for part in (self.rest, self.left, self.bar):
            part.setVisible(rest is not None)
        if rest is None:
            return
        left = (rest.until - now).total_seconds()
        self.left.setText(countdown(max(0.0, left)))
        self.bar.set_share(1 - max(0.0, left) / rest.seconds if rest.seconds else 1.0)
        until = clock(rest.until, seconds=True)
        if left > 0:
            self.rest.setText(f"Rest, dab only. Device {self.number} opens at {until}, in")
        else:
            self.rest.setText(f"The rest is over since {until}: device {self.number} may follow")
