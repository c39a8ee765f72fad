"""The list of ports and monitors: those of running sessions, then the ports that are free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor.trial import TrialView
from ketamonitor.view import LinkView, SessionView
from ui.device_words import Shown, of_link, of_port
from ui.port_watch import PortWatch, real_name
from ui.theme import Theme
from ui.widgets.basics import Drawn
from ui.widgets.ink import Ink

HEIGHT = 56


@dataclass(frozen=True, slots=True)
class Place:
    """One row. ``session`` and ``source`` name a monitor of a running session; both are empty
    for a port that is free."""

    port: str
    title: str
    shown: Shown
    session: str = ""
    source: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        # a session's port may come back under another name and is the same monitor
        return (self.session, self.source, "" if self.session else self.port)


def places(
    watch: PortWatch, views: Sequence[SessionView], tried: tuple[str, TrialView] | None
) -> list[Place]:
    """What is to be listed; a port that a session holds stands there once, with its session."""
    listed = [_of_session(view, link) for view in views for link in view.links]
    held = {real_name(place.port) for place in listed}
    held |= {real_name(device.port) for view in views for device in view.info.devices}
    for port in watch.names:
        if real_name(port) in held:
            continue
        if tried is not None and real_name(tried[0]) == real_name(port):
            shown = of_link(tried[1].state, tried[1].reason, demo=tried[1].demo)
            shown = Shown(shown.icon, f"test: {shown.word}", shown.reason)
        else:
            shown = of_port(
                watch.found.get(port),
                searching=port in watch.searching,
                known=watch.known.get(port),
                excluded=port in watch.excluded,
                holder=watch.holder(port),
            )
        listed.append(Place(port, port, shown))
    return listed


def _of_session(view: SessionView, link: LinkView) -> Place:
    shown = of_link(link.state, link.reason, demo=link.demo)
    title = f"{link.source} · {link.port} · chair {view.info.chair}"
    return Place(link.port, title, shown, view.info.id, link.source)


class PlaceButton(Drawn):
    """One port in the list: sign, name, state word and the beginning of the reason."""

    def __init__(self, theme: Theme, place: Place) -> None:
        super().__init__(theme, place.title)
        self.place = place
        self.setCheckable(True)
        self.setFixedHeight(HEIGHT)
        self.toggled.connect(self.update)
        self.show_place(place)

    def sizeHint(self) -> QSize:
        return QSize(300, HEIGHT)

    def show_place(self, place: Place) -> None:
        self.place = place
        words = f"{place.title}, {place.shown.line}"
        if words != self.accessibleName():
            self.setAccessibleName(words)
            self.setToolTip(place.shown.line)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down are the list's."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def draw(self, ink: Ink, area: QRectF) -> None:
        chosen = self.isChecked()
        ink.box(area, "panel3" if chosen else self.ground(), "line2")
        if chosen:
            ink.box(QRectF(area.left(), area.top(), 4, area.height()), "accent", radius=2)
        shown, right = self.place.shown, area.right() - 10
        ink.icon(shown.icon, area.left() + 14, area.top() + 18, 20, "text")
        x = area.left() + 44
        ink.text(x, area.top() + 23, self.place.title, 14, 600, "text", room=right - x)
        x += ink.text(x, area.top() + 43, shown.word, 13, 600, "text", room=right - x)
        if shown.reason:
            ink.text(x, area.top() + 43, f" · {shown.reason}", 13, 400, "text2", room=right - x)


class PlaceList(QWidget):
    """Buttons of which one is chosen; Up and Down go through them."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.buttons: list[PlaceButton] = []
        self.current: Place | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(6)
        self._box.addStretch()

    def show_places(self, listed: Sequence[Place]) -> None:
        """What is there now. The choice stays with its port; one that went gives way to the
        first."""
        keys = [place.key for place in listed]
        if keys != [button.place.key for button in self.buttons]:
            self._make(listed)
        for button, place in zip(self.buttons, listed, strict=True):
            button.show_place(place)
        before = self.current
        now = next((p for p in listed if before and p.key == before.key), None)
        self._choose(now or (listed[0] if listed else None))

    def choose(self, place: Place) -> None:
        self._choose(place)

    def _make(self, listed: Sequence[Place]) -> None:
        focused = next((b.place.key for b in self.buttons if b.hasFocus()), None)
        for button in self.buttons:
            self._box.removeWidget(button)
            button.deleteLater()
        self.buttons = [PlaceButton(self._theme, place) for place in listed]
        for at, button in enumerate(self.buttons):
            button.clicked.connect(lambda _=False, b=button: self._choose(b.place))
            self._box.insertWidget(at, button)
            if button.place.key == focused:
                button.setFocus()

    def _choose(self, place: Place | None) -> None:
        changed = (place.key if place else None) != (self.current.key if self.current else None)
        self.current = place
        for button in self.buttons:
            button.setChecked(place is not None and button.place.key == place.key)
        if changed:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        at = next((i for i, b in enumerate(self.buttons) if b.isChecked()), None)
        if step is None or at is None:
            super().keyPressEvent(event)
            return
        to = self.buttons[max(0, min(len(self.buttons) - 1, at + step))]
        to.setFocus()
        self._choose(to.place)
