"""Going home: the criteria as the record answers them, overrides by two people, ready, left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.entries import Draft
from ketamonitor.treatment import discharge
from ketamonitor.treatment.discharge import BY_PERSON, CriterionState, CriterionView
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.pages.entry import Desk, EntryPanel
from ui.pages.parts import ANSWER, Kit, rule, set_mark
from ui.pages.second_person import SecondPerson
from ui.pages.when import When
from ui.widgets.scroll import bring_into_sight, scroll_area

MET, OVERRIDE, READY, LEFT = "Say what is met", "Override one", "Clinically ready", "Patient left"
_ACTS = (MET, OVERRIDE, READY, LEFT)
_KEYS = {Qt.Key.Key_V: OVERRIDE, Qt.Key.Key_R: READY, Qt.Key.Key_F: LEFT}
_STATES = {
    CriterionState.OPEN: "Open",
    CriterionState.MET: "Met",
    CriterionState.NOT_MET: "Not met",
    CriterionState.OVERRIDDEN: "Deviation",
}


class CriterionRow(QWidget):
    """One criterion: state, words, evidence; a button where a person answers it."""

    def __init__(self, kit: Kit, shown: CriterionView, changed: Callable[[], None]) -> None:
        super().__init__()
        self.shown = shown
        self.state = kit.label("", "fact")
        self.state.setFixedWidth(84)
        self.evidence = kit.label("", "muted")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(kit.label(shown.criterion.text, "fact", wrap=True))
        words.addWidget(self.evidence)
        self.choice = kit.choice(["Met"])
        self.choice.changed.connect(changed)
        self.choice.buttons["Met"].setAccessibleName(f"Met: {shown.criterion.text}")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self.state)
        row.addLayout(words, 1)
        row.addWidget(self.choice)
        self.setMinimumHeight(ANSWER)  # a touch marks it
        self.show_criterion(shown)

    @property
    def by_person(self) -> bool:
        return self.shown.criterion.by in BY_PERSON

    @property
    def ticked(self) -> bool:
        return self.choice.chosen is not None and not self.shown.settled

    def show_criterion(self, shown: CriterionView) -> None:
        self.shown = shown
        self.state.setText(_STATES[shown.state])
        told = shown.evidence
        if shown.state is CriterionState.OVERRIDDEN and shown.answer is not None:
            said = shown.answer
            told = f"{told}. {said.reason} ({said.by} and {said.second}, {clock(said.at)})"
        self.evidence.setText(told)
        self.evidence.setVisible(bool(told))
        self.choice.setVisible(self.by_person and not shown.settled)


class DischargePanel(EntryPanel):
    """Fills itself from the record. It says what is recorded as met, and nothing about safety."""

    title = "Going home"
    stays = True
    #: To the end of the session, once everything is said.
    end_wanted = Signal()

    def __init__(self, desk: Desk, view: SessionView, second: SecondPerson) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self.told = kit.says("fact")
        self.main.addWidget(self.told)
        inner = QWidget()
        inside = QVBoxLayout(inner)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        self.area = scroll_area(inner)
        self.main.addWidget(self.area, 1)
        self.rows = [CriterionRow(kit, shown, self.changed.emit) for shown in view.criteria]
        for row in self.rows:
            inside.addWidget(rule())
            inside.addWidget(row)
            row.choice.changed.connect(self._touched)
            row.installEventFilter(self)
            row.choice.buttons["Met"].installEventFilter(self)
        if not self.rows:
            inside.addWidget(kit.label("This protocol names no criteria"))
        inside.addStretch()
        self.marked = 0
        self.act = kit.choice(
            list(_ACTS),
            shown={
                OVERRIDE: f"{OVERRIDE}\nkey V",
                READY: f"{READY}\nkey R",
                LEFT: f"{LEFT}\nkey F",
            },
            columns=2,
        )
        self.side.addWidget(self.act)
        self.what = kit.says()
        self.reason = kit.field("Why it goes on without it", "Reason")
        self.reason.setMaxLength(discharge.LONGEST_REASON)
        self.second = second
        self.companion = kit.field("Name, or: alone", "Left with")
        self.companion.setMaxLength(80)
        self.phone = kit.field("Number for this evening", "Telephone")
        self.phone.setMaxLength(40)
        self.when = When(kit, "At", desk.now())
        for part in (self.what, self.reason, self.second, self.companion, self.phone, self.when):
            self.side.addWidget(part)
        for typed in (self.reason, self.companion, self.phone):
            typed.textChanged.connect(self.changed)
        self.second.changed.connect(self.changed)
        self.when.changed.connect(self.changed)
        self.act.choose(MET)
        self.act.changed.connect(self._turned)
        self._mark(0)
        self.finish()
        self._turned()

    @property
    def row(self) -> CriterionRow | None:
        """The marked criterion."""
        return self.rows[self.marked] if self.rows else None

    def opened(self, now: datetime) -> None:
        # The time of an earlier opening is not when somebody was ready, or left.
        if not self.companion.text().strip():
            self.when.restart(now)

    def _about(self) -> str:
        """What the second person agrees to."""
        reason = self.reason.text().strip()
        if self.act.chosen != OVERRIDE or self.row is None or not reason:
            return ""
        return f"Not met and gone on with: {self.row.shown.criterion.text}: {reason}"

    def missing(self) -> str:
        act, unsettled = self.act.chosen, [r for r in self.rows if not r.shown.settled]
        if act == OVERRIDE:
            if self.row is None or self.row.shown.settled:
                return "Mark a criterion that is not met (Up, Down)"
            if not self.reason.text().strip():
                return "Type the reason"
            return "" if self.second.person else "A second person confirms with name and password"
        if act == READY:
            if self.view.ready_at is not None:
                return f"Recorded as ready at {clock(self.view.ready_at)}"
            if unsettled:
                return (
                    f"{len(unsettled)} left: say what is met, or override it with a second person"
                )
            return self.when.fault()
        if act == LEFT:
            if self.view.departure is not None:
                return f"Recorded as left at {clock(self.view.departure.at)}"
            return self.when.fault() if self.companion.text().strip() else "Type who came along"
        return "" if any(row.ticked for row in self.rows) else "Nothing is ticked"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        plan, act = self.view.info.protocol.criterion, self.act.chosen
        if act == OVERRIDE and self.row is not None and self.second.person is not None:
            return (
                discharge.overridden(
                    plan,
                    self.row.shown.criterion.id,
                    self.reason.text(),
                    self.second.person.name,
                    at=self.desk.now(),
                    author=author,
                ),
            )
        if act == READY:
            return (discharge.ready(at=self.when.at(), author=author),)
        if act == LEFT:
            return (
                discharge.left(
                    self.companion.text(), self.phone.text(), at=self.when.at(), author=author
                ),
            )
        return tuple(
            discharge.met(plan, row.shown.criterion.id, at=self.desk.now(), author=author)
            for row in self.rows
            if row.ticked
        )

    def clear(self) -> None:
        act = self.act.chosen
        if act == MET:
            for row in self.rows:
                row.choice.clear()
        elif act == OVERRIDE:
            self.reason.clear()
            self.second.clear()
        elif act == LEFT:
            self.companion.clear()
            self.phone.clear()
        self.when.restart(self.desk.now())

    def show_view(self, view: SessionView) -> None:
        for row, shown in zip(self.rows, view.criteria, strict=True):
            row.show_criterion(shown)
        super().show_view(view)

    def refresh(self) -> None:
        self.second.about(self._about(), self.desk.now())
        self.when.tick(self.desk.now(), begun=self.act.chosen in (READY, LEFT))
        done = sum(row.shown.settled for row in self.rows)
        said = [f"{done} of {len(self.rows)} criteria recorded as met"]
        deviations = sum(r.shown.state is CriterionState.OVERRIDDEN for r in self.rows)
        if deviations:
            said[0] += f", {deviations} by deviation"
        if self.view.ready_at is not None:
            said.append(f"clinically ready {clock(self.view.ready_at)}")
        if self.view.departure is not None:
            gone = self.view.departure
            said.append(f"left {clock(gone.at)} with {gone.companion}")
        self.told.setText(" · ".join(said))
        row = self.row
        self.what.setText(row.shown.criterion.text if row is not None else "")
        super().refresh()

    def single_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.rows:
            step = 1 if key == Qt.Key.Key_Down else -1
            self._mark((self.marked + step) % len(self.rows))
            return True
        if key in (Qt.Key.Key_M, Qt.Key.Key_Space):
            return self._tick()
        if key in _KEYS:
            self.act.choose(_KEYS[key])
            return True
        return False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.MouseButtonPress):
            for place, row in enumerate(self.rows):
                if watched is row or watched is row.choice.buttons["Met"]:
                    self._mark(place)
        return super().eventFilter(watched, event)

    def _tick(self) -> bool:
        """Tick the marked criterion, or take the tick away; the next open one is marked."""
        row = self.row
        if row is None or not row.by_person or row.shown.settled:
            return False
        self.act.choose(MET)
        if row.ticked:
            row.choice.clear()
            return True
        row.choice.choose("Met")
        after = [n for n, r in enumerate(self.rows) if n > self.marked and r.by_person]
        self._mark(next((n for n in after if not self.rows[n].shown.settled), self.marked))
        return True

    def _touched(self) -> None:
        """Whoever says that something is met is not about another act any more."""
        if any(row.ticked for row in self.rows) and self.act.chosen != MET:
            self.act.choose(MET)

    def _mark(self, place: int) -> None:
        self.marked = place
        for number, row in enumerate(self.rows):
            set_mark(row, number == place)
        if self.rows:
            bring_into_sight(self.rows[place])
        self.changed.emit()

    def _turned(self) -> None:
        """Show what the chosen act asks for; the cursor goes to its first field."""
        act = self.act.chosen
        self.when.restart(self.desk.now())
        for part in (self.what, self.reason, self.second):
            part.setVisible(act == OVERRIDE)
        for part in (self.companion, self.phone):
            part.setVisible(act == LEFT)
        self.when.setVisible(act in (READY, LEFT))
        if act == OVERRIDE:
            self.reason.setFocus()
        elif act == LEFT:
            self.companion.setFocus()
        self.changed.emit()
