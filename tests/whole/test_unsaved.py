"""Ended while the store refuses: nothing is dropped, status 1, and the next start has it all.

The real command, a store that another process really holds, a disk that is really full.
"""

from __future__ import annotations

import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ketamonitor.entries import Entry, verify_chain
from ketamonitor.rescue import TAKEN, read_rescue
from ketamonitor.store import check_store, open_store
from tests.processes import PIPE, PROGRAM, ran, started, stopped
from tests.waits import PATIENCE_S, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

#: Ways in which the store may refuse at the end; the last needs a file system of its own.
REFUSALS = ("locked", "limit", "full disk")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    # As a user's shell: what is printed to a pipe waits in a buffer.
    own = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {
        **own,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "TMPDIR": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
        "KETAMONITOR_PORTS": str(tmp_path / "ports.json"),
    }


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A nurse who writes a note every 2 s of the session, for an hour."""
    path = tmp_path / "nurse.jsonl"
    lines = [json.dumps({"t_s": t, "note": f"note {t} " + 200 * "x"}) for t in range(1, 3600, 2)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 1 MB, really mounted; the test is skipped where nobody may."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE_S)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode:
        pytest.skip("a disk of its own may not be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=PATIENCE_S)


@contextmanager
def refusing(how: str, store: Path, recorder: int) -> Iterator[None]:
    """The store takes nothing for as long as this lasts."""
    if how == "locked":
        with closing(sqlite3.connect(store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")
    elif how == "limit":
        import resource  # of POSIX alone

        size = max(path.stat().st_size for path in store.parent.glob("store.db*"))
        resource.prlimit(recorder, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        yield
    else:
        filler = store.parent / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(4096 * b"x")
            except OSError:
                pass  # full, as it is to be
        yield
        filler.unlink()


def entries_of(store: Path, session: str) -> list[Entry]:
    with open_store(str(store), read_only=True) as reading:
        return reading.entries(session)


def running(store: Path, notes: Path, *more: str) -> list[str]:
    return [
        *PROGRAM, "session", "run", "--store", str(store), "--protocol", "iv-ketamine-40",
        "--simulated", "--script", str(notes), "--json", *more,
    ]  # fmt: skip


@pytest.mark.parametrize("how", REFUSALS)
def test_session_run_ended_while_the_store_refuses_loses_nothing(
    tmp_path: Path, notes: Path, environment: dict[str, str], how: str
) -> None:
    with small_disk(tmp_path / "disk") if how == "full disk" else _folder(tmp_path) as folder:
        store = folder / "store.db"
        with started(running(store, notes), env=environment, errors=PIPE) as recording:
            assert recording.stdout is not None
            assert recording.stderr is not None
            session = json.loads(recording.stdout.readline())["session"]
            while "note 1 " not in (line := recording.stdout.readline()):
                assert line
            with refusing(how, store, recording.pid):
                # Until the log tells that the store has refused: entries are held from here on.
                while "record fault" not in (line := recording.stderr.readline()):
                    assert line
                told, said = stopped(recording)
            assert recording.returncode == 1
        stored = entries_of(store, session)
        assert verify_chain(session, stored) == []
        assert [json.loads(line) for line in told.splitlines()] == []
        where = re.search(
            rf"(\d+) entr\w+ of session {session} could not be saved: .*kept in (\S+);", said
        )
        assert where, said
        file = Path(where[2])
        kept = read_rescue(file).sessions[session]
        assert len(kept) == int(where[1])
        assert kept[0].prev_hash == stored[-1].hash
        assert any(e.kind == "note" for e in kept)
        assert file.stat().st_mode & 0o077 == 0
        if how == "full disk":
            assert file.is_relative_to(tmp_path / "state"), "the store's own disk was full"
        again = ran(
            [*PROGRAM, "session", "run", "--store", str(store), "--resume", session,
             "--simulated", "--for", "1"],
            env=environment,
        )  # fmt: skip
        assert again.returncode == 0, again.stderr
        assert f"{len(kept)} entries of session {session} as they were entered" in again.stderr
        after = entries_of(store, session)
        assert after[: len(stored) + len(kept)] == [*stored, *kept]
        assert verify_chain(session, after) == []
        assert file.with_name(file.name + TAKEN).exists()
        with open_store(str(store), read_only=True) as reading:
            assert list(check_store(reading)) == []


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    yield folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a pseudo-terminal")
def test_the_window_ended_while_the_store_is_locked_loses_nothing_and_is_not_started_again(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    store = tmp_path / "store.db"
    monitor = (*PROGRAM, "simulate", "--driver", "dinamap", "--scenario", "iv-severe")
    with started(monitor) as simulator:
        assert simulator.stdout is not None
        port = simulator.stdout.readline().strip()
        words = [
            *PROGRAM, "session", "run", "--store", str(store), "--protocol", "iv-ketamine-40",
            "--simulated", "--device", f"dinamap:{port}",
        ]  # fmt: skip
        with started(words, env=environment) as recording:
            assert recording.stdout is not None
            session = recording.stdout.readline().strip()
        with started(
            [*PROGRAM, "--store", str(store), "--return-to", session],
            env=environment,
            errors=PIPE,
        ) as guard:
            assert guard.stderr is not None
            until(lambda: _resumed(store, session) == 1, "the window is not in the session")
            with refusing("locked", store, guard.pid):
                while "record fault" not in (line := guard.stderr.readline()):
                    assert line
                said = stopped(guard)[1]
            assert guard.returncode == 1, said
    assert f"of session {session} could not be saved: {store}: another program" in said
    assert "started again" not in said
    stored = entries_of(store, session)
    (file,) = (tmp_path / "store.db-rescue").glob("unsaved-*.jsonl")
    kept = read_rescue(file).sessions[session]
    assert kept[0].prev_hash == stored[-1].hash
    # The next window takes them in before anything else.
    words = [*PROGRAM, "--store", str(store), "--window"]
    with started(words, env=environment, errors=PIPE) as window:
        assert window.stderr is not None
        while "taken in" not in (line := window.stderr.readline()):
            assert line
        assert f"{len(kept)} entries of session {session} as they were entered" in line
        stopped(window)
        assert window.returncode == 0
    assert entries_of(store, session)[: len(stored) + len(kept)] == [*stored, *kept]


def _resumed(store: Path, session: str) -> int:
    found = entries_of(store, session)
    return sum(e.kind == "session" and e.body["event"] == "resumed" for e in found)


def test_a_start_that_cannot_be_saved_is_ended_by_a_signal_and_kept(
    tmp_path: Path, notes: Path, environment: dict[str, str]
) -> None:
    """The first entry waits: the recording can be ended all the same, and it is not lost."""
    store = tmp_path / "store.db"
    open_store(str(store)).close()
    with started(running(store, notes), env=environment, errors=PIPE) as recording:
        assert recording.stderr is not None
        with closing(sqlite3.connect(store, isolation_level=None)) as other:
            # Between its opening of the store and its first entry nothing can be caught from
            # outside: whichever of the two is refused, it must end with a line that says so.
            other.execute("BEGIN EXCLUSIVE")
            said = recording.stderr.readline()
            if "record fault" in said:
                said += stopped(recording)[1]
                assert "could not be saved" in said
            else:
                assert "another program is writing to it" in said
            other.execute("ROLLBACK")
        recording.wait(PATIENCE_S)
        assert recording.returncode == 1


# Whoever reads the output ---------------------------------------------------------------------


def test_a_reader_that_has_seen_enough_ends_no_recording(
    tmp_path: Path, notes: Path, environment: dict[str, str]
) -> None:
    store = tmp_path / "store.db"
    words = running(store, notes, "--speed", "20", "--for", "30")
    with started(words, env=environment, errors=PIPE) as recording:
        assert recording.stdout is not None
        assert recording.stderr is not None
        session = json.loads(recording.stdout.readline())["session"]
        recording.stdout.close()
        said = recording.stderr.read()
        recording.wait(PATIENCE_S)
    assert recording.returncode == 0, said
    assert said.count("\n") == 1, said
    assert said == (
        "ketamonitor: the output is no longer written (nobody reads it); the recording goes on\n"
    )
    events = [e.body["event"] for e in entries_of(store, session) if e.kind == "session"]
    assert events == ["started", "ended"]
    assert sum(e.kind == "note" for e in entries_of(store, session)) >= 14


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_output_and_closed_errors_end_no_recording(
    tmp_path: Path, notes: Path, environment: dict[str, str]
) -> None:
    store = tmp_path / "store.db"
    words = running(store, notes, "--speed", "20", "--for", "10")
    shell = " ".join(words)
    for number, redirected in enumerate(
        (f"> /dev/full 2>{tmp_path}/errors", "2>&1 | head -n 1", ">&- 2>&-")
    ):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; cd {Path.cwd()}; {shell} {redirected}"],
            env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, (redirected, done)
        with open_store(str(store), read_only=True) as reading:
            assert [s.finished for s in reading.sessions()] == [True] * (number + 1)


@pytest.mark.parametrize(
    "words",
    [
        "protocol list",
        "protocol show iv-ketamine-40",
        "devices list",
        "devices list --json",
        "session list",
        "--help",
    ],
)
def test_no_command_ends_in_a_traceback_because_its_reader_has_gone(
    tmp_path: Path, environment: dict[str, str], words: str
) -> None:
    read, write = os.pipe()
    os.close(read)  # nobody will ever read
    store = tmp_path / "store.db"
    open_store(str(store)).close()
    done = subprocess.run(
        [*PROGRAM, *words.split()],
        stdout=write,
        stderr=subprocess.PIPE,
        env={**environment, "KETAMONITOR_STORE": str(store)},
        check=False,
        text=True,
        timeout=PATIENCE_S,
        cwd=Path(__file__).parents[2],
    )
    os.close(write)
    assert done.returncode in (0, 1), done.stderr
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["protocol list", "protocol show iv-ketamine-40", "--help"])
def test_an_output_that_is_full_is_said_in_one_line(
    environment: dict[str, str], words: str
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*PROGRAM, *words.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
            check=False,
            text=True,
            timeout=PATIENCE_S,
            cwd=Path(__file__).parents[2],
        )
    assert done.returncode == 1
    assert done.stderr == "ketamonitor: the output cannot be written: No space left on device\n"


# The line of progress ---------------------------------------------------------------------------


def test_on_a_terminal_a_line_says_how_it_goes_and_elsewhere_nothing(
    tmp_path: Path, notes: Path, environment: dict[str, str]
) -> None:
    store = tmp_path / "store.db"
    words = [w for w in running(store, notes, "--speed", "20", "--for", "20") if w != "--json"]
    master, slave = pty.openpty()
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=environment,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    ) as recording:
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 4096):
                shown += piece
        except OSError:
            pass  # the other end has gone: so it ends on Linux
        out, _ = recording.communicate(timeout=PATIENCE_S)
        assert recording.returncode == 0
    os.close(master)
    lines = [line.strip() for line in shown.decode().split("\r") if line.strip()]
    assert len(lines) > 5
    assert re.fullmatch(r"0:00:\d\d +alerts \d+ +(all saved|\d+ NOT SAVED)", lines[3]), lines[3]
    assert any(line.endswith("all saved") for line in lines)
    assert re.fullmatch(r"KM-\d{6}-[0-9a-f]{6}\n", out)
    quiet = ran([*words[:-1], "2"], env=environment)
    assert quiet.stderr == ""
