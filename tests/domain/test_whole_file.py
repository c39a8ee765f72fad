"""A file is written whole or not at all, and nothing is replaced by accident."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from ketamonitor.whole_file import write_whole


def test_what_is_written_is_whole_and_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    path.chmod(0o666)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for replace in (True, False):
        with pytest.raises(OSError, match="No space left"):
            write_whole(path, b"new" * 1000, replace=replace)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_without_leave_nothing_is_replaced_also_when_it_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    sync = os.fsync

    def another_comes(handle: int) -> None:
        sync(handle)
        if not path.exists():
            path.write_text("another program's")

    monkeypatch.setattr(os, "fsync", another_comes)
    with pytest.raises(FileExistsError, match="it exists already"):
        write_whole(path, b"ours", replace=False)
    assert path.read_text() == "another program's"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_system_without_hard_links_takes_a_new_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    path = tmp_path / "a.csv"
    write_whole(path, b"one", replace=False)
    assert path.read_bytes() == b"one"
    with pytest.raises(FileExistsError):
        write_whole(path, b"two", replace=False)
    assert path.read_bytes() == b"one"


@pytest.mark.skipif(os.name != "posix", reason="links and FIFOs of POSIX")
@pytest.mark.parametrize("what", ["link", "dangling", "folder", "fifo", "device"])
def test_only_an_ordinary_file_is_ever_replaced(tmp_path: Path, what: str) -> None:
    path, behind = tmp_path / "here", tmp_path / "behind"
    if what == "link":
        behind.write_text("kept")
        path.symlink_to(behind)
    elif what == "dangling":
        path.symlink_to(behind)
    elif what == "folder":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    else:
        path = Path("/dev/null")
    for replace in (True, False):
        with pytest.raises(OSError, match=r"it is a link|it is a folder|no ordinary file"):
            write_whole(path, b"new", replace=replace)
    if what == "link":
        assert behind.read_text() == "kept"
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".ketamonitor")]


def test_a_reader_sees_the_old_or_the_new_and_never_a_part(tmp_path: Path) -> None:
    path, over = tmp_path / "a", threading.Event()
    contents = [bytes([letter]) * 200_000 for letter in b"ab"]
    write_whole(path, contents[0])
    seen: list[bytes] = []

    def look() -> None:
        while not over.is_set():
            seen.append(path.read_bytes())

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(30):
        write_whole(path, contents[number % 2])
    over.set()
    reader.join()
    assert seen
    assert set(seen) <= set(contents)
