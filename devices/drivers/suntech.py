"""SunTech OEM cuff modules (Advantage family): asked in turn, cuff started from here.

Serves: SunTech Medical Advantage Mini, A+, LX and 2.0 modules and the devices and kits that carry
one behind a serial port. Not SunTech's own Tango and CT40, which speak otherwise.

Cable: RS-232 of the kit, or 3.3 V or 5 V TTL on the bare module with an adapter of the same
voltage; 9600 8N1, no handshake.

Set up: nothing. No other program may talk to the module at the same time, as its answers do not say
what they answer. One that does may be listened to.

Gives: cuff pressures with the pulse of the cuff, and five times a second the pressure in the cuff
while it measures. Starts and aborts an adult reading; why one failed is given in words. The number
of beats, the status and the test codes of a reading are kept as unmapped values.

Cannot: the module sends no times and has no interval of its own. A result is taken only when the
module has said that the reading is over; if that one message is lost on the line, the reading is
given up when the cuff has been empty for 10 s, and its result is not taken. A reading that ends
while the cable is out is not taken either. Listened to only, a result counts when the cuff
pressures of its reading were heard too. Children's and newborns' readings are not started.

Sureness: high for frames, commands and results (two independent descriptions, the maker's two
examples), medium for the words of the errors; not tried by us on a real module.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.drivers.suntech_cuff import SuntechCuff
from devices.drivers.suntech_wire import (
    ABORT,
    ACK,
    GET_PRESSURE,
    GET_RESULT,
    PRESSURE,
    REFUSALS,
    RESULT,
    START,
    ReplyCutter,
    bp_data,
    cuff_pressure,
)
from devices.metrics import CUFF_PRESSURE, NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from devices.reading import DeviceEvent
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe

#: Between two commands; a command sent while another is being answered may be lost.
APART = timedelta(milliseconds=100)
#: How long an answer may take: a 24-byte reply needs 25 ms on the line.
TIMEOUT = timedelta(milliseconds=500)
#: The pressure is asked for this often while the cuff works, and as a sign of life at rest.
WORKING, RESTING = timedelta(milliseconds=200), timedelta(seconds=1)
#: A result that is not given is asked for so many times.
TRIES = 3
#: What is overheard counts as frames once there are so many: they are only 4 or 5 bytes long.
OVERHEARD = 3

WORDS = {START: "start a cuff reading", ABORT: "abort the cuff reading"}
ANSWERED_BY = {START: ACK, ABORT: ACK, GET_PRESSURE: PRESSURE, GET_RESULT: RESULT}


class SuntechDecoder:
    """One module. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._cutter = ReplyCutter()
        self._cuff = SuntechCuff(source)
        self._queue: deque[bytes] = deque()
        self._asked: bytes | None = None  # the command whose answer is awaited
        self._sent_at: datetime | None = None
        self._free_at: datetime | None = None
        self._poll_at: datetime | None = None
        self._tries = 0
        self._events: list[Output] = []
        self._asking = False  # on this connection something has been sent
        self._overheard = 0
        self._frames = 0

    @property
    def pending(self) -> int:
        return self._cutter.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        # A cuff must not inflate because of a button pressed before the cable was pulled.
        for one in (self._asked, *self._queue):
            if one in WORDS:
                self._refused(one, "the link broke before the module answered", now)
        self._queue = deque([GET_RESULT])
        self._asked = None
        self._free_at = self._poll_at = now
        self._tries = 0
        self._cutter.reset()
        self._cuff.connected()
        self._asking = False
        self._overheard = 0

    def command(self, command: Command) -> None:
        if command is Command.START_NIBP:
            self._queue.append(START)
        else:
            self._queue.appendleft(ABORT)  # nothing goes before it

    def outgoing(self, now: datetime) -> bytes:
        if self._free_at is None:
            self.connected(now)
        self._look(now)
        if self.wait(now) > 0:
            return b""
        self._asking = True
        if self._asked is not None:
            self._unanswered(self._asked, now)
        asked = self._queue.popleft() if self._queue else GET_PRESSURE
        if asked == GET_PRESSURE:
            self._poll_at = now + (WORKING if self._cuff.working else RESTING)
        self._asked = asked
        self._free_at = now + TIMEOUT
        self._cuff.sent(asked)
        self._sent_at = now
        return asked

    def wait(self, now: datetime) -> float:
        if self._free_at is None or self._poll_at is None:
            return 0.0
        due = self._free_at if self._queue else max(self._free_at, self._poll_at)
        if self._cuff.patience_ends is not None:
            due = min(due, max(self._free_at, self._cuff.patience_ends))
        return max(0.0, (due - now).total_seconds())

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if self._free_at is None:
            self.connected(now)
        outputs, self._events = self._events, []
        for packet in self._cutter.feed(data):
            outputs += self._reply(packet, now)
        self._look(now)
        outputs += self._events
        self._events = []
        return outputs

    def _look(self, now: datetime) -> None:
        self._events += self._cuff.look(now)
        for one in self._cuff.wanted():
            self._queue.appendleft(one)

    def _reply(self, packet: bytes, now: datetime) -> list[Output]:
        kind, asked = packet[1], self._asked
        answers = asked is not None and ANSWERED_BY[asked] == kind
        if kind == PRESSURE:
            mmhg = cuff_pressure(packet)
            if mmhg is None or not self._counts(answers):
                return []
            self._answered(answers, now)
            return self._cuff.pressure(mmhg, now)
        if kind == RESULT:
            data = bp_data(packet)
            if data is None:
                return []
            self._frames += 1  # too long a packet to be made by chance
            if self._asking and not answers:
                return []  # to a question that was given up: whose result it is is not known
            self._answered(answers, now)
            return self._cuff.result(data, not self._asking, now)
        # that a reading is over is said without being asked
        if not self._counts(answers or self._cuff.working):
            return []
        self._answered(answers, now)
        letter = packet[2:3]
        if asked is not None and answers and letter in REFUSALS:
            return [self._refusal(asked, REFUSALS[letter], now)]
        return self._cuff.acknowledged(letter, asked if answers else None, now)

    def _counts(self, expected: bool) -> bool:
        """Whether a short packet is taken: one that was expected, or any when only listening."""
        if expected:
            self._frames += 1
            return True
        if self._asking:
            return False
        self._overheard += 1
        if self._overheard >= OVERHEARD:
            self._frames += 1
        return True

    def _answered(self, answers: bool, now: datetime) -> None:
        if answers and self._sent_at is not None:
            self._asked = None
            self._tries = 0
            self._free_at = self._sent_at + APART

    def _unanswered(self, asked: bytes, now: datetime) -> None:
        if asked in WORDS:
            # not repeated: the module may have obeyed
            self._refused(asked, "the module did not answer", now)
        elif asked == GET_RESULT and self._cuff.awaits_result:
            self._tries += 1
            if self._tries < TRIES:
                self._queue.appendleft(GET_RESULT)
            else:
                self._tries = 0
                self._events += self._cuff.no_result(now)

    def _refused(self, asked: bytes, why: str, now: datetime) -> None:
        self._events.append(self._refusal(asked, why, now))

    def _refusal(self, asked: bytes, why: str, now: datetime) -> DeviceEvent:
        return DeviceEvent(self._source, "refused", f"could not {WORDS[asked]}: {why}", now)


SPEC = DriverSpec(
    name="suntech",
    title="SunTech OEM cuff module (Advantage)",
    models=("Advantage Mini", "Advantage A+", "Advantage LX", "Advantage 2.0"),
    line=LineSettings(baud=9600),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE, CUFF_PRESSURE),
    commands=frozenset(Command),
    interval_s=RESTING.total_seconds(),
    silent_after_s=10.0,
    decoder=SuntechDecoder,
    manual="SunTech Advantage OEM NIBP interface, as in two public programs",
    probe=Probe(greeting=lambda now: GET_RESULT),
)
