"""Looks for monitors on this computer's ports, with what is remembered of them, and remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from devices.findings import Detection
from devices.port import PortInfo, list_ports
from devices.registry import DRIVERS
from devices.search import Search
from devices.timing import Clock
from ketamonitor import ports_file


class MonitorSearch:
    """One look at ``ports`` (all that the system lists, where none are named).

    :attr:`words` says what is wrong with the list of remembered ports, if anything; then nothing
    is sent in this search, since nobody knows which ports are excluded. :attr:`known` is what was
    found before, by port, and :attr:`excluded` the ports left alone. ``deliver`` is called on the
    ports' threads. :meth:`wait` gives all answers and remembers the named monitors.
    The clock must run at the computer's own pace (a ``SteadyClock`` of speed 1).
    """

    def __init__(
        self,
        clock: Clock,
        deliver: Callable[[Detection], None] = lambda found: None,
        *,
        ports: Sequence[str] = (),
        path: Path | None = None,
        listed: Callable[[], list[PortInfo]] = list_ports,
    ) -> None:
        self._path = path or ports_file.ports_path()
        memory, self.words = ports_file.load(self._path)
        self.only_listens = bool(self.words)
        there = listed()
        self.ports = list(dict.fromkeys(ports)) or [port.device for port in there]
        self._identities = ports_file.identities(self.ports, there)
        self.known = memory.known(self._identities)
        self.excluded = memory.excluded(self._identities)
        self._search = Search(
            self.ports,
            clock,
            DRIVERS.values(),
            deliver,
            known=self.known,
            excluded=self.excluded,
            listen_only=self.only_listens,
        )

    def start(self) -> None:
        self._search.start()

    def cancel(self) -> None:
        """Ends what still runs within 0.1 s. From any thread."""
        self._search.cancel()

    def wait(self) -> list[Detection]:
        """All answers, in the order of :attr:`ports`."""
        found = self._search.wait()
        # read again: a port may have been excluded while the search ran
        memory, words = ports_file.load(self._path)
        after = memory.after(found, self._identities)
        self.words = self.words or words
        if after != memory:
            self.words = self.words or ports_file.save(self._path, after)
        return found


def excluded(
    port: str, *, path: Path | None = None, listed: Callable[[], list[PortInfo]] = list_ports
) -> bool:
    """Whether this port is to be left alone."""
    memory, _ = ports_file.load(path or ports_file.ports_path())
    return bool(memory.excluded(ports_file.identities([port], listed())))


def set_excluded(
    port: str,
    excluded: bool,
    *,
    path: Path | None = None,
    listed: Callable[[], list[PortInfo]] = list_ports,
) -> str:
    """Excludes a port from searches, or includes it again; words where that went wrong, else ""."""
    file = path or ports_file.ports_path()
    memory, words = ports_file.load(file)
    key = ports_file.identities([port], listed())[port]
    failed = ports_file.save(file, memory.excluding(key, excluded))
    return "; ".join(text for text in (words, failed) if text)
