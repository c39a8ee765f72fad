"""Which forms were handed in, in the store: a chain of its own beside those of the sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ketamonitor.entries import Draft, Entry
from ketamonitor.own_chain import append_after
from ketamonitor.store import Store
from ketamonitor.treatment.hand_in import FORMS, HandIns


class FormBook:
    """The rows of forms that were handed in, append-only as the sessions are.

    ``now`` tells the time of writing. For one thread at a time. Every method raises
    :class:`~ketamonitor.store.StoreError` if the store fails.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now

    def hand_ins(self) -> HandIns:
        """What all rows add up to now."""
        return HandIns.of(self._store.entries(FORMS))

    def write(self, draft: Callable[[HandIns, datetime], Draft]) -> Entry:
        """Write what ``draft`` makes of the rows as they are now; the row as it stands on the disk.

        Raises what ``draft`` raises. Not retryable where somebody else wrote meanwhile: the draft
        was made from rows that are no longer so.
        """
        rows = self._store.entries(FORMS)
        now = self._now()
        made = draft(HandIns.of(rows), now)
        last = rows[-1] if rows else None
        return append_after(self._store, FORMS, last, made, now, "the forms have")
