"""From the last byte on the wire to the slot that shows it, with the real window open.

A monitor's far end (a pseudo-terminal) writes one S/5 record at a time, each with a value of its
own; the program's reader, recorder, store file, bridge and window are the real ones. Then four
simulated hours at one reading a second are pushed through the same line as fast as it takes them.

Prints: last byte in -> row committed -> slot called (median, p99, ms); rows a second; resident
memory after each simulated hour.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import tty
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from statistics import median, quantiles

from PySide6.QtWidgets import QApplication

from devices.drivers.ge_dri import request
from devices.simulated.ge_dri import GeDriMonitor
from devices.simulated.patient import Determination, Vitals
from ketamonitor.clock import SteadyClock
from ketamonitor.people import Person, Role
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import DeviceChoice, Patient, Update
from tests.waits import until
from ui.app import application, main_window
from ui.bridge import Bridge


@dataclass
class Stamps:
    """When the value now under way was committed and when a slot got it (seconds)."""

    wanted: float | None = None
    committed: float | None = None
    shown: float | None = None

    def look(self, update: Update, attribute: str) -> None:
        if getattr(self, attribute) is not None:
            return
        for entry in update.entries:
            if entry.kind == "reading" and entry.body["values"].get("spo2") == self.wanted:
                setattr(self, attribute, time.perf_counter())


@dataclass(frozen=True)
class Steady:
    """A patient whose SpO2 is one value and whose cuff is never inflated."""

    spo2: float
    automatic = False

    def at(self, t: float) -> Vitals:
        return Vitals(hr=72, pulse=73, spo2=self.spo2, rr=14)

    def measuring(self, t: float) -> bool:
        return False

    def ended(self, t: float) -> tuple[Determination, ...]:
        return ()

    def start(self, t: float) -> bool:
        return False

    def cancel(self, t: float) -> bool:
        return False


def frame(step: int) -> bytes:
    """The complete frame of a record with an SpO2 of ``step`` hundredths."""
    monitor = GeDriMonitor(Steady(step / 100), START)
    return b"".join(monitor.feed(request(), 0.0))


class FarEnd:
    """The monitor's side of a pseudo-terminal."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._master, view) :]

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


START = datetime.fromisoformat("2026-11-23T14:00:00+01:00")


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(rounds: int = 1000, hours: int = 4, records: int = 3600) -> float:
    """Prints the figures; the memory after the last hour, as a multiple of that after the first."""
    app, theme = application()
    bridge, stamps, far = Bridge(), Stamps(), FarEnd()
    frames = {step: frame(step) for step in range(9200, 9999)}

    def publish(update: Update) -> None:
        stamps.look(update, "committed")
        bridge.publish(update)

    with tempfile.TemporaryDirectory() as folder:
        station = Station(f"{folder}/bench.db", SteadyClock(), publish)
        window = main_window(theme, station, bridge, Person("bench", "Bench", Role.NURSE))
        bridge.updated.connect(lambda update: stamps.look(update, "shown"))
        window.resize(1366, 768)
        window.show()
        plan = SessionPlan(
            Patient("SIMULATED, Patient", "SIM-0000", date(1980, 1, 1)),
            70,
            station.protocol("iv-ketamine-40"),
            (DeviceChoice("ge-dri", far.port, "ge-dri"),),
            simulated=True,
            chair="1",
        )
        try:
            # What is written to a port before it is open is lost, as on a real line.
            session, done = station.start(plan, "bench", ports_must_open=True)
            done.result()
            latency(app, far, frames, stamps, rounds)
            return memory(app, far, frames, station, session, hours, records)
        finally:
            window.background.close()
            station.close()
            far.close()


def memory_growth(smoke: bool) -> float:
    return main(100, 2, 600) if smoke else main(100)


def latency(
    app: QApplication, far: FarEnd, frames: dict[int, bytes], stamps: Stamps, rounds: int
) -> None:
    steps = list(frames)
    committed, shown = [], []
    for number in range(rounds + 20):
        step = steps[number % len(steps)]
        stamps.wanted, stamps.committed, stamps.shown = step / 100, None, None
        before = time.perf_counter()
        far.write(frames[step])
        until(lambda: stamps.shown is not None, "the window never got it", turn=app.processEvents)
        assert stamps.committed is not None
        assert stamps.shown is not None
        if number >= 20:
            committed.append((stamps.committed - before) * 1000)
            shown.append((stamps.shown - before) * 1000)
    for what, times in (("row committed", committed), ("slot called", shown)):
        cut = quantiles(times, n=100)
        print(
            f"last byte in -> {what}: median {median(times):.2f} ms, p99 {cut[98]:.2f} ms"
            f" ({rounds} records, window open)",
            flush=True,
        )


def memory(
    app: QApplication,
    far: FarEnd,
    frames: dict[int, bytes],
    station: Station,
    session: str,
    hours: int,
    records: int,
) -> float:
    """Memory after the last hour as a multiple of that after the first.

    An hour is 3,600 ``records``; the window draws all the while.
    """
    steps = list(frames)
    print(f"resident before: {resident_mib():.1f} MiB", flush=True)
    rows, before, after = 0, time.perf_counter(), []
    for hour in range(1, hours + 1):
        for second in range(records):
            far.write(frames[steps[second % len(steps)]])
            if second % 20 == 0:
                app.processEvents()
        rows += records

        def stored(wanted: int = rows) -> bool:
            summary = next(s for s in station.sessions() if s.id == session)
            return summary.entry_count >= wanted

        until(stored, "not all of it was stored", 600, turn=app.processEvents)
        after.append(resident_mib())
        print(f"resident after {hour} h: {after[-1]:.1f} MiB", flush=True)
    print(
        f"{rows / (time.perf_counter() - before):.0f} readings a second, each durable", flush=True
    )
    return after[-1] / after[0]


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    numbers = [int(text) for text in sys.argv[1:]]
    main(*numbers)
