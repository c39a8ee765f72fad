"""Names the monitor on a port: listens first, then sends what is known to be harmless."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

from devices import sweep
from devices.findings import Detection, Known, Outcome, Verdict, verdict
from devices.hearing import Hearing, Manner
from devices.port import PortError, open_port, speed_unknown
from devices.spec import DriverSpec, LineSettings
from devices.sweep import Slot
from devices.timing import Clock

#: Listened on after a monitor is named, for a second one that shares the line: longer where it
#: spoke by itself, as another may send once a second too.
CONFIRM_S = 0.12
CONFIRM_UNASKED_S = 1.05
#: An answer is over when nothing came for so long.
QUIET_S = 0.12
LONGEST_ANSWER_S = 1.5
#: Listened for a remembered monitor before it is greeted; one that sends by itself gets longer.
KNOWN_LISTEN_S = 0.2
KNOWN_LONGEST_S = 2.1
LONGEST_READ_S = 0.1


class OpenPort(Protocol):
    """What is used of :class:`devices.port.Port`; every method may raise ``PortError``."""

    def read(self, seconds: float, wake: socket.socket) -> bytes: ...

    def write(self, data: bytes) -> None: ...

    def settle(self, count: int, baud: int) -> None: ...

    def close(self) -> None: ...


STOPPED = Verdict(Outcome.CANCELLED, "the search was stopped")

Opener = Callable[[str, LineSettings], OpenPort]


class _CancelledError(Exception):
    """Nobody waits for the answer any more."""


class PortSearch:
    """Searches one port, once: :meth:`run`; :meth:`cancel` from any thread ends it in 0.1 s.

    With ``listen_only`` nothing is sent. ``known`` is tried first, and never named by memory
    alone. The clock must run at the computer's own pace.
    """

    def __init__(
        self,
        port: str,
        clock: Clock,
        drivers: Iterable[DriverSpec],
        *,
        known: Known | None = None,
        listen_only: bool = False,
        opener: Opener = open_port,
    ) -> None:
        self._url = port
        self._clock = clock
        self._table = list(drivers)
        self._known = known
        self._listen_only = listen_only
        self._opener = opener
        self._port: OpenPort | None = None
        self._line: LineSettings | None = None
        self._farewells: list[bytes] = []
        self._hearings: list[Hearing] = []
        self._stopping = threading.Event()
        self._started = clock.now()

    def cancel(self) -> None:
        self._stopping.set()

    def run(self) -> Detection:
        """The answer, within 5 s of the computer. Raises nothing that a port can do."""
        self._started = self._clock.now()
        self._wake, waker = socket.socketpair()  # nobody writes there: reads are short
        try:
            try:
                named = None if self._stopping.is_set() else self._search()
            finally:
                self._close()
            if self._stopping.is_set():
                return self._answer(STOPPED)
            return self._answer(verdict(self._hearings, named, self._table, self._known))
        except _CancelledError:
            return self._answer(STOPPED)
        except PortError as fault:
            return self._answer(Verdict(Outcome.UNAVAILABLE, str(fault)))
        finally:
            self._wake.close()
            waker.close()

    # The search ------------------------------------------------------------------------------

    def _search(self) -> Hearing | None:
        """What was heard of the monitor that is named, if one is."""
        tried: list[DriverSpec] = []
        listened = 0.0
        if (known := self._known_slot()) is not None:
            tried = [*known.greeted]
            seconds = self._listening_for(known)
            listened = seconds if known.line == sweep.FIRST else 0.0
            if named := self._visit(known, seconds):
                return named
        usual = sweep.slots(self._table)
        if self._speed_unknown:
            return self._one_line(usual)
        first = next(
            (slot for slot in usual if slot.line == sweep.FIRST),
            sweep.slot_on(sweep.FIRST, self._table),
        )
        hearing = self._listen(first, max(0.0, sweep.LISTEN_FIRST_S - listened))
        if hearing.enough:
            return hearing
        if hearing.frames or hearing.manner is Manner.TEXT or hearing.slow_format:
            # slow, or somebody else's: at least this is the speed
            self._hear(hearing, self._left())
            return hearing if hearing.enough else None
        hunting = hearing.manner is Manner.RUBBISH
        order = [slot for slot in usual if not (hunting and slot is first)]
        order += sweep.rarer(self._table, usual)
        for index, slot in enumerate(order):
            if self._left() < sweep.shortest(slot, listen_only=self._listen_only):
                continue
            before = sweep.HUNT_S if hunting else 0.0
            if self._listen_only:
                before = self._left() / (len(order) - index)
            if named := self._visit(slot, before, hunting=hunting, already=tried):
                return named
        return None

    @property
    def _speed_unknown(self) -> bool:
        return speed_unknown(self._url)

    def _one_line(self, usual: list[Slot]) -> Hearing | None:
        """A network port has the speed that its far end is set to: all monitors at once."""
        everyone = Slot(
            sweep.FIRST, tuple(self._table), tuple(s for slot in usual for s in slot.greeted)
        )
        hearing = self._listen(everyone, sweep.LISTEN_FIRST_S)
        if not hearing.frames and hearing.manner is Manner.NOTHING:
            self._greet_all(everyone, hearing, (), hunting=False)
        if not hearing.enough:
            self._hear(hearing, self._left())
        return hearing if hearing.enough else None

    def _known_slot(self) -> Slot | None:
        if self._known is None:
            return None
        spec = next((one for one in self._table if one.name == self._known.driver), None)
        if spec is None:
            return None
        slot = sweep.slot_on(self._known.line, self._table)
        here = slot.drivers if spec in slot.drivers else (*slot.drivers, spec)
        return Slot(self._known.line, here, (spec,) if spec.probe else ())

    def _listening_for(self, slot: Slot) -> float:
        if slot.greeted:
            return KNOWN_LISTEN_S
        name = self._known.driver if self._known else ""
        interval = next(spec.interval_s for spec in slot.drivers if spec.name == name)
        return min(interval + KNOWN_LISTEN_S, KNOWN_LONGEST_S)

    def _listen(self, slot: Slot, seconds: float) -> Hearing:
        """Sends nothing; ends early where a stream is certainly not of this speed."""
        hearing = self._open(slot)
        until = self._clock.now() + timedelta(seconds=seconds)
        while not hearing.enough and (now := self._clock.now()) < until:
            self._read(hearing, (until - now).total_seconds())
            if hearing.another_speed:
                return hearing
        self._confirm(hearing, CONFIRM_UNASKED_S)
        return hearing

    def _visit(
        self,
        slot: Slot,
        listen_s: float,
        *,
        hunting: bool = False,
        already: Iterable[DriverSpec] = (),
    ) -> Hearing | None:
        """One line: listens for ``listen_s``, greets, waits for the answer; the naming hearing."""
        hearing = self._open(slot)
        self._hear(hearing, listen_s)
        if not hearing.enough and not hearing.frames and hearing.manner is not Manner.RUBBISH:
            self._greet_all(slot, hearing, already, hunting=hunting)
        if not hearing.enough and hearing.frames:
            self._hear(hearing, LONGEST_ANSWER_S)
        return hearing if hearing.enough else None

    def _greet_all(
        self, slot: Slot, hearing: Hearing, already: Iterable[DriverSpec], *, hunting: bool
    ) -> None:
        greeted = [spec for spec in slot.greeted if spec not in already]
        if self._listen_only or not greeted or not self._guarded(slot, hearing):
            return
        for spec in greeted:
            if hearing.frames:
                return
            self._greet(spec, hearing, slot.line)
            pause = sweep.ANSWER_S if spec is greeted[-1] else sweep.gap(spec)
            self._hear(hearing, pause, while_it_comes=not hunting)

    def _guarded(self, slot: Slot, hearing: Hearing) -> bool:
        """Whether what is to be sent can start nothing on this line."""
        if slot.line.baud != sweep.GUARD_BAUD and not self._speed_unknown:
            return True
        before = hearing.heard
        self._send(sweep.GUARD, slot.line)
        self._hear(hearing, sweep.GUARD_S)
        if hearing.heard == before + len(sweep.GUARD):
            hearing.echoes += 1  # it has come back: nobody's answer is so short
        return hearing.heard == before

    def _greet(self, spec: DriverSpec, hearing: Hearing, line: LineSettings) -> None:
        if spec.probe is None:
            return
        greeting = spec.probe.greeting(self._clock.now())
        if spec.probe.farewell:  # before the greeting is sent: whatever happens, it is undone
            self._farewells.append(spec.probe.farewell)
        hearing.greeted(greeting)
        self._send(greeting, line)

    # The port --------------------------------------------------------------------------------

    def _open(self, slot: Slot) -> Hearing:
        if self._port is None or self._line != slot.line:
            self._close()
            self._port = self._opener(self._url, slot.line)
            self._line = slot.line
        hearing = Hearing(slot, self._clock.now())
        self._hearings.append(hearing)
        return hearing

    def _close(self) -> None:
        """Undoes what was begun on this line, then closes the port."""
        port, line = self._port, self._line
        if port is None or line is None:
            return
        self._port = self._line = None
        try:
            farewells, self._farewells = b"".join(self._farewells), []
            if farewells:
                port.write(farewells)
                port.settle(len(farewells), line.baud)
        finally:
            port.close()

    def _send(self, data: bytes, line: LineSettings) -> None:
        assert self._port is not None
        self._port.write(data)

    def _hear(self, hearing: Hearing, seconds: float, *, while_it_comes: bool = False) -> None:
        """Listens for ``seconds``, and on while bytes come; less where a monitor is named."""
        begun = self._clock.now()
        end = self._started + timedelta(seconds=sweep.WITHIN_S)
        until = min(end, begun + timedelta(seconds=seconds))
        latest = min(end, max(until, begun + timedelta(seconds=LONGEST_ANSWER_S)))
        while not hearing.enough and (now := self._clock.now()) < until:
            if self._read(hearing, (until - now).total_seconds()) and while_it_comes:
                on = self._clock.now() + timedelta(seconds=QUIET_S)
                until = min(max(until, on), latest)
        self._confirm(hearing)

    def _confirm(self, hearing: Hearing, seconds: float = CONFIRM_S) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        while hearing.enough and (now := self._clock.now()) < until:
            self._read(hearing, (until - now).total_seconds())

    def _read(self, hearing: Hearing, seconds: float) -> bool:
        assert self._port is not None
        if self._stopping.is_set():
            raise _CancelledError
        left = min(seconds, LONGEST_READ_S)
        data = self._port.read(self._clock.real(left), self._wake)
        if data:
            hearing.feed(data, self._clock.now())
        return bool(data)

    def _left(self) -> float:
        return sweep.WITHIN_S - (self._clock.now() - self._started).total_seconds()

    def _answer(self, told: Verdict) -> Detection:
        return Detection(
            port=self._url,
            outcome=told.outcome,
            words=told.words,
            driver=told.driver,
            line=told.line,
            confidence=told.confidence,
            heard=sum(hearing.heard for hearing in self._hearings),
            frames=told.frames,
            seconds=(self._clock.now() - self._started).total_seconds(),
        )
