"""Cables for searches: simulated monitors and rubbish on a line, in a time that is only counted."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from devices.port import PortError
from devices.simulated import SimulatedMonitor
from devices.simulated.line import PacedLine
from devices.simulated.monitor import Monitor
from devices.simulated.patient import Determination, Patient, Vitals
from devices.simulated.scenario import DEFAULT_SCENARIO, scenario_patient
from devices.simulated.uart import heard
from devices.spec import LineSettings
from tests.devices.wire import NOON

STEP_S = 0.01
BITS_PER_BYTE = 10


class CountedClock:
    """A time that only goes on where somebody waits."""

    speed = 1.0

    def __init__(self) -> None:
        self.t = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.t)

    def real(self, seconds: float) -> float:
        return seconds


class WatchedPatient:
    """A patient who notes every act of a host on the cuff."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self.acts: list[str] = []

    @property
    def automatic(self) -> bool:
        return self._patient.automatic

    def at(self, t: float) -> Vitals:
        return self._patient.at(t)

    def measuring(self, t: float) -> bool:
        return self._patient.measuring(t)

    def ended(self, t: float) -> Sequence[Determination]:
        return self._patient.ended(t)

    def start(self, t: float) -> bool:
        self.acts.append("start")
        return self._patient.start(t)

    def cancel(self, t: float) -> bool:
        self.acts.append("cancel")
        return self._patient.cancel(t)


def watched(seed: int) -> WatchedPatient:
    return WatchedPatient(scenario_patient(DEFAULT_SCENARIO, seed))


class Silence:
    """Somebody at the far end who says nothing, whatever is sent."""

    def feed(self, data: bytes, t: float) -> list[bytes]:
        return []

    def due(self, t: float) -> list[bytes]:
        return []


class Echo(Silence):
    """A loop-back plug, a modem or a console."""

    def feed(self, data: bytes, t: float) -> list[bytes]:
        return [data]


@dataclass
class Noise(Silence):
    """Random bytes: ``size`` of them every ``every`` seconds, from an alphabet."""

    random: Random
    every: float
    size: int
    alphabet: bytes
    next_at: float = 0.0

    def due(self, t: float) -> list[bytes]:
        if t < self.next_at:
            return []
        self.next_at = t + self.every
        return [bytes(self.random.choices(self.alphabet, k=self.size))]


@dataclass
class FarEnd:
    """One sender on a cable, which has been on for ``phase`` seconds when the search begins."""

    sender: Monitor | Silence
    line: LineSettings
    phase: float = 0.0
    delay: float = 0.0
    paced: PacedLine = field(init=False)
    coming: list[tuple[float, bytes, LineSettings]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.paced = PacedLine(self.line.baud)
        if self.phase:
            self.sender.due(self.phase)

    def pass_time(self, t: float, line: LineSettings) -> bytes:
        """What a reader set to ``line`` hears until ``t``."""
        now = t + self.phase
        for at, data, sent_as in [one for one in self.coming if one[0] <= t]:
            self.coming.remove((at, data, sent_as))
            for frame in self.sender.feed(heard(data, sent_as, self.line), now):
                self.paced.put(heard(frame, self.line, line), now)
        for frame in self.sender.due(now):
            self.paced.put(heard(frame, self.line, line), now)
        return self.paced.take(now)


class Cable:
    """What ``open_port`` finds behind a name: far ends that share the line, and a slow adapter."""

    def __init__(self, clock: CountedClock, ends: Sequence[FarEnd], opening_s: float = 0.0) -> None:
        self.clock = clock
        self.ends = ends
        self._opening_s = opening_s
        self.is_open = False
        self.sent: list[tuple[LineSettings, bytes]] = []
        self.sent_at: list[float] = []

    def open(self, url: str, line: LineSettings) -> CablePort:
        assert not self.is_open, "opened twice"
        self.is_open = True
        self.clock.t += self._opening_s
        for end in self.ends:
            end.pass_time(self.clock.t, line)
            end.paced.clear()
        return CablePort(self, line)


class CablePort:
    def __init__(self, cable: Cable, line: LineSettings) -> None:
        self._cable = cable
        self._line = line

    def read(self, seconds: float, wake: socket.socket) -> bytes:
        clock, until = self._cable.clock, self._cable.clock.t + seconds
        while True:
            data = b"".join(end.pass_time(clock.t, self._line) for end in self._cable.ends)
            if data or clock.t >= until:
                return data
            clock.t = min(until, clock.t + STEP_S)

    def write(self, data: bytes) -> None:
        cable = self._cable
        cable.sent.append((self._line, data))
        cable.sent_at.append(cable.clock.t)
        arrives = cable.clock.t + len(data) * BITS_PER_BYTE / self._line.baud
        for end in cable.ends:
            end.coming.append((arrives + end.delay, data, self._line))

    def settle(self, count: int, baud: int) -> None:
        self._cable.clock.t += count * BITS_PER_BYTE / baud + 0.05

    def close(self) -> None:
        assert self._cable.is_open, "closed twice"
        self._cable.is_open = False


def monitor_end(
    row: SimulatedMonitor, patient: Patient, random: Random, line: LineSettings | None = None
) -> FarEnd:
    """A simulated monitor that has been on for some seconds and answers after some time."""
    phase = random.uniform(0.0, 12.0)
    built = row.build(patient, NOON - timedelta(seconds=phase))
    return FarEnd(built, line or row.line, phase, random.uniform(0.0, 0.05))


def refusing(error: PortError) -> Callable[[str, LineSettings], CablePort]:
    def opener(url: str, line: LineSettings) -> CablePort:
        raise error

    return opener
