"""The one place where other threads meet Qt: updates and results arrive on the GUI thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from ketamonitor.view import Update

T = TypeVar("T")


class Bridge(QObject):
    """Give :meth:`publish` to the station; connect :attr:`updated`.

    ``publish`` may be called on any thread and never blocks. A burst reaches the slots as one
    :class:`Update` a session: all new entries in order, and the last picture.
    """

    updated = Signal(object)
    _knock = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # deque.append and popleft are atomic; the knock only says "look", so one too many is idle.
        self._updates: deque[Update] = deque()
        self._calls: deque[tuple[QObject | None, Callable[[], None]]] = deque()
        self._knock.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def publish(self, update: Update) -> None:
        """What the recorder calls, on its thread."""
        self._updates.append(update)
        self._knock.emit()

    def deliver(
        self,
        future: Future[T],
        done: Callable[[T], object],
        failed: Callable[[BaseException], object],
        owner: QObject | None = None,
    ) -> None:
        """Calls ``done(result)`` or ``failed(error)`` on the GUI thread when the future is through.

        Nothing is called when ``owner`` has been deleted by then: its page is gone.
        """

        def through(ready: Future[Any]) -> None:
            def call() -> None:
                try:
                    result = ready.result()
                except (Exception, CancelledError) as error:  # noqa: BLE001 - handed on
                    failed(error)
                else:
                    done(result)

            self._calls.append((owner, call))
            self._knock.emit()

        future.add_done_callback(through)

    def post(self, call: Callable[[], None], owner: QObject) -> None:
        """Calls on the GUI thread, unless ``owner`` has been deleted by then. From any thread."""
        self._calls.append((owner, call))
        self._knock.emit()

    def _drain(self) -> None:
        for update in self._merged():
            self.updated.emit(update)
        while self._calls:
            owner, call = self._calls.popleft()
            if owner is None or shiboken6.isValid(owner):
                call()

    def _merged(self) -> list[Update]:
        merged: dict[str, Update] = {}
        for _ in range(len(self._updates)):
            update = self._updates.popleft()
            before = merged.get(update.session)
            if before is not None and not update.anew:
                entries = (*before.entries, *update.entries)
                update = replace(update, entries=entries, anew=before.anew)
            merged[update.session] = update
        return list(merged.values())
