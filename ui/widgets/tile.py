"""What all value tiles share: card, head, figure, age and limits in every state of a value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.view import ActiveAlarm, Freshness, SessionView
from ui.theme import Theme
from ui.widgets.ink import RIGHT, Ink, Painted
from ui.widgets.limit_words import Bound, bounds
from ui.widgets.tile_words import DASHES, Figure, alarm_of

FIGURE_TONE = {
    Freshness.FRESH: "text",
    Freshness.AGEING: "text2",
    Freshness.STALE: "text3",
    Freshness.QUESTIONABLE: "text2",
    Freshness.NO_DATA: "text3",
    Freshness.TECHNICAL: "text2",
}
CLOCKED = (Freshness.AGEING, Freshness.STALE)
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
        self._alarms = tuple(a for a in alarms if a.metric in self.metrics and a.ended_at is None)
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
        """HIGH, holding and not yet acknowledged: the whole card takes the colour."""
        alarm = self._alarm
        return alarm is not None and alarm.priority == "high" and alarm.signals

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
            lost = self._alarm.condition == "link_lost"
            if not self.theme.night:
                ink.box(area, None, tokens.alarm_edge, 2, dashed=lost)
                area = area.adjusted(2, 2, -2, -2)
            ink.box(area, None, fill, 3, radius=5, dashed=lost)
        elif figure.freshness in CLOCKED:
            ink.box(area, None, "text3", 2, dashed=True)
        elif figure.freshness is Freshness.QUESTIONABLE:
            ink.box(area, None, "text3", 1)
        else:
            ink.box(area, None, "line", 1)

    def _head(self, ink: Ink, figure: Figure) -> None:
        x, y = 14.0, 24.0
        stars = words.STARS[self._alarm.priority] if self._alarm else ""
        if self._alarm is not None and self._alarm.condition == "link_lost":
            # The value has passed nothing: it is the link that is gone, and its own words say so.
            fill, on_fill = self.theme.tokens.alarm(self._alarm.priority)
            x += ink.text(x - 1, y, self._title, 15, 600, self._tone(self._token)) + 5
            said = f"{stars} {self._alarm.text.partition(': ')[2] or 'link lost'}"
            x += ink.chip(x, y - 4.5, said, fill, on_fill, 12, 700, 6) + 6
        elif self._alarm is not None and not self._filled:
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
        tone = self._tone(FIGURE_TONE[figure.freshness])
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
        if figure.freshness in CLOCKED:
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
            (name, metric, upper, bounds(self._view, metric, upper, self._alarms))
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
        for number, (name, _metric, upper, found) in enumerate(table):
            base = top + number * step
            if name:
                ink.text(left - 2, base, name, 12, 500, self._tone("text2"), RIGHT)
            else:
                marked = any(bound.changed for bound in found.values())
                self._triangle(ink, left - (14 if marked else 8), base - 4.5, upper)
            for place, column in enumerate(reversed(columns)):
                if column in found:
                    self._bound(ink, right - place * wide, base, found[column])
        return left - (28 if any(row[0] for row in table) else 16)

    def _bound(self, ink: Ink, right: float, base: float, bound: Bound) -> None:
        if bound.crossed is None:
            ink.text(right - 2, base, bound.text, 12, 500, self._tone("text2"), RIGHT)
            return
        fill, on_fill = self.theme.tokens.alarm(bound.crossed.priority)
        if self._filled:
            fill, on_fill = self.theme.tokens.high_text, self.theme.tokens.high
        ink.chip(right + 3, base - 4.3, bound.text, fill, on_fill, 12, 700, 5, RIGHT)

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
