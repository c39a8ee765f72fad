"""A session is recorded by one program: refused to a second, free again however the first ends."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from ketamonitor import session_locks
from ketamonitor.clock import SteadyClock
from ketamonitor.session_locks import RecordedElsewhereError, SessionLocks
from ketamonitor.station import SessionPlan, Station
from ketamonitor.store import open_store
from ketamonitor.view import Patient

ROOT = Path(__file__).parents[2]
PATIENT = Patient("LINDQVIST, Maren", "0048-2917", date(1984, 3, 14))
SESSION = "KM-261123-000001"

#: Takes the lock, says so, and keeps it until its standard input ends or it is killed.
OWNER = """
import sys
from pathlib import Path
from ketamonitor.session_locks import SessionLocks

locks = SessionLocks(Path(sys.argv[1]))
try:
    locks.take(sys.argv[2])
except ValueError as error:
    print(error, flush=True)
else:
    print("taken", flush=True)
    sys.stdin.read()
    locks.release_all()
"""


@contextmanager
def owner(folder: Path, session: str = SESSION) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), session],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_program_is_refused_in_words_and_death_frees_the_session(tmp_path: Path) -> None:
    here = SessionLocks(tmp_path / "running")
    with owner(tmp_path / "running") as other:
        assert said(other) == "taken"
        assert here.elsewhere([SESSION, "KM-2"]) == {SESSION}
        with pytest.raises(
            RecordedElsewhereError, match="is being recorded in another window on this computer"
        ):
            here.take(SESSION)
        other.kill()
        other.wait()
        assert here.elsewhere([SESSION]) == frozenset()
        here.take(SESSION)
        with owner(tmp_path / "running") as late:
            assert "another window" in said(late)
    here.release_all()


def test_looking_and_a_second_open_in_the_same_program_drop_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "running"
    here, beside = SessionLocks(folder), SessionLocks(folder)
    here.take(SESSION)
    with pytest.raises(ValueError, match="running here already"):
        here.take(SESSION)
    for _ in range(5):
        assert beside.elsewhere([SESSION]) == {SESSION}
        with pytest.raises(RecordedElsewhereError):
            beside.take(SESSION)
    # As a copying or searching program would: POSIX record locks of this process would go by this.
    (folder / f"{SESSION}.lock").read_bytes()
    with owner(folder) as other:
        assert "another window" in said(other)
    here.release_all()


def test_a_released_session_leaves_no_file_and_files_hold_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "running"
    here = SessionLocks(folder)
    here.take(SESSION)
    (file,) = folder.iterdir()
    assert file.name == f"{SESSION}.lock"
    assert file.read_bytes() == b""
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0
        assert folder.stat().st_mode & 0o077 == 0
    here.release(SESSION)
    here.release(SESSION)
    assert list(folder.iterdir()) == []
    with owner(folder) as other:
        assert said(other) == "taken"


def test_one_of_many_that_come_and_go_has_it_and_who_only_looks_refuses_nobody(
    tmp_path: Path,
) -> None:
    """Files are made, locked and removed at the same time: never two owners, and no refusal while
    nobody owns it."""
    folder = tmp_path / "running"
    owners: list[int] = []
    broken: list[str] = []
    start, over = threading.Barrier(5), threading.Event()

    def contend() -> None:
        locks = SessionLocks(folder)
        start.wait()
        for _ in range(300):
            try:
                locks.take(SESSION)
            except RecordedElsewhereError:
                continue
            owners.append(1)  # appending and popping are atomic
            if len(owners) != 1:
                broken.append("two owners")
            owners.pop()
            locks.release(SESSION)

    def alone() -> None:
        locks = SessionLocks(folder)
        start.wait()
        for number in range(300):
            try:
                locks.take("KM-alone")
            except RecordedElsewhereError:
                broken.append(f"refused by a look, {number}")
            locks.release("KM-alone")

    def look() -> None:
        locks = SessionLocks(folder)
        start.wait()
        while not over.is_set():
            locks.elsewhere([SESSION, "KM-alone"])

    threads = [threading.Thread(target=t) for t in (contend, contend, alone)]
    watcher = threading.Thread(target=look)
    for thread in (*threads, watcher):
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    over.set()
    watcher.join()
    assert broken == []


def test_a_drive_without_locks_or_room_stops_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(file: int) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(session_locks, "_lock", none)
    here = SessionLocks(tmp_path / "running")
    here.take(SESSION)
    assert "without a lock: No locks available" in caplog.text
    here.release(SESSION)
    SessionLocks(tmp_path / "missing" / "running").take(SESSION)
    assert "without a lock: No such file" in caplog.text


def test_a_station_refuses_a_session_of_another_and_takes_it_when_that_has_gone(
    tmp_path: Path,
) -> None:
    store = str(tmp_path / "store.db")
    first = Station(store, SteadyClock(), lambda update: None)
    second = Station(store, SteadyClock(), lambda update: None)
    plan = SessionPlan(
        PATIENT, 68.4, first.protocol("iv-ketamine-40"), (), simulated=True, chair="3"
    )
    session, done = first.start(plan, "okafor")
    done.result(20)
    assert [s.id for s in second.sessions()] == [session]
    assert second.unfinished() == []
    for resume in (lambda: second.resume(session, (), "okafor"), lambda: second.come_back(session)):
        with pytest.raises(ValueError, match="being recorded in another window"):
            resume()
    run = [
        *(sys.executable, "-m", "ui.command", "session", "run", "--store", store),
        *("--resume", session, "--simulated", "--for", "1"),
    ]
    refused = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"ketamonitor: session {session} is being recorded in another window on this computer:"
        " go on there, or close it first\n"
    )
    shown = subprocess.run(
        [*run[:3], "session", "list", "--store", store, "--json"],
        **{"capture_output": True, "text": True, "check": True, "timeout": 60, "cwd": ROOT},
    )
    assert json.loads(shown.stdout)["recorded_now"] is True
    first.close()
    assert [s.id for s in second.unfinished()] == [session]
    second.resume(session, (), "okafor").result(20)
    second.end(session, "over", "okafor").result(20)
    second.close()
    assert list((tmp_path / "store.db-running").iterdir()) == []
    with open_store(store, read_only=True) as stored:
        events = [e.body["event"] for e in stored.of_kind(session, "session")]
    assert events == ["started", "resumed", "ended"]
