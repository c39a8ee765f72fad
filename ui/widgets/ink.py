"""Drawing with a theme: a painter that speaks tokens, and widgets that remember what they say."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui.icons import draw_icon
from ui.theme import RADIUS, Theme

LEFT = Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignRight
CENTRE = Qt.AlignmentFlag.AlignHCenter


def text_width(font: QFont, text: str) -> float:
    return QFontMetricsF(font).horizontalAdvance(text)


class Ink:
    """A painter in the colours and fonts of a theme; every text drawn is kept in ``words``."""

    def __init__(self, painter: QPainter, theme: Theme) -> None:
        self.painter = painter
        self.theme = theme
        self.words: list[str] = []
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)

    def color(self, token: str) -> QColor:
        """A token's colour; ``#RRGGBB`` stands for itself."""
        return QColor(token) if token.startswith("#") else self.theme.color(token)

    def text(
        self,
        x: float,
        baseline: float,
        text: str,
        size: int = 14,
        weight: int = 400,
        token: str = "text",
        align: Qt.AlignmentFlag = LEFT,
        room: float | None = None,
    ) -> float:
        """Writes on a baseline from ``x`` (or up to it, or about it); returns the width used.

        What does not fit into ``room`` is cut with an ellipsis; the words kept are whole.
        """
        if not text:
            return 0.0
        self.words.append(text)
        font = self.theme.font(size, weight)
        metrics = QFontMetricsF(font)
        if room is not None and metrics.horizontalAdvance(text) > room:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, room))
        width = metrics.horizontalAdvance(text)
        if align == RIGHT:
            x -= width
        elif align == CENTRE:
            x -= width / 2
        self.painter.setFont(font)
        self.painter.setPen(self.color(token))
        self.painter.drawText(QPointF(x, baseline), text)
        return width

    def width(self, text: str, size: int = 14, weight: int = 400) -> float:
        return text_width(self.theme.font(size, weight), text)

    def box(
        self,
        rect: QRectF,
        fill: str | None = None,
        edge: str | None = None,
        edge_width: float = 1,
        radius: float = RADIUS,
        dashed: bool = False,
    ) -> None:
        """A rounded box whose edge lies wholly inside ``rect``."""
        inset = edge_width / 2 if edge else 0
        area = rect.adjusted(inset, inset, -inset, -inset)
        self.painter.setBrush(self.color(fill) if fill else Qt.BrushStyle.NoBrush)
        if edge:
            pen = QPen(self.color(edge), edge_width)
            if dashed:
                pen.setDashPattern([4 / edge_width, 3 / edge_width])
            self.painter.setPen(pen)
        else:
            self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.drawRoundedRect(area, radius, radius)

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        token: str = "line",
        width: float = 1,
        dashes: list[float] | None = None,
    ) -> None:
        pen = QPen(self.color(token), width)
        if dashes:
            pen.setDashPattern(dashes)
        self.painter.setPen(pen)
        self.painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))

    def icon(self, name: str, x: float, y: float, size: int = 20, token: str = "text2") -> None:
        draw_icon(self.painter, name, QRectF(x, y, size, size), self.color(token))

    def hatch(self, rect: QRectF, token: str = "hatch", step: float = 9, width: float = 1) -> None:
        """Slanting lines over ``rect``: what is behind them is not to be relied on."""
        self.painter.save()
        self.painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        self.painter.setPen(QPen(self.color(token), width))
        x = rect.left() - rect.height()
        while x < rect.right():
            self.painter.drawLine(QPointF(x, rect.top()), QPointF(x + rect.height(), rect.bottom()))
            x += step
        self.painter.restore()

    def chip(
        self,
        x: float,
        middle: float,
        text: str,
        fill: str,
        token: str,
        size: int = 12,
        weight: int = 700,
        padding: float = 5,
        align: Qt.AlignmentFlag = LEFT,
        edge: str | None = None,
    ) -> float:
        """A small filled label centred on ``middle``; returns its width."""
        width, height = self.width(text, size, weight) + 2 * padding, size + 4
        if align == RIGHT:
            x -= width
        elif align == CENTRE:
            x -= width / 2
        self.box(QRectF(x, middle - height / 2, width, height), fill, edge, radius=3)
        self.text(x + padding, middle + size * 0.36, text, size, weight, token)
        return width


class Painted(QWidget):
    """A widget that draws itself with :class:`Ink`.

    What it says is also its accessible description, so that a screen reader and a test read what
    the eye reads.
    """

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.words: tuple[str, ...] = ()
        self.setAccessibleName(name)
        theme.changed.connect(self.update)

    def draw(self, ink: Ink) -> None:
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink = Ink(painter, self.theme)
        self.draw(ink)
        painter.end()
        words = tuple(ink.words)
        if words != self.words:
            self.words = words
            self.setAccessibleDescription(". ".join(words))
