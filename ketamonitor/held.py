"""Entries that are not in the store yet: in order, tried again, and kept where they never will be.

Owned by the recorder's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path

from ketamonitor.entries import Entry
from ketamonitor.inbox import Written
from ketamonitor.rescue import Left, RescueError, RescueFolders, count
from ketamonitor.store import Store, StoreError

log = logging.getLogger(__name__)

#: Session time between two tries of a store that refused.
AGAIN = timedelta(seconds=1)
#: Session time between two rescue files of entries that the store will never take.
KEEP_AGAIN = timedelta(seconds=10)


class Held:
    """What was taken in and is not durable, and who waits for it.

    ``rescue`` is where entries go that cannot be saved; without it there is no such place.
    """

    def __init__(self, rescue: RescueFolders | None) -> None:
        self._rescue = rescue
        self.entries: list[Entry] = []
        self._promised: list[tuple[Future[Written], Written]] = []
        self._fault = ""
        self._retry_at: datetime | None = None
        self._given_up: dict[str, str] = {}
        self._path: Path | None = None
        self._kept = 0
        self._keep_at: datetime | None = None
        self._put_off: set[str] = set()
        #: Sessions that the store refused for good, for the recorder to look into.
        self.refused: dict[str, StoreError] = {}

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def promise(self, done: Future[Written], entries: Sequence[Entry]) -> None:
        """``done`` is to have the entries once all of them are durable."""
        self._promised.append((done, tuple(entries)))

    def of(self, session: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.session == session]

    def counts(self) -> Mapping[str, int]:
        """How many of each session are not saved."""
        return count(self.entries)

    def fault_of(self, session: str) -> str:
        """Why entries of the session are not saved, in words; empty where all is well."""
        return self._given_up.get(session, self._fault)

    def fail(self, fault: str) -> None:
        """The store could not be read: shown as its refusal to write would be."""
        self._fault = fault

    # Writing ---------------------------------------------------------------------------------

    def write(self, store: Store, now: datetime, *, last: bool = False) -> Sequence[Entry]:
        """Write what can be written now; what was. ``last``: there will be no other time.

        A session that the store refuses for good holds no other up: see :attr:`refused`.
        """
        ready = [e for e in self.entries if e.session not in self._given_up]
        # A clock that was set back while no session ran must not put a try off.
        waits = self._retry_at is not None and timedelta() < self._retry_at - now <= AGAIN
        waits = waits and not last
        if not ready or waits:
            return ()
        try:
            store.append(ready)
        except StoreError as error:
            if error.retryable:
                self.later(error, now)
                return ()
            written = self._one_by_one(store, ready, now)
        else:
            written, self._fault, self._retry_at = ready, "", None
        self._saved(written)
        return written

    def _one_by_one(self, store: Store, ready: Sequence[Entry], now: datetime) -> list[Entry]:
        written: list[Entry] = []
        self._fault, self._retry_at = "", None
        for session in dict.fromkeys(entry.session for entry in ready):
            part = [entry for entry in ready if entry.session == session]
            try:
                store.append(part)
            except StoreError as error:
                if error.retryable:
                    self.later(error, now)
                    break
                self.refused[session] = error
            else:
                written += part
        return written

    def later(self, error: StoreError, now: datetime) -> None:
        """The store refused, and may take it another time."""
        if str(error) != self._fault:
            log.error("record fault: %s", error)
        self._fault, self._retry_at = str(error), now + AGAIN
        self._put_off.update(entry.session for entry in self.entries)

    def _saved(self, written: Iterable[Entry]) -> None:
        gone = {entry.hash for entry in written}
        self.entries = [entry for entry in self.entries if entry.hash not in gone]
        left = {entry.hash for entry in self.entries}
        still: list[tuple[Future[Written], Written]] = []
        for done, entries in self._promised:
            if left and any(entry.hash in left for entry in entries):
                still.append((done, entries))
            else:
                done.set_result(entries)
        self._promised = still

    # What the store refuses for good -----------------------------------------------------------

    def replace(self, session: str, old: Sequence[Entry], new: Sequence[Entry]) -> None:
        """The held entries of a session are to stand elsewhere: ``new`` begins with the same
        entries as ``old``, in the same order, and may have more."""
        now_so = {was.hash: entry for was, entry in zip(old, new, strict=False)}
        self.entries = [entry for entry in self.entries if entry.session != session]
        self.entries += new
        self._promised = [
            (done, tuple(now_so.get(entry.hash, entry) for entry in entries))
            for done, entries in self._promised
        ]

    def refuse_start(self, session: str, error: StoreError) -> bool:
        """Whether it was the beginning of the session that the store refused, at the first try:
        then there is no such session, and whoever wanted it is told."""
        held = self.of(session)
        if not held or held[0].seq != 1 or session in self._put_off:
            return False
        self.entries = [entry for entry in self.entries if entry.session != session]
        hashes = {entry.hash for entry in held}
        mine = [p for p in self._promised if any(e.hash in hashes for e in p[1])]
        self._promised = [p for p in self._promised if p not in mine]
        for done, _ in mine:
            done.set_exception(error)
        return True

    def give_up(self, session: str, error: StoreError, now: datetime) -> None:
        """The store will never take the session's entries: they are not tried again, but kept."""
        log.error("record fault, session %s is kept aside: %s", session, error)
        self._given_up[session] = str(error)
        self._keep_at = now
        self.keep(now)

    def keep(self, now: datetime) -> None:
        """Keep what was given up in the rescue file, as it grows; now and then."""
        mine = [entry for entry in self.entries if entry.session in self._given_up]
        if not mine or len(mine) == self._kept or self._keep_at is None or now < self._keep_at:
            return
        self._keep_at = now + KEEP_AGAIN
        path, fault = self._to_file(mine, now)
        self._kept = len(mine) if path is not None else 0
        where = f"kept in {path}" if path is not None else f"and nothing keeps it ({fault})"
        for session, words in self._given_up.items():
            self._given_up[session] = f"{words.partition(' · ')[0]} · {where}"

    def end(self, now: datetime, why: Callable[[str], Exception]) -> Left | None:
        """Nothing more will be tried: what is left goes into a rescue file; those who wait get
        ``why`` (in words)."""
        left = None
        if self.entries:
            path, fault = self._to_file(self.entries, now)
            said = self._fault or next(iter(self._given_up.values()), "the program ended")
            words = said.partition(" · ")[0]
            left = Left(self.counts(), path, words if path is not None else f"{words}; {fault}")
        promised, self._promised = self._promised, []
        for done, _ in promised:
            done.set_exception(why(left.words() if left else "ended before this could be saved"))
        return left

    def _to_file(self, entries: Sequence[Entry], now: datetime) -> tuple[Path | None, str]:
        if self._rescue is None:
            return None, "no place was given"
        try:
            self._path = self._rescue.keep(entries, now, self._path)
        except RescueError as error:
            log.error("no rescue file: %s", error)
            return None, str(error)
        return self._path, ""
