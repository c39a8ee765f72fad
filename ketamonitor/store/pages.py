"""Rows out of the pages of a SQLite file, whatever else of it is damaged.

Nothing here asks SQLite: a file whose header, schema or inner pages are gone still has its rows in
leaf pages, each on its own. Source: "Database File Format" of SQLite (sections 1.5, 1.6, 2.1, 4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096
LEAF = 0x0D
WAL_HEADER, FRAME_HEADER = 32, 24
WAL_MAGIC = (0x377F0682, 0x377F0683)
#: No row of ours comes near it: a length beyond is damage.
LONGEST_ROW = 64 * 1024 * 1024

Value = None | int | float | str | bytes
Values = tuple[Value, ...]


class _BadRowError(Exception):
    """A cell that cannot be read."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a file by number, and those in its log: the newest last."""

    size: int
    main: Mapping[int, bytes]
    log: Mapping[int, Sequence[bytes]]
    unread: int = 0

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        """Every page that could hold rows of a table, those of the file first."""
        for number, page in self.main.items():
            yield number, page
        for number, pages in self.log.items():
            for page in pages:
                yield number, page

    def versions(self, number: int) -> list[bytes]:
        """What stands for that page, the newest first."""
        found = list(reversed(self.log.get(number, ())))
        return [*found, *([self.main[number]] if number in self.main else [])]


def read_pages(path: Path, log: Path) -> Pages:
    """The pages of a file that no connection of this process has open. What the disk will not give
    counts in ``unread``. Raises ``OSError`` where the file cannot be opened at all."""
    data, unread = _bytes_of(path)
    size = _page_size(data)
    main = {
        at // size + 1: data[at : at + size]
        for at in range(0, len(data), size)
        if any(data[at : at + size])
    }
    frames: dict[int, list[bytes]] = {}
    if log.exists():
        written, missing = _bytes_of(log)
        unread += missing
        for number, page in _frames(written, size):
            frames.setdefault(number, []).append(page)
    return Pages(size, main, frames, unread)


def rows(pages: Pages, columns: int) -> Iterator[tuple[Values, ...]]:
    """Each row of so many columns, as the versions that it may have: where a part of it lies on
    pages of its own, the file and the log may tell differently. The same row can come twice."""
    for number, page in pages.leaves():
        for cell in _cells(number, page):
            found = tuple(_versions(pages, page, cell, columns))
            if found:
                yield found


def _bytes_of(path: Path) -> tuple[bytes, int]:
    blocks, unread = [], 0
    with path.open("rb", buffering=0) as file:
        length = file.seek(0, 2)
        for at in range(0, length, PAGE):
            want = min(PAGE, length - at)
            try:
                file.seek(at)
                block = file.read(want) or b""
            except OSError:  # a sector that cannot be read: the others still can
                block, unread = b"", unread + 1
            blocks.append(block.ljust(want, b"\0"))
    return b"".join(blocks), unread


def _page_size(data: bytes) -> int:
    """What the header says, where it can be so; else what every store of ours has."""
    if len(data) < 18 or not data.startswith(b"SQLite format 3\0"):
        return PAGE
    (told,) = struct.unpack(">H", data[16:18])
    size = 65536 if told == 1 else told
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else PAGE


def _frames(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    if len(data) < WAL_HEADER or struct.unpack(">I", data[:4])[0] not in WAL_MAGIC:
        return
    step = FRAME_HEADER + size
    for at in range(WAL_HEADER, len(data) - step + 1, step):
        (number,) = struct.unpack(">I", data[at : at + 4])
        if number:
            yield number, data[at + FRAME_HEADER : at + step]


def _cells(number: int, page: bytes) -> Iterator[int]:
    """Where the cells of a leaf begin; none where the page is no leaf of a table."""
    head = 100 if number == 1 else 0
    if len(page) < head + 8 or page[head] != LEAF:
        return
    (count,) = struct.unpack(">H", page[head + 3 : head + 5])
    for place in range(head + 8, min(head + 8 + 2 * count, len(page) - 1), 2):
        (cell,) = struct.unpack(">H", page[place : place + 2])
        if head + 8 <= cell < len(page):
            yield cell


def _versions(pages: Pages, page: bytes, cell: int, columns: int) -> Iterator[Values]:
    try:
        length, at = _varint(page, cell)
        _, at = _varint(page, at)
        if not 0 < length <= LONGEST_ROW:
            return
        usable = len(page)
        local = _local(length, usable)
        payload = page[at : at + local]
        if len(payload) < local:
            return
        if local == length:
            whole: list[bytes] = [payload]
        else:
            (more,) = struct.unpack(">I", page[at + local : at + local + 4])
            newest = _overflow(pages, more, length - local, usable, newest=True)
            oldest = _overflow(pages, more, length - local, usable, newest=False)
            whole = [payload + rest for rest in dict.fromkeys((newest, oldest)) if rest is not None]
    except (_BadRowError, struct.error):
        return
    for one in whole:
        try:
            values = _record(one)
        except (_BadRowError, struct.error, UnicodeDecodeError):
            continue
        if len(values) == columns:
            yield values


def _local(length: int, usable: int) -> int:
    """How much of a payload lies on the leaf itself (format, section 1.6)."""
    most = usable - 35
    if length <= most:
        return length
    least = (usable - 12) * 32 // 255 - 23
    kept = least + (length - least) % (usable - 4)
    return kept if kept <= most else least


def _overflow(pages: Pages, number: int, length: int, usable: int, *, newest: bool) -> bytes | None:
    parts, seen = [], set()
    while length > 0:
        found = pages.versions(number)
        if not found or number in seen:
            return None
        seen.add(number)
        page = found[0 if newest else -1]
        part = page[4 : 4 + min(length, usable - 4)]
        parts.append(part)
        length -= len(part)
        (number,) = struct.unpack(">I", page[:4])
    return b"".join(parts)


_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _record(payload: bytes) -> Values:
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in _INTEGERS:
        width = _INTEGERS[kind]
        return int.from_bytes(_take(payload, at, width), "big", signed=True), at + width
    if kind == 7:
        number: float = struct.unpack(">d", _take(payload, at, 8))[0]
        return number, at + 8
    if kind < 12:
        raise _BadRowError
    width = (kind - 12) // 2
    raw = _take(payload, at, width)
    return (raw.decode() if kind % 2 else raw), at + width


def _take(payload: bytes, at: int, width: int) -> bytes:
    raw = payload[at : at + width]
    if len(raw) < width:
        raise _BadRowError
    return raw


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(9):
        if at + place >= len(data):
            raise _BadRowError
        byte = data[at + place]
        if place == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + place + 1
    raise _BadRowError
