"""Eight monitors at full rate in one process, and how fast each decoder is against its line."""

from __future__ import annotations

import random
import resource
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

from devices.metrics import NIBP_SYS
from devices.reader import PortReader
from devices.reading import LinkStatus, Reading
from devices.registry import driver
from devices.simulated import SIMULATED, SimulatedMonitor
from devices.simulated.serve import Server
from devices.spec import Output
from ketamonitor.clock import SteadyClock
from tests.devices.pair import converse
from tests.devices.sweep import Sweep
from tests.devices.wire import NOON, after

BITS_PER_BYTE = 10
FASTEST_BAUD = 115_200
AIM = 200
#: A reading in every 4 bytes: below the aim, and more than fast enough for its line of 9,600 baud.
APART = "nonin-df8"
CHUNK = 512
EIGHT = (
    "dinamap",
    "ge-dri",
    "intellivue",
    "berry-pm6750",
    "masimo",
    "nonin-df2",
    "contec",
    "efficia",
)


def main(seconds: float = 30.0, megabytes: float = 8.0) -> None:
    """Prints the figures."""
    decoders(megabytes)
    together(seconds)


@dataclass(frozen=True)
class Speed:
    """Of one decoder, fed with its own stream and with noise: times the lines' speeds."""

    name: str
    fastest_line: float
    own_line: float


@cache
def decoders(megabytes: float) -> tuple[Speed, ...]:
    """Each decoder alone on one core: its own stream and noise, in pieces of 512 bytes."""
    speeds = []
    noise = random.Random(1).randbytes(int(megabytes * 1e6))
    needed = FASTEST_BAUD / BITS_PER_BYTE
    print(f"aim: {AIM} x {FASTEST_BAUD} baud = {AIM * needed / 1e6:.2f} MB/s on one core")
    for row in SIMULATED.values():
        stream = recorded(row)
        own = stream * max(1, int(megabytes * 1e6 / len(stream)))
        good, bad = speed(row, own), speed(row, noise)
        slower, line = min(good, bad), row.line.baud / BITS_PER_BYTE
        speeds.append(Speed(row.name, slower / needed, slower / line))
        mark = "" if min(good, bad) >= AIM * needed else "  below the aim"
        print(
            f"{row.name:<16} {good / 1e6:6.2f} MB/s = {good / needed:5.0f} x 115200 baud,"
            f" {good * BITS_PER_BYTE / row.line.baud:6.0f} x its line;"
            f" noise {bad / 1e6:6.2f} MB/s = {bad / needed:5.0f} x{mark}",
            flush=True,
        )
    return tuple(speeds)


def times_own_line(smoke: bool) -> float:
    return min(one.own_line for one in decoders(0.5 if smoke else 8.0))


def times_fastest_line(smoke: bool) -> float:
    some = decoders(0.5 if smoke else 8.0)
    return min(one.fastest_line for one in some if one.name != APART)


def recorded(row: SimulatedMonitor) -> bytes:
    """What the monitor sends in two minutes."""
    heard = bytearray()

    def tap(direction: str, data: bytes, at: object) -> None:
        if direction == "rx":
            heard.extend(data)

    spec = driver(row.driver)
    converse(spec.decoder("x"), row.build(Sweep(), NOON), 120, tap=tap)
    return bytes(heard)


def speed(row: SimulatedMonitor, data: bytes) -> float:
    """Bytes per second of processor time through ``feed``."""
    decoder = driver(row.driver).decoder("x")
    decoder.connected(NOON)
    pieces = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
    began = time.process_time()
    for number, piece in enumerate(pieces):
        decoder.feed(piece, after(number * 0.05))
    return len(data) / (time.process_time() - began)


class Counted:
    """What one reader delivered."""

    def __init__(self) -> None:
        self.bytes = self.readings = self.cuffs = 0

    def tap(self, direction: str, data: bytes, at: object) -> None:
        self.bytes += len(data) if direction == "rx" else 0

    def deliver(self, output: Output | LinkStatus) -> None:
        if isinstance(output, Reading):
            self.readings += 1
            self.cuffs += output.values.get(NIBP_SYS) is not None


def together(seconds: float) -> None:
    """Eight readers on eight pseudo-terminals, and the processor time of the whole process.

    The simulated monitors run in the same process, so the figure is more than the readers cost.
    """
    rows = [SIMULATED[name] for name in EIGHT if name in SIMULATED]
    waiting = threading.Event()
    with ExitStack() as stack:
        counted = [run(row, stack) for row in rows]
        waiting.wait(1.0)
        used, began = cpu(), time.monotonic()
        first = [(one.bytes, one.readings) for one in counted]
        waiting.wait(seconds)
        used, passed = cpu() - used, time.monotonic() - began
    print(f"{len(rows)} monitors at once for {passed:.0f} s, monitors and readers in one process:")
    for row, one, (octets, readings) in zip(rows, counted, first, strict=True):
        rate, count = (one.bytes - octets) / passed, (one.readings - readings) / passed
        print(f"  {row.name:<14} {rate:8.0f} bytes/s {count:6.1f} readings/s")
    all_bytes = sum(one.bytes for one in counted) - sum(octets for octets, _ in first)
    print(f"  processor {100 * used / passed:.1f} % of one core, {all_bytes / passed:.0f} bytes/s")


def run(row: SimulatedMonitor, stack: ExitStack) -> Counted:
    clock, counted = SteadyClock(), Counted()
    server = Server(row, Sweep(), clock)
    thread = threading.Thread(target=server.run)
    reader = PortReader(
        driver(row.driver), row.name, server.name, clock, counted.deliver, counted.tap
    )
    thread.start()
    reader.start()
    for end in (server.close, thread.join, server.stop, reader.stop):
        stack.callback(end)
    return counted


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
