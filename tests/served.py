"""Simulated monitors served on pseudo-terminals in threads of their own, for tests and pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from devices.simulated import SIMULATED
from devices.simulated.faults import Fault
from devices.simulated.patient import Determination, Vitals
from devices.simulated.serve import Server
from devices.timing import Clock
from ketamonitor.clock import SteadyClock


@dataclass
class Resting:
    """Somebody who is well; the cuff was not read, and each start that is asked for is counted."""

    pulse: float = 72
    spo2: float = 97
    automatic = False
    started: int = 0

    def at(self, t: float) -> Vitals:
        return Vitals(pulse=self.pulse, hr=self.pulse, spo2=self.spo2)

    def measuring(self, t: float) -> bool:
        return False

    def ended(self, t: float) -> tuple[Determination, ...]:
        return ()

    def start(self, t: float) -> bool:
        self.started += 1
        return False

    def cancel(self, t: float) -> bool:
        return False


@contextmanager
def served(
    name: str,
    *,
    patient: Resting | None = None,
    clock: Clock | None = None,
    faults: Sequence[Fault] = (),
    strict_line: bool = False,
    port: str | None = None,
) -> Iterator[Server]:
    """The monitor ``name`` of :data:`SIMULATED`, running until the block is left."""
    server = Server(
        SIMULATED[name],
        patient or Resting(),
        clock or SteadyClock(),
        port=port,
        faults=faults,
        strict_line=strict_line,
    )
    with server:
        thread = threading.Thread(target=server.run, name=f"simulated-{name}")
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()


class Measured(Resting):
    """Somebody whose cuff is read every 30 s, the first time at once."""

    EVERY_S, TAKES_S = 30.0, 20.0

    def measuring(self, t: float) -> bool:
        return t % self.EVERY_S > self.EVERY_S - self.TAKES_S

    def ended(self, t: float) -> tuple[Determination, ...]:
        count = int(t // self.EVERY_S) + 1
        return tuple(
            Determination(at - self.TAKES_S, at, sys=128 + n % 5, dia=79, map=95, pulse=self.pulse)
            for n in range(count)
            for at in (n * self.EVERY_S,)
        )
