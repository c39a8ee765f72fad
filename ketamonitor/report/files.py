"""Writes a finished report, whole or not at all; what cannot be written is said in one line."""

from __future__ import annotations

from pathlib import Path

from ketamonitor.whole_file import write_whole


class ReportError(Exception):
    """A report that could not be made; the text is one line without patient data."""


def write_atomically(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``: the old file or the whole new one, nothing between.

    Raises :class:`ReportError` when the folder is missing or not writable, or the disk is full.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ReportError(
            f"{path}: cannot be written: {why}. Choose another folder or make room, then try again"
        ) from error
