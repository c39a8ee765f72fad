"""The cuff of each monitor beside the typed pressure: start it now, or at an interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from devices.metrics import CUFF
from devices.reading import LinkState
from devices.registry import DRIVERS
from devices.spec import Command
from ketamonitor.view import SessionView
from ui.pages.entry import Desk, Written

OFF = "Off"
#: What is offered, in minutes. Nothing else is set from here.
INTERVALS = ("2.5", "5", "10", "15")


@dataclass(frozen=True, slots=True)
class Cuffs:
    """What may be asked of a cuff by its source. Both raise ``ValueError`` in words."""

    start: Callable[[str], None]
    every: Callable[[str, float | None], Written]


@dataclass(frozen=True, slots=True)
class CuffPlace:
    """A monitor with a cuff. ``why_not`` says why the program cannot start it now, if so."""

    source: str
    minutes: float | None
    why_not: str


def cuff_places(view: SessionView) -> list[CuffPlace]:
    """The monitors of a session that measure with a cuff."""
    listened = {device.source for device in view.info.devices if device.listen_only}
    made = []
    for link in view.links:
        spec = DRIVERS.get(link.driver)
        if spec is None or not any(metric in spec.metrics for metric in CUFF):
            continue
        why_not = ""
        if Command.START_NIBP not in spec.commands:
            why_not = (
                "start it at the monitor: this program cannot. The due strip says when one is due"
            )
        elif link.source in listened:
            why_not = "start it at the monitor: this program only listens to it"
        elif link.state is not LinkState.CONNECTED:
            why_not = f"not connected ({link.state.value})"
        made.append(CuffPlace(link.source, link.cuff_minutes, why_not))
    return made


class CuffRow(QWidget):
    """Start now, and the interval. What is chosen is what the session's record says."""

    told = Signal(str)

    def __init__(self, desk: Desk, place: CuffPlace, cuffs: Cuffs) -> None:
        super().__init__()
        self.source = place.source
        self._desk, self._cuffs, self._place = desk, cuffs, place
        self._showing = self._waiting = False
        kit = desk.kit
        self.start = kit.button(f"Start cuff, {place.source}")
        self.start.clicked.connect(self._start)
        self.label = kit.label("every", wrap=False)
        shown = {option: f"{option}\nmin" for option in INTERVALS}
        self.every = kit.choice([OFF, *INTERVALS], shown=shown)
        self.every.setAccessibleName(f"Cuff interval, {place.source}")
        self.every.changed.connect(self._chosen)
        self.why_not = kit.label("")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.start)
        row.addWidget(self.label)
        row.addWidget(self.every)
        row.addWidget(self.why_not, 1)
        self.show_place(place)

    def show_place(self, place: CuffPlace | None) -> None:
        """As the session is now; ``None`` for a monitor that is no longer there."""
        if place is not None:
            self._place = place
        may = place is not None and not place.why_not
        self.start.setVisible(may)
        # an interval that runs can always be ended, even while the cable is out
        running = self._place.minutes is not None
        for widget in (self.label, self.every):
            widget.setVisible(may or running)
        why = place.why_not if place is not None else "no longer part of the session"
        self.why_not.setText(f"{self.source}: {why}" if why else "")
        self.why_not.setVisible(bool(why))
        self._show_interval()

    def _show_interval(self) -> None:
        minutes = self._place.minutes
        if self._waiting:
            return  # what was just chosen is on its way into the record
        self._showing = True
        if minutes is None:
            self.every.choose(OFF)
        elif (word := f"{minutes:g}") in INTERVALS:
            self.every.choose(word)
        else:
            self.every.clear()
        self._showing = False

    def _start(self) -> None:
        try:
            self._cuffs.start(self.source)
        except ValueError as error:
            self.told.emit(f"Cuff not started: {error}")
            return
        self.told.emit(f"Cuff asked to start on {self.source}. The reading will come by itself")

    def _chosen(self) -> None:
        chosen = self.every.chosen
        if self._showing or chosen is None:
            return
        minutes = None if chosen == OFF else float(chosen)
        try:
            written = self._cuffs.every(self.source, minutes)
        except ValueError as error:
            self._not_set(error)
            return
        said = (
            f"{self.source}: the cuff is no longer started by itself"
            if minutes is None
            else f"{self.source}: the cuff starts every {chosen} min, announced 10 s before"
        )
        self._waiting = True
        self._desk.then(written, lambda _: self._set(said), self._not_set)

    def _set(self, said: str) -> None:
        if shiboken6.isValid(self):  # the panel may have been renewed meanwhile
            self._waiting = False
            self.told.emit(said)

    def _not_set(self, error: BaseException) -> None:
        if shiboken6.isValid(self):
            self._waiting = False
            self.told.emit(f"Interval not set: {error}")
            self._show_interval()
