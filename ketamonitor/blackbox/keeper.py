"""The thread that packs closed parts, hashes them and enters them into the record."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import queue
import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from devices.capture import CaptureError, read_capture
from ketamonitor.blackbox.parts import ClosedPart
from ketamonitor.blackbox.place import PACKED, PLAIN, UNFINISHED, packed_path, part_files
from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.inbox import Written

#: The usual middle: the highest level packs 5 % better and takes four times as long.
LEVEL = 6
CHUNK = 1 << 20

#: Submits drafts to the recorder for a session.
Enter = Callable[[str, Iterable[Draft]], "Future[Written]"]

log = logging.getLogger(__name__)


class Keeper(threading.Thread):
    """Does one thing after the other, in the order asked for, from any thread.

    A disk that refuses costs the packing, or the entry of that part, never the session.
    """

    def __init__(self, enter: Enter, now: Callable[[], datetime]) -> None:
        super().__init__(name="capture-keeper", daemon=True)
        self._enter = enter
        self._now = now
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def keep(self, part: ClosedPart) -> None:
        """Pack the part and enter it with its hash."""
        self._jobs.put(lambda: self._keep(part))

    def adopt(self, session: str, folder: Path, entered: Iterable[str]) -> None:
        """Enter the parts that a kill has left in the folder; ``entered`` names the others.

        To be asked for before new parts are begun in that folder.
        """
        known = frozenset(entered)
        try:
            left = [path for path in part_files(folder) if _stem(path) not in map(_stem_of, known)]
            halves = list(folder.glob(f"*{UNFINISHED}"))
        except FileNotFoundError:
            return  # nothing was kept
        except OSError as error:
            log.error("the raw bytes of before cannot be looked at: %s", error.strerror)
            return
        self._jobs.put(lambda: self._adopt(session, left, halves))

    def then(self, ask: Callable[[], Future[Written]]) -> Future[Written]:
        """What ``ask`` gives, once everything asked for so far has been done."""
        done: Future[Written] = Future()
        self._jobs.put(lambda: _pass_on(ask, done))
        return done

    def stop(self) -> None:
        """Ends the thread when everything asked for has been done, and waits for it."""
        self._jobs.put(None)
        self.join()

    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as fault:  # noqa: BLE001  # the next parts must still be kept
                log.error("program fault while keeping raw bytes: %s", type(fault).__name__)

    def _keep(self, part: ClosedPart) -> None:
        try:
            path = pack(part.path)
            body = entry_body(replace(part, path=path))
        except OSError as error:
            log.error("a part of the raw bytes is not entered: %s", error.strerror)
            return
        draft = Draft("device", self._now(), PROGRAM, body)
        self._enter(part.session, (draft,)).add_done_callback(_log_refusal)

    def _adopt(self, session: str, left: Iterable[Path], halves: Iterable[Path]) -> None:
        for half in halves:  # packing was cut short: the plain file is still there
            with suppress(OSError):
                half.unlink()
        packed = {path.name for path in left if path.name.endswith(PACKED)}
        for path in left:
            if path.name.endswith(PACKED) or packed_path(path).name not in packed:
                self._adopt_one(session, path)
            else:
                # Killed between packing and deleting: the packed one was complete before it
                # got its name.
                with suppress(OSError):
                    path.unlink()

    def _adopt_one(self, session: str, path: Path) -> None:
        try:
            capture = read_capture(path)
        except CaptureError as error:
            log.error("a file among the raw bytes is left alone: %s", error)
            return
        place, pieces = capture.place, capture.pieces
        if place is None or place.session != session:
            log.error("a file among the raw bytes is of another session: %s", path.name)
            return
        first, last = (pieces[0].at, pieces[-1].at) if pieces else (None, None)
        self._keep(ClosedPart(session, place.source, place.part, path, first, last))


def pack(path: Path) -> Path:
    """The packed file in place of the plain one; the plain one where the disk refuses.

    The same content always gives the same file. A file that is packed already stays as it is.
    """
    if not path.name.endswith(PLAIN):
        return path
    packed = packed_path(path)
    unfinished = packed.with_name(packed.name.removesuffix(PACKED) + UNFINISHED)
    try:
        with path.open("rb") as plain, open(unfinished, "wb", opener=_private) as file:
            with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packer:
                shutil.copyfileobj(plain, packer, CHUNK)
            _to_disk(file)
        os.replace(unfinished, packed)
    except OSError as error:
        log.error("raw bytes stay unpacked: %s", error.strerror)
        with suppress(OSError):
            unfinished.unlink()
        return path
    with suppress(OSError):  # else both lie there, which harms nobody
        path.unlink()
    return packed


def entry_body(part: ClosedPart) -> dict[str, Any]:
    """The body of the entry that ties a part to its session. Raises ``OSError``."""
    return {
        "event": "capture",
        "source": part.source,
        "part": part.part,
        "file": part.path.name,
        "sha256": file_hash(part.path),
        "bytes": part.path.stat().st_size,
        "from": part.first.isoformat() if part.first else None,
        "to": part.last.isoformat() if part.last else None,
    }


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file as it lies there. Raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _stem(path: Path) -> str:
    return _stem_of(path.name)


def _stem_of(name: str) -> str:
    return name.removesuffix(PACKED).removesuffix(PLAIN)


def _pass_on(ask: Callable[[], Future[Written]], done: Future[Written]) -> None:
    try:
        waited_for = ask()
    except Exception as fault:
        done.set_exception(fault)  # somebody waits for it
        raise

    def tell(asked: Future[Written]) -> None:
        fault = asked.exception()
        if fault is None:
            done.set_result(asked.result())
        else:
            done.set_exception(fault)

    waited_for.add_done_callback(tell)


def _log_refusal(entered: Future[Written]) -> None:
    fault = entered.exception()
    if fault is not None:
        log.error("a part of the raw bytes was not entered: %s", type(fault).__name__)
