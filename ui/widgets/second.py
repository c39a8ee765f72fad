"""The edge round the window and the board on the second screen, as they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from ketamonitor import words
from ketamonitor.view import ActiveAlarm
from ui.theme import Theme
from ui.widgets.ink import Ink, Painted

#: Width of the edge, and what it has without covering anything where the window has no room to
#: give: the pages' own margin at the sides, and above and below the first and last row of text.
EDGE, SIDE, ROW = 12, 8, 6
#: From this size on the window keeps the rest of the edge's width free at all times, so that
#: nothing moves when an alarm comes.
ROOMY = (1616, 900)
#: What is left of it in the dark phase of its flash.
LINE = 2
#: Alarms on the board; further ones are counted.
ROWS = 4
#: The smallest figure that is read from 4 m (see the design of the tiles), in logical pixels.
READABLE = 66


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm on the board: which chair, and the last four characters of the record number."""

    chair: str
    mrn: str
    alarm: ActiveAlarm


def other_screen(screens: Sequence[QRect], window: QRect) -> QRect | None:
    """The area of a screen that the window is not on, or ``None`` where there is no other.

    The window is on the screen that holds most of it.
    """
    if len(screens) < 2:
        return None
    own = max(screens, key=lambda area: _shared(area, window))
    return next((area for area in screens if area != own), None)


def _shared(area: QRect, window: QRect) -> int:
    both = area.intersected(window)
    return max(0, both.width()) * max(0, both.height())


def edge_widths(width: int, height: int) -> tuple[int, int]:
    """Width of the edge at the sides, and above and below, in a window of that size."""
    return (EDGE, EDGE) if width >= ROOMY[0] and height >= ROOMY[1] else (SIDE, ROW)


class _Bar(QWidget):
    """One side of the edge. It takes neither mouse nor focus."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.priority, self.lit = "high", True
        self.outer = QRect()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Filled, or its outermost line alone: it is never quite gone while the alarm asks for
        attention."""
        fill = QColor(self._theme.tokens.alarm(self.priority)[0])
        painter = QPainter(self)
        painter.fillRect(self.rect(), fill if self.lit else self._theme.color("bg"))
        painter.fillRect(self.outer, fill)
        painter.end()


class Edge:
    """Four bars round a window. They cover no text and take no mouse."""

    def __init__(self, theme: Theme, window: QMainWindow) -> None:
        self._window = window
        self.bars = tuple(_Bar(theme, window) for _ in range(4))
        self.priority: str | None = None
        self.lit = True
        self.fit()

    def show_priority(self, priority: str | None) -> None:
        """The alarm colour to show, or ``None`` for no edge."""
        if priority == self.priority:
            return
        self.priority = priority
        for bar in self.bars:
            if priority is not None:
                bar.priority = priority
                bar.update()
            bar.setVisible(priority is not None)
            bar.raise_()

    def show_lit(self, lit: bool) -> None:
        self.lit = lit
        for bar in self.bars:
            if bar.lit is not lit:
                bar.lit = lit
                bar.update()

    def fit(self) -> None:
        """As large as the window is now; a roomy window keeps its place free."""
        wide, high = self._window.width(), self._window.height()
        side, row = edge_widths(wide, high)
        self._window.setContentsMargins(side - SIDE, row - ROW, side - SIDE, row - ROW)
        top, left = self.bars[0], self.bars[2]
        bottom, right = self.bars[1], self.bars[3]
        top.setGeometry(0, 0, wide, row)
        bottom.setGeometry(0, high - row, wide, row)
        left.setGeometry(0, row, side, high - 2 * row)
        right.setGeometry(wide - side, row, side, high - 2 * row)
        top.outer, bottom.outer = QRect(0, 0, wide, LINE), QRect(0, row - LINE, wide, LINE)
        left.outer, right.outer = QRect(0, 0, LINE, high), QRect(side - LINE, 0, LINE, high)


class HighBoard(Painted):
    """Every HIGH alert on a screen of its own, to be read from 4 m. It names no patient, and is
    only looked at: what is to be done is done at the chair."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "HIGH alerts")
        self.setWindowTitle("KetaMonitor, HIGH alerts")
        self.setWindowFlags(
            Qt.WindowType.Window
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowDoesNotAcceptFocus
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        # The program ends with its own window, also while this one is open.
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._shown: tuple[Shown, ...] = ()
        self._lit = True

    def show_alarms(self, shown: Sequence[Shown]) -> None:
        """The alarms, most urgent first."""
        if tuple(shown) != self._shown:
            self._shown = tuple(shown)
            self.update()

    def show_lit(self, lit: bool) -> None:
        if lit is not self._lit:
            self._lit = lit
            self.update()

    def draw(self, ink: Ink) -> None:
        ink.painter.fillRect(self.rect(), ink.color("bg"))
        rows, more = self._shown[:ROWS], len(self._shown) - ROWS
        if not rows:
            return
        foot = 60 if more > 0 else 0
        high = (self.height() - 24 - foot) / max(2, len(rows))
        for place, shown in enumerate(rows):
            area = QRectF(24, 24 + place * high, self.width() - 48, high - 24)
            self._draw_row(ink, area, shown)
        if more > 0:
            ink.text(36, self.height() - 28, f"+ {more} more", 36, 700, "text")

    def _draw_row(self, ink: Ink, area: QRectF, shown: Shown) -> None:
        """A field of the alarm's colour with the stars, which flashes; the words beside it stay."""
        alarm = shown.alarm
        fill, on_fill = ink.theme.tokens.alarm(alarm.priority)
        ink.box(area, "panel", fill, 6)
        lit = self._lit and alarm.signals
        mark = QRectF(area.left(), area.top(), min(300.0, area.width() * 0.24), area.height())
        ink.box(mark, fill if lit else "panel", fill, 6)
        tone = on_fill if lit else "text"
        middle = mark.center().y() - 12
        stars = words.STARS[alarm.priority]
        _centred(ink, mark, middle + 28, stars, 96, tone)
        _centred(ink, mark, middle + 76, alarm.priority.upper(), 56, tone)
        x, room = mark.right() + 32, area.right() - mark.right() - 56
        size = _fitting(ink, alarm.text, room, round(area.height() * 0.42))
        top = area.top() + max(0.0, (area.height() - 60 - size - 48) / 2)
        seen = "" if alarm.acknowledged_at is None else " · ACKNOWLEDGED"
        ink.text(x, top + 48, f"Chair {shown.chair}{seen}", 56, 700, "text", room=room)
        ink.text(x, top + 60 + size * 0.85, alarm.text, size, 700, "text", room=room)
        below = top + 60 + size + 32
        if shown.mrn and below < area.bottom() - 8:
            ink.text(x, below, f"MRN ends {shown.mrn}", 28, 500, "text2", room=room)


def _centred(ink: Ink, area: QRectF, y: float, text: str, size: int, tone: str) -> None:
    size = _fitting(ink, text, area.width() - 24, size, least=20)
    ink.text(area.center().x() - ink.width(text, size, 800) / 2, y, text, size, 800, tone)


def _fitting(ink: Ink, text: str, room: float, size: int, least: int = READABLE) -> int:
    """The largest size at which the text fits, not below what can be read from afar."""
    while size > least and ink.width(text, size, 700) > room:
        size -= 2
    return max(size, least)
