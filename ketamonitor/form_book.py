"""Which forms were handed in, in the store: a chain of its own beside those of the sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.store import Store, StoreError
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
        seq, before = (rows[-1].seq + 1, rows[-1].hash) if rows else (1, GENESIS)
        row = chain(made, FORMS, seq, now, before)
        try:
            self._store.append([row])
        except StoreError as error:
            if error.retryable:
                raise
            raise StoreError(
                "the forms have just been changed by someone else; look again"
            ) from error
        return row
