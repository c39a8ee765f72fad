"""The alarm area: always reserved; calm words, or up to three alarms and who acknowledged them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.view import ActiveAlarm
from ui.theme import Theme
from ui.widgets.basics import ActionButton
from ui.widgets.ink import CENTRE, RIGHT, Ink, Painted, text_width

HEIGHT = 58
BLOCK = 48
SHOWN = 3

#: Half a period of the flash in ms: HIGH 2 Hz, MEDIUM 0.6 Hz, LOW steady (IEC 60601-1-8).
HALF_PERIOD_MS = {"high": 250, "medium": 833}


class AlarmBar(Painted):
    """Shows alarms in the order given (the domain's); emits what the nurse wants done.

    The flash swaps fill and outline; the text can be read in both phases.
    """

    acknowledge_wanted = Signal(object)
    limits_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Alarms", parent)
        self.setFixedHeight(HEIGHT)
        self._alarms: tuple[ActiveAlarm, ...] = ()
        self._last = ""
        self._now: datetime | None = None
        self._blocks: list[tuple[QRectF, ActiveAlarm]] = []
        self._more = QRectF()
        self._audio = QRectF()
        self._lit = {"high": True, "medium": True, "low": True}
        self._timers: dict[str, QTimer] = {}
        for priority, half in HALF_PERIOD_MS.items():
            timer = QTimer(self)
            timer.setInterval(half)
            timer.timeout.connect(lambda p=priority: self._flash(p))
            self._timers[priority] = timer
        self.limits = ActionButton(theme, "Limits", "bell", "F2", parent=self)
        self.limits.clicked.connect(self.limits_wanted)
        self.acknowledge = ActionButton(theme, "Acknowledge", "check", "A", parent=self)
        self.acknowledge.clicked.connect(self.acknowledge_highest)
        self.acknowledge.hide()

    def show_alarms(self, alarms: Sequence[ActiveAlarm], last: str, now: datetime) -> None:
        """``alarms`` in the order to show; ``last`` is the last alarm in words, or empty."""
        self._alarms, self._last, self._now = tuple(alarms), last, now
        for priority, timer in self._timers.items():
            flashing = any(a.priority == priority and not a.acknowledged_at for a in self._alarms)
            if flashing and not timer.isActive():
                self._lit[priority] = True
                timer.start()
            elif not flashing:
                timer.stop()
                self._lit[priority] = True
        self._arrange()
        self.update()

    @property
    def highest(self) -> ActiveAlarm | None:
        """The most urgent alarm that nobody has acknowledged."""
        return next((a for a in self._alarms if a.acknowledged_at is None), None)

    def acknowledge_highest(self) -> None:
        """Key A, or the button beside it."""
        if self.highest is not None:
            self.acknowledge_wanted.emit(self.highest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _flash(self, priority: str) -> None:
        self._lit[priority] = not self._lit[priority]
        self.update()

    def _needed(self, alarm: ActiveAlarm) -> float:
        """Width in which the alarm's text stands whole."""
        text = text_width(self.theme.font(15, 700), alarm.text)
        return 36 + text_width(self.theme.font(20, 800), words.STARS[alarm.priority]) + text

    def _chosen(self, most: int) -> list[ActiveAlarm]:
        """The first few; the highest unacknowledged one is always among them."""
        chosen = list(self._alarms[:most])
        if self.highest is not None and self.highest not in chosen:
            chosen[-1] = self.highest
        return chosen

    def _arrange(self) -> None:
        """Gives each block its place; the Acknowledge button stands after its alarm."""
        top, right = 5, self.width() - 8
        self.limits.setGeometry(right - 170, top, 170, BLOCK)
        self.limits.setVisible(not self._alarms)
        self._blocks, self._more, self._audio = [], QRectF(), QRectF()
        highest = self.highest
        self.acknowledge.setVisible(highest is not None)
        if not self._alarms:
            return
        narrow = self.width() < 1100
        audio, button = (116, 168) if narrow else (150, 192)
        self._audio = QRectF(right - audio, top, audio, BLOCK)
        right -= audio + 8
        ack = button + 8 if highest else 0
        for most in range(SHOWN, 0, -1):
            chosen = self._chosen(most)
            more = 80 if len(self._alarms) > len(chosen) else 0
            room = right - more - 8 - 8 * (len(chosen) - 1) - ack
            needs = [self._needed(alarm) for alarm in chosen]
            if sum(needs) <= room:
                break
        if more:
            self._more = QRectF(right - 72, top, 72, BLOCK)
        spare = max(0.0, room - sum(needs)) / (len(chosen) + 1)
        x = 8.0
        for place, (alarm, need) in enumerate(zip(chosen, needs, strict=True)):
            width = min(room, 520.0, need + spare * (2 if place == 0 else 1))
            self._blocks.append((QRectF(x, top, width, BLOCK), alarm))
            x += width + 8
            if alarm is highest:
                self.acknowledge.edge = self.theme.tokens.alarm(alarm.priority)[0]
                self.acknowledge.setGeometry(int(x), top, button, BLOCK)
                x += button + 8

    def draw(self, ink: Ink) -> None:
        width = float(self.width())
        ink.line(0, HEIGHT - 0.5, width, HEIGHT - 0.5)
        if not self._alarms:
            self._draw_calm(ink, QRectF(8, 5, width - 16 - 178, BLOCK))
            return
        for area, alarm in self._blocks:
            self._draw_block(ink, area, alarm)
        if not self._more.isNull():
            count = f"+ {len(self._alarms) - len(self._blocks)} more"
            ink.box(self._more, "panel", "text2", 2)
            ink.text(self._more.center().x(), 34, count, 13, 700, "text", CENTRE)
        self._draw_audio(ink)

    def _draw_calm(self, ink: Ink, area: QRectF) -> None:
        ink.box(area, None, "line2", dashed=True)
        audio = "AUDIO OFF · this version makes no sound"
        x = area.left() + 15
        x += ink.text(x, 34, "No active alarms", 15, 600, "text") + 11
        end = area.right() - 14 - ink.width(audio, 13)
        wide = end - 30 - x > 120
        if wide:
            ink.text(area.right() - 14, 33.5, audio, 13, 400, "text2", RIGHT)
            ink.icon("bell-paused", end - 27, 20, 18, "text2")
        else:
            end = area.right() - 14 - ink.width("AUDIO OFF", 13, 600)
            ink.text(area.right() - 14, 33.5, "AUDIO OFF", 13, 600, "text2", RIGHT)
            ink.icon("bell-paused", end - 27, 20, 18, "text2")
        if self._last:
            ink.text(x, 33.5, f"Last alarm: {self._last}", 13, 400, "text2", room=end - 44 - x)

    def _draw_block(self, ink: Ink, area: QRectF, alarm: ActiveAlarm) -> None:
        fill, on_fill = ink.theme.tokens.alarm(alarm.priority)
        filled = alarm.acknowledged_at is None and self._lit[alarm.priority]
        if filled:
            edge = ink.theme.tokens.alarm_edge if self._edged(alarm) else fill
            ink.box(area, fill, edge, 2)
            tone = on_fill
        else:
            if not ink.theme.night:
                ink.box(area, "panel", "alarm_edge", 5)
                ink.box(area.adjusted(1, 1, -1, -1), None, fill, 3)
            else:
                ink.box(area, "panel", fill, 3)
            tone = "text"
        stars = words.STARS[alarm.priority]
        big = alarm.priority == "high" and area.width() > 300
        x = area.left() + 13
        x += ink.text(x, area.top() + (36 if big else 31), stars, 28 if big else 20, 800, tone) + 13
        room = area.right() - x - 9
        word = alarm.priority.upper()
        if big:
            ink.text(x, area.top() + 20, word, 12, 700, tone)
            title_x = x + ink.width(word, 12, 700) + 9
            self._title(ink, title_x, area.top() + 22, alarm.text, 19, tone, room - title_x + x)
            below = self._below(alarm)
        else:
            self._title(ink, x, area.top() + 21, alarm.text, 15, tone, room)
            below = f"{word} · {self._below(alarm)}"
        ink.text(x, area.top() + 39.5, below, 12, 500, tone, room=room)

    def _edged(self, alarm: ActiveAlarm) -> bool:
        """Yellow and cyan have little contrast on white; HIGH has its edge by night, too."""
        return not self.theme.night or alarm.priority == "high"

    def _title(
        self, ink: Ink, x: float, y: float, text: str, size: int, tone: str, room: float
    ) -> None:
        while size > 12 and ink.width(text, size, 700) > room:
            size -= 1
        ink.text(x, y, text, size, 700, tone, room=room)

    def _below(self, alarm: ActiveAlarm) -> str:
        """Acknowledged by whom, or what it is about and for how long."""
        if alarm.acknowledged_at is not None:
            who = alarm.acknowledged_by or ""
            return f"ACKNOWLEDGED, {who}, {words.clock(alarm.acknowledged_at)}"
        parts = [alarm.detail] if alarm.detail else []
        if self._now is not None:
            parts.append(f"for {words.countdown((self._now - alarm.since).total_seconds())}")
        if alarm.type == "technical":
            parts.append("technical")
        return " · ".join(parts)

    def _draw_audio(self, ink: Ink) -> None:
        area = self._audio
        ink.box(area, None, "text", 2)
        ink.icon("bell-paused", area.left() + 8, area.top() + 14, 20, "text")
        ink.text(area.left() + 36, area.top() + 21, "AUDIO OFF", 13, 700, "text")
        ink.text(
            area.left() + 36,
            area.top() + 38,
            "no sound" if area.width() < 130 else "no alarm sound",
            12,
            400,
            "text2",
            room=area.width() - 42,
        )
