"""Rescue files: entries that could not be saved when the program ended, for the next start.

JSON lines: one with what the file is, then the entries as they were chained. It holds what a
patient's record holds: only its owner may read it, and its name tells of nobody.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from devices.bounded import bytes_of
from ketamonitor import __version__
from ketamonitor.entries import Entry, as_written
from ketamonitor.store import beside_store

#: Bytes above which a file is no rescued session.
LARGEST = 500_000_000
#: Version of the file's form.
FORM = 1
#: The folder's name behind the store's own.
FOLDER = "-rescue"
#: What is put behind the name of a file whose entries stand in the record.
TAKEN = ".taken-in"


class RescueError(Exception):
    """What could not be kept in a file, or read from one, in one line without any content."""


@dataclass(frozen=True, slots=True)
class Left:
    """Entries of sessions (id: how many) that could not be saved; ``path`` where they are kept,
    or ``None`` where no place would take them; ``fault`` is what the store said."""

    entries: Mapping[str, int]
    path: Path | None
    fault: str

    def words(self) -> str:
        """One line for whoever ended the program."""
        counted = ", ".join(
            f"{count} {'entry' if count == 1 else 'entries'} of session {session}"
            for session, count in sorted(self.entries.items())
        )
        said = f"{counted} could not be saved: {self.fault}."
        if self.path is None:
            return f"{said} NO PLACE WOULD KEEP THEM: write down what you know of the session now"
        return f"{said} They are kept in {self.path}; the next start takes them in"


@dataclass(frozen=True, slots=True)
class Rescued:
    """A rescue file as it was read: each session's entries in order, every one as written."""

    path: Path
    store: str
    digest: str
    sessions: Mapping[str, tuple[Entry, ...]]


class RescueFolders:
    """Where the rescue files of one store may lie on this computer, the best place first: beside
    the store, in the user's folder for the state of programs, in the folder for temporary files."""

    def __init__(self, store_url: str) -> None:
        beside = beside_store(store_url, FOLDER)
        #: The store that the files are of, as they name it.
        self.store = str(beside).removesuffix(FOLDER)
        state = platformdirs.user_state_path("ketamonitor", appauthor=False)
        # Anyone may make a folder among the temporary files: only our own is used (_private).
        user = os.getuid() if hasattr(os, "getuid") else "user"
        self.folders = (
            beside,
            state / "rescue",
            Path(tempfile.gettempdir()) / f"ketamonitor-{user}-rescue",
        )

    def keep(self, entries: Sequence[Entry], now: datetime, before: Path | None = None) -> Path:
        """Write them into the first place that takes them; ``before`` is the file of an earlier
        call, which the new one replaces. Durable on return. Raises :class:`RescueError`."""
        content = _lines(entries, self.store, now)
        name = f"unsaved-{now:%y%m%d-%H%M%S}-{secrets.token_hex(3)}.jsonl"
        faults = []
        for folder in self.folders:
            path = before if before is not None and before.parent == folder else folder / name
            try:
                _private(folder)
                _write(path, content)
            except OSError as error:
                faults.append(f"{folder}: {error.strerror}")
                continue
            if before is not None and before != path:
                before.unlink(missing_ok=True)  # all that it held is in the new one
            return path
        raise RescueError("; ".join(faults))

    def files(self) -> Iterator[Path]:
        """Rescue files that nobody has taken in, the oldest first, each of its owner's own."""
        for folder in self.folders:
            try:
                names = sorted(folder.glob("unsaved-*.jsonl")) if folder.is_dir() else []
                if names:
                    _private(folder)
            except OSError:
                continue  # it is not ours, or no folder of ours can be made there
            yield from names


def read_rescue(path: Path) -> Rescued:
    """Raises :class:`RescueError` where a file is damaged, changed, or of another program."""
    try:
        content = bytes_of(path, LARGEST)
        head, *lines = [json.loads(line) for line in content.splitlines()]
        if head["ketamonitor_rescue"] != FORM or head["entries"] != len(lines):
            raise ValueError("another form, or cut off")
        entries = [msgspec.convert(line, Entry) for line in lines]
    except OSError as error:
        raise RescueError(f"{path}: it cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RescueError(f"{path}: it is no rescue file of ours, or it is damaged") from error
    sessions: dict[str, list[Entry]] = {}
    for entry in entries:
        before = sessions.setdefault(entry.session, [])
        if not as_written(entry) or (
            before and (entry.seq, entry.prev_hash) != (before[-1].seq + 1, before[-1].hash)
        ):
            raise RescueError(
                f"{path}: entry {entry.seq} of session {entry.session} is not as it was written"
            )
        before.append(entry)
    digest = hashlib.sha256(content).hexdigest()
    return Rescued(path, str(head["store"]), digest, {s: tuple(e) for s, e in sessions.items()})


def set_aside(path: Path) -> None:
    """What it holds stands in the record: it is kept, under a name that says so. ``OSError``."""
    path.rename(path.with_name(path.name + TAKEN))


def count(entries: Sequence[Entry]) -> dict[str, int]:
    """How many of each session."""
    return dict(Counter(entry.session for entry in entries))


def _lines(entries: Sequence[Entry], store: str, now: datetime) -> bytes:
    head = {
        "ketamonitor_rescue": FORM,
        "software": __version__,
        "store": store,
        "at": now.isoformat(),
        "entries": len(entries),
    }
    told: list[Mapping[str, Any]] = [
        head,
        *({"session": e.session, **e.as_json()} for e in entries),
    ]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in told)


def _private(folder: Path) -> None:
    """Make the folder for its owner alone; raises ``PermissionError`` for somebody else's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    here = folder.lstat()
    own = not hasattr(os, "getuid") or (
        here.st_uid == os.getuid() and not stat.S_IMODE(here.st_mode) & 0o077
    )
    if not (own and stat.S_ISDIR(here.st_mode)):
        raise PermissionError(1, "the folder is not yours alone")


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, and on the disk when this returns."""
    new = path.with_name(path.name + ".new")
    try:
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(file, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        entry = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)
