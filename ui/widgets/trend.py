"""The trend card: legend, zoom, and the chart drawn from the page's own copy of the record."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ketamonitor import words
from ketamonitor.record import Record
from ketamonitor.view import SessionView
from ui.plot import LanePlot
from ui.theme import Theme
from ui.widgets.basics import Panel, SegmentedControl, Text
from ui.widgets.ink import Ink, Painted
from ui.widgets.marks import caret_down, caret_up, due_triangle
from ui.widgets.tracks import Line, Track, each_minute, thinned
from ui.widgets.trend_estimate import EstimateBand
from ui.widgets.trend_frame import DOTS, LONG, SHORT, draw_frame, draw_session_lines
from ui.widgets.trend_marks import (
    draw_alarm_marks,
    draw_cuff,
    draw_doses,
    draw_events,
    draw_gaps,
)
from ui.widgets.trend_scale import (
    DOSE,
    EVENTS,
    PRESSURE,
    SPO2,
    SPO2_RANGE,
    ZOOM_WORDS,
    Scale,
    lanes,
    pressure_range,
    window,
)


class TrendChart(QWidget):
    """The lanes. :meth:`show_view` takes in what is new; nothing moves between its calls."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.zoom = len(ZOOM_WORDS) - 1
        self.words: tuple[str, ...] = ()
        self._view: SessionView | None = None
        self._record: Record | None = None
        self._now: datetime | None = None
        self._scale: Scale | None = None
        self._under_words: list[str] = []
        #: The predicted concentration; not shown until somebody asks for it.
        self.estimate = EstimateBand()
        self.tracks: dict[str, Track] = {"pulse": Track(), "spo2": Track()}
        #: What monitors measured that did not lead; drawn when somebody asks for it.
        self.others: dict[tuple[str, str], Track] = {}
        self.all_monitors = False
        self.plot = LanePlot(self._draw_under, self._draw_over, self)
        for lane in (PRESSURE, SPO2, DOSE, EVENTS):
            self.plot.add_lane(lane)
        self.plot.add_curve("spo2", SPO2)
        self.plot.add_dots("pulse", PRESSURE)
        self.plot.add_dots("other pulse", PRESSURE)
        self.plot.add_dots("other spo2", SPO2)
        self.setAccessibleName("Trend chart")
        theme.changed.connect(self.refresh)

    def show_view(self, view: SessionView, record: Record, now: datetime) -> None:
        if record is not self._record:
            self.tracks = {key: Track() for key in self.tracks}
            self.others = {}
        self._view, self._record, self._now = view, record, now
        for key, track in self.tracks.items():
            series = record.series.get(key)
            if series is not None:
                track.absorb(series)
        for of, series in record.others.items():
            if of[0] in self.tracks:
                self.others.setdefault(of, Track()).absorb(series)
        self.refresh()

    def show_all_monitors(self, on: bool) -> None:
        """The monitors that do not lead as hollow dots, or the leading one alone."""
        self.all_monitors = on
        self.refresh()

    def set_zoom(self, zoom: int) -> None:
        """0 to 3: 30 min, 1 h, 2 h, the whole session."""
        self.zoom = zoom
        self.refresh()

    def show_estimate(self, on: bool) -> None:
        """The predicted concentration in a lane of its own, or not."""
        self.estimate.shown = on
        self.refresh()

    def recent(self, key: str, start: float, end: float, columns: int) -> Line:
        """A stretch of one metric in seconds since the epoch."""
        return thinned(*self.tracks[key].between(start, end), columns)

    def refresh(self) -> None:
        """Puts the data of the window into the lanes and redraws."""
        view, record, now = self._view, self._record, self._now
        if view is None or record is None or now is None or self.width() < 100:
            return
        start, end = window(view, now, self.zoom)
        origin = view.info.started_at
        self.estimate.take(record, now)
        rects = lanes(self.width(), self.height(), estimate=self.estimate.shown)
        low, high = pressure_range(record, rects[PRESSURE].height())
        floor = self._spo2_floor()
        scale = Scale(
            origin,
            (start - origin).total_seconds(),
            (end - origin).total_seconds(),
            low,
            high,
            rects,
            floor,
        )
        self._scale = scale
        for lane in (PRESSURE, SPO2, DOSE, EVENTS):
            self.plot.place(lane, rects[lane])
        self.plot.show_range(PRESSURE, scale.start, scale.end, low, high)
        self.plot.show_range(SPO2, scale.start, scale.end, floor, SPO2_RANGE[1])
        zero, columns = origin.timestamp(), int(rects[SPO2].width())
        cut = (zero + scale.start, zero + scale.end)
        line = thinned(*self.tracks["spo2"].between(*cut), columns)
        self.plot.set_curve("spo2", line.x - zero, line.y, line.joined, self.theme.color("spo2"))
        times, pulses = each_minute(*self.tracks["pulse"].between(*cut))
        keep = (pulses >= low) & (pulses <= high)
        self.plot.set_dots(
            "pulse", times[keep] - zero, pulses[keep], self.theme.color("pulse"), size=4
        )
        for key, (least, most) in (("pulse", (low, high)), ("spo2", (floor, SPO2_RANGE[1]))):
            self._place_others(key, cut, zero, least, most)
        self.plot.redraw()

    def _place_others(
        self, key: str, cut: tuple[float, float], zero: float, least: float, most: float
    ) -> None:
        """Each minute of the monitors that do not lead; nothing while nobody asks."""
        found = [
            each_minute(*track.between(*cut))
            for (metric, _), track in self.others.items()
            if self.all_monitors and metric == key
        ]
        times = np.concatenate([x for x, _ in found]) if found else np.empty(0)
        values = np.concatenate([y for _, y in found]) if found else np.empty(0)
        keep = (values >= least) & (values <= most)
        self.plot.set_dots(
            f"other {key}",
            times[keep] - zero,
            values[keep],
            self.theme.color("panel"),
            size=6,
            outline=self.theme.color(key),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.plot.setGeometry(self.rect())
        self.refresh()

    def _spo2_floor(self) -> float:
        """85 %, or lower in steps of 5 where a value went below: no value is cut off."""
        values = self.tracks["spo2"].between(-np.inf, np.inf)[1]
        known = values[~np.isnan(values)]
        lowest = float(np.min(known)) if len(known) else SPO2_RANGE[0]
        return min(SPO2_RANGE[0], float(np.floor((lowest - 1) / 5) * 5))

    def _draw_under(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), self.theme.color("panel"))
        if self._scale is None or self._view is None or self._now is None:
            return
        ink = Ink(painter, self.theme)
        draw_frame(ink, self._scale, self._view, self._now)
        self.estimate.draw(ink, self._scale)
        if self._record is not None:
            draw_gaps(ink, self._scale, self._record, self._now)
        self._under_words = ink.words

    def _draw_over(self, painter: QPainter) -> None:
        scale, view, record, now = self._scale, self._view, self._record, self._now
        if scale is None or view is None or record is None or now is None:
            return
        ink = Ink(painter, self.theme)
        draw_session_lines(ink, scale, view, now)
        draw_cuff(ink, scale, record)
        draw_alarm_marks(ink, scale, record)
        draw_doses(ink, scale, record, view, now)
        draw_events(ink, scale, record, view)
        said = (*self._under_words, *ink.words)
        if said != self.words:
            self.words = said
            self.setAccessibleDescription(". ".join(said))


class _Legend(Painted):
    """What the marks mean; the later ones give way."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Legend", parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(40)
        self._baseline = ""

    def show_view(self, view: SessionView) -> None:
        baseline = f"baseline {words.clock(view.baseline.at)}" if view.baseline else ""
        if baseline != self._baseline:
            self._baseline = baseline
            self.update()

    def draw(self, ink: Ink) -> None:
        x, y = 0.0, 20.5
        items = [
            "systolic",
            "diastolic mmHg",
            "pulse /min",
            "limit ***",
            "**",
            self._baseline,
            "due",
        ]
        for text in filter(None, items):
            needed = 22 + ink.width(text, 12, 500)
            if x + needed > self.width():
                return
            if text == "systolic":
                caret_down(ink, x + 6, y + 4, 5, "mark")
            elif text == "diastolic mmHg":
                caret_up(ink, x + 6, y - 4, 5, "mark")
            elif text == "pulse /min":
                ink.painter.setPen(Qt.PenStyle.NoPen)
                ink.painter.setBrush(ink.color("pulse"))
                ink.painter.drawEllipse(QRectF(x + 4, y - 2.5, 5, 5))
            elif text == "due":
                due_triangle(ink, x + 6, y, "due_line")
            else:
                dashes = LONG if "***" in text else SHORT if text == "**" else DOTS
                ink.line(x, y, x + 16, y, "text3", 1.2, dashes)
            strong = text == "pulse /min"
            x += 21
            ink.text(x, y + 4.3, text, 12, 600 if strong else 500, "pulse" if strong else "text2")
            x += needed - 21 + 14


class Trend(Panel):
    """The card. Zoom is drawn 24 px high and takes the touch of its whole 40 px row."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = TrendChart(theme)
        self.legend = _Legend(theme)
        self.zoom = SegmentedControl(theme, "Trend", ZOOM_WORDS, len(ZOOM_WORDS) - 1)
        self.zoom.chosen.connect(self.chart.set_zoom)
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 12, 0)
        head.setSpacing(14)
        head.addWidget(Text(theme, "Trend", 15, 600))
        self.estimate = SegmentedControl(theme, "Estimate", ("No estimate", "Estimate"), 0)
        self.estimate.chosen.connect(lambda place: self.chart.show_estimate(place == 1))
        self.estimate.hide()
        self.monitors = SegmentedControl(theme, "Monitors", ("Leading", "All"), 0)
        self.monitors.setToolTip("Of several monitors that measure the same: the leading one alone")
        self.monitors.chosen.connect(lambda place: self.chart.show_all_monitors(place == 1))
        self.monitors.hide()
        head.addWidget(self.legend, 1)
        head.addWidget(self.monitors)
        head.addWidget(self.estimate)
        head.addWidget(self.zoom)
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 0, 1, 1)
        box.setSpacing(0)
        box.addLayout(head)
        box.addWidget(self.chart, 1)

    def show_view(self, view: SessionView, record: Record, now: datetime) -> None:
        self.legend.show_view(view)
        self.estimate.setVisible(bool(view.info.protocol.estimate))
        self.chart.show_view(view, record, now)
        self.monitors.setVisible(bool(self.chart.others))
