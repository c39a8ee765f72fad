"""What is due and when: reminders in blue alone, they never look or sound like an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.view import DueState, SessionView
from ui.theme import Theme
from ui.widgets.ink import Ink, Painted
from ui.widgets.tile_words import asked_again

HEIGHT = 44

_NAMES = {
    "bp": ("BP", "cuff", "B starts or logs it"),
    "observation": ("Observation", "eye", "press O"),
}


_STATES = {DueState.DUE: "due", DueState.OVERDUE: "overdue"}


@dataclass(frozen=True, slots=True)
class _Cell:
    icon: str
    title: str
    below: str
    due: bool


class DueStrip(Painted):
    """The first item never gives way; later ones are left out where there is no room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Due", parent)
        self.setFixedHeight(HEIGHT)
        self._cells: list[_Cell] = []

    def show_view(self, view: SessionView, now: datetime) -> None:
        self._cells = due_cells(view, now)
        self.update()

    def draw(self, ink: Ink) -> None:
        area = QRectF(self.rect())
        ink.box(area, "panel", "line")
        x = 1.0
        for place, cell in enumerate(self._cells):
            wanted = 43 + max(ink.width(cell.title, 14, 600), ink.width(cell.below, 12)) + 15
            room = area.right() - 1 - x
            if place and wanted > room:
                break
            width = min(wanted, room)
            self._cell(ink, QRectF(x, 1, width, HEIGHT - 2), cell)
            x += width
            ink.line(x - 0.5, 1, x - 0.5, HEIGHT - 1)

    def _cell(self, ink: Ink, area: QRectF, cell: _Cell) -> None:
        title, below = ("due_text", "due_text") if cell.due else ("text", "text2")
        if cell.due:
            ink.painter.fillRect(area, ink.color("due_fill"))
            ink.painter.fillRect(
                QRectF(area.left(), area.top(), 4, area.height()), ink.color("due_line")
            )
        ink.icon(cell.icon, area.left() + 14, 13, 18, title if cell.due else "text2")
        room = area.width() - 50
        ink.text(area.left() + 43, 20, cell.title, 14, 600, title, room=room)
        ink.text(area.left() + 43, 36, cell.below, 12, 400, below, room=room)


def due_cells(view: SessionView, now: datetime) -> list[_Cell]:
    """What to show in order: a second reading that an alert asks for, due and overdue slots, or
    "Nothing due now", then what comes."""
    open_now = [i for i in view.due if i.state in (DueState.DUE, DueState.OVERDUE)]
    # An older slot of a kind that was missed stays in the record; the newest is what to do.
    latest = {item.what: item for item in open_now}
    again = asked_again(view)
    cells = [] if again is None else [_again_cell(again, now)]
    cells += [
        _Cell(
            "clock",
            f"{_NAMES[item.what][0]} {_STATES[item.state]} {words.clock(item.at)}",
            f"{words.countdown((now - item.at).total_seconds())} ago · {_NAMES[item.what][2]}",
            True,
        )
        for item in latest.values()
    ]
    ahead = [
        (i.at, _NAMES[i.what][1], f"{_NAMES[i.what][0]} {words.clock(i.at)}")
        for i in view.due
        if i.state is DueState.AHEAD
    ]
    if view.infusion and view.infusion.ends_at and view.infusion.ends_at > now:
        end = view.infusion.ends_at
        ahead.append((end, "syringe", f"Infusion ends {words.clock(end)}"))
    if view.gate_at is not None and view.gate_at > now:
        ahead.append((view.gate_at, "lock", f"Gate {words.clock(view.gate_at)}"))
    ahead.sort(key=lambda item: item[0])
    if not cells:
        cells.append(_Cell("clock", "Nothing due now", _next(ahead, view, now), False))
    cells += [
        _Cell(icon, title, words.countdown((at - now).total_seconds()), False)
        for at, icon, title in ahead
    ]
    return cells


def _again_cell(at: datetime, now: datetime) -> _Cell:
    if at > now:
        left = words.countdown((at - now).total_seconds())
        return _Cell("cuff", f"BP again {words.clock(at)}", f"in {left} · asked by alert", False)
    ago = words.countdown((now - at).total_seconds())
    return _Cell("clock", f"BP again {words.clock(at)}", f"{ago} ago · asked by alert", True)


def _next(ahead: list[tuple[datetime, str, str]], view: SessionView, now: datetime) -> str:
    if ahead:
        return f"next in {words.countdown((ahead[0][0] - now).total_seconds())}"
    if view.ended_at is not None:
        return "the session has ended"
    before = view.first_dose_at is None
    return "the schedule starts with the first dose" if before else "nothing to come"
