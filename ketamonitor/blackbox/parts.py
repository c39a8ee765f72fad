"""Keeps the bytes of one source in parts, on its reader's thread, whatever the disk does."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from devices.capture import CaptureError, CaptureWriter, Place
from ketamonitor.blackbox.place import last_part, part_path

#: A part is closed when it has grown to so many bytes: packed in a blink, sent in a mail.
PART_BYTES = 4 << 20
#: So much of the disk is left to the record: raw bytes are the first thing to be given up.
RESERVE_BYTES = 64 << 20
#: After a fault it is tried again this much later (session time), when the next bytes come.
TRY_AGAIN = timedelta(seconds=10)

_WORDS = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "no space left on the disk",
    errno.EACCES: "the folder may not be written",
    errno.EPERM: "the folder may not be written",
    errno.EROFS: "the disk may only be read",
    errno.EIO: "the disk is failing",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClosedPart:
    """A part that nothing more is written to; ``first`` and ``last`` are its pieces' times."""

    session: str
    source: str
    part: int
    path: Path
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a part becomes, and how much of the disk is left alone."""

    part_bytes: int = PART_BYTES
    reserve_bytes: int = RESERVE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the bytes belong to; ``after_part`` is the last part that the record knows of."""

    session: str
    source: str
    driver: str
    port: str
    after_part: int = 0


class PartWriter:
    """The tap of one reader (see :data:`devices.reader.Tap`): called on the reader's thread.

    ``closed`` is told of each part that is finished. A disk that refuses ends the keeping, not the
    session: ``tell`` gets ``capture_stopped`` with the reason in words, and ``capture_resumed``
    when it goes on in a new part. :meth:`close` may be called from another thread once the reader
    has ended.
    """

    def __init__(
        self,
        folder: Path,
        origin: Origin,
        closed: Callable[[ClosedPart], None],
        tell: Callable[[str, str, datetime], None],
        limits: Limits | None = None,
    ) -> None:
        self._folder = folder
        self._origin = origin
        self._closed = closed
        self._tell = tell
        self._limits = limits or Limits()
        self._part = max(last_part(folder, origin.source), origin.after_part)
        self._writer: CaptureWriter | None = None
        self._path = folder
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._continues = False
        self._missing_since: datetime | None = None
        self._not_before: datetime | None = None

    def __call__(self, direction: str, data: bytes, at: datetime) -> None:
        writer = self._writer or self._begin(at)
        if writer is None:
            return
        writer(direction, data, at)
        if writer.fault is not None:
            self._finish()
            self._stopped(_words(writer.fault), at)
            return
        self._first, self._last, self._continues = self._first or at, at, True
        if writer.size >= self._limits.part_bytes:
            self._finish()

    def close(self) -> None:
        """The reader has ended: nothing more comes."""
        if self._writer is not None:
            self._finish()

    def _begin(self, at: datetime) -> CaptureWriter | None:
        if self._not_before is not None and at < self._not_before:
            return None
        try:
            writer = self._open(at)
        except CaptureError as error:
            if isinstance(error.fault, FileExistsError):
                self._part += 1  # someone put a file there: the next number is tried
            self._stopped(_words(error.fault), at)
            return None
        except OSError as error:
            self._stopped(_words(error), at)
            return None
        self._writer = writer
        self._part += 1
        self._first = self._last = None
        if self._missing_since is not None:
            self._missing_since = self._not_before = None
            self._tell("capture_resumed", "the raw bytes are kept again", at)
        return writer

    def _open(self, at: datetime) -> CaptureWriter:
        """The next part with its header. Raises ``OSError`` or :class:`CaptureError`."""
        origin = self._origin
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        limits = self._limits
        if shutil.disk_usage(self._folder).free < limits.reserve_bytes + limits.part_bytes:
            raise OSError(errno.ENOSPC, "the rest of the disk is left to the record")
        place = Place(
            session=origin.session,
            source=origin.source,
            part=self._part + 1,
            continues=self._continues,
            missing_since=self._missing_since,
        )
        path = part_path(self._folder, origin.source, place.part)
        writer = CaptureWriter(path, origin.driver, origin.port, at, place)
        if writer.fault is not None:
            writer.close()
            path.unlink()
            raise writer.fault
        self._path = path
        return writer

    def _finish(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        writer.close()
        origin = self._origin
        if self._first is None:  # not one piece got in
            with suppress(OSError):  # it may lie there: it holds nothing
                self._path.unlink()
            self._part -= 1
            return
        self._closed(
            ClosedPart(
                origin.session, origin.source, self._part, self._path, self._first, self._last
            )
        )

    def _stopped(self, why: str, at: datetime) -> None:
        self._not_before = at + TRY_AGAIN
        if self._missing_since is None:
            self._missing_since = at
            log.error("raw bytes of a monitor are not kept: %s", why)
            self._tell("capture_stopped", f"the raw bytes are no longer kept: {why}", at)


def _words(fault: OSError | None) -> str:
    if fault is None:
        return "the file could not be made"
    if isinstance(fault, FileExistsError):
        return "a file of that name lies there already"
    return _WORDS.get(fault.errno or 0, fault.strerror or "the disk refused")
