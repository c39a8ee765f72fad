"""The station: one recorder, its ports and the store, as the window and the command line use it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING

from devices.port import Port, PortError, PortFinder, open_port, same_port
from devices.reader import Deliver, PortReader
from devices.reading import DeviceEvent, LinkStatus, Reading
from devices.registry import driver
from devices.spec import Command
from ketamonitor import __version__, alarm_drafts, drafts, intake, unseen
from ketamonitor.alarms.order import milder
from ketamonitor.approvals import Approvals, Standing, recorded_as
from ketamonitor.arrivals import Arrivals
from ketamonitor.blackbox.box import BlackBox
from ketamonitor.blackbox.parts import Limits
from ketamonitor.blackbox.place import captures_folder
from ketamonitor.clinic import load_clinic
from ketamonitor.clock import SteadyClock
from ketamonitor.coming_back import CAME_BACK, last_devices
from ketamonitor.drug_book import DrugBook
from ketamonitor.entries import PROGRAM, Draft, Entry
from ketamonitor.form_book import FormBook
from ketamonitor.in_step import PacedClock, SessionStep
from ketamonitor.inbox import Lane, Written
from ketamonitor.library import Protocols, load_protocols
from ketamonitor.people import People
from ketamonitor.phrases import load_phrases
from ketamonitor.protocol import TreatmentProtocol, protocol_to_json
from ketamonitor.record import Record
from ketamonitor.recorder import Recorder
from ketamonitor.rescue import Left, RescueFolders
from ketamonitor.session_locks import locks_of
from ketamonitor.store import SessionSummary, Store, data_folder, open_store
from ketamonitor.taking_in import take_in
from ketamonitor.treatment.checkin import ItemAnswer
from ketamonitor.treatment.patients import known_patients, same
from ketamonitor.treatment.plan import OUTPATIENT
from ketamonitor.treatment.rules import ClinicRules
from ketamonitor.view import (
    ActiveAlarm,
    DeviceChoice,
    Patient,
    SessionInfo,
    SessionView,
    Update,
)
from ketamonitor.words import clock

if TYPE_CHECKING:  # numbers of samples and a sound library: only where something is to sound
    from ketamonitor.signals.annunciator import Annunciator, Submit

log = logging.getLogger(__name__)

#: Makes what sounds the tones of a station; see :mod:`ketamonitor.signals`.
Signals = Callable[[SteadyClock, "Submit"], "Annunciator"]


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What must be known before a session can begin."""

    patient: Patient
    weight_kg: float | None
    protocol: TreatmentProtocol
    devices: tuple[DeviceChoice, ...]
    simulated: bool
    chair: str
    #: Which session of the patient's series it is, where that is known.
    series: int | None = None

    def check(self, today: date, standing: Standing) -> None:
        """Raises ``ValueError`` with one clear line where the plan cannot be used.

        ``standing`` is that of the plan's protocol (:meth:`Approvals.standing`).
        """
        if not self.simulated and standing.approval is None:
            raise ValueError(standing.why)
        if not self.patient.name.strip() or not self.patient.mrn.strip():
            raise ValueError("A patient needs a name and a record number")
        intake.patient_name(self.patient.name)
        intake.record_number(self.patient.mrn)
        unseen.refuse(self.chair, "The chair")
        for device in self.devices:
            unseen.refuse(device.source, "The name of a monitor")
        if not date(1900, 1, 1) <= self.patient.born <= today:
            raise ValueError("The date of birth must be in the past and after 1900")
        if self.weight_kg is not None:
            drafts.weight(self.weight_kg)
        sources = [device.source for device in self.devices]
        if len(set(sources)) != len(sources):
            raise ValueError("Two monitors have the same name: give each its own")
        ports = [device.port for device in self.devices]
        if len(set(ports)) != len(ports):
            raise ValueError("Two monitors are on the same port")
        for device in self.devices:
            device.settings()


class Station:
    """Everything one workstation runs. Methods may be called from any one thread at a time.

    ``publish`` is called on the recorder's thread with each :class:`~ketamonitor.view.Update`,
    after the tones have been told of it. Without ``signals`` nothing sounds and no lamp lights up.
    ``protocols`` are those at hand, else the shipped ones and the clinic's own.
    Raises :class:`~ketamonitor.store.StoreError` when the store cannot be opened, and
    :class:`~ketamonitor.protocol.ProtocolError` where the clinic's folder is named and not there.
    """

    def __init__(
        self,
        store_url: str,
        clock: SteadyClock,
        publish: Callable[[Update], None],
        *,
        finder: Callable[[str], PortFinder] = PortFinder,
        captures: Limits | None = None,
        signals: Signals | None = None,
        protocols: Protocols | None = None,
    ) -> None:
        self.clock = clock
        self._told = publish
        self.protocols = load_protocols() if protocols is None else protocols
        self.phrases, self.phrases_fault = load_phrases()
        self._finder = finder
        self._readers: dict[str, list[tuple[PortReader, Lane]]] = {}
        self._paces: dict[str, SessionStep] = {}
        self._locks = locks_of(store_url)
        #: What became of rescue files of an earlier end, a line each.
        self.rescued = take_in(store_url, clock.now())
        self._recorder = Recorder(
            lambda: open_store(store_url),
            clock,
            self._publish,
            rescue=RescueFolders(store_url),
        )
        self.signals = signals(clock, self._recorder.submit) if signals else None
        self._recorder.start()
        try:
            self._recorder.ready.result()
            self._reading: Store = open_store(store_url, read_only=True)
        except BaseException:
            self._recorder.stop()
            self._recorder.join()
            raise
        store = open_store(store_url)
        self.people = People(store, clock.now)
        self.approvals = Approvals(store, self.people, clock.now)
        #: The controlled drug ledger; for one thread at a time, as the people are.
        self.drugs = DrugBook(store, clock.now)
        #: Forms that were handed in; likewise.
        self.forms = FormBook(store, clock.now)
        folder = captures_folder(store_url)
        self._box = BlackBox(folder, self._recorder.submit, clock.now, captures)
        #: Where captures of monitors that are tried outside a session go.
        self.trials = data_folder(store_url) / "monitor-tests"
        if self.signals is not None:
            self.signals.start()

    # Sessions --------------------------------------------------------------------------------

    def start(
        self, plan: SessionPlan, author: str, *, ports_must_open: bool = False
    ) -> tuple[str, Future[Written]]:
        """Begin a session and open its ports. The future is done when the start is durable.

        A port that cannot be opened is tried again for ever, so that a session can begin with the
        cable still to be found; with ``ports_must_open`` it is a :class:`PortError` and nothing
        begins. Raises ``ValueError`` where the plan cannot be used.
        """
        if not self._readers:
            self.clock.follow()  # it may have been set since this window was opened
        standing = self.approvals.standing(plan.protocol)
        plan.check(self.clock.now().date(), standing)
        if any(same_port(device.port, port) for device in plan.devices for port in self.lamp_ports):
            raise ValueError(
                "That port switches the nurse-call lamp: choose the monitor's own port"
            )
        finders = self._finders(plan.devices)
        # A session begins when its ports are opened: a simulated monitor's clock starts there too.
        now = self.clock.now()
        session = new_session_id(now)
        self._keep_pace(session, plan.devices, now)
        opened = _open_all(plan.devices) if ports_must_open else []
        self._locks.take(session)
        body = {
            "event": "started",
            "patient": {
                "name": plan.patient.name.strip(),
                "mrn": plan.patient.mrn.strip(),
                "born": plan.patient.born.isoformat(),
            },
            "weight_kg": plan.weight_kg,
            "protocol": protocol_to_json(recorded_as(plan.protocol, standing.approval)),
            "devices": [_device_json(device) for device in plan.devices],
            "simulated": plan.simulated,
            "chair": plan.chair,
            "software": __version__,
        }
        if plan.series is not None:
            body["series"] = plan.series
        clinic, _fault = load_clinic()
        body["rules"] = (ClinicRules() if clinic is None else clinic.rules).as_json()
        if clinic is not None and clinic.setting != OUTPATIENT:
            body["setting"] = clinic.setting
        done = self._recorder.open(session, Draft("session", now, author, body))
        self._open_ports(session, plan.devices, finders, opened, now, simulated=plan.simulated)
        return session, done

    def resume(
        self,
        session: str,
        devices: Sequence[DeviceChoice],
        author: str,
        *,
        ports_must_open: bool = False,
        why: str = "",
    ) -> Future[Written]:
        """Go on with a session that was not ended; the time between is a recorded gap.

        ``why`` is recorded where it was nobody's own decision.
        Raises ``ValueError`` where there is no such session, or it has ended or runs here, or in
        another program (:class:`~ketamonitor.session_locks.RecordedElsewhereError`).
        """
        if self._reading.summary(session) is None:
            raise ValueError(f"there is no session {session}")
        if session in self._readers:
            raise ValueError(f"session {session} is running here already")
        self._locks.take(session)
        try:
            return self._go_on(session, devices, author, ports_must_open, why)
        except BaseException:
            self._locks.release(session)
            raise

    def _go_on(
        self,
        session: str,
        devices: Sequence[DeviceChoice],
        author: str,
        ports_must_open: bool,
        why: str,
    ) -> Future[Written]:
        """Resume a session whose lock is ours: from here on nobody else ends it or writes to it."""
        summary, last = self._reading.summary(session), self._reading.last(session)
        if summary is None or last is None or summary.finished:
            raise ValueError(f"session {session} has ended: it cannot be resumed")
        now = self._not_before(last.recorded_at)
        captured = self._reading.of_kind(session, "device")
        self._keep_pace(session, devices, now)
        opened = _open_all(devices) if ports_must_open else []
        body = {
            "event": "resumed",
            "gap_s": round((now - last.recorded_at).total_seconds(), 3) or None,
            "devices": [_device_json(device) for device in devices],
        }
        if why:
            body["why"] = why
        done = self._recorder.resume(session, Draft("session", now, author, body))
        finders = self._finders(devices)
        self._box.adopt(session, captured)
        self._open_ports(session, devices, finders, opened, now, simulated=summary.simulated)
        return done

    def leave(self, session: str) -> None:
        """A session that could not be resumed after all: its ports and its lock are free again."""
        self._close_ports(session)
        self._locks.release(session)

    def come_back(self, session: str) -> Future[Written]:
        """Go on with a session that ran when this program died: nobody has decided it.

        Raises ``ValueError`` where it had ended, runs already, or does not exist.
        """
        return self.resume(session, self.last_devices(session), PROGRAM, why=CAME_BACK)

    def last_devices(self, session: str) -> tuple[DeviceChoice, ...]:
        """The monitors of a stored session, on the ports where they were last."""
        return last_devices(self._reading.entries(session))

    def end(
        self, session: str, reason: str, author: str, closing: Sequence[Draft] = ()
    ) -> Future[Written]:
        """Close the ports and end the session, after the last of its raw bytes are entered.

        ``closing`` answers what is open; it is written together with the end.
        """
        self._close_ports(session)
        ended = drafts.ended(reason, at=self.clock.now(), author=author)
        return self._box.then(lambda: self.submit(session, *closing, ended))

    @property
    def lamp_ports(self) -> tuple[str, ...]:
        """The port that switches the nurse-call lamp, if there is one: no monitor may have it."""
        port = self.signals.lamp_port if self.signals else ""
        return (port,) if port else ()

    def submit(self, session: str, *entered: Draft) -> Future[Written]:
        """Record what happened; done when it is durable."""
        return self._recorder.submit(session, entered)

    def acknowledge(self, view: SessionView, alarm: ActiveAlarm, author: str) -> Future[Written]:
        """Acknowledge an alert: each limit on its side that ``view`` knows of, and no later one."""
        now = self.clock.now()
        seen = [alarm, *milder(alarm, {a.id: a for a in view.every_alarm})]
        return self.submit(
            view.info.id,
            *(alarm_drafts.acknowledge(a, at=now, author=author) for a in seen),
        )

    def enter_drug(self, draft: Draft) -> Future[Written]:
        """Write a row of the drug ledger, and then the session's own entry of it, if it has one.

        The row is durable first: where the program ends in between, the ledger's check tells.
        Raises :class:`~ketamonitor.store.StoreError` where the row cannot be written.
        """
        row = self.drugs.write(draft)
        told = self.drugs.event_of(row)
        if told is not None and told[0] in self._readers:
            return self.submit(told[0], told[1])
        done: Future[Written] = Future()
        done.set_result(())
        return done

    def command(self, session: str, source: str, command: Command) -> None:
        """Ask a monitor for a cuff reading or its end. Raises ``ValueError`` if it cannot."""
        self._connected(session, source).command(command)

    def recent_bytes(self, session: str, source: str) -> tuple[bytes, datetime | None]:
        """The last bytes of a monitor and when they came; nothing for one that is not connected."""
        reader = self._reader(session, source)
        return (b"", None) if reader is None else reader.recent

    def every(
        self, session: str, source: str, minutes: float | None, author: str
    ) -> Future[Written]:
        """Start the cuff of a monitor each so many minutes, or no more (``None``).

        Raises ``ValueError`` where the monitor cannot, or the interval is too short. A session
        that is resumed does not go on with it: somebody must want it again.
        """
        reader = self._connected(session, source)
        reader.every(None if minutes is None else timedelta(minutes=minutes))
        now = self.clock.now()
        return self.submit(session, drafts.cuff_interval(source, minutes, at=now, author=author))

    def _reader(self, session: str, source: str) -> PortReader | None:
        return next((r for r, _ in self._readers.get(session, []) if r.source == source), None)

    def _connected(self, session: str, source: str) -> PortReader:
        reader = self._reader(session, source)
        if reader is None:
            raise ValueError(f"no monitor {source} is connected to this session")
        return reader

    # What is stored --------------------------------------------------------------------------

    def sessions(self) -> list[SessionSummary]:
        """All sessions, newest first."""
        return self._reading.sessions()

    def unfinished(self) -> list[SessionSummary]:
        """Sessions that have begun, have not ended and that nobody records, here or elsewhere."""
        left = [s for s in self.sessions() if s.ended_at is None and s.id not in self._readers]
        elsewhere = self.elsewhere(left)
        return [s for s in left if s.id not in elsewhere]

    def elsewhere(self, summaries: Iterable[SessionSummary]) -> frozenset[str]:
        """Ids of those sessions that another program on this computer records now."""
        return self._locks.elsewhere(s.id for s in summaries if s.ended_at is None)

    def entries(self, session: str) -> list[Entry]:
        return self._reading.entries(session)

    def record(self, session: str) -> Record:
        """Raises ``ValueError`` when there is no such session."""
        return Record.of(self._reading.iter_entries(session))

    def allergies_before(self, info: SessionInfo) -> ItemAnswer | None:
        """What the patient of this session said of allergies at the last real session before it;
        ``None`` where nobody was told. It is shown to be asked again and is no answer."""
        earlier = [s for s in self.sessions() if s.started_at < info.started_at]
        known = same(known_patients(earlier), info.patient)
        if known is None:
            return None
        answer = self.record(known.last_session).checkin.view.answers.get("allergies")
        return answer if answer is not None and answer.done else None

    def protocol(self, name: str) -> TreatmentProtocol:
        """Raises :class:`~ketamonitor.protocol.ProtocolError` for one that is unknown, or whose
        file cannot be used."""
        return self.protocols.named(name)

    def close(self) -> Left | None:
        """Close all ports, write what is left, end. Sessions that run stay unfinished.

        What could not be saved, if anything: it is in a rescue file by then.
        """
        for session in list(self._readers):
            self._close_ports(session)
        self._box.stop()
        self._recorder.stop()
        self._recorder.join()
        if self.signals is not None:
            self.signals.stop()
            self.signals.join()
        self._locks.release_all()
        self._reading.close()
        self.people.close()
        return self._recorder.left

    def _publish(self, update: Update) -> None:
        """On the recorder's thread: tones first, they wait for nobody."""
        if self.signals is not None:
            self.signals.hear(update)
        if update.view.ended_at is not None and not update.view.unsaved:
            self._locks.release(update.session)
        self._told(update)

    # Ports -----------------------------------------------------------------------------------

    def _finders(self, devices: Sequence[DeviceChoice]) -> list[PortFinder]:
        """A finder for each port that knows its adapter already: listing ports takes a while."""
        finders = [self._finder(device.port) for device in devices]
        for device, finder in zip(devices, finders, strict=True):
            finder.opened(device.port)
        return finders

    def _open_ports(
        self,
        session: str,
        devices: Sequence[DeviceChoice],
        finders: Sequence[PortFinder],
        opened: Sequence[Port],
        since: datetime,
        *,
        simulated: bool,
    ) -> None:
        readers = []
        pace = self._paces.get(session)
        for device, finder, port in zip_longest(devices, finders, opened):
            lane = self._recorder.lane(session, device.source)
            reader = PortReader(
                driver(device.driver),
                device.source,
                device.port,
                self.clock,
                self._deliverer(lane, Arrivals(simulated=simulated)),
                self._box.tap(session, device),
                finder=finder,
                ready=port,
                ready_at=since if port else None,
                line=device.settings(),
                listen_only=device.listen_only,
                room=lane,
                looked=pace.looker(device.port) if pace else None,
            )
            reader.start()
            readers.append((reader, lane))
        self._readers[session] = readers

    def _keep_pace(self, session: str, devices: Sequence[DeviceChoice], opened: datetime) -> None:
        """Sped-up time waits for the simulated monitors, and they for it."""
        if isinstance(self.clock, PacedClock):
            ports = [device.port for device in devices]
            self._paces[session] = SessionStep(self.clock, ports, opened)

    def _not_before(self, last: datetime) -> datetime:
        """The present, for a session whose last entry was recorded then. Where the computer's
        clock is behind that, time goes on from there, and the recorder tells the difference.

        Raises ``ValueError`` where that would move the time of sessions that run here.
        """
        if not self._readers:
            self.clock.follow()
        elif self.clock.now() < last:
            raise ValueError(
                f"the computer's clock is behind the last entry of this session ({clock(last)}), "
                "and another session runs in this window: set the clock right and resume it in a "
                "window of its own"
            )
        self.clock.not_before(last)
        return self.clock.now()

    def _close_ports(self, session: str) -> None:
        for reader, lane in self._readers.pop(session, []):
            reader.stop()
            lane.close()
        if (pace := self._paces.pop(session, None)) is not None:
            pace.close()
        self._box.close(session)

    def _deliverer(self, lane: Lane, arrivals: Arrivals) -> Deliver:
        """What hands a port's outputs to the recorder. Called on the reader's thread."""

        def deliver(output: Reading | DeviceEvent | LinkStatus) -> None:
            if made := arrivals.drafts(output):
                self._recorder.arrived(lane, made, link=isinstance(output, LinkStatus))

        return deliver


def new_session_id(now: datetime) -> str:
    """``KM-261123-7f3a9c``: the day and three random bytes; it says nothing of the patient."""
    return f"KM-{now:%y%m%d}-{secrets.token_hex(3)}"


def _open_all(devices: Sequence[DeviceChoice]) -> list[Port]:
    """All ports or none. Raises :class:`PortError` for the first that cannot be opened."""
    opened: list[Port] = []
    try:
        for device in devices:
            opened.append(open_port(device.port, device.settings()))
    except PortError:
        for port in opened:
            port.close()
        raise
    return opened


def _device_json(device: DeviceChoice) -> dict[str, str | bool]:
    """What the record says of a monitor; settings are named only where they are not the usual."""
    body: dict[str, str | bool] = {
        "driver": device.driver,
        "port": device.port,
        "source": device.source,
    }
    if device.line:
        body["line"] = device.line
    if device.listen_only:
        body["listen_only"] = True
    return body
