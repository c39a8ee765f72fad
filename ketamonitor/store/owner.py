"""One owner in this process for all connections to one store file, and for what they wrote last.

SQLite's locks are the process's, not the connection's: whoever closes any descriptor of the file
drops them all, and a connection opened beside others shares their index of the write-ahead log.
So there is one owner for each file, one connection that writes, and nothing of ours opens the file
but through SQLite.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table
from sqlalchemy.pool import QueuePool

from ketamonitor.store.errors import StoreError

#: So many rows are remembered after they were written: they are written again where the log they
#: went to is lost. Many minutes of a busy session, and more than a log holds between checkpoints.
REMEMBERED = 5_000

Row = tuple[Table, Mapping[str, Any]]
Identity = tuple[int, int]


class Owner:
    """The connections of this process to one file. Get it from :func:`owner_of`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Whether the log that was written to has been seen to be lost, and not yet replaced.
        self.lost = False
        self.recent: deque[Row] = deque(maxlen=REMEMBERED)
        self._engines: dict[bool, Engine] = {}
        self._users: dict[bool, set[object]] = {True: set(), False: set()}
        self._keeper: sqlite3.Connection | None = None
        self._file: Identity | None = None
        self._log: Identity | None = None

    @property
    def log_path(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def engine(self, user: object, read_only: bool, make: Callable[[], Engine]) -> Engine:
        """The engine for reading or for writing, which all users of the file share."""
        self._users[read_only].add(user)
        if read_only not in self._engines:
            self._engines[read_only] = make()
        return self._engines[read_only]

    def opened(self, keeper: Callable[[], sqlite3.Connection]) -> None:
        """The writing connection stands, and with it the log; ``keeper`` opens a connection that
        only reads. While the keeper is there, closing another one moves nothing into the file."""
        if self._keeper is None:
            self._keeper = keeper()
            self._keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._file, self._log = _identity(self.path), _identity(self.log_path)

    def leave(self, user: object) -> None:
        """The user has closed its store. With the last one go the connections."""
        for read_only, users in self._users.items():
            if user not in users:
                continue
            users.discard(user)
            if users:
                continue
            if not read_only and not self.lost:
                self._let_go()  # first, so that the last to close can put the log into the file
            engine = self._engines.pop(read_only, None)
            if engine is not None:
                engine.dispose()
            if not read_only:
                self._let_go()
                self.recent.clear()
                self.lost, self._file, self._log = False, None, None

    def watch(self) -> None:
        """Raise :class:`StoreError` where the file, or the log that belongs to it, no longer
        stands in its place: what is written now would be seen by nobody."""
        if self._file is None:
            return
        here = _identity(self.path)
        if here is None:
            raise StoreError(
                f"{self.path}: the file is gone while in use; put it back", retryable=True
            )
        if here != self._file:
            raise StoreError(
                f"{self.path}: another file stands in its place; put it back", retryable=True
            )
        if self._log is None:
            self._log = _identity(self.log_path)
        elif _identity(self.log_path) != self._log:
            self.lost = True
            raise StoreError(
                f"{self.path}: its write-ahead log was taken away or replaced while in use; what"
                " was written last is written once more",
                retryable=True,
            )

    def close_all(self) -> None:
        """Close every connection after a loss, so that the next ones find the file as it is.

        The keeper goes last: a connection that may write and is the last to close would put the
        lost log into the file, over what others have written since. Raises :class:`StoreError`
        while one is in use.
        """
        pools = [engine.pool for engine in self._engines.values()]
        if any(isinstance(pool, QueuePool) and pool.checkedout() for pool in pools):
            raise _still_open(self.path)
        for read_only in (False, True):
            if read_only in self._engines:
                self._engines[read_only].dispose()
        self._let_go()
        if _descriptors(self.path):
            raise _still_open(self.path)
        self._file = self._log = None

    def _let_go(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.close()


_OWNERS: dict[str, Owner] = {}


def owner_of(path: Path) -> Owner:
    """The owner of the file at that path in this process; the same one each time."""
    place = os.path.realpath(path)
    return _OWNERS.setdefault(place, Owner(path))


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _descriptors(path: Path) -> Sequence[str]:
    """The open descriptors of this process on the file, its log or its index; none can be seen
    where the system does not list them."""
    place, found = os.path.realpath(path), []
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return ()
    for number in numbers:
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue  # closed meanwhile: that is what is asked for
        if target.removesuffix(" (deleted)") in (place, f"{place}-wal", f"{place}-shm"):
            found.append(target)
    return found


def _still_open(path: Path) -> StoreError:
    return StoreError(
        f"{path}: it must be opened anew and is still in use; trying again", retryable=True
    )
