"""The chart's marks drawn by hand: V with its tip at systolic, inverted V with it at diastolic."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen, QPolygonF

from ui.widgets.ink import Ink


def caret_down(ink: Ink, x: float, tip: float, size: float, token: str, width: float = 2) -> None:
    """A V whose tip is at ``(x, tip)``."""
    _caret(ink, x, tip, size, -1, token, width)


def caret_up(ink: Ink, x: float, tip: float, size: float, token: str, width: float = 2) -> None:
    """An inverted V whose tip is at ``(x, tip)``."""
    _caret(ink, x, tip, size, 1, token, width)


def due_triangle(ink: Ink, x: float, y: float, token: str) -> None:
    """The hollow triangle of a planned reading."""
    ink.painter.setBrush(Qt.BrushStyle.NoBrush)
    ink.painter.setPen(QPen(ink.color(token), 1.4))
    ink.painter.drawPolygon(
        QPolygonF([QPointF(x - 4.5, y - 3.5), QPointF(x + 4.5, y - 3.5), QPointF(x, y + 4)])
    )


def _caret(ink: Ink, x: float, tip: float, size: float, way: int, token: str, width: float) -> None:
    pen = QPen(ink.color(token), width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    ink.painter.setPen(pen)
    ink.painter.setBrush(Qt.BrushStyle.NoBrush)
    ink.painter.drawPolyline(
        QPolygonF(
            [
                QPointF(x - size, tip + way * size * 1.35),
                QPointF(x, tip),
                QPointF(x + size, tip + way * size * 1.35),
            ]
        )
    )
