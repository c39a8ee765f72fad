"""Follows an STX cuff module: pressures while it measures, 999 at the end, then its status."""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.drivers.cuff_watch import LivePressure, Patience, gave_up
from devices.drivers.cuffs import CuffResult, SteppedCuff
from devices.drivers.stx_wire import PressureReply, StatusReply
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from devices.reading import DeviceEvent
from devices.spec import Output

READY, MEASURING = 1, 3
FINISHED = 999
CUFF_ERRORS = {
    1: "a cuff for the newborn is connected, and the module is set for adults",
    2: "a cuff for adults is connected, and the module is set for the newborn",
}
#: No cuff may stay inflated for longer on an adult.
LONGEST = timedelta(seconds=180)
#: Pressures come several times a second; so long without any and without a status is too long.
QUIET = timedelta(seconds=20)
#: Pressures carry no check sum: so many in a row, each so shortly after the other, begin a reading.
IN_A_ROW, SHORTLY = 3, timedelta(seconds=2)
#: A single pressure that leaps farther than this from the ones around it was garbled on its way.
LEAP = 40
#: A start is answered by nothing but pressures, which must begin within this time.
OBEYS_WITHIN = timedelta(seconds=5)
#: An overheard status belongs to an end that was overheard so shortly before.
FOLLOWS_WITHIN = timedelta(seconds=5)


class StxCuff:
    """Each determination once: a result counts after pressures, an end, and a status after it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._cuff = SteppedCuff(source)
        self._live = LivePressure(source)
        self._patience = Patience(LONGEST, QUIET)
        self._known: tuple[int | None, ...] | None = None
        self._cuff_error = 0  # as told
        self._error_heard = self._error_row = 0
        self.wants_abort = False
        self.connected()

    def connected(self) -> None:
        """What the cuff did before is not known."""
        self._cuff.connected()
        self._rests()
        self._row = 0
        self._row_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._over_at: datetime | None = None  # when the end was heard whose result is missing
        self._aborted_at: datetime | None = None
        self._asked_status = False  # since the end, or since pressures stayed away

    @property
    def working(self) -> bool:
        return self._cuff.measuring and self._over_at is None

    @property
    def awaits_result(self) -> bool:
        return self._over_at is not None

    @property
    def patience_ends(self) -> datetime | None:
        return self._patience.at

    @property
    def sure(self) -> bool:
        """Enough pressures have come in a row that they are no chance."""
        return self._row >= IN_A_ROW

    def started(self, now: datetime) -> None:
        """A start is being sent."""
        self._patience.rests()
        self._asked_at = now

    def told_to_stop(self, now: datetime) -> None:
        """An abort is being sent."""
        self._asked_at = None
        if self.working:
            self._aborted_at = now

    def asks_status(self) -> None:
        """The status is being asked for, because of an end or of pressures that stay away."""
        self._asked_status = True

    def look(self, now: datetime) -> list[Output]:
        """What has become overdue."""
        if self._patience.runs_out(now):
            self._cuff.measuring = False
            self._live.over()
            self._aborted_at = None
            self.wants_abort = True
            return [gave_up(self._source, now)]
        if self._asked_at is not None and now - self._asked_at >= OBEYS_WITHIN:
            self._asked_at = None
            text = "could not start a cuff reading: the module did not begin"
            return [DeviceEvent(self._source, "refused", text, now)]
        if self._over_at is not None and now - self._over_at > 2 * FOLLOWS_WITHIN:
            return self.no_result("the module did not give the result", now)
        return []

    def pressure(self, reply: PressureReply, now: datetime) -> list[Output]:
        """One of the stream's replies."""
        if reply.mmhg == FINISHED:
            return self._finished(now)
        near = self._row_at is not None and now - self._row_at <= SHORTLY
        self._row, self._row_at = (self._row + 1 if near else 1), now
        outputs: list[Output] = []
        if not self.sure:
            self._accepted = self._before = reply.mmhg
            return []
        self._error_row = self._error_row + 1 if reply.cuff_error == self._error_heard else 1
        self._error_heard = reply.cuff_error
        if self._error_row >= IN_A_ROW and reply.cuff_error != self._cuff_error:
            self._cuff_error = reply.cuff_error
            if reply.cuff_error:
                text = CUFF_ERRORS[reply.cuff_error]
                outputs.append(DeviceEvent(self._source, "monitor_alarm", text, now))
        if reply.state != MEASURING:
            return outputs  # manometer and tests: no patient's reading
        if self._over_at is not None:
            self._over_at = None  # it goes on: a 999 that was garbled on its way
        self._asked_at = None
        self._asked_status = False
        if self._patience.works(now):
            self.wants_abort = True
        if not self._patience.spent:
            outputs += self._cuff.works(now)
        if self._aborted_at is not None and now - self._aborted_at >= OBEYS_WITHIN:
            self._aborted_at = None
            text = "could not abort the cuff reading: the module goes on; open the cuff"
            outputs.append(DeviceEvent(self._source, "refused", text, now))
        before, self._before = self._before, reply.mmhg
        if min(abs(reply.mmhg - before), abs(reply.mmhg - self._accepted)) <= LEAP:
            self._accepted = reply.mmhg
            outputs += self._live.shows(reply.mmhg, now)
        return outputs

    def status(self, reply: StatusReply, overheard: bool, now: datetime) -> list[Output]:
        """A status whose check sum is right."""
        if reply.state == MEASURING:
            if self._cuff.measuring:
                self._over_at = None
                self._patience.works(now)
            return []
        if reply.state != READY:
            return []
        if not self._cuff.measuring:
            self._patience.rests()
            return self._old(reply, now)
        after_end = self._over_at is not None and (
            self._asked_status or (overheard and now - self._over_at <= FOLLOWS_WITHIN)
        )
        if not after_end and not self._asked_status:
            return []  # asked before the end
        at, aborted = self._over_at or now, self._aborted_at is not None
        self._over_at = self._aborted_at = None
        self._rests()
        self._known = reply.result
        if aborted:
            return self._cuff.failed("the cuff reading was aborted", now)
        if reply.message != "00":
            text = f"the cuff reading failed: the module reports error {reply.message}"
            return self._cuff.failed(text, now)
        if not any(reply.result[:3]):
            return self._cuff.failed("the cuff reading gave no pressures", now)
        values = (NIBP_SYS, reply.sys), (NIBP_DIA, reply.dia), (NIBP_MAP, reply.mean)
        result = CuffResult(
            {**dict(values), NIBP_PULSE: reply.pulse}, at, unmapped={"T": reply.timer}
        )
        return self._cuff.done(result, now)

    def no_result(self, why: str, now: datetime) -> list[Output]:
        """The result was waited for in vain."""
        self._over_at = self._aborted_at = None
        self._rests()
        return self._cuff.failed(f"the cuff reading has no result: {why}", now)

    def _finished(self, now: datetime) -> list[Output]:
        if self.working:
            self._over_at = now
            self._asked_status = False
            self._rests()
        return []

    def _old(self, reply: StatusReply, now: datetime) -> list[Output]:
        """A result that was not seen being measured."""
        if reply.result == self._known or not any(reply.result[:3]):
            return []
        self._known = reply.result
        text = "the module holds a cuff reading that was not seen being measured"
        return [DeviceEvent(self._source, "nibp_stale", text, now)]

    def _rests(self) -> None:
        self._patience.rests()
        self._live.over()
        self._accepted = self._before = 0
