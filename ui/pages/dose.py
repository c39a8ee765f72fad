"""The dose panel: what was given, as the nurse records it; the protocol's part and other drugs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.pages.devices_part import DevicesPart
from ui.pages.dose_part import DosePart
from ui.pages.entry import Desk, EntryPanel
from ui.pages.infusion_part import InfusionPart
from ui.pages.parts import rule
from ui.pages.single_part import SinglePart
from ui.pages.when import When

OTHER_DRUG = "Other drug"


class DosePanel(EntryPanel):
    """Stays open after a save, so that the running total and the next step are in view."""

    title = "Dose"
    stays = True

    def __init__(self, desk: Desk, view: SessionView, record: Callable[[], Record]) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._record = record
        dose = view.info.protocol.dose
        first: DosePart
        if dose.given_as == "infusion":
            first = InfusionPart(kit, view.info)
        elif dose.given_as == "devices":
            first = DevicesPart(kit, view.info)
        else:
            first = SinglePart(kit, view.info, dose)
        self.parts: dict[str, DosePart] = {
            first.name: first,
            OTHER_DRUG: SinglePart(kit, view.info, None),
        }
        self.choice = kit.choice(list(self.parts), shown={OTHER_DRUG: f"{OTHER_DRUG}\nkey M"})
        self.choice.choose(first.name)
        self.choice.changed.connect(self._turned)
        self._stack = QStackedWidget()
        self._stack.setProperty("clear", True)
        self.main.addWidget(self.choice)
        self.main.addWidget(rule())
        for part in self.parts.values():
            self._stack.addWidget(part)
            part.changed.connect(self.changed)
        self.main.addWidget(self._stack, 1)
        self.when = When(kit, "Given at", desk.now())
        self.when.changed.connect(self.changed)
        self._total = kit.label("", "big")
        self._ledger = kit.says()
        self.side.addWidget(kit.label("Recorded so far", "title"))
        self.side.addWidget(self._total)
        self.side.addWidget(self._ledger)
        self.side.addWidget(rule())
        self.side.addWidget(self.when)
        self.finish()

    @property
    def part(self) -> DosePart:
        return self.parts[self.choice.chosen or next(iter(self.parts))]

    def opened(self, now: datetime) -> None:
        # A dose time left over from an earlier opening would start every clock wrongly.
        self.when.restart(now)
        self.outcome.clear()
        self.setFocus()

    def missing(self) -> str:
        return self.part.missing() or self.when.fault()

    def drafts(self, author: str) -> tuple[Draft, ...]:
        return (self.part.draft(self.when.at(), author),)

    def clear(self) -> None:
        self.part.clear()
        self.when.restart(self.desk.now())

    def refresh(self) -> None:
        record, now = self._record(), self.desk.now()
        self.when.tick(now)
        for part in self.parts.values():
            part.follow(self.view, record)
        self._total.setText(f"{record.total_mg(now):.1f} mg")
        self._ledger.setText("\n".join(_ledger(record)) or "No dose yet")
        super().refresh()
        self.save_button.setText(self.part.save_words)

    def single_key(self, event: QKeyEvent) -> bool:
        if event.text().upper() == "M":
            self.choice.choose(OTHER_DRUG)
            return True
        return self.part.key(event.text().upper())

    def _turned(self) -> None:
        self._stack.setCurrentWidget(self.part)
        self.changed.emit()


def _ledger(record: Record) -> list[str]:
    """The last few drug entries, newest first."""
    rows = [
        (d.at, f"{d.drug} {d.mg:g} mg" + (f", device {d.device_no}" if d.device_no else ""))
        for d in record.doses
        if not d.struck
    ]
    for infusion in record.infusions:
        rows.append((infusion.started_at, f"Infusion start, {infusion.planned_mg:g} mg planned"))
        rows += [(s.start, f"Paused, {s.reason}") for s in infusion.segments if s.state == "paused"]
        if infusion.stopped_at is not None:
            rows.append((infusion.stopped_at, f"Stopped, {infusion.stop_reason}"))
    rows.sort(key=lambda row: row[0], reverse=True)
    return [f"{clock(at, seconds=True)}  {text}" for at, text in rows[:6]]
