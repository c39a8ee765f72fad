"""A session recorded without a screen: ports, a written nurse, and an end."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType

from ketamonitor.entries import Entry
from ketamonitor.script import Act, ScriptError, Seen, drafts_of
from ketamonitor.station import Station
from ketamonitor.treatment.closing import answered_alike
from ketamonitor.view import Update


@dataclass(slots=True)
class Headless:
    """Plays a session to its end. Give :meth:`publish` to the :class:`Station` as its listener.

    ``tell`` gets each entry once it is durable, on the calling thread of :meth:`play`.
    """

    tell: Callable[[Entry], None]
    complaints: list[str] = field(default_factory=list)
    _updates: queue.SimpleQueue[Update | None] = field(default_factory=queue.SimpleQueue)
    _seen: Seen = field(default_factory=Seen)
    _untold: list[Entry] = field(default_factory=list)
    _ended: bool = False

    def publish(self, update: Update) -> None:
        self._updates.put(update)

    def interrupt(self) -> None:
        """Stop playing from any thread; the session stays unfinished."""
        self._updates.put(None)

    def play(
        self,
        station: Station,
        session: str,
        started_at: datetime,
        acts: Sequence[Act],
        author: str,
        for_s: float | None,
    ) -> bool:
        """Until the script's end, ``for_s`` session seconds, or :meth:`interrupt`.

        Whether the session was ended. Acts that cannot be done are in ``complaints``.
        """
        waiting = list(acts)
        end = started_at + timedelta(seconds=for_s) if for_s is not None else None
        while not self._ended:
            next_act = started_at + timedelta(seconds=waiting[0].t_s) if waiting else None
            due = min((t for t in (next_act, end) if t is not None), default=None)
            if not self._listen(station, due):
                return False
            now = station.clock.now()
            if next_act is not None and now >= next_act and (end is None or next_act <= end):
                act = waiting.pop(0)
                self._do(station, session, act, next_act, author)
                if act.verb == "end":
                    break
            elif end is not None and now >= end:
                self._end(station, session, "planned end of the recording", author)
                break
        self._drain(station, session)
        return True

    def _listen(self, station: Station, until: datetime | None) -> bool:
        """Take in updates until the next thing is due. ``False`` when interrupted."""
        while True:
            timeout = None
            if until is not None:
                left = (until - station.clock.now()).total_seconds()
                if left <= 0:
                    return True
                timeout = station.clock.real(left)
            try:
                update = self._updates.get(timeout=timeout)
            except queue.Empty:
                return True
            if update is None:
                return False
            self._take(update)
            if self._ended:
                return True

    def _take(self, update: Update) -> None:
        self._seen.view = update.view
        for entry in update.entries:
            self._seen.take(entry)
        self._untold.extend(update.entries)
        if update.view.unsaved == 0:
            for entry in self._untold:
                self.tell(entry)
            self._untold.clear()
        self._ended = update.view.ended_at is not None and update.view.unsaved == 0

    def _do(self, station: Station, session: str, act: Act, at: datetime, author: str) -> None:
        view = self._seen.view
        weight = view.info.weight_kg if view else None
        try:
            made = drafts_of(act, self._seen, weight, at, author)
        except ScriptError as error:
            self.complaints.append(str(error))
            return
        if act.verb == "end":
            self._end(station, session, str(act.detail), author)
        elif made:
            station.submit(session, *made).result()

    def _end(self, station: Station, session: str, reason: str, author: str) -> None:
        """The reason of the end answers whatever is open then: nobody is there to ask."""
        items = self._seen.view.open_items if self._seen.view else ()
        closing = answered_alike(items, reason, at=station.clock.now(), author=author)
        station.end(session, reason, author, closing).result()

    def _drain(self, station: Station, session: str) -> None:
        """Tell of everything up to the end of the session."""
        while not self._ended:
            update = self._updates.get()
            if update is None:
                return
            self._take(update)


@contextmanager
def interrupted_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call ``stop`` in place of ending the process half-way."""

    def handler(number: int, frame: FrameType | None) -> None:
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.signal(s, handler) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
