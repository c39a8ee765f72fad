"""The end of a session: what is open, an answer for each of it, and the reason."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.treatment.closing import OpenItem
from ketamonitor.treatment.discharge import LONGEST_REASON, closing
from ketamonitor.view import ASKING, DueState, SessionView
from ketamonitor.words import clock, countdown
from ui.pages.entry import Desk, EntryPanel
from ui.pages.own_words import OwnWords
from ui.pages.parts import Kit
from ui.widgets.scroll import scroll_area

REASONS = ("Treatment complete", "Stopped early, clinical", "Stopped early, patient asked")


class OpenRow(QWidget):
    """One open matter and the answer to it, which nobody has given yet."""

    def __init__(self, kit: Kit, item: OpenItem) -> None:
        super().__init__()
        self.item = item
        self.text = kit.label("", "fact", wrap=True)
        self.answer = kit.field("Reason", "")
        self.answer.setMaxLength(LONGEST_REASON)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 8, 6)
        layout.setSpacing(2)
        layout.addWidget(self.text)
        layout.addWidget(self.answer)
        self.show_item(item)

    def show_item(self, item: OpenItem) -> None:
        """The words of the same matter as they are now."""
        self.item = item
        self.text.setText(item.text)
        self.answer.setAccessibleName(f"Reason: {item.text}")


class EndPanel(EntryPanel):
    """Asks for an answer to each matter that is open. A running infusion must be stopped first."""

    title = "End session"
    save_words = "End session"
    home_wanted = Signal()

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self.open = kit.says("fact")
        self.main.addWidget(self.open)
        self.rows: dict[str, OpenRow] = {}
        inner = QWidget()
        self._inside = QVBoxLayout(inner)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.addStretch()
        self.area = scroll_area(inner)
        self.main.addWidget(self.area, 1)
        self.alike = kit.button("The first reason for all that are blank")
        self.alike.clicked.connect(self._same)
        self.main.addWidget(self.alike)
        self.home = kit.button("Going home")
        self.home.clicked.connect(self.home_wanted)
        self.why = OwnWords(
            kit.choice(list(REASONS), upright=True),
            kit.field("Or another reason", "Reason"),
            LONGEST_REASON,
        )
        self.why.changed.connect(self.changed)
        self.choice, self.text = self.why.choice, self.why.text
        self.side.addWidget(self.home)
        self.side.addWidget(self.choice)
        self.side.addWidget(self.text)
        self.finish()

    @property
    def reason(self) -> str:
        return self.why.words

    def missing(self) -> str:
        if _running(self.view):
            return "The infusion is not stopped. Record its stop first (D)"
        left = sum(not _typed(row.answer) for row in self.rows.values())
        if left:
            return f"{left} open: give a reason for each, or record it under Going home"
        return "" if self.reason else "Choose or type the reason"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        now = self.desk.now()
        end = drafts.ended(self.reason, at=now, author=author)
        answers = [(row.item.text, _typed(row.answer)) for row in self.rows.values()]
        return (closing(answers, at=now, author=author), end) if answers else (end,)

    def clear(self) -> None:
        self.why.clear()
        for row in self.rows.values():
            row.answer.clear()

    def refresh(self) -> None:
        told = open_matters(self.view)
        self.open.setText("\n".join(f"•  {line}" for line in told))
        self.open.setVisible(bool(told))
        self._offer()
        super().refresh()

    def _offer(self) -> None:
        """A row for each open matter; a reason that was typed stays while its matter is open."""
        items = {item.key: item for item in self.view.open_items}
        for key in [key for key in self.rows if key not in items]:
            gone = self.rows.pop(key)
            self._inside.removeWidget(gone)
            gone.deleteLater()
        for place, (key, item) in enumerate(items.items()):
            if key in self.rows:
                self.rows[key].show_item(item)
                continue
            made = OpenRow(self.desk.kit, item)
            made.answer.textChanged.connect(self.changed)
            self.rows[key] = made
            self._inside.insertWidget(place, made)
        self.rows = {key: self.rows[key] for key in items}
        self.alike.setVisible(len(items) > 1)

    def _same(self) -> None:
        """Copies a reason that somebody typed; there is none of the program's own."""
        given = next((_typed(row.answer) for row in self.rows.values() if _typed(row.answer)), "")
        for row in self.rows.values():
            if given and not _typed(row.answer):
                row.answer.setText(given)


def _typed(field: QLineEdit) -> str:
    return field.text().strip()


def open_matters(view: SessionView) -> list[str]:
    """What is still running or hangs in a session, one line each; none of it stops the end."""
    lines: list[str] = []
    if _running(view) and view.infusion is not None:
        lines.append(
            f"Infusion {view.infusion.state}: {view.infusion.given_mg:.1f} mg of"
            f" {view.infusion.planned_mg:g} mg given"
        )
    if view.gate_at is not None and not view.gate_open:
        left = countdown(max(0.0, (view.gate_at - view.now).total_seconds()))
        lines.append(f"The time gate {clock(view.gate_at)} has not passed, {left} left")
    lines += [
        f"Alert active: {a.text}, since {clock(a.since)}"
        + ("" if a.acknowledged_at else ", not acknowledged")
        for a in view.alarms
    ]
    for item in view.due:
        if item.state in (*ASKING, DueState.MISSED):
            lines.append(f"{item.label} due {clock(item.at)} has not been recorded")
    if view.unsaved:
        lines.append(f"{view.unsaved} entries are not saved yet")
    return lines


def _running(view: SessionView) -> bool:
    return view.infusion is not None and view.infusion.state in ("running", "paused")
