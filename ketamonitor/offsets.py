"""Which offset was in force when: the hour of the wall clock, over the end of summer time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from ketamonitor.entries import Entry


class Offsets:
    """Of one session. The times of recording have the offset that was in force then; what a
    person entered may have that of when it was prepared."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._from: list[datetime] = []
        self._offsets: list[timedelta] = []
        self._changes: dict[int, timedelta] = {}
        before: datetime | None = None
        for entry in entries:
            offset = entry.recorded_at.utcoffset() or timedelta()
            if not self._offsets or offset != self._offsets[-1]:
                if self._offsets:
                    self._changes[entry.seq] = offset - self._offsets[-1]
                self._from.append(_changed(before, entry.recorded_at))
                self._offsets.append(offset)
            before = entry.recorded_at

    def there(self, moment: datetime) -> datetime:
        """The same moment as the clock on the wall showed it."""
        place = max(0, bisect_right(self._from, moment) - 1)
        return moment.astimezone(timezone(self._offsets[place])) if self._offsets else moment

    def changed_at(self, entry: Entry) -> str | None:
        """In words, where this is the first entry after a change of the offset."""
        moved = self._changes.get(entry.seq)
        if moved is None:
            return None
        minutes = round(abs(moved.total_seconds()) / 60)
        length = f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
        way = "later" if moved > timedelta() else "earlier"
        return f"the same moment is {length} {way} on the clock (UTC{entry.recorded_at:%z})"


def _changed(before: datetime | None, after: datetime) -> datetime:
    """When the offset changed between two records: clocks change at a full hour of UTC."""
    hour = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if before is not None and before < hour else after
