"""The write-ahead log under a running session: nothing of ours drops its locks, and where it is
lost all the same, everything that was acknowledged is written once more."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ketamonitor.entries import Entry, verify_chain
from ketamonitor.store import StoreError, check_store, open_store, store_exists
from ketamonitor.store.rows import PersonRow
from tests.domain.stored import chained, note, started
from tests.processes import ran

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks that closing drops are POSIX's")

#: Another program that writes and ends: it takes itself for the last one if nobody holds a lock.
ANOTHER = (
    "import sys\n"
    "from ketamonitor.store import open_store\n"
    "from tests.domain.stored import chained, note, started\n"
    "with open_store(sys.argv[1]) as store:\n"
    "    store.append(chained([started(), note(9)], session='other'))\n"
)


def another(path: Path) -> None:
    done = ran([sys.executable, "-c", ANOTHER, str(path)])
    assert done.returncode == 0, done.stderr


def as_others_see_it(path: Path, session: str = "s1") -> list[str]:
    """The texts of a session as a program reads them that begins now."""
    script = (
        "import sys\n"
        "from ketamonitor.store import open_store\n"
        "with open_store(sys.argv[1], read_only=True) as store:\n"
        f"    [print(e.body.get('text', '-')) for e in store.entries({session!r})]\n"
    )
    done = ran([sys.executable, "-c", script, str(path)])
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def log_of(path: Path) -> tuple[int, int]:
    found = os.stat(f"{path}-wal")
    return found.st_dev, found.st_ino


def drop_the_locks(path: Path) -> None:
    """What a stray open of the file does to every connection of this process."""
    with path.open("rb") as file:
        file.read(1)


def entries(notes: int) -> list[Entry]:
    return chained([started(), *(note(n) for n in range(1, notes + 1))], session="s1")


def test_looking_at_a_store_that_is_in_use_leaves_its_log_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    one, two, three = entries(2)
    with open_store(path) as store, open_store(path, read_only=True) as reading:
        store.append([one])
        before = log_of(path)
        assert store_exists(path)
        with open_store(path) as second:
            assert second.people() == []
        with open_store(path, read_only=True) as third:
            assert third.entries("s1") == [one]
        assert list(check_store(reading)) == []
        another(path)
        assert log_of(path) == before
        store.append([two, three])
        assert as_others_see_it(path) == ["-", "note 1", "note 2"]
    assert as_others_see_it(path) == ["-", "note 1", "note 2"]


def test_what_went_into_a_lost_log_is_written_once_more(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    one, two, three, four = entries(3)
    person = PersonRow(
        "anna", 1, "Anna A", "nurse", "x", True, datetime(2026, 3, 1, tzinfo=UTC), "-"
    )
    with open_store(path) as store, open_store(path, read_only=True) as reading:
        store.append([one, two])
        store.append_person(person)
        drop_the_locks(path)
        another(path)
        with pytest.raises(StoreError, match="taken away or replaced") as told:
            store.append([three])
        assert told.value.retryable
        store.append([three])
        store.append([four])
        assert as_others_see_it(path) == ["-", "note 1", "note 2", "note 3"]
        assert as_others_see_it(path, "other") == ["-", "note 9"]
        assert reading.entries("s1") == [one, two, three, four]
        assert reading.people() == [person]
        assert list(check_store(reading)) == []
    with open_store(path) as store:
        assert verify_chain("s1", store.entries("s1")) == []
        assert list(check_store(store)) == []


def test_a_log_that_somebody_deletes_is_noticed_without_a_write(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    one, two, three = entries(2)
    with open_store(path) as store:
        store.append([one, two])
        store.watch()
        Path(f"{path}-wal").unlink()
        with pytest.raises(StoreError, match="taken away"):
            store.watch()
        store.append([three])
        store.watch()
    assert as_others_see_it(path) == ["-", "note 1", "note 2"]


def test_a_store_that_is_closed_after_a_loss_puts_nothing_over_what_others_wrote(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    one, two, three = entries(2)
    store = open_store(path)
    store.append([one, two])
    drop_the_locks(path)
    another(path)
    with pytest.raises(StoreError):
        store.append([three])
    store.close()
    with open_store(path) as again:
        assert list(check_store(again)) == []
    assert as_others_see_it(path, "other") == ["-", "note 9"]


def test_a_loss_waits_for_whoever_is_reading(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    one, two, three = entries(2)
    with open_store(path) as store, open_store(path, read_only=True) as reading:
        store.append([one, two])
        rows = reading._engine.connect()
        drop_the_locks(path)
        another(path)
        for _ in range(2):
            with pytest.raises(StoreError) as told:
                store.append([three])
            assert told.value.retryable
        rows.close()
        store.append([three])
    assert as_others_see_it(path) == ["-", "note 1", "note 2"]
