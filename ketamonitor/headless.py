"""A session recorded without a screen: ports, a written nurse, and an end."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType

from ketamonitor.entries import Entry
from ketamonitor.inbox import Written
from ketamonitor.script import Act, ScriptError, Seen, drafts_of
from ketamonitor.station import Station
from ketamonitor.treatment.closing import answered_alike
from ketamonitor.view import SessionView, Update

#: So many updates that wait are still told after an interruption.
MOST_REST = 200


@dataclass(slots=True)
class Headless:
    """Plays a session to its end. Give :meth:`publish` to the :class:`Station` as its listener.

    ``tell`` gets each entry once it is durable, ``show`` each picture, both on the calling thread
    of :meth:`play`. Neither may raise: the recording comes first.
    """

    tell: Callable[[Entry], None]
    show: Callable[[SessionView], None] = lambda view: None
    complaints: list[str] = field(default_factory=list)
    #: ``None``: somebody ended it; a future: it is done.
    _updates: queue.SimpleQueue[Update | Future[Written] | None] = field(
        default_factory=queue.SimpleQueue
    )
    _seen: Seen = field(default_factory=Seen)
    _untold: list[Entry] = field(default_factory=list)
    #: The numbers of the last entry that was told, and of the last one that was seen.
    _told: int = 0
    _newest: int = 0
    _ended: bool = False
    _interrupted: bool = False

    def publish(self, update: Update) -> None:
        self._updates.put(update)

    def interrupt(self) -> None:
        """Stop playing, at once and from any thread; the session stays unfinished."""
        self._interrupted = True
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
        ended = self._play(station, session, started_at, acts, author, for_s)
        if not ended:
            self._take_rest()
        return ended

    def _take_rest(self) -> None:
        """What had come before the interruption is told too, but in a flood not all of it: the
        rest is in the record."""
        with suppress(queue.Empty):
            for _ in range(MOST_REST):
                update = self._updates.get_nowait()
                if isinstance(update, Update):
                    self._take(update)

    def _play(
        self,
        station: Station,
        session: str,
        started_at: datetime,
        acts: Sequence[Act],
        author: str,
        for_s: float | None,
    ) -> bool:
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
                if not self._do(station, session, act, next_act, author):
                    return False
                if act.verb == "end":
                    break
            elif end is not None and now >= end:
                if not self._end(station, session, "planned end of the recording", author):
                    return False
                break
        return self._drain()

    def wait(self, done: Future[Written]) -> bool:
        """Until the future is done, however long the store refuses; ``False`` when interrupted."""
        done.add_done_callback(self._updates.put)
        while not done.done():
            if not self._next(None):
                return False
        return True

    def _listen(self, station: Station, until: datetime | None) -> bool:
        """Take in updates until the next thing is due. ``False`` when interrupted."""
        while not self._ended:
            timeout = None
            if until is not None:
                left = (until - station.clock.now()).total_seconds()
                if left <= 0:
                    return True
                timeout = station.clock.real(left)
            if not self._next(timeout):
                return False
        return True

    def _next(self, timeout: float | None) -> bool:
        """Take in what comes next, or nothing within so many seconds; ``False``: interrupted."""
        if self._interrupted:
            return False
        try:
            update = self._updates.get(timeout=timeout)
        except queue.Empty:
            return True
        if update is None:
            return False
        if isinstance(update, Update):
            self._take(update)
        return True

    def _take(self, update: Update) -> None:
        if update.anew:
            self._seen, self._untold = Seen(), []
        self._seen.view = update.view
        for entry in update.entries:
            self._seen.take(entry)
            self._newest = entry.seq
        self._untold.extend(entry for entry in update.entries if entry.seq > self._told)
        if update.view.unsaved == 0:
            for entry in self._untold:
                self.tell(entry)
                self._told = entry.seq
            self._untold.clear()
        self.show(update.view)
        self._ended = update.view.ended_at is not None and update.view.unsaved == 0

    def _do(self, station: Station, session: str, act: Act, at: datetime, author: str) -> bool:
        """``False`` when interrupted before it was saved."""
        view = self._seen.view
        weight = view.info.weight_kg if view else None
        try:
            # Its hour is that of the wall, also after the clocks have changed since the start.
            at = at.astimezone(station.clock.now().tzinfo)
            made = drafts_of(act, self._seen, weight, at, author)
        except ScriptError as error:
            self.complaints.append(str(error))
            return True
        if act.verb == "end":
            return self._end(station, session, str(act.detail), author)
        return not made or self._saved(station.submit(session, *made))

    def _saved(self, done: Future[Written]) -> bool:
        """Until it is saved and seen: the next act may be of it."""
        if not self.wait(done):
            return False
        written = done.result()
        while written and self._newest < written[-1].seq and not self._ended:
            if not self._next(None):
                return False
        return True

    def _end(self, station: Station, session: str, reason: str, author: str) -> bool:
        """The reason of the end answers whatever is open then: nobody is there to ask."""
        items = self._seen.view.open_items if self._seen.view else ()
        closing = answered_alike(items, reason, at=station.clock.now(), author=author)
        return self._saved(station.end(session, reason, author, closing))

    def _drain(self) -> bool:
        """Tell of everything up to the end of the session. ``False`` when interrupted."""
        while not self._ended:
            if not self._next(None):
                return False
        return True


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
