"""The value tiles NIBP, PULSE and SpO2: figure, age, source, limits, and each state of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.record import CuffPoint
from ketamonitor.view import ActiveAlarm, Freshness, SessionView
from ui.theme import Theme
from ui.widgets.ink import RIGHT, Ink, Painted
from ui.widgets.marks import caret_down, caret_up
from ui.widgets.tile_words import (
    DASHES,
    Figure,
    alarm_of,
    bounds,
    live_figure,
    next_cuff,
    passes,
    pressure_figure,
)
from ui.widgets.tracks import Line

_FIGURE_TONE = {
    Freshness.FRESH: "text",
    Freshness.AGEING: "text2",
    Freshness.STALE: "text3",
    Freshness.QUESTIONABLE: "text2",
    Freshness.NO_DATA: "text3",
    Freshness.TECHNICAL: "text2",
}
_CLOCKED = (Freshness.AGEING, Freshness.STALE)
_COLUMNS = ("low", "medium", "high")


class Tile(Painted):
    """A card about one measured thing. ``metrics`` are the keys whose alarms concern it."""

    metrics: tuple[str, ...] = ()

    def __init__(
        self, theme: Theme, title: str, unit: str, token: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, title, parent)
        self._title, self._unit, self._token = title, unit, token
        self._figure: Figure | None = None
        self._alarm: ActiveAlarm | None = None
        self._alarms: tuple[ActiveAlarm, ...] = ()
        self._view: SessionView | None = None
        self._now: datetime | None = None

    @property
    def figure(self) -> Figure | None:
        """What the tile says now."""
        return self._figure

    def show_view(self, view: SessionView, alarms: Sequence[ActiveAlarm], now: datetime) -> None:
        self._view, self._now = view, now
        self._figure = self._read(view, now)
        self._alarms = tuple(a for a in alarms if a.metric in self.metrics)
        self._alarm = alarm_of(alarms, self.metrics, self._source(view))
        self.update()

    def _read(self, view: SessionView, now: datetime) -> Figure:
        raise NotImplementedError

    def _source(self, view: SessionView) -> str:
        value = view.values.get(self.metrics[0])
        return value.source if value else ""

    @property
    def _k(self) -> float:
        """How much taller than drawn (160 px) the tile is."""
        return self.height() / 160

    @property
    def _filled(self) -> bool:
        """HIGH and not yet acknowledged: the whole card takes the colour."""
        alarm = self._alarm
        return alarm is not None and alarm.priority == "high" and alarm.acknowledged_at is None

    def _tone(self, token: str) -> str:
        return self.theme.tokens.high_text if self._filled else token

    def _card(self, ink: Ink, figure: Figure) -> None:
        area, tokens = QRectF(self.rect()), self.theme.tokens
        if self._filled:
            ink.box(area, tokens.high, tokens.alarm_edge if self.theme.night else tokens.panel, 3)
            return
        ink.box(area, "panel")
        if figure.freshness is Freshness.STALE:
            ink.hatch(area.adjusted(3, 3, -3, -3), "grid_fine", 10, 3)
        if self._alarm is not None:
            fill, _ = tokens.alarm(self._alarm.priority)
            if not self.theme.night:
                ink.box(area, None, tokens.alarm_edge, 2)
                area = area.adjusted(2, 2, -2, -2)
            ink.box(area, None, fill, 3, radius=5)
        elif figure.freshness in _CLOCKED:
            ink.box(area, None, "text3", 2, dashed=True)
        elif figure.freshness is Freshness.QUESTIONABLE:
            ink.box(area, None, "text3", 1)
        else:
            ink.box(area, None, "line", 1)

    def _head(self, ink: Ink, figure: Figure) -> None:
        x, y = 14.0, 24.0
        stars = words.STARS[self._alarm.priority] if self._alarm else ""
        if self._alarm is not None and not self._filled:
            fill, on_fill = self.theme.tokens.alarm(self._alarm.priority)
            x += ink.chip(x, y - 4.5, f"{stars} {self._title}", fill, on_fill, 14, 700, 6) + 6
        else:
            title = f"{stars} {self._title}" if stars else self._title
            x += ink.text(x - 1, y, title, 15, 600, self._tone(self._token)) + 5
        x += ink.text(x, y, self._unit, 13, 400, self._tone("text2"))
        room = self.width() - 13 - x - 8
        source = figure.source
        if ink.width(source, 12) > room:
            source = source.split(" · ")[-1]  # "live" is its age: the source gives way
        ink.text(self.width() - 13, y, source, 12, 400, self._tone("text2"), RIGHT, room)

    def _big(self, ink: Ink, figure: Figure, room: float) -> float:
        """The figure; returns where it ends. Dashes are drawn: no font has them wide enough."""
        tone = self._tone(_FIGURE_TONE[figure.freshness])
        size, x, base = round(66 * max(1.0, self._k * 1.067)), 13.0, 87 * self._k
        size = 66 if self._k <= 1 else size
        if figure.text == DASHES:
            ink.words.append(DASHES)
            for left in (x, x + 46):
                ink.painter.fillRect(QRectF(left, base - 26 * self._k, 34, 7), ink.color(tone))
            return x + 84
        while size > 40 and ink.width(figure.text, size, 600) > room:
            size -= 2
        return x + ink.text(x, base, figure.text, size, 600, tone)

    def _age(self, ink: Ink, figure: Figure, y: float, room: float) -> None:
        x = 13.0
        if figure.freshness in _CLOCKED:
            ink.icon("clock", x, y - 13, 16, self._tone("text"))
            x += 22
        size, room = 14, room - (x - 13)
        while size > 12 and ink.width(figure.below, size, 600) > room:
            size -= 1
        ink.text(x, y, figure.below, size, 600, self._tone("text"), room=room)

    def _limits(self, ink: Ink, rows: Sequence[tuple[str, str, bool]], y: float) -> float:
        """The limits at the lower right; crossed ones inverted. Returns the table's left edge.

        ``rows`` are name, metric and whether upper; an empty name gets a triangle.
        """
        assert self._view is not None
        table = [
            (name, metric, upper, bounds(self._view.limits, metric, upper))
            for name, metric, upper in rows
        ]
        table = [row for row in table if row[3]]
        columns = [c for c in _COLUMNS if any(c in row[3] for row in table)]
        if not table:
            return self.width() - 13.0
        right, wide, step = self.width() - 13.0, 32.0, 16.5
        top = y - step * (len(table) - 1)
        for place, column in enumerate(reversed(columns)):
            ink.text(
                right - place * wide - 2,
                top - step,
                words.STARS[column],
                12,
                600,
                self._tone("text2"),
                RIGHT,
            )
        left = right - wide * len(columns)
        for number, (name, metric, upper, found) in enumerate(table):
            base = top + number * step
            if name:
                ink.text(left - 2, base, name, 12, 500, self._tone("text2"), RIGHT)
            else:
                self._triangle(ink, left - 8, base - 4.5, upper)
            for place, column in enumerate(reversed(columns)):
                if column in found:
                    self._bound(
                        ink, right - place * wide, base, (metric, upper, column), found[column]
                    )
        return left - (28 if any(row[0] for row in table) else 16)

    def _bound(
        self,
        ink: Ink,
        right: float,
        base: float,
        row: tuple[str, bool, str],
        bound: float | None,
    ) -> None:
        metric, upper, priority = row
        text = words.NO_VALUE if bound is None else words.exact(round(bound))
        crossed = next((a for a in self._alarms if passes(a, metric, upper, priority)), None)
        if crossed is None:
            ink.text(right - 2, base, text, 12, 500, self._tone("text2"), RIGHT)
            return
        fill, on_fill = self.theme.tokens.alarm(crossed.priority)
        if self._filled:
            fill, on_fill = self.theme.tokens.high_text, self.theme.tokens.high
        ink.chip(right + 3, base - 4.3, text, fill, on_fill, 12, 700, 5, RIGHT)

    def _up(self, metric: str) -> bool:
        """Which side's limits there is room for: the upper, unless the lower one is passed."""
        return not any(a.metric == metric and "<" in a.id for a in self._alarms)

    def _triangle(self, ink: Ink, x: float, y: float, up: bool) -> None:
        tip = -4 if up else 4
        ink.painter.setBrush(ink.color(self._tone("text3")))
        ink.painter.setPen(ink.color(self._tone("text3")))
        ink.painter.drawPolygon(
            QPolygonF([QPointF(x - 4, y - tip), QPointF(x + 4, y - tip), QPointF(x, y + tip)])
        )


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
        unarmed = any(item.bound is None for item in self._view.limits)
        line = figure.more or waits or ("baseline limits not armed" if unarmed else "")
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
            self._age(ink, figure, 107 * k, self.width() - 26.0 - columns)
            size = 13 if ink.width(figure.more, 13) <= left - 14 else 12
            ink.text(13, 127 * k, figure.more, size, 400, self._tone("text2"), room=left - 14)
        elif figure.known:
            ink.text(13, 106 * k, "15 min", 12, 400, self._tone("text2"))
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
        low, high = float(line.y.min()), float(line.y.max())
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


class ValueStrip(Painted):
    """The 54 px strip that stays while an entry panel covers the tiles: figures, ages, alarms."""

    HEIGHT = 54

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Values", parent)
        self.setFixedHeight(self.HEIGHT)
        self._cells: list[tuple[str, str, Figure, ActiveAlarm | None]] = []

    def show_view(self, view: SessionView, alarms: Sequence[ActiveAlarm], now: datetime) -> None:
        pressure = pressure_figure(view, now)
        pulse, spo2 = live_figure(view, "pulse", now), live_figure(view, "spo2", now)
        self._cells = [
            ("NIBP", "text", pressure, alarm_of(alarms, PressureTile.metrics, pressure.source)),
            (
                "PULSE",
                "pulse",
                pulse,
                alarm_of(alarms, ("pulse", "nibp_pulse"), _source(view, "pulse")),
            ),
            ("SpO₂", "spo2", spo2, alarm_of(alarms, ("spo2",), _source(view, "spo2"))),
        ]
        self.update()

    def draw(self, ink: Ink) -> None:
        if not self._cells:
            ink.box(QRectF(self.rect()), "panel", "line")
            return
        shares, x = (1.7, 1.0, 1.0), 0.0
        room = self.width() - 8 * (len(self._cells) - 1)
        for share, cell in zip(shares, self._cells, strict=True):
            width = room * share / sum(shares)
            self._cell(ink, QRectF(x, 0, width, self.HEIGHT), *cell)
            x += width + 8

    def _cell(
        self,
        ink: Ink,
        area: QRectF,
        title: str,
        token: str,
        figure: Figure,
        alarm: ActiveAlarm | None,
    ) -> None:
        tokens, tone = self.theme.tokens, None
        ink.box(area, "panel", "line")
        if figure.freshness is Freshness.STALE:
            ink.hatch(area.adjusted(2, 2, -2, -2), "grid_fine", 10, 3)
        if alarm is not None:
            fill, on_fill = tokens.alarm(alarm.priority)
            if alarm.priority == "high" and alarm.acknowledged_at is None:
                ink.box(area, fill, tokens.alarm_edge if self.theme.night else fill, 2)
                tone = on_fill
            else:
                if not self.theme.night:
                    ink.box(area, None, tokens.alarm_edge, 5)
                ink.box(area.adjusted(1, 1, -1, -1), None, fill, 3)
        elif figure.freshness in _CLOCKED:
            ink.box(area, None, "text3", 2, dashed=True)
        stars = f"{words.STARS[alarm.priority]} " if alarm else ""
        if alarm is not None and tone is None:
            fill, on_fill = tokens.alarm(alarm.priority)
            used = ink.chip(area.left() + 11, 18, f"{stars}{title}", fill, on_fill, 12, 700, 4)
        else:
            used = ink.text(area.left() + 12, 22, f"{stars}{title}", 13, 600, tone or token)
        strong = tone or _FIGURE_TONE[figure.freshness]
        x = area.left() + 12 + max(used, 58) + 10
        x += ink.text(x, 37, figure.text, 30, 600, strong) + 12
        below = figure.below or ("live" if figure.freshness is Freshness.FRESH else figure.source)
        source = figure.source.split(" · ")[0]
        ink.text(area.left() + 12, 43, source, 12, 400, tone or "text3", room=max(used, 58))
        ink.text(x, 24, below, 12, 600, tone or "text", room=area.right() - x - 8)
        ink.text(
            x, 42, figure.more or figure.mean, 12, 400, tone or "text2", room=area.right() - x - 8
        )


def _source(view: SessionView, key: str) -> str:
    value = view.values.get(key)
    return value.source if value else ""
