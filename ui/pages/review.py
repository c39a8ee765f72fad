"""The review of a stored session: chart, certificate, tables, and the files it can be taken as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ketamonitor.entries import Entry
from ketamonitor.record import Record
from ketamonitor.report.pdf import write_pdf
from ketamonitor.report.tables import write_csv, write_json
from ketamonitor.store import SessionSummary
from ketamonitor.view import SessionView
from ketamonitor.words import patient_line, weekday
from ui.background import Background
from ui.pages import reviewed
from ui.pages.parts import Kit, Rows
from ui.pages.reviewed import Reviewed, review

FORMATS = ("PDF", "CSV", "JSON")
FORM = "Form (F)"


class ReviewPage(QWidget):
    """Reads, checks and writes in the background; nothing of a stored session can be changed."""

    left = Signal()
    alarms_wanted = Signal(str)

    def __init__(
        self,
        kit: Kit,
        background: Background,
        entries: Callable[[str], list[Entry]],
        summary: Callable[[str], SessionSummary | None],
        trend: Callable[[Record, SessionView], QWidget],
        now: Callable[[], datetime],
        printed_by: Callable[[], str],
        form: Callable[[Record], QWidget] | None = None,
    ) -> None:
        """``form`` makes the tab of a session whose protocol names one."""
        super().__init__()
        self.kit, self._background, self._form = kit, background, form
        self._entries, self._summary, self._trend = entries, summary, trend
        self._now, self._printed_by = now, printed_by
        self.shown: Reviewed | None = None
        self.name = kit.label("", "page")
        self.simulated = kit.label("SIMULATED", "fact")
        self.simulated.setProperty("chip", True)
        self.ids = kit.label("", "muted", wrap=False)
        self.chain = kit.label("", "fact")
        self.chain.setProperty("chip", True)
        self.words = kit.says()
        self.back = kit.button("Sessions", icon="back", key="Esc")
        self.buttons = {name: kit.button(name, icon="print") for name in FORMATS}
        self.verify = kit.button("Verify", icon="lock")
        self.alarms = kit.button("Alerts", icon="bell")
        title = QHBoxLayout()
        title.setSpacing(10)
        for widget in (self.name, self.simulated, self.chain):
            title.addWidget(widget)
        title.addStretch()
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addLayout(title)
        texts.addWidget(self.ids)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.back)
        head.addSpacing(8)
        head.addLayout(texts, 1)
        for button in (self.alarms, *self.buttons.values(), self.verify):
            head.addWidget(button)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setFont(kit.theme.font(15, 600))
        frame, inside = kit.card()
        inside.addLayout(head)
        inside.addWidget(self.words)
        inside.addWidget(self.tabs, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(frame)
        self.back.clicked.connect(self.left)
        self.verify.clicked.connect(self._read_again)
        self.alarms.clicked.connect(self._alarms)
        for name, button in self.buttons.items():
            button.clicked.connect(lambda _=False, n=name: self._ask_path(n))
        self._enable(False)

    def open(self, session: str) -> None:
        """Show a stored session; it is read and checked first."""
        self.shown = None
        self._enable(False)
        self._empty_tabs()
        for widget in (self.name, self.ids, self.chain):
            widget.clear()
        self.simulated.hide()
        self.chain.hide()
        self.words.setText("Reading and checking each entry…")
        self._background.run(
            lambda: review(session, self._entries(session)), self._show, self._failed, self
        )

    def show_form(self) -> None:
        """Turn to the form, where the protocol names one; keys go on there."""
        place = next((n for n in range(self.tabs.count()) if self.tabs.tabText(n) == FORM), None)
        if place is not None:
            self.tabs.setCurrentIndex(place)
            self.tabs.currentWidget().setFocus()

    @property
    def in_form(self) -> bool:
        """Whether the form is on the screen, which is typed in."""
        return self.tabs.currentIndex() >= 0 and self.tabs.tabText(self.tabs.currentIndex()) == FORM

    def write(self, name: str, path: Path) -> None:
        """Write the session as PDF, CSV or JSON, in the background."""
        shown = self.shown
        if shown is None:
            return
        # To the second: finer times cannot be written into a PDF.
        now, by = self._now().replace(microsecond=0), self._printed_by()
        self._enable(False)
        self.words.setText(f"Writing {name}…")

        def work() -> None:
            if name == "PDF":
                write_pdf(
                    shown.record,
                    path,
                    printed_at=now,
                    printed_by=by,
                    chain_verified=not shown.faults,
                )
            elif name == "CSV":
                write_csv(shown.entries, path)
            else:
                write_json(shown.entries, self._summary(shown.session), path)

        self._background.run(work, lambda _none: self._written(name, path), self._failed, self)

    def _ask_path(self, name: str) -> None:
        if self.shown is None:
            return
        ending = name.lower()
        # The session's number says nothing of the patient, so it may name the file.
        path, _ = QFileDialog.getSaveFileName(
            self, f"Save {name}", f"{self.shown.session}.{ending}", f"{name} (*.{ending})"
        )
        if path:
            self.write(name, Path(path))

    def _written(self, name: str, path: Path) -> None:
        self._enable(True)
        self.words.setText(f"{name} written: {path}")

    def _failed(self, error: BaseException) -> None:
        self._enable(self.shown is not None)
        self.words.setText(f"Not done: {error}")

    def _alarms(self) -> None:
        if self.shown is not None:
            self.alarms_wanted.emit(self.shown.session)

    def _read_again(self) -> None:
        if self.shown is not None:
            self.open(self.shown.session)

    def _show(self, shown: Reviewed) -> None:
        self.shown = shown
        info = shown.record.info
        started = info.started_at
        self.name.setText(info.patient.name)
        self.simulated.setVisible(info.simulated)
        self.ids.setText(
            f"{patient_line(info.patient, started.date())} · {weekday(started.date())} · {info.id}"
        )
        self.chain.setText(
            "Chain verified" if not shown.faults else f"Chain broken: {len(shown.faults)} faults"
        )
        self.chain.show()
        count = f"{len(shown.entries)} entries, each as it was written. Unsigned"
        self.words.setText(count if not shown.faults else "; ".join(shown.faults[:3]))
        self._empty_tabs()
        tabs: tuple[tuple[str, Sequence[str], Rows, int], ...] = (
            ("Values", shown.value_headers, shown.values, len(shown.value_headers) - 1),
            ("Doses", reviewed.DOSE_HEADERS, shown.doses, 1),
            ("Observations", reviewed.OBSERVATION_HEADERS, shown.observations, 2),
            ("Alarms", reviewed.ALARM_HEADERS, shown.alarms, 2),
            ("Changes", reviewed.CHANGE_HEADERS, shown.changes, 3),
        )
        self.tabs.addTab(self._overview(shown), "Overview")
        for name, headers, rows, stretch in tabs:
            self.tabs.addTab(self._table(headers, rows, stretch), f"{name} {len(rows)}")
        if self._form is not None and info.protocol.forms:
            self.tabs.addTab(self._form(shown.record), FORM)
        self._enable(True)

    def _table(self, headers: Sequence[str], rows: Rows, stretch: int) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        table = self.kit.table(headers, rows, stretch)
        layout.addWidget(table, 1)
        layout.addWidget(self.kit.in_full(table))
        return page

    def _overview(self, shown: Reviewed) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(self._trend(shown.record, shown.view), 1)
        cards = QHBoxLayout()
        cards.setSpacing(8)
        complete, inside = self.kit.card("Completeness")
        inside.addWidget(self.kit.facts([(row[0], row[1]) for row in shown.counts]))
        gaps = [f"{row[0]} to {row[1]}   {row[2]}   {row[3]}   {row[4]}" for row in shown.gaps[:4]]
        more = len(shown.gaps) - len(gaps)
        gaps += [f"and {more} more in the PDF"] if more > 0 else []
        inside.addWidget(self.kit.label("Every gap" if gaps else "No gap", "fact"))
        inside.addWidget(self.kit.label("\n".join(gaps)))
        inside.addStretch()
        alarms, inside = self.kit.card(f"Alerts {len(shown.alerts)}")
        self._rows(inside, [(f"{r[1]}  {r[2]}", r[0]) for r in shown.alerts], "No alert")
        end = shown.record.ended_at or shown.record.last_at or shown.record.info.started_at
        doses, inside = self.kit.card(f"Doses {shown.record.total_mg(end):.1f} mg")
        self._rows(inside, [(r[1], r[0]) for r in shown.doses], "No dose")
        for card in (complete, alarms, doses):
            cards.addWidget(card, 1)
        box = QWidget()
        box.setLayout(cards)
        box.setMaximumHeight(248)
        layout.addWidget(box)
        return page

    def _rows(self, inside: QVBoxLayout, rows: list[tuple[str, str]], none: str) -> None:
        for text, at in rows[:5]:
            row = QHBoxLayout()
            row.addWidget(self.kit.label(text, "muted", wrap=False), 1)
            row.addWidget(self.kit.label(at, "fact"))
            inside.addLayout(row)
        if len(rows) > 5:
            inside.addWidget(self.kit.label(f"and {len(rows) - 5} more", "small"))
        elif not rows:
            inside.addWidget(self.kit.label(none))
        inside.addStretch()

    def _empty_tabs(self) -> None:
        while self.tabs.count():
            widget = self.tabs.widget(0)
            self.tabs.removeTab(0)
            if widget is not None:
                widget.deleteLater()

    def _enable(self, on: bool) -> None:
        for button in (*self.buttons.values(), self.verify, self.alarms):
            button.setEnabled(on)
