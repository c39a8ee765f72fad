"""Reading the black box again: are the files as they were, and which bytes made a reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from devices.capture import Capture, CaptureError, Piece, parse_capture, read_capture
from devices.parts import Joined, join, play
from devices.reading import Reading
from devices.registry import UnknownDriverError, driver
from devices.replay import Traced, received_at
from devices.spec import Output
from ketamonitor.arrivals import draft_of
from ketamonitor.blackbox.keeper import file_hash
from ketamonitor.blackbox.place import part_files, part_of
from ketamonitor.entries import Entry

#: So much before a reading is shown with it (session time).
BEFORE = timedelta(seconds=1)


class LookError(Exception):
    """What was asked for cannot be shown; the text is one line that says why."""


@dataclass(frozen=True, slots=True)
class Tied:
    """A part as the record knows it; ``seq`` is the entry that says so."""

    seq: int
    source: str
    part: int
    file: str
    sha256: str

    def fault(self, folder: Path) -> str:
        """What is wrong with the file, in words; empty when it is as it was entered."""
        name = f"part {self.part} of {self.source} ({self.file})"
        try:
            same = file_hash(folder / self.file) == self.sha256
        except FileNotFoundError:
            return f"{name} is missing from {folder}"
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}"
        return "" if same else f"{name} is not as it was entered: it has been changed"


def tied_parts(entries: Iterable[Entry]) -> list[Tied]:
    """The parts that a session's entries name, in their order."""
    found = []
    for entry in entries:
        body = entry.body
        if entry.kind == "device" and body.get("event") == "capture":
            found.append(
                Tied(entry.seq, body["source"], body["part"], body["file"], body["sha256"])
            )
    return found


def faults(folder: Path, entries: Iterable[Entry]) -> list[str]:
    """What is wrong with the files of a session's raw bytes, in words."""
    return [fault for tied in tied_parts(entries) if (fault := tied.fault(folder))]


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of one source. ``files`` names the file of each part by its number."""

    joined: Joined
    files: dict[int, str]
    untied: frozenset[int]


def kept_of(folder: Path, entries: Sequence[Entry], source: str) -> Kept:
    """A source's parts, as far as they are as they were entered; the others are told of.

    Parts that no entry names (the session goes on, or was killed) are taken as they lie there.
    Raises :class:`LookError` where there is nothing, or it cannot be put together.
    """
    captures: list[Capture] = []
    gone: dict[int, str] = {}
    files: dict[int, str] = {}
    for tied in tied_parts(entries):
        if tied.source != source:
            continue
        files[tied.part] = tied.file
        try:
            content = (folder / tied.file).read_bytes()
            if sha256(content).hexdigest() != tied.sha256:
                gone[tied.part] = f"{tied.fault(folder)}, and is left out"
                continue
            captures.append(parse_capture(folder / tied.file, content))
        except OSError:
            gone[tied.part] = tied.fault(folder)
        except CaptureError as error:
            gone[tied.part] = str(error)
    untied = {}
    for number, path in _others(folder, source, set(files)):
        untied[number] = path.name
        try:
            captures.append(read_capture(path))
        except CaptureError as error:
            gone[number] = str(error)
    if not captures and not gone:
        raise LookError(f"no bytes of {source} are kept in {folder}")
    try:
        joined = join(captures, gone)
    except CaptureError as error:
        raise LookError(str(error)) from None
    return Kept(joined, {**files, **untied}, frozenset(untied))


def _others(folder: Path, source: str, tied: set[int]) -> list[tuple[int, Path]]:
    """The source's parts that no entry names; of one that is there twice the packed one."""
    try:
        paths = part_files(folder)
    except OSError:
        return []
    found: dict[int, Path] = {}
    for path in paths:  # by name: .jsonl before .jsonl.gz
        number = part_of(path.name, source)
        if number is not None and number not in tied:
            found[number] = path
    return sorted(found.items())


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading of the record as bytes.

    ``pieces`` are those shortly before it; ``own`` of them are those it came from. ``again`` is
    what they decode to now, and ``same`` whether that is what the record holds.
    """

    entry: Entry
    file: str
    tied: bool
    pieces: tuple[Piece, ...]
    own: frozenset[int]
    again: Output
    same: bool
    warnings: tuple[str, ...]


def show(folder: Path, entries: Sequence[Entry], seq: int) -> Shown:
    """The bytes of entry ``seq``. Raises :class:`LookError`."""
    entry = next((one for one in entries if one.seq == seq), None)
    if entry is None:
        raise LookError(f"the session has no entry {seq}: it has 1 to {len(entries)}")
    source, at = _origin(entry)
    kept = kept_of(folder, entries, source)
    try:
        spec = driver(kept.joined.driver)
    except UnknownDriverError as error:
        raise LookError(str(error)) from None
    warnings = (*kept.joined.missing, *kept.joined.notes)
    then = [t for t in play(spec, kept.joined, source) if received_at(t.output) == at]
    part = _part_at(kept.joined, at)
    if part is None or not then:
        why = f" ({'; '.join(warnings)})" if warnings else ""
        raise LookError(f"the bytes of entry {seq} are not kept{why}")
    traced = min(then, key=lambda t: _likeness(t, entry))
    number = part.place.part if part.place else 1
    pieces, own = _around(kept.joined, traced, at)
    return Shown(
        entry,
        kept.files.get(number, ""),
        number not in kept.untied,
        pieces,
        own,
        traced.output,
        draft_of(traced.output).body == entry.body,
        warnings,
    )


def _origin(entry: Entry) -> tuple[str, datetime]:
    """Source of an entry and when its last byte arrived. Raises :class:`LookError`."""
    body = entry.body
    if entry.kind == "reading":
        if body["source"] == "manual" or "manual" in body.get("flags", ()):
            raise LookError(f"entry {entry.seq} was typed by hand: no bytes belong to it")
        return body["source"], datetime.fromisoformat(body["received_at"])
    if entry.kind == "device" and "raw" in body:
        return body["source"], entry.at
    raise LookError(f"entry {entry.seq} is no reading of a monitor: no bytes belong to it")


def _part_at(joined: Joined, at: datetime) -> Capture | None:
    for part in joined.parts:
        if any(piece.at == at and piece.direction == "rx" for piece in part.pieces):
            return part
    return None


def _likeness(traced: Traced, entry: Entry) -> int:
    """0 for the very same, then for the same metrics, then for anything of that moment."""
    body = draft_of(traced.output).body
    if body == entry.body:
        return 0
    of_a_kind = isinstance(traced.output, Reading) == (entry.kind == "reading")
    alike = of_a_kind and body.get("values", {}).keys() == entry.body.get("values", {}).keys()
    return 1 if alike else 2


def _around(
    joined: Joined, traced: Traced, at: datetime
) -> tuple[tuple[Piece, ...], frozenset[int]]:
    everything = [piece for part in joined.parts for piece in part.pieces]
    end = max(i for i, piece in enumerate(everything) if piece is traced.pieces[-1]) + 1
    start = end
    first = min(traced.pieces[0].at, at - BEFORE)
    while start > 0 and everything[start - 1].at >= first:
        start -= 1
    shown = everything[start:end]
    own = frozenset(
        i for i, piece in enumerate(shown) if any(piece is mine for mine in traced.pieces)
    )
    return tuple(shown), own
