"""What no other code caught: one line for the user and a place for whoever mends it, no values.

The text of an exception may hold what a patient's record holds, and so may a variable. What is
kept are kinds and places in the code: the chain of exceptions, and for each its calls.
"""

from __future__ import annotations

import errno
import logging
import os
import platform
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from traceback import walk_tb

from ketamonitor import __version__
from ketamonitor.clock import wall

LOG_FILE = "faults.log"
#: Bytes after which the log is begun anew; the one before it is kept.
LARGEST = 500_000

log = logging.getLogger(__name__)


def explained(fault: BaseException, command: str, store: str | None) -> str:
    """One line that says what happened and what to do; the fault is in the log where it can be."""
    if isinstance(fault, MemoryError):
        return "there is not enough memory for this: close other programs and try again"
    if isinstance(fault, OSError) and fault.errno in (errno.EMFILE, errno.ENFILE):
        return "too many files are open on this computer: close other programs and try again"
    if isinstance(fault, OSError) and fault.strerror:
        what = os.fsdecode(fault.filename) if fault.filename else "the output, or a file"
        return f"{what}: {fault.strerror}. {noted(fault, command, store)}"
    kind = type(fault).__name__
    return (
        f"a fault in the program ({kind} in {_place(fault)}); nothing that was recorded is lost."
        f" {noted(fault, command, store)}"
    )


def noted(fault: BaseException, command: str, store: str | None) -> str:
    """Write the fault's kinds and places into the log; says where they are."""
    # Only now: the guard of the window has no use for a database.
    from ketamonitor.store import StoreError, data_folder, default_store_url

    text = "".join(f"{line}\n" for line in report(fault, command, wall()))
    try:
        path = data_folder(store or default_store_url()) / LOG_FILE
        _append(path, text)
    except (OSError, StoreError):
        return f"{_place(fault)} (no log could be written)"
    return f"Send {path} to whoever looks after the program: it names no patient"


def report(fault: BaseException, command: str, at: datetime) -> Iterator[str]:
    """The lines of the log for one fault."""
    yield (
        f"{at.isoformat(timespec='seconds')} ketamonitor {__version__} {command}, Python"
        f" {platform.python_version()}, {platform.system()}"
    )
    one: BaseException | None = fault
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield f"  {type(one).__module__}.{type(one).__name__}"
        for frame, line in walk_tb(one.__traceback__):
            code = frame.f_code
            yield f"    {_file(code.co_filename)}:{line} {code.co_name}"
        one = one.__cause__ or one.__context__


def in_threads(command: str, store: str | None) -> None:
    """What a thread did not catch is one line too."""

    def told(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            log.error("%s", explained(fault.exc_value, command, store))

    threading.excepthook = told


def ready_streams() -> None:
    """Standard input, output and errors are there, also where the caller has closed them.

    The next file that is opened would get the number of a closed one, and whatever a library
    prints would land in it. Letters that an output cannot show are spelled out.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        # print() would take standard output in its place
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _place(fault: BaseException) -> str:
    """Function and line where it happened, for example ``save:142``."""
    steps = list(walk_tb(fault.__traceback__))
    if not steps:
        return "?"
    frame, line = steps[-1]
    return f"{frame.f_code.co_name}:{line}"


def _file(name: str) -> str:
    """A file of the program or a library from its package on: the rest may name a person."""
    parts = Path(name).parts
    for root in ("site-packages", "ketamonitor", "devices", "ui"):
        if root in parts:
            found = parts[len(parts) - 1 - parts[::-1].index(root) :]
            return "/".join(found[root == "site-packages" :])
    return parts[-1] if parts else "?"


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(path.with_name(path.name + ".1"))
    with open(path, "a", encoding="utf-8", opener=_private) as file:
        file.write(text)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
