"""Where things stand on the trend chart: its lanes, its time window, its pressure scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QRectF

from ketamonitor.record import Record
from ketamonitor.view import SessionView

#: Minutes in view for the zooms 30 min, 1 h, 2 h; the fourth is the whole session.
ZOOM_MIN = (30, 60, 120, None)
ZOOM_WORDS = ("30 min", "1 h", "2 h", "Session")
#: Of a zoomed window this share is still to come.
AHEAD = 0.2

LEFT, RIGHT, TOP = 47.0, 83.0, 7.0
PRESSURE, SPO2, DOSE, EVENTS = "pressure", "spo2", "dose", "events"
#: The lane of the predicted concentration, between pressure and SpO2 while it is shown.
ESTIMATE = "estimate"
_ESTIMATE_LANE = (ESTIMATE, 62.0, 6.0)
#: Heights of the lower lanes and the gaps above them; pressure takes the rest.
_LOWER = ((SPO2, 47.0, 6.0), (DOSE, 22.0, 7.0), (EVENTS, 22.0, 6.0))
AXES = 36.0
SPO2_RANGE = (85.0, 102.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Time and values to pixels. Times are seconds from ``origin``."""

    origin: datetime
    start: float
    end: float
    low: float
    high: float
    lanes: dict[str, QRectF]
    spo2_low: float = SPO2_RANGE[0]

    @property
    def left(self) -> float:
        return self.lanes[PRESSURE].left()

    @property
    def right(self) -> float:
        return self.lanes[PRESSURE].right()

    @property
    def bottom(self) -> float:
        return self.lanes[EVENTS].bottom()

    def seconds(self, at: datetime) -> float:
        return (at - self.origin).total_seconds()

    def x(self, at: datetime) -> float:
        share = (self.seconds(at) - self.start) / (self.end - self.start)
        return self.left + share * (self.right - self.left)

    def inside(self, at: datetime) -> bool:
        return self.start <= self.seconds(at) <= self.end

    def y(self, value: float) -> float:
        """Pressure (mmHg) and pulse (/min) share the upper lane."""
        rect = self.lanes[PRESSURE]
        return rect.bottom() - (value - self.low) / (self.high - self.low) * rect.height()

    def y_spo2(self, value: float) -> float:
        rect, (_, high) = self.lanes[SPO2], SPO2_RANGE
        return rect.bottom() - (value - self.spo2_low) / (high - self.spo2_low) * rect.height()

    def at(self, seconds: float) -> datetime:
        return self.origin + timedelta(seconds=seconds)


def lanes(width: float, height: float, *, estimate: bool = False) -> dict[str, QRectF]:
    """The lanes' places in a plot of this size; with one for the ``estimate`` where it is shown."""
    wide = max(60.0, width - LEFT - RIGHT)
    below = (_ESTIMATE_LANE, *_LOWER) if estimate else _LOWER
    lower = sum(high + gap for _, high, gap in below)
    rects = {PRESSURE: QRectF(LEFT, TOP, wide, max(60.0, height - TOP - lower - AXES))}
    top = rects[PRESSURE].bottom()
    for lane, high, gap in below:
        rects[lane] = QRectF(LEFT, top + gap, wide, high)
        top = rects[lane].bottom()
    return rects


def window(view: SessionView, now: datetime, zoom: int) -> tuple[datetime, datetime]:
    """From when to when the chart runs; the whole session on quarters of an hour."""
    minutes = ZOOM_MIN[zoom]
    if minutes is not None:
        span = timedelta(minutes=minutes)
        end = now.replace(second=0, microsecond=0) + span * AHEAD
        return end - span, end
    start = _quarter(view.info.started_at - timedelta(minutes=2), up=False)
    end = now + timedelta(minutes=10)
    if view.gate_at is not None:
        end = max(end, view.gate_at + timedelta(minutes=8))
    else:
        end = max(end, start + timedelta(minutes=90))
    return start, _quarter(end, up=True)


def pressure_range(record: Record, height: float) -> tuple[float, float]:
    """40 to 200 at least; wider in steps of 20 where readings need it.

    Above the highest reading there is room for its alarm mark: 34 px of a lane ``height`` px high.
    """
    room = 34 / height * 180
    low, high = 40.0, 200.0
    for point in record.cuff:
        if point.plotted and point.sys is not None and point.dia is not None:
            low = min(low, math.floor((point.dia - 8) / 20) * 20)
            high = max(high, math.ceil((point.sys + room) / 20) * 20)
    return max(0.0, low), high


def _quarter(at: datetime, up: bool) -> datetime:
    floor = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    return floor + timedelta(minutes=15) if up and floor != at else floor
