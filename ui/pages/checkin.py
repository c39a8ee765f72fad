"""The check-in panel: what is asked before the dose, item by item, nothing pre-filled."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget

from ketamonitor.entries import Draft
from ketamonitor.treatment.checkin import ItemAnswer, asked, checkin, open_items
from ketamonitor.treatment.checkin_items import ITEMS
from ketamonitor.view import SessionView
from ketamonitor.words import clock, day
from ui.pages.checkin_fields import ItemForm
from ui.pages.checkin_list import WIDTH, ItemList
from ui.pages.entry import Desk, EntryPanel
from ui.widgets.scroll import bring_into_sight, scroll_area

#: Keys that go to another item.
_STEPS = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}

#: Logical pixels of the panel below which the list of items is a narrow one.
NARROW = 1000

_STATES = {"answered": "answered", "not_applicable": "not applicable", "not_done": "not done"}


class CheckInPanel(EntryPanel):
    """Items at the left with how each stands, the chosen one's fields beside them.

    Each item is saved by itself; after it the next open one comes up, and after the last the
    panel gives way. What was typed in the others stays.
    """

    title = "Check-in"
    save_words = "Save item"

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        plan = view.info.protocol.checkin
        self._needed = set(plan.needed)
        self.keys = [key for key in asked(plan) if key in ITEMS]
        self.forms = {key: ItemForm(kit, ITEMS[key], desk.now) for key in self.keys}
        self._saved_now: set[str] = set()
        self._sending = ""
        self.items = ItemList(kit.theme, [(key, ITEMS[key].label) for key in self.keys])
        self.stack = QStackedWidget()
        self.stack.setProperty("clear", True)
        for form in self.forms.values():
            form.changed.connect(self.changed)
            self.stack.addWidget(scroll_area(form, sideways=False))
        self.list_area = left = scroll_area(self.items, sideways=False)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(left)
        row.addWidget(self.stack, 1)
        self.main.addLayout(row, 1)
        self.now_title = kit.label("", "title", wrap=True)
        self.now_text = kit.says()
        self.left_words = kit.says()
        self.side.addWidget(self.now_title)
        self.side.addWidget(self.now_text)
        self.side.addWidget(kit.label("Before the first dose", "title"))
        self.side.addWidget(self.left_words)
        self.side.addWidget(
            kit.label("Up and Down: another item. Digits: answers. 0 means asked and answered 0.")
        )
        self._watch()
        self.items.changed.connect(self._turned)
        self.items.show_item(self._next_open() or self.keys[0])
        self.finish()
        self.main.setStretch(self.main.count() - 1, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self.list_area.setFixedWidth(160 if narrow else WIDTH + 18)
        # what the frames, their margins and the scroll bar take is not the form's
        room = self.width() - self._side_frame.width() - self.list_area.width() - 72
        for form in self.forms.values():
            form.fit(room)

    @property
    def key(self) -> str:
        return self.items.shown

    @property
    def form(self) -> ItemForm:
        return self.forms[self.key]

    @property
    def stays(self) -> bool:  # type: ignore[override]
        """As long as an item is open."""
        return self._next_open() is not None

    def opened(self, now: datetime) -> None:
        if not self.form.begun:
            self.items.show_item(self._next_open() or self.key)
        self.form.first().setFocus(Qt.FocusReason.TabFocusReason)
        self.refresh()

    def missing(self) -> str:
        try:
            self._draft("check")
        except ValueError as error:
            return str(error)
        return ""

    def drafts(self, author: str) -> tuple[Draft, ...]:
        self._sending = self.key
        return (self._draft(author),)

    def _draft(self, author: str) -> Draft:
        form = self.form
        return checkin(
            self.key,
            form.status,
            form.value(),
            form.reason_text,
            at=self.desk.now(),
            author=author,
        )

    def clear(self) -> None:
        """The item that was sent is written; the next open one comes up."""
        self.forms[self._sending].clear()
        self._saved_now.add(self._sending)
        if self.key == self._sending and (left := self._next_open()):
            self.items.show_item(left)
            self.form.first().setFocus(Qt.FocusReason.TabFocusReason)

    def refresh(self) -> None:
        known = self.view.checkin.answers
        for key, button in self.items.buttons.items():
            button.show_state(*self._state(key))
        answer = known.get(self.key)
        self.now_title.setText(ITEMS[self.key].label)
        self.now_text.setText(
            f"{answer.text}\n{clock(answer.at)}, {answer.by}. A new answer takes its place."
            if answer is not None
            else "Nothing is recorded yet."
        )
        left = open_items(self.view.info.protocol.checkin, self.view.checkin)
        self.left_words.setText(
            f"{len(left)} open: {', '.join(left)}" if left else "Nothing needed is open"
        )
        super().refresh()

    def tell_before(self, answer: ItemAnswer | None) -> None:
        """What the patient said of an item at the session before, to be asked again."""
        if answer is not None and answer.item in self.forms:
            day_of = day(answer.at.date())
            said = f"At the session of {day_of}: {answer.text.partition(': ')[2]}. Ask again"
            self.forms[answer.item].tell_before(said, answer.value)

    def single_key(self, event: QKeyEvent) -> bool:
        return self.form.key(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._step(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusIn:
            self._show_marked()
        elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            # Answers and the scrolled part would take the arrow keys for themselves.
            return self._step(event)
        return super().eventFilter(watched, event)

    def _step(self, event: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            return False
        place = (self.keys.index(self.key) + step) % len(self.keys)
        self.items.show_item(self.keys[place])
        self.form.first().setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _watch(self) -> None:
        for form in self.forms.values():
            for control in form.controls():
                control.installEventFilter(self)

    def _show_marked(self) -> None:
        marked = self.form.mark()
        if marked is not None:
            bring_into_sight(marked)

    def _turned(self) -> None:
        self.stack.setCurrentIndex(self.keys.index(self.key))
        self.list_area.ensureWidgetVisible(self.items.buttons[self.key])
        self.refresh()

    def _next_open(self) -> str | None:
        """The first open item from the one shown on, or from the top."""
        done = {*self.view.checkin.answers, *self._saved_now}
        left = [key for key in self.keys if key not in done]
        place = self.keys.index(self.key)
        return next((key for key in left if self.keys.index(key) >= place), next(iter(left), None))

    def _state(self, key: str) -> tuple[str, bool]:
        """How an item stands in words, and whether it is answered."""
        answer = self.view.checkin.answers.get(key)
        if answer is not None:
            return f"{_STATES[answer.status]} {clock(answer.at)}", answer.done
        return ("needed" if key in self._needed else "open"), False
