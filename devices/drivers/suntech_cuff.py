"""Follows a SunTech module through a reading: accepted, at pressure, executed, result fetched."""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.drivers.cuff_watch import LivePressure, Patience, gave_up
from devices.drivers.cuffs import CuffResult, SteppedCuff
from devices.drivers.suntech_wire import (
    ABORT,
    ABORTED,
    ACCEPTED,
    ERRORS,
    EXECUTED,
    GET_RESULT,
    START,
    BpData,
)
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from devices.reading import DeviceEvent
from devices.spec import Output

#: No cuff may stay inflated for longer on an adult.
LONGEST = timedelta(seconds=180)
#: A cuff that has been empty for so long is not measuring: the message of its end was lost.
EMPTY = timedelta(seconds=10)
EMPTY_MMHG = 10
#: So many pressures of at least so much in a row: somebody else has started the cuff.
WORKS_MMHG, WORKS_TIMES = 20, 3
#: A cuff that has just been let out still holds pressure for a while.
LETTING_OUT = timedelta(seconds=5)
#: A result that is overheard belongs to an end that was overheard so shortly before.
FOLLOWS_WITHIN = timedelta(seconds=5)


class SuntechCuff:
    """Each determination once. The packets carry no time and no number, so order is all there is.

    A result is taken only where the reading was seen to begin, the module said "executed" and the
    result was asked for (or, listening only, overheard) after that.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._cuff = SteppedCuff(source)
        self._live = LivePressure(source)
        self._patience = Patience(LONGEST, EMPTY)
        self._known: BpData | None = None
        self._wanted: list[bytes] = []
        self.connected()

    def connected(self) -> None:
        """What the cuff did before is not known."""
        self._cuff.connected()
        self._live.over()
        self._patience.rests()
        self._wanted.clear()
        self._high = self._low = 0
        self._ended_at: datetime | None = None
        self._awaited_at: datetime | None = None  # since when a result is waited for
        self._fetching = self._aborting = False

    @property
    def working(self) -> bool:
        """A reading runs."""
        return self._cuff.measuring and self._awaited_at is None

    @property
    def awaits_result(self) -> bool:
        """A reading is over and its result not yet known."""
        return self._awaited_at is not None

    @property
    def patience_ends(self) -> datetime | None:
        return self._patience.at

    def wanted(self) -> list[bytes]:
        """The commands to be sent next; each is given once."""
        wanted, self._wanted = self._wanted, []
        return wanted

    def sent(self, command: bytes) -> None:
        """A command is being sent."""
        if command == GET_RESULT:
            self._fetching = self.awaits_result
        elif command == ABORT:
            self._aborting = self.working
        elif command == START:
            self._patience.rests()
            self._ended_at = None

    def look(self, now: datetime) -> list[Output]:
        """What has become overdue."""
        if self._patience.runs_out(now):
            self._cuff.measuring = False
            self._ends(now)
            self._wanted.append(ABORT)
            return [gave_up(self._source, now)]
        if self._awaited_at is not None and now - self._awaited_at > 2 * FOLLOWS_WITHIN:
            return self.no_result(now)
        return []

    def acknowledged(self, letter: bytes, asked: bytes | None, now: datetime) -> list[Output]:
        """An acknowledgement; ``asked`` is the command it answers, where that is certain."""
        if asked == START and letter == ACCEPTED:
            return self._begins(now)
        if not self.working:
            return []
        if letter == ABORTED or (letter == EXECUTED and self._aborting):
            self._patience.rests()
            self._ends(now)
            return self._cuff.failed("the cuff reading was aborted", now)
        if letter == EXECUTED:
            self._patience.rests()
            self._ends(now)
            self._awaited_at = now
            self._wanted.append(GET_RESULT)
        return []

    def pressure(self, mmhg: int, now: datetime) -> list[Output]:
        """A cuff pressure; -1 where the module has none."""
        if self.working:
            if mmhg >= EMPTY_MMHG:
                self._patience.works(now)
            return self._live.shows(mmhg, now) if mmhg >= 0 else []
        if self.awaits_result:
            return []
        if mmhg < WORKS_MMHG:
            self._high, self._low = 0, self._low + 1
            if self._low >= WORKS_TIMES:
                self._patience.rests()
            return []
        self._low = 0
        if self._patience.spent:
            if self._patience.works(now):
                self._wanted.append(ABORT)
            return []
        if self._ended_at is None or now - self._ended_at >= LETTING_OUT:
            self._high += 1
        if self._high < WORKS_TIMES:
            return []
        return self._begins(now) + self._live.shows(mmhg, now)

    def result(self, data: BpData, overheard: bool, now: datetime) -> list[Output]:
        """The last result as the module has it."""
        awaited_at, known = self._awaited_at, self._known
        if awaited_at is None:
            if self.working or data.empty or data.error or data == known:
                return []
            self._known = data
            text = "the module holds a cuff reading that was not seen being measured"
            return [DeviceEvent(self._source, "nibp_stale", text, now)]
        if not (self._fetching or (overheard and now - awaited_at <= FOLLOWS_WITHIN)):
            return []
        self._known, self._awaited_at = data, None
        if data.error:
            why = ERRORS.get(data.error, f"error code {data.error}")
            return self._cuff.failed(f"the cuff reading failed: {why}", now)
        pressures = {NIBP_SYS: data.sys, NIBP_DIA: data.dia, NIBP_MAP: data.mean}
        if data.empty:
            return self._cuff.failed("the cuff reading gave no pressures", now)
        unmapped = {"beats": str(data.beats), "bp_status": str(data.status), "tc": data.tests}
        result = CuffResult({**pressures, NIBP_PULSE: data.pulse}, awaited_at, unmapped=unmapped)
        return self._cuff.done(result, now)

    def no_result(self, now: datetime) -> list[Output]:
        """The result was asked for in vain."""
        self._awaited_at = None
        return self._cuff.failed("the module did not give the result of the cuff reading", now)

    def _begins(self, now: datetime) -> list[Output]:
        self._patience.works(now)
        self._high, self._aborting = 0, False
        return self._cuff.works(now)

    def _ends(self, now: datetime) -> None:
        self._live.over()
        self._high = self._low = 0
        self._ended_at = now
        self._aborting = False
