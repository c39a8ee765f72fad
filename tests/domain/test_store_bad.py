"""Places that cannot be used as a store: each gives one clear line, and stays as it was."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ketamonitor.store import StoreError, default_store_url, open_store
from tests.domain.stored import chained, started
from tests.processes import ran

ROOT = Path(__file__).parents[2]


def text_file(path: Path) -> None:
    path.write_text("a shopping list " * 20, encoding="utf-8")


def short_file(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00")


def binary_file(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def folder(path: Path) -> None:
    path.mkdir()


def someone_elses(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE contacts (name TEXT)")
        connection.execute("PRAGMA application_id = 252006674")
    connection.close()


def nameless(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE entries (session TEXT, seq INTEGER)")
    connection.close()


def ours(path: Path) -> None:
    with open_store(path) as store:
        store.append(chained([started()]))


def newer_file(path: Path) -> None:
    ours(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def newer_tables(path: Path) -> None:
    ours(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '0099'")
    connection.commit()
    connection.close()


def torn_file(path: Path) -> None:
    ours(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\x55" * (len(content) - 4096))


BAD_FILES: list[tuple[Callable[[Path], None], str]] = [
    (text_file, "it is not a KetaMonitor store (no database); give another path"),
    (short_file, "it is not a KetaMonitor store (no database); give another path"),
    (binary_file, "it is not a KetaMonitor store (no database); give another path"),
    (folder, "it is a folder; give the path of a file in it"),
    (someone_elses, "it is the database of another program; give another path"),
    (nameless, "it is the database of another program; give another path"),
    (newer_file, "it was written by a newer version; install that version to open it"),
    (newer_tables, "it was written by a newer version; install that version to open it"),
    (
        torn_file,
        "the file is damaged; copy it and what lies beside it to a safe place, then 'ketamonitor"
        " store salvage NEW' saves what can be read into a new store",
    ),
]


@pytest.mark.parametrize("read_only", [False, True], ids=["write", "read"])
@pytest.mark.parametrize(("make", "text"), BAD_FILES, ids=[make.__name__ for make, _ in BAD_FILES])
def test_a_bad_file_is_named_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], text: str, read_only: bool
) -> None:
    path = tmp_path / "store.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(StoreError) as caught:
        open_store(path, read_only=read_only)

    assert str(caught.value) == f"{path}: {text}"
    assert not caught.value.retryable
    if before is not None:
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (
            "postgresql://keeper:secret@host/db",
            "no store of the kind 'postgresql:' is known; give a path or sqlite:///PATH",
        ),
        ("http://host/x", "no store of the kind 'http:' is known; give a path or sqlite:///PATH"),
        ("sqlite://x.db", "sqlite://x.db: no path in it; write sqlite:///PATH"),
        ("sqlite:///", "a store needs the path of a file; give one"),
        (":memory:", "a store needs the path of a file; give one"),
        ("", "a store needs the path of a file; give one"),
    ],
)
def test_an_address_that_cannot_be_a_store(url: str, text: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert str(caught.value) == text


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none" / "store.db"
    with pytest.raises(StoreError, match=r"none is missing; make it first$"):
        open_store(path)
    assert not path.parent.exists()


@pytest.mark.parametrize("how", [{"read_only": True}, {"create": False}])
def test_a_missing_store_is_not_made_for_reading(tmp_path: Path, how: dict[str, bool]) -> None:
    with pytest.raises(StoreError, match=r"there is no store here; check the path$"):
        open_store(tmp_path / "store.db", **how)
    assert list(tmp_path.iterdir()) == []


def test_the_default_folder_is_made_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KETAMONITOR_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    open_store(default_store_url()).close()
    made = tmp_path / "ketamonitor" / "sessions.db"
    if os.name == "posix" and sys.platform != "darwin":
        assert made.stat().st_mode & 0o777 == 0o600
        assert made.parent.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("KETAMONITOR_STORE", "sqlite:///elsewhere.db")
    assert default_store_url() == "sqlite:///elsewhere.db"


AS_NOBODY = """
import os, sys
import ketamonitor.store.migrate  # all that is needed, before another user cannot read it
from ketamonitor.store import StoreError, open_store
path, read_only = sys.argv[1], sys.argv[2] == "read"
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
try:
    with open_store(path, read_only=read_only) as store:
        print("opened", len(store.sessions()))
except StoreError as error:
    print(error.retryable, error)
"""


@pytest.mark.skipif(os.name != "posix", reason="rights are set otherwise on Windows")
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "how", "text"),
    [
        (
            0o555,
            0o444,
            "write",
            "True {path}: it may not be written; check the rights on the file and on its folder",
        ),
        (
            0o777,
            0o000,
            "write",
            "True {path}: it cannot be read (Permission denied); check the rights on it",
        ),
        (
            0o555,
            None,
            "write",
            "True {path}: it cannot be made (Permission denied); check the rights on the folder",
        ),
        (0o555, 0o444, "read", "opened 1"),
    ],
    ids=["read-only", "unreadable", "folder read-only", "reading a read-only one"],
)
def test_rights(folder_mode: int, file_mode: int | None, how: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        home = Path(above, "home")
        home.mkdir()
        path = home / "store.db"
        if file_mode is not None:
            ours(path)
            path.chmod(file_mode)
        home.chmod(folder_mode)
        done = ran([sys.executable, "-c", AS_NOBODY, str(path), how])
        home.chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.strip() == text.format(path=path)


NO_MORE_FILES = """
import os, resource, sys
from ketamonitor.store import StoreError, open_store
open_store(sys.argv[1]).close()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
try:
    open_store(sys.argv[1])
except StoreError as error:
    print(error.retryable, error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of open files are POSIX's")
def test_too_few_file_handles_are_named_as_the_reason(tmp_path: Path) -> None:
    done = ran([sys.executable, "-c", NO_MORE_FILES, str(tmp_path / "store.db")])
    assert done.stderr == ""
    assert done.stdout.startswith(
        f"True {tmp_path / 'store.db'}: this program may open no more files"
    )


@pytest.mark.skipif(os.name != "posix", reason="named pipes in a folder are POSIX's")
def test_a_pipe_is_refused_at_once_and_nobody_waits_for_its_other_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "store.db")
    for read_only in (False, True):
        with pytest.raises(StoreError, match="no ordinary file; give the path of one"):
            open_store(tmp_path / "store.db", read_only=read_only)
