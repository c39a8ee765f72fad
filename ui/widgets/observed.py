"""The observed tile: the last answer to each instrument, and when the next observation is due."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.view import ASKING, COMING, SessionView
from ui.theme import Theme
from ui.widgets.ink import RIGHT, Ink, Painted


class ObservedTile(Painted):
    """A question nobody has asked yet shows a dash; it is not the same as 0."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Observed", parent)
        self._view: SessionView | None = None
        self._now: datetime | None = None

    def show_view(self, view: SessionView, now: datetime) -> None:
        self._view, self._now = view, now
        self.update()

    def draw(self, ink: Ink) -> None:
        ink.box(QRectF(self.rect()), "panel", "line")
        title = 13 + ink.text(13, 23, "OBSERVED", 12, 600, "text") + 8
        if self._view is None or self._now is None:
            return
        view, right = self._view, self.width() - 13
        latest = max((o.at for o in view.observed.values()), default=None)
        if latest is not None:
            age = words.ago((self._now - latest).total_seconds())
            text = f"{words.clock(latest)} · {age}"
            if ink.width(text, 12) > right - title:
                text = age
            ink.text(right, 23, text, 12, 400, "text2", RIGHT, right - title)
        y = 48.0
        plan = view.info.protocol.observe
        # What each observation needs comes first, asked or not; the rest where it was answered.
        also = [k for k in plan.rows if k not in plan.needed and k in view.observed]
        for key in [*plan.needed, *also]:
            if y > self.height() - 30:
                break
            instrument = INSTRUMENTS[key]
            answer = view.observed.get(key)
            said = words.NO_VALUE
            if answer is not None:
                said = words.answer(key, answer.status, answer.value)
            used = ink.text(right, y, said, 15, 600, "text", RIGHT)
            ink.text(13, y, instrument.label, 13, 400, "text2", room=right - 13 - used - 8)
            y += 22
        text, due = next_observation(view, self._now)
        weight, tone = (600, "accent") if due else (500, "text2")
        ink.text(13, self.height() - 12, text, 12, weight, tone, room=right - 13)


def next_observation(view: SessionView, now: datetime) -> tuple[str, bool]:
    """``Next 14:42, in 6:24`` or ``Due 14:42, 1:10 ago``; empty where nothing is planned."""
    slots = [item for item in view.due if item.what == "observation"]
    past = [i for i in slots if i.state in ASKING]
    if past:
        ago = words.countdown((now - past[-1].at).total_seconds())
        return f"Due {words.clock(past[-1].at)}, {ago} ago", True
    ahead = next((i for i in slots if i.state in COMING), None)
    if ahead is None:
        return "", False
    left = words.countdown((ahead.at - now).total_seconds())
    return f"Next {words.clock(ahead.at)}, in {left}", False
