"""The live page: is this my patient, is something wrong, how old is what I see, what is next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QWidget

from devices.timing import Clock
from ketamonitor.entries import Entry
from ketamonitor.record import Record
from ketamonitor.view import ActiveAlarm, SessionView, Update
from ui.guard import QUIET_S, distrusted, screen_alarms
from ui.keys import ACKNOWLEDGE, AUDIO, AUDIO_ALL
from ui.live_parts import LiveParts
from ui.theme import Theme
from ui.widgets.dead_time import DeadTime
from ui.widgets.trend_scale import ZOOM_WORDS

#: How often the page looks whether there is something to draw.
FRAME_MS = 250
SPARK_MIN = 15


class LivePage(LiveParts):
    """Shows a session and asks for acts by signals; it stores nothing and knows no rule.

    ``begin(entries)`` first where the session is not new; then :meth:`show_update` for each update.
    Where an update does not join what the page has, ``history_wanted`` asks for all entries.
    """

    history_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        clock: Clock,
        user: str = "",
        author: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, user, author or user, parent)
        self._clock = clock
        self._dead = DeadTime(self)
        self._view: SessionView | None = None
        self._record: Record | None = None
        self._seq = 0
        self._heard_at: datetime | None = None
        self._drawn_at: datetime | None = None
        self._stale = False
        self._alarms: tuple[ActiveAlarm, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Live session")
        for keys, act in (
            (ACKNOWLEDGE, self.alarm_bar.acknowledge_highest),
            (AUDIO, self.ask_audio),
            (AUDIO_ALL, self._ask_audio_of_all),
        ):
            self._always(keys, act)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._frame)
        self._timer.start()

    # What comes in ----------------------------------------------------------------------------

    def begin(self, entries: Sequence[Entry]) -> None:
        """Takes a session's entries from its start, for one that was running before this page."""
        self._record = Record.of(entries)
        self._seq = entries[-1].seq
        self.timeline.model.clear()
        self.timeline.add(entries, self._numbers())
        self._stale = True

    def show_update(self, update: Update) -> None:
        """Takes in what is new. It is drawn at the next frame, at most a quarter second later; an
        alarm that begins, changes or ends waits for no frame."""
        self._view, self._heard_at, self._stale = update.view, self._clock.now(), True
        if update.anew:
            self.begin(update.entries)
        else:
            self._add([entry for entry in update.entries if entry.seq > self._seq])
        if any(entry.kind == "alarm" for entry in update.entries):
            self.refresh()
            self.alarm_bar.repaint()  # now; the rest of the page may have much to draw

    def _add(self, new: Sequence[Entry]) -> None:
        """The entries that the page does not have yet, where they join those it has."""
        if not new:
            return
        if new[0].seq != self._seq + 1:
            self.history_wanted.emit()
            return
        if self._record is None:
            self._record = Record.of(new)
        else:
            for entry in new:
                self._record.add(entry)
        self._seq = new[-1].seq
        self.timeline.add(new, self._numbers())

    def set_user(self, user: str, author: str = "") -> None:
        """Who is signed in now: ``user`` as shown at the lower right, ``author`` the short name
        that stands in entries, by which the timeline knows "Mine"."""
        self.status.set_user(user)
        self.timeline.model.set_user(author or user)

    @property
    def view(self) -> SessionView | None:
        """The last picture that came."""
        return self._view

    @property
    def alarms(self) -> tuple[ActiveAlarm, ...]:
        """The alarms as they were last drawn, led by what only the screen can tell."""
        return self._alarms

    @property
    def record(self) -> Record | None:
        """The page's own copy of the record."""
        return self._record

    # Drawing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Draws the last picture as it is at this moment."""
        view, now = self._view, self._clock.now()
        if view is None:
            return
        self._drawn_at, self._stale = now, False
        stopped = self._stopped(now)
        self._alarms = alarms = screen_alarms(view, stopped)
        if stopped is not None:
            view = distrusted(view)
        self.banner.show_session(view.info, now, view.checkin, view.order)
        self.alarm_bar.show_view(view, alarms, now)
        self.phases.show_view(view, now)
        self.gate.show_view(view, now)
        for tile in (self.pressure, self.pulse, self.spo2, self.strip):
            tile.show_view(view, alarms, now)
        self.observed.show_view(view, now)
        self.due.show_view(view, now)
        self.status.show_view(view, now)
        wants_baseline = view.baseline is None and view.ended_at is None
        dosed = view.first_dose_at is not None
        if wants_baseline is self.baseline.isHidden() or dosed is not self._gate_runs:
            self._gate_runs = dosed
            self.baseline.setVisible(wants_baseline)
            self.checkin.setVisible(not dosed and view.ended_at is None)
            self._lay_out()
        self.end.setEnabled(view.ended_at is None)
        if self._record is not None:
            self.trend.show_view(view, self._record, now)
            self.pressure.show_cuff(self._record.cuff)
            self._show_recent(now)

    def _frame(self) -> None:
        now = self._clock.now()
        drawn = self._drawn_at
        if self._stale or drawn is None or int(now.timestamp()) != int(drawn.timestamp()):
            self.refresh()

    def _stopped(self, now: datetime) -> datetime | None:
        """When the last update came, where a live session has been quiet for too long."""
        if self._view is None or self._heard_at is None or self._view.ended_at is not None:
            return None
        quiet = (now - self._heard_at).total_seconds() / self._clock.speed
        return self._heard_at if quiet > QUIET_S else None

    def _show_recent(self, now: datetime) -> None:
        end = now.timestamp()
        start = end - timedelta(minutes=SPARK_MIN).total_seconds()
        for key, tile in (("pulse", self.pulse), ("spo2", self.spo2)):
            tile.show_recent(self.trend.chart.recent(key, start, end, 50), start, end)

    def _numbers(self) -> dict[int, int]:
        return {e.seq: e.number for e in self._record.events} if self._record else {}

    def showEvent(self, event: QShowEvent) -> None:
        """The page has the focus at first, so that its keys act and no button looks pressed."""
        super().showEvent(event)
        self.take_focus()

    def take_focus(self) -> None:
        """The keys go where they went last: into the open panel, else to the page."""
        if self._panel is None:
            self.setFocus()
        else:
            (self._panel.focusWidget() or self._panel).setFocus()

    # Keys -------------------------------------------------------------------------------------

    def _always(self, keys: str, act: Callable[[], object]) -> None:
        """Keys that act with a panel open, too, whatever is typed in."""
        made = QShortcut(QKeySequence(keys), self)
        made.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.setAutoRepeat(False)
        made.activated.connect(act)

    def _acts(self) -> dict[int, Callable[[], object]]:
        key = Qt.Key
        return {
            key.Key_K: self.checkin_wanted.emit,
            key.Key_T: self.baseline_wanted.emit,
            key.Key_D: self.dose_wanted.emit,
            key.Key_O: self.observe_wanted.emit,
            key.Key_B: self.bp_wanted.emit,
            key.Key_N: self.note_wanted.emit,
            key.Key_E: self.event_wanted.emit,
            key.Key_I: self.interruption_wanted.emit,
            key.Key_G: self.home_wanted.emit,
            key.Key_M: self.more_wanted.emit,
            key.Key_V: self.course_wanted.emit,
            key.Key_W: self.ledger_wanted.emit,
            key.Key_L: self.lock_wanted.emit,
            key.Key_A: self.alarm_bar.acknowledge_highest,
            key.Key_S: self.ask_audio,
            key.Key_C: self.card_wanted.emit,
        }

    def _function_keys(self) -> dict[int, Callable[[], object]]:
        key = Qt.Key
        return {
            key.Key_F2: self.limits_wanted.emit,
            key.Key_F3: self.alarms_wanted.emit,
            key.Key_F4: self.devices_wanted.emit,
            key.Key_F6: self.theme.switch,
        }

    def ask_audio(self) -> None:
        """Audio cannot be paused in advance: without an alarm or a pause the key does nothing."""
        if self.alarm_bar.can_pause and self._dead.take(AUDIO):
            self.audio_wanted.emit()

    def _ask_audio_of_all(self) -> None:
        if self._dead.take(AUDIO_ALL):
            self.audio_all_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Single keys. While a panel is open letters and digits are its alone, wherever the focus
        is: who types beside a field acts on nothing. Repeats of a key held down are ignored."""
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        zoom = event.key() - Qt.Key.Key_1
        act = self._acts().get(event.key())
        function = self._function_keys().get(event.key())
        shifted = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if event.isAutoRepeat():
            super().keyPressEvent(event)
        elif plain and function is not None:
            function()
        elif self._panel is not None:
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.correction_wanted.emit()
        elif shifted and event.key() == Qt.Key.Key_S:
            self._ask_audio_of_all()
        elif not plain:
            super().keyPressEvent(event)
        elif act is not None:
            act()
        elif 0 <= zoom < len(ZOOM_WORDS):
            self.trend.zoom.choose(zoom)
        else:
            super().keyPressEvent(event)
