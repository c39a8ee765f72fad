"""What the recorder says of time itself: a clock that was set, a standstill, what waits too long.

Pure: each function gives the audit drafts that follow from what is known and what was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.inbox import Waiting

#: Computer seconds by which a tick is late enough to be recorded: nobody judged alarms meanwhile.
LATE_S = 3.0
#: Computer seconds after which what waits is an alarm: what is shown is older than it looks.
BEHIND_S = 3.0
#: The computer's clock has been set when it moves this far from session time, in seconds.
CLOCK_STEP = 2.0
#: Computer seconds of a standstill that must have been sleep for it to be called so.
ASLEEP_S = 1.0


def clock_changed(ahead_s: float, before_s: float, now: datetime) -> Iterator[Draft]:
    """The computer's clock is so far ahead of session time, and was ``before_s`` when last told."""
    if abs(ahead_s - before_s) > CLOCK_STEP:
        body = {"event": "clock_changed", "ahead_s": round(ahead_s, 3)}
        yield Draft("audit", now, PROGRAM, body)


def stood_still(
    late_s: float, slept_s: float, now: datetime, session_s: Callable[[float], float]
) -> Iterator[Draft]:
    """A tick is ``late_s`` seconds of the computer late, ``slept_s`` of which it slept.

    ``session_s`` makes session seconds of them.
    """
    if late_s > LATE_S:
        began = now - timedelta(seconds=session_s(late_s))
        body = {
            "event": "recorder_late",
            "for_s": round(late_s, 1),
            "from": began.isoformat(),
            "to": now.isoformat(),
            "slept": slept_s > ASLEEP_S,
        }
        yield Draft("audit", now, PROGRAM, body)


def held_back(held_s: float, told_s: float, now: datetime) -> Iterator[Draft]:
    """Simulated time was held back for so long in all, ``told_s`` of which is recorded: told from
    one second on and then each time that it has doubled."""
    if held_s >= max(1.0, 2 * told_s):
        yield Draft("audit", now, PROGRAM, {"event": "clock_held", "for_s": round(held_s, 1)})


def behind(
    waiting: Iterable[Waiting],
    known: Mapping[str, datetime],
    now: datetime,
    real: Callable[[float], float],
) -> Iterator[Draft]:
    """What one session's sources have had waiting too long, and which of them have caught up.

    ``known`` holds those of which it was recorded, with since when; ``real`` makes seconds of the
    computer.
    """
    since = {item.source: item.since for item in waiting}
    recorded = dict(known)  # what is given from here on is recorded before the next is asked for
    for source, began in since.items():
        for_s = (now - began).total_seconds()
        if source not in recorded and real(for_s) > BEHIND_S:
            body = {"event": "behind", "source": source, "since": began.isoformat()}
            yield Draft("audit", now, PROGRAM, body)
    for source, began in recorded.items():
        still = since.get(source)
        if still is None or real((now - still).total_seconds()) <= BEHIND_S:
            body = {
                "event": "caught_up",
                "source": source,
                "from": began.isoformat(),
                "to": now.isoformat(),
            }
            yield Draft("audit", now, PROGRAM, body)
