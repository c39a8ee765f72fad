"""Checking a whole store: the database, its triggers, and the hash chain of every session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ketamonitor.entries import verify_chain
from ketamonitor.store.errors import StoreError
from ketamonitor.store.spans import spans
from ketamonitor.store.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found wrong; ``session`` is empty for the database itself."""

    session: str
    fault: str


def check_store(store: Store) -> Iterator[Finding]:
    """Everything that is wrong with a store, as it is found; nothing if all is as written.

    Damage ends nothing: what can be read of a damaged session is told, and the next one is
    checked. What a hash chain cannot show: entries taken off the end of a session, and a session
    taken away whole.
    """
    try:
        for fault in store.faults():
            yield Finding("", fault)
    except StoreError as error:
        yield Finding("", str(error))
    try:
        sessions = store.session_ids()
    except StoreError as error:
        yield Finding("", f"the list of sessions cannot be read: {error}")
        return
    for session in sessions:
        yield from _session(store, session)


def _session(store: Store, session: str) -> Iterator[Finding]:
    try:
        for fault in verify_chain(session, store.iter_entries(session)):
            yield Finding(session, fault)
    except StoreError as error:
        yield Finding(session, _readable(store, session, error))
        return
    try:
        for seq in store.wrong_tags(session):
            yield Finding(session, f"entry {seq} is counted wrongly in the list of sessions")
    except StoreError as error:
        yield Finding(session, str(error))


def _readable(store: Store, session: str, error: StoreError) -> str:
    try:
        good, bad = store.readable(session)
    except StoreError:
        return f"none of its entries can be found: {error}"
    if not bad:
        return str(error)
    can = f"entries {', '.join(spans(good))} can be read" if good else "no entry can be read"
    return f"{can}, {', '.join(spans(bad))} cannot: {error}"
