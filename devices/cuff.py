"""When the cuff may be started, by hand or at an interval, and when it must be told to stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.metrics import CUFF
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, Output

#: The arm rests this long between two readings (what the makers of cuff modules ask for adults).
REST = timedelta(seconds=30)
#: In a quiet room the cuff is announced before it inflates by itself.
NOTICE = timedelta(seconds=10)
#: No adult reading takes longer (makers give up after 90-180 s): after it "measuring" is forgotten.
LONGEST = timedelta(seconds=180)
#: A monitor shows that it measures this long after it was asked, or it did not obey.
OBEYS_WITHIN = timedelta(seconds=10)
#: The shortest interval that may be set: the rest and an ordinary reading must fit in.
SHORTEST_INTERVAL = timedelta(minutes=1)
#: The program stops its interval after so many failed readings in a row: somebody must look.
FAILURES_IN_A_ROW = 3
#: What the event carries that tells of it, so that nobody goes on showing the interval.
INTERVAL_ENDED = {"interval": "off"}


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done now: tell ``event``, pass ``command`` to the monitor, or both."""

    event: DeviceEvent | None = None
    command: Command | None = None


def check_interval(interval: timedelta | None, commands: frozenset[Command]) -> None:
    """Raises ``ValueError`` for a monitor that cannot be started, or an interval too short."""
    if interval is None:
        return
    if Command.START_NIBP not in commands:
        raise ValueError("the cuff of this monitor cannot be started by the program")
    if interval < SHORTEST_INTERVAL:
        least = SHORTEST_INTERVAL.total_seconds()
        raise ValueError(f"the shortest interval between cuff readings is {least:g} s")


class CuffControl:
    """Stands between whoever wants a cuff reading and the monitor. Pure: time comes as ``now``.

    It follows the monitor by what it says (:meth:`saw`), so a reading begun at the monitor counts
    too. ``commands`` are those the monitor takes; without a start nothing here ever asks for one.
    """

    def __init__(self, source: str, commands: frozenset[Command]) -> None:
        self._source = source
        self._commands = commands
        self._measuring_since: datetime | None = None
        self._asked_at: datetime | None = None  # we asked for a start that is not known to be over
        self._rest_until: datetime | None = None
        self._interval: timedelta | None = None
        self._next: datetime | None = None
        self._announced = False
        self._failed = 0

    @property
    def interval(self) -> timedelta | None:
        """The interval at which the program starts the cuff; ``None`` = it does not."""
        return self._interval

    def ours(self, now: datetime) -> bool:
        """Whether the cuff may be inflating at this moment because we asked for it."""
        return self._asked_at is not None and now - self._asked_at < LONGEST

    def busy(self, now: datetime) -> bool:
        """Whether a reading runs, as far as is known."""
        since = self._measuring_since
        return since is not None and now - since < LONGEST

    def ask(self, command: Command, now: datetime) -> Step:
        """A person wants ``command``: it is passed on, or refused in words."""
        if command is Command.START_NIBP:
            refusal = self._why_not(now)
            if refusal:
                return Step(self._event("refused", f"start nibp was not sent: {refusal}", now))
            self._begin(now)
        return Step(command=command)

    def every(self, interval: timedelta | None, now: datetime) -> None:
        """Start the cuff each ``interval`` from now on; ``None`` ends it.

        Raises ``ValueError`` for a monitor that cannot be started, or an interval too short.
        """
        check_interval(interval, self._commands)
        self._interval = interval
        self._failed = 0
        self._plan(now)

    def due(self, now: datetime) -> Step | None:
        """What the interval brings now; ask again until it is ``None``."""
        if self._next is None:
            return None
        if not self._announced and now >= self._next - NOTICE:
            self._announced = True
            self._next = max(self._next, now + NOTICE)
            seconds = (self._next - now).total_seconds()
            text = f"the cuff will inflate in {seconds:.0f} s"
            return Step(self._event("nibp_announced", text, now))
        if now < self._next:
            return None
        if self._why_not(now):
            # A reading runs or the arm rests: the interval counts from its end.
            self._plan(now)
            return None
        self._begin(now)
        return Step(command=Command.START_NIBP)

    def wait(self, now: datetime) -> float:
        """Seconds until :meth:`due` may have something; infinite without an interval."""
        if self._next is None:
            return float("inf")
        at = self._next if self._announced else self._next - NOTICE
        return max(0.0, (at - now).total_seconds())

    def saw(self, output: Output, now: datetime) -> Step | None:
        """What the monitor said. A step where it ends the interval."""
        if isinstance(output, Reading):
            if any(output.values.get(metric) is not None for metric in CUFF):
                self._ended(output.measured_at, failed=False)
            return None
        if output.kind == "nibp_measuring":
            self._measuring_since = now
        elif output.kind == "nibp_failed":
            self._ended(now, failed=True)
            if self._interval is not None and self._failed >= FAILURES_IN_A_ROW:
                text = f"{self._failed} cuff readings in a row failed: no more are started"
                self.every(None, now)
                return Step(DeviceEvent(self._source, "refused", text, now, INTERVAL_ENDED))
        elif output.kind == "refused" and not self.busy(now):
            self._asked_at = None
        return None

    def connected(self, now: datetime) -> Step | None:
        """The link is (again) there. A reading of ours that it broke off is stopped for safety."""
        ours = self.ours(now)
        self._measuring_since = self._asked_at = None
        self._announced = False  # an inflation after a break is announced anew
        if not ours or Command.CANCEL_NIBP not in self._commands:
            return None
        text = "the link broke while the cuff was measuring: the cuff is told to stop"
        self._rest_until = now + REST
        self._plan(now)
        return Step(self._event("nibp_failed", text, now), Command.CANCEL_NIBP)

    def back(self, now: datetime) -> Step | None:
        """A monitor that had fallen silent on an open port answers: as after a broken link, where
        the reading was ours; one that it began by itself goes on."""
        return self.connected(now) if self.ours(now) else None

    def _why_not(self, now: datetime) -> str:
        if self.busy(now):
            return "a cuff reading is running"
        if self._asked_at is not None and now - self._asked_at < OBEYS_WITHIN:
            return "a cuff reading has just been asked for"
        if self._rest_until is not None and now < self._rest_until:
            left = (self._rest_until - now).total_seconds()
            return f"the arm rests for another {left:.0f} s after the last reading"
        return ""

    def _begin(self, now: datetime) -> None:
        self._asked_at = now
        self._plan(now)

    def _ended(self, at: datetime, *, failed: bool) -> None:
        self._failed = self._failed + 1 if failed else 0
        self._measuring_since = self._asked_at = None
        rest = at + REST
        self._rest_until = rest if self._rest_until is None else max(self._rest_until, rest)

    def _plan(self, now: datetime) -> None:
        self._next = None if self._interval is None else now + self._interval
        self._announced = False

    def _event(self, kind: str, text: str, now: datetime) -> DeviceEvent:
        return DeviceEvent(self._source, kind, text, now)
