"""A capture file: every byte to and from a monitor with its time, one JSON object a line.

The first line is the header, ``{"format": "ketamonitor-capture", "version": 1, "driver",
"port_kind", "started_at"}``; it names no port, computer or patient. Then one line for each piece:
``{"t": seconds since started_at, "dir": ..., "hex": ...}`` with ``dir`` ``rx`` (from the monitor),
``tx`` (to it), ``open`` (the port was opened, no bytes) or ``command`` (the name of a command, in
the place where the driver got it) or ``stale`` (from the monitor while nobody watched: nobody knows
when, and no decoder got it). ``"simulated": true`` stands in the header where there was no
real monitor. What a monitor sent may hold a patient's name: such a file is
as confidential as the record, and only its owner may read it.

A long capture is cut into parts. The header of each then also has ``session``, ``source``,
``part`` (from 1), ``continues`` (true: the same decoder goes on; false: the monitor was opened
anew by a new reader) and, where pieces between two parts were not kept, ``missing_since``. A part
that is closed may be packed by gzip.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import RawIOBase
from pathlib import Path
from typing import Any

from devices.bounded import bytes_of
from devices.spec import Command

FORMAT = "ketamonitor-capture"
VERSION = 1
DIRECTIONS = ("open", "rx", "tx", "command", "stale")
SECOND = timedelta(seconds=1)
GZIP = b"\x1f\x8b"
#: Bytes above which a file is no capture: a day of the monitor that sends most.
LARGEST = 500_000_000

log = logging.getLogger(__name__)


class CaptureError(Exception):
    """A file that is no capture or cannot be written or read; the text says where it is wrong.

    ``fault`` is what the system said, where it was the system that refused.
    """

    def __init__(self, words: str, fault: OSError | None = None) -> None:
        super().__init__(words)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that went one way at one moment."""

    at: datetime
    direction: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a longer capture a part belongs (see the module's words on parts)."""

    session: str
    source: str
    part: int
    continues: bool
    missing_since: datetime | None = None

    def as_json(self) -> dict[str, object]:
        """The fields of the header."""
        fields: dict[str, object] = {
            "session": self.session,
            "source": self.source,
            "part": self.part,
            "continues": self.continues,
        }
        if self.missing_since is not None:
            fields["missing_since"] = self.missing_since.isoformat()
        return fields


class CaptureWriter:
    """Writes each piece as it comes; after a kill all but the line being written is there.

    ``path`` may be a stream that is open. Raises :class:`CaptureError` when the file exists or
    cannot be made. Later errors (disk full) must not stop the monitoring: they are kept in
    :attr:`fault`, for whoever asked for the capture, and the file ends with its last whole line.
    :attr:`size` is its length in bytes.
    """

    def __init__(
        self,
        path: Path | RawIOBase,
        driver: str,
        port: str,
        started_at: datetime,
        place: Place | None = None,
        *,
        simulated: bool = False,
    ) -> None:
        self.fault: OSError | None = None
        self.size = 0
        self._started_at = started_at
        try:
            self._file = (
                open(path, "xb", buffering=0, opener=_private)  # noqa: SIM115
                if isinstance(path, Path)
                else path
            )
        except FileExistsError as error:
            raise CaptureError(f"{path} exists: choose another name", error) from None
        except OSError as error:
            raise CaptureError(f"cannot write {path}: {error.strerror}", error) from error
        kind = port.split("://", 1)[0] if "://" in port else "serial"
        header = {
            "format": FORMAT,
            "version": VERSION,
            "driver": driver,
            "port_kind": kind,
            "started_at": started_at.isoformat(),
            **({"simulated": True} if simulated else {}),
            **(place.as_json() if place else {}),
        }
        self._line(json.dumps(header))

    def __call__(self, direction: str, data: bytes, at: datetime) -> None:
        """One piece; this is the form in which a reader hands its bytes over."""
        seconds = round((at - self._started_at) / SECOND, 6)
        # Nothing in these three needs escaping; json.dumps would take four times as long.
        self._line(f'{{"t": {seconds!r}, "dir": "{direction}", "hex": "{data.hex()}"}}')

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            self._fail(error)

    def _line(self, text: str) -> None:
        if self.fault is not None:
            return
        line = text.encode("ascii") + b"\n"
        written = 0
        try:
            while written < len(line):  # a disk that is nearly full takes a part of it
                written += self._file.write(line[written:]) or 0
        except OSError as error:
            self._fail(error)
            with suppress(OSError):  # then the half line stays; readers leave it out
                self._file.truncate(self.size)
            return
        self.size += len(line)

    def _fail(self, error: OSError) -> None:
        self.fault = self.fault or error
        log.error("the capture ends here: %s", error.strerror)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture that was read: the driver's name, when it began, and its pieces in order.

    ``place`` is ``None`` for a capture that is not cut into parts. ``damage`` says in words what
    is missing at its end; empty where it is whole. ``simulated``: no real monitor sent it.
    """

    driver: str
    started_at: datetime
    pieces: tuple[Piece, ...]
    place: Place | None = None
    damage: str = ""
    simulated: bool = False


def read_capture(path: Path) -> Capture:
    """The capture up to its last complete line, packed or not. Raises :class:`CaptureError`."""
    try:
        content = bytes_of(path, LARGEST)
    except OSError as error:
        raise CaptureError(f"cannot read {path}: {error.strerror}", error) from error
    return parse_capture(path, content)


def parse_capture(path: Path, content: bytes) -> Capture:
    """The capture in the bytes of a file, which errors call ``path``."""
    damage = ""
    if content.startswith(GZIP):
        content, damage = _unpacked(path, content)
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise CaptureError(f"{path} is not a capture: it is not plain text") from None
    # what follows the last line feed was being written when the program was killed
    end = text.rfind("\n") + 1
    if end < len(text) and not damage:
        damage = f"{path.name} ends within a line: the program was ended while it wrote that line"
    complete = text[:end].splitlines()
    if not complete:
        raise CaptureError(f"{path} is empty or its header is cut off")
    header = _object(path, 1, complete[0])
    if header.get("format") != FORMAT:
        raise CaptureError(f"{path} is not a capture: the first line is not its header")
    if header.get("version") != VERSION:
        raise CaptureError(f"{path} is of a newer version: update this program to read it")
    try:
        driver, started_at = header["driver"], datetime.fromisoformat(header["started_at"])
    except (KeyError, TypeError, ValueError):
        raise CaptureError(f"{path} line 1: the header has no driver or start time") from None
    if not isinstance(driver, str) or started_at.utcoffset() is None:
        raise CaptureError(f"{path} line 1: the driver or the offset of the start time is missing")
    place = _place(path, header)
    pieces = tuple(_pieces(path, complete[1:], started_at))
    simulated = header.get("simulated") is True
    return Capture(driver, started_at, pieces, place, damage, simulated)


def _unpacked(path: Path, content: bytes) -> tuple[bytes, str]:
    """The text of a packed capture; of one that was cut off, as much as there is."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)  # 16: gzip, with its check sum
    try:
        text = unpacker.decompress(content) + unpacker.flush()
    except zlib.error:
        raise CaptureError(
            f"{path} is damaged: it does not unpack; use another copy of it"
        ) from None
    return text, "" if unpacker.eof else f"{path.name} is cut off: its end is missing"


def _place(path: Path, header: Mapping[str, Any]) -> Place | None:
    if "part" not in header:
        return None
    since = header.get("missing_since")
    try:
        place = Place(
            session=header["session"],
            source=header["source"],
            part=header["part"],
            continues=header["continues"],
            missing_since=datetime.fromisoformat(since) if since is not None else None,
        )
    except (KeyError, TypeError, ValueError):
        place = None
    known = place is not None and (str, str, int, bool) == (
        type(place.session),
        type(place.source),
        type(place.part),
        type(place.continues),
    )
    if not known:
        raise CaptureError(
            f"{path} line 1: a part needs session, source, part (a number) and continues"
        )
    return place


def _pieces(path: Path, lines: list[str], started_at: datetime) -> Iterator[Piece]:
    for number, line in enumerate(lines, start=2):
        content = _object(path, number, line)
        try:
            direction = content["dir"]
            if direction not in DIRECTIONS:
                raise ValueError(direction)
            at = started_at + timedelta(seconds=content["t"])
            data = bytes.fromhex(content["hex"])
            if direction == "command":
                Command(data.decode("ascii"))
            yield Piece(at, direction, data)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise CaptureError(
                f"{path} line {number}: needs t (seconds), dir ({', '.join(DIRECTIONS)}) and hex"
            ) from None


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise CaptureError(f"{path} line {number} is not JSON") from None
    if not isinstance(content, dict):
        raise CaptureError(f"{path} line {number} is not a JSON object")
    return content
