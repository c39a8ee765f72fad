"""Adverse events in the course panel: that there was no serious one, or what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.adverse import COMMON, OUTCOMES, SERIOUS, adverse, adverse_none
from ketamonitor.words import clock
from ui.pages.parts import Kit

NOTHING, HAPPENED = "No serious event", "An event"
_KEYS = {"Z": NOTHING, "X": HAPPENED}


class AdversePart(QWidget):
    """Whether one happened; then what, whether it is serious and why, how it stands. Nothing is
    chosen before."""

    def __init__(self, kit: Kit, record: Callable[[], Record]) -> None:
        super().__init__()
        self._record = record
        self.stands = kit.label("", "fact", wrap=True)
        self.kind = kit.choice(
            [NOTHING, HAPPENED],
            shown={option: f"{option}\nkey {key}" for key, option in _KEYS.items()},
        )
        self.common = kit.choice(list(COMMON), columns=3)
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
        self._asked = (self.common, self.what, self.serious, self.outcome, self.description)
        for part in (self.stands, self.kind, self.common, self.what, self.serious, self._why):
            layout.addWidget(part)
        layout.addWidget(self.outcome)
        layout.addWidget(self.description)
        self.follow()

    @property
    def happened(self) -> bool:
        return self.kind.chosen == HAPPENED

    def follow(self) -> None:
        """What is recorded so far, and what the chosen answer asks for."""
        self.stands.setText(_recorded(self._record()))
        for part in self._asked:
            part.setVisible(self.happened)
        self._why.setVisible(self.happened and self.serious.chosen == "Serious")

    def press(self, key: str) -> bool:
        """Take the key of an answer; whether it is one."""
        if key not in _KEYS:
            return False
        self.kind.choose(_KEYS[key])
        return True

    def draft(self, at: datetime, author: str) -> Draft:
        if self.kind.chosen is None:
            raise ValueError("Adverse event: choose an answer")
        if not self.happened:
            return adverse_none(self._record().adverse, at=at, author=author)
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
        for choice in (self.kind, self.common, self.serious, self.outcome):
            choice.clear()
        for typed in (self.what, self.description):
            typed.clear()
        for tick in self.criteria.values():
            tick.setChecked(False)


def _recorded(record: Record) -> str:
    """``Recorded: Nausea (not serious), 14:20, okafor``."""
    found = record.adverse
    told = [
        f"{e.what} ({'serious' if e.serious else 'not serious'}), {clock(e.at)}, {e.by}"
        for e in found.events
    ]
    if found.none_said is not None:
        told.append(f"no serious event by {clock(found.none_said.at)}, {found.none_said.by}")
    if not told:
        return "Nothing is recorded. That there was no serious event is an answer too"
    return f"Recorded: {'; '.join(told)}"
