"""The phase bar: five phases, time since the first dose, and the gate's countdown."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.phases import Phase, PhaseState, gate_left, gate_name, phases
from ketamonitor.view import SessionView
from ui.theme import Theme
from ui.widgets.ink import RIGHT, Ink, Painted

HEIGHT = 42
_ICONS = {PhaseState.DONE: "check", PhaseState.AHEAD: "ring"}


class PhaseBar(Painted):
    """Check-in to discharge, with the clock that runs from the first dose."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Phase", parent)
        self.setFixedHeight(HEIGHT)
        self._phases: tuple[Phase, ...] = ()
        self._since: str = words.NO_VALUE
        self._since_label = ("Since first", "dose")

    def show_view(self, view: SessionView, now: datetime) -> None:
        self._phases = phases(view, now)
        first = view.first_dose_at
        self._since = words.countdown((now - first).total_seconds()) if first else words.NO_VALUE
        self._since_label = ("Since first", f"dose {words.clock(first)}" if first else "dose")
        self.update()

    def draw(self, ink: Ink) -> None:
        clock = 204.0
        steps = QRectF(0, 0, self.width() - clock - 8, HEIGHT)
        ink.box(steps, "panel", "line")
        share = steps.width() / max(1, len(self._phases))
        for number, phase in enumerate(self._phases):
            self._step(ink, QRectF(number * share, 0, share, HEIGHT), phase, number > 0)
        box = QRectF(self.width() - clock, 0, clock, HEIGHT)
        ink.box(box, "panel", "line")
        ink.text(box.left() + 13, 18.5, self._since_label[0], 12, 400, "text2")
        ink.text(box.left() + 13, 35, self._since_label[1], 12, 400, "text2")
        ink.text(box.right() - 13, 30, self._since, 24, 700, "text", RIGHT)

    def _step(self, ink: Ink, area: QRectF, phase: Phase, parted: bool) -> None:
        if phase.state is PhaseState.CURRENT:
            ink.painter.fillRect(area.adjusted(1, 1, -1, -1), ink.color("panel3"))
        if parted:
            ink.line(area.left() + 0.5, 1, area.left() + 0.5, HEIGHT - 1)
        if phase.state is PhaseState.CURRENT:
            ink.painter.setBrush(ink.color("accent"))
            ink.painter.setPen(ink.color("accent"))
            ink.painter.drawEllipse(QRectF(area.left() + 16, 11, 6, 6))
        else:
            ink.icon(_ICONS[phase.state], area.left() + 11, 6, 16, "text2")
        room = area.width() - 38
        ahead = phase.state is PhaseState.AHEAD
        ink.text(
            area.left() + 33, 18.5, phase.title, 13, 600, "text2" if ahead else "text", room=room
        )
        tone = "text" if phase.state is PhaseState.CURRENT else "text2"
        ink.text(area.left() + 33, 35, phase.detail, 12, 400, tone, room=room)
        if phase.fraction is not None:
            track = QRectF(area.left() + 1, HEIGHT - 4, area.width() - 2, 3)
            ink.painter.fillRect(track, ink.color("line2"))
            track.setWidth(track.width() * min(1.0, phase.fraction))
            ink.painter.fillRect(track, ink.color("accent"))


class GateBox(Painted):
    """The earliest end: when it is, how long until then."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Gate", parent)
        self.setFixedHeight(HEIGHT)
        self._title, self._left, self._share = "", "", 0.0

    def show_view(self, view: SessionView, now: datetime) -> None:
        minutes = view.info.protocol.gate.from_first_dose_min
        name = gate_name(view)
        left = gate_left(view, now)
        if view.gate_at is None or left is None:
            self._title, self._left, self._share = name, "from the first dose", 0.0
        else:
            seconds = left.total_seconds()
            self._title = f"{name} {words.clock(view.gate_at)}"
            if seconds > 0:
                self._left = f"{words.countdown(seconds)} left"
            else:
                self._left = "passed" if view.gate_open else "stop not recorded"
            self._share = 1 - max(0.0, seconds) / (minutes * 60) if minutes else 1.0
        self.update()

    def draw(self, ink: Ink) -> None:
        area = QRectF(self.rect())
        ink.box(area, "panel", "line")
        ink.icon("lock", 11, 7, 16, "text2")
        used = ink.width(self._left, 15, 600)
        title = self._title if area.width() > 250 else "Gate"
        ink.text(34, 19.5, title, 13, 500, "text2", room=area.width() - used - 55)
        ink.text(area.right() - 13, 20, self._left, 15, 600, "text", RIGHT)
        track = QRectF(13, 28, area.width() - 26, 5)
        ink.box(track, "panel3", radius=2)
        if self._share > 0:
            track.setWidth(max(4.0, track.width() * min(1.0, self._share)))
            ink.box(track, "text3", radius=2)
