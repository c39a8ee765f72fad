"""Reads a file that somebody named, and no more of it than can be one: ``/dev/zero`` has no end."""

from __future__ import annotations

import errno
from pathlib import Path


def bytes_of(path: Path, most: int) -> bytes:
    """All bytes of the file. Raises :class:`OSError`, also where there are more than ``most``."""
    with path.open("rb") as file:
        parts = []
        left = most + 1
        while left and (part := file.read(min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
    if not left:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes: no such file is", str(path))
    return b"".join(parts)
