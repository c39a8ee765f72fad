"""The alarm area: always reserved; calm words, or the alarms, what is paused, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ketamonitor.view import ActiveAlarm, AudioPause, Interruption, SessionView
from ui.keys import ACKNOWLEDGE, AUDIO
from ui.theme import Theme
from ui.widgets.alarm_block import HALF_PERIOD_MS, button_edge, draw_block, flashes, needed
from ui.widgets.alarm_buttons import (
    AudioButton,
    ChairAlarmButton,
    InterruptionButton,
    MoreButton,
    SoundButton,
)
from ui.widgets.alarm_words import highest, interruption_now, pause_now, recorded, worst
from ui.widgets.basics import ActionButton
from ui.widgets.dead_time import DeadTime
from ui.widgets.ink import Ink, Painted, text_width

HEIGHT = 58
BLOCK = 48
#: One cuff reading alone can give two (SYS and DIA), so that four are shown where they fit.
SHOWN = 4
#: Logical pixels that a key with a modifier takes more than a letter.
LONGER = 34
TOP, GAP, EDGE = 5, 8, 8
NARROW, WIDEST = 1100, 640.0


class Flash:
    """The common beat of one priority's blocks: all of them change at the same moment."""

    def __init__(self, owner: QWidget, half_ms: int) -> None:
        self.lit = True
        self._owner = owner
        self.timer = QTimer(owner)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.setInterval(half_ms)
        self.timer.timeout.connect(self._swap)

    def run(self, wanted: bool) -> None:
        if wanted and not self.timer.isActive():
            self.lit = True
            self.timer.start()
        elif not wanted:
            self.timer.stop()
            self.lit = True

    def _swap(self) -> None:
        self.lit = not self.lit
        self._owner.update()


class AlarmBar(Painted):
    """Shows alarms in the order given (the domain's); emits what the nurse wants done.

    The flash swaps fill and outline; the text can be read in both phases. Nothing rotates: the
    alarm that Acknowledge is about always has its block, and so has every one before it that fits.
    """

    acknowledge_wanted = Signal(object)
    limits_wanted = Signal()
    audio_wanted = Signal()
    interruption_wanted = Signal()
    alarms_wanted = Signal()
    sound_test_wanted = Signal()
    chair_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Alarms", parent)
        self.setFixedHeight(HEIGHT)
        self._dead = DeadTime(self)
        self._alarms: tuple[ActiveAlarm, ...] = ()
        self._last = ""
        self._now: datetime | None = None
        self._pause: AudioPause | None = None
        self._interruption: Interruption | None = None
        self._blocks: list[tuple[QRectF, ActiveAlarm]] = []
        self._calm = QRectF()
        self.flash = {name: Flash(self, half) for name, half in HALF_PERIOD_MS.items()}
        self.acknowledge = ActionButton(theme, "Acknowledge", "check", "A", parent=self)
        self.acknowledge.clicked.connect(self.acknowledge_highest)
        self.more = MoreButton(theme, self)
        self.more.clicked.connect(self.alarms_wanted)
        self.other = ChairAlarmButton(theme, self)
        self.other.clicked.connect(lambda: self.chair_wanted.emit(self.other.session))
        self.interruption = InterruptionButton(theme, self)
        self.interruption.clicked.connect(self.interruption_wanted)
        self.audio = AudioButton(theme, self)
        self.audio.clicked.connect(self.audio_wanted)
        self.sound = SoundButton(theme, self)
        self.sound.clicked.connect(self.sound_test_wanted)
        self.limits = ActionButton(theme, "Limits", "bell", "F2", parent=self)
        self.limits.clicked.connect(self.limits_wanted)
        for button in (self.acknowledge, self.more, self.other, self.interruption, self.audio):
            button.hide()
        theme.changed.connect(self._arrange)

    def show_view(self, view: SessionView, alarms: Sequence[ActiveAlarm], now: datetime) -> None:
        """``alarms`` in the order to show: the view's, led by what only the screen knows."""
        self._alarms, self._last, self._now = tuple(alarms), view.last_alarm, now
        self._pause, self._interruption = pause_now(view, now), interruption_now(view, now)
        self.audio.show_pause(self._pause, now)
        self.interruption.show_pause(view, self._interruption, now)
        self.sound.show_view(view)
        self._beat()
        self._arrange()
        self.update()

    def show_other(
        self, session: str, chair: str, alarm: ActiveAlarm | None, more: int = 0
    ) -> None:
        """The worst alarm of the other chairs, or ``None``; ``more`` of them stand behind it."""
        if alarm is None:
            self.other.alarm = None
        else:
            self.other.show_alarm(session, chair, alarm, more)
        self._beat()
        self._arrange()
        self.update()

    def show_keys(self, *, beside_panel: bool) -> None:
        """With a panel open single letters are its own; the bar shows the keys that act then."""
        self.acknowledge.set_key(ACKNOWLEDGE if beside_panel else "A")
        self.audio.set_key(AUDIO if beside_panel else "S")
        self._arrange()

    @property
    def highest(self) -> ActiveAlarm | None:
        """The alarm that Acknowledge is about."""
        return highest(self._alarms)

    @property
    def blocks(self) -> list[tuple[QRectF, ActiveAlarm]]:
        """Where each alarm stands that has a block."""
        return self._blocks

    @property
    def can_pause(self) -> bool:
        """Audio is not paused in advance: an alarm asks for attention, or a pause may be ended."""
        return any(a.signals and recorded(a) for a in self._alarms) or self._pause is not None

    def acknowledge_highest(self) -> None:
        """Key A, or the button beside it."""
        if self.highest is not None and self._dead.take(self.acknowledge):
            self.acknowledge_wanted.emit(self.highest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _beat(self) -> None:
        everything = [*self._alarms, *filter(None, [self.other.alarm])]
        for priority, flash in self.flash.items():
            flash.run(any(flashes(a) and a.priority == priority for a in everything))

    def _lit(self, alarm: ActiveAlarm) -> bool:
        return not flashes(alarm) or self.flash[alarm.priority].lit

    # Placing ----------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """From the right: audio, interruption, another chair; the alarms take the rest. Where that
        is too little for one alarm, the buttons keep sign and key and give their words' room."""
        self._place(tight=False)
        needs = {alarm.id: needed(self.theme, alarm) for _, alarm in self._blocks}
        if any(area.width() < needs[alarm.id] for area, alarm in self._blocks):
            self._place(tight=True)

    def _place(self, *, tight: bool) -> None:
        self._blocks, self._calm = [], QRectF()
        narrow, right = self.width() < NARROW, self.width() - EDGE
        calm = not self._alarms
        self.limits.setVisible(calm)
        self.sound.setVisible(calm)
        self.acknowledge.setVisible(self.highest is not None)
        self.more.hide()
        if calm:
            right = self._at_right(self.limits, 128 if narrow else 170, right)
        self.audio.setVisible(self.can_pause)
        if self.can_pause:
            right = self._at_right(self.audio, self.audio.wanted(narrow), right)
        self.interruption.setVisible(self._interruption is not None)
        if self._interruption is not None:
            right = self._at_right(self.interruption, self._interruption_width(narrow), right)
        self.other.setVisible(self.other.alarm is not None)
        if self.other.alarm is not None:
            right = self._at_right(self.other, 84 if tight else 150 if narrow else 210, right)
        if calm:
            self._arrange_calm(right)
        else:
            longer = LONGER if len(self.acknowledge.key) > 1 else 0
            self._arrange_alarms(right, 92 if tight else (168 if narrow else 192) + longer)

    def _interruption_width(self, narrow: bool) -> int:
        if narrow:
            return 204
        if self._alarms:
            return 250 if self.width() < 1600 else 420
        return 480

    def _at_right(self, widget: QWidget, wide: int, right: int) -> int:
        widget.setGeometry(QRect(right - wide, TOP, wide, BLOCK))
        return right - wide - GAP

    def _arrange_calm(self, right: int) -> None:
        self._calm = QRectF(EDGE, TOP, right - EDGE, BLOCK)
        said = text_width(self.theme.font(13, 600), self.sound.said) + 46
        wide = int(min(said, max(140, self._calm.width() - 160)))
        self.sound.setGeometry(int(self._calm.right()) - 4 - wide, TOP + 2, wide, BLOCK - 4)

    def _arrange_alarms(self, right: int, button: int) -> None:
        about = self.highest
        self.acknowledge.set_rail(button < 100)
        after = button + GAP if about else 0
        for most in range(SHOWN, 0, -1):
            chosen = self._chosen(most)
            rest = [a for a in self._alarms if a not in chosen]
            more = 78 if rest else 0
            room = right - EDGE - (more + GAP if more else 0) - GAP * (len(chosen) - 1) - after
            needs = [needed(self.theme, alarm) for alarm in chosen]
            if sum(needs) <= room:
                break
        if rest:
            self.more.show_rest(rest, worst(rest))
            self.more.setGeometry(right - more, TOP, more, BLOCK)
            self.more.show()
        spare = max(0.0, room - sum(needs)) / (len(chosen) + 1)
        x = float(EDGE)
        for place, (alarm, need) in enumerate(zip(chosen, needs, strict=True)):
            width = min(room, WIDEST, need + spare * (2 if place == 0 else 1))
            self._blocks.append((QRectF(x, TOP, width, BLOCK), alarm))
            x += width + GAP
            if alarm is about:
                self.acknowledge.edge = button_edge(self.theme, alarm)
                self.acknowledge.setGeometry(int(x), TOP, button, BLOCK)
                x += button + GAP

    def _chosen(self, most: int) -> list[ActiveAlarm]:
        """The first few; what Acknowledge is about is always among them."""
        chosen = list(self._alarms[:most])
        if self.highest is not None and self.highest not in chosen:
            chosen[-1] = self.highest
        return chosen

    # Drawing ----------------------------------------------------------------------------------

    def draw(self, ink: Ink) -> None:
        ink.line(0, HEIGHT - 0.5, self.width(), HEIGHT - 0.5)
        if self.other.alarm is not None and self.other.lit is not self._lit(self.other.alarm):
            self.other.show_lit(self._lit(self.other.alarm))
        if not self._alarms:
            self._draw_calm(ink)
        elif self._now is not None:
            for area, alarm in self._blocks:
                draw_block(ink, area, alarm, self._lit(alarm), self._now)

    def _draw_calm(self, ink: Ink) -> None:
        area = self._calm
        ink.box(area, None, "line2", dashed=True)
        x = area.left() + 15
        end = self.sound.x() - 8
        x += ink.text(x, 34, "No active alarms", 15, 600, "text", room=end - x) + 11
        paused = self._pause is not None or self._interruption is not None
        if self._last and not paused and end - x > 120:
            ink.text(x, 33.5, f"Last alarm: {self._last}", 13, 400, "text2", room=end - x)
