"""Pictures of ports and monitors with simulated monitors on real pseudo-terminals, to be looked at.

``python -m tests.ui.device_pictures FOLDER [--theme night|day] [--size 1366x768] [--name PREFIX]``;
QT_QPA_PLATFORM and QT_SCALE_FACTOR are Qt's own. One monitor is fine, one silent, and one is read
at the wrong speed. It takes about half a minute.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QElapsedTimer
from PySide6.QtWidgets import QApplication, QWidget

from devices.port import PortInfo
from devices.reading import LinkState
from devices.simulated.faults import Fault, FaultKind
from ketamonitor.clock import SteadyClock
from ketamonitor.people import Person, Role
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import DeviceChoice
from tests.served import Measured, served
from tests.ui.forms import PATIENT
from ui.bridge import Bridge
from ui.main_window import MainWindow
from ui.theme import Theme

NURSE = Person("okafor", "R. Okafor RN", Role.NURSE)
LONG = [Fault(FaultKind.SILENCE, 0, 36_000)]


class Shoot:
    """A window with its station, and the pictures taken of it."""

    def __init__(self, app: QApplication, folder: Path, prefix: str, theme: Theme) -> None:
        self.app, self.folder, self.prefix, self.theme = app, folder, prefix, theme
        self.ports: list[PortInfo] = []
        self.bridge = Bridge()
        self.home = tempfile.TemporaryDirectory()
        os.environ["KETAMONITOR_PORTS"] = str(Path(self.home.name) / "ports.json")
        store = str(Path(self.home.name) / "store.db")
        self.station = Station(store, SteadyClock(), self.bridge.publish)
        self.window = MainWindow(
            theme, self.station, self.bridge, person=NURSE, ports=lambda: self.ports
        )

    def until(self, wanted: Callable[[], object], seconds: float = 30) -> None:
        timer = QElapsedTimer()
        timer.start()
        while not wanted():
            self.app.processEvents()
            if timer.elapsed() > seconds * 1000:
                print(f"not seen within {seconds:g} s", file=sys.stderr)
                return

    def wait(self, seconds: float) -> None:
        timer = QElapsedTimer()
        timer.start()
        self.until(lambda: timer.elapsed() > seconds * 1000, seconds + 1)

    def take(self, name: str, widget: QWidget | None = None) -> None:
        self.app.processEvents()
        (widget or self.window).grab().save(str(self.folder / f"{self.prefix}{name}.png"))

    def close(self) -> None:
        self.window.close()
        self.window.close()
        self.station.close()
        self.home.cleanup()


def shoot(made: Shoot) -> None:
    window = made.window
    with ExitStack() as stack:

        def serve(name: str, silent: bool = False) -> str:
            faults = LONG if silent else ()
            server = stack.enter_context(
                served(name, patient=Measured(), faults=faults, strict_line=True)
            )
            made.ports.append(PortInfo(server.name, "simulated", 0x0403, 0x6001, name))
            return server.name

        fine, silent, wrong = serve("dinamap"), serve("masimo", silent=True), serve("nonin")
        other = serve("omron")
        made.ports.append(PortInfo("/dev/ttyUSB9", "not there"))

        window.show_new_session()
        made.wait(0.5)
        made.take("start-looking")
        made.until(lambda: window.watch.found and not window.watch.searching, 12)
        made.wait(0.3)
        made.take("start-found")
        window.new_session.devices.take(fine)
        window.new_session.devices.take(wrong)
        made.wait(0.2)
        made.take("start-taken")

        window.show_devices()
        made.until(lambda: window.watch.found and not window.watch.searching, 12)
        window.devices.list.choose(
            next(b.place for b in window.devices.list.buttons if b.place.port == fine)
        )
        made.wait(0.6)
        made.take("devices-free")
        window.devices.detail.capture.click()
        made.wait(5)
        made.take("devices-test")
        window.watch.exclude(other, True)
        window.show_sessions()

        plan = SessionPlan(
            PATIENT,
            68.4,
            made.station.protocols["iv-ketamine-40"],
            (
                DeviceChoice("dinamap", fine, "dinamap"),
                DeviceChoice("masimo", silent, "masimo"),
                DeviceChoice("nonin", wrong, "nonin", "19200"),
            ),
            True,
            "3",
        )
        session, started = made.station.start(plan, "okafor")
        started.result(60)
        made.until(lambda: window.chair is not None)
        chair = window.chairs[session]
        made.until(
            lambda: sum(link.state is LinkState.SILENT for link in chair.view.links) == 2, 30
        )
        made.station.every(session, "dinamap", 5, "okafor").result(60)
        made.wait(2)
        made.take("live-bar")
        chair.open("pressure")
        made.wait(0.5)
        made.take("live-pressure")
        chair.show_devices()
        made.wait(1)
        for number, button in enumerate(chair.page.panel.list.buttons):  # type: ignore[union-attr]
            chair.page.panel.list.choose(button.place)  # type: ignore[union-attr]
            made.wait(0.7)
            made.take(f"live-devices-{number + 1}-{button.place.source or 'free'}")
            if number == 2:
                break
        window.show_devices()
        made.wait(7)
        made.take("devices-session")
        made.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--theme", choices=["night", "day"], default="night")
    parser.add_argument("--size", default="1366x768")
    parser.add_argument("--name", default="")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    theme = Theme(night=args.theme == "night")
    theme.install(app)
    made = Shoot(app, args.folder, args.name, theme)
    width, height = (int(part) for part in args.size.split("x"))
    made.window.resize(width, height)
    made.window.show()
    shoot(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
