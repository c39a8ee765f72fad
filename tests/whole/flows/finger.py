"""What the nurse does with a gloved finger, task by task; texts on the screen's keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.ui.touch import Touch
from tests.whole.flows.chairside import PASSWORD, Chairside
from ui.pages.discharge import DischargePanel
from ui.pages.entry import EntryPanel
from ui.pages.instrument_row import TypedRow
from ui.pages.observation import ObservationPanel


@dataclass
class Finger:
    """Tasks on the window of ``at``; each ends when the program has said that it is done."""

    at: Chairside
    touch: Touch

    def more(self, act: str) -> None:
        """A panel that has no button of its own at this size."""
        self.touch.tap("More")
        self.touch.tap(act)

    def leave(self) -> None:
        """Back to tiles and trend; no part of a task."""
        self.at.chair.close_panel()

    def answer_item(self, item: str, answer: str) -> None:
        """One item of the check-in, at any time."""
        self.more("Check-in")
        self.touch.tap(item)
        self.touch.tap(answer)
        self._save()

    def give(self) -> None:
        self.touch.tap("Dose")
        self.touch.tap("As ordered")
        self._save()

    def change(self, act: str, number: str = "", reason: str = "") -> None:
        """At the pump: a pause, a new rate, a stop."""
        self.touch.tap("Dose")
        self.touch.tap(act)
        if number:
            self.touch.type(number)
        if reason:
            self.touch.tap(reason)
        self._save()

    def pressure(self, typed: str) -> None:
        self.touch.tap("BP now")
        self.touch.type(typed)
        self._save()

    def observe(self, answers: Mapping[str, str]) -> None:
        """Each row the protocol needs."""
        self.touch.tap("Observe")
        panel = self.at.panel
        assert isinstance(panel, ObservationPanel)
        for row in panel.rows:
            if not row.needed:
                continue
            answer = answers[row.instrument.key]
            if isinstance(row, TypedRow):
                self.touch.tap(row.typed)
                self.touch.type(answer)
            else:
                self.touch.tap(row.choice.buttons[answer])
        self._save()

    def mark(self, event: str) -> None:
        self.touch.tap("Event")
        self.touch.tap(event)
        self._save()

    def note(self, phrase: str) -> None:
        self.touch.tap("Note")
        self.touch.tap(phrase)
        self._save()

    def adverse(self, what: str, serious: str, outcome: str) -> None:
        self.more("Course, adverse event")
        for word in ("Adverse event", what, serious, outcome):
            self.touch.tap(word)
        self._save()

    def override(self, criterion: str, reason: str, second: str) -> None:
        """A criterion that is not met: the reason, and a second person's name and password."""
        self.more("Going home")
        panel = self._home()
        row = next(r for r in panel.rows if r.shown.criterion.id == criterion)
        if panel.row is not row:
            self.touch.tap(row)
        self.touch.tap("Override one")
        self.touch.type(reason)
        self.touch.fill("Name", second)
        self.touch.fill("Password", PASSWORD)
        self.touch.tap("Confirm")
        self.at.keys.until(lambda: panel.second.person is not None, "the second person agrees")
        self._save()

    def tick_all(self) -> None:
        """All that a person answers before the patient goes home."""
        self.more("Going home")
        for row in self._home().rows:
            if row.by_person and not row.shown.settled:
                self.touch.tap(row.choice.buttons["Met"])
        self._save()

    def device(self, lot: str, expiry: str) -> None:
        """One nasal device: its pack is read, then each step is one touch."""
        self.touch.tap("Dose")
        self.read_pack(lot, expiry)
        for _ in range(5):
            self.device_step()
        self.leave()

    def read_pack(self, lot: str, expiry: str) -> None:
        self.touch.fill("Lot", lot)
        self.touch.fill("Expiry", expiry)
        self._save()

    def device_step(self) -> None:
        """The next step, with the panel open already."""
        self._save()

    def _home(self) -> DischargePanel:
        panel = self.at.panel
        assert isinstance(panel, DischargePanel)
        return panel

    def _save(self) -> None:
        """Touch Save, and wait until the record has it."""
        at, before = self.at, self.at.chair.record.entries
        panel = at.panel
        assert isinstance(panel, EntryPanel)
        assert panel.missing() == "", panel.missing()
        self.touch.tap(panel.save_button)
        self._until(lambda: at.chair.record.entries > before, "it is stored")
        self._until(lambda: not panel.isVisible() or "Saved" in panel.outcome.text(), "and told")

    def _until(self, so: Callable[[], bool], why: str) -> None:
        self.at.keys.until(so, why)
