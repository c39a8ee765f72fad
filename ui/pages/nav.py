"""The bar above the pages: where one is, the live chairs, who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from ketamonitor.people import Person
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.keys import LOCK
from ui.pages.parts import Kit

HEIGHT = 50


class NavBar(QFrame):
    """Not shown over the live page, which has a banner of its own."""

    sessions_wanted = Signal()
    devices_wanted = Signal()
    protocols_wanted = Signal()
    live_wanted = Signal(str)
    lock_wanted = Signal()
    theme_wanted = Signal()

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self.setProperty("bar", True)
        self.setFixedHeight(HEIGHT)
        self.sessions = self._tab("Sessions")
        self.sessions.clicked.connect(self.sessions_wanted)
        self.devices = self._tab("Devices")
        self.devices.clicked.connect(self.devices_wanted)
        self.protocols = self._tab("Protocols")
        self.protocols.clicked.connect(self.protocols_wanted)
        self._live: dict[str, QPushButton] = {}
        self.user = kit.button("Lock", icon="person", key=LOCK)
        self.user.setMinimumHeight(40)
        self.user.clicked.connect(self.lock_wanted)
        self.look = kit.button("Night or day", icon="moon", key="F6")
        self.look.setMinimumHeight(40)
        self.look.clicked.connect(self.theme_wanted)
        self.time = kit.label("", "page")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 0, 14, 0)
        self._row.setSpacing(8)
        self._row.addWidget(kit.label("KetaMonitor", "page"))
        self._row.addSpacing(14)
        self._row.addWidget(self.sessions)
        self._row.addWidget(self.devices)
        self._row.addWidget(self.protocols)
        self._tabs_end = self._row.count()
        self._row.addStretch()
        for widget in (self.look, self.user, self.time):
            self._row.addWidget(widget)

    def set_person(self, person: Person | None) -> None:
        """Who is signed in; without anybody there is nothing to lock."""
        self.user.setVisible(person is not None)
        self.sessions.setVisible(person is not None)
        self.devices.setVisible(person is not None)
        self.protocols.setVisible(person is not None)
        if person is not None:
            self.user.setText(person.full_name)
            self.user.updateGeometry()

    def set_place(self, *, sessions: bool, devices: bool, protocols: bool = False) -> None:
        self.sessions.setChecked(sessions)
        self.devices.setChecked(devices)
        self.protocols.setChecked(protocols)
        for tab in self._live.values():
            tab.setChecked(False)

    def show_live(self, views: Sequence[SessionView]) -> None:
        """One button for each running session."""
        running = {view.info.id: view for view in views}
        for session in [s for s in self._live if s not in running]:
            self._live.pop(session).deleteLater()
        for session, view in running.items():
            if session not in self._live:
                tab = self._tab(f"Live, chair {view.info.chair}")
                tab.clicked.connect(lambda _=False, s=session: self.live_wanted.emit(s))
                self._row.insertWidget(self._tabs_end, tab)
                self._live[session] = tab

    def tick(self, now: datetime) -> None:
        self.time.setText(clock(now, seconds=True))

    def _tab(self, words: str) -> QPushButton:
        tab = QPushButton(words)
        tab.setProperty("nav", True)
        tab.setCheckable(True)
        tab.setMinimumHeight(HEIGHT)
        tab.setFixedHeight(HEIGHT - 2)
        tab.setFont(self._kit.theme.font(15, 600))
        return tab
