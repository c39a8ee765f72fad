"""The whole schedule of a session, and the word for a slot that was not done."""

from __future__ import annotations

from datetime import datetime

from ketamonitor.entries import Draft
from ketamonitor.schedule import told
from ketamonitor.treatment.not_done import LONGEST_REASON, REASONS, not_done
from ketamonitor.view import ASKING, DueItem, DueState, SessionView
from ketamonitor.words import clock
from ui.pages.entry import Desk, EntryPanel
from ui.pages.own_words import OwnWords

HEADERS = ("Planned", "What", "How it stands")


class SchedulePanel(EntryPanel):
    """Every slot with how it stands; the chosen one can be answered with a reason.

    Nothing is chosen but by a touch, the arrow keys, or the slot that the panel was asked for.
    """

    title = "Schedule"
    save_words = "Save as not done"

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self.table = kit.table(HEADERS, [], 2)
        self.table.setAccessibleName("Schedule")
        self.table.chosen_changed.connect(self.changed)
        self.main.addWidget(self.table, 1)
        self.what = kit.says("title")
        self.reason = OwnWords(
            kit.choice(list(REASONS), upright=True),
            kit.field("The reason in other words", "Reason"),
            LONGEST_REASON,
        )
        self.reason.changed.connect(self.changed)
        self.reasons, self.text = self.reason.choice, self.reason.text
        self.main.addWidget(self.what)
        self.main.addWidget(self.text)
        self.side.addWidget(kit.label("Why it was not done", "title"))
        self.side.addWidget(self.reasons)
        self.finish()

    @property
    def item(self) -> DueItem | None:
        """The slot that is chosen."""
        chosen = self.table.chosen
        return next((i for i in self.view.due if i.id == chosen), None)

    def choose(self, slot: str) -> None:
        """Show this slot as chosen; an unknown or empty one leaves nothing chosen."""
        self._fill()
        self.table.choose(slot)
        if self.table.chosen is not None:
            return
        asking = [i.id for i in self.view.due if i.state in ASKING]
        if asking:
            self.table.show_row(asking[-1])

    def opened(self, now: datetime) -> None:
        self.table.setFocus()

    def missing(self) -> str:
        if not self.view.due:
            return "The schedule starts with the first dose"
        item = self.item
        if item is None:
            return "Choose a slot"
        if item.done_at is not None:
            return f"{item.label} {clock(item.at)} is done"
        if item.state is DueState.AHEAD:
            return f"{item.label} {clock(item.at)} opens at {clock(item.opens_at)}"
        return "" if self.reason.words else "Choose a reason or type one"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        if self.item is None:
            raise ValueError("choose a slot")
        return (not_done(self.item, self.reason.words, at=self.desk.now(), author=author),)

    def clear(self) -> None:
        self.table.clearSelection()
        self.reason.clear()

    def refresh(self) -> None:
        self._fill()
        item = self.item
        self.what.setText(
            f"{item.label} {clock(item.at)}: {told(item)}" if item else "No slot is chosen"
        )
        super().refresh()

    def _fill(self) -> None:
        """Every slot as it stands now; the chosen one stays chosen."""
        rows = [[clock(i.at), _what(i), _stands(i)] for i in self.view.due]
        self.table.fill(rows, [i.id for i in self.view.due])


def _what(item: DueItem) -> str:
    named = f"{item.kind}, {item.name}" if item.name else item.kind
    return f"{named} (needed)" if item.mandatory else named


def _stands(item: DueItem) -> str:
    if item.said_by:
        return f"{told(item)} ({item.said_by})"
    return told(item)
