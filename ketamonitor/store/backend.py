"""What a kind of database must be able to do for the store; ``sqlite.py`` is the first one."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ketamonitor.store.errors import StoreError

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
        """A new engine; connections are made when first used."""

    def guard(self, connection: Connection) -> None:
        """Put the append-only triggers and the marks of ownership in place (again)."""

    def faults(self, connection: Connection) -> list[str]:
        """What is wrong below the entries: damaged pages, missing triggers; in words."""

    def size(self, connection: Connection) -> int:
        """Bytes that it takes up."""

    def check_place(self) -> None:
        """Raise :class:`StoreError` if what was opened is no longer where it was."""

    def explain(self, error: SQLAlchemyError) -> StoreError:
        """The error in words, without any content of the store."""
