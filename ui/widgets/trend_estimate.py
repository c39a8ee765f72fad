"""The predicted concentration on the trend: a grey band in a lane of its own, with its label."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPolygonF

from ketamonitor.record import Record
from ketamonitor.treatment.estimate import LABEL, Estimate, NoEstimate, estimate
from ui.widgets.ink import RIGHT, Ink
from ui.widgets.trend_scale import ESTIMATE, Scale

#: A shorter label where the long one finds no room; both say that it is not for dosing.
SHORT_LABEL = "Predicted, population estimate, not measured. Not for dosing"

#: Pixels of the lane above the band, for what it is.
WORDS = 19.0

#: A course is worked out anew after so long, or when an entry has come.
RENEW = timedelta(seconds=10)


class EstimateBand:
    """Keeps the last course, so that it is not worked out again for every frame."""

    def __init__(self) -> None:
        self.shown = False
        self._made_at: datetime | None = None
        self._of: tuple[int, int] | None = None
        self.found: Estimate | NoEstimate = NoEstimate("")

    def take(self, record: Record, now: datetime) -> None:
        """Bring the course up to date, if it is shown at all."""
        if not self.shown:
            return
        state = (id(record), record.entries)
        if state != self._of or self._made_at is None or now - self._made_at >= RENEW:
            self._of, self._made_at = state, now
            self.found = estimate(record, record.ended_at or now)

    def draw(self, ink: Ink, scale: Scale) -> None:
        """Under the data: band, its scale in ng/mL at the left, and what it is."""
        lane = scale.lanes.get(ESTIMATE)
        if lane is None:
            return
        ink.text(scale.right + 6, lane.top() + 16, "Predicted", 12, 600, "text2")
        ink.text(scale.right + 6, lane.top() + 31, "ng/mL", 12, 500, "text2")
        if isinstance(self.found, NoEstimate):
            ink.text(lane.left() + 8, lane.center().y() + 4, self.found.why, 12, 500, "text2")
            return
        # A push into a vein is far above all else for a minute or two: there the band is cut off.
        top = max(50.0, float(np.ceil(self.found.settled_high / 50) * 50))
        for value in (0.0, top / 2, top):
            y = lane.bottom() - value / top * (lane.height() - WORDS)
            if value:
                ink.line(lane.left(), round(y), lane.right(), round(y), "grid_fine")
                ink.text(scale.left - 7, y + 4.3, f"{value:g}", 12, 500, "text2", RIGHT)
        self._band(ink, scale, lane, self.found, top)
        text = f"{LABEL} {self.found.source}"
        if ink.width(text, 12, 500) > lane.width() - 12:
            text = LABEL if ink.width(LABEL, 12, 500) <= lane.width() - 12 else SHORT_LABEL
        ink.text(lane.left() + 6, lane.top() + 14, text, 12, 500, "text", room=lane.width() - 12)

    def _band(self, ink: Ink, scale: Scale, lane: QRectF, found: Estimate, top: float) -> None:
        offset = scale.seconds(found.start)
        seconds = found.seconds + offset
        keep = (seconds >= scale.start) & (seconds <= scale.end)
        if not bool(np.any(keep)):
            return
        left, span = lane.left(), scale.end - scale.start
        xs = left + (seconds[keep] - scale.start) / span * lane.width()
        reach = lane.height() - WORDS

        def at(values: float) -> float:
            return lane.bottom() - min(values, top) / top * reach

        upper = [QPointF(x, at(v)) for x, v in zip(xs, found.high[keep], strict=True)]
        lower = [QPointF(x, at(v)) for x, v in zip(xs, found.low[keep], strict=True)]
        ink.painter.setPen(Qt.PenStyle.NoPen)
        ink.painter.setBrush(ink.color("limit"))
        ink.painter.setOpacity(0.55)
        ink.painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
        ink.painter.setOpacity(1.0)
