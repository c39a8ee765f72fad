"""The buttons of the alarm area: audio state, planned interruption, sound check, all alarms."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.view import ActiveAlarm, AudioPause, Interruption, SessionView
from ui.theme import Theme
from ui.widgets.alarm_block import draw_ground
from ui.widgets.alarm_words import (
    audio_words,
    fitting,
    interruption_words,
    sound_fails,
    sound_words,
)
from ui.widgets.basics import Drawn, draw_key_cap
from ui.widgets.ink import CENTRE, RIGHT, Ink


class AudioButton(Drawn):
    """ "Pause audio", or the state of the audio: words, who, and the time that is left."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Pause audio", parent)
        self.said = ("Pause audio", "", "")
        self._key = ""
        self.set_key("S")

    def set_key(self, key: str) -> None:
        """The key that does the same now."""
        if key != self._key:
            self._key = key
            self.setToolTip(f"Pause the audio, or end the pause (key {key})")
            self.update()

    def show_pause(self, pause: AudioPause | None, now: datetime) -> None:
        self.said = audio_words(pause, now)
        self.setText(self.said[0])
        self.setAccessibleName(" ".join(part for part in (self.said[0], self.said[2]) if part))
        self.setAccessibleDescription(self.said[1] or f"key {self._key}")
        self.update()

    def wanted(self, narrow: bool) -> int:
        """The width for what it says."""
        if not self.said[1]:
            return 168 if len(self._key) == 1 else 204
        return 182 if narrow else 270

    def draw(self, ink: Ink, area: QRectF) -> None:
        title, who, left = self.said
        if not who:
            ink.box(area, self.ground(), "line2")
            ink.icon("bell", 10, 14, 20, "text")
            cap = draw_key_cap(ink, area.right() - 9, area.center().y(), self._key)
            ink.text(36, 29.5, title, 15, 600, "text", room=area.right() - 51 - cap)
            return
        ink.box(area, "panel", "text", 2)
        ink.icon("bell-paused", 9, 13, 22, "text")
        narrow = area.width() < 220
        end = area.right() - 11
        if left:
            size = 15 if narrow else 24
            end -= ink.text(end, 22 if narrow else 33, left, size, 700, "text", RIGHT) + 6
        ink.text(38, 21, title, 12 if narrow else 14, 700, "text", room=end - 38)
        room = (area.right() - 11 if narrow else end) - 38
        ink.text(38, 39, who, 12, 400, "text2", room=room)


class InterruptionButton(Drawn):
    """ALARM PAUSED for a planned interruption; never in a colour of an alarm."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "ALARM PAUSED", parent)
        self.said: tuple[str, tuple[str, ...], str] = ("", (), "")

    def show_pause(self, view: SessionView, pause: Interruption | None, now: datetime) -> None:
        if pause is None:
            self.said = ("", (), "")
            return
        self.said = interruption_words(view, pause, now)
        title, parts, left = self.said
        self.setText(title)
        self.setAccessibleName(" ".join(part for part in (title, left) if part))
        self.setAccessibleDescription(". ".join(parts))
        self.setToolTip("\n".join(parts))
        self.update()

    def draw(self, ink: Ink, area: QRectF) -> None:
        title, parts, left = self.said
        narrow = area.width() < 300
        ink.box(area, "panel", "text", 2)
        ink.icon("pause", 8, 14, 20, "text")
        end = area.right() - 11
        if left:
            size = 15 if narrow else 24
            end -= ink.text(end, 22 if narrow else 33, left, size, 700, "text", RIGHT) + 8
        used = ink.text(35, 21, title, 12 if narrow else 14, 700, "text", room=end - 35) + 10
        room = (area.right() - 11 if narrow else end) - 35
        if parts and used + ink.width(parts[0], 14, 600) < end - 35:
            ink.text(35 + used, 21, parts[0], 14, 600, "text")
            parts = parts[1:]
        said = fitting(parts, room, lambda text: ink.width(text, 12, 500))
        ink.text(35, 39, said, 12, 500, "text2", room=room)


class SoundButton(Drawn):
    """Where the tones go and when they were last heard; a touch asks for the sound test."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Sound", parent)
        self.said, self._strong = "", False

    def show_view(self, view: SessionView) -> None:
        self.said, self._strong = sound_words(view), sound_fails(view)
        self.setText(self.said)
        self.setAccessibleName(self.said)
        self.setAccessibleDescription("opens the sound test")
        self.update()

    def draw(self, ink: Ink, area: QRectF) -> None:
        if self.isDown() or self.underMouse():
            ink.box(area, "panel3")
        sign = "warning" if self._strong else "bell"
        ink.icon(sign, 8, area.center().y() - 9, 18, "text" if self._strong else "text2")
        weight, tone = (600, "text") if self._strong else (400, "text2")
        room = area.right() - 42
        ink.text(34, area.center().y() + 4.7, self.said, 13, weight, tone, room=room)


class MoreButton(Drawn):
    """How many alarms have no block of their own, with the worst of them; opens all (F3)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "all alarms", parent)
        self._count, self._stars = 0, ""

    def show_rest(self, rest: list[ActiveAlarm], worst: ActiveAlarm | None) -> None:
        self._count = len(rest)
        self._stars = words.STARS[worst.priority] if worst is not None else ""
        self.setText(f"+ {self._count} more" if rest else "All")
        self.setAccessibleName(f"{self.text()} {worst.priority.upper() if worst else ''}".strip())
        self.setAccessibleDescription("opens all alarms, key F3")
        self.update()

    def draw(self, ink: Ink, area: QRectF) -> None:
        ink.box(area, self.ground(), "text2", 2)
        middle = area.center().x()
        title = f"+ {self._count} more" if self._count else "All"
        ink.text(middle - ink.width(title, 13, 700) / 2, 21, title, 13, 700, "text")
        second = f"{self._stars} F3".strip()
        ink.text(middle - ink.width(second, 12, 600) / 2, 38, second, 12, 600, "text2")


class ChairAlarmButton(Drawn):
    """The worst alarm of another chair: which chair, how urgent, what. A touch goes there."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Another chair", parent)
        self.alarm: ActiveAlarm | None = None
        self.session, self._chair, self._more = "", "", 0
        self.lit = True

    def show_alarm(self, session: str, chair: str, alarm: ActiveAlarm, more: int = 0) -> None:
        """``more``: how many further alarms there are in all sessions it stands for."""
        self.session, self._chair, self.alarm, self._more = session, chair, alarm, more
        said = f"Chair {chair}: {alarm.priority.upper()} {alarm.text}"
        self.setText(said)
        self.setAccessibleName(said)
        self.setAccessibleDescription(self._state(alarm))
        self.update()

    def show_lit(self, lit: bool) -> None:
        self.lit = lit
        self.update()

    def draw(self, ink: Ink, area: QRectF) -> None:
        alarm = self.alarm
        if alarm is None:
            return
        tone = draw_ground(ink, area, alarm, self.lit)
        if area.width() < 110:
            middle = area.center().x()
            ink.text(middle, 24, words.STARS[alarm.priority], 20, 800, tone, CENTRE)
            ink.text(middle, 40, f"Chair {self._chair}", 12, 700, tone, CENTRE, area.width() - 8)
            return
        x = area.left() + 11
        x += ink.text(x, area.center().y() + 7, words.STARS[alarm.priority], 20, 800, tone) + 10
        room, high = area.right() - x - 9, area.height() >= 44
        title = f"Chair {self._chair} · {alarm.priority.upper()}"
        if high:
            more = f" + {self._more} more" if self._more else ""
            ink.text(x, area.top() + 20, title + more, 13, 700, tone, room=room)
            text = f"{alarm.text}{self._suffix(alarm)}"
            ink.text(x, area.top() + 38, text, 12, 600, tone, room=room)
        else:
            text = f"{title} · {alarm.text}{self._suffix(alarm)}"
            ink.text(x, area.center().y() + 5, text, 14, 700, tone, room=room)

    def _suffix(self, alarm: ActiveAlarm) -> str:
        state = self._state(alarm)
        return f" · {state}" if state else ""

    @staticmethod
    def _state(alarm: ActiveAlarm) -> str:
        if alarm.acknowledged_at is not None:
            return f"ACKNOWLEDGED, {alarm.acknowledged_by or ''}"
        return "OVER, not yet seen" if alarm.ended_at is not None else ""
