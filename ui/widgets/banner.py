"""The identity banner: chair, patient with two identifiers, allergies, weight, order, clock."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.treatment.checkin import CheckInView
from ketamonitor.treatment.order import Order
from ketamonitor.view import SessionInfo
from ui.theme import Theme
from ui.widgets.ink import CENTRE, RIGHT, Ink, Painted

HEIGHT = 50

ALLERGIES = "Allergies"
#: A long list is cut here; all of it stands in the check-in panel.
ALLERGIES_ROOM = 150
#: What stays at any width, beside the name: of that, the end is cut before one of them goes.
KEPT = ("Born", "MRN", ALLERGIES)
NAME_ROOM = 120.0
#: Between the texts of two cells.
GAP = 23

#: Weight 700 for what identifies, 400 for what explains it.
_Run = tuple[str, int]


class Banner(Painted):
    """Name, birth date, MRN and allergies never give way; what follows does, the last first."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Patient", parent)
        self.setFixedHeight(HEIGHT)
        self._info: SessionInfo | None = None
        self._now: datetime | None = None
        self._checkin = CheckInView()
        self._order: Order | None = None

    def show_session(
        self,
        info: SessionInfo,
        now: datetime,
        checkin: CheckInView,
        order: Order | None = None,
    ) -> None:
        self._info, self._now, self._checkin, self._order = info, now, checkin, order
        self.update()

    def draw(self, ink: Ink) -> None:
        width = float(self.width())
        ink.painter.fillRect(self.rect(), ink.color("panel"))
        ink.line(0, HEIGHT - 0.5, width, HEIGHT - 0.5)
        if self._info is None or self._now is None:
            return
        info = self._info
        ink.painter.fillRect(QRectF(0, 0, 72, HEIGHT - 1), ink.color("panel3"))
        ink.text(36, 19, "Chair", 12, 400, "text3", CENTRE)
        ink.text(36, 40, info.chair or words.NO_VALUE, 18, 700, "text", CENTRE, 66)
        left = self._right_end(ink, info, width)
        cells = [(*cell, self._needed(ink, *cell)) for cell in self._cells(info)]
        held = sum(needed + GAP for label, _, _, needed in cells if label in KEPT)
        for label, runs, name, needed in cells:
            room = left - self._x - 24
            if name:
                needed = min(needed, max(NAME_ROOM, room - held))
            elif label not in KEPT and needed > room:
                break
            self._cell(ink, label, runs, 18 if name else 14, min(needed, room))

    def _needed(self, ink: Ink, label: str, runs: list[_Run], name: bool) -> float:
        wide = max(ink.width(label, 12), sum(ink.width(t, 18 if name else 14, w) for t, w in runs))
        return min(wide, ALLERGIES_ROOM) if label == ALLERGIES else wide

    def _right_end(self, ink: Ink, info: SessionInfo, width: float) -> float:
        """The clock, and SIMULATED where the session is; returns where the cells must end."""
        assert self._now is not None
        day, time = words.weekday(self._now.date()), words.clock(self._now, seconds=True)
        ink.text(width - 12, 19, day, 12, 400, "text3", RIGHT)
        ink.text(width - 12, 41, time, 20, 700, "text", RIGHT)
        left = width - 24 - max(ink.width(day, 12), ink.width(time, 20, 700))
        if info.simulated:
            needed = ink.width("SIMULATED", 13, 700) + 16
            box = QRectF(left - needed, 13, needed - 4, 24)
            ink.box(box, None, "text3", radius=3, dashed=True)
            ink.text(box.center().x(), 29.8, "SIMULATED", 13, 700, "text", CENTRE)
            left -= needed + 8
        ink.line(left + 0.5, 0, left + 0.5, HEIGHT - 1)
        self._x = 83.0
        return left

    def _cell(self, ink: Ink, label: str, runs: list[_Run], size: int, needed: float) -> None:
        ink.text(self._x, 19, label, 12, 400, "text3")
        x, end = self._x, self._x + needed
        for text, weight in runs:
            tone = "text" if weight >= 600 else "text2"
            x += ink.text(x, 39, text, size, weight, tone, room=end - x + 1)
        self._x = end + 12
        ink.line(self._x + 0.5, 0, self._x + 0.5, HEIGHT - 1)
        self._x += 11

    def _treatment(self, info: SessionInfo) -> tuple[str, list[_Run], bool]:
        """The recorded order; before there is one, what the protocol says, under that name."""
        if self._order is not None:
            return "Treatment order", ordered_runs(self._order), False
        return "Protocol", order_runs(info.protocol, info.weight_kg), False

    def _cells(self, info: SessionInfo) -> list[tuple[str, list[_Run], bool]]:
        patient = info.patient
        age = patient.age(info.started_at.date())
        weight = "not weighed" if info.weight_kg is None else f"{info.weight_kg:g} kg"
        series = [] if info.series is None else [(f"session {info.series}", 600)]
        cells: list[tuple[str, list[_Run], bool]] = [
            ("Patient", [(patient.name, 600)], True),
            ("Born", [(words.day(patient.born), 600), (f" · {age} y", 400)], False),
            ("MRN", [(patient.mrn, 600)], False),
            (ALLERGIES, [(self._checkin.allergies, 600)], False),
            ("Weight", [(weight, 600)], False),
            ("Series", series, False),
            self._treatment(info),
        ]
        return [cell for cell in cells if cell[1]]


def ordered_runs(order: Order) -> list[_Run]:
    """The order as it was recorded, never more than was typed."""
    route = order.route.upper() if len(order.route) == 2 else order.route
    parts = [f"{order.mg_per_kg} mg/kg"] if order.mg_per_kg is not None else []
    if order.minutes is not None:
        parts.append(f"{order.minutes} min")
    if order.devices is not None:
        parts.append(f"{order.devices} devices")
    rest = [(f" · {', '.join(parts)}", 400)] if parts else []
    return [(f"{order.drug} {route} {order.mg} mg", 600), *rest]


def order_runs(protocol: TreatmentProtocol, weight_kg: float | None) -> list[_Run]:
    """What the treatment protocol says is given; mg only where they follow from the weight."""
    dose = protocol.dose
    drug = f"{dose.drug} {dose.route.upper() if len(dose.route) == 2 else dose.route}"
    if dose.devices and dose.device_mg:
        total = f"{dose.devices * dose.device_mg:g} mg"
        return [(f"{drug} {total}", 600), (f" · {dose.devices} devices", 400)]
    parts = [f"{dose.mg_per_kg:.2f} mg/kg"] if dose.mg_per_kg else []
    if dose.minutes:
        parts.append(f"{dose.minutes:g} min")
    planned = dose.mg_per_kg * weight_kg if dose.mg_per_kg and weight_kg else None
    amount = f" {planned:.1f} mg" if planned is not None else ""
    return [(f"{drug}{amount}", 600), (f" · {', '.join(parts)}" if parts else "", 400)]
