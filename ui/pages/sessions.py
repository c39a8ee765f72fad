"""The list of sessions: search, open, begin a new one, and what was left unfinished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.store import SessionSummary
from ketamonitor.treatment.hand_in import HandedIn, summary_due, told
from ketamonitor.words import STARS, clock, day
from ui.background import Background
from ui.pages.parts import Kit

#: What is owed stands where a narrow screen still shows it; the protocol takes what room is left.
HEADERS = ("Day", "Time", "Patient", "MRN", "State", "Alerts", "Protocol", "Nurse", "Chair")


#: Forms that were handed in, by session.
Said = Mapping[str, HandedIn]


#: The state of a session that another window, or ``session run``, records now.
ELSEWHERE = "in another window"


def row_of(
    summary: SessionSummary, said: Said, today: date, *, elsewhere: bool = False
) -> tuple[str, ...]:
    """One row of the list. A session that is simulated says so beside its state; one that owes a
    form says until when, or that it was handed in; one that is recorded ``elsewhere`` says so."""
    patient = summary.patient
    alarms = [
        f"{STARS[p]} {summary.alarms[p]}"
        for p in ("high", "medium", "low")
        if summary.alarms.get(p)
    ]
    state = "finished" if summary.finished else ELSEWHERE if elsewhere else "not finished"
    due = summary_due(summary)
    if due is not None:
        state = f"{state} · {told(due, said, today)}"
    if summary.fault:
        state = "damaged"
    return (
        day(summary.started_at.date()),
        clock(summary.started_at),
        patient.name if patient else "–",
        patient.mrn if patient else "–",
        f"{state} · SIMULATED" if summary.simulated else state,
        "  ".join(alarms) or "none",
        summary.protocol_title or "–",
        summary.author,
        summary.chair or "–",
    )


def found(summaries: Sequence[SessionSummary], words: str) -> list[SessionSummary]:
    """Those whose patient's name or record number holds every typed word."""
    wanted = words.casefold().split()
    chosen = []
    for summary in summaries:
        patient = summary.patient
        text = f"{patient.name} {patient.mrn}".casefold() if patient else ""
        if all(word in text for word in wanted):
            chosen.append(summary)
    return chosen


class SessionsPage(QWidget):
    """Home. Unfinished sessions come first, each with its one question."""

    new_wanted = Signal()
    open_wanted = Signal(str)
    resume_wanted = Signal(str)
    alarms_wanted = Signal()

    def __init__(
        self,
        kit: Kit,
        background: Background,
        sessions: Callable[[], list[SessionSummary]],
        running: Callable[[], Sequence[str]],
        elsewhere: Callable[[list[SessionSummary]], frozenset[str]],
        handed_in: Callable[[], Said],
        today: Callable[[], date],
    ) -> None:
        super().__init__()
        self.kit, self._background, self._sessions = kit, background, sessions
        self._running, self._handed_in, self._today = running, handed_in, today
        self._look_elsewhere = elsewhere
        self._said: Said = {}
        self._elsewhere: frozenset[str] = frozenset()
        self._all: list[SessionSummary] = []
        self._left: set[str] = set()
        self.search = kit.field("Name or MRN", "Search")
        self.new = kit.button("New session", main=True, icon="plus", key="N")
        self.open = kit.button("Open", icon="list")
        self.alarms = kit.button("Alerts", icon="bell")
        self.words = kit.says()
        self.table = kit.table(HEADERS, [], stretch=HEADERS.index("Protocol"))
        self.table.setAccessibleName("Sessions")
        self.in_full = kit.in_full(self.table)
        self.question = QVBoxLayout()
        self.question.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(kit.label("Sessions", "page"))
        top.addWidget(self.search, 1)
        top.addWidget(self.alarms)
        top.addWidget(self.open)
        top.addWidget(self.new)
        frame, inside = kit.card()
        inside.addLayout(top)
        inside.addWidget(self.table, 1)
        inside.addWidget(self.in_full)
        inside.addWidget(self.words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(self.question)
        layout.addWidget(frame, 1)
        self.search.textChanged.connect(self._show)
        self.new.clicked.connect(self.new_wanted)
        self.open.clicked.connect(self._open)
        self.alarms.clicked.connect(self.alarms_wanted)
        self.table.opened.connect(self._open)
        self.table.chosen_changed.connect(self._refresh)
        self._refresh()

    def forget(self) -> None:
        """Somebody else is at the screen: what was searched and chosen is nobody's."""
        self.search.clear()
        self.table.choose(None)

    def opened(self) -> None:
        """The page comes on screen: read the list anew."""
        self.words.setText("Reading…" if not self._all else "")
        self.table.setFocus()  # so that N is no letter of the search
        self._background.run(self._look, self._read, self._failed, self)

    def _look(self) -> tuple[list[SessionSummary], Said, frozenset[str]]:
        """On a thread of the background."""
        summaries = self._sessions()
        return summaries, self._handed_in(), self._look_elsewhere(summaries)

    def _read(self, read: tuple[list[SessionSummary], Said, frozenset[str]]) -> None:
        self._all, self._said, self._elsewhere = read
        self._show()
        self._ask()

    def _failed(self, error: BaseException) -> None:
        self.words.setText(f"The list cannot be read: {error}")

    def _show(self, _text: str = "") -> None:
        # Unfinished first; the list itself is newest first and sorting keeps that order.
        shown = sorted(found(self._all, self.search.text()), key=lambda s: s.finished)
        today = self._today()
        rows = [row_of(s, self._said, today, elsewhere=s.id in self._elsewhere) for s in shown]
        self.table.fill(rows, [s.id for s in shown])
        of = f"{len(shown)} of {len(self._all)} sessions"
        self.words.setText(of if self._all else "No session yet")
        self._refresh()

    def _ask(self) -> None:
        """One question for each session that was left, until it is answered. One that is recorded
        elsewhere is nobody's to resume."""
        while (item := self.question.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        running = self._elsewhere.union(self._running())
        for summary in self._all:
            if summary.finished or summary.fault or summary.id in running | self._left:
                continue
            frame, inside = self.kit.card()
            row = QHBoxLayout()
            name = summary.patient.name if summary.patient else "–"
            simulated = " · SIMULATED" if summary.simulated else ""
            row.addWidget(
                self.kit.label(
                    f"Session of {day(summary.started_at.date())} {clock(summary.started_at)},"
                    f" {name}{simulated}, was not finished",
                    "title",
                    wrap=True,
                ),
                1,
            )
            resume = self.kit.button("Resume", main=True, icon="forward")
            leave = self.kit.button("Leave")
            resume.clicked.connect(lambda _=False, s=summary.id: self.resume_wanted.emit(s))
            leave.clicked.connect(lambda _=False, s=summary.id: self._leave(s))
            row.addWidget(resume)
            row.addWidget(leave)
            inside.addLayout(row)
            self.question.addWidget(frame)
            return  # one at a time: the next is asked when this one is answered

    def _leave(self, session: str) -> None:
        self._left.add(session)
        self._ask()

    def _open(self) -> None:
        if (session := self.chosen) is not None:
            self.open_wanted.emit(session)

    @property
    def chosen(self) -> str | None:
        """The id of the chosen row's session."""
        return self.table.chosen

    def _refresh(self) -> None:
        self.open.setEnabled(self.chosen is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self._open()
        else:
            super().keyPressEvent(event)
