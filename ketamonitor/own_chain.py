"""A chain of entries that is no session's: the drug ledger, the forms handed in."""

from __future__ import annotations

from datetime import datetime

from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.store import Store, StoreError


def append_after(
    store: Store, name: str, last: Entry | None, draft: Draft, now: datetime, what: str
) -> Entry:
    """Write ``draft`` behind ``last``, the entry it was made from; gives it as it stands on the
    disk. ``what`` names the chain in words.

    Raises :class:`~ketamonitor.store.StoreError`: not retryable where somebody else wrote in
    between, as the draft was made from rows that are no longer so.
    """
    seq, before = (1, GENESIS) if last is None else (last.seq + 1, last.hash)
    row = chain(draft, name, seq, now, before)
    try:
        store.append([row])
    except StoreError as error:
        if error.retryable:
            raise
        raise StoreError(f"{what} just been changed by someone else; look again") from error
    return row
