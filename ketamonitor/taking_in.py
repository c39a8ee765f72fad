"""What the last end of the program could not save, taken into the record at the next start."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from ketamonitor.behind import again, behind
from ketamonitor.entries import GENESIS, PROGRAM, Draft, Entry
from ketamonitor.rescue import Rescued, RescueError, RescueFolders, read_rescue, set_aside
from ketamonitor.session import LiveSession
from ketamonitor.session_locks import RecordedElsewhereError, SessionLocks, locks_of
from ketamonitor.store import Store, StoreError, open_store

log = logging.getLogger(__name__)


class _NotNowError(Exception):
    """Why a session's entries stay in their file, in words."""


def take_in(store_url: str, now: datetime) -> list[str]:
    """Write the entries of this store's rescue files into it, and keep the files aside.

    Where the chain goes on from what is stored, the entries are appended exactly as they were
    made; where others have been written since, they are made anew behind them. Either way an entry
    of the program says so. Gives a line for people of each file; what cannot be taken in stays
    where it is. Raises :class:`~ketamonitor.store.StoreError` where the store cannot be opened.
    """
    folders = RescueFolders(store_url)
    files = list(folders.files())
    if not files:
        return []
    told = []
    with open_store(store_url) as store:
        locks = locks_of(store_url)
        for path in files:
            try:
                file = read_rescue(path)
            except RescueError as error:
                told.append(f"not taken in: {error}. Keep the file, and have it looked into")
                continue
            if _is_ours(file, store, folders.store):
                told.append(_take_file(file, store, locks, now))
    return told


def _is_ours(file: Rescued, store: Store, name: str) -> bool:
    """A file names its store; one that was moved together with its store follows by its chain."""
    if file.store == name:
        return True
    return any(_before(store, entries[0]) is not None for entries in file.sessions.values())


def _before(store: Store, first: Entry) -> Entry | None:
    """The stored entry that ``first`` was chained to, where it stands there as it was."""
    if first.seq == 1:
        return None
    found = next(store.iter_entries(first.session, after_seq=first.seq - 2), None)
    return found if found is not None and found.hash == first.prev_hash else None


def _take_file(file: Rescued, store: Store, locks: SessionLocks, now: datetime) -> str:
    taken, left = [], []
    for session, entries in file.sessions.items():
        try:
            locks.take(session)
        except RecordedElsewhereError as error:
            left.append(str(error))
            continue
        try:
            how = _take_session(file, entries, store, now)
        except (_NotNowError, StoreError) as error:
            left.append(f"session {session}: {error}")
        else:
            taken.append(f"{len(entries)} entries of session {session} {how}")
        finally:
            locks.release(session)
    if not left:
        try:
            set_aside(file.path)
        except OSError as error:
            # Nothing is taken in twice: the record says which files it has.
            log.warning("the rescue file stays under its name: %s", error.strerror)
        return f"taken in from {file.path}: {'; '.join(taken)}"
    done = f"taken in: {'; '.join(taken)}; " if taken else ""
    return f"{done}{file.path} is not taken in yet: {'; '.join(left)}"


def _take_session(file: Rescued, held: Sequence[Entry], store: Store, now: datetime) -> str:
    """Says how. Raises :class:`_NotNowError` and :class:`StoreError`; then nothing was written."""
    session, first = held[0].session, held[0]
    there = store.entries(session)
    if any(e.body.get("event") == "rescued" and e.body["sha256"] == file.digest for e in there):
        return "stood in the record already"
    follows = there[first.seq - 2].hash if 1 < first.seq <= len(there) + 1 else GENESIS
    if not there and first.seq != 1:
        raise _NotNowError("the store has no such session; is it the right store?")
    fork = _fork(held, there) if follows == first.prev_hash else 0
    exactly = fork is None
    new = list(held[max(0, len(there) + 1 - first.seq) :]) if exactly else []
    if fork is not None:
        if held[fork].seq == 1:
            raise _NotNowError("another session stands under the same name")
        new = again(held[fork:], there[-1], now)
    try:
        LiveSession.of([*there, *new])
    except Exception as fault:
        raise _NotNowError(f"it cannot be replayed ({type(fault).__name__})") from fault
    last = new[-1] if new else there[-1]
    body = {
        "event": "rescued",
        "file": file.path.name,
        "sha256": file.digest,
        "entries": len(held),
        "as_written": exactly,
    }
    told = behind(Draft("audit", now, PROGRAM, body), last, max(now, last.recorded_at))
    store.append([*new, told])
    return "as they were entered" if exactly else "behind what was recorded meanwhile"


def _fork(held: Sequence[Entry], there: Sequence[Entry]) -> int | None:
    """The first of the held entries in whose place another one stands; ``None``: there is none."""
    for number, entry in enumerate(held):
        if entry.seq > len(there):
            return None
        if there[entry.seq - 1].hash != entry.hash:
            return number
    return None
