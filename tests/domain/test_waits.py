"""What the tests lean on: waits that end, and programs that do not outlive their test."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ketamonitor.clock import SteadyClock
from tests.processes import PIPE, ran, started, stopped
from tests.waits import until

#: A program whose child holds on to its output, as a window does that has lost its guard.
FATHER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait(600)"])
print(child.pid, flush=True)
"""


def alive(pid: int) -> bool:
    """Whether it still runs: one that has ended and waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_wait_is_over_as_soon_as_it_holds() -> None:
    looks = []
    until(lambda: looks.append(1) or len(looks) == 3, seconds=60)
    assert len(looks) == 3


def test_a_wait_ends_after_its_time_however_long_a_look_takes() -> None:
    """Bounded in looks, this one would take a minute."""
    looks, clock = [], SteadyClock()

    def slow() -> bool:
        looks.append(clock.now())
        threading.Event().wait(0.3)
        return False

    with pytest.raises(AssertionError, match="nothing came"):
        until(slow, "nothing came", 1.0)
    assert 2 <= len(looks) <= 5


def test_between_two_looks_it_is_the_caller_s_turn() -> None:
    turns: list[int] = []
    until(lambda: len(turns) == 4, turn=lambda: turns.append(1))
    assert len(turns) == 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_what_a_program_started_ends_with_it_and_holds_nobody_up() -> None:
    with started([sys.executable, "-c", FATHER]) as father:
        assert father.stdout is not None
        child = int(father.stdout.readline())
        assert alive(child)
    until(lambda: not alive(child), "the child outlived its test")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "child"
    script = FATHER.replace("flush=True", f"file=open({str(told)!r}, 'w'), flush=True")
    with pytest.raises(subprocess.TimeoutExpired):
        ran([sys.executable, "-c", script + "child.wait()"], seconds=3)
    until(lambda: not alive(int(told.read_text())), "the child outlived its test")


def test_a_program_that_ends_when_asked_tells_what_it_said() -> None:
    script = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit('bye'))\n"
        "print('up', flush=True)\n"
        "signal.pause()\n"
    )
    with started([sys.executable, "-c", script], errors=PIPE, env=dict(os.environ)) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "up\n"
        assert stopped(program) == ("", "bye\n")
    assert program.returncode == 1
