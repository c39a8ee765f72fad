"""What the window tells its guard, a line at a time over a pipe: ids of sessions, no patient data.

``beat ID ...`` each second, ``gone ID`` for a session that could not come back because it had
ended, or that was left by whoever closed the window, ``signals PATH`` for the settings of the
sound.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: What an id of a session looks like; nothing else is taken or handed on.
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Beats:
    """The window's end of the pipe. Writing never waits; it is an ``OSError`` where the guard is
    gone, or has read nothing for so long that the pipe is full."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd

    @classmethod
    def on_standard_output(cls) -> Beats:
        """The pipe is the process's standard output, which every system hands on to a child; what
        else is printed goes to standard error from now on."""
        sys.stdout.flush()
        made = cls(os.dup(1))
        os.dup2(2, 1)
        return made

    def beat(self, sessions: Iterable[str]) -> None:
        self._say("beat", *sessions)

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
