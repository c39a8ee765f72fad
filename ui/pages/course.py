"""The course as a person confirms it: sedation, dissociation, breathing; adverse events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment import episodes
from ketamonitor.treatment.breathing import Breathing, breathing_of
from ketamonitor.treatment.episodes import LABELS, Proposed, proposed
from ketamonitor.treatment.plan import EPISODES
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.pages.adverse_part import AdversePart
from ui.pages.entry import Desk, EntryPanel
from ui.pages.parts import Kit, entered, rule
from ui.pages.typed import time_of_day
from ui.pages.when import When

AS_WORKED_OUT, NONE, OWN = "As worked out", "None", "Own times"
ADVERSE = "Adverse event"
NO_MEDICINE, MEDICINE = "No", "Yes"

#: The answers of an episode by their keys.
_KEYS = {"Y": AS_WORKED_OUT, "Z": NONE, "X": OWN}
_MEDICINE_KEYS = {"N": NO_MEDICINE, "M": MEDICINE}


class EpisodePart(QWidget):
    """One episode: what the record says, beside an answer that nobody has given yet."""

    def __init__(self, kit: Kit, what: str, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.what, self._now = what, now
        self.proposed: Proposed | Breathing | None = None
        self._of: tuple[str, int] | None = None
        self.words = kit.label("", "fact", wrap=True)
        self.stands = kit.label("", "muted")
        self.choice = kit.choice(
            [AS_WORKED_OUT, NONE, OWN],
            shown={option: f"{option}\nkey {key}" for key, option in _KEYS.items()},
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
        self.medicine = kit.choice(
            [NO_MEDICINE, MEDICINE],
            shown={option: f"{option}\nkey {key}" for key, option in _MEDICINE_KEYS.items()},
        )
        for option, button in self.medicine.buttons.items():
            button.setAccessibleName(f"Medicine given for it: {option.lower()}")
        self._given = QWidget()
        row = QHBoxLayout(self._given)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(kit.label("Medicine given for it", "fact"))
        row.addWidget(self.medicine, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.words, self.stands, self.choice, self._times, self._given):
            layout.addWidget(part)

    def follow(self, record: Record) -> None:
        """Show what the record says now; worked out anew only where it has grown."""
        of = (record.info.id, record.entries)
        if of != self._of:
            self._of, self.proposed = of, _proposed(self.what, record)
        found = self.proposed
        self.words.setText(found.text if found is not None else "")
        self.choice.allow(AS_WORKED_OUT, found is not None and found.known)
        said = record.episodes.confirmed.get(self.what)
        self.stands.setText(f"Recorded {clock(said.at)}, {said.by}: {said.text}" if said else "")
        self.stands.setVisible(said is not None)
        self._times.setVisible(self.choice.chosen == OWN)
        self._given.setVisible(self.choice.chosen is not None and not self.none)

    @property
    def none(self) -> bool:
        """Whether the chosen answer is that there was none."""
        found, chosen = self.proposed, self.choice.chosen
        worked_out_none = found is not None and found.onset_at is None
        return chosen == NONE or (chosen == AS_WORKED_OUT and worked_out_none)

    def draft(self, at: datetime, author: str) -> Draft:
        chosen, found = self.choice.chosen, self.proposed
        if chosen is None:
            raise ValueError(f"{LABELS[self.what]}: choose an answer")
        if self.none:
            return episodes.episode(self.what, none=True, at=at, author=author)
        said = self.medicine.chosen
        onset, over, worst = self._time(self.onset), self._time(self.over), self.worst.text()
        if chosen == AS_WORKED_OUT and found is not None:
            onset, over, worst = found.onset_at, found.resolved_at, found.worst_words
        return episodes.episode(
            self.what,
            onset_at=onset,
            resolved_at=over,
            worst=worst,
            medicine=None if said is None else said == MEDICINE,
            at=at,
            author=author,
        )

    def press(self, key: str) -> bool:
        """Take the key of an answer; whether it is one."""
        if key in _KEYS:
            if self.choice.buttons[_KEYS[key]].isHidden():
                return True
            self.choice.choose(_KEYS[key])
            if _KEYS[key] == OWN:
                self.onset.setFocus()
            return True
        if key in _MEDICINE_KEYS and not self._given.isHidden():
            self.medicine.choose(_MEDICINE_KEYS[key])
            return True
        return False

    def clear(self) -> None:
        self.choice.clear()
        self.medicine.clear()
        for typed in (self.onset, self.over, self.worst):
            typed.clear()

    def _time(self, typed: QLineEdit) -> datetime | None:
        if self.choice.chosen != OWN:
            return None
        return time_of_day(typed.text(), self._now()) if typed.text().strip() else None


def _proposed(what: str, record: Record) -> Proposed | Breathing:
    if what == "respiratory_depression":
        return breathing_of(record)
    sedation = record.info.protocol.observe.sedation
    scale = sedation if what == "sedation" else what
    return proposed(record.answers, scale, record.first_dose_at)


class CoursePanel(EntryPanel):
    """One of the three episodes or an adverse event at a time. The digits 1 to 4 choose which."""

    title = "Course"
    stays = True

    def __init__(self, desk: Desk, view: SessionView, record: Callable[[], Record]) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._record = record
        self.parts = {LABELS[what]: EpisodePart(kit, what, desk.now) for what in EPISODES}
        self.adverse = AdversePart(kit, record)
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
            for choice in (episode.choice, episode.medicine):
                choice.changed.connect(self.changed)
            for typed in (episode.onset, episode.over, episode.worst):
                typed.textChanged.connect(self.changed)
        one = self.adverse
        for choice in (one.kind, one.common, one.serious, one.outcome, self.choice):
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

    @property
    def _began(self) -> bool:
        """Whether there is an event, which has a time of its own."""
        return self.part is self.adverse and self.adverse.happened

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
        at = self.when.at() if self._began else self.desk.now()
        return (self.part.draft(at, author),)

    def clear(self) -> None:
        self.part.clear()
        self.when.restart(self.desk.now())
        self.setFocus()

    def refresh(self) -> None:
        self.when.tick(self.desk.now(), begun=entered(self.adverse))
        record = self._record()
        for part in self.parts.values():
            if part is self.part:
                part.follow(record)
            part.setVisible(part is self.part)
        self.adverse.follow()
        self.adverse.setVisible(self.part is self.adverse)
        self.when.setVisible(self._began)
        super().refresh()

    def single_key(self, event: QKeyEvent) -> bool:
        key = event.text().upper()
        names = self.choice.options
        if key.isdecimal() and 1 <= int(key) <= len(names):
            self.choice.choose(names[int(key) - 1])
            return True
        return self.part.press(key)
