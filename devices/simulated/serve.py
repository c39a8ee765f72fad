"""Serves a simulated monitor on a port: one loop, which only ever waits for bytes or a deadline."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Self

from devices.simulated import SimulatedMonitor
from devices.simulated.faults import Fault, FaultKind, FaultPlan, FaultyPatient
from devices.simulated.line import FaultyLine
from devices.simulated.monitor import Monitor
from devices.simulated.patient import Patient
from devices.simulated.ports import SCHEME, plug_in
from devices.simulated.uart import heard
from devices.spec import LineSettings
from devices.timing import Clock, Pacer

#: Real seconds between two looks whether a pseudo-terminal has been opened (see ``ports.py``).
LOOK_EVERY_S = 0.001
#: Real seconds of bytes that leave together: a write for each single byte would only cost time.
SLICE_S = 0.001


class Server:
    """One simulated monitor on one port: ``with Server(...) as server: server.run()``.

    Its clock starts when the port is first opened and then runs on, whoever opens and closes it.
    ``announce`` is told the port's name when it serves, and again when a pull gave it a new one.
    With ``strict_line`` a reader that sets another speed than the monitor's hears, and is heard as,
    what a wrong speed makes of the bytes (pseudo-terminals only; parity does not exist there).
    """

    def __init__(
        self,
        simulated: SimulatedMonitor,
        patient: Patient,
        clock: Clock,
        *,
        port: str | None = None,
        faults: Sequence[Fault] = (),
        seed: int = 1,
        announce: Callable[[str], None] = lambda name: None,
        strict_line: bool = False,
        pacer: Pacer | None = None,
    ) -> None:
        """Makes the port. Raises :class:`devices.simulated.ports.PortError`."""
        self._plan = FaultPlan(faults)
        self._patient: Patient = FaultyPatient(patient, self._plan) if faults else patient
        self._simulated = simulated
        self._clock = clock
        self._pacer = pacer
        self._announce = announce
        self._strict_line = strict_line
        self._line = FaultyLine(simulated.line.baud, self._plan, seed)
        self._started: datetime | None = None
        self._reader = False
        self._pulled: Fault | None = None
        self._port = port
        self.monitor: Monitor | None = None
        self._plug = plug_in(port)
        self._stop, self._stopper = socket.socketpair()
        self._stopper.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the port away. Not while :meth:`run` runs: stop that first."""
        if self._pulled is None:
            self._plug.close()
        self._stop.close()
        self._stopper.close()

    @property
    def name(self) -> str:
        """What a reader opens."""
        return self._plug.name

    @property
    def wake(self) -> int:
        """A file on which a byte ends :meth:`run` (for ``signal.set_wakeup_fd``)."""
        return self._stopper.fileno()

    def stop(self) -> None:
        """End :meth:`run`; from any thread."""
        self._stopper.send(b"\0")

    def elapsed(self) -> float:
        """Session seconds since the port was first opened; 0.0 before."""
        if self._started is None:
            return 0.0
        return (self._clock.now() - self._started).total_seconds()

    def run(self) -> None:
        """Serve until :meth:`stop`. Raises ``PortError`` where a pulled port cannot come back."""
        self._announce(self._plug.name)
        while self._once():
            pass

    def _once(self) -> bool:
        """Do what is due, wait for the next thing. ``False`` = stopped."""
        now = self._clock.now()
        t = 0.0 if self._started is None else (now - self._started).total_seconds()
        self._pull(t)
        if self._pulled is None and not self._reader and self._plug.opened():
            self._reader = True
            if self.monitor is None:
                self._started = now = self._clock.now()
                self.monitor = self._simulated.build(self._patient, self._started)
                t = 0.0
                if self._pacer is not None:
                    self._pacer.begun(now)
        waits = [self._fault_wait(t)]
        if self.monitor is not None:
            waits += self._send(self.monitor, t)
        timeout = min((self._clock.real(w) for w in waits if w is not None), default=None)
        if self._pacer is not None and self.monitor is not None:
            self._pacer.done(now)
            most = self._pacer.longest_wait
            timeout = most if timeout is None else min(timeout, most)
        watched = [self._stop.fileno()]
        if self._reader:
            watched.append(self._plug.data)
        elif self._pulled is None:
            arrival = self._plug.arrival
            if arrival is not None:
                watched.append(arrival)
            else:
                timeout = LOOK_EVERY_S if timeout is None else min(timeout, LOOK_EVERY_S)
        readable, _, _ = select.select(watched, [], [], timeout)
        if self._stop.fileno() in readable:
            return False
        if self._reader and len(readable) > 0:
            self._receive()
        return True

    def _send(self, monitor: Monitor, t: float) -> list[float | None]:
        """Send what is due; the waits until there is more."""
        frames = monitor.due(t)
        if not self._plan.active(FaultKind.SILENCE, t):
            self._line.send(self._as_heard(frames), t)
        waits = [monitor.wait(t), self._line.idle(t)]
        if not self._reader:
            self._line.paced.clear()
            return waits
        if ready := self._line.paced.take(t):
            self._plug.write(ready)
        return [*waits, self._line.paced.wait(t, SLICE_S * self._clock.speed)]

    def _receive(self) -> None:
        data = self._plug.read()
        if data is None:
            self._reader = False
            self._line.paced.clear()
        elif data and self.monitor is not None:
            t = self.elapsed()
            if not self._plan.active(FaultKind.SILENCE, t):
                data = heard(data, self._readers_line(), self._simulated.line)
                self._line.send(self._as_heard(self.monitor.feed(data, t)), t)

    def _readers_line(self) -> LineSettings:
        """How the reader has set the line, as far as that can be seen and matters."""
        own = self._simulated.line
        baud = self._plug.baud() if self._strict_line else None
        return own if baud is None else replace(own, baud=baud)

    def _as_heard(self, frames: list[bytes]) -> list[bytes]:
        line = self._readers_line() if frames else self._simulated.line
        return [heard(frame, self._simulated.line, line) for frame in frames]

    def _fault_wait(self, t: float) -> float | None:
        change = self._plan.next_change(t) if self._started is not None else None
        return None if change is None else change - t

    def _pull(self, t: float) -> None:
        """Pull the cable or plug it in again when its time has come."""
        pulled = None if self._started is None else self._plan.active(FaultKind.PULL, t)
        if pulled is not None and self._pulled is None:
            self._plug.close()
            self._reader = False
        elif pulled is None and self._pulled is not None:
            before = self._plug.name
            # A link and a TCP port keep their names; a bare pseudo-terminal takes a new one.
            kept = self._port is not None or before.startswith(SCHEME)
            self._plug = plug_in(before if kept else None)
            if self._plug.name != before:
                self._announce(self._plug.name)
        self._pulled = pulled
