"""Writes a finished file in one step, so that no half file is ever left behind."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


class ReportError(Exception):
    """A report that could not be made; the text is one line without patient data."""


def write_atomically(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``: the old file or the whole new one, nothing between.

    Raises :class:`ReportError` when the folder is missing or not writable, or the disk is full.
    """
    try:
        _write(path, content)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ReportError(
            f"{path}: cannot be written: {why}. Choose another folder or make room, then try again"
        ) from error


def _write(path: Path, content: bytes) -> None:
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    # The temporary file lies in the same folder: a rename over a file system border is a copy.
    handle, name = tempfile.mkstemp(prefix=".report-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o600)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
