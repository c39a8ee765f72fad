"""The value tiles NIBP, PULSE and SpO2 with their small courses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QWidget

from ketamonitor.course import CuffPoint
from ketamonitor.view import SessionView
from ui.theme import Theme
from ui.widgets.alarm_words import fitting
from ui.widgets.ink import Ink
from ui.widgets.limit_words import notes
from ui.widgets.marks import caret_down, caret_up
from ui.widgets.tile import Tile
from ui.widgets.tile_words import (
    Figure,
    live_figure,
    next_cuff,
    pressure_figure,
)
from ui.widgets.tracks import Line


class PressureTile(Tile):
    """NIBP: the last cuff reading, its age, the last five, and the wait for the next."""

    metrics = ("nibp_sys", "nibp_dia", "nibp_map")

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "NIBP", "mmHg", "text", parent)
        self._cuff: list[CuffPoint] = []

    def show_cuff(self, cuff: Sequence[CuffPoint]) -> None:
        """All cuff readings so far; the last five are drawn small."""
        self._cuff = [point for point in cuff[-12:] if point.plotted][-5:]
        self.update()

    def _read(self, view: SessionView, now: datetime) -> Figure:
        return pressure_figure(view, now)

    def draw(self, ink: Ink) -> None:
        figure, k = self._figure, self._k
        if figure is None or self._view is None or self._now is None:
            ink.box(QRectF(self.rect()), "panel", "line")
            return
        self._card(ink, figure)
        self._head(ink, figure)
        side = max(ink.width(figure.mean, 30, 600), ink.width(figure.delta, 13, 600))
        end = self._big(ink, figure, self.width() - 30 - (side + 12 if side else 0))
        ink.text(end + 12, 63 * k, figure.mean, round(30 * min(k, 1.2)), 600, self._tone("text"))
        ink.text(end + 12, 83 * k, figure.delta, 13, 600, self._tone("text2"))
        left = self._limits(
            ink,
            [("sys", "nibp_sys", self._up("nibp_sys")), ("dia", "nibp_dia", self._up("nibp_dia"))],
            140 * k,
        )
        below = 117 * k
        self._age(ink, figure, below, left - 20)
        waits, past, share = next_cuff(self._view, self._now)
        said = [part for part in (figure.more, waits, *notes(self._view, self.metrics)) if part]
        line = fitting(said, left - 20, lambda text: ink.width(text, 13))
        tone = "accent" if past and not figure.more else "text2"
        ink.text(13, 138 * k, line, 13, 600 if past else 400, self._tone(tone), room=left - 20)
        used = 13 + max(ink.width(figure.below, 14, 600) + 22, ink.width(line, 13, 600))
        self._small_marks(ink, used + 12, left - 6)
        if share is not None:
            track = QRectF(13, self.height() - 12, self.width() - 26, 4)
            ink.box(track, self._tone("panel3") if not self._filled else "#F0A0A4", radius=2)
            track.setWidth(max(4.0, track.width() * share))
            ink.box(track, self._tone("accent" if past else "text3"), radius=2)

    def _small_marks(self, ink: Ink, left: float, right: float) -> None:
        """The last readings to scale among themselves, the newest strongest."""
        room = int((right - left) // 25)
        points = self._cuff[-room:] if room > 1 else []
        values = [v for p in points for v in (p.sys, p.dia) if v is not None]
        if len(points) < 2 or not values:
            return
        low, high = min(values), max(max(values), min(values) + 40)
        top, bottom = 113 * self._k, 139 * self._k
        for place, point in enumerate(points):
            if point.sys is None or point.dia is None:
                continue
            x = right - 13 - 25 * (len(points) - 1 - place)
            y_sys, y_dia = (
                bottom - (value - low) / (high - low) * (bottom - top)
                for value in (point.sys, point.dia)
            )
            tone = self._tone("mark" if place == len(points) - 1 else "text3")
            ink.line(x, y_sys, x, y_dia, tone)
            caret_down(ink, x, y_sys, 3.5, tone)
            caret_up(ink, x, y_dia, 3.5, tone)


class LiveTile(Tile):
    """PULSE or SpO2: the figure that is true now, or how long ago it was."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        unit: str,
        metric: str,
        token: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, title, unit, token, parent)
        self.metrics = (metric, "nibp_pulse") if metric == "pulse" else (metric,)
        self._recent: Line | None = None
        self._span = (0.0, 1.0)

    def show_recent(self, line: Line, start: float, end: float) -> None:
        """The last quarter of an hour, for the small line."""
        self._recent, self._span = line, (start, end)
        self.update()

    def _read(self, view: SessionView, now: datetime) -> Figure:
        return live_figure(view, self.metrics[0], now)

    def draw(self, ink: Ink) -> None:
        figure, k = self._figure, self._k
        if figure is None:
            ink.box(QRectF(self.rect()), "panel", "line")
            return
        self._card(ink, figure)
        self._head(ink, figure)
        self._big(ink, figure, self.width() - 26)
        metric = self.metrics[0]
        left = self._limits(ink, [("", metric, True), ("", metric, False)], 142 * k)
        if figure.below:
            # With one row of limits their heading stands below this line, not beside it.
            columns = 72 if metric in self._two_sided() else 0
            room = self.width() - 26.0 - columns
            figure = _in_two_lines(figure, lambda text: ink.width(text, 12, 600) <= room)
            self._age(ink, figure, 107 * k, room)
            size = 13 if ink.width(figure.more, 13) <= left - 14 else 12
            ink.text(13, 127 * k, figure.more, size, 400, self._tone("text2"), room=left - 14)
        elif figure.known:
            said = notes(self._view, self.metrics) if self._view is not None else ()
            room = self.width() - 26.0 - (72 if metric in self._two_sided() else 0)
            label = fitting(said, room, lambda text: ink.width(text, 12, 500)) or "15 min"
            ink.text(13, 106 * k, label, 12, 500 if said else 400, self._tone("text2"))
            self._spark(ink, QRectF(14, 114 * k, left - 24, 24 * k))

    def _two_sided(self) -> set[str]:
        """Metrics with limits on both sides."""
        limits = self._view.limits if self._view else ()
        upper = {item.limit.metric for item in limits if item.limit.upper}
        return upper & {item.limit.metric for item in limits if not item.limit.upper}

    def _spark(self, ink: Ink, area: QRectF) -> None:
        line = self._recent
        if line is None or len(line.x) < 2 or area.width() < 30:
            return
        low, high = float(np.min(line.y)), float(np.max(line.y))
        spare = max(0.0, 10 - (high - low)) / 2
        low, high = low - spare, high + spare
        start, end = self._span
        xs = area.left() + (line.x - start) / (end - start) * area.width()
        ys = area.bottom() - (line.y - low) / (high - low) * area.height()
        ink.painter.setPen(ink.color(self._tone(self._token)))
        stretch: list[QPointF] = []
        for x, y, joined in zip(xs, ys, line.joined, strict=True):
            if x >= area.left():
                stretch.append(QPointF(x, y))
            if not joined:
                ink.painter.drawPolyline(stretch)
                stretch = []
        ink.painter.drawPolyline(stretch)
        ink.painter.setBrush(ink.color(self._tone(self._token)))
        ink.painter.drawEllipse(QPointF(xs[-1], ys[-1]), 2.5, 2.5)


def _in_two_lines(figure: Figure, fits: Callable[[str], bool]) -> Figure:
    """What is too long for the line of the age goes on below, in place of the last value."""
    parts = figure.below.split(" ")
    for count in range(len(parts), 0, -1):
        first = " ".join(parts[:count])
        if fits(first):
            return replace(figure, below=first, more=" ".join(parts[count:]) or figure.more)
    return figure
