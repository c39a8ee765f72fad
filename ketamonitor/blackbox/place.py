"""Where the raw bytes of a session lie, and how the files are called. No name tells of a person."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from ketamonitor.store import data_folder

PLAIN, PACKED, UNFINISHED = ".jsonl", ".jsonl.gz", ".jsonl.gz.new"
_NAME = re.compile(r"(?P<label>.+)-(?P<part>\d{4,})\.jsonl(?:\.gz)?")


def captures_folder(store_url: str) -> Path:
    """``KETAMONITOR_CAPTURES`` if set, else ``captures`` beside the store (see
    :func:`ketamonitor.store.data_folder`). Raises :class:`~ketamonitor.store.StoreError`."""
    given = os.environ.get("KETAMONITOR_CAPTURES")
    return Path(given).expanduser() if given else data_folder(store_url) / "captures"


def label(source: str) -> str:
    """A source as part of a file's name; two sources never share one."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", source).lstrip(".")[:40]
    if plain == source:
        return plain
    return f"{plain}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"


def part_path(folder: Path, source: str, part: int) -> Path:
    """The file of a part while it is written."""
    return folder / f"{label(source)}-{part:04}{PLAIN}"


def packed_path(path: Path) -> Path:
    """Where the same part lies once it is packed."""
    return path.with_name(path.name.removesuffix(PLAIN) + PACKED)


def part_of(name: str, source: str) -> int | None:
    """The number of a source's part by its file name; ``None`` for any other file."""
    found = _NAME.fullmatch(name)
    if found is None or found["label"] != label(source):
        return None
    return int(found["part"])


def part_files(folder: Path) -> list[Path]:
    """All files of parts in a session's folder, by name. Raises ``OSError``."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def last_part(folder: Path, source: str) -> int:
    """The highest part of a source that lies in the folder; 0 where there is none."""
    try:
        names = [path.name for path in part_files(folder)]
    except OSError:
        return 0  # no folder yet, or none that can be read: writing says what is wrong
    return max((part_of(name, source) or 0 for name in names), default=0)
