"""Adverse events in the course panel: that there was no serious one, or what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.adverse import COMMON, OUTCOMES, SERIOUS, adverse, adverse_none
from ketamonitor.words import clock
from ui.pages.parts import Choice, Kit

NOTHING = "No serious event"
NOT_SERIOUS, IS_SERIOUS = "Not serious", "Serious"
#: The answers by their keys, as they stand on the buttons. Digits choose the parts of the panel.
_COMMON = dict(zip("ABCDEFGHIJKL", COMMON, strict=True))
_SERIOUS = {"N": NOT_SERIOUS, "S": IS_SERIOUS}
_OUTCOMES = dict(zip("OPQRTU", OUTCOMES.values(), strict=True))


def _with_keys(kit: Kit, answers: Mapping[str, str], columns: int = 0) -> Choice:
    shown = {answer: f"{answer}\nkey {key}" for key, answer in answers.items()}
    return kit.choice(list(answers.values()), shown=shown, columns=columns)


class AdversePart(QWidget):
    """What happened, whether it is serious and why, how it stands; or that no serious one did.
    Nothing is chosen before."""

    def __init__(self, kit: Kit, record: Callable[[], Record]) -> None:
        super().__init__()
        self._record = record
        self.stands = kit.label("", "fact", wrap=True)
        self.kind = _with_keys(kit, {"Z": NOTHING})
        self.common = _with_keys(kit, _COMMON, columns=4)
        self.what = kit.field("Or in your own words", "What happened")
        self.what.setMaxLength(120)
        self.serious = _with_keys(kit, _SERIOUS)
        self.criteria = {key: kit.tick_box(words) for key, words in SERIOUS.items()}
        self.outcome = _with_keys(kit, _OUTCOMES, columns=3)
        self.description = kit.field("What was seen and done", "Description")
        self._why = QWidget()
        why = QHBoxLayout(self._why)
        why.setContentsMargins(0, 0, 0, 0)
        for tick in self.criteria.values():
            why.addWidget(tick)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.kind.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        top, said = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.stands, 1)
        top.addWidget(self.kind)
        said.addWidget(self.what, 1)
        said.addWidget(self.serious)
        layout.addLayout(top)
        layout.addWidget(self.common)
        layout.addLayout(said)
        for part in (self._why, self.outcome, self.description):
            layout.addWidget(part)
        for choice in (self.common, self.serious, self.outcome):
            choice.changed.connect(self._answered)
        self.what.textChanged.connect(self._answered)
        self.follow()

    @property
    def happened(self) -> bool:
        """Whether an event is being entered, as long as nobody says that there was none."""
        return self.kind.chosen is None

    def follow(self) -> None:
        """What is recorded so far, and what the chosen answer asks for."""
        self.stands.setText(_recorded(self._record()))
        self._why.setVisible(self.serious.chosen == IS_SERIOUS)

    def _answered(self) -> None:
        """Somebody tells of an event: that there was none no longer holds."""
        event = self.common.chosen or self.serious.chosen or self.outcome.chosen
        if event is not None or self.what.text():
            self.kind.clear()

    def press(self, key: str) -> bool:
        """Take the key of an answer; whether it is one."""
        if key == "Z":
            self._clear_event()
            self.kind.choose(NOTHING)
            return True
        for choice, answers in (
            (self.common, _COMMON),
            (self.serious, _SERIOUS),
            (self.outcome, _OUTCOMES),
        ):
            if key in answers:
                choice.choose(answers[key])
                return True
        return False

    def draft(self, at: datetime, author: str) -> Draft:
        if not self.happened:
            return adverse_none(self._record().adverse, at=at, author=author)
        what = self.what.text().strip() or self.common.chosen or ""
        if not what:
            raise ValueError("Choose what happened, type it, or say that nothing serious did (Z)")
        outcome = next((k for k, words in OUTCOMES.items() if words == self.outcome.chosen), "")
        if not outcome and self.serious.chosen is not None:
            raise ValueError("Choose how it stands")
        serious = None if self.serious.chosen is None else self.serious.chosen == IS_SERIOUS
        ticked = [k for k, tick in self.criteria.items() if serious and tick.isChecked()]
        return adverse(
            what,
            serious,
            ticked,
            outcome,
            self.description.text(),
            at=at,
            author=author,
        )

    def clear(self) -> None:
        self.kind.clear()
        self._clear_event()

    def _clear_event(self) -> None:
        for choice in (self.common, self.serious, self.outcome):
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
