"""The device status bar: each link in words, when the record was last saved, who is signed in."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from devices.reading import LinkState
from ketamonitor import words
from ketamonitor.view import LinkView, SessionView
from ui.theme import Theme
from ui.widgets.basics import draw_key_cap
from ui.widgets.ink import RIGHT, Ink, Painted

HEIGHT = 28
INTENDED_USE = "Adjunct to direct observation and the bedside monitor"


class StatusBar(Painted):
    """The intended-use line gives way before a link does."""

    def __init__(self, theme: Theme, user: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Devices and record", parent)
        self.setFixedHeight(HEIGHT)
        self._user = user
        self._view: SessionView | None = None
        self._now: datetime | None = None

    def show_view(self, view: SessionView, now: datetime) -> None:
        self._view, self._now = view, now
        self.update()

    def set_user(self, user: str) -> None:
        self._user = user
        self.update()

    def draw(self, ink: Ink) -> None:
        ink.painter.fillRect(QRectF(self.rect()), ink.color("panel"))
        ink.line(0, 0.5, self.width(), 0.5)
        right = self.width() - 10 - draw_key_cap(ink, self.width() - 10, 14, "L") - 8
        right -= ink.text(right, 18.5, self._user, 13, 600, "text", RIGHT) + 22
        ink.icon("person", right, 6, 16, "text2")
        x = 10.0
        if self._view is not None and self._now is not None:
            for link in self._view.links:
                lost = link.state in (LinkState.LOST, LinkState.SILENT)
                ink.icon("link-lost" if lost else "link", x, 6, 16, "text2")
                text = link_words(link, self._now)
                weight, tone = (600, "text") if lost else (400, "text2")
                x += 20 + ink.text(x + 20, 18.5, text, 12, weight, tone, room=right - x - 140) + 18
            ink.icon("save", x, 6, 16, "text2")
            saved = saved_words(self._view)
            bold = 600 if self._view.unsaved else 400
            x += 20 + ink.text(x + 20, 18.5, saved, 12, bold, "text2", room=right - x - 24) + 18
        if x + ink.width(INTENDED_USE, 12) < right - 14:
            ink.text(right - 14, 18.5, INTENDED_USE, 12, 400, "text3", RIGHT)


def link_words(link: LinkView, now: datetime) -> str:
    """``dinamap · COM3 · 0.6 s ago``; what is wrong instead, led by an asterisk, where it is."""
    name = f"{link.source} · {link.port}"
    if link.state in (LinkState.LOST, LinkState.SILENT):
        since = words.countdown((now - link.since).total_seconds())
        reason = f", {link.reason}" if link.reason else ""
        return f"* {name} · link {link.state.value} {since}{reason}"
    if link.state is not LinkState.CONNECTED:
        return f"{name} · {link.state.value}"
    if link.last_value_at is None:
        return f"{name} · connected, no value yet"
    age = max(0.0, (now - link.last_value_at).total_seconds())
    return f"{name} · {f'{age:.1f} s ago' if age < 10 else words.ago(age)}"


def saved_words(view: SessionView) -> str:
    if view.unsaved:
        return f"{view.unsaved} {'entry' if view.unsaved == 1 else 'entries'} unsaved"
    if view.saved_at is None:
        return "nothing saved yet"
    return f"Saved {words.clock(view.saved_at, seconds=True)}"
