"""One live session on the screen: its page, its entry panels, and the way to the station."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from devices.spec import Command
from ketamonitor.entries import Draft
from ketamonitor.people import Person
from ketamonitor.record import Record
from ketamonitor.station import Station
from ketamonitor.view import SessionView, Update
from ui.background import Background
from ui.bridge import Bridge
from ui.live_page import LivePage
from ui.pages.baseline import BaselinePanel
from ui.pages.chair_alarms import ChairAlarms
from ui.pages.checkin import CheckInPanel
from ui.pages.correcting import CorrectionPanel
from ui.pages.course import CoursePanel
from ui.pages.cuffs import Cuffs
from ui.pages.devices import DevicesPage
from ui.pages.discharge import DischargePanel
from ui.pages.dose import DosePanel
from ui.pages.drug_ledger import LedgerPanel
from ui.pages.ending import EndPanel
from ui.pages.entry import Desk, EntryPanel, Written
from ui.pages.more import MorePanel
from ui.pages.observation import ObservationPanel
from ui.pages.parts import Kit
from ui.pages.pressure import PressurePanel
from ui.pages.remark import MarkPanel, NotePanel
from ui.pages.schedule import SchedulePanel
from ui.pages.second_person import SecondPerson
from ui.pages.signing import UnlockPanel


class Chair(QObject):
    """Opens panels over the live page and keeps their drafts; knows no rule of its own.

    ``fault`` carries a line for the window when something could not be done outside a panel.
    ``sessions`` are the ids of all that run in this window.
    """

    signed_in = Signal(object)
    fault = Signal(str)

    def __init__(
        self,
        kit: Kit,
        page: LivePage,
        station: Station,
        bridge: Bridge,
        background: Background,
        person: Callable[[], Person | None],
        view: SessionView,
        devices_page: Callable[[], DevicesPage],
        sessions: Callable[[], Iterable[str]],
    ) -> None:
        super().__init__()
        self._devices_page = devices_page
        self._devices: DevicesPage | None = None
        self._more: MorePanel | None = None
        self.session = view.info.id
        self.page, self.view = page, view
        self._kit, self._station, self._bridge = kit, station, bridge
        self._background, self._person = background, person
        self._panels: dict[str, EntryPanel] = {}
        self._unlock: UnlockPanel | None = None
        #: Panels with what others left half typed in them, until they sign in again.
        self._kept: dict[str, dict[str, EntryPanel]] = {}
        self._whose = self._author() or ""
        self._waiting = ""
        self.opened = ""
        self._desk = Desk(kit, station.clock.now, self._author, self._submit, bridge.deliver)
        for kind, wanted in (
            ("checkin", page.checkin_wanted),
            ("dose", page.dose_wanted),
            ("observation", page.observe_wanted),
            ("pressure", page.bp_wanted),
            ("note", page.note_wanted),
            ("mark", page.event_wanted),
            ("baseline", page.baseline_wanted),
            ("home", page.home_wanted),
            ("ledger", page.ledger_wanted),
            ("course", page.course_wanted),
            ("correction", page.correction_wanted),
            ("end", page.end_wanted),
        ):
            wanted.connect(lambda k=kind: self.open(k))
        self.alarms = ChairAlarms(
            self._desk,
            page,
            station,
            bridge,
            view,
            lambda: self.record,
            self._start_cuff,
            sessions,
            self,
        )
        self.alarms.panel_wanted.connect(self.show_alarm_panel)
        self.alarms.left.connect(self.close_panel)
        self.alarms.sign_in_wanted.connect(self._ask_name)
        self.alarms.typed_wanted.connect(lambda: self.open("pressure"))
        self.alarms.fault.connect(self.fault)
        page.devices_wanted.connect(self.show_devices)
        page.more_wanted.connect(self.show_more)
        page.slot_wanted.connect(self.open_slot)
        page.history_wanted.connect(self._read_history)

    @property
    def record(self) -> Record:
        """The page's record, or an empty one until it has been read."""
        return self.page.record or Record(self.view.info)

    def tick(self) -> None:
        """A second has passed: times and running totals on an open panel move on."""
        shown = self._panels.get(self.opened) or self.alarms.panel(self.opened)
        if shown is not None:
            shown.refresh()

    def show_alarm_panel(self, kind: str) -> None:
        """A panel of the alarm system; looking needs no name."""
        panel = self.alarms.panel(kind)
        if panel is not None:
            self.opened = kind
            panel.show_view(self.view)
            self.page.open_panel(panel)
            panel.opened()

    def show_devices(self) -> None:
        """Ports and monitors, over tiles and trend: alerts and values stay in sight."""
        if self._devices is None:
            self._devices = self._devices_page()
            self._devices.left.connect(self.close_panel)
        self.opened = "devices"
        self.page.open_panel(self._devices)

    def show_more(self) -> None:
        """Large buttons for what has only a key elsewhere."""
        if self._more is None:
            self._more = MorePanel(self._kit)
            self._more.left.connect(self.close_panel)
            self._more.wanted.connect(self._open_more)
        self.opened = "more"
        self.page.open_panel(self._more)

    def _open_more(self, act: str) -> None:
        signals = {
            "devices": self.page.devices_wanted,
            "limits": self.page.limits_wanted,
            "alarms": self.page.alarms_wanted,
            "interruption": self.page.interruption_wanted,
            "sessions": self.page.sessions_wanted,
            "lock": self.page.lock_wanted,
        }
        if act == "sessions":
            self.close_panel()  # whoever comes back wants the page
        if act == "schedule":
            self.open_slot("")
        elif act in signals:
            signals[act].emit()
        else:
            self.open(act)

    def _read_history(self) -> None:
        """The page has missed entries, or came late: read all that are stored."""
        self._background.run(
            lambda: self._station.entries(self.session),
            self.page.begin,
            lambda error: self.fault.emit(f"The session so far cannot be read: {error}"),
            self.page,
        )

    def update(self, update: Update) -> None:
        """Take in what the recorder published."""
        self.view = update.view
        self.page.show_update(update)
        self.alarms.show_view(update.view)
        shown = self._panels.get(self.opened) or self.alarms.panel(self.opened)
        if shown is not None:
            shown.show_view(update.view)

    def open(self, kind: str) -> None:
        """Show a panel with whatever was left in it; ask for a name first where it is locked."""
        if self._person() is None:
            self.lock(then=kind)
            return
        panel = self._panel(kind)
        self.opened = kind
        panel.show_view(self.view)
        self.page.open_panel(panel)
        panel.setFocus()
        panel.opened(self._station.clock.now())

    def open_slot(self, slot: str) -> None:
        """The schedule, with this slot chosen; an empty one chooses none."""
        self.open("schedule")
        panel = self._panels.get("schedule")
        if self.opened == "schedule" and isinstance(panel, SchedulePanel):
            panel.choose(slot)

    def turn_to(self, author: str | None) -> None:
        """Somebody else is at the screen, or nobody: what was half typed is put away with whoever
        typed it, and given back to nobody else."""
        whose = author or ""
        if whose == self._whose:
            return
        if self.opened:
            self.close_panel()
        self._kept[self._whose] = self._panels
        self._panels = self._kept.pop(whose, {})
        self.alarms.turn_to(self._whose, whose)
        if self._devices is not None:
            self._devices.deleteLater()
            self._devices = None
        self._whose = whose

    def lock(self, then: str = "") -> None:
        """Show the sign-in over tiles and trend; ``then`` names the panel that follows."""
        self._waiting = then
        if self._unlock is not None:
            self._unlock.deleteLater()
        self._unlock = unlock = UnlockPanel(self._kit, self._station.people, self._background)
        unlock.signed_in.connect(self._unlocked)
        unlock.left.connect(self.close_panel)
        self.opened = "lock"
        self.page.open_panel(unlock)
        unlock.form.name.setFocus()

    def _ask_name(self) -> None:
        """Somebody wants to do something and is not signed in: back to the same panel after it."""
        self.lock(then=self.opened if self.alarms.panel(self.opened) is not None else "")

    def close_panel(self) -> None:
        """Back to tiles and trend; drafts stay."""
        if self.opened:
            self.opened = ""
            self.page.close_panel()

    def _unlocked(self, person: Person) -> None:
        self.signed_in.emit(person)
        self.close_panel()
        if self.alarms.panel(self._waiting) is not None:
            self.show_alarm_panel(self._waiting)
        elif self._waiting:
            self.open(self._waiting)

    def _author(self) -> str | None:
        person = self._person()
        return None if person is None else person.name

    def _submit(self, drafts: tuple[Draft, ...]) -> Written:
        return self._station.submit(self.session, *drafts)

    def _end(self, drafts: tuple[Draft, ...]) -> Written:
        """The station closes the ports with the end, so that nothing comes after it.

        Closing waits for the readers' threads: that is done in the background.
        """
        *closing, ended = drafts
        return self._background.chain(
            lambda: self._station.end(self.session, ended.body["reason"], ended.author, closing)
        )

    def _panel(self, kind: str) -> EntryPanel:
        if kind == "pressure":
            return self._renewed_pressure()
        if kind not in self._panels:
            self._keep(kind, self._make(kind))
        return self._panels[kind]

    def _make(self, kind: str) -> EntryPanel:
        if kind == "checkin":
            asking = CheckInPanel(self._desk, self.view)
            self._background.run(
                lambda: self._station.allergies_before(self.view.info),
                asking.tell_before,
                lambda error: self.fault.emit(f"The session before cannot be read: {error}"),
                asking,
            )
            return asking
        if kind == "dose":
            return DosePanel(self._desk, self.view, lambda: self.record)
        if kind == "observation":
            return ObservationPanel(self._desk, self.view)
        if kind == "note":
            return NotePanel(
                self._desk, self.view, self._station.phrases, self._station.phrases_fault
            )
        if kind == "mark":
            return MarkPanel(self._desk, self.view)
        if kind == "baseline":
            return BaselinePanel(self._desk, self.view, lambda: self.record.cuff)
        if kind == "schedule":
            return SchedulePanel(self._desk, self.view)
        if kind == "home":
            second = SecondPerson(self._kit, self._station.people, self._background, self._author)
            return DischargePanel(self._desk, self.view, second)
        if kind == "course":
            return CoursePanel(self._desk, self.view, lambda: self.record)
        if kind == "correction":
            correcting = CorrectionPanel(self._desk, self.view, lambda: self.record)
            correcting.anew_wanted.connect(self.open)
            return correcting
        if kind == "ledger":
            return self._ledger_panel()
        if kind == "end":
            ending = EndPanel(replace(self._desk, submit=self._end), self.view)
            ending.home_wanted.connect(lambda: self.open("home"))
            return ending
        raise ValueError(f"there is no panel {kind!r}")

    def _ledger_panel(self) -> EntryPanel:
        """Rows go to the ledger first and then to the session, both in the background."""
        station, background = self._station, self._background
        desk = replace(
            self._desk, submit=lambda rows: background.chain(lambda: station.enter_drug(rows[0]))
        )
        second = SecondPerson(self._kit, station.people, background, self._author)
        return LedgerPanel(
            desk,
            self.view,
            lambda: self.record,
            lambda done, failed: background.run(station.drugs.ledger, done, failed, self),
            second,
        )

    def _renewed_pressure(self) -> EntryPanel:
        """It offers the monitors there are now; what was typed stays."""
        old = self._panels.get("pressure")
        made = PressurePanel(self._desk, self.view, Cuffs(self._start_cuff, self._every))
        if isinstance(old, PressurePanel):
            for what, typed in old.fields.items():
                made.fields[what].setText(typed.text())
            old.deleteLater()
        self._keep("pressure", made)
        return made

    def _keep(self, kind: str, panel: EntryPanel) -> None:
        panel.left.connect(self.close_panel)
        panel.saved.connect(lambda: self._saved(kind, panel))
        self._panels[kind] = panel

    def _saved(self, kind: str, panel: EntryPanel) -> None:
        if kind == "end":
            self.close_panel()  # the update that carries the end turns the page
        elif not panel.stays and self.opened == kind:
            self.close_panel()

    def _start_cuff(self, source: str) -> None:
        self._station.command(self.session, source, Command.START_NIBP)

    def _every(self, source: str, minutes: float | None) -> Written:
        author = self._author()
        if author is None:
            raise ValueError("sign in first")
        return self._station.every(self.session, source, minutes, author)
