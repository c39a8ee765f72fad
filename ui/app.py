"""Starting the window: words on the screen first, then the rest of the program."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

from ui.bridge import Bridge
from ui.theme import Theme

if TYPE_CHECKING:
    from ketamonitor.clock import SteadyClock
    from ketamonitor.people import Person
    from ketamonitor.station import Station
    from ui.main_window import MainWindow

log = logging.getLogger(__name__)

#: The size drawn in the mock-ups; the window opens with it where there is no screen to fill.
SIZE = (1366, 768)


def run_app(store_url: str, *, clock: SteadyClock | None = None, night: bool = True) -> int:
    """Open the program on a store; returns when its window is closed.

    0, or 1 where it could not start: the reason stands in the window and on standard error.
    """
    app, theme = application(night=night)
    run = _Run(theme, store_url, clock)
    run.starting.show()
    # Painted first; the imports that take a second come when the event loop has shown it.
    QTimer.singleShot(0, run.open)
    app.exec()
    run.close()
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
    status: int = 0
    station: Station | None = None
    bridge: Bridge = field(default_factory=Bridge)
    window: MainWindow | None = None
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
        from ketamonitor.station import Station
        from ketamonitor.store import StoreError

        try:
            self.station = Station(self.store_url, self.clock or SteadyClock(), self.bridge.publish)
        except (StoreError, ProtocolError) as error:
            self.status = 1
            self.words.setText(f"KetaMonitor cannot start: {error}")
            print(f"ketamonitor: {error}", file=sys.stderr)
            return
        self.window = main_window(self.theme, self.station, self.bridge)
        self.window.resize(*SIZE)
        self.window.showMaximized()
        self.starting.close()

    def close(self) -> None:
        """Write what is left and end the threads."""
        if self.window is not None:
            self.window.end()
        if self.station is not None:
            self.station.close()
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
