"""The main window: who goes where, what a session starts with, and the keys no page has taken."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from devices.port import PortInfo, list_ports
from ketamonitor.people import Person
from ketamonitor.station import SessionPlan, Station
from ui.bridge import Bridge
from ui.keys import LOCK
from ui.pages.chair import Chair
from ui.pages.parts import typing
from ui.theme import Theme
from ui.window_parts import WindowParts


class MainWindow(WindowParts):
    """Everything on the screen. The title never says who the patient is."""

    def __init__(
        self,
        theme: Theme,
        station: Station,
        bridge: Bridge,
        *,
        person: Person | None = None,
        ports: Callable[[], list[PortInfo]] = list_ports,
    ) -> None:
        super().__init__(theme, station, bridge, person, ports)
        #: What was asked before closing: whether entries were unsaved, and the words as they stand.
        self._asked: tuple[bool, str] | None = None
        #: Who was signed in last, also while nobody is.
        self._last = person.name if person else ""
        self._before_devices: QWidget | None = None
        self._connect()
        QShortcut(QKeySequence(LOCK), self).activated.connect(self._lock_by_key)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._tick()
        self.nav.set_person(person)
        if person is None:
            self.show_sign_in()
        else:
            self.show_sessions()

    def _connect(self) -> None:
        self.live.begun.connect(self._begun)
        self.live.ended.connect(self._ended)
        self.live.signed_in.connect(self._signed_in)
        self.live.fault.connect(self.tell)
        self.live.lock_wanted.connect(self.lock)
        self.live.sessions_wanted.connect(self.show_sessions)
        self.live.chair_wanted.connect(self.show_live)
        self.live.alarms_changed.connect(self._show_alarms)
        self.alarms.live_wanted.connect(self.show_live)
        self.nav.sessions_wanted.connect(self.show_sessions)
        self.nav.devices_wanted.connect(self.show_devices)
        self.nav.protocols_wanted.connect(self.show_protocols)
        self.protocols.left.connect(self.show_sessions)
        self.nav.live_wanted.connect(self.show_live)
        self.nav.lock_wanted.connect(self.lock)
        self.nav.theme_wanted.connect(self.theme.switch)
        self.sign_in.signed_in.connect(self._signed_in)
        self.sessions.new_wanted.connect(self.show_new_session)
        self.sessions.open_wanted.connect(self.open_session)
        self.sessions.resume_wanted.connect(self._resume)
        self.new_session.start_wanted.connect(self._start)
        self.new_session.left.connect(self.show_sessions)
        self.review.left.connect(self.show_sessions)
        self.review.alarms_wanted.connect(self.show_alarm_review)
        self.sessions.alarms_wanted.connect(lambda: self.show_alarm_review(None))
        self.alarm_review.left.connect(self._from_alarm_review)
        self.devices.left.connect(self._back)

    # Where one is ----------------------------------------------------------------------------

    def show_sign_in(self) -> None:
        self._turn_to(self.sign_in)
        self.sign_in.opened()

    def show_sessions(self) -> None:
        if self.person is None:
            self.show_sign_in()
            return
        self._turn_to(self.sessions)
        self.sessions.opened()

    def show_new_session(self) -> None:
        self._turn_to(self.new_session)
        self.new_session.opened()

    def show_devices(self) -> None:
        """The ports and monitors; who came from another page goes back there."""
        here = self.stack.currentWidget()
        if here is not self.devices:
            self._before_devices = here
        self._turn_to(self.devices)
        self.devices.setFocus()

    def show_protocols(self) -> None:
        """What the clinic treats by."""
        self._turn_to(self.protocols)
        self.protocols.opened()

    def show_alarm_review(self, session: str | None) -> None:
        """What alerts were worth: of one session, or of many."""
        self.alarm_review.open(session)
        self._turn_to(self.alarm_review)
        self.alarm_review.setFocus()

    def _from_alarm_review(self) -> None:
        if self.alarm_review.session is None:
            self.show_sessions()
        else:
            self._turn_to(self.review)

    def _back(self) -> None:
        before, self._before_devices = self._before_devices, None
        if before is self.new_session:
            self.show_new_session()
        else:
            self.show_sessions()

    def open_session(self, session: str) -> None:
        """The live page of a running session, the review of any other."""
        if session in self.chairs:
            self.show_live(session)
        else:
            self._turn_to(self.review)
            self.review.open(session)

    def show_live(self, session: str) -> None:
        self._turn_to(self.live.pages[session])
        self.live.pages[session].take_focus()

    def lock(self) -> None:
        """Nobody is signed in any more. Vitals, alarms and recording go on; entries wait."""
        self.person = None
        self.nav.set_person(None)
        self.live.name_user()
        chair = self.chair
        if chair is not None:
            chair.lock()
        else:
            self.show_sign_in()

    def _lock_by_key(self) -> None:
        if self.person is not None:
            self.lock()

    @property
    def chair(self) -> Chair | None:
        """The live session on screen, if it is one."""
        return self.live.of_page(self.stack.currentWidget())

    def _turn_to(self, page: QWidget) -> None:
        self.tell("")
        self.nav.setVisible(page not in self.live.pages.values())
        self.nav.set_place(
            sessions=page is self.sessions,
            devices=page is self.devices,
            protocols=page is self.protocols,
        )
        self.stack.setCurrentWidget(page)
        self._show_alarms()

    def _show_alarms(self) -> None:
        """The nav bar's chairs, and on every page but a live one the worst alarm of all chairs."""
        views, found = self.live.views(), self.live.alarms()
        first = (found[0].session, found[0].chair, found[0].alarm) if found else None
        self.nav.show_live(views)
        now = self.station.clock.now()
        self.alarms.show_alarms(first, max(0, len(found) - 1), views, now)
        self.alarms.setVisible(self.alarms.wanted and not self.nav.isHidden())

    def _signed_in(self, person: Person) -> None:
        if person.name != self._last:
            self._forget()
        self.person, self._last = person, person.name
        self.nav.set_person(person)
        self.live.name_user()
        self.protocols.turn_to(person.name)
        if self.chair is None:
            self.show_sessions()

    def _forget(self) -> None:
        """Nothing that one person typed is shown to the next; panels and texts that are not saved
        stay with whoever typed them (:meth:`Chair.turn_to`)."""
        self.new_session.clear()
        self.sessions.forget()
        self.alarm_review.value.clear()

    # Sessions --------------------------------------------------------------------------------

    def _start(self, plan: SessionPlan) -> None:
        if self.person is None:
            self.show_sign_in()
            return
        author = self.person.name
        self.background.run(
            lambda: self.station.start(plan, author),
            lambda started: self.bridge.deliver(
                started[1],
                lambda _entries: self.new_session.clear(),
                self._not_started,
                self.new_session,
            ),
            self._not_started,
            self.new_session,
        )

    def _not_started(self, error: BaseException) -> None:
        self.new_session.failed(str(error))

    def _resume(self, session: str) -> None:
        person = self.person
        if person is None:
            self.show_sign_in()
            return

        def resume() -> object:
            devices = self.station.last_devices(session)
            going = self.station.resume(session, devices, person.name)
            try:
                return going.result()
            except Exception:
                self.station.leave(session)
                raise

        self.background.run(
            resume,
            lambda _entries: None,  # the update that follows brings the page
            lambda error: self.tell(f"Not resumed: {error}"),
            self,
        )

    def _begun(self, session: str) -> None:
        """A session has begun or goes on: its page is shown."""
        self.stack.addWidget(self.live.pages[session])
        self.show_live(session)

    def _ended(self, session: str) -> None:
        """The end is durable: the live page goes, the review takes its place."""
        page = self.live.remove(session)
        self.open_session(session)
        self.stack.removeWidget(page)
        page.deleteLater()

    # The window ------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self.station.clock.now()
        self.nav.tick(now)
        if self.chair is not None:
            self.chair.tick()
        self._ask_on()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no page has taken; the live page has its own."""
        key = event.key()
        if event.isAutoRepeat():
            event.accept()
        elif key == Qt.Key.Key_F6:
            self.theme.switch()
        elif key == Qt.Key.Key_F4 and self.person is not None and self.chair is None:
            self.show_devices()
        elif typing(self) or self.person is None:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape and self.stack.currentWidget() is self.review:
            self.show_sessions()
        elif not self._letters_act():
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_L:
            self.lock()
        elif key == Qt.Key.Key_N and self.stack.currentWidget() is self.sessions:
            self.show_new_session()
        elif key == Qt.Key.Key_F and self.stack.currentWidget() is self.review:
            self.review.show_form()
        else:
            super().keyPressEvent(event)

    def _letters_act(self) -> bool:
        """Not beside a form: who types past a field would lock the screen or leave the page."""
        here = self.stack.currentWidget()
        return here is self.sessions or (here is self.review and not self.review.in_form)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A running session is not left by one click: the window says so, and what is not saved,
        and asks once more. Only an answer to words that still stand there counts."""
        if self.chairs:
            asked = self._before_closing()
            if self._asked is None or self._asked != (asked[0], self.fault.text()):
                self._ask(asked)
                event.ignore()
                return
        self.end()
        event.accept()

    def _before_closing(self) -> tuple[bool, str]:
        """Whether entries are unsaved, and what is to be said before the window closes."""
        views = [view for view in self.live.views() if view.unsaved]
        if not views:
            if self._asked is not None and self._asked[0]:
                return False, "All is saved now. Close again to leave the session unfinished"
            return (
                False,
                "A session is running. End it first, or close again to leave it unfinished",
            )
        counted = ", ".join(
            f"{view.unsaved} {'entry' if view.unsaved == 1 else 'entries'} of chair"
            f" {view.info.chair}"
            for view in views
        )
        faults = "; ".join(dict.fromkeys(v.record_fault for v in views if v.record_fault))
        return True, (
            f"NOT SAVED YET: {counted}{f' ({faults})' if faults else ''}. Wait: it is tried again"
            " each second. Or close again: they go into a rescue file for the next start"
        )

    def _ask(self, asked: tuple[bool, str]) -> None:
        self.tell(asked[1])
        self._asked = asked

    def _ask_on(self) -> None:
        """The words before closing stay true while they stand there."""
        if self._asked is not None and self._asked[1] == self.fault.text():
            now_so = self._before_closing()
            if self._asked[0] or now_so[0]:
                self._ask(now_so)

    def end(self) -> None:
        """End the window's timer, threads and ports. May be called again."""
        self._timer.stop()
        self.close_parts()
