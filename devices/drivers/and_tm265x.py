"""A&D TM-2655 / TM-2657 arm-in cuff: a checked record after each measurement, started from here.

Serves: TM-2655, TM-2655P, TM-2657 and TM-2657P with the RS-232 external interface (TM-2657-01, -03
or -05).

Cable: the RS-232 socket of the external interface to a serial port or a USB adapter of the
computer.

Set up: 2400 8N1 is the usual speed; a function of the monitor sets 1200 to 9600: give another speed
with the port. Output format F25 = 1 ("RB", as delivered); records of format "RA" are read too, any
other is told.

Gives: systolic, mean and diastolic pressure and the pulse of the cuff, with the monitor's own date
and time to the minute, and why a measurement failed. Starts and stops a measurement: the patient
must sit with the arm in the cuff. Inflation setting, pulse amplitude and kind of measurement are
kept as they were sent.

Cannot: no automatic interval of the monitor's own, no live cuff pressure, no SpO2; the pulse
profile (RP) is not read. A measurement begun at the monitor is seen only when it ends. What the
monitor answers while it measures, or before its first result, is not public: no answer, and any
answer but a record, is taken for "nothing yet".

Sureness: high for the records, start and stop (four programs, two recorded records); medium for the
acknowledgements; not tried by us on a real monitor. The UA-767PC speaks another protocol.

Each 30 s the monitor is asked for its last result (RB), as a sign of life and because a record
pushed while the cable was out or the line disturbed comes only once; never while a measurement runs
that was started from here. An answer repeats the last record: the whole record tells one result
from the next, as its time has no seconds. With "listen only" records are taken as they come; the
first one only if its time is near ours, as it may answer another program's question.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.drivers.and_tm265x_wire import (
    ACK,
    FINISHED,
    NAK,
    NO_ERROR,
    Framer,
    Record,
    record,
    request,
    why,
)
from devices.drivers.cuffs import CuffResult, SteppedCuff
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from devices.reading import DeviceEvent
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe

RESULT, START, STOP = "RB", "ST", "SP"
COMMANDS = {Command.START_NIBP: START, Command.CANCEL_NIBP: STOP}
COMMAND_WORDS = {START: "start a cuff reading", STOP: "stop the cuff reading"}
OURS = (START, STOP, RESULT, "RP")  # an echo of a request is no frame of the monitor
POLL_EVERY = timedelta(seconds=30)
TIMEOUT = timedelta(seconds=2)  # a record takes 0.3 s at 2400 baud
LATE = timedelta(seconds=5)  # so long after a question a record may still be the answer to it
SILENT_AFTER_S = 120.0
#: A measurement ends within 120 s. Asked just before, so that the link is not taken for silent.
ENDS_WITHIN = timedelta(seconds=118)
HALF_A_MINUTE = timedelta(seconds=30)
#: How far the monitor's clock may be from ours for a listener to believe it.
NEAR = timedelta(minutes=3)


class Tm265xDecoder:
    """One arm-in cuff. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._framer = Framer()
        self._cuff = SteppedCuff(source)
        self._events: list[Output] = []
        self._queue: list[str] = []
        self._asked: tuple[str, datetime] | None = None  # what is outstanding, and until when
        self._poll_at: datetime | None = None
        self._answer_until: datetime | None = None  # till then a record may answer an RB
        self._ends_by: datetime | None = None  # of the measurement that was started from here
        self._listening = True  # nothing was sent: another program may ask on this line
        self._known = b""  # the last record as it was sent
        self._seen_at: datetime | None = None  # when that was last seen to be the newest
        self._unsure = b""  # a first record that came for an answer, and so for old
        self._frames = 0
        self._told_of_format = False

    @property
    def pending(self) -> int:
        return self._framer.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        for name in (self._asked[0] if self._asked is not None else "", *self._queue):
            if name in COMMAND_WORDS:
                self._refused(name, "the link broke before the monitor answered", now)
        self._framer.reset()
        self._cuff.connected()
        self._queue.clear()
        self._asked = self._answer_until = self._ends_by = None
        self._unsure = b""
        self._listening = True
        self._poll_at = now

    def command(self, command: Command) -> None:
        name = COMMANDS[command]
        if name == STOP:
            self._queue.clear()  # a start that has not been sent is not sent after a stop
        self._queue.append(name)

    def outgoing(self, now: datetime) -> bytes:
        if self._poll_at is None:
            self.connected(now)
        self._listening = False
        if self.wait(now) > 0:
            return b""
        if self._asked is not None:
            self._give_up(self._asked[0], now)
        name = self._queue.pop(0) if self._queue else RESULT
        self._asked = (name, now + TIMEOUT)
        self._poll_at = now + POLL_EVERY
        if name == RESULT:
            self._answer_until = now + LATE
            self._unsure = b""
        return request(name)

    def wait(self, now: datetime) -> float:
        if self._poll_at is None or STOP in self._queue:
            return 0.0  # a stop waits for nobody's answer
        at = now if self._queue else self._poll_at
        if self._asked is not None:
            at = max(at, self._asked[1])
        return max(0.0, (at - now).total_seconds())

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if self._poll_at is None:
            self.connected(now)
        outputs: list[Output] = []
        for frame in self._framer.feed(data):
            if frame in (ACK, NAK):
                self._frames += 1
                outputs += self._acknowledged(frame == ACK, now)
            elif frame.decode("ascii") not in OURS:
                self._frames += 1
                found = record(frame)
                if found is not None:
                    # both formats of one record are one record
                    outputs += self._record(frame.replace(b"\x1eRA\x1e", b"\x1eRB\x1e"), found, now)
                elif FINISHED.match(frame) is not None:
                    outputs += self._unread(now)
        if self._events:
            outputs = [*self._events, *outputs]
            self._events = []
        return outputs

    def _unread(self, now: datetime) -> list[Output]:
        """A measurement has ended with a record of another format."""
        if self._told_of_format:
            return []
        self._told_of_format = True
        text = (
            "a cuff reading came in a format that is not read: set the monitor's output format to "
            "RB (function F25 = 1)"
        )
        return [DeviceEvent(self._source, "monitor_alarm", text, now)]

    def _acknowledged(self, yes: bool, now: datetime) -> list[Output]:
        """ACK or NAK. What was not asked by us, or was given up, is nobody's."""
        name = self._asked[0] if self._asked is not None else None
        if name is None or (name == RESULT and yes):
            return []  # of an RB the record itself is the answer
        self._asked = None
        if name == RESULT:
            self._answer_until = None
            return self._not_ended(now)
        if not yes:
            self._refused(name, "the monitor refused", now)
            return []
        if name == START:
            self._poll_at = self._ends_by = now + ENDS_WITHIN
            return self._cuff.works(now)
        self._ends_by = None
        return self._cuff.failed("the cuff reading was stopped", now)

    def _record(self, text: bytes, found: Record, now: datetime) -> list[Output]:
        answer = self._answer_until is not None and now <= self._answer_until
        if answer:
            self._answer_until = None
            if self._asked is not None and self._asked[0] == RESULT:
                self._asked = None
        first, same, since = not self._known, text == self._known, self._seen_at
        self._known, self._seen_at = text, now
        if found.error != NO_ERROR and not answer:
            # Two failures of one minute look alike: each counts as it is pushed.
            return self._ended_by(found, now, now)
        if same and text == self._unsure:
            # One question has one answer: of the two records one was pushed just then.
            self._unsure = b""
            return self._ended_by(found, now, now)
        if same:
            return self._not_ended(now) if answer else []
        certain = not (answer or self._listening)
        at = now if certain else when(found, since, now)
        if first and not certain and (answer or not near(found, now)):
            self._unsure = text if answer else b""
            return [] if found.error != NO_ERROR else [self._stale(now)]
        return self._ended_by(found, at, now)

    def _ended_by(self, found: Record, at: datetime, now: datetime) -> list[Output]:
        """A measurement has ended with this record."""
        self._ends_by = None
        if self._poll_at is not None:
            self._poll_at = now + POLL_EVERY
        if found.error != NO_ERROR:
            text = f"the cuff reading failed: {why(found.error)}"
            self._cuff.failed(text, now)
            return [DeviceEvent(self._source, "nibp_failed", text, now, {"error": found.error})]
        device_time = found.at.isoformat() if found.at is not None else None
        pressures = [found.values[metric] for metric in (NIBP_SYS, NIBP_DIA, NIBP_MAP)]
        if all(value is None for value in pressures):
            return self._cuff.failed("the cuff reading gave no pressures", now)
        result = CuffResult(found.values, at, device_time, (), found.unmapped)
        return self._cuff.done(result, now)

    def _not_ended(self, now: datetime) -> list[Output]:
        """The monitor has nothing new. That matters where a measurement must have ended."""
        if self._ends_by is None or now < self._ends_by:
            return []
        self._ends_by = None
        return self._cuff.failed("the cuff reading gave no result", now)

    def _give_up(self, name: str, now: datetime) -> None:
        if name == RESULT:
            self._events += self._not_ended(now)
        else:
            # not repeated: the monitor may have obeyed without saying so
            self._refused(name, "the monitor did not answer", now)

    def _refused(self, name: str, because: str, now: datetime) -> None:
        text = f"could not {COMMAND_WORDS[name]}: {because}"
        self._events.append(DeviceEvent(self._source, "refused", text, now))

    def _stale(self, now: datetime) -> DeviceEvent:
        text = "the monitor shows a cuff reading that may be from before the connection"
        return DeviceEvent(self._source, "nibp_stale", text, now)


def near(found: Record, now: datetime) -> bool:
    """Whether the record's own time is about the present."""
    return found.at is not None and abs(found.at - now.replace(tzinfo=None)) <= NEAR


def when(found: Record, since: datetime | None, now: datetime) -> datetime:
    """When a result was measured that was found by asking, in our time.

    The middle of the monitor's minute, between ``since``, when an older result was the newest, and
    ``now``; where the whole minute lies before ``since`` the monitor's clock is wrong and all that
    is known is ``now``.
    """
    if found.at is None:
        return now
    begins = found.at.replace(tzinfo=now.tzinfo)
    if since is not None and begins + 2 * HALF_A_MINUTE < since:
        return now
    return min(max(begins + HALF_A_MINUTE, since or begins), now)


SPEC = DriverSpec(
    name="and-tm265x",
    title="A&D TM-2655 / TM-2657 (arm-in cuff)",
    models=("TM-2655", "TM-2655P", "TM-2657", "TM-2657P"),
    line=LineSettings(baud=2400),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE),
    commands=frozenset(COMMANDS),
    interval_s=POLL_EVERY.total_seconds(),
    silent_after_s=SILENT_AFTER_S,
    decoder=Tm265xDecoder,
    manual="A&D TM-2657 external I/O 1WMPD4003318 (title only); four public programs",
    also=(LineSettings(baud=9600), LineSettings(baud=4800), LineSettings(baud=1200)),
    probe=Probe(greeting=lambda now: request(RESULT)),
)
