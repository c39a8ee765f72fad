"""Philips IntelliVue data export over the MIB/RS-232 interface: polled and pushed numerics.

Serves: IntelliVue MP2/X2, MP5 to MP90, MX400 to MX850, X3 and others that have a MIB/RS-232
interface board.

Cable: an RJ45 socket of the MIB/RS-232 board to a 9-pin serial port or USB adapter of the computer:
RJ45 pin 4 to DB9 pin 5 (ground), RJ45 pin 5 to DB9 pin 2, RJ45 pin 7 to DB9 pin 3 (MX series),
nothing else; 115200 8N1 or 19200 8N1.

Set up: the interface board must be set to data export ("DtOut1") in the monitor's hardware or
service settings, or it never answers. The speed is a fixed setting of the monitor: give 19200 with
the port where it is that. Only one program at a time can be connected to a port; after a program
died, the monitor may refuse another one for up to 2 minutes. It is asked again by itself.

Gives: cuff pressures (and the pulse of the cuff) with the time of the measurement, that a cuff
reading is running or failed, SpO2, pulse, heart rate, breaths and EtCO2 each second, and the alarms
of the monitor in its own words. Pressures in kPa become mmHg. All other numbers are kept as
unmapped, with the monitor's own numbers for parameter and unit.

Cannot: a cuff reading cannot be started or stopped over this line. Temperature and invasive
pressures stay unmapped, waves are not asked for. Values that the monitor marks as questionable are
shown as no value. Cuff readings that follow each other without a pause are seen as one, the last. A
result without any time, shown when the connection begins, is not taken as a reading.

Sureness: very high (the maker's guide as cited by five independent programs, frames decoded by two
of them); not tried by us on a real monitor, in particular not the abort that we send first to free
a monitor from a connection left behind.

Inside: see :mod:`devices.drivers.intellivue_session` for who says what when.
"""

from __future__ import annotations

from datetime import datetime

from devices.drivers.intellivue_alerts import Alerts
from devices.drivers.intellivue_messages import (
    ALERTS,
    NUMERICS,
    RELEASE_REQUEST,
    Accepted,
    Failed,
    MdsCreate,
    Message,
    Polled,
    Sign,
    read,
)
from devices.drivers.intellivue_numerics import Numerics
from devices.drivers.intellivue_parts import Answer, PartsByInvoke
from devices.drivers.intellivue_session import REQUEST, Session
from devices.drivers.intellivue_wire import IntellivueFramer, framed
from devices.metrics import (
    ETCO2,
    HR,
    NIBP_DIA,
    NIBP_MAP,
    NIBP_PULSE,
    NIBP_SYS,
    PULSE,
    RR,
    SPO2,
)
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe


class IntellivueDecoder:
    """One monitor on the MIB/RS-232 port. See :class:`devices.spec.Decoder`.

    Answers are read whoever asked for them, so that another program's can be listened to.
    """

    def __init__(self, source: str) -> None:
        self._framer = IntellivueFramer()
        self._session = Session(source)
        self._parts = PartsByInvoke()
        self._numerics = Numerics(source)
        self._alerts = Alerts(source)
        self._last: Answer | None = None
        self._started = False
        self._frames = 0

    @property
    def pending(self) -> int:
        return self._framer.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        self._started = True
        self._framer.reset()
        self._parts.reset()
        self._numerics.connected(now)
        self._session.connected(now)

    def command(self, command: Command) -> None:
        raise ValueError("this monitor takes no commands over its data export interface")

    def outgoing(self, now: datetime) -> bytes:
        if not self._started:
            self.connected(now)
        return self._session.outgoing(now)

    def wait(self, now: datetime) -> float:
        return self._session.wait(now)

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if not self._started:
            self.connected(now)
        outputs: list[Output] = []
        for user in self._framer.feed(data):
            message = read(user)
            # an abort while nobody is let in may be our own, coming back from a loop in the cable
            if message is None or (message is Sign.ABORTED and self._session.asking):
                continue
            self._frames += 1
            self._session.heard(now)
            outputs += self._said(message, now)
        return outputs

    def _said(self, message: Message, now: datetime) -> list[Output]:
        match message:
            case Polled():
                return self._polled(message, now)
            case Accepted():
                self._session.accepted(message, now)
            case MdsCreate():
                self._session.introduced(message, now)
            case Failed():
                self._session.failed(message, now)
            case Sign():
                return self._session.turned_away(message, now)
        return []

    def _polled(self, message: Polled, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for answer in self._parts.add(message, now):
            if answer.head.kind == ALERTS:
                outputs += self._alerts.absorb(answer, now)
            elif answer.head.kind == NUMERICS and self._session.numerics(answer.head, now):
                last, self._last = self._last, answer
                if last is None or not answer.repeats(last):
                    outputs += self._numerics.absorb(answer, now)
        return outputs


SPEC = DriverSpec(
    name="intellivue",
    title="Philips IntelliVue (data export, MIB/RS-232)",
    models=(
        "IntelliVue MX400-MX850",
        "IntelliVue MP5-MP90",
        "IntelliVue MP2, X2, X3",
    ),
    line=LineSettings(baud=115200),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE, SPO2, PULSE, HR, RR, ETCO2),
    commands=frozenset(),
    interval_s=1.0,
    silent_after_s=12.0,  # a refusal has a pause of 10 s after it
    decoder=IntellivueDecoder,
    manual="Philips Data Export Interface Programming Guide 4535 642 59271",
    also=(LineSettings(baud=19200),),
    probe=Probe(greeting=lambda now: REQUEST, farewell=framed(RELEASE_REQUEST)),
)
