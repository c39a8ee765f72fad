"""The form of a stored session: its data sheet, until when it is due, that it was handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ketamonitor.clinic import load_clinic
from ketamonitor.entries import Draft
from ketamonitor.form_book import FormBook
from ketamonitor.intake import past_day
from ketamonitor.people import Person
from ketamonitor.record import Record
from ketamonitor.report.sheet import write_sheet
from ketamonitor.treatment.form_sources import Around
from ketamonitor.treatment.forms import form
from ketamonitor.treatment.hand_in import HandIns, handed_in, record_due, struck, told
from ketamonitor.words import day
from ui.background import Background
from ui.pages.parts import Kit


@dataclass(frozen=True, slots=True)
class FormDesk:
    """What the part may do. ``names`` are full names by short name; ``person`` is who is signed
    in. ``names`` and the book are asked in the background."""

    background: Background
    book: FormBook
    names: Callable[[], Mapping[str, str]]
    person: Callable[[], Person | None]
    now: Callable[[], datetime]


class FormPart(QWidget):
    """Of a simulated session, or one that goes on, there is the sheet and nothing to hand in."""

    def __init__(self, kit: Kit, desk: FormDesk, record: Record) -> None:
        super().__init__()
        self._desk, self._record = desk, record
        self.due = record_due(record)
        self.known: HandIns | None = None
        self.state = kit.label("", "title", wrap=True)
        self.facts = kit.label("", "muted")
        self.sheet = kit.button("Save the data sheet", icon="print")
        self.on = kit.field("day, as 14 Mar 2026", "Handed in on")
        self.reference = kit.field("if there is one", "Reference")
        self.done = kit.button("Record as handed in", main=True)
        self.reason = kit.field("Why that is a mistake", "Reason for striking it out")
        self.strike = kit.button("Strike it out")
        self.words = kit.says("fact")
        self._hand_in, self._undo = QWidget(), QWidget()
        _row(kit, self._hand_in, [("Handed in on", self.on), ("Reference", self.reference)])
        _row(kit, self._undo, [("Reason", self.reason)])
        for box, button in ((self._hand_in, self.done), (self._undo, self.strike)):
            layout = box.layout()
            if layout is not None:
                layout.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 0)
        layout.setSpacing(10)
        for part in (self.state, self.facts, self._hand_in, self._undo, self.words):
            layout.addWidget(part)
        row = QHBoxLayout()
        row.addWidget(self.sheet)
        row.addStretch()
        layout.addLayout(row)
        layout.addWidget(
            kit.label("The sheet is to be copied into the form. It is not an official form.")
        )
        layout.addStretch()
        self.sheet.clicked.connect(self._ask_path)
        self.done.clicked.connect(self.hand_in)
        self.strike.clicked.connect(self.strike_out)
        for typed in (self.on, self.reference):
            typed.returnPressed.connect(self.hand_in)
        self.reason.returnPressed.connect(self.strike_out)
        for typed in (self.on, self.reference, self.reason):
            typed.textChanged.connect(self._refresh)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._refresh()
        self.read()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The first field that is asked, where there is one and once that is known."""
        if self.known is not None:
            self._to_first_field()

    def _to_first_field(self) -> None:
        asked = (typed for typed in (self.on, self.reason) if typed.isVisible())
        next(asked, self.sheet).setFocus()

    def read(self) -> None:
        """Read anew what was handed in."""
        self._desk.background.run(self._desk.book.hand_ins, self._show, self._failed, self)

    def hand_in(self) -> None:
        """Record that the form was handed in on the typed day."""
        due, typed, reference = self.due, self.on.text(), self.reference.text()
        if due is None or self._missing():
            self._refresh()
            return

        def draft(known: HandIns, now: datetime, author: str) -> Draft:
            on = past_day(typed, "Handed in on", today=now.date())
            return handed_in(known, due, on, reference, at=now, author=author)

        self._write(draft)

    def strike_out(self) -> None:
        """That it was handed in is a mistake."""
        due, reason = self.due, self.reason.text()
        if due is None or self._missing():
            self._refresh()
            return
        self._write(
            lambda known, now, author: struck(known, due.session, reason, at=now, author=author)
        )

    def write(self, path: Path) -> None:
        """Write the data sheet; who is signed in fills it in."""
        desk, record, person = self._desk, self._record, self._desk.person()
        self.words.setText("Writing…")

        def work() -> tuple[list[str], str]:
            clinic, fault = load_clinic()
            around = Around(desk.now(), person.full_name if person else "", desk.names(), clinic)
            sheet = form(record.info.protocol.forms[0])
            return write_sheet(sheet, record, path, around), fault

        desk.background.run(work, lambda made: self._written(path, *made), self._failed, self)

    def _write(self, draft: Callable[[HandIns, datetime, str], Draft]) -> None:
        person = self._desk.person()
        if person is None:
            self.words.setText("Sign in first")
            return
        self.words.setText("Saving…")
        self._desk.background.run(
            lambda: self._desk.book.write(lambda known, now: draft(known, now, person.name)),
            self._stored,
            self._failed,
            self,
        )

    def _stored(self, _row: object) -> None:
        for typed in (self.on, self.reference, self.reason):
            typed.clear()
        self.words.setText("Saved")
        self.read()

    def _written(self, path: Path, missing: list[str], fault: str) -> None:
        lacks = f" {len(missing)} missing: {', '.join(missing)}." if missing else ""
        setting = f" No setting: {fault}" if fault else ""
        self.words.setText(f"Data sheet written: {path}.{lacks}{setting}")

    def _failed(self, error: BaseException) -> None:
        self.words.setText(f"Not done: {error}")

    def _ask_path(self) -> None:
        # The session's number says nothing of the patient, so it may name the file.
        name = f"{self._record.info.id}-form.pdf"
        path, _ = QFileDialog.getSaveFileName(self, "Save the data sheet", name, "PDF (*.pdf)")
        if path:
            self.write(Path(path))

    def _show(self, known: HandIns) -> None:
        self.known = known
        waited = self.hasFocus()
        self._refresh()
        if waited:
            self._to_first_field()

    def _missing(self) -> bool:
        """Whether what the shown button needs is not there."""
        if self.known is None or self.due is None:
            return True
        done = self.due.session in self.known.standing
        return not (self.reason if done else self.on).text().strip()

    def _refresh(self) -> None:
        due, known = self.due, self.known
        done = known.standing.get(due.session) if due is not None and known is not None else None
        self._hand_in.setVisible(due is not None and known is not None and done is None)
        self._undo.setVisible(done is not None)
        missing = self._missing()
        self.done.setEnabled(not missing)
        self.strike.setEnabled(not missing)
        if due is None:
            over = self._record.ended_at is not None
            why = "of a simulated session" if over else "before the session has ended"
            self.state.setText(f"Nothing is handed in {why}")
            self.facts.setText("")
            return
        if known is None:
            self.state.setText("Reading…")
            return
        said = told(due, known.standing, self._desk.now().date())
        self.state.setText(said[0].upper() + said[1:])
        if done is None:
            self.facts.setText(f"Treatment on {day(due.since)}, to be handed in by {day(due.by)}")
        else:
            reference = f", reference {done.reference}" if done.reference else ""
            self.facts.setText(
                f"On {day(done.on)}{reference}. Recorded by {done.by}, {day(done.at.date())}"
            )


def _row(kit: Kit, box: QWidget, fields: list[tuple[str, QLineEdit]]) -> None:
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    for name, typed in fields:
        row.addWidget(kit.label(name, "muted", wrap=False))
        row.addWidget(typed, 1)
