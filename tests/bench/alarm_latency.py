"""From the last byte on the wire to the alarm: committed, painted, and in the audio device's hands.

A monitor's far end (a pseudo-terminal) writes a record whose SpO2 is below a HIGH limit, then one
above it, again and again. Reader, recorder, store file, window, annunciator and player are the
real ones; the audio device is one that takes 20 ms of samples every 20 ms. Once with a window that
draws all it has as fast as it can, once with its thread in a loop of Python that gives no event
any chance (which is worse than a wait: it also holds on to the interpreter).

Prints for each: last byte in -> alarm entry committed -> bar painted -> first sample handed over
(median, p99, worst, ms). ``python -m tests.bench.alarm_latency [ROUNDS] [BLOCKED_SECONDS]``
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from itertools import pairwise
from statistics import median, quantiles

import msgspec
from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from devices.timing import Clock
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.clock import SteadyClock
from ketamonitor.people import Person, Role
from ketamonitor.signals.annunciator import Annunciator
from ketamonitor.signals.equipment import Equipment
from ketamonitor.signals.output import Pull
from ketamonitor.signals.player import Player
from ketamonitor.signals.tones import RATE
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import DeviceChoice, Patient, Update
from tests import waits
from tests.bench.wire_to_screen import FarEnd, frame
from ui.app import application, main_window
from ui.bridge import Bridge
from ui.live_page import LivePage

LIMIT = AlarmLimit(metric="spo2", op="<", value=90, priority="high")
LOW, FINE = frame(8500), frame(9700)
BLOCK_S = 0.02
AIM_BUSY_MS, AIM_BLOCKED_MS = 100, 1000
PATIENT = Patient("SIMULATED, Patient", "SIM-0000", date(1980, 1, 1))


@dataclass
class Stamps:
    """When the alarm now under way was committed, painted and handed over (seconds)."""

    written: float = 0.0
    committed: float | None = None
    painted: float | None = None
    handed: float | None = None
    quiet: bool = False  # it has been cleared again
    times: dict[str, list[float]] = field(default_factory=dict)
    beats: list[float] = field(default_factory=list)

    def beat(self, sessions: tuple[str, ...]) -> None:
        """A heartbeat, as the guard process would hear it."""
        self.beats.append(time.perf_counter())

    def begin(self) -> None:
        self.committed = self.painted = self.handed = None
        self.quiet = False

    def publish(self, update: Update) -> None:
        for entry in update.entries:
            if entry.kind != "alarm" or entry.body.get("id") != LIMIT.id:
                continue
            if entry.body["event"] == "raised":
                self.committed = time.perf_counter()
            elif entry.body["event"] == "cleared":
                self.quiet = True

    def hand(self, tone: str, at: datetime) -> None:
        if tone == "high" and self.handed is None:
            self.handed = time.perf_counter()

    def keep(self) -> None:
        for what in ("committed", "painted", "handed"):
            at = getattr(self, what)
            if at is not None:
                self.times.setdefault(what, []).append((at - self.written) * 1000)


class Device:
    """An audio device without a loudspeaker: it takes its samples in real time."""

    def __init__(self, name: str, pull: Pull) -> None:
        self._pull, self._ended = pull, threading.Event()
        self._thread = threading.Thread(target=self._run, name="audio device")
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(BLOCK_S):
            self._pull(round(RATE * BLOCK_S))

    def close(self) -> None:
        self._ended.set()
        self._thread.join()


class Paint(QObject):
    """Sees the alarm bar being painted with the alarm in it."""

    def __init__(self, page: LivePage) -> None:
        super().__init__()
        self._page, self.seen = page, False
        page.alarm_bar.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.seen = self.seen or self.shown
        return False

    @property
    def shown(self) -> bool:
        return "HIGH" in self._page.alarm_bar.words  # the calm bar still names the last alarm


def turn_until(app: QApplication, ready: Callable[[], bool]) -> None:
    def turn() -> None:
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)

    waits.until(ready, "the alarm never came", turn=turn)


def past(moment: float) -> bool:
    return time.perf_counter() >= moment


@dataclass(frozen=True)
class Late:
    """How late an alarm was at its slowest part (entry, bar, sample), in ms."""

    p99: float
    worst: float


def busy_against_aim(smoke: bool) -> float:
    return _measured(smoke)[0].p99 / AIM_BUSY_MS


def blocked_against_aim(smoke: bool) -> float:
    return _measured(smoke)[1].worst / AIM_BLOCKED_MS


@cache
def _measured(smoke: bool) -> tuple[Late, Late]:
    return main(*((10, 2.0) if smoke else ()))


def main(rounds: int = 200, blocked_s: float = 10.0) -> tuple[Late, Late]:
    """Prints the figures; the slowest part with the window busy, and with its thread blocked."""
    app, theme = application()
    bridge, stamps, far = Bridge(), Stamps(), FarEnd()

    def publish(update: Update) -> None:
        stamps.publish(update)
        bridge.publish(update)

    def equip(clock: Clock) -> Equipment:
        player = Player("", 0.6, clock, Device, stamps.hand)
        return Equipment("bench", (player,), {"nurse": player, "room": player})

    with tempfile.TemporaryDirectory() as folder:
        station = Station(
            f"{folder}/bench.db",
            SteadyClock(),
            publish,
            signals=lambda clock, submit: Annunciator(
                equip, clock, SteadyClock(), submit, stamps.beat
            ),
        )
        window = main_window(theme, station, bridge, Person("bench", "Bench", Role.NURSE))
        window.resize(1366, 768)
        window.show()
        protocol = msgspec.structs.replace(station.protocol("iv-ketamine-40"), limit=(LIMIT,))
        monitor = DeviceChoice("ge-dri", far.port, "ge-dri")
        plan = SessionPlan(PATIENT, 70, protocol, (monitor,), simulated=True, chair="1")
        try:
            session, done = station.start(plan, "bench", ports_must_open=True)
            done.result()
            turn_until(app, lambda: session in window.live.pages)
            return (
                busy(app, far, stamps, window.live.pages[session], rounds),
                blocked(app, far, stamps, blocked_s),
            )
        finally:
            window.end()
            station.close()
            far.close()


def busy(app: QApplication, far: FarEnd, stamps: Stamps, page: LivePage, rounds: int) -> Late:
    """Each alarm while the page draws everything it has, again and again."""
    frames, paint = 0, Paint(page)

    def draw() -> None:
        nonlocal frames
        frames += 1
        for widget in (page, *page.findChildren(QWidget)):
            widget.update()

    drawing = QTimer()
    drawing.timeout.connect(draw)
    drawing.start(33)
    begun = time.perf_counter()
    for number in range(rounds + 3):
        stamps.begin()
        paint.seen = False
        far.write(LOW)
        stamps.written = time.perf_counter()

        def ready() -> bool:
            if paint.seen and stamps.painted is None:
                stamps.painted = time.perf_counter()
            return None not in (stamps.committed, stamps.painted, stamps.handed)

        turn_until(app, ready)
        if number >= 3:
            stamps.keep()
        far.write(FINE)
        turn_until(app, lambda: stamps.quiet and not paint.shown)
        # The device must have taken samples of the silence: else the tone just goes on.
        silent = time.perf_counter() + 4 * BLOCK_S
        turn_until(app, partial(past, silent))
    drawing.stop()
    print(f"{frames / (time.perf_counter() - begun):.0f} frames of the whole page a second")
    return report(f"window busy, {rounds} alarms", stamps)


def blocked(app: QApplication, far: FarEnd, stamps: Stamps, seconds: float) -> Late:
    """Alarms while the GUI thread does nothing but count."""
    end = time.perf_counter() + seconds
    alarms = 0

    wait = threading.Event()

    def pause() -> None:
        wait.wait(0.005)

    def write() -> None:
        nonlocal alarms
        while alarms == 0 or time.perf_counter() < end - 1.5:
            wait.wait(0.4)  # in which the device takes samples of the silence
            stamps.begin()
            alarms += 1
            far.write(LOW)
            stamps.written = time.perf_counter()
            waits.until(lambda: None not in (stamps.committed, stamps.handed), turn=pause)
            stamps.keep()
            far.write(FINE)
            waits.until(lambda: stamps.quiet, turn=pause)

    writer = threading.Thread(target=write, name="far end")
    writer.start()
    count, heard, begun = 0, len(stamps.beats), time.perf_counter()
    while time.perf_counter() < end or writer.is_alive():  # until the last alarm is through
        count += 1
    ended = time.perf_counter()
    writer.join()
    # With the two ends: a short run may hold one heartbeat or none, and that is a figure too.
    beats = [begun, *(beat for beat in stamps.beats[heard:] if beat < ended), ended]
    longest = max(after - before for before, after in pairwise(beats))
    print(f"longest time without a heartbeat: {longest:.2f} s (GUI thread blocked)")
    app.processEvents()
    missing = [w for w in ("committed", "handed") if len(stamps.times.get(w, ())) < alarms]
    if missing:
        raise TimeoutError(
            f"alarms that were not {' and '.join(missing)} within {waits.PATIENCE_S:g} s"
        )
    return report(f"GUI thread blocked for {seconds:g} s, {alarms} alarms", stamps)


def report(what: str, stamps: Stamps) -> Late:
    words = {
        "committed": "alarm entry committed",
        "painted": "bar painted",
        "handed": "first sample handed to the device",
    }
    slowest = Late(0, 0)
    for key, times in stamps.times.items():
        cut = min(quantiles(times, n=100)[98], max(times)) if len(times) > 1 else times[0]
        slowest = Late(max(slowest.p99, cut), max(slowest.worst, *times))
        print(
            f"last byte in -> {words[key]}: median {median(times):.1f} ms, p99"
            f" {cut:.1f} ms, worst {max(times):.1f} ms ({what})",
            flush=True,
        )
    stamps.times = {}
    return slowest


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    given = sys.argv[1:]
    main(int(given[0]) if given else 200, float(given[1]) if len(given) > 1 else 10.0)
