"""Frozen pictures of a live session, made by the recorder for whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from devices.reading import LinkState
from devices.registry import driver
from devices.spec import LineSettings
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.entries import Entry
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.treatment.checkin import CheckInView
from ketamonitor.treatment.nasal import NasalView
from ketamonitor.treatment.order import Order
from ketamonitor.treatment.rules import BEFORE_RULES, ClinicRules

if TYPE_CHECKING:
    from ketamonitor.treatment.closing import OpenItem
    from ketamonitor.treatment.discharge import CriterionView, Departure


@dataclass(frozen=True, slots=True)
class Patient:
    """The patient with two identifiers (name with date of birth, and record number)."""

    name: str
    mrn: str
    born: date

    def age(self, on: date) -> int:
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """Which monitor is on which port; ``source`` names it in the record (``dinamap``).

    ``line`` is what to set in place of the driver's own line settings (``19200-8E1``). A monitor
    that is ``listen_only`` is never sent anything: another program asks it.
    """

    driver: str
    port: str
    source: str
    line: str = ""
    listen_only: bool = False

    def settings(self) -> LineSettings:
        """How to set the line. Raises ``ValueError`` for an unknown driver or unreadable line."""
        usual = driver(self.driver).line
        return usual.changed(self.line) if self.line else usual


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What the first entry of a session says; it never changes."""

    id: str
    started_at: datetime
    patient: Patient
    weight_kg: float | None
    protocol: TreatmentProtocol
    devices: tuple[DeviceChoice, ...]
    simulated: bool
    chair: str
    author: str
    #: Which real session of this patient it is; ``None`` where that was not known at the start.
    series: int | None = None
    rules: ClinicRules = BEFORE_RULES


class Freshness(StrEnum):
    """The state of a shown value (see the state table in the manual)."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"
    NO_DATA = "no_data"
    TECHNICAL = "technical"
    QUESTIONABLE = "questionable"


@dataclass(frozen=True, slots=True)
class ShownValue:
    """The last word on one metric.

    With ``NO_DATA`` and ``TECHNICAL`` two dashes stand in its place: ``value`` is then the last
    one, to be shown small with its time, or ``None`` if there never was one.
    """

    value: float | None
    measured_at: datetime | None
    source: str
    freshness: Freshness
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """An alarm that has begun and is not cleared. ``text`` is ``SYS 184 > 180``.

    ``priority_since`` is when it got its present priority, or alarmed anew. ``ended_at``: the
    condition has ended, but the alarm stays until somebody has seen it (latched). ``reading_at``
    is when the value was measured; ``repeat_at`` when a second reading is asked for. An
    acknowledgement is of this occurrence at this priority: a worse one takes it away.
    """

    id: str
    condition: str
    priority: str
    type: str
    metric: str | None
    value: float | None
    limit: float | None
    text: str
    detail: str
    since: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    priority_since: datetime | None = None
    ended_at: datetime | None = None
    repeat_at: datetime | None = None
    reading_at: datetime | None = None
    #: The alarm as it is recorded, where the alert of its side is more than that one says.
    recorded: ActiveAlarm | None = None

    @property
    def signals(self) -> bool:
        """Whether it asks for attention: it holds and nobody has acknowledged it."""
        return self.acknowledged_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class AudioPause:
    """AUDIO PAUSED until ``until``, or AUDIO OFF where that is ``None`` (if the clinic allows it).

    It covers what alarmed before ``since``; anything new or worse sounds and ends it.
    """

    since: datetime
    until: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class Interruption:
    """ALARM PAUSED for a planned interruption (ALARM OFF where ``until`` is ``None``).

    Of ``metrics`` technical alarms and limits below HIGH are not raised. A value that is beyond a
    HIGH limit always alarms, and everything in ``watched`` goes on as ever.
    """

    reason: str
    since: datetime
    until: datetime | None
    by: str
    metrics: tuple[str, ...]
    watched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SoundCheck:
    """What is known of the tones at this session: ``state`` is ``unknown``, ``ready``, ``failed``
    or ``off``; who heard (or did not hear) the last test, and when."""

    state: str = "unknown"
    text: str = ""
    tested_at: datetime | None = None
    tested_by: str = ""
    heard: bool | None = None


@dataclass(frozen=True, slots=True)
class ActionDone:
    """A step of an action card that was recorded: when, by whom, for which alarm.

    ``value`` is what was shown then, ``done`` what was chosen where the step leaves a choice, and
    ``followed`` the value that came after it (``SYS 176 at 14:37``), once there is one.
    """

    seq: int
    card: str
    step: str
    at: datetime
    by: str
    alarm: str
    value: str
    done: str = ""
    followed: str = ""


class DueState(StrEnum):
    """``SOON``: it may be done already, its time has not come. ``LATE``: done after its grace.
    ``MISSED``: the window of a named slot is over. ``NOT_DONE``: somebody said why."""

    AHEAD = "ahead"
    SOON = "soon"
    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    LATE = "late"
    MISSED = "missed"
    NOT_DONE = "not_done"


#: Slots that ask for something now or soon, and those that are over and nobody has answered.
ASKING = (DueState.DUE, DueState.OVERDUE)
COMING = (DueState.AHEAD, DueState.SOON)


#: What can be due, in words.
DUE_KINDS = {"bp": "BP", "observation": "Observation", "spo2": "SpO₂"}


@dataclass(frozen=True, slots=True)
class DueItem:
    """One slot of the schedule: ``what`` is ``bp`` or ``observation``.

    ``id`` names it for ever (``bp@10``), whatever the first dose is corrected to. It takes what
    is measured from ``opens_at`` on; one with a ``name`` nothing after ``closes_at``. ``missing``
    are the instruments of an observation that has been begun. ``reason`` and ``said_by`` are of
    one that was not done.
    """

    what: str
    at: datetime
    state: DueState
    done_at: datetime | None = None
    _: KW_ONLY
    id: str
    opens_at: datetime
    name: str = ""
    mandatory: bool = False
    closes_at: datetime | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""
    said_by: str = ""

    @property
    def label(self) -> str:
        """``BP``, ``Observation``, ``SpO₂`` or the name of the slot."""
        return self.name or self.kind

    @property
    def kind(self) -> str:
        """What is due, in words."""
        return DUE_KINDS.get(self.what, self.what)

    @property
    def answered(self) -> bool:
        """Whether it was done, or somebody said why not."""
        return self.done_at is not None or self.state is DueState.NOT_DONE


@dataclass(frozen=True, slots=True)
class LimitView:
    """A limit as it holds for this patient; ``bound`` is ``None`` while it is not armed.

    ``limit`` has the value of this session. Where that was changed, ``preset`` is the protocol's
    row, with who changed it, when and why. ``off``: ALARM OFF.
    """

    limit: AlarmLimit
    bound: float | None
    preset: AlarmLimit | None = None
    changed_by: str = ""
    changed_at: datetime | None = None
    reason: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True)
class LinkView:
    """A port as it is. ``down``: it was lost or silent and nothing has been read since.

    ``demo``: the monitor sends demonstration data, which is refused. ``unmapped`` is the last of
    what it sends and no metric stands for. ``cuff_minutes``: the interval at which the program
    starts its cuff. ``cuff`` is ``about to inflate`` or ``measuring`` while it is so.
    """

    source: str
    driver: str
    port: str
    state: LinkState
    reason: str
    since: datetime
    last_value_at: datetime | None
    down: bool = False
    demo: bool = False
    battery_low: bool = False
    unmapped: Mapping[str, str] = field(default_factory=dict)
    cuff_minutes: float | None = None
    cuff: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The locked pressure, mmHg, measured ``at``; ``of_seq`` is the entry of its reading."""

    sys: float
    dia: float
    at: datetime
    locked_at: datetime
    locked_by: str
    of_seq: int = 0


@dataclass(frozen=True, slots=True)
class InfusionView:
    """The infusion now: ``state`` is ``running``, ``paused`` or ``stopped``."""

    state: str
    started_at: datetime
    planned_mg: float
    minutes: float
    given_mg: float
    ends_at: datetime | None
    mg_per_min: float | None = None
    #: As typed at the pump, where it was.
    rate_ml_h: str | None = None
    strength_mg_ml: str | None = None
    given_ml: float | None = None


@dataclass(frozen=True, slots=True)
class ObservedView:
    """The last answer to one instrument; ``value`` is ``None`` unless it was answered."""

    instrument: str
    status: str
    value: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SessionView:
    """Everything the live page shows at ``now``, but for the history (see ``record.py``)."""

    info: SessionInfo
    now: datetime
    values: Mapping[str, ShownValue]
    alarms: tuple[ActiveAlarm, ...]
    last_alarm: str
    due: tuple[DueItem, ...]
    limits: tuple[LimitView, ...]
    links: tuple[LinkView, ...]
    baseline: Baseline | None
    infusion: InfusionView | None
    total_mg: float
    doses: int
    first_dose_at: datetime | None
    gate_at: datetime | None
    observed: Mapping[str, ObservedView]
    saved_at: datetime | None
    unsaved: int
    record_fault: str
    ended_at: datetime | None
    #: The further limits that one of ``alarms`` stands for: they hold too, but are not listed.
    covered: tuple[ActiveAlarm, ...] = ()
    audio_pause: AudioPause | None = None
    interruption: Interruption | None = None
    sound: SoundCheck = SoundCheck()
    actions: tuple[ActionDone, ...] = ()
    checkin: CheckInView = field(default_factory=CheckInView)
    #: What was ordered for this session; the last order counts.
    order: Order | None = None
    #: Whether ``gate_at`` is over; never while a dose still runs.
    gate_open: bool = False
    criteria: tuple[CriterionView, ...] = ()
    #: What must be answered before the session is closed.
    open_items: tuple[OpenItem, ...] = ()
    ready_at: datetime | None = None
    departure: Departure | None = None
    #: The guide of the nasal devices, where the protocol gives them.
    nasal: NasalView | None = None

    @property
    def every_alarm(self) -> tuple[ActiveAlarm, ...]:
        """All that are active, each as it is recorded: what sounds, and what is acknowledged."""
        return (*(alarm.recorded or alarm for alarm in self.alarms), *self.covered)


@dataclass(frozen=True, slots=True)
class Update:
    """What the recorder publishes: the entries that are new and the picture they lead to.

    ``anew``: the entries are all of the session's, as some that were told before and were not saved
    have other numbers now.
    """

    session: str
    entries: tuple[Entry, ...]
    view: SessionView
    anew: bool = False
