"""Everything that is particular to SQLite: the file, its pragmas, its triggers, its errors."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import platformdirs
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from ketamonitor.store.backend import WRITING
from ketamonitor.store.errors import StoreError
from ketamonitor.store.owner import Row, owner_of
from ketamonitor.store.schema import APPEND_ONLY, REVISIONS

#: "KetM" in the file's header says that the file is ours.
APPLICATION_ID = 0x4B65744D

#: How long a connection waits for another one's write. Short: the recorder keeps what it could
#: not write, says so and tries again, which is better than a recorder that does not answer.
BUSY_S = 2.0

#: Connections of a reading store: one for each thread of a small background pool.
READERS = 4

_LATER, _NEVER = True, False

#: SQLite's primary result code -> (what is wrong and what to do, whether to try again).
_WORDS: dict[int, tuple[str, bool]] = {
    sqlite3.SQLITE_BUSY: ("another program is writing to it; try again in a moment", _LATER),
    sqlite3.SQLITE_LOCKED: ("another program is writing to it; try again in a moment", _LATER),
    sqlite3.SQLITE_FULL: ("the disk is full; make room on it", _LATER),
    sqlite3.SQLITE_IOERR: ("the disk refused it (full or failing); make room or check it", _LATER),
    sqlite3.SQLITE_READONLY: (
        "it may not be written; check the rights on the file and on its folder",
        _LATER,
    ),
    sqlite3.SQLITE_PERM: ("it may not be used; check the rights on the file", _LATER),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened; check that its folder exists and may be written",
        _LATER,
    ),
    sqlite3.SQLITE_NOMEM: ("the computer has no memory left; close other programs", _LATER),
    sqlite3.SQLITE_CORRUPT: (
        "the file is damaged; copy it and what lies beside it to a safe place, then 'ketamonitor"
        " store salvage NEW' saves what can be read into a new store",
        _NEVER,
    ),
    sqlite3.SQLITE_NOTADB: ("it is not a KetaMonitor store; give the path of one", _NEVER),
    sqlite3.SQLITE_CONSTRAINT: ("it is append-only and refused a change", _NEVER),
}


def default_folder() -> Path:
    """The user's data folder of this program; it need not exist."""
    return platformdirs.user_data_path("ketamonitor", appauthor=False)


class Sqlite:
    """A store in one file. Satisfies :class:`ketamonitor.store.backend.Backend`."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._path = path
        self._read_only = read_only
        self._owner = owner_of(path)

    @property
    def place(self) -> str:
        return str(self._path)

    @property
    def read_only(self) -> bool:
        return self._read_only

    def present(self) -> bool:
        """Whether the file is a store of ours, judged by its header alone: nothing is touched.

        It is SQLite that reads the header, never we: closing a descriptor of our own would drop
        the locks of every connection that this process has to the file.
        """
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unreadable(error) from error
        if stat.S_ISDIR(found.st_mode):
            raise StoreError(f"{self.place}: it is a folder; give the path of a file in it")
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{self.place}: it is no ordinary file; give the path of one")
        if not os.access(self._path, os.R_OK):
            raise self._unreadable(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        if not found.st_size:
            return False
        marks = self._marks()
        if marks is None:
            return True  # ours or not, opening it in earnest tells what is wrong
        application, version = marks
        if application != APPLICATION_ID:
            raise StoreError(
                f"{self.place}: it is the database of another program; give another path"
            )
        if version > len(REVISIONS):
            raise StoreError(
                f"{self.place}: it was written by a newer version; install that version to open it"
            )
        return True

    def _marks(self) -> tuple[int, int] | None:
        """Whose database it is, and of which version, by the header in the file: without locks and
        without the log. ``None`` where SQLite cannot say it."""
        uri = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=0)) as connection:
                (application,) = connection.execute("PRAGMA application_id").fetchone()
                (version,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
                raise StoreError(
                    f"{self.place}: it is not a KetaMonitor store (no database); give another path"
                ) from error
            return None
        return application, version

    def _unreadable(self, error: OSError) -> StoreError:
        return StoreError(
            f"{self.place}: it cannot be read ({error.strerror}); check the rights on it",
            retryable=True,
        )

    def create(self) -> None:
        """Make an empty file that only its owner may read: it will hold patients' data.

        Only the program's own data folder is made when it is missing.
        """
        folder = self._path.parent
        try:
            if folder == default_folder():
                folder.mkdir(parents=True, exist_ok=True, mode=stat.S_IRWXU)
            if not folder.is_dir():
                raise StoreError(f"{self.place}: the folder {folder} is missing; make it first")
            self._path.touch(mode=stat.S_IRUSR | stat.S_IWUSR, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.place}: it cannot be made ({error.strerror}); check the rights on the"
                " folder",
                retryable=True,
            ) from error

    def engine(self) -> Engine:
        """One connection for all that write in this process, so that they take turns; some for
        reading."""
        return self._owner.engine(self, self._read_only, self._make)

    def release(self) -> None:
        self._owner.leave(self)

    def _make(self) -> Engine:
        engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=READERS if self._read_only else 1,
            max_overflow=0,
            pool_timeout=BUSY_S,
            hide_parameters=True,
        )
        event.listen(engine, "begin", _begin)
        return engine

    def guard(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version = {len(REVISIONS)}")
        for name, ddl in _triggers().items():
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(ddl)

    def faults(self, connection: Connection) -> list[str]:
        found = [
            f"the file is damaged: {line}"
            for line in connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars()
            if line != "ok"
        ]
        triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        there = {row.name: row.sql for row in connection.exec_driver_sql(triggers)}
        for name, ddl in _triggers().items():
            if there.pop(name, None) != ddl:
                found.append(f"the append-only trigger {name} is missing or changed")
        found += [f"the trigger {name} is not ours" for name in there]
        return found

    def look(self, connection: Connection) -> None:
        """Where the next rows will go: the ends of the tables and of their indexes. It costs the
        same however large the file is."""
        for query in _ENDS:
            connection.exec_driver_sql(query).all()

    def size(self, connection: Connection) -> int:
        pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        page: int = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        return pages * page

    def opened(self) -> None:
        if self._read_only:
            return
        try:
            self._owner.opened(lambda: self._sqlite(f"{self._path.absolute().as_uri()}?mode=ro"))
        except sqlite3.Error as error:
            raise self.explain(DBAPIError(None, None, error)) from error

    def watch(self) -> None:
        """A file that was deleted or replaced, or its log, would take entries and lose them
        unseen."""
        self._owner.watch()

    @property
    def lost(self) -> bool:
        return self._owner.lost

    def renew(self) -> None:
        self._owner.close_all()

    @property
    def recent(self) -> Sequence[Row]:
        return tuple(self._owner.recent)

    def wrote(self, rows: Iterable[Row]) -> None:
        self._owner.recent.extend(rows)

    def mended(self) -> None:
        self._owner.lost = False

    def explain(self, error: SQLAlchemyError) -> StoreError:
        if isinstance(error, PoolTimeout):
            return StoreError(f"{self.place}: it is busy; try again in a moment", retryable=True)
        origin = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(origin, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        name = getattr(origin, "sqlite_errorname", type(origin).__name__)
        if code & 0xFF == sqlite3.SQLITE_CANTOPEN and not _files_left():
            return StoreError(
                f"{self.place}: this program may open no more files; close others, or raise the"
                " limit of open files (ulimit -n)",
                retryable=True,
            )
        text, later = _WORDS.get(
            code & 0xFF, (f"the database refused it ({name}); report this as a fault", _NEVER)
        )
        return StoreError(f"{self.place}: {text}", retryable=later)

    def _sqlite(self, uri: str) -> sqlite3.Connection:
        # isolation_level None: BEGIN is ours (_begin), so that creating tables is one transaction.
        return sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,  # the pool hands it from thread to thread, one at a time
        )

    def _connect(self) -> sqlite3.Connection:
        connection = self._sqlite(self._uri())
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        if self._read_only:
            connection.execute("PRAGMA query_only = ON")
            return
        connection.execute("PRAGMA synchronous = FULL")
        # The write-ahead log begins only once the file is marked as ours: until then a killed
        # creation leaves a file that rolls back to nothing.
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        if mark == APPLICATION_ID:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise StoreError(
                    f"{self.place}: its drive cannot keep a write-ahead log (a network drive?);"
                    " use a local one"
                )

    def _uri(self) -> str:
        uri = self._path.absolute().as_uri()
        if not self._read_only:
            return f"{uri}?mode=rw"
        # Beside a write-ahead log SQLite needs to write even for reading; on a read-only medium
        # without one nobody else can be writing either.
        log = self._path.with_name(self._path.name + "-wal")
        sealed = not os.access(self._path.parent, os.W_OK) and not log.exists()
        return f"{uri}?mode=ro&immutable=1" if sealed else f"{uri}?mode=ro"


def _files_left() -> bool:
    """Whether the process may open one more file: SQLite does not say why it could not."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno not in (errno.EMFILE, errno.ENFILE)
    return True


#: Each reads the newest row, or the last one of an index, of a table that sessions write to.
_ENDS = (
    "SELECT * FROM entries ORDER BY rowid DESC LIMIT 1",
    "SELECT session, seq FROM entries ORDER BY session DESC, seq DESC LIMIT 1",
    "SELECT hash FROM entries ORDER BY hash DESC LIMIT 1",
    "SELECT tag FROM entries WHERE tag IS NOT NULL ORDER BY tag DESC, session DESC LIMIT 1",
    "SELECT * FROM people ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM approvals ORDER BY rowid DESC LIMIT 1",
)


def _begin(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once: a transaction that began as a reader could be
    # refused half-way without waiting.
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _triggers() -> dict[str, str]:
    """Name and text of each trigger. INSERT OR REPLACE fires no delete trigger, hence the third
    kind, which names every way in which a new row could push an old one out (also by rowid)."""
    built: dict[str, str] = {}
    for table, identities in APPEND_ONLY.items():
        name = table.name
        refuse = f"SELECT RAISE(ABORT, '{name} are append-only: a row is never %s')"

        def add(kind: str, head: str, word: str, name: str = name, refuse: str = refuse) -> None:
            trigger = f"{name}_never_{kind}"
            built[trigger] = f"CREATE TRIGGER {trigger} {head} BEGIN {refuse % word}; END"

        add("updated", f"BEFORE UPDATE ON {name}", "changed")
        add("deleted", f"BEFORE DELETE ON {name}", "deleted")
        same = [" AND ".join(f"{c} = NEW.{c}" for c in columns) for columns in identities]
        clash = " OR ".join(
            f"EXISTS (SELECT 1 FROM {name} WHERE {where})" for where in ["rowid = NEW.rowid", *same]
        )
        add("replaced", f"BEFORE INSERT ON {name} WHEN {clash}", "replaced")
    return built
