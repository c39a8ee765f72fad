"""Looks for monitors on this computer's ports in the background, for as long as a page shows."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, Signal

from devices.findings import Detection, Known
from devices.port import PortInfo
from ketamonitor.clock import SteadyClock
from ketamonitor.detecting import MonitorSearch, set_excluded
from ui.bridge import Bridge

#: Looks that may go on at once: all ports, and some that a user asked for one by one.
WORKERS = 4

Listed = Callable[[], list[PortInfo]]


def real_name(port: str) -> str:
    """What tells that two names are one port: links are followed."""
    return port if "://" in port else os.path.realpath(port)


class _Look:
    """One look at the ports, on a thread of the watch; :meth:`cancel` from any thread."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._search: MonitorSearch | None = None

    def cancel(self) -> None:
        self._cancelled.set()
        if self._search is not None:
            self._search.cancel()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def run(self, search: MonitorSearch) -> None:
        self._search = search
        if self.cancelled:  # before there was anything to cancel: it then opens no port
            search.cancel()
        search.start()
        search.wait()


class PortWatch(QObject):
    """The ports there are and what is on each. All of it is told by :attr:`changed`, on the GUI
    thread; nothing here waits.

    A port that a running session holds (``taken``: its name, and by whom) is not opened.
    """

    changed = Signal()

    def __init__(
        self, bridge: Bridge, listed: Listed, taken: Callable[[], Mapping[str, str]]
    ) -> None:
        super().__init__()
        self._bridge, self._listed, self._taken = bridge, listed, taken
        self._pool = ThreadPoolExecutor(WORKERS, "port-watch")
        self._looks: list[_Look] = []
        self.listing = False
        self.ports: list[str] = []
        self.typed: list[str] = []
        self.known: dict[str, Known] = {}
        self.excluded: set[str] = set()
        self.found: dict[str, Detection] = {}
        self.searching: set[str] = set()
        #: What is wrong with the list of remembered ports, if anything.
        self.words = ""

    @property
    def names(self) -> list[str]:
        """All ports, those the system lists first."""
        return list(dict.fromkeys([*self.ports, *self.typed]))

    def holder(self, port: str) -> str:
        """Which session holds the port; "" for none."""
        held = {real_name(name): by for name, by in self._taken().items()}
        return held.get(real_name(port), "")

    def look(self) -> None:
        """Look at all ports anew."""
        self.leave()
        self.found.clear()
        self._begin(())

    def look_at(self, port: str) -> None:
        """Look at one port; one that the system does not list is then listed here."""
        if port not in self.ports and port not in self.typed:
            self.typed.append(port)
        if port in self.searching:
            return
        self.found.pop(port, None)
        self._begin((port,))

    def leave(self) -> None:
        """The page is left: ports that are open for a look are closed at once."""
        looks, self._looks = self._looks, []
        for look in looks:
            look.cancel()
        self.searching.clear()
        self.listing = False

    def release(self, port: str) -> None:
        """Close a port that is being looked at; the look goes on at the others."""
        if port not in self.searching:
            return
        others = tuple(self.searching - {port})
        self.leave()
        if others:
            self._begin(others)
        self.changed.emit()

    def exclude(self, port: str, excluded: bool) -> None:
        """Leave a port alone from now on, or include it again (then it is looked at)."""
        self.release(port)  # nothing more may be sent there, not even the rest of a look
        self.found.pop(port, None)
        if excluded:
            self.excluded.add(port)
        listed = self._listed

        def work() -> str:
            return set_excluded(port, excluded, listed=listed)

        def done(words: str) -> None:
            self._begin((port,))  # clears the words, so they are set after it
            self.words = words

        self._bridge.deliver(self._pool.submit(work), done, self._failed, self)
        self.changed.emit()

    def close(self) -> None:
        """End the threads."""
        self.leave()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, only: tuple[str, ...]) -> None:
        look = _Look()
        self._looks.append(look)
        held = {real_name(port) for port in self._taken()}
        typed = tuple(self.typed)
        self.searching.update(port for port in only if real_name(port) not in held)
        self.listing = self.listing or not only
        self.words = ""

        def tell(found: Detection) -> None:
            self._bridge.post(lambda: self._told(look, found), self)

        def work() -> None:
            listed = self._listed()
            names = only or [*(port.device for port in listed), *typed]
            free = [name for name in names if real_name(name) not in held]
            search = None
            if free and not look.cancelled:
                # its clock must run at the computer's own pace, whatever the session's does
                search = MonitorSearch(SteadyClock(), tell, ports=free, listed=lambda: listed)
            known = search.known if search else {}
            excluded = search.excluded if search else set()
            words = search.words if search else ""
            devices = [port.device for port in listed]
            self._bridge.post(
                lambda: self._listed_now(look, devices, free, known, excluded, words), self
            )
            if search is not None:
                look.run(search)
                self._bridge.post(lambda: self._ended(look, search.words), self)

        self._bridge.deliver(self._pool.submit(work), lambda _: None, self._failed, self)
        self.changed.emit()

    def _listed_now(
        self,
        look: _Look,
        devices: list[str],
        searched: Iterable[str],
        known: Mapping[str, Known],
        excluded: set[str],
        words: str,
    ) -> None:
        if look.cancelled:
            return
        self.ports, self.listing = devices, False
        self.known.update(known)
        self.excluded = (self.excluded - set(searched)) | excluded
        self.searching.update(set(searched) - excluded - set(self.found))
        self.words = self.words or words
        self.changed.emit()

    def _told(self, look: _Look, found: Detection) -> None:
        if not look.cancelled:
            self.found[found.port] = found
            self.searching.discard(found.port)
            self.changed.emit()

    def _ended(self, look: _Look, words: str) -> None:
        if not look.cancelled:
            self.words = self.words or words
            self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self.listing = False
        self.searching.clear()
        self.words = f"The ports cannot be looked at: {error}"
        self.changed.emit()
