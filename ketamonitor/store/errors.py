"""What goes wrong with a store, as one clear line."""

from __future__ import annotations


class StoreError(Exception):
    """A store that cannot be used as asked; the text says what is wrong and what to do.

    The text never holds anything that is written in the store. ``retryable``: the same call may
    succeed later (disk full, locked, file not writable), so keep what was to be written and try
    again. Otherwise it never will (another entry stands in that place, the file is damaged).
    """

    def __init__(self, text: str, *, retryable: bool = False) -> None:
        super().__init__(text)
        self.retryable = retryable
