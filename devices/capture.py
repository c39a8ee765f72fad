"""A capture file: every byte to and from a monitor with its time, one JSON object a line.

The first line is the header, ``{"format": "ketamonitor-capture", "version": 1, "driver",
"port_kind", "started_at"}``; it names no port, computer or patient. Then one line for each piece:
``{"t": seconds since started_at, "dir": ..., "hex": ...}`` with ``dir`` ``rx`` (from the monitor),
``tx`` (to it), ``open`` (the port was opened, no bytes) or ``command`` (the name of a command, in
the place where the driver got it). What a monitor sent may hold a patient's name: such a file is
as confidential as the record.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from devices.spec import Command

FORMAT = "ketamonitor-capture"
VERSION = 1
DIRECTIONS = ("open", "rx", "tx", "command")
SECOND = timedelta(seconds=1)

log = logging.getLogger(__name__)


class CaptureError(Exception):
    """A file that is no capture or cannot be written or read; the text says where it is wrong."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that went one way at one moment."""

    at: datetime
    direction: str
    data: bytes


class CaptureWriter:
    """Writes each piece as it comes; after a kill all but the line being written is there.

    Raises :class:`CaptureError` when the file exists or cannot be made. Later errors (disk full)
    must not stop the monitoring: they are kept in :attr:`fault`, for whoever asked for the capture.
    """

    def __init__(self, path: Path, driver: str, port: str, started_at: datetime) -> None:
        self.fault: OSError | None = None
        self._started_at = started_at
        try:
            self._file = path.open("x", encoding="ascii", newline="\n")
        except FileExistsError:
            raise CaptureError(f"{path} exists: choose another name") from None
        except OSError as error:
            raise CaptureError(f"cannot write {path}: {error.strerror}") from error
        kind = port.split("://", 1)[0] if "://" in port else "serial"
        self._line(
            {
                "format": FORMAT,
                "version": VERSION,
                "driver": driver,
                "port_kind": kind,
                "started_at": started_at.isoformat(),
            }
        )

    def __call__(self, direction: str, data: bytes, at: datetime) -> None:
        """One piece; this is the form in which a reader hands its bytes over."""
        seconds = (at - self._started_at) / SECOND
        self._line({"t": round(seconds, 6), "dir": direction, "hex": data.hex()})

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:  # the last flush
            self._fail(error)

    def _line(self, content: dict[str, object]) -> None:
        if self.fault is not None:
            return
        try:
            self._file.write(json.dumps(content) + "\n")
            self._file.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.fault = self.fault or error
        log.error("the capture ends here: %s", error.strerror)


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture that was read: the driver's name, when it began, and its pieces in order."""

    driver: str
    started_at: datetime
    pieces: tuple[Piece, ...]


def read_capture(path: Path) -> Capture:
    """The capture up to its last complete line. Raises :class:`CaptureError`."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise CaptureError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CaptureError(f"{path} is not a capture: it is not plain text") from None
    # what follows the last line feed was being written when the program was killed
    complete = text[: text.rfind("\n") + 1].splitlines()
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
    pieces = tuple(_pieces(path, complete[1:], started_at))
    return Capture(driver, started_at, pieces)


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
    except ValueError:
        raise CaptureError(f"{path} line {number} is not JSON") from None
    if not isinstance(content, dict):
        raise CaptureError(f"{path} line {number} is not a JSON object")
    return content
