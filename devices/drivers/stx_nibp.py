"""Cuff modules with "STX nn;; hh ETX" messages: cuff started from here, pressure while measuring.

Serves: NIBScan, Medlab NIBP2010 and NIBP2020, PAR Medizintechnik, Sinnor N6 and Abaton cuff
modules, and monitors and kits built round one.

Cable: RS-232 or TTL, as the module has it, with an adapter of its voltage; 4800 8N1. Rubbish at
9600 means that it is such a module.

Set up: manual mode and adults, at the module. The program changes neither.

Gives: cuff pressures with the pulse of the cuff; the pressure in the cuff while it measures. Starts
and aborts a reading. Readings of the module's own cycle are read too. The time field of the
status is kept as an unmapped value.

Cannot: the module sends no times: a reading counts as measured when its end arrives, and one that
ends while the cable is out is not taken. The numbers of its errors are not public and are given as
they are. A reading broken off at the module itself may leave its former result in the status, which
then looks like a new one. Live pressures carry no check sum: a garbled digit may be shown for a
moment. The binary board of evgmolt (OEM_NIBP) is not read: it takes single bytes as commands, so
where such a board is, exclude its port from the search for monitors.

Sureness: high for start, abort, status and the pressures (three independent programs). The check
sum of the status is not certain: the one printed example breaks the rule. A status that breaks it
is not taken, and the program says so. Not tried by us on a real module.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.drivers.stx_cuff import StxCuff
from devices.drivers.stx_wire import (
    ABORT,
    GET_STATUS,
    START,
    PressureReply,
    ReplyCutter,
    StatusReply,
    read_reply,
)
from devices.metrics import CUFF_PRESSURE, NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from devices.reading import DeviceEvent
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe

#: Between two requests: the longest reply needs 96 ms on the line.
APART = timedelta(milliseconds=200)
#: The status is asked for at rest, when pressures stay away, and until a result is given.
RESTING, MISSED, AWAITED = timedelta(seconds=5), timedelta(seconds=2), timedelta(seconds=1)
TRIES = 3
#: So many statuses with a wrong check sum and no good one: the module sums otherwise than we think.
WRONG_SUMS = 3


class StxDecoder:
    """One module. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._cutter = ReplyCutter()
        self._cuff = StxCuff(source)
        self._queue: deque[bytes] = deque()
        self._poll_at: datetime | None = None
        self._free_at: datetime | None = None
        self._tries = 0
        self._wrong_sums = 0
        self._newborn = False
        self._events: list[Output] = []
        self._asking = False
        self._frames = 0

    @property
    def pending(self) -> int:
        return self._cutter.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        # A cuff must not inflate because of a button pressed before the cable was pulled.
        if START in self._queue:
            self._refused("the link broke before it was sent", now)
        self._queue.clear()
        self._poll_at = self._free_at = now
        self._tries = self._wrong_sums = 0
        self._cutter.reset()
        self._cuff.connected()
        self._asking = False

    def command(self, command: Command) -> None:
        if command is Command.START_NIBP:
            self._queue.append(START)
        else:
            self._queue.appendleft(ABORT)  # nothing goes before it

    def outgoing(self, now: datetime) -> bytes:
        if self._free_at is None:
            self.connected(now)
        self._look(now)
        while self.wait(now) <= 0:
            one = self._queue.popleft() if self._queue else GET_STATUS
            if one == START and self._newborn:
                self._refused("the module is set for the newborn; set it for adults", now)
                continue
            if one == GET_STATUS and not self._may_ask(now):
                continue
            if one == START:
                self._cuff.started(now)
            elif one == ABORT:
                self._cuff.told_to_stop(now)
            self._asking = True
            self._free_at = now + APART
            self._poll_later(now)
            return one
        return b""

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
        for text in self._cutter.feed(data):
            reply = read_reply(text)
            if isinstance(reply, PressureReply):
                outputs += self._pressure(reply, now)
            elif reply is not None:
                outputs += self._status(reply, now)
        self._look(now)
        outputs += self._events
        self._events = []
        return outputs

    def _pressure(self, reply: PressureReply, now: datetime) -> list[Output]:
        outputs = self._cuff.pressure(reply, now)
        if self._cuff.sure:
            self._frames += 1
        if self._cuff.awaits_result:
            if self._tries == 0:
                self._poll_at = now
        else:
            self._tries = 0
            if self._cuff.working:
                self._poll_later(now)
        return outputs

    def _status(self, reply: StatusReply, now: datetime) -> list[Output]:
        if not reply.good:
            return self._wrong_sum(now)
        self._frames += 1
        self._wrong_sums = 0
        outputs: list[Output] = []
        if reply.newborn and not self._newborn:
            text = "the module is set for the newborn; set it for adults"
            outputs.append(DeviceEvent(self._source, "monitor_alarm", text, now))
        self._newborn = reply.newborn
        outputs += self._cuff.status(reply, not self._asking, now)
        if not self._cuff.awaits_result:
            self._tries = 0
            self._poll_later(now)
        return outputs

    def _wrong_sum(self, now: datetime) -> list[Output]:
        """A status in the right layout, so hardly noise, whose check sum breaks the rule."""
        self._wrong_sums += 1
        if self._wrong_sums != WRONG_SUMS:
            return []
        text = "the module's status does not pass its check sum: no result is taken from it"
        return [DeviceEvent(self._source, "monitor_alarm", text, now)]

    def _look(self, now: datetime) -> None:
        self._events += self._cuff.look(now)
        if self._cuff.wants_abort:
            self._cuff.wants_abort = False
            self._queue.appendleft(ABORT)

    def _may_ask(self, now: datetime) -> bool:
        """Notes a question for the status; ``False`` if it was asked in vain often enough."""
        if self._cuff.awaits_result:
            if self._tries >= TRIES:
                why = "its status did not come, or broke its check sum"
                self._events += self._cuff.no_result(why, now)
                self._tries = 0
                self._poll_later(now)
                return False
            self._tries += 1
        if self._cuff.awaits_result or self._cuff.working:
            self._cuff.asks_status()
        return True

    def _poll_later(self, now: datetime) -> None:
        every = AWAITED if self._cuff.awaits_result else RESTING
        self._poll_at = now + (MISSED if self._cuff.working else every)

    def _refused(self, why: str, now: datetime) -> None:
        text = f"could not start a cuff reading: {why}"
        self._events.append(DeviceEvent(self._source, "refused", text, now))


SPEC = DriverSpec(
    name="stx-nibp",
    title="Cuff module with STX messages (NIBScan, Medlab, PAR, Sinnor, Abaton)",
    models=(
        "NIBScan",
        "Medlab NIBP2010, NIBP2020",
        "PAR Medizintechnik",
        "Sinnor N6",
        "Abaton NIBP",
    ),
    line=LineSettings(baud=4800),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE, CUFF_PRESSURE),
    commands=frozenset(Command),
    interval_s=RESTING.total_seconds(),
    silent_after_s=15.0,
    decoder=StxDecoder,
    manual="NIBScan / Medlab NIBP2010 and NIBP2020UP manuals, as in three public programs",
    probe=Probe(greeting=lambda now: GET_STATUS),
)
