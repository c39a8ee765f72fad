"""A window with live chairs on a real store, and somebody signed in."""

from __future__ import annotations

from pathlib import Path

from ketamonitor import drafts
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import Entry
from ketamonitor.people import Person, Role
from ketamonitor.station import SessionPlan, Station
from tests.ui.forms import PATIENT
from ui.bridge import Bridge
from ui.live_page import LivePage
from ui.main_window import MainWindow
from ui.pages.chair import Chair
from ui.theme import Theme
from ui.widgets.action_card import ActionCardView

NURSE = "okafor"


class Room:
    """A window with two chairs on a real store; what was stored can be read back."""

    def __init__(self, store: Path) -> None:
        self.bridge = Bridge()
        self.station = Station(str(store), SteadyClock(), self.bridge.publish)
        nurse = Person(NURSE, "R. Okafor RN", Role.NURSE)
        self.window = MainWindow(Theme(), self.station, self.bridge, person=nurse, ports=lambda: [])
        self.window.resize(1366, 768)
        self.window.show()
        self.session = self.begin("3")

    def begin(self, chair: str) -> str:
        protocol = self.station.protocol("iv-ketamine-40")
        plan = SessionPlan(PATIENT, 68.4, protocol, (), simulated=True, chair=chair)
        session, done = self.station.start(plan, NURSE)
        done.result(60)
        return session

    def bp(self, sys: float, dia: float, session: str = "") -> None:
        now = self.station.clock.now()
        made = drafts.manual_bp(sys, dia, at=now, author=NURSE)
        self.station.submit(session or self.session, made).result(60)

    def stored(self, kind: str, event: str, session: str = "") -> list[Entry]:
        return [
            entry
            for entry in self.station.entries(session or self.session)
            if entry.kind == kind and entry.body.get("event", entry.body.get("action")) == event
        ]

    @property
    def chair(self) -> Chair:
        return self.window.live.chairs[self.session]

    @property
    def page(self) -> LivePage:
        return self.chair.page

    @property
    def card(self) -> ActionCardView:
        return self.chair.alarms.cards.card

    def close(self) -> None:
        self.window.close()
        self.window.close()
        self.station.close()
        self.window.deleteLater()
