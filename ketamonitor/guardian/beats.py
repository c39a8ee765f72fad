"""What the window tells its guard, a line at a time over a pipe: ids of sessions, no patient data.

``beat ID ...`` each second, ``gone ID`` for a session that could not come back because it had
ended, or that was left by whoever closed the window, ``signals PATH`` for the settings of the
sound. The guard answers each beat with a byte on the window's standard input, so that one that
hangs is noticed, and not only one that has gone.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

#: What an id of a session looks like; nothing else is taken or handed on.
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


#: So many beats without an answer, one a second: the guard hangs.
UNANSWERED = 6
#: What the guard says to each beat.
HERE = b"."


class Beats:
    """The window's end of the pipe. Writing never waits; it is an ``OSError`` where the guard is
    gone, or has read nothing for so long that the pipe is full, and a ``TimeoutError`` where it
    has not answered the last :data:`UNANSWERED` beats at ``answers``."""

    def __init__(self, fd: int, answers: int | None = None) -> None:
        os.set_blocking(fd, False)
        self._fd, self._answers = fd, answers
        self._waiting = 0  # beats that have no answer yet
        if answers is not None:
            # A thread of its own, as not every system can read a pipe without waiting.
            threading.Thread(target=self._listen, name="guard", daemon=True).start()

    @classmethod
    def on_standard_output(cls) -> Beats:
        """The pipe is the process's standard output, which every system hands on to a child; what
        else is printed goes to standard error from now on."""
        sys.stdout.flush()
        made = cls(os.dup(1), 0)
        os.dup2(2, 1)
        return made

    def _listen(self) -> None:
        assert self._answers is not None
        try:
            while os.read(self._answers, 4096):
                self._waiting = 0
        except OSError as error:
            log.warning("the guard's answers cannot be read: %s", error.strerror)

    def beat(self, sessions: Iterable[str]) -> None:
        self._say("beat", *sessions)
        if self._answers is None:
            return
        self._waiting += 1
        if self._waiting > UNANSWERED:
            raise TimeoutError(f"no answer to the last {UNANSWERED} heartbeats")

    def gone(self, session: str) -> None:
        self._say("gone", session)

    def signals(self, path: Path) -> None:
        self._say("signals", str(path))

    def close(self) -> None:
        os.close(self._fd)

    def _say(self, *words: str) -> None:
        os.write(self._fd, (" ".join(words) + "\n").encode())


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the window: ``what`` is ``beat``, ``gone`` or ``signals``."""

    what: str
    sessions: tuple[str, ...] = ()
    path: Path | None = None


def heard(line: str) -> Said | None:
    """What a line says, or ``None`` for one that is not of ours."""
    what, _, rest = line.rstrip("\r\n").partition(" ")
    if what == "signals" and rest:
        return Said(what, path=Path(rest))
    sessions = tuple(rest.split())
    if what in ("beat", "gone") and all(_ID.fullmatch(session) for session in sessions):
        return Said(what, sessions)
    return None
