"""The dose panel of what is held in the mouth: a countdown, then swallowed or spat out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor import drafts, intake
from ketamonitor.course import DosePoint
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.plan import DosePlan
from ketamonitor.view import SessionInfo, SessionView
from ketamonitor.words import clock, countdown
from ui.pages.parts import Kit
from ui.pages.single_part import SinglePart

_AFTER = {
    "swallow": ("swallowed",),
    "spit": ("spat out",),
    "either": ("swallowed", "spat out"),
}


class OralPart(SinglePart):
    """The dose is stored when it goes into the mouth, so that every clock begins there.

    While it is held its time runs down here, from the record; what came after is an entry of its
    own. Where both are already over, the minutes can be typed with the dose.
    """

    def __init__(
        self, kit: Kit, info: SessionInfo, plan: DosePlan, now: Callable[[], datetime]
    ) -> None:
        super().__init__(kit, info, plan)
        self._now = now
        self._held: DosePoint | None = None
        self._chosen_at: datetime | None = None
        self._hold_s = (plan.hold_min or 0) * 60
        self.minutes = kit.field("Only if the hold is over already", "Held minutes")
        self._typed_label = kit.label("Held, min", "muted")
        self.rows.addWidget(self._typed_label)
        self.rows.addWidget(self.minutes)
        self.hold = QWidget()
        rows = QVBoxLayout(self.hold)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        self._what = kit.label("", "title")
        self._left = kit.label("", "huge")
        self._words = kit.says()
        rows.addWidget(self._what)
        rows.addWidget(self._left)
        rows.addWidget(self._words)
        self.after = kit.choice(list(_AFTER[plan.after_hold or "either"]))
        self.outer.insertWidget(1, self.hold)
        self.outer.insertWidget(2, self.after)
        self.minutes.textChanged.connect(self._typed)
        self.after.changed.connect(self._picked)
        self._show()

    @property
    def began(self) -> datetime | None:
        """The end of a hold is at the moment it was chosen."""
        return None if self._held is None else self._chosen_at or self._now()

    @property
    def save_words(self) -> str:
        if self._held is None:
            return "Save dose"
        return f"Save: {self.after.chosen}" if self.after.chosen else "Save"

    def missing(self) -> str:
        if self._held is None and (missing := super().missing()):
            return missing
        if self.after.isVisibleTo(self) and self.after.chosen is None:
            return "Choose what came after the hold"
        return ""

    def draft(self, at: datetime, author: str) -> Draft:
        if self._held is not None:
            seconds = (at - self._held.at).total_seconds()
            after = self.after.chosen or ""
            return drafts.held(self._held.seq, round(seconds), after, at=at, author=author)
        if not self.minutes.text().strip():
            return self._draft(at, author)
        seconds = intake.amount(self.minutes.text(), "time held", "min") * 60
        return self._draft(at, author, hold_s=seconds, after_hold=self.after.chosen)

    def clear(self) -> None:
        super().clear()
        self._chosen_at = None
        self.minutes.clear()
        self.after.clear()

    def follow(self, view: SessionView, record: Record) -> None:
        super().follow(view, record)
        held = [d for d in record.doses if record.counts(d) and d.after_hold is None]
        before, self._held = self._held, held[-1] if held else None
        if before is None and self._held is not None:
            self.minutes.clear()
            self.after.clear()
        self._show()

    def key(self, key: str) -> bool:
        return self._held is None and super().key(key)

    def _typed(self) -> None:
        self._show()
        self.changed.emit()

    def _picked(self) -> None:
        self._chosen_at = self._now() if self.after.chosen is not None else None
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        held = self._held
        self.form.setVisible(held is None)
        self.hold.setVisible(held is not None)
        self.after.setVisible(held is not None or bool(self.minutes.text().strip()))
        if held is None:
            return
        self._what.setText(f"{held.mg:g} mg in the mouth since {clock(held.at, seconds=True)}")
        gone = ((self._chosen_at or self._now()) - held.at).total_seconds()
        if self._chosen_at is not None:
            self._left.setText(countdown(gone))
            self._words.setText(f"held so long; the protocol says {countdown(self._hold_s)}")
            return
        self._left.setText(countdown(max(0.0, self._hold_s - gone)))
        over = "The hold is over" if gone >= self._hold_s else "still to be held"
        self._words.setText(f"{over}, by the protocol {countdown(self._hold_s)}")
