"""Opening a store: from a path or address to a checked, upgraded store, or one clear line."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from ketamonitor.store.backend import WRITING, Backend
from ketamonitor.store.errors import StoreError
from ketamonitor.store.schema import REVISIONS
from ketamonitor.store.sqlite import Sqlite, default_folder
from ketamonitor.store.store import Store

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]+):/", re.IGNORECASE)


def default_store_url() -> str:
    """``KETAMONITOR_STORE`` if set, else ``sessions.db`` in the user's data folder."""
    return os.environ.get("KETAMONITOR_STORE") or str(default_folder() / "sessions.db")


def data_folder(url: str | os.PathLike[str]) -> Path:
    """Where files that belong to a store lie on this computer: beside its file, or, for a store
    on a server, in the user's data folder. Raises :class:`StoreError` for an unknown kind."""
    text = os.fspath(url)
    if (scheme := _SCHEME.match(text)) and scheme[1].lower() != "sqlite":
        return default_folder()
    _backend(text, read_only=True)  # says what is wrong with the address
    return Path(re.sub(r"^sqlite:///", "", text, flags=re.IGNORECASE)).expanduser().parent


def beside_store(url: str | os.PathLike[str], suffix: str) -> Path:
    """``sessions.db`` and ``-running``: ``sessions.db-running``, beside the file itself, by
    whichever link it was reached; for a store on a server in the user's data folder. Raises as
    :func:`data_folder`."""
    folder, text = data_folder(url), os.fspath(url)
    if (scheme := _SCHEME.match(text)) and scheme[1].lower() != "sqlite":
        return folder / f"{scheme[1].lower()}{suffix}"
    file = (folder / Path(text).name).resolve()
    return file.with_name(file.name + suffix)


def store_exists(url: str | os.PathLike[str]) -> bool:
    """Whether there is a store at all; touches nothing. Raises :class:`StoreError` as
    :func:`open_store` does where what is there is not ours."""
    return _backend(os.fspath(url), read_only=True).present()


def open_store(
    url: str | os.PathLike[str], *, create: bool = True, read_only: bool = False
) -> Store:
    """Open the store at a path or ``sqlite:///PATH``; make it if it is missing and ``create``.

    An older store is upgraded, unless ``read_only``. Raises :class:`StoreError`; a file that is
    not ours is never written to.
    """
    backend = _backend(os.fspath(url), read_only=read_only)
    if not backend.present():
        if read_only or not create:
            raise StoreError(f"{backend.place}: there is no store here; check the path")
        backend.create()
    engine = backend.engine()
    try:
        _bring_up(backend, engine)
        backend.opened()
    except SQLAlchemyError as error:
        backend.release()
        raise backend.explain(error) from error
    except BaseException:
        backend.release()
        raise
    return Store(backend, engine)


def _backend(url: str, *, read_only: bool) -> Backend:
    scheme = _SCHEME.match(url)
    if scheme is None:
        return _sqlite(url, read_only)
    name = scheme[1].lower()
    if name != "sqlite":
        raise StoreError(f"no store of the kind '{name}:' is known; give a path or sqlite:///PATH")
    if not url[len("sqlite") :].startswith(":///"):
        raise StoreError(f"{url}: no path in it; write sqlite:///PATH")
    return _sqlite(url[len("sqlite:///") :], read_only)


def _sqlite(path: str, read_only: bool) -> Backend:
    if not path.strip() or path == ":memory:" or "\x00" in path:
        raise StoreError("a store needs the path of a file; give one")
    file = Path(path).expanduser()
    return Sqlite(file, read_only=read_only)


def _bring_up(backend: Backend, engine: Engine) -> None:
    """Make sure that the tables are those of this version. Raises :class:`StoreError`."""
    with engine.connect() as connection:
        revision = _revision(connection)
    if revision == REVISIONS[-1]:
        if not backend.read_only:
            _check_writable(engine)
            with engine.connect() as connection:
                backend.look(connection)
        return
    if revision is not None and revision not in REVISIONS:
        raise StoreError(
            f"{backend.place}: it was written by a newer version; install that version to open it"
        )
    if backend.read_only:
        raise StoreError(
            f"{backend.place}: it is of an older version; run 'ketamonitor store upgrade' first"
        )
    _upgrade(backend, engine)


def _revision(connection: Connection) -> str | None:
    """Alembic's mark of the tables' version; ``None`` where there are no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return revision


def _check_writable(engine: Engine) -> None:
    with engine.connect().execution_options(**{WRITING: True}) as connection:
        connection.begin().rollback()


def _upgrade(backend: Backend, engine: Engine) -> None:
    """Make or upgrade the tables in one transaction, so that a killed upgrade changes nothing."""
    from ketamonitor.store.migrate import upgrade  # Alembic takes 0.3 s to import

    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        if _revision(connection) != REVISIONS[-1]:  # another process may have been quicker
            upgrade(connection)
            backend.guard(connection)
    engine.dispose()  # the next connection knows that the file is ours, and begins the log
    _check_writable(engine)
