"""The dose panel of what is held in the mouth: a countdown, then swallowed or spat out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ketamonitor import intake
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
    """The dose counts from when it went into the mouth; it is stored once it has left it.

    The time of the hold runs from the key ``H``; where that was missed, its minutes are typed.
    """

    def __init__(
        self, kit: Kit, info: SessionInfo, plan: DosePlan, now: Callable[[], datetime]
    ) -> None:
        super().__init__(kit, info, plan)
        self._now = now
        self._since: datetime | None = None
        self._held_s: float | None = None
        self._hold_s = (plan.hold_min or 0) * 60
        self.begin = kit.button("In the mouth now", key="H")
        self.begin.clicked.connect(self._begin)
        self._left = kit.label("", "huge")
        self._words = kit.says()
        self.minutes = kit.field("Held, min, where the time did not run here", "Held minutes")
        self.after = kit.choice(list(_AFTER[plan.after_hold or "either"]))
        self.rows.takeAt(self.rows.count() - 1)  # the stretch goes to the end again
        for widget in (self.begin, self._left, self._words, self.minutes, self.after):
            self.rows.addWidget(widget)
        self.rows.addStretch()
        self.minutes.textChanged.connect(self.changed)
        self.after.changed.connect(self._left_mouth)
        self._show()

    @property
    def began(self) -> datetime | None:
        return self._since

    def missing(self) -> str:
        if missing := super().missing():
            return missing
        if self.after.chosen is None:
            return "Choose what came after the hold"
        return ""

    def draft(self, at: datetime, author: str) -> Draft:
        held = self._held_s
        if self._since is None and self.minutes.text().strip():
            held = intake.amount(self.minutes.text(), "time held", "min") * 60
        if self.after.chosen is not None and held is None:
            raise ValueError("Press H when it goes into the mouth, or type the minutes held")
        if self.after.chosen is None:
            return self._draft(at, author)
        return self._draft(at, author, hold_s=held, after_hold=self.after.chosen)

    def clear(self) -> None:
        super().clear()
        self._since = self._held_s = None
        self.minutes.clear()
        self.after.clear()
        self._show()

    def follow(self, view: SessionView, record: Record) -> None:
        super().follow(view, record)
        self._show()

    def key(self, key: str) -> bool:
        if key == "H" and self._since is None:
            self._begin()
            return True
        return super().key(key)

    def _begin(self) -> None:
        self._since = self._now()
        self._show()
        self.changed.emit()

    def _left_mouth(self) -> None:
        if self._since is not None:
            chosen = self.after.chosen is not None
            self._held_s = round((self._now() - self._since).total_seconds()) if chosen else None
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        since = self._since
        self.begin.setVisible(since is None)
        self.minutes.setVisible(since is None)
        self._left.setVisible(since is not None)
        if since is None:
            self._words.setText(f"To be held {countdown(self._hold_s)} by the protocol")
            return
        if self._held_s is not None:
            self._left.setText(countdown(self._held_s))
            self._words.setText(f"In the mouth at {clock(since, seconds=True)}, held so long")
            return
        left = self._hold_s - (self._now() - since).total_seconds()
        self._left.setText(countdown(max(0.0, left)))
        over = "The hold is over" if left <= 0 else "still to be held"
        self._words.setText(f"In the mouth at {clock(since, seconds=True)}: {over}")
