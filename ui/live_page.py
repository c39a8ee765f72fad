"""The live page: is this my patient, is something wrong, how old is what I see, what is next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from devices.timing import Clock
from ketamonitor.entries import Entry
from ketamonitor.record import Record
from ketamonitor.view import SessionView, Update
from ui.guard import QUIET_S, distrusted, screen_alarms
from ui.live_layout import places
from ui.theme import Theme
from ui.widgets.alarm_bar import AlarmBar
from ui.widgets.banner import Banner
from ui.widgets.basics import ActionButton, SmallButton
from ui.widgets.due_strip import DueStrip
from ui.widgets.observed import ObservedTile
from ui.widgets.phase_bar import GateBox, PhaseBar
from ui.widgets.status_bar import StatusBar
from ui.widgets.tiles import LiveTile, PressureTile
from ui.widgets.timeline import Timeline
from ui.widgets.trend import Trend
from ui.widgets.trend_scale import ZOOM_WORDS
from ui.widgets.value_strip import ValueStrip

#: How often the page looks whether there is something to draw.
FRAME_MS = 250
SPARK_MIN = 15
#: Widths of the buttons at the foot of the page.
SESSIONS, DEVICES, DEVICES_COMPACT = 92, 116, 90


class LivePage(QWidget):
    """Shows a session and asks for acts by signals; it stores nothing and knows no rule.

    ``begin(entries)`` first where the session is not new; then :meth:`show_update` for each update.
    Where an update does not join what the page has, ``history_wanted`` asks for all entries.
    """

    dose_wanted = Signal()
    observe_wanted = Signal()
    bp_wanted = Signal()
    note_wanted = Signal()
    event_wanted = Signal()
    end_wanted = Signal()
    baseline_wanted = Signal()
    limits_wanted = Signal()
    devices_wanted = Signal()
    lock_wanted = Signal()
    sessions_wanted = Signal()
    acknowledge_wanted = Signal(object)
    history_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        clock: Clock,
        user: str = "",
        author: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.theme, self._clock = theme, clock
        self._view: SessionView | None = None
        self._record: Record | None = None
        self._seq = 0
        self._heard_at: datetime | None = None
        self._drawn_at: datetime | None = None
        self._stale, self._dosed = False, False
        self._panel: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Live session")
        self._build(user, author or user)
        theme.changed.connect(self.update)
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
        """Takes in what is new. It is drawn at the next frame, at most a quarter second later."""
        self._view, self._heard_at, self._stale = update.view, self._clock.now(), True
        new = [entry for entry in update.entries if entry.seq > self._seq]
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
    def record(self) -> Record | None:
        """The page's own copy of the record."""
        return self._record

    # Panels -----------------------------------------------------------------------------------

    def open_panel(self, panel: QWidget) -> None:
        """Puts an entry panel over tiles and trend; banner, alarms and a value strip stay.

        A panel that is open already is taken out, not deleted: its draft is the caller's.
        """
        self.close_panel()
        self._panel = panel
        self._panel_area.setWidget(panel)
        panel.show()
        self._lay_out()
        panel.setFocus()

    def close_panel(self) -> QWidget | None:
        """Brings tiles and trend back; returns the panel that was open."""
        panel, self._panel = self._panel, None
        if panel is not None:
            self._panel_area.takeWidget()
            panel.hide()
        self._lay_out()
        self.setFocus()
        return panel

    @property
    def panel(self) -> QWidget | None:
        return self._panel

    # Drawing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Draws the last picture as it is at this moment."""
        view, now = self._view, self._clock.now()
        if view is None:
            return
        self._drawn_at, self._stale = now, False
        stopped = self._stopped(now)
        alarms = screen_alarms(view, stopped)
        if stopped is not None:
            view = distrusted(view)
        self.banner.show_session(view.info, now)
        self.alarm_bar.show_alarms(alarms, view.last_alarm, now)
        self.phases.show_view(view, now)
        self.gate.show_view(view, now)
        for tile in (self.pressure, self.pulse, self.spo2, self.strip):
            tile.show_view(view, alarms, now)
        self.observed.show_view(view, now)
        self.due.show_view(view, now)
        self.status.show_view(view, now)
        wants_baseline = view.baseline is None and view.ended_at is None
        dosed = view.first_dose_at is not None
        if wants_baseline is self.baseline.isHidden() or dosed is not self._dosed:
            self._dosed = dosed
            self.baseline.setVisible(wants_baseline)
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
        if self._panel is None:
            self.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.theme.color("bg"))
        painter.end()

    # Making -----------------------------------------------------------------------------------

    def _build(self, user: str, author: str) -> None:
        theme = self.theme
        self.banner = Banner(theme, self)
        self.alarm_bar = AlarmBar(theme, self)
        self.alarm_bar.acknowledge_wanted.connect(self.acknowledge_wanted)
        self.alarm_bar.limits_wanted.connect(self.limits_wanted)
        self.phases, self.gate = PhaseBar(theme, self), GateBox(theme, self)
        self.pressure = PressureTile(theme, self)
        self.pulse = LiveTile(theme, "PULSE", "/min", "pulse", "pulse", self)
        self.spo2 = LiveTile(theme, "SpO₂", "%", "spo2", "spo2", self)
        self.observed = ObservedTile(theme, self)
        self.strip = ValueStrip(theme, self)
        self.baseline = ActionButton(theme, "Lock baseline", "lock", main=True)
        self.baseline.setParent(self)
        self.baseline.clicked.connect(self.baseline_wanted)
        self.buttons = self._buttons()
        self.end = self.buttons[-1]
        self.trend = Trend(theme, self)
        self.timeline = Timeline(theme, author, self)
        self.due = DueStrip(theme, self)
        self.status = StatusBar(theme, user, self)
        self.sessions = SmallButton(theme, "Sessions", "back", self)
        self.sessions.clicked.connect(self.sessions_wanted)
        self.devices = SmallButton(theme, "Devices", "monitor", self, key="F4")
        self.devices.clicked.connect(self.devices_wanted)
        self.status.devices_wanted.connect(self.devices_wanted)
        self._panel_area = self._scroll()
        self._lower = self._scroll()
        inner = QWidget()
        self._lower_box = QVBoxLayout(inner)
        self._lower_box.setContentsMargins(0, 0, 4, 0)
        self._lower_box.setSpacing(8)
        self._lower_row = QHBoxLayout()
        self._lower_row.setSpacing(8)
        self._lower.setWidget(inner)

    def _buttons(self) -> tuple[ActionButton, ...]:
        made = []
        for word, icon, key, main, wanted in (
            ("Dose", "syringe", "D", True, self.dose_wanted),
            ("Observe", "eye", "O", True, self.observe_wanted),
            ("BP now", "cuff", "B", False, self.bp_wanted),
            ("Note", "note", "N", False, self.note_wanted),
            ("Event", "flag", "E", False, self.event_wanted),
            ("End session", "door", "", False, self.end_wanted),
        ):
            button = ActionButton(self.theme, word, icon, key, main, parent=self)
            button.clicked.connect(wanted)
            made.append(button)
        return tuple(made)

    def _scroll(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.hide()
        return area

    def _acts(self) -> dict[int, Callable[[], object]]:
        key = Qt.Key
        return {
            key.Key_D: self.dose_wanted.emit,
            key.Key_O: self.observe_wanted.emit,
            key.Key_B: self.bp_wanted.emit,
            key.Key_N: self.note_wanted.emit,
            key.Key_E: self.event_wanted.emit,
            key.Key_L: self.lock_wanted.emit,
            key.Key_A: self.alarm_bar.acknowledge_highest,
            key.Key_F2: self.limits_wanted.emit,
            key.Key_F4: self.devices_wanted.emit,
            key.Key_F6: self.theme.switch,
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Single keys. A text field that has the focus, and an entry panel, take theirs first;
        repeats of a key held down are ignored."""
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        zoom = event.key() - Qt.Key.Key_1
        act = self._acts().get(event.key())
        if not plain or event.isAutoRepeat():
            super().keyPressEvent(event)
        elif act is not None:
            act()
        elif self._panel is None and 0 <= zoom < len(ZOOM_WORDS):
            self.trend.zoom.choose(zoom)
        else:
            super().keyPressEvent(event)

    # Placing ----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        at = places(self.width(), self.height())
        open_panel = self._panel is not None
        self._house(at.compact)
        for widget, rect in (
            (self.banner, at.banner),
            (self.alarm_bar, at.alarms),
            (self.status, at.status),
            (self.due, at.due),
            (self.strip, at.strip),
            (self._panel_area, at.panel),
            *zip(self.buttons, at.buttons, strict=True),
            *zip((self.pressure, self.pulse, self.spo2), at.tiles, strict=False),
        ):
            widget.setGeometry(rect)
        x, y, height = at.status.x(), at.status.y(), at.status.height()
        self.devices.show_key(not at.compact)
        devices = DEVICES_COMPACT if at.compact else DEVICES
        for small, wide in ((self.sessions, SESSIONS), (self.devices, devices)):
            small.setGeometry(x, y, wide, height)
            x += wide
        self.status.setGeometry(at.status.adjusted(x, 0, 0, 0))
        for button in self.buttons:
            button.set_rail(at.compact)
        # An entry panel takes the whole width, as the buttons for opening one are not needed then.
        for widget in (*self.buttons, self.due):
            widget.setVisible(not open_panel)
        for tile in (self.pressure, self.pulse, self.spo2):
            tile.setVisible(not open_panel)
        self.strip.setVisible(open_panel)
        self._panel_area.setVisible(open_panel)
        if at.compact:
            self._lower.setGeometry(at.trend)
            self._lower.setVisible(not open_panel)
            self.trend.setFixedHeight(max(290, at.trend.height()))
            self.timeline.setFixedHeight(240)
            self.observed.setFixedHeight(160)
        else:
            self.phases.setGeometry(at.phases)
            self.gate.setGeometry(at.gate)
            self._place_baseline(at.gate.x(), at.gate.y(), at.gate.width())
            self.observed.setGeometry(at.tiles[3])
            self.trend.setGeometry(at.trend)
            self.timeline.setGeometry(at.timeline)
            for widget in (self.observed, self.trend, self.timeline):
                widget.setVisible(not open_panel)

    def _place_baseline(self, x: int, y: int, width: int) -> None:
        """Until the baseline is locked, its button shares the gate's place."""
        if self.baseline.isHidden():
            self.gate.show()
            self.gate.setGeometry(x, y, width, 42)
            return
        half = 146
        dosed = self._view is not None and self._view.first_dose_at is not None
        self.gate.setVisible(dosed)  # before the first dose the gate has nothing to say
        self.baseline.setGeometry(x, y - 3, half if dosed else width, 48)
        self.gate.setGeometry(x + half + 8, y, width - half - 8, 42)

    def _house(self, compact: bool) -> None:
        """In compact, what does not fit stands in the scrolled part."""
        inside = self.trend.parentWidget() is not self
        if compact is inside:
            return
        parts = (self.trend, self.phases, self.observed, self.timeline, self.baseline, self.gate)
        if compact:
            for widget in (self.trend, self.baseline, self.phases, self.gate):
                self._lower_box.addWidget(widget)
            self._lower_box.addLayout(self._lower_row)
            self._lower_row.addWidget(self.observed, 1, Qt.AlignmentFlag.AlignTop)
            self._lower_row.addWidget(self.timeline, 2)
        else:
            for part in parts:
                hidden = part.isHidden()
                part.setParent(self)
                part.setMinimumHeight(0)
                part.setMaximumHeight(16_777_215)
                part.setVisible(not hidden)
            self._lower.hide()
