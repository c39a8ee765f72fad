"""What a kind of database must be able to do for the store; ``sqlite.py`` is the first one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ketamonitor.store.errors import StoreError
from ketamonitor.store.owner import Row

#: Execution option of a connection that will write: it takes the write lock at its beginning.
WRITING = "ketamonitor_writing"


class Backend(Protocol):
    """One place (a file, a server) with one way of using it, reading or writing."""

    @property
    def place(self) -> str:
        """Where the store is, for messages; holds no secret."""

    @property
    def read_only(self) -> bool:
        """Whether its connections can only read."""

    def present(self) -> bool:
        """Whether there is something of ours; writes nothing. Raises :class:`StoreError` when
        what is there belongs to someone else or to a newer version."""

    def create(self) -> None:
        """Make the empty place. Raises :class:`StoreError`."""

    def engine(self) -> Engine:
        """The engine; connections are made when first used."""

    def opened(self) -> None:
        """The tables stand and the first connection with them. Raises :class:`StoreError`."""

    def release(self) -> None:
        """This user needs it no more."""

    def guard(self, connection: Connection) -> None:
        """Put the append-only triggers and the marks of ownership in place (again)."""

    def faults(self, connection: Connection) -> list[str]:
        """What is wrong below the entries: damaged pages, missing triggers; in words."""

    def look(self, connection: Connection) -> None:
        """A quick look at opening whether what will be written to is sound. Raises database
        errors."""

    def size(self, connection: Connection) -> int:
        """Bytes that it takes up."""

    def watch(self) -> None:
        """Raise :class:`StoreError` if what was opened is no longer where it was."""

    @property
    def lost(self) -> bool:
        """Whether what was written last went to where nobody will look for it."""

    def renew(self) -> None:
        """After a loss: close every connection; the next ones are new. Raises
        :class:`StoreError` while one is in use."""

    @property
    def recent(self) -> Sequence[Row]:
        """What was written last, in order."""

    def wrote(self, rows: Iterable[Row]) -> None:
        """Remember rows that have just been written."""

    def mended(self) -> None:
        """All of :attr:`recent` stands in the store."""

    def explain(self, error: SQLAlchemyError) -> StoreError:
        """The error in words, without any content of the store."""
