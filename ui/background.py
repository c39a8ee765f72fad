"""The background thread: queries, checks and files, with the result back on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject

from ui.bridge import Bridge

T = TypeVar("T")


class Background:
    """One thread, because the station's reading side is for one thread at a time."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._pool = ThreadPoolExecutor(1, "background")

    def run(
        self,
        call: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[BaseException], object],
        owner: QObject | None = None,
    ) -> None:
        """Call there; ``done(result)`` or ``failed(error)`` follows on the GUI thread, unless
        ``owner`` has been deleted by then."""
        self._bridge.deliver(self._pool.submit(call), done, failed, owner)

    def chain(self, call: Callable[[], Future[T]]) -> Future[T]:
        """Call there something that gives a future; the future here ends as that one does."""
        outer: Future[T] = Future()

        def copy(inner: Future[T]) -> None:
            fault = inner.exception()
            if fault is None:
                outer.set_result(inner.result())
            else:
                outer.set_exception(fault)

        def work() -> None:
            try:
                inner = call()
            except Exception as fault:  # noqa: BLE001 - handed on to whoever waits
                outer.set_exception(fault)
            else:
                inner.add_done_callback(copy)

        self._pool.submit(work)
        return outer

    def close(self) -> None:
        """Wait for what is running; nothing new is begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)
