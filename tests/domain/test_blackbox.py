"""The black box: full disks, kills, foreign files first; then parts, packing and hashes."""

from __future__ import annotations

import gzip
import json
import resource
import signal
import stat
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.capture import Capture, read_capture
from devices.parts import join
from ketamonitor.blackbox.box import BlackBox
from ketamonitor.blackbox.keeper import pack
from ketamonitor.blackbox.look import LookError, faults, kept_of
from ketamonitor.blackbox.parts import ClosedPart, Limits, Origin, PartWriter
from ketamonitor.blackbox.place import captures_folder, label, part_of, part_path
from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.inbox import Written
from ketamonitor.store import StoreError
from ketamonitor.view import DeviceChoice
from tests.fakes import START

SESSION = "KM-261123-7f3a9c"
ORIGIN = Origin(session=SESSION, source="dinamap", driver="dinamap", port="/dev/ttyUSB0")
NO_RESERVE = Limits(part_bytes=1 << 20, reserve_bytes=0)
DEVICE = DeviceChoice("dinamap", "/dev/ttyUSB0", "dinamap")


def at(t_s: float) -> datetime:
    return START + timedelta(seconds=t_s)


@dataclass
class Writing:
    """A part writer with what it closed and told."""

    folder: Path
    limits: Limits = NO_RESERVE
    origin: Origin = ORIGIN
    closed: list[ClosedPart] = field(default_factory=list)
    told: list[tuple[str, str, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tap = PartWriter(
            self.folder,
            self.origin,
            self.closed.append,
            lambda *a: self.told.append(a),
            self.limits,
        )

    def pieces(self, *times: float) -> None:
        for t in times:
            self.tap("rx", b"\x01" * 20, at(t))

    def captures(self) -> list[Capture]:
        return [read_capture(part.path) for part in self.closed]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """A real refusal of the system in the middle of a file: the write takes a part, then fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


# The disk refuses ------------------------------------------------------------------------------


def test_a_disk_that_is_nearly_full_is_left_to_the_record(tmp_path: Path) -> None:
    writing = Writing(tmp_path / "captures" / SESSION, Limits(reserve_bytes=1 << 60))
    writing.pieces(0, 1, 2)
    writing.tap.close()
    words = "the raw bytes are no longer kept: no space left on the disk"
    assert writing.told == [("capture_stopped", words, at(0))]
    assert writing.closed == []
    assert list((tmp_path / "captures" / SESSION).iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_once_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.write_text("a file stands where the folder is to be")
    writing = Writing(folder / SESSION)
    writing.tap("open", b"", at(0))
    writing.pieces(1, 12, 13)
    assert [kind for kind, _, _ in writing.told] == ["capture_stopped"]
    assert str(tmp_path) not in writing.told[0][1]
    folder.unlink()
    writing.pieces(21, 22, 23)  # the last try was at 12 s
    writing.tap.close()
    assert writing.told[1:] == [("capture_resumed", "the raw bytes are kept again", at(22))]
    (capture,) = writing.captures()
    assert [piece.at for piece in capture.pieces] == [at(22), at(23)]
    assert capture.place is not None
    assert (capture.place.part, capture.place.continues) == (1, False)
    assert capture.place.missing_since == at(0)


def test_a_disk_full_in_mid_line_ends_the_part_with_a_whole_line(tmp_path: Path) -> None:
    writing = Writing(tmp_path / SESSION)
    writing.pieces(0, 1)
    size = part_path(tmp_path / SESSION, "dinamap", 1).stat().st_size
    with files_no_longer_than(size + 30):
        writing.pieces(2, 3, 4)
    writing.pieces(11, 12, 13)
    writing.tap.close()
    assert [kind for kind, _, _ in writing.told] == ["capture_stopped", "capture_resumed"]
    assert [(part.first, part.last) for part in writing.closed] == [
        (at(0), at(1)),
        (at(12), at(13)),
    ]
    first, second = writing.captures()
    assert [piece.at for piece in first.pieces] == [at(0), at(1)]
    assert first.damage == ""
    assert second.place is not None
    assert (second.place.continues, second.place.missing_since) == (True, at(2))
    assert join([first, second]).missing == ()
    assert "no bytes were kept" in join([first, second]).notes[0]


@pytest.mark.parametrize("room", [0, 250])
def test_a_disk_without_room_for_the_first_line_leaves_no_file(tmp_path: Path, room: int) -> None:
    writing = Writing(tmp_path / SESSION)
    with files_no_longer_than(room):
        writing.pieces(0, 1, 10, 11)
        writing.tap.close()
    assert writing.told[0][0] == "capture_stopped"
    assert list((tmp_path / SESSION).iterdir()) == []
    assert writing.closed == []
    writing.pieces(40)
    writing.tap.close()
    assert [part.part for part in writing.closed] == [1]


def test_a_foreign_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    writing = Writing(tmp_path / SESSION)
    foreign = part_path(tmp_path / SESSION, "dinamap", 1)
    foreign.parent.mkdir()
    foreign.write_text("mine")
    writing.pieces(0, 10, 11)
    writing.tap.close()
    assert foreign.read_text() == "mine"
    assert [part.part for part in writing.closed] == [2]


# Parts -----------------------------------------------------------------------------------------


@given(st.integers(400, 3000), st.integers(1, 60))
def test_parts_are_cut_by_size_and_hold_every_piece_once(
    tmp_path_factory: pytest.TempPathFactory, size: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("parts") / SESSION
    writing = Writing(folder, Limits(size, 0))
    writing.pieces(*range(count))
    writing.tap.close()
    captures = writing.captures()
    assert [piece.at for one in captures for piece in one.pieces] == [at(t) for t in range(count)]
    assert [one.place.continues for one in captures if one.place] == [
        number > 0 for number in range(len(captures))
    ]
    assert all(part.path.stat().st_size < size + 100 for part in writing.closed)
    assert join(captures).missing == ()


def test_only_the_owner_may_read_and_no_name_tells_of_a_person(tmp_path: Path) -> None:
    origin = Origin(session=SESSION, source="Ms. Doe's ../cuff", driver="dinamap", port="COM3")
    writing = Writing(tmp_path / "captures" / SESSION, origin=origin)
    writing.pieces(0)
    writing.tap.close()
    (part,) = writing.closed
    assert part.path.parent == tmp_path / "captures" / SESSION
    assert stat.S_IMODE(part.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(part.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(part.path.parent.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(pack(part.path).stat().st_mode) == 0o600


@given(st.text(min_size=1), st.text(min_size=1), st.integers(1, 99999))
def test_names_of_parts_are_plain_and_never_shared(one: str, other: str, number: int) -> None:
    path = part_path(Path("x"), one, number)
    assert path.parent == Path("x")
    assert path.name.isascii()
    assert part_of(path.name, one) == part_of(path.name + ".gz", one) == number
    assert (label(one) == label(other)) == (one == other)


def test_where_the_files_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KETAMONITOR_CAPTURES", raising=False)
    assert captures_folder(str(tmp_path / "store.db")) == tmp_path / "captures"
    assert captures_folder(f"sqlite:///{tmp_path}/store.db") == tmp_path / "captures"
    server = captures_folder("postgresql://nurse:secret@host/km")
    assert server.name == "captures"
    assert "secret" not in str(server)
    with pytest.raises(StoreError):
        captures_folder("")
    monkeypatch.setenv("KETAMONITOR_CAPTURES", str(tmp_path / "elsewhere"))
    assert captures_folder("") == tmp_path / "elsewhere"


# Packing, hashing, entering --------------------------------------------------------------------


class Book:
    """Takes drafts as the recorder does: each becomes the next entry."""

    def __init__(self) -> None:
        start = Draft("session", START, "okafor", {"event": "started"})
        self.entries = [chain(start, SESSION, 1, START, GENESIS)]

    def __call__(self, session: str, drafts: Any) -> Future[Written]:
        done: Future[Written] = Future()
        made: list[Entry] = []
        for draft in drafts:
            last = self.entries[-1]
            made.append(chain(draft, session, last.seq + 1, draft.at, last.hash))
            self.entries.append(made[-1])
        done.set_result(tuple(made))
        return done

    @property
    def captured(self) -> list[Any]:
        return [e.body for e in self.entries if e.body.get("event") == "capture"]


@contextmanager
def box(folder: Path, book: Book) -> Iterator[BlackBox]:
    made = BlackBox(folder, book, lambda: START, NO_RESERVE)
    try:
        yield made
    finally:
        made.stop()


def fill(made: BlackBox, *times: float) -> None:
    tap = made.tap(SESSION, DEVICE)
    for t in times:
        tap("rx", b"\x01\x02\x03", at(t))


def test_a_closed_part_is_packed_and_entered_before_what_comes_after(tmp_path: Path) -> None:
    book = Book()
    with box(tmp_path, book) as made:
        fill(made, 1, 2)
        made.close(SESSION)
        end = Draft("session", at(3), "okafor", {"event": "ended"})
        made.then(lambda: book(SESSION, (end,))).result(60)
    assert [e.body["event"] for e in book.entries] == ["started", "capture", "ended"]
    file = tmp_path / SESSION / "dinamap-0001.jsonl.gz"
    assert list(file.parent.iterdir()) == [file]
    assert book.captured == [
        {
            "event": "capture",
            "source": "dinamap",
            "part": 1,
            "file": file.name,
            "sha256": sha256(file.read_bytes()).hexdigest(),
            "bytes": file.stat().st_size,
            "from": at(1).isoformat(),
            "to": at(2).isoformat(),
        }
    ]
    again = tmp_path / "again.jsonl"
    again.write_bytes(gzip.decompress(file.read_bytes()))
    assert pack(again).read_bytes() == file.read_bytes()  # no name and no time is packed with it
    assert faults(tmp_path / SESSION, book.entries) == []


def test_a_failing_question_reaches_whoever_waits(tmp_path: Path) -> None:
    def ask() -> Future[Written]:
        raise ValueError("no")

    with box(tmp_path, Book()) as made:
        with pytest.raises(ValueError, match="no"):
            made.then(ask).result(60)
        assert made.then(lambda: Book()(SESSION, ())).result(60) == ()  # and the thread goes on


def test_where_packing_is_refused_the_plain_file_is_entered(tmp_path: Path) -> None:
    book = Book()
    with box(tmp_path, book) as made:
        fill(made, 1)
        (tmp_path / SESSION / "dinamap-0001.jsonl.gz.new").mkdir()  # in the way
        made.close(SESSION)
    (body,) = book.captured
    assert body["file"] == "dinamap-0001.jsonl"
    assert faults(tmp_path / SESSION, book.entries) == []
    with box(tmp_path, book) as made:
        made.adopt(SESSION, book.entries)
    assert len(book.captured) == 1


@pytest.mark.parametrize("moment", ["writing", "packing", "before deleting", "before entering"])
def test_what_a_kill_left_is_entered_when_the_session_goes_on(tmp_path: Path, moment: str) -> None:
    book, folder = Book(), tmp_path / SESSION
    killed = Writing(folder, Limits(300, 0))  # nobody packs or enters for it
    killed.pieces(1, 2, 3, 4)
    plain = sorted(folder.iterdir())[-1]
    if moment == "writing":
        with plain.open("a") as file:
            file.write('{"t": 5, "di')
    elif moment == "packing":
        plain.with_name(plain.name + ".gz.new").write_bytes(b"\x1f\x8b half")
    else:
        kept = plain.read_bytes()
        pack(plain)
        if moment == "before deleting":
            plain.write_bytes(kept)
    with box(tmp_path, book) as made:
        made.adopt(SESSION, book.entries)
        fill(made, 10)
        made.close(SESSION)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [body["file"] for body in book.captured]
    assert all(name.endswith(".gz") for name in names)
    assert [body["part"] for body in book.captured] == list(range(1, len(names) + 1))
    assert faults(folder, book.entries) == []
    joined = kept_of(folder, book.entries, "dinamap").joined
    assert [p.at for one in joined.parts for p in one.pieces] == [at(t) for t in (1, 2, 3, 4, 10)]
    assert joined.missing == ()
    assert bool(joined.notes) == (moment == "writing")
    # a second time there is nothing left to adopt
    with box(tmp_path, book) as made:
        made.adopt(SESSION, book.entries)
    assert len(book.captured) == len(names)


def test_foreign_and_unreadable_files_are_not_adopted(tmp_path: Path) -> None:
    folder = tmp_path / SESSION
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "dinamap-0001.jsonl").write_text("no capture\n")
    other = Origin(session="KM-1", source="dinamap", driver="dinamap", port="COM3", after_part=6)
    foreign = Writing(folder, origin=other)
    foreign.pieces(1)
    foreign.tap.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    book = Book()
    with box(tmp_path, book) as made:
        made.adopt(SESSION, book.entries)
        made.adopt("KM-none", book.entries)
    assert book.captured == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_numbers_go_on_after_the_record_though_the_files_are_gone(tmp_path: Path) -> None:
    book = Book()
    with box(tmp_path, book) as made:
        fill(made, 1)
        made.close(SESSION)
    (tmp_path / SESSION / "dinamap-0001.jsonl.gz").unlink()
    with box(tmp_path, book) as made:
        made.adopt(SESSION, book.entries)
        fill(made, 5)
        made.close(SESSION)
    assert [body["part"] for body in book.captured] == [1, 2]
    assert faults(tmp_path / SESSION, book.entries) == [
        f"part 1 of dinamap (dinamap-0001.jsonl.gz) is missing from {tmp_path / SESSION}"
    ]


def test_a_changed_missing_or_damaged_file_is_told_and_left_out(tmp_path: Path) -> None:
    book, folder = Book(), tmp_path / SESSION
    with box(tmp_path, book) as made:
        for t in (1, 2, 3):
            fill(made, t)
            made.close(SESSION)
    assert len(book.captured) == 3
    changed, gone = folder / "dinamap-0001.jsonl.gz", folder / "dinamap-0002.jsonl.gz"
    text = gzip.decompress(changed.read_bytes()).replace(b"010203", b"010204")
    changed.write_bytes(gzip.compress(text, mtime=0))
    gone.unlink()
    first, second = faults(folder, book.entries)
    assert first.endswith("is not as it was entered: it has been changed")
    assert "is missing from" in second
    joined = kept_of(folder, book.entries, "dinamap").joined
    assert [one.place.part for one in joined.parts if one.place] == [3]
    assert joined.missing == (f"{first}, and is left out", second)
    gone.with_name("dinamap-0003.jsonl.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(LookError, match="has been changed"):
        kept_of(folder, book.entries, "dinamap")
    with pytest.raises(LookError, match="no bytes of ge-dri are kept"):
        kept_of(folder, book.entries, "ge-dri")


def test_a_session_without_raw_bytes_has_no_faults(tmp_path: Path) -> None:
    assert faults(tmp_path / "none", Book().entries) == []


def test_a_piece_costs_one_line(tmp_path: Path) -> None:
    writing = Writing(tmp_path / SESSION)
    writing.tap("open", b"", at(0))
    writing.tap("tx", b"\r NA!2\r", at(0.25))
    lines = part_path(tmp_path / SESSION, "dinamap", 1).read_text().splitlines()
    writing.tap.close()
    assert [json.loads(text) for text in lines[1:]] == [
        {"t": 0.0, "dir": "open", "hex": ""},
        {"t": 0.25, "dir": "tx", "hex": "0d204e4121320d"},
    ]
    assert json.loads(lines[0]) == {
        "format": "ketamonitor-capture",
        "version": 1,
        "driver": "dinamap",
        "port_kind": "serial",
        "started_at": START.isoformat(),
        "session": SESSION,
        "source": "dinamap",
        "part": 1,
        "continues": False,
    }
