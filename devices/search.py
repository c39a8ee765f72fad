"""Searches several ports at once, a thread each, and tells of each as soon as it is known."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress

from devices.detect import Opener, PortSearch
from devices.findings import Detection, Known, Outcome
from devices.port import open_port
from devices.spec import DriverSpec
from devices.timing import Clock

log = logging.getLogger(__name__)

EXCLUDED = "excluded: nothing is opened or sent there until it is included again"


class Search:
    """A search of some ports, each once. :meth:`start`, then :meth:`wait` or :meth:`cancel`.

    ``deliver`` is called with each :class:`Detection`, on the thread of its port (for an excluded
    port on the caller's). ``known`` says by port name what was found there before; a port in
    ``excluded`` is neither opened nor sent anything. With ``listen_only`` nothing is sent at all.
    """

    def __init__(
        self,
        ports: Sequence[str],
        clock: Clock,
        drivers: Iterable[DriverSpec],
        deliver: Callable[[Detection], None] = lambda found: None,
        *,
        known: Mapping[str, Known] | None = None,
        excluded: Iterable[str] = (),
        listen_only: bool = False,
        opener: Opener = open_port,
    ) -> None:
        self._deliver = deliver
        table, left_out = list(drivers), set(excluded)
        self._ports = list(dict.fromkeys(ports))
        self._searches = {
            port: PortSearch(
                port,
                clock,
                table,
                known=(known or {}).get(port),
                listen_only=listen_only,
                opener=opener,
            )
            for port in self._ports
            if port not in left_out
        }
        self._found: dict[str, Future[Detection]] = {port: Future() for port in self._ports}
        self._threads = [
            threading.Thread(target=self._run, args=(port,), name=f"search-{port}", daemon=True)
            for port in self._searches
        ]

    def start(self) -> None:
        for port in self._ports:
            if port not in self._searches:
                self._tell(Detection(port=port, outcome=Outcome.EXCLUDED, words=EXCLUDED))
        for thread in self._threads:
            thread.start()

    def cancel(self) -> None:
        """Ends all that still run at once; they are told of as cancelled. From any thread."""
        for search in self._searches.values():
            search.cancel()

    def wait(self) -> list[Detection]:
        """All answers, in the order of the ports, when all threads have ended."""
        found = [self._found[port].result() for port in self._ports]
        for thread in self._threads:
            with suppress(RuntimeError):  # called from a delivery: that thread ends by itself
                thread.join()
        return found

    def _run(self, port: str) -> None:
        try:
            self._tell(self._searches[port].run())
        except Exception as fault:  # noqa: BLE001  # told and logged; the other ports go on
            # no message: it may hold what a monitor sent of a patient
            log.error("the search of a port failed: %s", type(fault).__name__)
            if not self._found[port].done():
                words = f"the search failed ({type(fault).__name__}); the port was not identified"
                self._tell(Detection(port=port, outcome=Outcome.UNAVAILABLE, words=words))

    def _tell(self, found: Detection) -> None:
        self._found[found.port].set_result(found)
        self._deliver(found)
