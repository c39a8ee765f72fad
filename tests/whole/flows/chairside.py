"""A workstation, a simulated monitor or none, a clock that is told to move, a nurse at the keys."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from devices.reading import LinkState
from devices.simulated import SIMULATED
from devices.simulated.patient import DETERMINATION_S, Determination, Vitals
from devices.simulated.serve import Server
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import Entry
from ketamonitor.people import Role
from ketamonitor.station import Station
from ketamonitor.view import SessionView, Update
from tests.fakes import START, ManualClock
from tests.ui.keys import Keys, said
from tests.waits import until
from ui.bridge import Bridge
from ui.main_window import MainWindow
from ui.pages.chair import Chair
from ui.theme import Theme

PASSWORD = "a long enough one"
NURSE, SECOND = "okafor", "lund"
MONITOR = "dinamap"
#: Seconds between two moves of the clock; after each the monitor is heard.
STEP_S = 300.0
CREEP_S, CREEP_MOST_S, MINUTE_S = 0.05, 9.0, 60.0


@dataclass
class Steady:
    """Somebody whose pressure rises with the drug and falls again; the cuff is started from here.

    Values follow from the session's second alone, so that each run records the same ones.
    """

    automatic: bool = False
    began: tuple[float, ...] = ()

    def at(self, t: float) -> Vitals:
        return Vitals(hr=72, pulse=72, spo2=97, rr=14)

    def measuring(self, t: float) -> bool:
        return any(start <= t < start + DETERMINATION_S for start in self.began)

    def ended(self, t: float) -> Sequence[Determination]:
        over = [start for start in self.began if start + DETERMINATION_S <= t]
        return [taken_as(number, start) for number, start in enumerate(over)]

    def start(self, t: float) -> bool:
        if self.measuring(t):
            return False
        self.began = (*self.began, t)
        return True

    def cancel(self, t: float) -> bool:
        return False


def taken_as(number: int, start: float) -> Determination:
    """What the cuff shows the time of that number, counted from 0."""
    rise = (0, 2, 6, 10, 12, 8, 4, 2)[min(number, 7)]
    end = start + DETERMINATION_S
    return Determination(start, end, 118 + rise, 74 + rise // 2, 90 + rise, 72)


class Wire:
    """A simulated monitor at the far end of a port, on a thread of its own."""

    def __init__(self, clock: SteadyClock) -> None:
        self._server = Server(SIMULATED[MONITOR], Steady(), clock)
        self._serving = threading.Thread(target=self._server.run, name="simulated monitor")
        self._serving.start()

    @property
    def port(self) -> str:
        return self._server.name

    def close(self) -> None:
        self._server.stop()
        self._serving.join()
        self._server.close()


class Chairside:
    """The real window, station, store and port; only the wire's far end and the clock are made.

    Without ``monitored`` there is no wire either: nothing is read, everything is typed.
    """

    def __init__(self, folder: Path, qtbot: QtBot, *, monitored: bool = True) -> None:
        self.qtbot = qtbot
        self.clock = ManualClock()
        clock = cast(SteadyClock, self.clock)
        self.wire = Wire(clock) if monitored else None
        self.bridge = Bridge()
        self.heard_at: datetime | None = None
        self._heard = threading.Event()
        self.station = Station(str(folder / "store.db"), clock, self._publish)
        for name, full in ((NURSE, "R. Okafor RN"), (SECOND, "M. Lund RN")):
            self.station.people.add(name, full, Role.NURSE, PASSWORD, "installation")
        theme = Theme()
        theme.install(cast(QApplication, QApplication.instance()))  # sizes are those of the program
        self.window = MainWindow(theme, self.station, self.bridge, ports=lambda: [])
        self.window.resize(1366, 768)
        self.window.show()
        self.window.activateWindow()
        self.keys = Keys(qtbot, self.window)

    def _publish(self, update: Update) -> None:
        self.bridge.publish(update)
        if any(e.kind == "reading" and e.body["source"] == MONITOR for e in update.entries):
            self.heard_at = update.view.now
            self._heard.set()

    def close(self) -> None:
        self.window.close()
        self.window.close()  # a running session asks once more
        self.station.close()
        if self.wire is not None:
            self.wire.close()
        self.window.deleteLater()

    @property
    def chair(self) -> Chair:
        chair = self.window.chair
        assert chair is not None, "the live page is not on the screen"
        return chair

    @property
    def view(self) -> SessionView:
        return self.chair.view

    @property
    def panel(self) -> object:
        """What is open over tiles and trend; ``None`` where nothing is."""
        return self.chair.page.panel

    def entries(self, session: str) -> list[Entry]:
        return self.station.entries(session)

    def connected(self) -> bool:
        """Whether the page knows the monitor as one that answers."""
        return any(link.state is LinkState.CONNECTED for link in self.view.links)

    def resize(self, size: tuple[int, int]) -> None:
        """Another screen, or what a keyboard on it leaves, in logical pixels."""
        self.window.resize(*size)
        self.keys.until(lambda: self.window.size().toTuple() == size, f"the window takes {size}")

    # Time ------------------------------------------------------------------------------------

    def until(self, so: Callable[[], bool], why: str) -> None:
        """Time creeps until that has come, then goes on to the next whole minute.

        Monitor and reader need some of it for their bytes; how much is no part of the record.
        """
        until(so, why, turn=self._creep)
        self._pass_to(math.ceil(self._gone / MINUTE_S) * MINUTE_S)

    def wait(self, minutes: float) -> None:
        """Time passes."""
        self._pass_to(self._gone + minutes * MINUTE_S)

    def _pass_to(self, target: float) -> None:
        """A monitor is heard once a step, and at last shortly before ``target``."""
        while self.wire is not None and self._gone < target - CREEP_MOST_S:
            now = self.clock.advance(min(STEP_S, target - CREEP_MOST_S - self._gone))
            turns = count(1)

            def creep(turns: count[int] = turns) -> None:
                # mostly the reader is on its way; now and then a byte waits for its time
                self._creep(CREEP_S if next(turns) % 40 == 0 else 0)

            def heard(now: datetime = now) -> bool:
                return self.heard_at is not None and self.heard_at >= now

            until(heard, "the monitor is not heard any more", turn=creep)
        self._go_to(target)

    @property
    def _gone(self) -> float:
        return round((self.clock.now() - START).total_seconds(), 3)

    def _go_to(self, second: float) -> None:
        """It is that second, and the page knows what is due then."""
        now = self.clock.advance(round(second - self._gone, 3))
        self.keys.until(lambda: self.view.now >= now, "the page is at this moment")
        self.chair.page.refresh()
        self.chair.tick()

    def _creep(self, seconds: float = CREEP_S) -> None:
        self.clock.advance(seconds)
        self._heard.wait(0.002)
        self._heard.clear()
        QApplication.processEvents()

    # Keys ------------------------------------------------------------------------------------

    def tab_on(self, begins: str) -> None:
        """Tab to the control whose words begin so."""
        keys, seen = self.keys, []
        for _ in range(160):
            words = said(keys.focus())
            if words.startswith(begins):
                return
            seen.append(words)
            keys.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab never comes to {begins!r}; it came to {seen}")

    def choose_on(self, begins: str) -> None:
        self.tab_on(begins)
        self.keys.press(" ")

    def until_closed(self) -> None:
        self.keys.until(lambda: self.panel is None, f"{type(self.panel).__name__} gives way")
