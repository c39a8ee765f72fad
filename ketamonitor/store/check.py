"""Checking a whole store: the database, its triggers, and the hash chain of every session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ketamonitor.entries import verify_chain
from ketamonitor.store.errors import StoreError
from ketamonitor.store.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found wrong; ``session`` is empty for the database itself."""

    session: str
    fault: str


def check_store(store: Store) -> Iterator[Finding]:
    """Everything that is wrong with a store, as it is found; nothing if all is as written.

    What a hash chain cannot show: entries taken off the end of a session, and a session taken
    away whole. Raises :class:`StoreError` if the store cannot be read at all.
    """
    for fault in store.faults():
        yield Finding("", fault)
    for session in store.session_ids():
        try:
            for fault in verify_chain(session, store.iter_entries(session)):
                yield Finding(session, fault)
            for seq in store.wrong_tags(session):
                yield Finding(session, f"entry {seq} is counted wrongly in the list of sessions")
        except StoreError as error:
            yield Finding(session, str(error))
