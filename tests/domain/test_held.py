"""Entries that are not saved: displaced ones are made anew, what is refused for good is kept."""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.behind import again, displaced, renumbered
from ketamonitor.entries import GENESIS, PROGRAM, Draft, Entry, chain, verify_chain
from ketamonitor.recorder import Recorder, RecorderStopped
from ketamonitor.rescue import RescueFolders, read_rescue
from ketamonitor.session import LiveSession
from ketamonitor.store import Store, StoreError, open_store
from ketamonitor.view import Update
from tests.domain.builders import SESSION, cuff, started
from tests.fakes import START, ManualClock

WAIT = 20

pytestmark = pytest.mark.usefixtures("own_folders")


class Bench:
    """A recorder on a real file, with rescue folders of its own."""

    def __init__(self, path: Path, opened: Callable[[], Store] | None = None) -> None:
        self.path, self.clock = path, ManualClock()
        self.updates: queue.SimpleQueue[Update] = queue.SimpleQueue()
        self.recorder = Recorder(
            opened or (lambda: open_store(str(path))),
            self.clock,  # type: ignore[arg-type]
            self.updates.put,
            rescue=RescueFolders(str(path)),
        )
        self.recorder.start()
        self.recorder.ready.result(WAIT)

    def until(self, seen: Callable[[Update], bool]) -> Update:
        while True:
            update = self.updates.get(timeout=WAIT)
            if seen(update):
                return update

    def close(self) -> None:
        self.recorder.stop()
        self.recorder.join(WAIT)
        assert not self.recorder.is_alive()

    def stored(self, session: str = SESSION) -> list[Entry]:
        with open_store(str(self.path), read_only=True) as store:
            return store.entries(session)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "store.db")
    yield made
    if made.recorder.is_alive():
        made.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program writes to the store for as long as this lasts."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def note(text: str) -> Draft:
    return Draft("note", START, "okafor", {"text": text, "said_by": "nurse"})


def struck(of_seq: int) -> Draft:
    body = {"of_seq": of_seq, "reason": "typed twice", "body": None, "text": "struck"}
    return Draft("correction", START, "okafor", body)


def another_writes(path: Path, *drafts: Draft) -> list[Entry]:
    """A program on another computer appends to the session."""
    with open_store(str(path)) as store:
        last = store.last(SESSION)
        assert last is not None
        made = []
        for draft in drafts:
            last = chain(draft, SESSION, last.seq + 1, last.recorded_at, last.hash)
            made.append(last)
        store.append(made)
    return made


# Another entry stands in their place ---------------------------------------------------------


def test_held_entries_follow_those_that_took_their_place_and_are_acknowledged(
    bench: Bench,
) -> None:
    bench.recorder.open(SESSION, started())
    (before,) = bench.recorder.submit(SESSION, [note("before")]).result(WAIT)
    others = another_writes(bench.path, note("theirs"), note("theirs too"))
    (mine,) = bench.recorder.submit(SESSION, [note("mine")]).result(WAIT)
    stored = bench.stored()
    assert verify_chain(SESSION, stored) == []
    assert [e.seq for e in others] == [before.seq + 1, before.seq + 2]
    assert mine.seq == before.seq + 3
    assert mine in stored
    assert [e.body["text"] for e in stored if e.kind == "note"] == [
        *("before", "theirs", "theirs too", "mine")
    ]
    told = next(e.body for e in stored if e.body.get("event") == "renumbered")
    assert (told["entries"], told["had"], told["have"]) == (1, [3, 3], [5, 5])
    bench.clock.advance(1)
    alarmed = bench.until(lambda u: any(a.condition == "program_fault" for a in u.view.alarms))
    text = next(a.text for a in alarmed.view.alarms if a.condition == "program_fault")
    assert text == "Another program records this session"
    # From here on it goes on as ever.
    (next_one,) = bench.recorder.submit(SESSION, [struck(mine.seq)]).result(WAIT)
    assert next_one in bench.stored()


def test_the_screen_gets_the_whole_list_anew_where_numbers_have_changed(bench: Bench) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    another_writes(bench.path, note("theirs"))
    bench.recorder.submit(SESSION, [note("mine")]).result(WAIT)
    update = bench.until(lambda u: u.anew)
    assert [e.seq for e in update.entries] == list(range(1, len(update.entries) + 1))
    assert list(update.entries) == bench.stored()[: len(update.entries)]
    later = bench.recorder.submit(SESSION, [note("later")]).result(WAIT)
    follows = bench.until(lambda u: later[0] in u.entries)
    assert not follows.anew


def test_what_is_entered_while_the_other_ended_the_session_stands_behind_its_end(
    bench: Bench,
) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    end = Draft("session", START, "else", {"event": "ended", "reason": "done there"})
    another_writes(bench.path, end)
    (mine,) = bench.recorder.submit(SESSION, [note("mine")]).result(WAIT)
    assert mine in bench.stored()
    bench.until(lambda u: u.view.ended_at is not None)
    with pytest.raises((KeyError, ValueError)):
        bench.recorder.submit(SESSION, [note("after")]).result(WAIT)


LISTS = st.lists(st.one_of(st.none(), st.integers(min_value=1, max_value=12)), min_size=1)


@given(held=LISTS, common=st.integers(1, 5), theirs=st.integers(1, 6))
def test_every_reference_leads_to_the_entry_that_it_led_to(
    held: list[int | None], common: int, theirs: int
) -> None:
    """Random lists: ``None`` is a note, a number a correction of that entry."""

    def grow(base: list[Entry], drafts: list[Draft]) -> list[Entry]:
        for draft in drafts:
            last = base[-1] if base else None
            seq, before = (last.seq + 1, last.hash) if last else (1, GENESIS)
            base = [*base, chain(draft, SESSION, seq, START, before)]
        return base

    shared = grow([], [note(f"common {n}") for n in range(common)])
    mine: list[Entry] = shared
    for number, of in enumerate(held):
        draft = note(f"mine {number}") if of is None else struck(min(of, mine[-1].seq))
        mine = grow(mine, [draft])
    there = grow(shared, [note(f"theirs {n}") for n in range(theirs)])
    assert displaced(mine[common:], there)
    assert not displaced(mine[common:], shared)
    made = again(mine[common:], there[-1], START)
    joined = [*there, *made]
    assert verify_chain(SESSION, joined) == []
    assert len(made) == len(held) + 1
    # Old and new number of the same entry: the common ones stay, the held ones have moved.
    new_of = {e.seq: e.seq for e in shared}
    new_of |= {old.seq: new.seq for old, new in zip(mine[common:], made, strict=False)}
    for old, new in zip(mine[common:], made, strict=False):
        assert (new.kind, new.at, new.author) == (old.kind, old.at, old.author)
        if old.kind == "correction":
            assert new.body["of_seq"] == new_of[old.body["of_seq"]]
        else:
            assert new.body == old.body


def test_references_further_in_are_found_and_other_numbers_are_left() -> None:
    body = {
        "of_seq": 7,
        "ledger_seq": 7,
        "value": 7,
        "body": {"of_seq": 8, "list": [{"of_seq": 9}, 7]},
    }
    assert renumbered(body, {7: 17, 8: 18, 9: 19}) == {
        "of_seq": 17,
        "ledger_seq": 7,
        "value": 7,
        "body": {"of_seq": 18, "list": [{"of_seq": 19}, 7]},
    }


# What the store refuses for good -------------------------------------------------------------


class Damaged:
    """A real store that refuses one session for good once it is told to."""

    def __init__(self, store: Store) -> None:
        self._store, self.tries = store, 0
        self.refuses = ""

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def append(self, new: list[Entry]) -> None:
        if any(entry.session == self.refuses for entry in new):
            self.tries += 1
            raise StoreError("store.db: the file is damaged")
        self._store.append(new)


def test_a_session_refused_for_good_is_kept_told_and_not_tried_for_ever_and_others_go_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    damaged = Damaged(open_store(str(path)))
    bench = Bench(path, lambda: damaged)  # type: ignore[arg-type,return-value]
    bench.recorder.open(SESSION, started()).result(WAIT)
    bench.recorder.open("KM-2", started()).result(WAIT)
    damaged.refuses = SESSION
    lost = bench.recorder.submit(SESSION, [note("kept aside")])
    (saved,) = bench.recorder.submit("KM-2", [note("saved")]).result(WAIT)
    assert saved in bench.stored("KM-2")
    update = bench.until(lambda u: u.session == SESSION and "kept in" in u.view.record_fault)
    assert "the file is damaged" in update.view.record_fault
    (file,) = (tmp_path / "store.db-rescue").glob("unsaved-*.jsonl")
    assert str(file) in update.view.record_fault
    assert update.view.unsaved >= 1
    tries = damaged.tries
    for _ in range(5):
        now = bench.clock.advance(11)
        healthy = bench.until(lambda u, now=now: u.session == "KM-2" and u.view.now >= now)
    assert damaged.tries == tries
    assert healthy.view.record_fault == ""
    bench.close()
    with pytest.raises(RecorderStopped, match="kept in"):
        lost.result(0)
    left = bench.recorder.left
    assert left is not None
    assert set(left.entries) == {SESSION}
    assert left.path == file
    kept = read_rescue(file).sessions[SESSION]
    assert "kept aside" in [e.body.get("text") for e in kept]
    assert left.entries[SESSION] == len(kept)


def test_what_cannot_be_looked_into_now_is_looked_into_later_and_not_given_up(
    tmp_path: Path,
) -> None:
    """Refused for good, and the store is busy when the recorder looks why."""
    path = tmp_path / "store.db"

    class Busy(Damaged):
        looks = 0

        def entries(self, session: str) -> list[Entry]:
            Busy.looks += 1
            self.refuses = ""
            raise StoreError("store.db: it is busy", retryable=True)

    busy = Busy(open_store(str(path)))
    bench = Bench(path, lambda: busy)  # type: ignore[arg-type,return-value]
    bench.recorder.open(SESSION, started()).result(WAIT)
    busy.refuses = SESSION
    done = bench.recorder.submit(SESSION, [note("written in the end")])
    bench.until(lambda u: "it is busy" in u.view.record_fault)
    bench.clock.advance(2)
    assert done.result(WAIT)[0] in bench.stored()
    assert Busy.looks == 1
    bench.close()
    assert bench.recorder.left is None


def test_a_session_that_cannot_begin_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    damaged = Damaged(open_store(str(path)))
    damaged.refuses = SESSION
    bench = Bench(path, lambda: damaged)  # type: ignore[arg-type,return-value]
    with pytest.raises(StoreError, match="the file is damaged"):
        bench.recorder.open(SESSION, started()).result(WAIT)
    with pytest.raises(KeyError):
        bench.recorder.submit(SESSION, [note("nothing runs")]).result(WAIT)
    bench.close()
    assert bench.recorder.left is None


# The end while the store refuses -------------------------------------------------------------


def test_the_end_with_a_locked_store_leaves_a_rescue_file_and_says_how_many(bench: Bench) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    before = bench.stored()
    with locked(bench.path):
        done = bench.recorder.submit(SESSION, [note("nearly lost"), cuff(1, 120, 80)])
        bench.until(lambda u: u.view.record_fault != "")
        bench.close()
    left = bench.recorder.left
    assert left is not None
    assert left.path is not None
    assert left.entries[SESSION] >= 2
    said = left.words()
    assert said.startswith(f"{left.entries[SESSION]} entries of session {SESSION} could not be")
    assert "another program is writing to it" in said
    assert str(left.path) in said
    with pytest.raises(RecorderStopped, match="could not be saved"):
        done.result(0)
    file = read_rescue(left.path)
    assert file.sessions[SESSION][0].prev_hash == before[-1].hash
    assert [e.body["text"] for e in file.sessions[SESSION] if e.kind == "note"] == ["nearly lost"]
    assert left.path.stat().st_mode & 0o077 == 0
    assert left.path.parent.stat().st_mode & 0o077 == 0
    assert "LINDQVIST" not in str(left.path)


def test_the_end_tries_once_more_and_leaves_nothing_where_it_succeeds(bench: Bench) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    with locked(bench.path):
        done = bench.recorder.submit(SESSION, [note("held")])
        bench.until(lambda u: u.view.record_fault != "")
    bench.close()
    assert bench.recorder.left is None
    assert done.result(0)[0] in bench.stored()
    assert not (bench.path.parent / "store.db-rescue").exists()


def test_the_next_place_is_taken_where_the_first_refuses_and_none_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = chain(started(), SESSION, 1, START, GENESIS)
    folders = RescueFolders(str(tmp_path / "store.db"))
    beside, state, temporary = folders.folders
    beside.write_text("a file stands where the folder is to be")
    path = folders.keep([first], START)
    assert path.parent == state
    state_again = RescueFolders(str(tmp_path / "store.db"))
    (state.parent / "blocked").write_text("")
    monkeypatch.setattr(state_again, "folders", (beside, state.parent / "blocked", temporary))
    assert state_again.keep([first], START).parent == temporary
    monkeypatch.setattr(state_again, "folders", (beside,))
    bench = Bench(tmp_path / "store.db")
    bench.recorder._held._rescue = state_again
    bench.recorder.open(SESSION, started()).result(WAIT)
    with locked(bench.path):
        bench.recorder.submit(SESSION, [note("nowhere")])
        bench.until(lambda u: u.view.record_fault != "")
        bench.close()
    left = bench.recorder.left
    assert left is not None
    assert left.path is None
    assert "NO PLACE WOULD KEEP THEM" in left.words()


def test_a_folder_of_somebody_else_is_no_place(tmp_path: Path) -> None:
    folders = RescueFolders(str(tmp_path / "store.db"))
    beside = folders.folders[0]
    beside.mkdir()
    beside.chmod(0o777)  # anybody could put entries into the record through it
    first = chain(started(), SESSION, 1, START, GENESIS)
    assert folders.keep([first], START).parent == folders.folders[1]
    (beside / "unsaved-planted.jsonl").write_text("{}")
    assert [path.parent for path in folders.files()] == [folders.folders[1]]


def test_a_list_with_the_entries_of_both_is_replayed_without_a_fault(tmp_path: Path) -> None:
    """Alarms that both had raised, acknowledged by one: whatever was held can be joined."""
    first = chain(started(), SESSION, 1, START, GENESIS)
    live = LiveSession(first)
    held: list[Entry] = []
    for draft in (cuff(1, 200, 110), cuff(61, 120, 80)):
        for made in (draft, None):
            drafts = [made] if made is not None else live.changes(draft.at)
            for each in drafts:
                entry = chain(each, SESSION, live.last.seq + 1, draft.at, live.last.hash)
                live.apply(entry)
                held.append(entry)
    assert any(e.kind == "alarm" for e in held)
    theirs = chain(cuff(2, 200, 110), SESSION, 2, START, first.hash)
    joined = [first, theirs, *again(held, theirs, START)]
    replayed = LiveSession.of(joined)
    assert replayed.last.body["event"] == "renumbered"
    assert replayed.last.author == PROGRAM
