"""A planned interruption (ALARM PAUSED): why and for how long, what is left out, what is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor import alarm_drafts
from ketamonitor.alarm_drafts import INTERRUPTIONS, WATCHED
from ketamonitor.view import SessionView
from ketamonitor.words import SHORT, clock, countdown
from ui.pages.acting import AlarmPanel
from ui.pages.entry import Desk
from ui.pages.parts import CONFIRM, rule, set_mark
from ui.widgets.alarm_words import interruption_now, watched
from ui.widgets.basics import ActionButton
from ui.widgets.dead_time import DeadTime

HIGH_ALWAYS = "A value beyond a HIGH limit always alerts, and so does everything that is watched."
END = "End it now"


def names(metrics: Sequence[str]) -> str:
    """``SYS, DIA, SpO₂``; what only comes with another value is not named."""
    return ", ".join(SHORT.get(key, key) for key in metrics if key not in _WITH_OTHERS) or "nothing"


#: These come with systolic and diastolic and say nothing more of what is left out.
_WITH_OTHERS = ("nibp_map", "nibp_pulse")


class InterruptionPanel(AlarmPanel):
    """One touch on reason and minutes begins it; no choice is made beforehand.

    While one runs: its end, by one touch or Enter, or another one from now on.
    """

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._row: str | None = None
        self._dead = DeadTime(self)
        self._rows: dict[str, QWidget] = {}
        self.cells: dict[tuple[str, float | None], ActionButton] = {}
        pause = view.info.protocol.pause
        self.minutes: tuple[float | None, ...] = pause.interruption_min
        if pause.alarm_off:
            self.minutes = (*self.minutes, None)
        frame, main = kit.card()
        self.heading = kit.label("", "page")
        main.addWidget(self.heading)
        main.addWidget(
            kit.label(
                "Touch reason and minutes. Keys: the number of the reason, then that of the time.",
                "muted",
            )
        )
        for number, reason in enumerate(INTERRUPTIONS, 1):
            main.addWidget(rule())
            main.addWidget(self._reason(number, reason))
        main.addStretch()
        side_frame, side = kit.card()
        side_frame.setFixedWidth(330)
        self.state = kit.label("", "title", wrap=True)
        self.left_s = kit.label("", "huge")
        self.facts = kit.says()
        self.end = kit.button(END, key="Enter", main=True)
        self.end.clicked.connect(self._end)
        for widget in (self.state, self.left_s, self.facts, self.end):
            side.addWidget(widget)
        side.addStretch()
        side.addWidget(
            kit.label(
                "Left out are technical alerts and limits below HIGH of what cannot be measured"
                " meanwhile. It ends by itself; what then still holds alerts anew.",
                "muted",
            )
        )
        side.addWidget(kit.label(HIGH_ALWAYS, "fact", wrap=True))
        side.addWidget(self.outcome)
        side.addWidget(self.leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(frame, 1)
        row.addWidget(side_frame)
        self.refresh()

    def _reason(self, number: int, reason: str) -> QWidget:
        kit, kind = self.kit, INTERRUPTIONS[reason]
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(6, 4, 0, 4)
        grid.setHorizontalSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(kit.label(f"{number}  {kind.label.capitalize()}", "title"))
        watching = [key for key in WATCHED if key not in kind.metrics]
        words.addWidget(kit.label(f"left out: {names(kind.metrics)}", "muted"))
        words.addWidget(kit.label(f"still watched: {names(watching)}", "muted"))
        grid.addLayout(words, 0, 0)
        grid.setColumnStretch(0, 1)
        for column, minutes in enumerate(self.minutes, 1):
            title = "ALARM OFF" if minutes is None else f"{minutes:g} min"
            cell = ActionButton(kit.theme, title, height=CONFIRM)
            cell.setMinimumWidth(78)
            cell.setAccessibleName(f"{kind.label}, {title}")
            cell.clicked.connect(partial(self.begin, reason, minutes))
            grid.addWidget(cell, 0, column)
            self.cells[reason, minutes] = cell
        self._rows[reason] = box
        return box

    def begin(self, reason: str, minutes: float | None) -> None:
        """Store it, and give way to the page."""
        plan, now = self.view.info.protocol.pause, self.desk.now()
        self._mark(None)
        self.acting.do(
            lambda author: (
                alarm_drafts.alarm_paused(plan, reason, minutes, at=now, author=author),
            ),
            "ALARM PAUSED since",
            failed="Not paused",
            then=self.left.emit,
        )

    def _end(self) -> None:
        self.acting.do(
            lambda author: (
                alarm_drafts.resumed("alarm", "ended by user", at=self.desk.now(), author=author),
            ),
            "Ended",
            failed="Not ended",
            then=self.left.emit,
        )

    def opened(self) -> None:
        """The panel comes on the screen: nothing is chosen yet."""
        self.outcome.clear()
        self._mark(None)
        self.refresh()
        if self.running:
            self.end.setFocus()
        else:
            self.setFocus()

    @property
    def running(self) -> bool:
        return interruption_now(self.view, self.desk.now()) is not None

    def refresh(self) -> None:
        now = self.desk.now()
        pause = interruption_now(self.view, now)
        self.heading.setText("Begin anew" if pause else "Planned interruption")
        self.end.setVisible(pause is not None)
        self.left_s.setVisible(pause is not None and pause.until is not None)
        self.facts.setVisible(pause is not None)
        if pause is None:
            self.state.setText("No interruption runs")
            return
        kind = INTERRUPTIONS.get(pause.reason)
        word = "ALARM PAUSED" if pause.until else "ALARM OFF"
        self.state.setText(f"{word}, {kind.label if kind else pause.reason}")
        if pause.until is not None:
            self.left_s.setText(countdown((pause.until - now).total_seconds()))
        self.facts.setText(
            f"since {clock(pause.since)}, {pause.by}. Left out: {names(pause.metrics)}."
            f" Watched: {names(watched(self.view, pause))}"
        )

    def single_key(self, event: QKeyEvent) -> bool:
        """A digit names the reason, a second one the time."""
        digit = event.text()
        if not digit.isdecimal() or digit == "0":
            return False
        if not self._dead.take(digit):
            return True  # the key bounced: the first one alone begins nothing
        place = int(digit) - 1
        if self._row is None:
            reasons = list(INTERRUPTIONS)
            if place < len(reasons):
                self._mark(reasons[place])
        elif place < len(self.minutes):
            self.begin(self._row, self.minutes[place])
        return True

    def _mark(self, reason: str | None) -> None:
        """The row that the next digit is about; its buttons show their digits."""
        self._row = reason
        for key, row in self._rows.items():
            set_mark(row, key == reason)
        for (key, minutes), cell in self.cells.items():
            cell.key = str(self.minutes.index(minutes) + 1) if key == reason else ""
            cell.update()
