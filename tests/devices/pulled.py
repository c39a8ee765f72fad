"""Simulated monitors whose cable is pulled and plugged in again, each read by a real reader."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

from devices.port import PortFinder, PortInfo
from devices.reader import PortReader
from devices.reading import DeviceEvent, LinkState, LinkStatus, Reading
from devices.registry import driver
from devices.simulated import SimulatedMonitor
from devices.simulated.faults import Fault, FaultKind
from devices.simulated.serve import Server
from devices.spec import Output
from ketamonitor.clock import SteadyClock
from tests.devices.sweep import Sweep


class Pulled:
    """One monitor behind a pseudo-terminal, pulled at given session seconds, and its reader.

    With ``link`` the port comes back under its name; without, the same adapter takes a new one.
    """

    def __init__(
        self,
        row: SimulatedMonitor,
        clock: SteadyClock,
        pulls: Sequence[tuple[float, float]],
        link: Path | None,
    ) -> None:
        self.row, self.pulls = row, pulls
        self.patient = Sweep()
        self.seen: list[tuple[datetime, Output | LinkStatus]] = []
        self._clock = clock
        self._first_bytes: datetime | None = None
        self._server = Server(
            row,
            self.patient,
            clock,
            port=None if link is None else str(link),
            faults=[Fault(FaultKind.PULL, start, length) for start, length in pulls],
            announce=self._announced,
        )
        self._name = self._server.name
        self._thread = threading.Thread(target=self._server.run)
        self.reader = PortReader(
            driver(row.driver),
            row.name,
            self._server.name,
            clock,
            self._take,
            finder=PortFinder(self._server.name, self._ports),
        )

    def __enter__(self) -> Pulled:
        self._thread.start()
        self.reader.start()
        self.reader.opened.result(timeout=60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reader.stop()
        self._server.stop()
        self._thread.join()
        self._server.close()

    @property
    def elapsed(self) -> float:
        return self._server.elapsed()

    @property
    def started(self) -> datetime:
        """When the monitor's second 0 was."""
        return self._clock.now() - timedelta(seconds=self._server.elapsed())

    def readings(self) -> list[Reading]:
        return [one for _, one in self.seen if isinstance(one, Reading)]

    def first_after(self, t: float) -> float | None:
        """Session seconds from ``t`` until the monitor said anything; ``None`` = nothing yet."""
        start = self.started + timedelta(seconds=t)
        for at, one in self.seen:
            if at > start and isinstance(one, Reading | DeviceEvent):
                return (at - start).total_seconds()
        return None

    def open_after(self, t: float) -> float | None:
        """Session seconds from ``t`` until the port was open again; ``None`` = not yet."""
        return self._state_after(t, LinkState.IDENTIFYING)

    def answer_after(self, t: float) -> float | None:
        """Session seconds from ``t`` until the monitor answered; ``None`` = not yet."""
        return self._state_after(t, LinkState.CONNECTED)

    def _state_after(self, t: float, state: LinkState) -> float | None:
        start = self.started + timedelta(seconds=t)
        for at, one in self.seen:
            if at > start and isinstance(one, LinkStatus) and one.state is state:
                return (at - start).total_seconds()
        return None

    def _announced(self, name: str) -> None:
        self._name = name

    def _ports(self) -> list[PortInfo]:
        return [PortInfo(self._name, "test adapter", 0x0403, 0x6001, f"SN {self.row.name}")]

    def _take(self, output: Output | LinkStatus) -> None:
        self.seen.append((self._clock.now(), output))
