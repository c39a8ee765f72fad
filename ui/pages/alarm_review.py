"""The supervisor's page "Alerts": what alerts were worth by limit, and what other limits give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.alarm_review import AlarmReview, SessionReview, review_session, summed
from ketamonitor.alarm_review_words import (
    HEADERS,
    alarm_name,
    headline,
    left_out_words,
    noisiest,
    rate,
    table,
)
from ketamonitor.entries import Entry
from ketamonitor.record import session_info
from ketamonitor.store import SessionSummary
from ketamonitor.what_if import Tried, WhatIf, together, try_session, typed_value, with_value
from ui.background import Background
from ui.pages.one_by_one import OneByOne
from ui.pages.parts import Bar, Kit
from ui.widgets.basics import ActionButton, Text

#: A desk's controls: a supervisor has a mouse and time.
HEIGHT = 36
THIS, MONTH, ALL = "This session", "Last 30 days", "All sessions"
LATELY = timedelta(days=30)
WHAT_IF_HEADERS = ("Limit or condition", "Recorded", "With the other value", "Difference")


@dataclass(frozen=True, slots=True)
class _Read:
    review: SessionReview
    rows: tuple[AlarmLimit, ...]


class AlarmReviewPage(QWidget):
    """Everything is worked out in the background; nothing stored is changed by it."""

    left = Signal()

    def __init__(
        self,
        kit: Kit,
        background: Background,
        sessions: Callable[[], list[SessionSummary]],
        entries: Callable[[str], list[Entry]],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self.kit, self._background = kit, background
        self._sessions, self._entries, self._now = sessions, entries, now
        self._reading: OneByOne[_Read] = OneByOne(background, self)
        self._trying: OneByOne[Tried] = OneByOne(background, self)
        self.session: str | None = None
        self._ids: list[str] = []
        self._rows: dict[str, AlarmLimit] = {}
        self.review: AlarmReview | None = None
        self.result: WhatIf | None = None

        self.back = self._button("Sessions", icon="back")
        self.which = self._box("Which sessions")
        self.simulated = kit.tick_box("Simulated sessions too")
        self.simulated.setMinimumHeight(HEIGHT)
        self.words = kit.says("fact")
        self.noise = kit.label("", "muted")
        self.bar = Bar()
        self.table = kit.table(HEADERS, [], stretch=6, height=HEIGHT)
        self.table.setAccessibleName("Alerts by limit")
        self.limit = self._box("Limit")
        self.limit.setMinimumWidth(260)
        self.value = kit.field("Other value", "Other value of the limit")
        self.value.setFixedWidth(140)
        self.value.setProperty("mouse", True)  # a page for the desk: no glove reaches for it
        self.value.setFixedHeight(HEIGHT + 4)
        self.go = self._button("Work out", main=True)
        self.answer = kit.says("fact")
        self.hint = kit.label(
            "Readings, doses and pauses as recorded. What would have been acknowledged nobody can"
            " know: it is taken as recorded where the same alert, or one on its side, was there.",
            "small",
        )
        self.compared = kit.table(WHAT_IF_HEADERS, [], stretch=0, height=HEIGHT)
        self.compared.setAccessibleName("Alerts with the other value")
        self._lay_out()
        self._connect()
        self._idle(True)

    # What one sees ---------------------------------------------------------------------------

    def _lay_out(self) -> None:
        kit = self.kit
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.back)
        head.addSpacing(4)
        head.addWidget(kit.label("Alerts", "page"))
        head.addStretch()
        head.addWidget(self.simulated)
        head.addWidget(self.which)
        upper, inside = kit.card()
        inside.addLayout(head)
        inside.addWidget(self.bar)
        inside.addWidget(self.words)
        inside.addWidget(self.noise)
        inside.addWidget(self.table, 1)
        ask = QHBoxLayout()
        ask.setSpacing(10)
        ask.addWidget(kit.label("What if", "title"))
        ask.addWidget(self.limit)
        ask.addWidget(kit.label("were", "muted", wrap=False))
        ask.addWidget(self.value)
        ask.addWidget(self.go)
        ask.addStretch()
        lower, inside = kit.card()
        inside.addLayout(ask)
        inside.addWidget(self.answer)
        inside.addWidget(self.compared, 1)
        inside.addWidget(self.hint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(upper, 2)
        layout.addWidget(lower, 1)

    def _connect(self) -> None:
        self.back.clicked.connect(self.left)
        self.which.activated.connect(lambda _place: self._read())
        self.simulated.toggled.connect(lambda _on: self._read())
        self.limit.currentIndexChanged.connect(lambda _place: self._value_of())
        self.value.returnPressed.connect(self._try)
        self.go.clicked.connect(self._try)

    def _button(self, text: str, *, icon: str = "", main: bool = False) -> ActionButton:
        return ActionButton(self.kit.theme, text, icon, main=main, height=HEIGHT)

    def _box(self, name: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        made.setFont(self.kit.theme.font(15))
        made.setFixedHeight(HEIGHT + 4)
        return made

    # What is read ----------------------------------------------------------------------------

    def open(self, session: str | None) -> None:
        """Come to the page: from the review of a session, or from the list of all."""
        self.session = session
        self.back.setText("Review" if session else "Sessions")
        self.which.clear()
        self.which.addItems([THIS, MONTH, ALL] if session else [MONTH, ALL])
        if self.isVisible():
            self._read()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    def _read(self) -> None:
        self._trying.stop()
        self.review = None
        self.table.fill([])
        self._no_answer()
        self.noise.setText("")
        self.words.setText("Reading the list of sessions…")
        self._background.run(self._sessions, self._choose, self._failed, self)

    def _choose(self, summaries: Sequence[SessionSummary]) -> None:
        which, since = self.which.currentText(), self._now() - LATELY
        chosen = [
            s
            for s in summaries
            if (s.id == self.session if which == THIS else s.finished)
            and (which != MONTH or s.started_at >= since)
        ]
        some = bool(chosen)
        if which != THIS and not self.simulated.isChecked():
            chosen = [s for s in chosen if not s.simulated]
        self._ids = [s.id for s in chosen]
        if not chosen:
            tell = "No session of a patient in this time; there are simulated ones"
            self.words.setText(tell if some else "No finished session in this time")
        self._reading.begin(
            self._ids,
            self._review_one,
            lambda done, of: self._step(done, of, self.words),
            self._show,
            self._failed,
        )

    def _review_one(self, session: str) -> _Read:
        """In the background."""
        entries = self._entries(session)
        review = review_session(entries)
        return _Read(review, session_info(entries[0]).protocol.limit)

    def _show(self, read: list[_Read], left_out: list[str]) -> None:
        self._idle(True)
        self._ids = [r.review.session for r in read]
        chosen = self._limit
        self._rows = {row.id: row for r in read for row in r.rows}
        self.review = summed(r.review for r in read)
        self.table.fill(table(self.review))
        if read or left_out:
            self.words.setText(f"{headline(self.review)}{left_out_words(left_out)}")
        self.noise.setText(noisiest(self.review))
        self.limit.clear()
        noisy = [row.id for row in self.review.rows if row.id in self._rows]
        for id in dict.fromkeys([*noisy, *self._rows]):
            self.limit.addItem(alarm_name(id), id)
        if chosen is not None and chosen.id in self._rows:
            self.limit.setCurrentIndex(self.limit.findData(chosen.id))
        self._idle(True)

    # What if ---------------------------------------------------------------------------------

    @property
    def _limit(self) -> AlarmLimit | None:
        return self._rows.get(self.limit.currentData() or "")

    def _value_of(self) -> None:
        self._no_answer()
        row = self._limit
        self.value.setPlaceholderText(f"now {row.value:g}" if row else "")

    def _no_answer(self) -> None:
        self.result = None
        self.answer.setText("")
        self.compared.fill([])

    def _try(self) -> None:
        row = self._limit
        if row is None or not self._ids:
            return
        self._no_answer()
        try:
            value = typed_value(row, self.value.text())
        except ValueError as refused:
            self.answer.setText(str(refused))
            return
        other = with_value(row.id, value)
        self._trying.begin(
            self._ids,
            lambda session: try_session(self._entries(session), other),
            lambda done, of: self._step(done, of, self.answer),
            self._compare,
            self._failed,
        )

    def _compare(self, tries: list[Tried], left_out: list[str]) -> None:
        self._idle(True)
        self.result = together(tries)
        before, after = self.result.before, self.result.after
        self.answer.setText(
            f"{before.total} alerts as recorded, {rate(before.per_hour)} an hour;"
            f" {after.total} with the other value, {rate(after.per_hour)} an hour"
            f"{left_out_words(left_out)}"
        )
        rows = [r for r in self.result.rows if r.before != r.after or r.id != r.was]
        cells = [
            [
                alarm_name(r.id) + (f", was {alarm_name(r.was)}" if r.was != r.id else ""),
                f"{r.before}",
                f"{r.after}",
                f"{r.after - r.before:+d}".replace("-", "−") if r.after != r.before else "none",
            ]
            for r in rows
        ]
        self.compared.fill(cells or [["No limit alerts more or less often", "", "", ""]])

    # Both ------------------------------------------------------------------------------------

    def _step(self, done: int, of: int, line: Text) -> None:
        self.bar.set_share(done / of if of else 0)
        if done < of:
            line.setText(f"Session {done + 1} of {of}…")
        self._idle(done == of)

    def _idle(self, idle: bool) -> None:
        """While something is worked out the bar runs; it can be left at any time."""
        keep = self.bar.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(keep)
        self.bar.setVisible(not idle)
        self.go.setEnabled(idle and bool(self._rows) and bool(self._ids))

    def _failed(self, error: BaseException) -> None:
        self._idle(True)
        self.words.setText(f"Not done: {error}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
