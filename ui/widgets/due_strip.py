"""What is due and when: reminders in blue alone, they never look or sound like an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.schedule import told
from ketamonitor.view import ASKING, DUE_KINDS, DueItem, DueState, SessionView
from ui.theme import Theme
from ui.widgets.ink import Ink, Painted
from ui.widgets.tile_words import asked_again, shown

HEIGHT = 44

_ICONS = {"bp": "cuff", "observation": "eye", "spo2": "eye"}
_DO = {"bp": "start the cuff or press B", "observation": "press O", "spo2": "probe on, or press O"}


@dataclass(frozen=True, slots=True)
class _Cell:
    """``slot`` is the id of the slot that it is about; empty for what is no slot."""

    icon: str
    title: str
    below: str
    due: bool
    slot: str = ""


class DueStrip(Painted):
    """The first item never gives way; later ones are left out where there is no room.

    A touch on a slot, or Enter while the strip has the focus, asks for the schedule with that
    slot (empty: with none); nothing is stored by it.
    """

    slot_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Due", parent)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._cells: list[_Cell] = []
        self._drawn: list[tuple[QRectF, _Cell]] = []

    def show_view(self, view: SessionView, now: datetime) -> None:
        self._cells = due_cells(view, now)
        self.update()

    def draw(self, ink: Ink) -> None:
        area = QRectF(self.rect())
        ink.box(area, "panel", "line")
        self._drawn = []
        x = 1.0
        for place, cell in enumerate(self._cells):
            wanted = 43 + max(ink.width(cell.title, 14, 600), ink.width(cell.below, 12)) + 15
            room = area.right() - 1 - x
            if place and wanted > room:
                break
            width = min(wanted, room)
            at = QRectF(x, 1, width, HEIGHT - 2)
            self._cell(ink, at, cell)
            self._drawn.append((at, cell))
            x += width
            ink.line(x - 0.5, 1, x - 0.5, HEIGHT - 1)
        if self.hasFocus():
            ink.box(area, None, "accent", 2)

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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.slot_wanted.emit(self._slot_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if enter and not event.isAutoRepeat():
            self.slot_wanted.emit("")
        else:
            super().keyPressEvent(event)

    def _slot_at(self, point: QPointF) -> str:
        return next((cell.slot for area, cell in self._drawn if area.contains(point)), "")


def due_cells(view: SessionView, now: datetime) -> list[_Cell]:
    """What to show in order: a second reading that an alert asks for, due and overdue slots, or
    "Nothing due now", then what comes, then what is behind, the latest first."""
    # An older slot of a kind that was missed stays in the record; the newest is what to do.
    latest = {item.what: item for item in view.due if item.state in ASKING}
    again = asked_again(view)
    cells = [] if again is None else [_again_cell(again, now)]
    cells += [_due_cell(item, view, now) for _, item in sorted(latest.items())]
    ahead = [
        (i.at, _ahead_cell(i, now)) for i in view.due if i.state in (DueState.AHEAD, DueState.SOON)
    ]
    if view.infusion and view.infusion.ends_at and view.infusion.ends_at > now:
        ahead.append(_plain("syringe", "Infusion ends", view.infusion.ends_at, now))
    if view.gate_at is not None and view.gate_at > now:
        ahead.append(_plain("lock", "Gate", view.gate_at, now))
    ahead.sort(key=lambda item: item[0])
    if not cells:
        first = [cell for at, cell in ahead[:1] if cell.title.startswith(_SOON)]
        ahead = ahead[len(first) :]
        cells += first or [_Cell("clock", "Nothing due now", _next(ahead, view, now), False)]
    cells += [cell for _, cell in ahead]
    behind = (DueState.DONE, DueState.LATE, DueState.MISSED, DueState.NOT_DONE)
    cells += [
        _Cell(_ICONS[i.what], f"{i.label} {words.clock(i.at)}", told(i), False, i.id)
        for i in reversed(view.due)
        if i.state in behind
    ]
    return cells


_SOON = tuple(f"{kind} due in" for kind in DUE_KINDS.values())


def _due_cell(item: DueItem, view: SessionView, now: datetime) -> _Cell:
    """What is due, since when, what to do."""
    ago = words.countdown((now - item.at).total_seconds())
    do = _DO[item.what]
    if item.what == "bp" and shown(view, "nibp_sys").reason == "measuring":
        do = "cuff measuring now"
    if item.missing:
        left = [INSTRUMENTS[key].label if key in INSTRUMENTS else key for key in item.missing]
        do = f"not answered: {', '.join(left)}"
    state = "due now" if item.state is DueState.DUE else "overdue"
    title = f"{item.label} {state}, {words.clock(item.at)}"
    return _Cell("clock", title, f"{ago} ago: {do}", True, item.id)


def _ahead_cell(item: DueItem, now: datetime) -> _Cell:
    left = words.countdown((item.at - now).total_seconds())
    icon = _ICONS[item.what]
    if item.state is DueState.SOON:
        below = f"{item.name + ', ' if item.name else ''}{words.clock(item.at)}: counts already"
        return _Cell(icon, f"{item.kind} due in {left}", below, False, item.id)
    return _Cell(icon, f"{item.label} {words.clock(item.at)}", left, False, item.id)


def _plain(icon: str, what: str, at: datetime, now: datetime) -> tuple[datetime, _Cell]:
    left = words.countdown((at - now).total_seconds())
    return at, _Cell(icon, f"{what} {words.clock(at)}", left, False)


def _again_cell(at: datetime, now: datetime) -> _Cell:
    if at > now:
        left = words.countdown((at - now).total_seconds())
        return _Cell("cuff", f"BP again {words.clock(at)}", f"in {left} · asked by alert", False)
    ago = words.countdown((now - at).total_seconds())
    return _Cell("clock", f"BP again {words.clock(at)}", f"{ago} ago · asked by alert", True)


def _next(ahead: list[tuple[datetime, _Cell]], view: SessionView, now: datetime) -> str:
    if ahead:
        return f"next in {words.countdown((ahead[0][0] - now).total_seconds())}"
    if view.ended_at is not None:
        return "the session has ended"
    before = view.first_dose_at is None
    return "the schedule starts with the first dose" if before else "nothing to come"
