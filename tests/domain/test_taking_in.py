"""Rescue files at the next start: taken in as they were or behind, once; nothing doubtful is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from ketamonitor.entries import GENESIS, Draft, Entry, chain, verify_chain
from ketamonitor.record import Record
from ketamonitor.rescue import TAKEN, RescueError, RescueFolders, read_rescue
from ketamonitor.session_locks import locks_of
from ketamonitor.store import check_store, open_store
from ketamonitor.taking_in import take_in
from tests.domain.builders import SESSION, started
from tests.domain.test_held import note, struck
from tests.fakes import START

pytestmark = pytest.mark.usefixtures("own_folders")

NOW = START + timedelta(hours=1)


def grow(base: Sequence[Entry], *drafts: Draft, session: str = SESSION) -> list[Entry]:
    made = list(base)
    for draft in drafts:
        seq, before = (made[-1].seq + 1, made[-1].hash) if made else (1, GENESIS)
        made.append(chain(draft, session, seq, START, before))
    return made


def stored(path: Path, session: str = SESSION) -> list[Entry]:
    with open_store(str(path), read_only=True) as store:
        assert list(check_store(store)) == []
        return store.entries(session)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_store(str(tmp_path / "store.db")) as store:
        store.append(grow([], started(), note("saved")))
    return tmp_path / "store.db"


def left(path: Path, entries: Sequence[Entry]) -> Path:
    return RescueFolders(str(path)).keep(entries, START)


def test_what_follows_the_record_is_appended_exactly_and_told(path: Path) -> None:
    whole = grow(stored(path), note("held"), struck(2))
    file = left(path, whole[2:])
    (line,) = take_in(str(path), NOW)
    assert line == (f"taken in from {file}: 2 entries of session {SESSION} as they were entered")
    now_so = stored(path)
    assert now_so[:4] == whole
    assert now_so[4].body["event"] == "rescued"
    assert (now_so[4].body["entries"], now_so[4].body["as_written"]) == (2, True)
    assert len(now_so) == 5
    Record.of(now_so)
    # Kept aside, and not taken in again.
    assert not file.exists()
    assert file.with_name(file.name + TAKEN).read_bytes()
    assert take_in(str(path), NOW) == []
    assert stored(path) == now_so


def test_a_whole_session_that_never_reached_the_store_is_there_after_the_next_start(
    path: Path,
) -> None:
    whole = grow([], started(), note("all held"), session="KM-new")
    left(path, whole)
    take_in(str(path), NOW)
    assert stored(path, "KM-new")[:2] == whole


def test_what_others_have_written_meanwhile_stays_and_the_held_ones_follow(path: Path) -> None:
    base = stored(path)
    mine = grow(base, note("held"), struck(3))
    theirs = grow(base, note("meanwhile"))
    with open_store(str(path)) as store:
        store.append(theirs[2:])
    left(path, mine[2:])
    (line,) = take_in(str(path), NOW)
    assert "behind what was recorded meanwhile" in line
    now_so = stored(path)
    assert now_so[:3] == theirs
    assert [e.kind for e in now_so[3:]] == ["note", "correction", "audit", "audit"]
    assert now_so[4].body["of_seq"] == 4  # the held note, by its new number
    assert verify_chain(SESSION, now_so) == []


def test_what_is_there_already_is_not_doubled(path: Path) -> None:
    """The write had succeeded, and only its answer was lost."""
    whole = grow(stored(path), note("one"), note("two"))
    with open_store(str(path)) as store:
        store.append(whole[2:3])
    left(path, whole[2:])
    take_in(str(path), NOW)
    assert [e.body.get("text") for e in stored(path)[1:4]] == ["saved", "one", "two"]


def test_a_file_that_could_not_be_put_aside_is_not_taken_in_twice(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = stored(path)
    with open_store(str(path)) as store:
        store.append(grow(base, note("meanwhile"))[2:])
    file = left(path, grow(base, note("held"))[2:])
    with monkeypatch.context() as patched:

        def refused(path: Path) -> None:
            raise PermissionError(13, "Permission denied")

        patched.setattr("ketamonitor.taking_in.set_aside", refused)
        take_in(str(path), NOW)
    once = stored(path)
    assert file.exists()
    (line,) = take_in(str(path), NOW)
    assert "stood in the record already" in line
    assert stored(path) == once
    assert not file.exists()


@pytest.mark.parametrize("how", ["changed", "cut off", "no json", "empty", "other form"])
def test_a_damaged_or_changed_file_is_not_taken_in_and_is_kept(path: Path, how: str) -> None:
    before = stored(path)
    file = left(path, grow(before, note("held"), note("held too"))[2:])
    content = file.read_text(encoding="utf-8")
    head = json.loads(content.splitlines()[0])
    file.write_text(
        {
            "changed": content.replace("held too", "held not"),
            "cut off": content[: content.rindex("{")],
            "no json": "patients' letters",
            "empty": "",
            "other form": content.replace('"ketamonitor_rescue":1', '"ketamonitor_rescue":9'),
        }[how],
        encoding="utf-8",
    )
    assert head["entries"] == 2
    with pytest.raises(RescueError) as refused:
        read_rescue(file)
    assert "held" not in str(refused.value).replace("held too", "")
    (line,) = take_in(str(path), NOW)
    assert line.startswith(f"not taken in: {file}: ")
    assert "Keep the file" in line
    assert file.exists()
    assert stored(path) == before


def test_a_session_that_runs_elsewhere_is_taken_in_when_that_is_over(path: Path) -> None:
    before = stored(path)
    file = left(path, grow(before, note("held"))[2:])
    other = locks_of(str(path))
    other.take(SESSION)
    (line,) = take_in(str(path), NOW)
    assert "is not taken in yet" in line
    assert "being recorded in another window" in line
    assert stored(path) == before
    other.release_all()
    take_in(str(path), NOW)
    assert len(stored(path)) == 4
    assert not file.exists()


def test_a_file_of_another_store_is_left_alone_and_one_that_moved_with_its_store_is_not(
    path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    with open_store(str(other)) as store:
        store.append(grow([], started(), session="KM-other"))
    shared = RescueFolders(str(other)).folders[1]
    foreign = left(path, grow(stored(path), note("held"))[2:])
    shared.mkdir(parents=True, mode=0o700, exist_ok=True)
    foreign.rename(shared / foreign.name)
    assert take_in(str(other), NOW) == []
    assert (shared / foreign.name).exists()
    # The store itself was moved: its file is known by the chain that it follows.
    moved = tmp_path / "moved.db"
    path.rename(moved)
    (line,) = take_in(str(moved), NOW)
    assert "as they were entered" in line


def test_entries_whose_session_is_not_in_the_store_stay_in_their_file(path: Path) -> None:
    elsewhere = grow([], started(), note("far"), note("further"), session="KM-gone")
    file = left(path, elsewhere[1:])
    (line,) = take_in(str(path), NOW)
    assert "the store has no such session" in line
    assert file.exists()
