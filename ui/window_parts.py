"""What the main window is made of: a stack of pages, the bars above them, the threads it owns."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMainWindow, QWidget

from devices.port import PortInfo
from ketamonitor.people import Person
from ketamonitor.record import Record
from ketamonitor.station import Station
from ketamonitor.store import SessionSummary
from ketamonitor.treatment.patients import known_patients
from ketamonitor.view import SessionView
from ui.background import Background
from ui.bridge import Bridge
from ui.live_chairs import LiveChairs
from ui.pages.alarm_review import AlarmReviewPage
from ui.pages.alarm_strip import AlarmStrip
from ui.pages.chair import Chair
from ui.pages.devices import DevicesPage
from ui.pages.form_part import FormDesk, FormPart
from ui.pages.nav import NavBar
from ui.pages.new_session import NewSessionPage
from ui.pages.parts import Kit, pages_sheet
from ui.pages.protocols import ProtocolsPage
from ui.pages.review import ReviewPage
from ui.pages.sessions import SessionsPage
from ui.pages.signing import SignInPage
from ui.port_watch import PortWatch
from ui.theme import Theme
from ui.trial_desk import TrialDesk
from ui.widgets.finger import FingerScroll
from ui.widgets.one_page import Below, OnePage
from ui.widgets.scroll import Sight, scroll_area
from ui.widgets.trend import Trend


class WindowParts(QMainWindow):
    """The window with all its pages; who goes where is :class:`ui.main_window.MainWindow`'s."""

    def __init__(
        self,
        theme: Theme,
        station: Station,
        bridge: Bridge,
        person: Person | None,
        ports: Callable[[], list[PortInfo]],
    ) -> None:
        super().__init__()
        self.setWindowTitle("KetaMonitor")
        self.theme, self.station, self.bridge = theme, station, bridge
        self.background = Background(bridge)
        self.person = person
        kit = Kit(theme)
        self.kit = kit
        self.nav, self.alarms = NavBar(kit), AlarmStrip(theme)
        self.trials = TrialDesk(station.clock, station.trials)
        self.watch = PortWatch(bridge, ports, self._taken)
        self.live = LiveChairs(
            kit,
            station,
            bridge,
            self.background,
            lambda: self.person,
            lambda: self._devices_page(margin=0),
            self,
        )
        self._make_pages()
        self._stack_them()
        theme.changed.connect(self._dress)
        self._dress()
        self.winId()  # makes the window's handle, where touches come in
        self._finger, self._sight = FingerScroll(self), Sight(self)

    def _make_pages(self) -> None:
        kit, station = self.kit, self.station
        self.fault = kit.label("", "fact", wrap=True)
        self.fault.setProperty("tone", "fault")
        self.fault.hide()
        self.sign_in = SignInPage(kit, station.people, self.background)
        self.sessions = SessionsPage(
            kit,
            self.background,
            station.sessions,
            lambda: list(self.chairs),
            station.elsewhere,
            lambda: station.forms.hand_ins().standing,
            lambda: station.clock.now().date(),
        )
        self.new_session = NewSessionPage(
            kit,
            station.protocols,
            self.watch,
            station.clock.now,
            station.approvals,
            self.background,
            lambda: self.person,
            lambda: known_patients(station.sessions()),
            lambda session: station.record(session).checkin.view.allergies,
        )
        self.devices = self._devices_page()
        self.protocols = ProtocolsPage(
            kit, station.protocols, station.approvals, self.background, lambda: self.person
        )
        forms = FormDesk(
            self.background,
            station.forms,
            lambda: {p.name: p.full_name for p in station.people.all(inactive=True)},
            lambda: self.person,
            station.clock.now,
        )
        self.review = ReviewPage(
            kit,
            self.background,
            station.entries,
            self._summary,
            self._trend,
            station.clock.now,
            lambda: self.person.full_name if self.person else "nobody signed in",
            lambda record: FormPart(kit, forms, record),
        )
        self.alarm_review = AlarmReviewPage(
            kit, self.background, station.sessions, station.entries, station.clock.now
        )

    def _stack_them(self) -> None:
        self.stack = OnePage()
        for page in (
            self.sign_in,
            self.sessions,
            self.new_session,
            self.review,
            self.alarm_review,
            self.devices,
            self.protocols,
        ):
            self.stack.addWidget(page)
        middle = QWidget()
        middle.setProperty("page", True)
        layout = Below(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.nav, self.alarms, self.stack, self.fault):
            layout.addWidget(widget, 1 if widget is self.stack else 0)
        self.setCentralWidget(scroll_area(middle))

    def tell(self, words: str) -> None:
        """Show a line at the foot of the window until the page changes."""
        self.fault.setText(words)
        self.fault.setVisible(bool(words))

    @property
    def chairs(self) -> dict[str, Chair]:
        """The live sessions by their ids."""
        return self.live.chairs

    def _taken(self) -> dict[str, str]:
        """The ports that are open already, and by whom: nobody opens them a second time."""
        taken = dict(self.trials.taken)
        for view in self.live.views():
            by = f"the session on chair {view.info.chair}"
            ports = [device.port for device in view.info.devices]
            taken |= dict.fromkeys([*ports, *(link.port for link in view.links)], by)
        return taken

    def _devices_page(self, margin: int = 8) -> DevicesPage:
        return DevicesPage(
            self.kit,
            self.watch,
            self.trials,
            self.live.views,
            self.station.recent_bytes,
            self.station.clock.now,
            margin=margin,
        )

    def _summary(self, session: str) -> SessionSummary | None:
        return next((s for s in self.station.sessions() if s.id == session), None)

    def _trend(self, record: Record, view: SessionView) -> QWidget:
        """The chart of a stored session, as it stood at its end."""
        trend = Trend(self.theme)
        trend.show_view(view, record, view.now)
        return trend

    def _dress(self) -> None:
        self.setStyleSheet(pages_sheet(self.theme.tokens))

    def close_parts(self) -> None:
        """End the window's own threads and close the ports it has open. May be called again."""
        self.live.end()
        self.trials.close()
        self.watch.close()
        self.background.close()
