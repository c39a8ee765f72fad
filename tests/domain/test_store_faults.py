"""What the world does to a store: killed writers, full disks, second writers, a file that goes."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from ketamonitor.entries import verify_chain
from ketamonitor.store import StoreError, check_store, open_store
from tests.domain.stored import chained, note, started
from tests.processes import ran
from tests.processes import started as writing

#: ``KETAMONITOR_KILLS=100 pytest tests/domain/test_store_faults.py`` kills a hundred times.
KILLS = int(os.environ.get("KETAMONITOR_KILLS", "10"))


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a matter of POSIX")
def test_every_acknowledged_entry_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    chance = random.Random(20260301)
    acknowledged = 0
    for _ in range(KILLS):
        with writing([sys.executable, "-m", "tests.domain.stored", str(path)]) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 60)):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            for line in writer.stdout:  # acknowledged before the kill came
                if line.endswith("\n"):
                    acknowledged = int(line)
        with open_store(path, read_only=True) as store:
            entries = store.entries("killed")
        assert len(entries) >= acknowledged
        assert verify_chain("killed", entries) == []
    with open_store(path) as store:
        assert list(check_store(store)) == []


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a matter of POSIX")
def test_a_creation_killed_half_way_can_be_done_again(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    script = (
        "import os, signal\n"
        "from ketamonitor.store import open_store\n"
        "from ketamonitor.store.sqlite import Sqlite\n"
        "Sqlite.guard = lambda self, connection: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"open_store({str(path)!r})\n"
    )
    done = ran([sys.executable, "-c", script])
    assert done.returncode == -signal.SIGKILL
    with open_store(path) as store:
        store.append(chained([started()]))
        assert list(check_store(store)) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
from ketamonitor.store import StoreError, open_store
from tests.domain.stored import chained, note, started

path = Path(sys.argv[1])
with open_store(path) as store:
    store.append(chained([started()]))
    first = store.last("s")
    size = max(p.stat().st_size for p in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8192, resource.RLIM_INFINITY))
    last, unsaved, errors = first, [], set()
    for number in range(200):
        unsaved += chained([note(number)], last=last)
        last = unsaved[-1]
        try:
            store.append(unsaved)
        except StoreError as error:
            assert error.retryable
            errors.add(str(error))
        else:
            unsaved = []
    assert len(unsaved) > 50, len(unsaved)
    saved = len(store.entries("s"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    store.append(unsaved)
    print(saved + len(unsaved), len(store.entries("s")), *errors, sep="\\n")
"""


@pytest.mark.skipif(os.name != "posix", reason="file size limits are a matter of POSIX")
def test_a_full_disk_keeps_nothing_half_written_and_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    done = ran([sys.executable, "-c", FULL_DISK, str(path)])
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "201",
        "201",
        f"{path}: the disk refused it (full or failing); make room or check it",
    ]
    with open_store(path) as store:
        assert list(check_store(store)) == []


def test_no_room_in_the_database_is_said_and_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        first = chained([started()])
        store.append(first)
        more = chained([note(n) for n in range(500)], last=first[-1])
        with store._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match=r"the disk is full; make room on it$") as caught:
            store.append(more)
        assert caught.value.retryable
        assert store.entries("s") == first
        with store._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        store.append(more)
        assert store.entries("s") == first + more


def test_a_second_writer_has_to_wait_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        entries = chained([started()])
        other = sqlite3.connect(path, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError) as caught:
                store.append(entries)
            assert str(caught.value) == (
                f"{path}: another program is writing to it; try again in a moment"
            )
            assert caught.value.retryable
            assert store.entries("s") == []  # reading goes on
            other.execute("ROLLBACK")
        finally:
            other.close()
        store.append(entries)
        assert store.entries("s") == entries


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be moved on Windows")
def test_a_file_that_goes_while_in_use_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        entries = chained([started(), note(1)])
        store.append(entries[:1])
        path.rename(tmp_path / "away.db")
        with pytest.raises(StoreError, match="the file is gone while in use; put it back") as gone:
            store.append(entries)
        assert gone.value.retryable
        open_store(tmp_path / "other.db").close()
        (tmp_path / "other.db").rename(path)
        with pytest.raises(StoreError, match="another file stands in its place; put it back"):
            store.append(entries)
        (tmp_path / "away.db").rename(path)
        store.append(entries)
        assert store.entries("s") == entries
