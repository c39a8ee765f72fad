"""Follows the cuff of a BerryMed board through the states that it sends while it measures."""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.drivers.cuff_watch import LivePressure, Patience, gave_up
from devices.drivers.cuffs import CuffResult, SteppedCuff
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_SYS, Metric
from devices.reading import DeviceEvent
from devices.spec import Output

FINISHED, MEASURING, STARTING, STARTED = 0, 1, 9, 10
FAILURES = {
    2: "the cuff reading was stopped",
    3: "over-pressure in the cuff",
    4: "the cuff is loose or not connected",
    5: "the cuff reading took too long",
    6: "the board reports an error of its cuff part",
    7: "the cuff reading was disturbed by movement",
    8: "the cuff reading gave no result or one out of range",
    STARTING: "the board was switched on anew while it measured",
    STARTED: "the board was switched on anew while it measured",
}
MODES = {1: "children", 2: "the newborn"}
STOPPED = 2

#: A measurement takes 20-60 s; at this it is given up.
LONGEST = timedelta(seconds=90)
#: Packets come twice a second while it measures. So long without one, its end was not heard.
QUIET = timedelta(seconds=10)
#: The board acknowledges nothing: a command has worked when the state shows it within this time.
OBEYS_WITHIN = timedelta(seconds=5)
HIGHEST = 250  # of a pressure; above it the byte means nothing


class BerryCuff:
    """Each determination once, with what it came to. :attr:`wants_stop` is set for the caller."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._cuff = SteppedCuff(source)
        self._pressure = LivePressure(source)
        self._patience = Patience(LONGEST, QUIET)
        self._asked_at: datetime | None = None
        self._stopping_at: datetime | None = None
        self._stale: bytes | None = None
        self._mode = 0
        self.wants_stop = False

    @property
    def patience_ends(self) -> datetime | None:
        """When a cuff that is heard no more, or measures too long, is told to stop."""
        return self._patience.at

    def connected(self) -> None:
        self._cuff.connected()
        self._rests()
        self._asked_at = self._stopping_at = None

    def asked(self, now: datetime) -> None:
        """A start is being sent."""
        self._patience.rests()
        self._asked_at = now

    def told_to_stop(self, now: datetime) -> None:
        """Somebody's stop is being sent."""
        self._asked_at = None
        if self._cuff.measuring:
            self._stopping_at = now

    def look(self, now: datetime) -> list[Output]:
        """What has become overdue."""
        if self._patience.runs_out(now):
            self._cuff.measuring = False
            self._stopping_at = None
            self.wants_stop = True
            return [gave_up(self._source, now)]
        if self._asked_at is not None and now - self._asked_at >= OBEYS_WITHIN:
            return [self._refused("the board did not begin", now)]
        return []

    def absorb(self, packet: bytes, now: datetime) -> list[Output] | None:
        """A packet of type 3; ``None`` if it is none that the board could have sent."""
        _, status, cuff, *pressures = packet
        state, mode = status >> 2 & 0xF, status & 3
        if state > STARTED or mode > 2 or 2 * cuff > 330:
            return None
        outputs = self._mode_said(mode, now)
        if state == MEASURING:
            return outputs + self._works(2 * cuff, now)
        was_measuring = self._cuff.measuring
        self._rests()
        if was_measuring:
            self.wants_stop = True  # what the maker asks for after each reading
            return outputs + self._ended(state, pressures, now)
        if state == FINISHED:
            return outputs + self._old(bytes(pressures), now)
        if self._asked_at is not None and state == STARTING:
            return [*outputs, self._refused("its cuff part is still starting up", now)]
        if self._asked_at is not None and state in FAILURES and state not in (STOPPED, STARTED):
            # it ended before a single packet told that it had begun
            self._asked_at = None
            self.wants_stop = True
            return [*outputs, *self._cuff.failed(FAILURES[state], now)]
        return outputs

    def _works(self, mmhg: int, now: datetime) -> list[Output]:
        self._asked_at = None
        if self._patience.works(now):
            self.wants_stop = True
        outputs = [] if self._patience.spent else self._cuff.works(now)
        if self._stopping_at is not None and now - self._stopping_at >= OBEYS_WITHIN:
            self._stopping_at = None
            text = "could not cancel the cuff reading: the board goes on; open the cuff"
            outputs.append(DeviceEvent(self._source, "refused", text, now))
        return outputs + self._pressure.shows(mmhg, now)

    def _ended(self, state: int, pressures: list[int], now: datetime) -> list[Output]:
        self._stopping_at = None
        if state != FINISHED:
            return self._cuff.failed(FAILURES[state], now)
        sys, mean, dia = (one if 0 < one <= HIGHEST else None for one in pressures)
        values: dict[Metric, float | None] = {NIBP_SYS: sys, NIBP_DIA: dia, NIBP_MAP: mean}
        self._stale = bytes(pressures)
        return self._cuff.done(CuffResult(values, now), now)

    def _old(self, pressures: bytes, now: datetime) -> list[Output]:
        """A result that was not seen coming: of a time before the connection."""
        if pressures == self._stale or not any(pressures):
            return []
        self._stale = pressures
        text = "the board shows a cuff reading that was not seen being measured"
        return [DeviceEvent(self._source, "nibp_stale", text, now)]

    def _mode_said(self, mode: int, now: datetime) -> list[Output]:
        before, self._mode = self._mode, mode
        if mode == before or mode not in MODES:
            return []
        text = f"the cuff part is set for {MODES[mode]}, not for adults"
        return [DeviceEvent(self._source, "monitor_alarm", text, now)]

    def _rests(self) -> None:
        self._patience.rests()
        self._pressure.over()

    def _refused(self, why: str, now: datetime) -> DeviceEvent:
        self._asked_at = None
        return DeviceEvent(self._source, "refused", f"could not start a cuff reading: {why}", now)
