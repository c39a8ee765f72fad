"""The course as a person confirms it: sedation, dissociation, breathing; adverse events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment import episodes
from ketamonitor.treatment.adverse import COMMON, OUTCOMES, SERIOUS, adverse
from ketamonitor.treatment.episodes import LABELS, Proposed, proposed
from ketamonitor.treatment.plan import EPISODES
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.pages.entry import Desk, EntryPanel
from ui.pages.parts import Kit, entered, rule
from ui.pages.typed import time_of_day
from ui.pages.when import When

AS_WORKED_OUT, NONE, OWN = "As worked out", "None", "Own times"
ADVERSE = "Adverse event"


class EpisodePart(QWidget):
    """One episode: what the answers say, beside an answer that nobody has given yet."""

    def __init__(self, kit: Kit, what: str, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.what, self._now = what, now
        self.proposed: Proposed | None = None
        self.words = kit.says("fact")
        self.stands = kit.says()
        self.choice = kit.choice(
            [AS_WORKED_OUT, NONE, OWN],
            shown={
                AS_WORKED_OUT: f"{AS_WORKED_OUT}\nkey Y",
                NONE: f"{NONE}\nkey Z",
                OWN: f"{OWN}\nkey X",
            },
        )
        self.onset = kit.field("HH:MM", f"{LABELS[what]} from")
        self.over = kit.field("HH:MM, empty if not over", f"{LABELS[what]} over at")
        self.worst = kit.field("if known", f"{LABELS[what]} at its worst")
        self.worst.setMaxLength(episodes.LONGEST_WORST)
        self._times = QWidget()
        row = QHBoxLayout(self._times)
        row.setContentsMargins(0, 0, 0, 0)
        for name, typed in (("From", self.onset), ("Over", self.over), ("Worst", self.worst)):
            row.addWidget(kit.label(name, "muted", wrap=False))
            row.addWidget(typed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.words, self.stands, self.choice, self._times):
            layout.addWidget(part)

    def follow(self, record: Record) -> None:
        sedation = record.info.protocol.observe.sedation
        scale = {"sedation": sedation, "dissociation": "dissociation"}.get(self.what)
        self.proposed = None
        told = "Breaths are not worked out: say what was seen"
        if scale is not None:
            self.proposed = proposed(record.answers, scale, record.first_dose_at)
            told = self.proposed.text
        self.words.setText(told)
        usable = self.proposed is not None and bool(self.proposed.answers)
        self.choice.allow(AS_WORKED_OUT, usable)
        said = record.episodes.confirmed.get(self.what)
        self.stands.setText(f"Recorded {clock(said.at)}, {said.by}: {said.text}" if said else "")
        self._times.setVisible(self.choice.chosen == OWN)

    def draft(self, at: datetime, author: str) -> Draft:
        chosen = self.choice.chosen
        if chosen is None:
            raise ValueError(f"{LABELS[self.what]}: choose an answer")
        found = self.proposed
        if chosen == NONE or (chosen == AS_WORKED_OUT and found and found.onset_at is None):
            return episodes.episode(self.what, none=True, at=at, author=author)
        if chosen == AS_WORKED_OUT and found is not None:
            return episodes.episode(
                self.what,
                onset_at=found.onset_at,
                resolved_at=found.resolved_at,
                worst="" if found.worst is None else str(found.worst),
                at=at,
                author=author,
            )
        return episodes.episode(
            self.what,
            onset_at=self._time(self.onset),
            resolved_at=self._time(self.over),
            worst=self.worst.text(),
            at=at,
            author=author,
        )

    def clear(self) -> None:
        self.choice.clear()
        for typed in (self.onset, self.over, self.worst):
            typed.clear()

    def _time(self, typed: QLineEdit) -> datetime | None:
        return time_of_day(typed.text(), self._now()) if typed.text().strip() else None


class AdversePart(QWidget):
    """What happened, whether it is serious and why, how it stands; nothing is chosen before."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self.common = kit.choice(list(COMMON), columns=4)
        self.what = kit.field("Or in your own words", "What happened")
        self.what.setMaxLength(120)
        self.serious = kit.choice(["Not serious", "Serious"])
        self.criteria = {key: kit.tick_box(words) for key, words in SERIOUS.items()}
        self.outcome = kit.choice(list(OUTCOMES.values()), columns=3)
        self.description = kit.field("What was seen and done", "Description")
        self._why = QWidget()
        why = QHBoxLayout(self._why)
        why.setContentsMargins(0, 0, 0, 0)
        for tick in self.criteria.values():
            why.addWidget(tick)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.common, self.what, self.serious, self._why, self.outcome):
            layout.addWidget(part)
        layout.addWidget(self.description)
        self.show_parts()

    def show_parts(self) -> None:
        self._why.setVisible(self.serious.chosen == "Serious")

    def draft(self, at: datetime, author: str) -> Draft:
        outcome = next((k for k, words in OUTCOMES.items() if words == self.outcome.chosen), "")
        if not outcome and self.serious.chosen is not None:
            raise ValueError("Choose how it stands")
        serious = None if self.serious.chosen is None else self.serious.chosen == "Serious"
        ticked = [k for k, tick in self.criteria.items() if serious and tick.isChecked()]
        return adverse(
            self.what.text().strip() or self.common.chosen or "",
            serious,
            ticked,
            outcome,
            self.description.text(),
            at=at,
            author=author,
        )

    def clear(self) -> None:
        for choice in (self.common, self.serious, self.outcome):
            choice.clear()
        for typed in (self.what, self.description):
            typed.clear()
        for tick in self.criteria.values():
            tick.setChecked(False)


class CoursePanel(EntryPanel):
    """One of the three episodes or an adverse event at a time. The digits 1 to 4 choose which."""

    title = "Course"
    stays = True

    def __init__(self, desk: Desk, view: SessionView, record: Callable[[], Record]) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._record = record
        self.parts = {LABELS[what]: EpisodePart(kit, what, desk.now) for what in EPISODES}
        self.adverse = AdversePart(kit)
        names = [*self.parts, ADVERSE]
        self.choice = kit.choice(
            names, shown={name: f"{name}\nkey {n}" for n, name in enumerate(names, 1)}
        )
        self.choice.choose(names[0])
        self.main.addWidget(self.choice)
        self.main.addWidget(rule())
        for part in (*self.parts.values(), self.adverse):
            self.main.addWidget(part)
        self.when = When(kit, "Began at", desk.now())
        self.side.addWidget(kit.label("Nothing is stored before somebody confirms it.", "muted"))
        self.side.addWidget(self.when)
        for episode in self.parts.values():
            episode.choice.changed.connect(self.changed)
            for typed in (episode.onset, episode.over, episode.worst):
                typed.textChanged.connect(self.changed)
        one = self.adverse
        for choice in (one.common, one.serious, one.outcome, self.choice):
            choice.changed.connect(self.changed)
        for typed in (one.what, one.description):
            typed.textChanged.connect(self.changed)
        for tick in one.criteria.values():
            tick.toggled.connect(self.changed)
        self.when.changed.connect(self.changed)
        self.finish()

    @property
    def part(self) -> EpisodePart | AdversePart:
        return self.parts.get(self.choice.chosen or "", self.adverse)

    def opened(self, now: datetime) -> None:
        self.when.restart(now)
        self.outcome.clear()
        self.setFocus()

    def missing(self) -> str:
        try:
            self.drafts("check")
        except ValueError as error:
            return str(error)
        return ""

    def drafts(self, author: str) -> tuple[Draft, ...]:
        at = self.when.at() if self.part is self.adverse else self.desk.now()
        return (self.part.draft(at, author),)

    def clear(self) -> None:
        self.part.clear()
        self.when.restart(self.desk.now())
        self.setFocus()

    def refresh(self) -> None:
        self.when.tick(self.desk.now(), begun=entered(self.adverse))
        record = self._record()
        for part in self.parts.values():
            part.follow(record)
            part.setVisible(part is self.part)
        self.adverse.show_parts()
        self.adverse.setVisible(self.part is self.adverse)
        self.when.setVisible(self.part is self.adverse)
        super().refresh()

    def single_key(self, event: QKeyEvent) -> bool:
        key = event.text().upper()
        names = self.choice.options
        if key.isdecimal() and 1 <= int(key) <= len(names):
            self.choice.choose(names[int(key) - 1])
            return True
        part = self.part
        answers = {"Y": AS_WORKED_OUT, "Z": NONE, "X": OWN}
        if isinstance(part, EpisodePart) and key in answers:
            if part.choice.buttons[answers[key]].isHidden():
                return True
            part.choice.choose(answers[key])
            if answers[key] == OWN:
                part.onset.setFocus()
            return True
        return False
