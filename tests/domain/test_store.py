"""The store: what goes in comes out the same, nothing is ever changed, old files open."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamonitor.entries import Draft, Entry, verify_chain
from ketamonitor.store import ApprovalRow, Store, StoreError, check_store, open_store
from ketamonitor.store.schema import metadata
from ketamonitor.view import Patient
from tests.domain.stored import NOON, chained, note, raised, started

STORES = Path(__file__).parent / "stores"

APPROVAL = ApprovalRow("iv-ketamine-40", 1, 1, "a" * 64, "approved", "", "hale", NOON)

#: What the kept stores hold of approvals; the first release knew none.
APPROVALS_KEPT = {
    "v0_1_0_r0002.db": [
        ("iv-ketamine-40", 1, "approved"),
        ("iv-ketamine-40", 2, "withdrawn"),
    ]
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def raw(path: Path, *statements: str) -> None:
    """What someone with another program does to the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()


# Round trip ----------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ZONES = st.integers(-86_399, 86_399).map(lambda s: timezone(timedelta(seconds=s)))
SECONDS = st.floats(-4e9, 4e9).map(lambda s: NOON + timedelta(seconds=s))  # 1899 to 2152
TIMES = st.builds(datetime.astimezone, SECONDS, ZONES)
DRAFTS = st.builds(
    Draft,
    st.sampled_from(["note", "reading", "alarm", "session"]),
    TIMES,
    TEXTS,
    st.dictionaries(TEXTS, JSON, max_size=4),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("shared") / "store.db") as store:
        yield store


sessions = count(1)


@settings(max_examples=60, deadline=None)
@given(drafts=st.lists(DRAFTS, min_size=1, max_size=5))
def test_what_is_read_is_what_was_written(shared: Store, drafts: list[Draft]) -> None:
    session = f"s{next(sessions)}"
    written = chained(drafts, session)
    shared.append(written)
    read = shared.entries(session)
    assert read == written
    assert verify_chain(session, read) == []
    assert [e.as_json() for e in read] == [e.as_json() for e in written]  # offsets, too


def test_odd_times_are_refused_and_nothing_is_written(path: Path) -> None:
    odd = NOON.astimezone(timezone(timedelta(microseconds=1)))
    with open_store(path) as store:
        with pytest.raises(StoreError, match="offset in whole seconds"):
            store.append(chained([started(), note(1, odd)]))
        assert store.entries("s") == []


def test_reading_in_parts(path: Path) -> None:
    written = chained([started(), *(note(n) for n in range(4_100))])
    with open_store(path) as store:
        assert store.first_last("s") is None
        assert store.last("s") is None
        store.append(written)
        assert store.entries("s") == written
        assert store.entries("s", after_seq=4_099) == written[-2:]
        assert store.entries("s", after_seq=4_101) == []
        assert store.entries("other") == []
        assert store.first_last("s") == (written[0], written[-1])
        assert store.last("s") == written[-1]


def test_the_address_and_the_path_are_the_same_place(path: Path) -> None:
    written = chained([started()])
    with open_store(f"sqlite:///{path}") as store:
        store.append(written)
    with open_store(str(path), create=False) as store:
        assert store.entries("s") == written


def test_a_closed_store_says_so(path: Path) -> None:
    store = open_store(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="it has been closed; open it again"):
        store.entries("s")
    with pytest.raises(StoreError, match="it has been closed; open it again"):
        store.append(chained([started()]))


# The same again, and another in its place ------------------------------------------------------


def test_the_same_entries_again_change_nothing(path: Path) -> None:
    written = chained([started(), note(1), note(2), note(3)])
    with open_store(path) as store:
        store.append(written[:2])
        store.append(written[:2])
        store.append(written)  # the answer was lost, and more has come since
        store.append([])
        assert store.entries("s") == written


def test_another_entry_in_the_same_place_is_refused(path: Path) -> None:
    ours = chained([started(), note(1)])
    theirs = chained([note(7), note(8)], last=ours[0])
    with open_store(path) as store:
        store.append(ours)
        with pytest.raises(StoreError, match="another entry 2 of session s is there") as caught:
            store.append(theirs)
        assert not caught.value.retryable
        assert "note 7" not in str(caught.value)
        assert store.entries("s") == ours
        store.append(chained([note(2)], last=ours[-1]))
        assert len(store.entries("s")) == 3


def test_approvals_go_in_together_or_not_at_all(path: Path) -> None:
    with open_store(path) as store:
        store.append_approvals([APPROVAL])
        both = [replace(APPROVAL, change=2), APPROVAL]
        with pytest.raises(StoreError, match="changed by someone else; look again"):
            store.append_approvals(both)
        assert store.approvals() == [APPROVAL]
        assert store.approvals("spravato-56") == []


# Append-only ---------------------------------------------------------------------------------

TAMPERING = [
    "UPDATE entries SET author = 'eve' WHERE seq = 2",
    "UPDATE entries SET seq = 9 WHERE seq = 2",
    "DELETE FROM entries WHERE seq = 2",
    "DELETE FROM entries",
    "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 2",
    "INSERT OR REPLACE INTO entries (rowid, session, seq, kind, at, at_offset_s, recorded_at,"
    " recorded_offset_s, author, body, prev_hash, hash) SELECT 2, 'x', 1, kind, at, 0,"
    " recorded_at, 0, 'eve', '{}', prev_hash, 'new' FROM entries WHERE seq = 2",
    "INSERT INTO entries SELECT * FROM entries WHERE seq = 2"
    " ON CONFLICT (session, seq) DO UPDATE SET author = 'eve'",
    "UPDATE OR REPLACE entries SET seq = 1 WHERE seq = 2",
    "UPDATE people SET role = 'admin'",
    "DELETE FROM people",
    "INSERT OR REPLACE INTO people SELECT * FROM people",
    "UPDATE approvals SET by = 'eve'",
    "UPDATE approvals SET state = 'approved' WHERE state = 'withdrawn'",
    "DELETE FROM approvals WHERE state = 'withdrawn'",
    "INSERT OR REPLACE INTO approvals SELECT * FROM approvals",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_rows_can_only_be_added(path: Path, statement: str) -> None:
    shutil.copy(STORES / "v0_1_0_r0002.db", path)
    with open_store(path) as store:
        before = store.entries("KM-260301-000001"), store.people(), store.approvals()
    with pytest.raises(sqlite3.IntegrityError, match="are append-only: a row is never "):
        raw(path, statement)
    with open_store(path) as store:
        now = store.entries("KM-260301-000001"), store.people(), store.approvals()
        assert now == before
        assert list(check_store(store)) == []


def untriggered(path: Path, *statements: str) -> None:
    drops = [f"DROP TRIGGER entries_never_{word}" for word in ("updated", "deleted", "replaced")]
    raw(path, *drops, *statements)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE entries SET author = 'eve' WHERE seq = 2", "entry 2 is not as it was written"),
        (
            "UPDATE entries SET body = replace(body, 'note 1', 'note 9') WHERE seq = 3",
            "entry 3 is not as it was written",
        ),
        ("UPDATE entries SET at_offset_s = 60 WHERE seq = 2", "entry 2 is not as it was written"),
        ("DELETE FROM entries WHERE seq = 2", "entry 2 is missing: the next one found is 3"),
        ("DELETE FROM entries WHERE seq = 1", "entry 1 is missing: the next one found is 2"),
        (
            "UPDATE entries SET tag = NULL WHERE seq = 1",
            "entry 1 is counted wrongly in the list of sessions",
        ),
        (
            "UPDATE entries SET tag = 'raised:low' WHERE seq = 3",
            "entry 3 is counted wrongly in the list of sessions",
        ),
        (
            "UPDATE entries SET body = '{' WHERE seq = 2",
            "entries 1, 3 to 4 can be read, 2 cannot: entry 2 of session s is damaged",
        ),
    ],
)
def test_tampering_is_found(path: Path, statement: str, fault: str) -> None:
    with open_store(path) as store:
        store.append(chained([started(), note(0), note(1), note(2)]))
    untriggered(path, statement)
    with open_store(path, read_only=True) as store:
        found = list(check_store(store))
    assert [f.fault for f in found if not f.session] == [
        f"the append-only trigger entries_never_{word} is missing or changed"
        for word in ("updated", "deleted", "replaced")
    ]
    assert fault in [f.fault for f in found if f.session == "s"]


# The list of sessions --------------------------------------------------------------------------


def test_the_list_of_sessions(path: Path) -> None:
    zone = timezone(timedelta(hours=1))
    older = chained(
        [
            started(NOON.astimezone(zone), chair="2", simulated=False),
            raised("high"),
            raised("high"),
            raised("low"),
            Draft("alarm", NOON, "program", {"event": "cleared", "id": "x", "priority": "high"}),
            Draft("session", NOON + timedelta(hours=2), "bo", {"event": "ended", "reason": "done"}),
        ],
        "older",
    )
    newer = chained([started(NOON + timedelta(days=1)), note(1)], "newer")
    with open_store(path) as store:
        assert store.sessions() == []
        store.append(newer)
        store.append(older)
        listed = store.sessions()
        assert [s.id for s in listed] == ["newer", "older"]
        assert store.summary("older") == listed[1]
        assert store.summary("none") is None
    first, second = listed
    assert (first.ended_at, first.entry_count, first.finished) == (None, 2, False)
    assert dict(first.alarms) == {"high": 0, "medium": 0, "low": 0}
    assert second.patient == Patient("Example, Ada", "X-1", date(1980, 2, 29))
    assert second.started_at.utcoffset() == timedelta(hours=1)
    assert second.as_json() == {
        "session": "older",
        "started_at": "2026-03-01T13:00:00.123456+01:00",
        "ended_at": "2026-03-01T14:00:00.123456+00:00",
        "patient": {"name": "Example, Ada", "mrn": "X-1", "born": "1980-02-29"},
        "protocol": {"name": "iv-ketamine-40", "title": "IV ketamine over 40 min"},
        "simulated": False,
        "author": "anna",
        "chair": "2",
        "entries": 6,
        "alarms": {"high": 2, "medium": 0, "low": 1},
        "fault": None,
    }


def test_one_damaged_session_does_not_hide_the_others(path: Path) -> None:
    with open_store(path) as store:
        store.append(chained([started()], "good"))
        store.append(chained([started(NOON + timedelta(days=1))], "bad"))
    untriggered(path, "UPDATE entries SET body = '{\"event\": 1' WHERE session = 'bad'")
    with open_store(path, read_only=True) as store:
        bad, good = store.sessions()
    assert (bad.patient, bad.fault) == (
        None,
        "the first entry cannot be read: run 'ketamonitor store check'",
    )
    assert good.patient is not None
    assert good.fault == ""


# Reading while writing, and versions ------------------------------------------------------------


def test_reading_while_another_thread_writes(path: Path) -> None:
    done = threading.Event()
    seen: list[int] = []
    faults: list[str] = []

    def read(store: Store) -> None:
        while not done.is_set():
            entries = store.entries("s")
            seen.append(len(entries))
            faults.extend(verify_chain("s", entries) if entries else [])

    with open_store(path) as writer, open_store(path, read_only=True) as reader:
        threads = [threading.Thread(target=read, args=(reader,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        last: Entry | None = None
        for number in range(200):
            batch = chained([note(number) if last else started()], last=last)
            writer.append(batch)
            last = batch[-1]
        done.set()
        for thread in threads:
            thread.join()
        assert len(reader.entries("s")) == 200
        with pytest.raises(StoreError, match=r"it was opened for reading only$"):
            reader.append(chained([note(1)], last=last))
    assert faults == []
    assert len(set(seen)) > 1  # it did read in between


def test_the_migrations_make_the_tables_of_the_schema(path: Path) -> None:
    with open_store(path) as store, store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("name", sorted(p.name for p in STORES.glob("*.db")))
def test_a_store_of_every_release_opens_for_ever(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(STORES / name, path)
    with open_store(path) as store:
        assert list(check_store(store)) == []
        (summary,) = store.sessions()
        assert summary.entry_count == 6
        assert dict(summary.alarms) == {"high": 1, "medium": 0, "low": 0}
        assert [p.name for p in store.people()] == ["first"]
        kept = [(a.name, a.change, a.state) for a in store.approvals()]
        assert kept == APPROVALS_KEPT.get(name, [])
        store.append_approvals([replace(APPROVAL, change=len(kept) + 1)])
        assert store.approvals("iv-ketamine-40")[-1] == replace(APPROVAL, change=len(kept) + 1)
        last = store.last(summary.id)
        assert last is not None
        store.append(chained([note(1)], summary.id, last))
        assert len(store.entries(summary.id)) == 7
