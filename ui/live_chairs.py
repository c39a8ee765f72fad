"""The live sessions in the window: their pages, and the alarms of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from ketamonitor.people import Person
from ketamonitor.station import Station
from ketamonitor.view import ActiveAlarm, SessionView, Update
from ui.background import Background
from ui.bridge import Bridge
from ui.live_page import LivePage
from ui.pages.chair import Chair
from ui.pages.devices import DevicesPage
from ui.pages.parts import Kit
from ui.widgets.alarm_words import worst

#: How often the alarms of all chairs are looked at anew where no update comes: a recorder that has
#: gone quiet must be seen from every page.
LOOK_MS = 1000


@dataclass(frozen=True, slots=True)
class ChairAlarm:
    """One alarm with the session and the chair it belongs to."""

    session: str
    chair: str
    alarm: ActiveAlarm


class LiveChairs(QObject):
    """A page and its panels for each live session.

    ``begun`` and ``ended`` name a session whose page came or must go; ``alarms_changed`` says that
    :meth:`alarms` should be looked at.
    """

    begun = Signal(str)
    ended = Signal(str)
    signed_in = Signal(object)
    fault = Signal(str)
    lock_wanted = Signal()
    sessions_wanted = Signal()
    chair_wanted = Signal(str)
    alarms_changed = Signal()

    def __init__(
        self,
        kit: Kit,
        station: Station,
        bridge: Bridge,
        background: Background,
        person: Callable[[], Person | None],
        devices_page: Callable[[], DevicesPage],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._kit, self._station, self._bridge = kit, station, bridge
        self._background, self._person, self._devices_page = background, person, devices_page
        self.chairs: dict[str, Chair] = {}
        self.pages: dict[str, LivePage] = {}
        bridge.updated.connect(self.update)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def update(self, update: Update) -> None:
        """Take in what the recorder published; a session that is new gets its page."""
        session = update.session
        if session in self.chairs:
            self.chairs[session].update(update)
            if update.view.ended_at is not None and not update.view.unsaved:
                self.ended.emit(session)
        elif update.view.ended_at is None:
            self._begin(update)
        self._look()

    def remove(self, session: str) -> LivePage:
        """Forget an ended session; its page is the caller's to put away."""
        self.chairs.pop(session).deleteLater()
        page = self.pages.pop(session)
        self._look()
        return page

    def views(self) -> list[SessionView]:
        return [chair.view for chair in self.chairs.values()]

    def of_page(self, page: object) -> Chair | None:
        """The chair whose page this is."""
        return next((self.chairs[s] for s, shown in self.pages.items() if shown is page), None)

    def name_user(self) -> None:
        """Somebody has signed in, or nobody is any more."""
        name, author = self._user()
        for page in self.pages.values():
            page.set_user(name, author)
        for chair in self.chairs.values():
            chair.turn_to(author or None)

    def alarms(self, but: str = "") -> list[ChairAlarm]:
        """All alarms of all sessions (``but`` one) as their pages show them, the worst first."""
        found = list(self._each(but))
        first = worst(item.alarm for item in found)
        return sorted(found, key=lambda item: item.alarm is not first)

    def turn_all_audio(self) -> None:
        """Pause the audio of every session that has an alarm; where all of these are paused, end
        the pauses."""
        every = [chair.alarms for chair in self.chairs.values()]
        waiting = [a for a in every if a.may_pause_audio and not a.audio_is_paused]
        for alarms in waiting:
            alarms.pause_audio()
        if not waiting:
            for alarms in every:
                if alarms.audio_is_paused:
                    alarms.end_audio_pause()

    def end(self) -> None:
        self._timer.stop()

    def _each(self, but: str) -> Iterator[ChairAlarm]:
        for session, page in self.pages.items():
            if session == but or page.view is None:
                continue
            for alarm in page.alarms:
                yield ChairAlarm(session, page.view.info.chair, alarm)

    def _look(self) -> None:
        for session, page in self.pages.items():
            others = self.alarms(but=session)
            first = others[0] if others else None
            page.alarm_bar.show_other(
                first.session if first else "",
                first.chair if first else "",
                first.alarm if first else None,
                max(0, len(others) - 1),
            )
        self.alarms_changed.emit()

    def _begin(self, update: Update) -> None:
        session = update.session
        page = LivePage(self._kit.theme, self._station.clock, *self._user())
        chair = Chair(
            self._kit,
            page,
            self._station,
            self._bridge,
            self._background,
            self._person,
            update.view,
            self._devices_page,
            lambda: tuple(self.chairs),
        )
        self.chairs[session], self.pages[session] = chair, page
        chair.signed_in.connect(self.signed_in)
        chair.fault.connect(self.fault)
        chair.alarms.audio_all_wanted.connect(self.turn_all_audio)
        page.lock_wanted.connect(self.lock_wanted)
        page.sessions_wanted.connect(self.sessions_wanted)
        page.chair_wanted.connect(self.chair_wanted)
        chair.update(update)
        self.begun.emit(session)

    def _user(self) -> tuple[str, str]:
        person = self._person()
        return ("Locked", "") if person is None else (person.full_name, person.name)
