"""How one alarm block is drawn: priority by word, asterisks, fill and flash."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF

from ketamonitor import words
from ketamonitor.view import ActiveAlarm
from ui.theme import Theme
from ui.widgets.alarm_words import below, fitting
from ui.widgets.ink import Ink, text_width

#: Half a period of the flash in ms: HIGH 2 Hz, MEDIUM 0.6 Hz, LOW steady (IEC 60601-1-8).
HALF_PERIOD_MS = {"high": 250, "medium": 833}

#: Width of the bars at both ends of a block that asks for attention and is dark just now.
BAR = 7.0


def needed(theme: Theme, alarm: ActiveAlarm) -> float:
    """Width in which the alarm's title stands whole, and who acknowledged it where somebody did."""
    text = text_width(theme.font(15, 700), alarm.text)
    if not alarm.signals:
        said = f"{alarm.priority.upper()} · {below(alarm, alarm.since)[0]}"
        text = max(text, text_width(theme.font(12, 500), said))
    return 36 + text_width(theme.font(20, 800), words.STARS[alarm.priority]) + text


def flashes(alarm: ActiveAlarm) -> bool:
    """Only what asks for attention; what is acknowledged or over is a steady outline."""
    return alarm.signals and alarm.priority in HALF_PERIOD_MS


def button_edge(theme: Theme, alarm: ActiveAlarm) -> str:
    """The edge of the button beside a block; by day yellow and cyan would be lost on white."""
    if theme.night or alarm.priority == "high":
        return theme.tokens.alarm(alarm.priority)[0]
    return theme.tokens.alarm_edge


def draw_ground(ink: Ink, area: QRectF, alarm: ActiveAlarm, lit: bool) -> str:
    """Fill, or outline; returns the tone in which its text can be read."""
    fill, on_fill = ink.theme.tokens.alarm(alarm.priority)
    night = ink.theme.night
    if alarm.signals and lit:
        # Yellow and cyan have little contrast on white; HIGH has its edge by night, too.
        edged = not night or alarm.priority == "high"
        ink.box(area, fill, ink.theme.tokens.alarm_edge if edged else fill, 2)
        return on_fill
    if night:
        ink.box(area, "panel", fill, 3)
    else:
        ink.box(area, "panel", "alarm_edge", 5)
        ink.box(area.adjusted(1, 1, -1, -1), None, fill, 3)
    if alarm.signals:
        # In the dark half of its flash it must not look as one that somebody has seen.
        for left in (area.left() + 2, area.right() - 2 - BAR):
            bar = QRectF(left, area.top() + 2, BAR, area.height() - 4)
            ink.painter.fillRect(bar, ink.color(fill))
    return "text"


def draw_block(ink: Ink, area: QRectF, alarm: ActiveAlarm, lit: bool, now: datetime) -> None:
    """One alarm in its block of the bar; reads the same in both phases of its flash."""
    tone = draw_ground(ink, area, alarm, lit)
    stars, word = words.STARS[alarm.priority], alarm.priority.upper()
    big = alarm.priority == "high" and area.width() > 260
    x = area.left() + 13
    x += ink.text(x, area.top() + (36 if big else 31), stars, 28 if big else 20, 800, tone) + 13
    room = area.right() - x - 9
    parts = below(alarm, now)
    if big:
        after = x + ink.text(x, area.top() + 20, word, 12, 700, tone) + 9
        _title(ink, after, area.top() + 22, alarm.text, 19, tone, room - (after - x))
    else:
        _title(ink, x, area.top() + 21, alarm.text, 15, tone, room)
        parts = (f"{word} · {parts[0]}", *parts[1:])
    said = fitting(parts, room, lambda text: ink.width(text, 12, 500))
    ink.text(x, area.top() + 39.5, said, 12, 500, tone, room=room)


def _title(ink: Ink, x: float, y: float, text: str, size: int, tone: str, room: float) -> None:
    while size > 12 and ink.width(text, size, 700) > room:
        size -= 1
    ink.text(x, y, text, size, 700, tone, room=room)
