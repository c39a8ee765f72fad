"""The parts of the live page and where they stand; what they show is the page's own matter."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.keys import LOCK
from ui.live_layout import GAP, Places, places
from ui.theme import Theme
from ui.widgets.alarm_bar import AlarmBar
from ui.widgets.banner import Banner
from ui.widgets.basics import ActionButton, SmallButton
from ui.widgets.due_strip import DueStrip
from ui.widgets.observed import ObservedTile
from ui.widgets.phase_bar import GateBox, PhaseBar
from ui.widgets.scroll import scroll_area
from ui.widgets.status_bar import StatusBar
from ui.widgets.tiles import LiveTile, PressureTile
from ui.widgets.timeline import Timeline
from ui.widgets.trend import Trend
from ui.widgets.value_strip import ValueStrip

#: Widths of the buttons at the foot of the page.
SESSIONS, DEVICES, DEVICES_COMPACT = 92, 116, 90
_NO_MOST = 16_777_215


class LiveParts(QWidget):
    """Banner, alarm bar, tiles, chart, timeline and buttons, placed for any window size.

    An entry panel may cover tiles and trend (:meth:`open_panel`), a card the timeline
    (:meth:`show_card`). What is taken out is never deleted: it stays as a
    hidden child and goes with the page.
    """

    checkin_wanted = Signal()
    dose_wanted = Signal()
    observe_wanted = Signal()
    bp_wanted = Signal()
    note_wanted = Signal()
    event_wanted = Signal()
    interruption_wanted = Signal()
    home_wanted = Signal()
    ledger_wanted = Signal()
    course_wanted = Signal()
    correction_wanted = Signal()
    more_wanted = Signal()
    end_wanted = Signal()
    baseline_wanted = Signal()
    limits_wanted = Signal()
    alarms_wanted = Signal()
    audio_wanted = Signal()
    audio_all_wanted = Signal()
    card_wanted = Signal()
    sound_test_wanted = Signal()
    devices_wanted = Signal()
    lock_wanted = Signal()
    sessions_wanted = Signal()
    acknowledge_wanted = Signal(object)
    chair_wanted = Signal(str)
    slot_wanted = Signal(str)

    def __init__(self, theme: Theme, user: str, author: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._panel: QWidget | None = None
        self._card: QWidget | None = None
        #: Before the first dose the gate has nothing to say and may give its place away.
        self._gate_runs = False
        self._build(user, author)
        theme.changed.connect(self.update)

    # Panels and cards -------------------------------------------------------------------------

    def open_panel(self, panel: QWidget) -> None:
        """Puts an entry panel over tiles and trend; banner, alarms and a value strip stay.

        A panel that is open already is taken out with its draft.
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
            panel.setParent(self)
            panel.hide()  # on a page that is not shown now it would come back with the page
        self._lay_out()
        self.setFocus()
        return panel

    @property
    def panel(self) -> QWidget | None:
        return self._panel

    def show_card(self, card: QWidget | None) -> None:
        """Puts a card in the timeline's place (in compact: first in the scrolled part); ``None``
        brings the timeline back. The focus stays where it is."""
        if card is self._card:
            return
        if self._card is not None:
            self._take_card_out(self._card)
        self._card = card
        if card is not None:
            self._house_card(card, places(self.width(), self.height()).compact)
        self._lay_out()

    @property
    def card(self) -> QWidget | None:
        return self._card

    def bring_into_sight(self, part: QWidget) -> None:
        """Scroll so that a part of the card can be seen."""
        area = self._card_area if self._card_area.widget() is self._card else self._lower
        area.ensureWidgetVisible(part)

    def offer_card(self, words: str) -> None:
        """A button above the timeline for a card that is not open; "" takes it away."""
        if words != self.offer.text():
            self.offer.setText(words)
            self.offer.setAccessibleName(words)
            self.offer.setVisible(bool(words))
            self._lay_out()

    def _take_card_out(self, card: QWidget) -> None:
        if self._card_area.widget() is card:
            self._card_area.takeWidget()
        else:
            self._lower_box.removeWidget(card)
        card.setParent(self)

    def _house_card(self, card: QWidget, compact: bool) -> None:
        if compact:
            self._lower_box.insertWidget(0, card)
        else:
            self._card_area.setWidget(card)
        card.show()

    # Making -----------------------------------------------------------------------------------

    def _build(self, user: str, author: str) -> None:
        theme = self.theme
        self.banner = Banner(theme, self)
        self.alarm_bar = AlarmBar(theme, self)
        for asked, passed_on in (
            (self.alarm_bar.acknowledge_wanted, self.acknowledge_wanted),
            (self.alarm_bar.limits_wanted, self.limits_wanted),
            (self.alarm_bar.alarms_wanted, self.alarms_wanted),
            (self.alarm_bar.audio_wanted, self.audio_wanted),
            (self.alarm_bar.interruption_wanted, self.interruption_wanted),
            (self.alarm_bar.sound_test_wanted, self.sound_test_wanted),
            (self.alarm_bar.chair_wanted, self.chair_wanted),
        ):
            asked.connect(passed_on)
        self.phases, self.gate = PhaseBar(theme, self), GateBox(theme, self)
        self.pressure = PressureTile(theme, self)
        self.pulse = LiveTile(theme, "PULSE", "/min", "pulse", "pulse", self)
        self.spo2 = LiveTile(theme, "SpO₂", "%", "spo2", "spo2", self)
        self.observed = ObservedTile(theme, self)
        self.strip = ValueStrip(theme, self)
        self.baseline = ActionButton(theme, "Baseline", "lock", "T", main=True)
        self.baseline.setParent(self)
        self.baseline.clicked.connect(self.baseline_wanted)
        self.checkin = ActionButton(theme, "Check-in", "list", "K", parent=self)
        self.checkin.clicked.connect(self.checkin_wanted)
        self.buttons = self._buttons()
        self.end = self.buttons[-1]
        self.offer = ActionButton(theme, "", "list", "C", parent=self)
        self.offer.clicked.connect(self.card_wanted)
        self.offer.hide()
        self.trend = Trend(theme, self)
        self.timeline = Timeline(theme, author, self)
        self.due = DueStrip(theme, self)
        self.due.slot_wanted.connect(self.slot_wanted)
        self.status = StatusBar(theme, user, self)
        self.sessions = SmallButton(theme, "Sessions", "back", self)
        self.sessions.clicked.connect(self.sessions_wanted)
        self.devices = SmallButton(theme, "Devices", "monitor", self, key="F4")
        self.devices.clicked.connect(self.devices_wanted)
        self.status.devices_wanted.connect(self.devices_wanted)
        self._panel_area, self._card_area = self._scroll(), self._scroll()
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
            ("Interrupt", "pause", "I", False, self.interruption_wanted),
            ("More", "list", "M", False, self.more_wanted),
            ("End session", "door", "", False, self.end_wanted),
        ):
            button = ActionButton(self.theme, word, icon, key, main, parent=self)
            button.clicked.connect(wanted)
            made.append(button)
        return tuple(made)

    def _scroll(self) -> QScrollArea:
        area = scroll_area(parent=self)
        area.hide()
        return area

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.theme.color("bg"))
        painter.end()

    # Placing ----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        at = places(self.width(), self.height())
        self._house(at.compact)
        for widget, rect in (
            (self.banner, at.banner),
            (self.alarm_bar, at.alarms),
            (self.due, at.due),
            (self.strip, at.strip),
            (self._panel_area, at.panel),
            *zip(self.buttons, at.buttons, strict=True),
            *zip((self.pressure, self.pulse, self.spo2), at.tiles, strict=False),
        ):
            widget.setGeometry(rect)
        self._place_foot(at)
        for number, button in enumerate(self.buttons):
            button.set_rail(at.compact or number >= len(self.buttons) - 4)
        # An entry panel takes the whole width, as the buttons for opening one are not needed then.
        open_panel = self._panel is not None
        self.alarm_bar.show_keys(beside_panel=open_panel)
        self.status.set_key(LOCK if open_panel else "L")
        self.checkin.set_key("" if open_panel else "K")
        self.baseline.set_key("" if open_panel else "T")
        for part in (*self.buttons, self.due, self.pressure, self.pulse, self.spo2):
            part.setVisible(not open_panel and not part.geometry().isEmpty())
        for part in (self.status, self.sessions, self.devices):
            part.setVisible(not (open_panel and at.over_status))
        self.strip.setVisible(open_panel)
        self._panel_area.setVisible(open_panel)
        if at.compact:
            self._place_scrolled(at)
        else:
            self._place_standard(at)

    def _place_foot(self, at: Places) -> None:
        x, y, height = at.status.x(), at.status.y(), at.status.height()
        self.devices.show_key(not at.compact)
        devices = DEVICES_COMPACT if at.compact else DEVICES
        for small, wide in ((self.sessions, SESSIONS), (self.devices, devices)):
            small.setGeometry(x, y, wide, height)
            x += wide
        self.status.setGeometry(at.status.adjusted(x, 0, 0, 0))

    def _place_scrolled(self, at: Places) -> None:
        self._lower.setGeometry(at.trend)
        self._lower.setVisible(self._panel is None)
        self._card_area.hide()
        self.trend.setFixedHeight(max(290, at.trend.height()))
        self.timeline.setFixedHeight(240)
        self.observed.setFixedHeight(160)

    def _place_standard(self, at: Places) -> None:
        free, card = self._panel is None, self._card is not None
        self.phases.setGeometry(at.phases)
        self.gate.setGeometry(at.gate)
        self._place_baseline(at.gate)
        self.observed.setGeometry(at.tiles[3])
        self.trend.setGeometry(at.trend)
        self.timeline.setGeometry(at.timeline)
        self._place_offer(at.timeline, free and not card)
        self._card_area.setGeometry(at.timeline)
        for widget in (self.observed, self.trend, self.phases):
            widget.setVisible(free)
        self.timeline.setVisible(free and not card)
        self._card_area.setVisible(free and card)

    def _place_offer(self, at: QRect, free: bool) -> None:
        """The timeline gives a row to the button of a card that could be opened."""
        wanted = bool(self.offer.text()) and free
        self.offer.setVisible(wanted)
        if wanted:
            self.offer.setGeometry(at.x(), at.y(), at.width(), 48)
            self.timeline.setGeometry(at.adjusted(0, 48 + 8, 0, 0))

    def _place_baseline(self, at: QRect) -> None:
        """The buttons of what comes before the dose share the gate's place as long as needed."""
        shown = [b for b in (self.checkin, self.baseline) if not b.isHidden()]
        gate = self._gate_runs or not shown
        self.gate.setVisible(gate)
        count = len(shown) + gate
        wide = (at.width() - GAP * (count - 1)) // count
        for place, button in enumerate(shown):
            button.setGeometry(at.x() + place * (wide + GAP), at.y() - 3, wide, 48)
        left = at.x() + len(shown) * (wide + GAP)
        self.gate.setGeometry(left, at.y(), at.right() + 1 - left, 42)

    def _house(self, compact: bool) -> None:
        """In compact, what does not fit stands in the scrolled part."""
        inside = self.trend.parentWidget() is not self
        if compact is inside:
            return
        if self._card is not None:
            self._take_card_out(self._card)
            self._house_card(self._card, compact)
        parts = (
            *(self.trend, self.phases, self.observed, self.timeline),
            *(self.checkin, self.baseline, self.gate, self.offer),
        )
        if compact:
            for widget in (
                *(self.offer, self.trend, self.checkin, self.baseline),
                *(self.phases, self.gate),
            ):
                self._lower_box.addWidget(widget)
            self._lower_box.addLayout(self._lower_row)
            self._lower_row.addWidget(self.observed, 1, Qt.AlignmentFlag.AlignTop)
            self._lower_row.addWidget(self.timeline, 2)
            self.timeline.show()
        else:
            for part in parts:
                hidden = part.isHidden()
                part.setParent(self)
                part.setMinimumHeight(0)
                part.setMaximumHeight(_NO_MOST)
                part.setVisible(not hidden)
            self._lower.hide()
