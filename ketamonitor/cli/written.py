"""What ``-o FILE`` means in every command: a new file, a file replaced on purpose, or ``-``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ketamonitor.cli.errors import UserError
from ketamonitor.whole_file import refuse_special, write_whole

#: Stands for standard output.
STANDARD = Path("-")


def add_output(
    parser: argparse._ActionsContainer, *, required: bool = True, help: str = "the file to write"
) -> None:
    """``-o FILE``; the command takes ``--force`` by :func:`add_force`."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=required,
        metavar="FILE",
        help=f"{help}; - is standard output",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")


def may_write(path: Path, force: bool) -> bool:
    """Before the work is done: whether the file may be written, and an existing one replaced.

    Without ``--force`` a person at a terminal is asked; nobody else is. True: it may replace what
    stands there. Raises :class:`UserError` for what may not be.
    """
    if path == STANDARD:
        return False
    try:
        refuse_special(path)
        exists = path.exists()
    except OSError as error:
        raise _refused(path, error) from error
    if exists and not force:
        if not _says_yes(path):
            raise UserError(f"{path} exists: choose another name, or replace it with --force")
        return True
    return force


def write_out(path: Path, content: bytes, replace: bool, *, text: bool = False) -> None:
    """The finished content where it belongs. ``text``: it may be shown on a terminal.

    Raises :class:`UserError`.
    """
    if path == STANDARD:
        _to_standard(content, text)
        return
    try:
        write_whole(path, content, replace=replace)
    except OSError as error:
        raise _refused(path, error) from error


def _to_standard(content: bytes, text: bool) -> None:
    if sys.stdout is None:
        raise UserError("there is no standard output to write to")
    if not text and sys.stdout.isatty():
        raise UserError("that is nothing for a terminal: give a file, or send it on with a pipe")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _says_yes(path: Path) -> bool:
    """Asks at the terminal; no answer is no."""
    if sys.stdin is None or sys.stderr is None:
        return False
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{path} exists. Replace it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _refused(path: Path, error: OSError) -> UserError:
    why = error.strerror or type(error).__name__
    return UserError(
        f"{path}: cannot be written: {why}. Choose another folder or make room, then try again"
    )
