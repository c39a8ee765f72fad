"""The device status bar: each monitor in words, when the record was saved, who is signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from devices.metrics import CUFF_PRESSURE
from devices.reading import LinkState
from ketamonitor import words
from ketamonitor.alarms.order import rank
from ketamonitor.view import LinkView, SessionView
from ui.device_words import of_link
from ui.theme import Theme
from ui.widgets.basics import draw_key_cap
from ui.widgets.ink import RIGHT, Ink, Painted

HEIGHT = 28
INTENDED_USE = "Adjunct to direct observation and the bedside monitor"
#: How much is left out where the bar is narrow: nothing, the port, the remedy, the reason, the age,
#: and in the end the word for what is fine, how long it is not, and the cuff's interval.
LEVELS = 6
GAP, SIGN = 18, 20
#: Alerts about a monitor as a whole.
_OF_LINK = ("link_lost", "demo", "battery_low")


class StatusBar(Painted):
    """The intended-use line gives way before a monitor does. A touch anywhere asks for the devices
    page (``devices_wanted``)."""

    devices_wanted = Signal()

    def __init__(self, theme: Theme, user: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Devices and record", parent)
        self.setFixedHeight(HEIGHT)
        self._user = user
        self._key = "L"
        self._view: SessionView | None = None
        self._now: datetime | None = None

    def show_view(self, view: SessionView, now: datetime) -> None:
        self._view, self._now = view, now
        self.update()

    def set_key(self, key: str) -> None:
        """The key that locks now."""
        self._key = key
        self.update()

    def set_user(self, user: str) -> None:
        self._user = user
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.devices_wanted.emit()

    def draw(self, ink: Ink) -> None:
        ink.painter.fillRect(QRectF(self.rect()), ink.color("panel"))
        ink.line(0, 0.5, self.width(), 0.5)
        right = self.width() - 10 - draw_key_cap(ink, self.width() - 10, 14, self._key) - 8
        right -= ink.text(right, 18.5, self._user, 13, 600, "text", RIGHT) + 22
        ink.icon("person", right, 6, 16, "text2")
        x = 10.0
        if self._view is not None and self._now is not None:
            x = self._draw_view(ink, self._view, self._now, x, right)
        if x + ink.width(INTENDED_USE, 12) < right - 14:
            ink.text(right - 14, 18.5, INTENDED_USE, 12, 400, "text3", RIGHT)

    def _draw_view(
        self, ink: Ink, view: SessionView, now: datetime, x: float, right: float
    ) -> float:
        saved = saved_words(view)
        bold = 600 if view.unsaved else 400
        room = right - x - (SIGN + ink.width(saved, 12, bold) + GAP)
        items = [bar_item(link, view, now) for link in view.links]
        texts = fitting(items, room, lambda text, weight: ink.width(text, 12, weight))
        for at, (item, text) in enumerate(zip(items, texts, strict=True)):
            ink.icon(item.icon, x, 6, 16, "text2")
            weight, tone = (600, "text") if item.wrong else (400, "text2")
            after = sum(
                SIGN + GAP + min(ink.width(t, 12, 600), room / len(items)) for t in texts[at + 1 :]
            )
            share = room - after - SIGN - GAP
            wide = SIGN + ink.text(x + SIGN, 18.5, text, 12, weight, tone, room=share) + GAP
            x, room = x + wide, room - wide
        ink.icon("save", x, 6, 16, "text2")
        return x + SIGN + ink.text(x + SIGN, 18.5, saved, 12, bold, "text2") + GAP


@dataclass(frozen=True, slots=True)
class BarItem:
    """One monitor in the bar. ``remedy`` is what follows the colon of a reason."""

    icon: str
    name: str
    port: str
    state: str
    since: str
    reason: str
    remedy: str
    age: str
    cuff: str
    every: str
    wrong: bool
    #: The priority of the alert about this monitor, in asterisks; empty while there is none.
    stars: str = ""

    def words(self, level: int) -> str:
        """All of it at level 0; what is less needed is left out first."""
        reason = self.reason if level < 3 else ""
        if level < 2 and self.remedy:
            reason = f"{reason}: {self.remedy}"
        state = f"{self.state} {self.since}" if self.since and level < 5 else self.state
        if level == 5 and not self.wrong:
            state = ""
        parts = (
            f"{self.stars} {self.name}".lstrip(),
            self.port if level < 1 else "",
            f"{state}, {reason}" if reason else state,
            self.age if level < 4 else "",
            self.cuff,
            self.every if level < 5 else "",
        )
        return " · ".join(part for part in parts if part)


def bar_item(link: LinkView, view: SessionView, now: datetime) -> BarItem:
    """A monitor as the bar says it: state with its sign, reason where it is not fine, the age of
    the last value, and what the cuff does."""
    shown = of_link(link.state, link.reason, demo=link.demo)
    wrong = link.state in (LinkState.LOST, LinkState.SILENT) or link.demo
    state, since, age = shown.word, "", ""
    if link.state in (LinkState.LOST, LinkState.SILENT):
        since = words.countdown((now - link.since).total_seconds())
    elif link.state is LinkState.CONNECTED and not link.demo:
        age = _age(link, now)
    if link.battery_low:
        state += ", battery low"
        wrong = True
    reason, _, remedy = shown.reason.partition(": ")
    return BarItem(
        shown.icon,
        link.source,
        link.port,
        state,
        since,
        reason,
        remedy,
        age,
        cuff_words(link, view),
        "" if link.cuff_minutes is None else f"every {link.cuff_minutes:g} min",
        wrong,
        _stars(link, view) if wrong else "",
    )


def _stars(link: LinkView, view: SessionView) -> str:
    """As bar and tile have it: a link is not less urgent down here than up there."""
    about = [
        alarm.priority
        for alarm in view.alarms
        if alarm.ended_at is None
        and alarm.condition in _OF_LINK
        and alarm.id.endswith(f":{link.source}")
    ]
    return words.STARS[min(about, key=rank)] if about else ""


def _age(link: LinkView, now: datetime) -> str:
    if link.last_value_at is None:
        return "no value yet"
    age = max(0.0, (now - link.last_value_at).total_seconds())
    return f"{age:.1f} s ago" if age < 10 else words.ago(age)


def cuff_words(link: LinkView, view: SessionView) -> str:
    """``Cuff 142 mmHg`` while the pressure comes, ``cuff measuring``, ``cuff about to inflate``."""
    pressure = view.values.get(CUFF_PRESSURE.key)
    if link.state is not LinkState.CONNECTED:
        return ""  # nobody knows what it does now
    if pressure is not None and pressure.value is not None and pressure.source == link.source:
        return f"Cuff {words.number(pressure.value, CUFF_PRESSURE)} mmHg"
    return f"cuff {link.cuff}" if link.cuff else ""


def fitting(items: Sequence[BarItem], room: float, width: Callable[[str, int], float]) -> list[str]:
    """What each item says so that all fit side by side; those in trouble keep most."""

    def needed(levels: Sequence[int]) -> float:
        return sum(
            SIGN + GAP + width(item.words(level), 600 if item.wrong else 400)
            for item, level in zip(items, levels, strict=True)
        )

    same = next((n for n in range(LEVELS) if needed([n] * len(items)) <= room), LEVELS - 1)
    levels = [same] * len(items)
    for at in sorted(range(len(items)), key=lambda n: not items[n].wrong):
        for level in range(levels[at]):
            tried = [*levels[:at], level, *levels[at + 1 :]]
            if needed(tried) <= room:
                levels = tried
                break
    return [item.words(level) for item, level in zip(items, levels, strict=True)]


def saved_words(view: SessionView) -> str:
    if view.unsaved:
        return f"{view.unsaved} {'entry' if view.unsaved == 1 else 'entries'} unsaved"
    if view.saved_at is None:
        return "nothing saved yet"
    return f"Saved {words.clock(view.saved_at, seconds=True)}"
