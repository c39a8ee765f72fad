"""All alerts of a session: what is active, with the limits behind it, and what has been."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ketamonitor.alarm_course import AlarmEpisode
from ketamonitor.alarm_review import Bout, bouts
from ketamonitor.alarm_review_words import alarm_name
from ketamonitor.alarms.order import milder, worst_first
from ketamonitor.record import Record
from ketamonitor.view import ActiveAlarm, SessionView
from ketamonitor.words import STARS, clock, countdown
from ui.keys import AUDIO
from ui.pages.acting import AlarmPanel
from ui.pages.entry import Desk
from ui.pages.parts import Kit
from ui.theme import Theme
from ui.widgets.action_card import GUARD_MS
from ui.widgets.alarm_block import draw_block
from ui.widgets.alarm_words import pause_now, recorded
from ui.widgets.basics import ActionButton, Text
from ui.widgets.ink import Ink, Painted
from ui.widgets.scroll import scroll_area

HEADERS = ("Began", "Priority", "Alert", "Kind", "Acknowledged", "Over")
_WHY = {
    "confirmed": "second reading",
    "longer": "it lasts",
    "not acknowledged": "not acknowledged in time",
}


class _Block(Painted):
    """One alarm as its block in the bar has it, steady: the bar above flashes."""

    def __init__(self, theme: Theme, alarm: ActiveAlarm, now: datetime) -> None:
        super().__init__(theme, "Alert")
        self._alarm, self._now = alarm, now
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(48)

    def show_alarm(self, alarm: ActiveAlarm, now: datetime) -> None:
        self._alarm, self._now = alarm, now
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 48)

    def draw(self, ink: Ink) -> None:
        draw_block(ink, self.rect().toRectF(), self._alarm, True, self._now)


#: The alarm that asks whether the computer's clock is right.
CLOCK = "clock_changed"


class AlarmRow(QWidget):
    """An active alarm with what can be done about it."""

    def __init__(self, kit: Kit, alarm: ActiveAlarm, now: datetime, *, card: bool) -> None:
        super().__init__()
        self.alarm = alarm
        self.block = _Block(kit.theme, alarm, now)
        self.story: Text = kit.label("", "muted")
        self.story.setMinimumWidth(200)
        self.acknowledge = kit.button("Acknowledge", icon="check")
        self.acknowledge.setAccessibleName(f"Acknowledge {alarm.text}")
        self.card = kit.button("Card")
        self.card.setAccessibleName(f"Action card of {alarm.text}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(8)
        row.addWidget(self.block, 3)
        row.addWidget(self.story, 2)
        row.addWidget(self.acknowledge)
        row.addWidget(self.card)
        for button in (self.acknowledge, self.card):  # rows stay aligned where one is missing
            keep = button.sizePolicy()
            keep.setRetainSizeWhenHidden(True)
            button.setSizePolicy(keep)
        self.card.setVisible(card)
        #: The answers to a question that the alarm asks, each with what it says.
        self.answers: list[tuple[ActionButton, bool]] = []
        if alarm.condition == CLOCK:
            self.card.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            self.answers += [(kit.button("Clock right"), True), (kit.button("Clock wrong"), False)]
            for answer, right in self.answers:
                said = "right" if right else "wrong, session time is right"
                answer.setAccessibleName(f"The computer's clock is {said}")
                answer.setToolTip(f"{alarm.detail} The computer's clock is {said}.")
                row.addWidget(answer)

    def show_alarm(
        self,
        alarm: ActiveAlarm,
        episode: AlarmEpisode | None,
        behind: Sequence[ActiveAlarm],
        now: datetime,
    ) -> None:
        self.alarm = alarm
        self.block.show_alarm(alarm, now)
        self.story.setText(story(alarm, episode, behind))
        self.acknowledge.setVisible(alarm.acknowledged_at is None and recorded(alarm))

    def set_free(self, free: bool) -> None:
        for button in (self.acknowledge, self.card, *(button for button, _ in self.answers)):
            button.setEnabled(free)


class AllAlarmsPanel(AlarmPanel):
    """``alarms`` are those of the page, which may know one that the recorder does not."""

    acknowledge_wanted = Signal(object)
    card_wanted = Signal(object)
    clock_said = Signal(bool)
    audio_wanted = Signal()
    audio_all_wanted = Signal()

    def __init__(
        self,
        desk: Desk,
        view: SessionView,
        alarms: Callable[[], Sequence[ActiveAlarm]],
        record: Callable[[], Record],
        has_card: Callable[[ActiveAlarm], bool],
        several_chairs: Callable[[], bool],
    ) -> None:
        super().__init__(desk, view)
        self._alarms, self._record = alarms, record
        self._has_card, self._several = has_card, several_chairs
        self.rows: dict[str, AlarmRow] = {}
        kit = self.kit
        self.heading = kit.label("", "page")
        self.audio = kit.button("Pause audio", icon="bell", key=AUDIO)
        self.audio_all = kit.button("Audio, all chairs", icon="bell", key="Alt+⇧S")
        self.audio.clicked.connect(self.audio_wanted)
        self.audio_all.setMinimumWidth(260)
        self.audio_all.clicked.connect(self.audio_all_wanted)
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        for button in (self.audio, self.audio_all, self.leave):
            head.addWidget(button)
        self.none = kit.label("No active alerts", "fact")
        self._box = QWidget()
        self._list = QVBoxLayout(self._box)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(6)
        self._list.addWidget(self.none)
        self._list.addStretch()
        scroll = scroll_area(self._box)
        scroll.setMinimumHeight(110)
        self.table = kit.table(HEADERS, [], stretch=2)
        self.table.setAccessibleName("Alerts of this session")
        self.table.setMinimumHeight(110)
        frame, main = kit.card()
        main.addLayout(head)
        main.addWidget(self.outcome)
        self.outcome.hide()  # what is stored here is told by the alarm bar and the window
        main.addWidget(scroll, 3)
        main.addWidget(kit.label("This session's alerts, newest first", "title"))
        main.addWidget(self.table, 2)
        main.addWidget(kit.in_full(self.table))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)
        self._guard = QTimer(self)
        self._guard.setSingleShot(True)
        self._guard.setInterval(GUARD_MS)
        self._guard.timeout.connect(self._free)
        self.refresh()

    def opened(self) -> None:
        self.refresh()
        self.setFocus()

    def refresh(self) -> None:
        now = self.desk.now()
        shown = tuple(self._alarms())
        active = {alarm.id: alarm for alarm in shown}
        every = {alarm.id: alarm for alarm in self.view.every_alarm}
        if list(active) != list(self.rows):
            self._rebuild(active, now)
        episodes = {e.id: e for e in self._record().alarms if e.cleared_at is None}
        for id, row in self.rows.items():
            row.show_alarm(active[id], episodes.get(id), milder(active[id], every), now)
        count = len(active)
        self.heading.setText(f"All alerts: {count or 'none'} active")
        self.none.setVisible(not active)
        paused = pause_now(self.view, now) is not None
        self.audio.setText("End audio pause" if paused else "Pause audio")
        self.audio.setAccessibleName(self.audio.text())
        self.audio.setVisible(paused or any(alarm.signals for alarm in active.values()))
        self.audio_all.setVisible(self._several())
        self._show_history()

    def _rebuild(self, active: dict[str, ActiveAlarm], now: datetime) -> None:
        """Other rows, or another order. For a moment no touch counts: what stood under the finger
        may stand elsewhere now."""
        had = bool(self.rows)
        focused = self.isAncestorOf(self.window().focusWidget() or self)
        before, self.rows = self.rows, {}
        for row in before.values():
            self._list.removeWidget(row)
        for place, (id, alarm) in enumerate(active.items(), 1):
            row = before.pop(id) if id in before else self._row(alarm, now)
            self.rows[id] = row
            self._list.insertWidget(place, row)
        for row in before.values():
            row.hide()
            row.deleteLater()
        if had and self.isVisible():
            self._guard.start()
            for row in self.rows.values():
                row.set_free(False)
            if focused:
                self.setFocus()

    def _row(self, alarm: ActiveAlarm, now: datetime) -> AlarmRow:
        row = AlarmRow(self.kit, alarm, now, card=self._has_card(alarm))
        row.acknowledge.clicked.connect(lambda: self.acknowledge_wanted.emit(row.alarm))
        row.card.clicked.connect(lambda: self.card_wanted.emit(row.alarm))
        for button, right in row.answers:
            button.clicked.connect(lambda _=False, r=right: self.clock_said.emit(r))
        return row

    def _free(self) -> None:
        for row in self.rows.values():
            row.set_free(True)

    def _show_history(self) -> None:
        past = bouts(self._record().alarms)[::-1]
        self.table.fill([history_row(b) for b in past], [str(b.episodes[0].seq) for b in past])


def story(
    alarm: ActiveAlarm, episode: AlarmEpisode | None, behind: Sequence[ActiveAlarm] = ()
) -> str:
    """Since when, what made it more urgent, and which further limits on its side are passed."""
    parts = [f"since {clock(alarm.since, seconds=True)}"]
    if episode is not None:
        parts += [
            f"{e.priority.upper()} {clock(e.at, seconds=True)} ({_WHY.get(e.why, e.why)})"
            for e in episode.escalations
        ]
        parts += [f"again {clock(at, seconds=True)}" for at in episode.reminders[-1:]]
    if behind:
        names = ", ".join(
            f"{STARS[a.priority]} {alarm_name(a.id)}{_state(a)}" for a in worst_first(behind)
        )
        parts.append(f"also passed: {names}")
    return " · ".join(parts)


def _state(alarm: ActiveAlarm) -> str:
    if alarm.ended_at is not None:
        return " (over)"
    return " (confirming)" if alarm.repeat_at is not None else ""


def history_row(bout: Bout) -> list[str]:
    """One alert from its beginning to its end, with how many further limits stand behind it."""
    first = bout.episodes[0]
    led = next(e for e in bout.episodes if e.text == bout.text)
    began = STARS[first.priority]
    priority = began if bout.priority == first.priority else f"{began} → {STARS[bout.priority]}"
    more = len({e.id for e in bout.episodes}) - 1
    text = (
        f"{bout.text} and {more} more {'limit' if more == 1 else 'limits'}" if more else bout.text
    )
    seen = ""
    if led.acknowledged_at is not None and led.acknowledged_after_s is not None:
        after = countdown(led.acknowledged_after_s)
        seen = f"{clock(led.acknowledged_at)} {led.acknowledged_by}, after {after}"
    over = "still so"
    if all(e.cleared_at is not None for e in bout.episodes):
        last = max(bout.episodes, key=lambda e: e.cleared_at or e.raised_at)
        assert last.cleared_at is not None
        over = clock(last.cleared_at) + (f", {last.ended_why}" if last.ended_why else "")
    elif bout.ended_at is not None:
        over = f"{clock(bout.ended_at)}, not yet seen"
    return [clock(bout.started_at, seconds=True), priority, text, first.type, seen, over]
