"""Above every page but the live ones: the worst alarm of all chairs, and what is paused where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.view import ActiveAlarm, SessionView
from ui.theme import Theme
from ui.widgets.alarm_bar import Flash
from ui.widgets.alarm_block import HALF_PERIOD_MS, flashes
from ui.widgets.alarm_buttons import ChairAlarmButton
from ui.widgets.alarm_words import interruption_now, pause_now
from ui.widgets.ink import RIGHT, Ink, Painted

HEIGHT = 56


class AlarmStrip(Painted):
    """Shown while there is an alarm or a pause in any session; a touch goes to that chair."""

    live_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Alarms of all chairs", parent)
        self.setFixedHeight(HEIGHT)
        self._paused = ""
        self.alarm = ChairAlarmButton(theme, self)
        self.alarm.clicked.connect(lambda: self.live_wanted.emit(self.alarm.session))
        self.flash = {name: Flash(self, half) for name, half in HALF_PERIOD_MS.items()}
        self._wanted = False

    @property
    def wanted(self) -> bool:
        """Whether it has anything to say."""
        return self._wanted

    def show_alarms(
        self,
        worst: tuple[str, str, ActiveAlarm] | None,
        more: int,
        views: Sequence[SessionView],
        now: datetime,
    ) -> None:
        """``worst``: session, chair and alarm; ``more``: how many others there are."""
        self._paused = " · ".join(pauses(views, now))
        self.alarm.setVisible(worst is not None)
        if worst is not None:
            self.alarm.show_alarm(*worst, more)
        for priority, flash in self.flash.items():
            flash.run(worst is not None and flashes(worst[2]) and worst[2].priority == priority)
        self._wanted = worst is not None or bool(self._paused)
        self._arrange()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(600, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        share = 0.55 if self._paused else 1.0
        self.alarm.setGeometry(8, 4, round((self.width() - 16) * share), HEIGHT - 8)

    def draw(self, ink: Ink) -> None:
        alarm = self.alarm.alarm
        if alarm is not None and self.alarm.isVisible():
            lit = not flashes(alarm) or self.flash[alarm.priority].lit
            if lit is not self.alarm.lit:
                self.alarm.show_lit(lit)
        ink.line(0, HEIGHT - 0.5, self.width(), HEIGHT - 0.5)
        left = self.alarm.geometry().right() + 14 if self.alarm.isVisible() else 14
        room = self.width() - 14 - left
        if self._paused:
            ink.text(self.width() - 14, 33, self._paused, 14, 600, "text", RIGHT, room)


def pauses(views: Sequence[SessionView], now: datetime) -> list[str]:
    """What is paused on which chair and for how long: ``Chair 3 AUDIO PAUSED 1:42``."""
    said = []
    for view in views:
        audio, alarm = pause_now(view, now), interruption_now(view, now)
        for pause, paused, off in (
            (audio, "AUDIO PAUSED", "AUDIO OFF"),
            (alarm, "ALARM PAUSED", "ALARM OFF"),
        ):
            if pause is not None:
                left = ""
                if pause.until is not None:
                    left = f" {words.countdown((pause.until - now).total_seconds())}"
                said.append(f"Chair {view.info.chair} {paused if pause.until else off}{left}")
    return said
