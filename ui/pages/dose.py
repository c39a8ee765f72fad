"""The dose panel: what was given, as the nurse records it; the protocol's part and other drugs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.checkin import open_items
from ketamonitor.treatment.doses import because, doubts
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.pages.devices_part import DevicesPart
from ui.pages.dose_part import DosePart
from ui.pages.entry import Desk, EntryPanel
from ui.pages.infusion_part import InfusionPart
from ui.pages.oral_part import OralPart
from ui.pages.order_part import OrderPart
from ui.pages.parts import entered, rule
from ui.pages.single_part import SinglePart
from ui.pages.when import When

OTHER_DRUG, ORDER = "Other drug", "Order"


class DosePanel(EntryPanel):
    """Stays open after a save, so that the running total and the next step are in view.

    A doubt about a dose (a second one so soon, more than was ordered) asks for a reason here and
    never forbids it. A digit typed while no field has the focus goes to the form's amount.
    """

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
            first = DevicesPart(kit, view.info, desk.now)
        elif dose.hold_min is not None:
            first = OralPart(kit, view.info, dose, desk.now)
        else:
            first = SinglePart(kit, view.info, dose)
        self.parts: dict[str, DosePart] = {
            first.name: first,
            OTHER_DRUG: SinglePart(kit, view.info, None),
            ORDER: OrderPart(kit, view.info, desk.now),
        }
        self.choice = kit.choice(
            list(self.parts),
            shown={OTHER_DRUG: f"{OTHER_DRUG}\nkey M", ORDER: f"{ORDER}\nkey Q"},
        )
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
        self._against = kit.says()
        self._doubts = kit.says("fact")
        self.why = kit.field("Why", "Why this dose")
        self.why.textChanged.connect(self.changed)
        self._ledger = kit.says()
        # At the top: where the page scrolls, the question must still be in sight.
        self.side.addWidget(self._doubts)
        self.side.addWidget(self.why)
        self.side.addWidget(kit.label("Recorded so far", "title"))
        self.side.addWidget(self._total)
        self.side.addWidget(self._against)
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
        missing = self.part.missing() or ("" if self.part.began else self._when_fault())
        if not missing and self._asked() and not self.why.text().strip():
            return "Say why, at the top of this column"
        return missing

    def drafts(self, author: str) -> tuple[Draft, ...]:
        at = self._at()
        record, items = self._record(), self._open_items()
        return tuple(
            because(draft, self.why.text()) if doubts(draft, record, items) else draft
            for draft in self.part.drafts(at, author)
        )

    def clear(self) -> None:
        self.part.clear()
        if self.choice.chosen == ORDER:  # what was ordered is given next
            self.choice.choose(next(iter(self.parts)))
        self.why.clear()
        self.when.restart(self.desk.now())
        self.setFocus()  # what was typed in is hidden now, and the next key must not go elsewhere

    def refresh(self) -> None:
        record, now = self._record(), self.desk.now()
        self.when.tick(now, begun=entered(self.part))
        for part in self.parts.values():
            part.follow(self.view, record)
        self.when.setVisible(self.part.asks_when and self.part.began is None)
        total = record.total_mg(now)
        weight = self.view.info.weight_kg
        per_kg = f" · {total / weight:.2f} mg/kg" if weight else ""
        self._total.setText(f"{total:.1f} mg{per_kg}")
        self._against.setText(_against(record, now))
        self._ledger.setText("\n".join(_ledger(record)) or "No dose yet")
        asked = [] if self.part.missing() else self._asked()
        self._doubts.setText("\n".join(asked))
        self._doubts.setVisible(bool(asked))
        self.why.setVisible(bool(asked))
        super().refresh()
        self.save_button.setText(self.part.save_words)

    def single_key(self, event: QKeyEvent) -> bool:
        key = event.text().upper()
        other = {"M": OTHER_DRUG, "Q": ORDER}.get(key)
        if other is not None:
            self.choice.choose(other)
            return True
        if key and (key.isdecimal() or key in ".,"):
            return self.part.digit(key)
        return self.part.key(key)

    def _at(self) -> datetime:
        if self.part.began is not None:
            return self.part.began
        return self.when.at() if self.part.asks_when else self.desk.now()

    def _when_fault(self) -> str:
        return self.when.fault() if self.part.asks_when else ""

    def _asked(self) -> list[str]:
        """What the program doubts about the dose as it now stands on the panel."""
        try:
            made = self.part.drafts(self._at(), "check")
        except ValueError:
            return []  # not finished: what is missing stands beside Save
        record, items = self._record(), self._open_items()
        return [line for draft in made for line in doubts(draft, record, items)]

    def _open_items(self) -> list[str]:
        return open_items(self.view.info.protocol.checkin, self.view.checkin)

    def _turned(self) -> None:
        self._stack.setCurrentWidget(self.part)
        self.changed.emit()


def _against(record: Record, now: datetime) -> str:
    """``Ordered 34.2 mg, given 17.1 mg``, with the volume where a strength is recorded."""
    order = record.orders.current
    volumes = [v for i in record.infusions if (v := i.given_ml(now)) is not None]
    volume = f", {sum(volumes):.1f} mL" if volumes else ""
    given = f"given {record.total_mg(now):.1f} mg{volume}"
    if order is None:
        return f"No order recorded, {given}"
    return f"Ordered {order.mg} mg, {given}"


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
        rows += [
            (s.start, f"New rate, {s.mg_per_min:.3g} mg/min")
            for s in infusion.segments
            if s.action == "rate"
        ]
        if infusion.stopped_at is not None:
            rows.append((infusion.stopped_at, f"Stopped, {infusion.stop_reason}"))
    rows.sort(key=lambda row: row[0], reverse=True)
    return [f"{clock(at, seconds=True)}  {text}" for at, text in rows[:6]]
