"""A store with damaged pages: what is wrong is told, what can be read is saved, nothing hangs."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamonitor.entries import Draft, Entry, verify_chain
from ketamonitor.store import (
    ApprovalRow,
    PersonRow,
    StoreError,
    check_store,
    open_store,
    salvage,
)
from tests.domain.stored import NOON, chained, note, started
from tests.processes import ran

PAGE = 4096
SESSIONS = ("one", "two", "three")
PERSON = PersonRow(
    "anna", 1, "Anna Berg", "nurse", "$x", True, datetime(2026, 3, 1, tzinfo=UTC), "-"
)
APPROVAL = ApprovalRow(
    "iv", 1, 2, "a" * 64, "approved", "", "anna", datetime(2026, 3, 1, tzinfo=UTC)
)


def long_note(number: int) -> Draft:
    """An entry that goes over several pages."""
    return Draft("note", NOON, "anna", {"text": f"{number} " + "x" * 9_000, "said_by": "nurse"})


def filled(path: Path) -> dict[str, list[Entry]]:
    """A store of three sessions whose entries lie between one another, as those of chairs do."""
    lists = {
        name: chained([started(), *(note(n) for n in range(1, 400)), long_note(1)], name)
        for name in SESSIONS
    }
    with open_store(path) as store:
        store.append_person(PERSON)
        store.append_approvals([APPROVAL])
        for start in range(0, 401, 10):
            for name in SESSIONS:
                store.append(lists[name][start : start + 10])
    return lists


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Entry]]]:
    path = tmp_path_factory.mktemp("sound") / "store.db"
    return path, filled(path)


def pages_of(path: Path) -> dict[str, list[int]]:
    """Numbers of the pages by what they hold."""
    data = path.read_bytes()
    found: dict[str, list[int]] = {"leaf": [], "inner": [], "index": []}
    for number in range(2, len(data) // PAGE + 1):
        kind = data[(number - 1) * PAGE]
        name = {0x0D: "leaf", 0x05: "inner", 0x02: "index", 0x0A: "index"}.get(kind)
        if name:
            found[name].append(number)
    return found


def spoil(path: Path, number: int, fill: bytes = b"\xa5") -> None:
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(fill * PAGE)


def copy(sound: tuple[Path, dict[str, list[Entry]]], tmp_path: Path) -> Path:
    return Path(shutil.copy(sound[0], tmp_path / "store.db"))


def test_what_is_sound_is_saved_whole(
    sound: tuple[Path, dict[str, list[Entry]]], tmp_path: Path
) -> None:
    saved = salvage(str(sound[0]), tmp_path / "new.db")
    assert saved.whole
    assert {kept.session: kept.entries for kept in saved.sessions} == dict.fromkeys(SESSIONS, 401)
    with open_store(tmp_path / "new.db", read_only=True) as store:
        assert {name: store.entries(name) for name in SESSIONS} == sound[1]
        assert store.people() == [PERSON]
        assert store.approvals() == [APPROVAL]
        assert list(check_store(store)) == []


def test_check_goes_on_over_a_damaged_leaf_and_says_what_can_be_read(
    sound: tuple[Path, dict[str, list[Entry]]], tmp_path: Path
) -> None:
    path = copy(sound, tmp_path)
    spoil(path, pages_of(path)["leaf"][9])
    with open_store(path, read_only=True) as store:
        found = [(finding.session, finding.fault) for finding in check_store(store)]
    damaged = {session for session, fault in found if "can be read" in fault}
    assert damaged  # at least one session lost rows, and the others were still looked at
    assert all("cannot: " in fault for session, fault in found if session)
    done = ran([sys.executable, "-m", "ui.command", "store", "check", "--store", str(path)])
    assert done.returncode == 1
    assert "can be read" in done.stdout
    assert "store salvage NEW" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["leaf", "inner", "index"])
def test_one_damaged_page_costs_no_more_than_what_lay_on_it(
    kind: str, sound: tuple[Path, dict[str, list[Entry]]], tmp_path: Path
) -> None:
    path = copy(sound, tmp_path)
    number = pages_of(path)[kind][-1]
    spoil(path, number, b"\0")
    saved = salvage(str(path), tmp_path / "new.db")
    lost = sum(len(kept.missing) for kept in saved.sessions)
    assert lost == 0 if kind != "leaf" else 0 <= lost <= 20
    with open_store(tmp_path / "new.db", read_only=True) as store:
        for name in SESSIONS:
            entries = store.entries(name)
            assert [e for e in sound[1][name] if e in entries] == entries


@pytest.mark.parametrize("fill", [b"\0", b"\xff"])
def test_without_its_first_page_a_store_is_saved_whole(
    fill: bytes, sound: tuple[Path, dict[str, list[Entry]]], tmp_path: Path
) -> None:
    path = copy(sound, tmp_path)
    spoil(path, 1, fill)
    with pytest.raises(StoreError):
        open_store(path)
    saved = salvage(str(path), tmp_path / "new.db")
    assert saved.whole
    assert (saved.people, saved.approvals) == (1, 1)


def test_what_stands_only_in_the_log_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(path)
    entries = chained([started(), long_note(1), note(2)], "one")
    store.append(entries)
    for name in ("store.db", "store.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"copy-of-{name}")
    store.close()
    spoil(tmp_path / "copy-of-store.db", 1)
    saved = salvage(str(tmp_path / "copy-of-store.db"), tmp_path / "new.db")
    assert [(kept.session, kept.entries) for kept in saved.sessions] == [("one", 3)]


def test_a_changed_entry_is_left_behind(
    sound: tuple[Path, dict[str, list[Entry]]], tmp_path: Path
) -> None:
    path = copy(sound, tmp_path)
    data = path.read_bytes()
    at = data.index(b'"note 123"')
    path.write_bytes(data[:at] + b'"note 321"' + data[at + 10 :])
    saved = salvage(str(path), tmp_path / "new.db")
    assert saved.spoilt == 1
    assert sum(len(kept.missing) for kept in saved.sessions) == 1


def test_a_recording_does_not_begin_in_a_store_that_cannot_take_it(
    sound: tuple[Path, dict[str, list[Entry]]], tmp_path: Path
) -> None:
    path = copy(sound, tmp_path)
    connection = sqlite3.connect(path)
    roots = [row[0] for row in connection.execute("SELECT rootpage FROM sqlite_master")]
    connection.close()
    for root in roots:
        if root:
            spoil(path, root)
    done = ran(
        [
            *(sys.executable, "-m", "ui.command", "session", "run", "--simulated", "--for", "1"),
            *("--protocol", "iv-ketamine-40", "--device", "dinamap:/dev/null"),
            *("--store", str(path)),
        ]
    )
    assert done.returncode == 1
    assert "store salvage NEW" in done.stderr
    assert "Traceback" not in done.stderr


def test_salvage_never_writes_over_a_file_nor_makes_one_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "new.db").write_text("mine")
    (tmp_path / "rubbish.db").write_bytes(b"\x0d" * 20_000)
    open_store(tmp_path / "store.db").close()
    with pytest.raises(StoreError, match="there is a file already"):
        salvage(str(tmp_path / "store.db"), tmp_path / "new.db")
    with pytest.raises(StoreError, match="no store here"):
        salvage(str(tmp_path / "none.db"), tmp_path / "other.db")
    with pytest.raises(StoreError, match="nothing of a KetaMonitor store"):
        salvage(str(tmp_path / "rubbish.db"), tmp_path / "other.db")
    assert (tmp_path / "new.db").read_text() == "mine"
    assert not (tmp_path / "other.db").exists()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_damaged_check_and_salvage_end_in_words(
    seed: int, sound: tuple[Path, dict[str, list[Entry]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bytes anywhere: nothing but a StoreError, and nothing is saved that was not written."""
    folder = tmp_path_factory.mktemp("damaged")
    path = copy(sound, folder)
    chance, data = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(chance.randrange(1, 6)):
        at, length = chance.randrange(len(data)), chance.randrange(1, 3 * PAGE)
        data[at : at + length] = chance.randbytes(len(data[at : at + length]))
    path.write_bytes(data)
    with suppress(StoreError), open_store(path, read_only=True) as store:
        assert all(finding.fault for finding in check_store(store))
    saved = salvage(str(path), folder / "new.db")
    with open_store(folder / "new.db", read_only=True) as store:
        for kept in saved.sessions:
            entries = store.entries(kept.session)
            written = {entry.seq: entry for entry in sound[1][kept.session]}
            assert all(written[entry.seq] == entry for entry in entries)
            if not kept.missing:
                assert verify_chain(kept.session, entries) == []
