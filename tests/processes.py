"""Programs that a test starts: each ends with its test, with all that it has started itself."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen
from typing import Any

from tests.waits import PATIENCE_S

ROOT = Path(__file__).parents[1]
#: The command, as a user calls it.
PROGRAM = (sys.executable, "-m", "ui.command")


@contextmanager
def started(
    words: Sequence[str], *, env: Mapping[str, str] | None = None, errors: int | None = None
) -> Iterator[Popen[str]]:
    """The program, in the checkout's folder, until the block is left; its output is piped.

    It leads a group of its own, and whatever is left of the group then is killed: a window that
    has lost its guard must not outlive the test, nor hold its pipes open.
    """
    program = Popen(
        words,
        stdout=PIPE,
        stderr=errors,
        encoding="utf-8",
        env=env,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield program
    finally:
        end_group(program)


def end_group(program: Popen[Any]) -> None:
    """Kill what is left of the program and its children, and close its pipes."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait(PATIENCE_S)
    for pipe in (program.stdout, program.stderr):
        if pipe is not None:
            pipe.close()


def ran(
    words: Sequence[str], *, env: Mapping[str, str] | None = None, seconds: float = 3 * PATIENCE_S
) -> CompletedProcess[str]:
    """The program run to its end; ``TimeoutExpired`` after so many seconds, with nothing left."""
    with started(words, env=env, errors=PIPE) as program:
        out, errors = program.communicate(timeout=seconds)
    return CompletedProcess(list(words), program.returncode, out, errors)


def stopped(program: Popen[str], how: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
    """Ask the program to end and wait for it; what it still said on output and on errors."""
    program.send_signal(how)
    out, errors = program.communicate(timeout=PATIENCE_S)
    return out or "", errors or ""
