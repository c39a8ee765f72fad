"""The one module that touches pyqtgraph: lanes with a common time axis, curves and dots in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

Floats = NDArray[np.float64]
Paint = Callable[[QPainter], None]


def pen(color: QColor) -> QPen:
    """A cosmetic pen one pixel wide: anything wider is about ten times as slow on long curves."""
    made = QPen(color, 1)
    made.setCosmetic(True)
    return made


class LanePlot(pg.GraphicsView):  # type: ignore[misc]
    """Lanes placed to the pixel; the scene's coordinates are the widget's.

    ``under`` and ``over`` are called with a painter in widget coordinates before and after the
    data are drawn: grid, lines and labels belong to whoever owns the plot. Ranges are set by the
    owner; nothing moves by itself, there is no mouse and no menu.
    """

    def __init__(self, under: Paint, over: Paint, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self._under, self._over = under, over
        self._lanes: dict[str, pg.ViewBox] = {}
        self._rects: dict[str, QRectF] = {}
        self._ranges: dict[str, tuple[float, float, float, float]] = {}
        self._curves: dict[str, pg.PlotCurveItem] = {}
        self._dots: dict[str, pg.ScatterPlotItem] = {}
        # pyqtgraph keeps the first background for ever; ours changes with the data.
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setInteractive(False)
        self.setAntialiasing(False)

    def add_lane(self, lane: str) -> None:
        box = pg.ViewBox(enableMouse=False, enableMenu=False)
        box.disableAutoRange()
        box.setDefaultPadding(0)
        self.scene().addItem(box)
        self._lanes[lane] = box
        self._rects[lane] = QRectF(0, 0, 10, 10)
        self._ranges[lane] = (0, 1, 0, 1)

    def place(self, lane: str, rect: QRectF) -> None:
        self._rects[lane] = rect
        self._lanes[lane].setGeometry(rect)

    def show_range(self, lane: str, x0: float, x1: float, y0: float, y1: float) -> None:
        if self._ranges[lane] != (x0, x1, y0, y1):
            self._ranges[lane] = (x0, x1, y0, y1)
            self._lanes[lane].setRange(xRange=(x0, x1), yRange=(y0, y1), padding=0)

    def rect_of(self, lane: str) -> QRectF:
        return self._rects[lane]

    def x_of(self, lane: str, x: float) -> float:
        rect, (x0, x1, _, _) = self._rects[lane], self._ranges[lane]
        return rect.left() + (x - x0) / (x1 - x0) * rect.width()

    def y_of(self, lane: str, y: float) -> float:
        rect, (_, _, y0, y1) = self._rects[lane], self._ranges[lane]
        return rect.bottom() - (y - y0) / (y1 - y0) * rect.height()

    def add_curve(self, name: str, lane: str) -> None:
        item = pg.PlotCurveItem(skipFiniteCheck=True, antialias=False)
        self._lanes[lane].addItem(item, ignoreBounds=True)
        self._curves[name] = item

    def set_curve(
        self, name: str, x: Floats, y: Floats, joined: NDArray[np.int32], color: QColor
    ) -> None:
        """All values must be finite; ``joined[i]`` = 0 leaves a gap after point i."""
        self._curves[name].setData(x=x, y=y, connect=joined, pen=pen(color), skipFiniteCheck=True)

    def add_dots(self, name: str, lane: str) -> None:
        item = pg.ScatterPlotItem(pxMode=True, antialias=True)
        self._lanes[lane].addItem(item, ignoreBounds=True)
        self._dots[name] = item

    def set_dots(
        self,
        name: str,
        x: Floats,
        y: Floats,
        color: QColor,
        *,
        size: float,
        symbol: str | QPainterPath = "o",
        outline: QColor | None = None,
    ) -> None:
        """``symbol`` is pyqtgraph's letter or a path in a box of 1 x 1 around its own origin."""
        edge = QPen(outline, 1.8) if outline is not None else QPen(Qt.PenStyle.NoPen)
        brush = pg.mkBrush(None) if outline is not None else pg.mkBrush(color)
        self._dots[name].setData(x=x, y=y, size=size, symbol=symbol, brush=brush, pen=edge)

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        painter.resetTransform()
        self._under(painter)
        painter.restore()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        painter.resetTransform()
        self._over(painter)
        painter.restore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)

    def redraw(self) -> None:
        self.viewport().update()
