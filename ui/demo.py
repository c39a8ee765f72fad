"""The demonstration: a simulated monitor in its own process, a written nurse, the real window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from ketamonitor.cli.errors import UserError
from ketamonitor.entries import verify_chain
from ketamonitor.headless import Headless
from ketamonitor.in_step import PacedClock
from ketamonitor.library import shipped_protocols
from ketamonitor.people import Person, Role
from ketamonitor.record import Record
from ketamonitor.report.pdf import write_pdf
from ketamonitor.report.tables import write_csv, write_json
from ketamonitor.script import read_script
from ketamonitor.signals.annunciator import annunciator
from ketamonitor.signals.settings import SETTINGS_FILE
from ketamonitor.station import SessionPlan, Station
from ketamonitor.store import data_folder, default_store_url
from ketamonitor.view import DeviceChoice, Patient, Update
from ui.app import SIZE, application, main_window
from ui.bridge import Bridge
from ui.main_window import MainWindow

DRIVER = "dinamap"
PROTOCOL = "iv-ketamine-40"
PATIENT = Patient("LINDQVIST, Maren", "DEMO-0048", date(1984, 3, 14))
WEIGHT_KG = 68.4
NURSE = Person("okafor", "R. Okafor RN", Role.NURSE)
HEADLESS_SPEED, WINDOW_SPEED = 120.0, 20.0
#: Session seconds at which the headless run takes its pictures.
PICTURES = {"live.png": 1700.0, "live-alert.png": 2165.0}


@dataclass(slots=True)
class _Course:
    """What the demonstration knows of its session as it goes."""

    session: str
    started_at: datetime
    over: bool = False


def run_demo(scenario: str, speed: float | None, *, headless: bool, out: Path | None) -> int:
    """Run it; exit status. Raises :class:`UserError` where it cannot be run here."""
    if headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        qInstallMessageHandler(_qt_says)
    elif sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise UserError("there is no display here: add --headless, and --out DIR for the results")
    speed = speed or (HEADLESS_SPEED if headless else WINDOW_SPEED)
    folder = out or Path("out/demo")
    if headless:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{folder}: the folder cannot be made: {error.strerror}; name another --out"
            ) from error
    with tempfile.TemporaryDirectory() as store, _simulator(scenario, speed) as port:
        return _play(f"{store}/demo.db", port, speed, folder if headless else None)


def _play(store: str, port: str, speed: float, out: Path | None) -> int:
    app, theme = application()
    bridge = Bridge()
    nurse = Headless(tell=lambda entry: None)

    def publish(update: Update) -> None:
        nurse.publish(update)
        bridge.publish(update)

    # With a window it sounds as a session would, with this computer's settings.
    settings = data_folder(default_store_url()) / SETTINGS_FILE
    signals = annunciator(settings) if out is None else None
    # The clinic's own protocols are no part of it: what is shown is what comes with the program.
    station = Station(
        store, PacedClock(speed), publish, signals=signals, protocols=shipped_protocols()
    )
    window = main_window(theme, station, bridge, NURSE)
    window.resize(*SIZE)
    window.show()
    for number in (signal.SIGINT, signal.SIGTERM):
        # So that the simulated monitor and the store are closed too, whoever ends us.
        signal.signal(number, lambda *_: app.exit(0))
    try:
        course, player = _begin(station, nurse, port)
        if out is None:
            app.exec()
        else:
            _watch(app, window, station, course, player, out)
        nurse.interrupt()  # where the window was closed first; the session stays unfinished
        player.join()
        if out is not None and course.over:
            _leave_results(station, course.session, out)
    finally:
        window.end()
        window.deleteLater()
        station.close()
    for complaint in nurse.complaints:
        print(f"ketamonitor: {complaint}", file=sys.stderr)
    return 1 if nurse.complaints else 0


def _begin(station: Station, nurse: Headless, port: str) -> tuple[_Course, threading.Thread]:
    """Start the session, and the nurse on a thread of her own."""
    with as_file(files("ketamonitor") / "scripts" / "iv-demo.jsonl") as path:
        acts = read_script(path)
    plan = SessionPlan(
        PATIENT,
        WEIGHT_KG,
        station.protocol(PROTOCOL),
        (DeviceChoice(DRIVER, port, DRIVER),),
        simulated=True,
        chair="3",
    )
    session, done = station.start(plan, NURSE.name)
    course = _Course(session, done.result()[0].at)

    def play() -> None:
        course.over = nurse.play(station, session, course.started_at, acts, NURSE.name, None)

    player = threading.Thread(target=play, name="nurse")
    player.start()
    return course, player


def _watch(
    app: QApplication,
    window: MainWindow,
    station: Station,
    course: _Course,
    player: threading.Thread,
    out: Path,
) -> None:
    """Turn the event loop until the nurse has ended the session, taking pictures on the way."""
    waiting = dict(PICTURES)

    def look() -> None:
        now = station.clock.now()
        for name, t_s in list(waiting.items()):
            if now >= course.started_at + timedelta(seconds=t_s):
                del waiting[name]
                window.grab().save(str(out / name))
        if not player.is_alive():
            # One more turn of the loop: the review page that follows the end is on its way.
            QTimer.singleShot(1500, lambda: app.exit(0))
            timer.stop()

    timer = QTimer()
    timer.setInterval(20)
    timer.timeout.connect(look)
    timer.start()
    app.exec()
    window.grab().save(str(out / "review.png"))


def _leave_results(station: Station, session: str, out: Path) -> None:
    """PDF, CSV and JSON beside the pictures, and where they are on standard output."""
    entries = station.entries(session)
    write_pdf(
        Record.of(entries),
        out / "session.pdf",
        printed_at=station.clock.now(),
        printed_by=NURSE.full_name,
        chain_verified=not verify_chain(session, entries),
    )
    write_csv(entries, out / "session.csv")
    write_json(
        entries, next(s for s in station.sessions() if s.id == session), out / "session.json"
    )
    for what, name in (
        ("live page", "live.png"),
        ("live page in alert", "live-alert.png"),
        ("review page", "review.png"),
        ("PDF", "session.pdf"),
        ("CSV", "session.csv"),
        ("JSON", "session.json"),
    ):
        print(f"{what}: {(out / name).resolve()}", flush=True)


def _qt_says(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Qt's words on standard error, but for one that every window without a screen repeats."""
    if text != "This plugin does not support propagateSizeHints()":
        print(f"Qt: {text}", file=sys.stderr)


@contextmanager
def _simulator(scenario: str, speed: float) -> Iterator[str]:
    """A simulated monitor as its own process; yields its port."""
    command = [
        *(sys.executable, "-m", "ui.command", "simulate", "--driver", DRIVER),
        *("--scenario", scenario, "--speed", f"{speed:g}"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            said = process.communicate()[1].strip().splitlines()
            raise UserError(said[-1].removeprefix("ketamonitor: ") if said else "no simulator")
        yield port
    finally:
        process.terminate()
        process.communicate()
