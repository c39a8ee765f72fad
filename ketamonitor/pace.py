"""How often a sender speaks of one metric, as observed: what its values age by."""

from __future__ import annotations

import heapq
from collections import deque
from datetime import datetime, timedelta

#: So long back the gaps between two words are looked at, and so many of them are needed.
LOOKED_AT = timedelta(minutes=3)
ENOUGH = 3


class Pace:
    """Told of each word of one sender on one metric, a value or the word that there is none.

    The pace is the second longest of the last minutes' gaps, in the times of measurement or of
    arrival, whichever are longer: one hiccup says nothing, and who sends a minute's values at once
    speaks once a minute.
    """

    def __init__(self) -> None:
        # The longest gap that ended in each second: a flood of words costs no more memory than a
        # word a second does, and is reckoned up no more often.
        self._gaps: deque[tuple[datetime, float]] = deque()
        self._last: tuple[datetime, datetime] | None = None
        self._known: float | None = None

    def word(self, measured: datetime, came: datetime) -> float | None:
        """The pace in seconds after this word; ``None`` while too few have come to tell."""
        if self._last is None:
            self._last = (measured, came)
            return None
        gap = max(
            (measured - self._last[0]).total_seconds(), (came - self._last[1]).total_seconds()
        )
        self._last = (max(measured, self._last[0]), max(came, self._last[1]))
        if self._gaps and came - self._gaps[-1][0] < timedelta(seconds=0.5):
            second, before = self._gaps[-1]
            if gap > before:
                self._gaps[-1] = (second, gap)
                self._known = self._reckoned()
            return self._known
        self._gaps.append((came, gap))
        while came - self._gaps[0][0] > LOOKED_AT:
            self._gaps.popleft()
        self._known = self._reckoned()
        return self._known

    def _reckoned(self) -> float | None:
        if len(self._gaps) < ENOUGH:
            return None
        return max(0.0, heapq.nlargest(2, (gap for _, gap in self._gaps))[-1])
