"""Programs as forks of one that has imported everything: each begins in milliseconds.

The one that forks runs no thread and no Qt application, and never has a store open: a fork is then
as good as a start. It ends what it has started by its process id.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ketamonitor.clock import SteadyClock


def imported() -> None:
    """All that the forks will need, once."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a thread would not come along
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import ketamonitor.store.migrate
    import ui.app
    import ui.command
    import ui.main_window

    ui.command.parser()
    assert ketamonitor.store.migrate
    assert ui.app
    assert ui.main_window


@dataclass(slots=True)
class Forked:
    """A program that was forked: its standard output is read line by line, and only whole lines
    were said. Its errors go to a file."""

    pid: int
    output: int
    errors: Path
    lines: list[str] = field(default_factory=list)
    status: int | None = None
    open: bool = True
    _rest: bytes = b""

    def take(self) -> None:
        """One piece of what it says, or its end; waits where there is nothing."""
        piece = os.read(self.output, 65_536)
        if not piece:
            self.open = False
            os.close(self.output)
            return
        *whole, self._rest = (self._rest + piece).split(b"\n")
        self.lines += [line.decode() for line in whole]

    def kill(self) -> None:
        """``kill -9``, and what it had said before."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.reap()
        while self.open:
            self.take()

    def reap(self) -> int:
        """Its exit status, once it has ended."""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status


def heard(
    programs: Sequence[Forked], seconds: float, enough: Callable[[], bool] = lambda: False
) -> None:
    """Read what the programs say for so long, until all have ended, or until it is ``enough``."""
    clock = SteadyClock()
    until = clock.now() + timedelta(seconds=seconds)
    while not enough():
        left = (until - clock.now()).total_seconds()
        speaking = {program.output: program for program in programs if program.open}
        if left <= 0 or not speaking:
            return
        for output in select.select(list(speaking), [], [], left)[0]:
            speaking[output].take()


def forked(program: Callable[[], int], errors: Path) -> Forked:
    """Run the program in a process of its own; its exit status is what it gives."""
    sys.stdout.flush()
    sys.stderr.flush()
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return Forked(pid, read, errors)
    status = 1
    try:
        os.close(read)
        os.dup2(write, 1)
        os.close(write)
        file = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, 2)
        os.close(file)
        # Anew, as what they were before may have been a file that can be gone back in.
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for good
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for good
        status = program()
    except BaseException:  # noqa: BLE001 - a fork must never return into its parent's code
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
