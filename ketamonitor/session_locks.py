"""Which program records a session: a lock of the kernel on a small file for each running one.

The death of a process, however it comes, releases its locks. The files stand in a folder of their
own beside the store, one for each session, empty: what they are called is the session's id. A lock
is never on the database itself, whose locks are SQLite's alone.

On POSIX it is ``flock``, which belongs to the open file: another look at the same file in this
process, opened and closed, does not drop it (as it would drop a lock of ``fcntl``). On Windows it
is ``msvcrt.locking``.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from ketamonitor.store import beside_store

log = logging.getLogger(__name__)

#: Looks by other programs hold a lock for some microseconds: so often it is tried once more.
TRIES = 1_000

_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)

#: What the system says where there are no such locks, or no room for the file.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


class RecordedElsewhereError(ValueError):
    """Another program on this computer records the session."""

    def __init__(self, session: str) -> None:
        super().__init__(
            f"session {session} is being recorded in another window on this computer: go on there,"
            " or close it first"
        )


#: Behind the store's own name: the folder of its locks.
FOLDER = "-running"


class SessionLocks:
    """The sessions that this program records. For any thread; nothing here ever waits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    def take(self, session: str) -> None:
        """Say that this program records the session.

        Raises :class:`RecordedElsewhereError`, or ``ValueError`` where it is ours already. Where
        the file cannot be made (a full disk, a drive without locks) the session goes on without:
        recording comes first, and the recorder still notices another writer by what it finds.
        """
        try:
            taken = self._open_locked(session)
        except OSError as error:
            log.warning("session %s runs without a lock: %s", session, error.strerror)
            return
        if taken is None and session in self._held:
            raise ValueError(f"session {session} is running here already")
        if taken is None:
            raise RecordedElsewhereError(session)
        self._held[session] = taken

    def release(self, session: str) -> None:
        """The session has ended, or is left: another program may go on with it."""
        taken = self._held.pop(session, None)
        if taken is None:
            return
        # Removed while it is locked: whoever opened it meanwhile sees that its file is gone.
        if sys.platform != "win32":
            self._remove(session)
        os.close(taken)
        if sys.platform == "win32":
            self._remove(session)

    def release_all(self) -> None:
        for session in list(self._held):
            self.release(session)

    def elsewhere(self, sessions: Iterable[str]) -> frozenset[str]:
        """Those of the sessions that another program on this computer records now."""
        return frozenset(s for s in sessions if s not in self._held and self._is_locked(s))

    def _path(self, session: str) -> Path:
        return self._folder / f"{session}.lock"

    def _remove(self, session: str) -> None:
        try:
            self._path(session).unlink(missing_ok=True)
        except OSError as error:  # an empty file stays; it holds nobody up
            log.warning("the lock file of session %s stays: %s", session, error.strerror)

    def _open_locked(self, session: str) -> int | None:
        """The locked file, or ``None`` where another program has it. Raises ``OSError``."""
        self._folder.mkdir(mode=stat.S_IRWXU, exist_ok=True)
        path = self._path(session)
        for _ in range(TRIES):
            file = os.open(path, _FLAGS | os.O_CREAT, stat.S_IRUSR | stat.S_IWUSR)
            try:
                if _lock(file):
                    if _stands_at(file, path):
                        taken, file = file, -1
                        return taken
                elif not _only_looked_at(file):
                    return None
            finally:
                if file >= 0:
                    os.close(file)
        return None

    def _is_locked(self, session: str) -> bool:
        try:
            file = os.open(self._path(session), _FLAGS)
        except OSError:
            return False  # no file: nobody records it
        try:
            return not _only_looked_at(file)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            return False
        finally:
            os.close(file)


def locks_of(store_url: str) -> SessionLocks:
    """The locks of the sessions of a store. Raises :class:`~ketamonitor.store.StoreError`."""
    return SessionLocks(beside_store(store_url, FOLDER))


def _stands_at(file: int, path: Path) -> bool:
    """Whether what was opened is still what stands there: its owner may just have removed it."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(file), there)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _only_looked_at(file: int) -> bool:
        if not _lock(file):
            return False
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        """Whether it is ours alone now. Raises ``OSError`` where there are no locks."""
        return _flock(file, fcntl.LOCK_EX)

    def _only_looked_at(file: int) -> bool:
        """Whether nobody records it: others that look at it share the lock, an owner does not."""
        return _flock(file, fcntl.LOCK_SH)

    def _flock(file: int, kind: int) -> bool:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
