"""How tests wait: for a condition, bounded in time and not in looks.

The bounds are what nobody waits for: a busy computer is slow, and that is no fault of the program.
What must not happen is tested in counted time (:mod:`tests.fakes`), not by waiting a while for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from ketamonitor.clock import SteadyClock

#: Seconds of the computer before a test gives up.
PATIENCE_S = 60.0
PATIENCE_MS = 60_000
LOOK_S = 0.01


def until(
    ready: Callable[[], object],
    why: str = "it never came",
    seconds: float = PATIENCE_S,
    *,
    turn: Callable[[], object] | None = None,
) -> None:
    """Return as soon as ``ready`` holds; ``AssertionError`` with ``why`` after so many seconds.

    ``turn`` is done between two looks instead of a short pause (an event loop's turn).
    """
    clock, pause = SteadyClock(), threading.Event()
    latest = clock.now() + timedelta(seconds=seconds)
    while not ready():
        if clock.now() > latest:
            raise AssertionError(f"{why} ({seconds:g} s)")
        if turn is None:
            pause.wait(LOOK_S)
        else:
            turn()
