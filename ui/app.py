"""Starting the window: words on the screen first, then the rest of the program."""

from __future__ import annotations

import faulthandler
import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

from ui.bridge import Bridge
from ui.theme import Theme

if TYPE_CHECKING:
    from ketamonitor.clock import SteadyClock
    from ketamonitor.guardian.beats import Beats
    from ketamonitor.people import Person
    from ketamonitor.station import Station
    from ui.main_window import MainWindow
    from ui.second_signals import SecondSignals
    from ui.stillness import Stillness

log = logging.getLogger(__name__)

#: Signals that are a clean end.
ENDING = (signal.SIGINT, signal.SIGTERM)
#: How often Python's own handlers of signals get a chance while Qt waits for something to do.
SIGNALS_MS = 500
#: The size drawn in the mock-ups; the window opens with it where there is no screen to fill.
SIZE = (1366, 768)


def run_app(
    store_url: str,
    *,
    clock: SteadyClock | None = None,
    night: bool = True,
    beats: Beats | None = None,
    return_to: Sequence[str] = (),
) -> int:
    """Open the program on a store; returns when its window is closed, or by SIGINT or SIGTERM.

    0, or 1 where it could not start: the reason stands in the window and on standard error.
    ``beats`` leads to the guard; ``return_to`` are sessions that ran when the window died.
    """
    app, theme = application(night=night)
    if beats is not None:
        # From here on a crash in a library says which functions were at work; it says no values.
        faulthandler.enable()
    run = _Run(theme, store_url, clock, beats, return_to)
    before = {s: signal.signal(s, lambda *_: app.exit(0)) for s in ENDING}
    waking = QTimer()
    waking.timeout.connect(lambda: None)
    waking.start(SIGNALS_MS)
    run.starting.show()
    # Painted first; the imports that take a second come when the event loop has shown it.
    QTimer.singleShot(0, run.open)
    app.exec()
    waking.stop()
    run.close()
    for number, handler in before.items():
        signal.signal(number, handler)
    return run.status


def application(*, night: bool = True) -> tuple[QApplication, Theme]:
    """The one Qt application, dressed in the theme."""
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("KetaMonitor")
    theme = Theme(night)
    for name in theme.install(app):
        log.warning("font file %s did not load", name)
    return app, theme


def main_window(
    theme: Theme, station: Station, bridge: Bridge, person: Person | None = None
) -> MainWindow:
    """The window on a station whose ``publish`` is ``bridge.publish``, ready to be shown.

    With a person nobody needs to sign in (a simulated demonstration). Faults of the program are
    told in it.
    """
    from ui.main_window import MainWindow

    window = MainWindow(theme, station, bridge, person=person)
    tell_faults(window.tell)
    return window


def tell_faults(tell: Callable[[str], None]) -> None:
    """Log what no code of ours caught, without a value of it, and say it on the screen.

    The text of an exception may hold what a patient's record holds: only its kind and its place in
    our code are kept.
    """

    def on_gui(
        kind: type[BaseException], fault: BaseException, trace: TracebackType | None
    ) -> None:
        place = _place(trace)
        log.error("program fault: %s in %s", kind.__name__, place)
        tell(
            f"A fault in the program ({kind.__name__} in {place}). Recording and alerts go on in"
            " their own thread: check that your last entry stands in the timeline"
        )

    def in_thread(told: threading.ExceptHookArgs) -> None:
        name = told.thread.name if told.thread else "?"
        log.error(
            "program fault in thread %s: %s in %s",
            name,
            told.exc_type.__name__,
            _place(told.exc_traceback),
        )

    sys.excepthook = on_gui
    threading.excepthook = in_thread


def _place(trace: TracebackType | None) -> str:
    """Function and line where it happened, for example ``save:142``."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"


@dataclass(slots=True)
class _Run:
    """What lives as long as the window."""

    theme: Theme
    store_url: str
    clock: SteadyClock | None
    beats: Beats | None
    return_to: Sequence[str]
    status: int = 0
    station: Station | None = None
    bridge: Bridge = field(default_factory=Bridge)
    window: MainWindow | None = None
    stillness: Stillness | None = None
    second: SecondSignals | None = None
    words: QLabel = field(init=False)
    starting: QMainWindow = field(init=False)

    def __post_init__(self) -> None:
        self.starting = QMainWindow()
        self.starting.setWindowTitle("KetaMonitor")
        self.starting.resize(*SIZE)
        self.words = QLabel("Starting…")
        self.words.setWordWrap(True)
        self.words.setMargin(40)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setFont(self.theme.font(18, 600))
        self.starting.setCentralWidget(self.words)
        tell_faults(self.words.setText)

    def open(self) -> None:
        """Import the rest, open the store, and change the starting words for the window."""
        from ketamonitor.clock import SteadyClock
        from ketamonitor.protocol import ProtocolError
        from ketamonitor.signals.annunciator import annunciator
        from ketamonitor.signals.settings import SETTINGS_FILE, ScreenSettings, read_settings
        from ketamonitor.station import Station
        from ketamonitor.store import StoreError, data_folder
        from ui.second_signals import SecondSignals
        from ui.stillness import Stillness

        beats = self.beats
        try:
            settings = data_folder(self.store_url) / SETTINGS_FILE
            if beats is not None:
                beats.signals(settings)
            self.station = Station(
                self.store_url,
                self.clock or SteadyClock(),
                self.bridge.publish,
                signals=annunciator(settings, beats.beat if beats else None),
            )
        except (StoreError, ProtocolError) as error:
            self.status = 1
            self.words.setText(f"KetaMonitor cannot start: {error}")
            print(f"ketamonitor: {error}", file=sys.stderr)
            return
        # Before the window is built: patients first.
        going = self._come_back(self.station)
        self.window = main_window(self.theme, self.station, self.bridge)
        self.window.resize(*SIZE)
        self.window.showMaximized()
        self.starting.close()
        try:
            screen = read_settings(settings).screen
        except ValueError:  # the sound says so as an alarm; the screen has everything on
            screen = ScreenSettings()
        self.second = SecondSignals(self.window, screen)
        for line in self.station.rescued:
            print(f"ketamonitor: {line}", file=sys.stderr)
        self.window.tell("; ".join(self.station.rescued))
        for done in going:
            self.bridge.deliver(done, lambda _entries: None, self._not_back, self.window)
        self.stillness = Stillness(self.station, self._sessions)

    def _come_back(self, station: Station) -> list[Future[Any]]:
        """Go back into the sessions that ran when the window died. What is under way is returned;
        of a session that had ended the guard is told."""
        going = []
        for session in self.return_to:
            try:
                going.append(station.come_back(session))
            except ValueError as error:
                print(f"ketamonitor: {error}", file=sys.stderr)
                if self.beats is not None:
                    self.beats.gone(session)
        return going

    def _sessions(self) -> list[str]:
        return list(self.window.chairs) if self.window is not None else []

    def _not_back(self, error: BaseException) -> None:
        if self.window is not None:
            self.window.tell(f"The session was not resumed by itself: {error}")

    def _close_station(self, station: Station) -> None:
        """Status 1 where entries could not be saved, with the line that says where they are."""
        sessions = self._sessions()
        left = station.close()
        if left is None:
            return
        self.status = 1
        print(f"ketamonitor: {left.words()}", file=sys.stderr)
        if self.beats is not None:
            # It was ended by somebody: the guard is not to take status 1 for a death.
            try:
                for session in sessions:
                    self.beats.gone(session)
            except OSError as error:
                log.warning("the guard has gone before the window: %s", error.strerror)

    def close(self) -> None:
        """Write what is left and end the threads."""
        if self.stillness is not None:
            self.stillness.end()
        if self.second is not None:
            self.second.end()
        if self.window is not None:
            self.window.end()
        if self.station is not None:
            self._close_station(self.station)
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
