"""The guard: what it concludes, that it sounds, and that a window that died comes back in 5 s."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from devices.timing import Clock
from ketamonitor.clock import SteadyClock
from ketamonitor.coming_back import last_devices
from ketamonitor.entries import PROGRAM, Draft, Entry, verify_chain
from ketamonitor.guardian.beats import HERE, Beats, Said, heard
from ketamonitor.guardian.process import Guard
from ketamonitor.guardian.signs import ShowCommand
from ketamonitor.guardian.watch import QUIET, Next, Watch
from ketamonitor.signals.output import Pull, SoundError
from ketamonitor.signals.player import Player
from ketamonitor.store import open_store
from tests.domain.builders import SESSION, at, chained, link, started
from tests.fakes import ManualClock
from tests.processes import PIPE, ran, stopped
from tests.processes import PROGRAM as COMMAND
from tests.processes import started as program
from tests.waits import PATIENCE_S, until

OTHER = "KM-261123-000002"


# What it concludes ----------------------------------------------------------------------------


def test_a_window_without_a_session_is_never_sounded_for_ended_or_started_again() -> None:
    watch = Watch()
    watch.started(at(0))
    assert not watch.sounds(at(600))
    assert not watch.hangs(at(600))
    watch.beat((), at(600))
    assert not watch.sounds(at(700))
    assert watch.ended(-signal.SIGSEGV, at(700)) is Next.END


def test_a_heartbeat_that_stops_sounds_after_three_seconds_and_ends_it_after_ten() -> None:
    watch = Watch()
    watch.started(at(0))
    watch.beat((SESSION,), at(5))
    assert not watch.sounds(at(8))
    assert watch.sounds(at(8.1))
    assert not watch.hangs(at(15))
    assert watch.hangs(at(15.1))
    watch.beat((SESSION,), at(15.2))
    assert not watch.sounds(at(16))


def test_a_computer_that_slept_is_not_taken_for_a_window_that_hangs() -> None:
    watch = Watch()
    watch.started(at(0))
    watch.beat((SESSION,), at(5))
    watch.slept(at(3600))
    assert not watch.sounds(at(3602))
    assert watch.sounds(at(3603.1))
    watch.ended(1, at(3604))
    watch.started(at(3604))
    watch.slept(at(7200))
    assert not watch.hangs(at(7220))
    assert watch.hangs(at(7220.1))


def test_a_window_that_died_sounds_until_it_is_back_in_every_session() -> None:
    watch = Watch()
    watch.started(at(0))
    watch.beat((SESSION, OTHER), at(1))
    assert watch.ended(-signal.SIGKILL, at(2)) is Next.AGAIN
    assert watch.missing == (SESSION, OTHER)
    assert watch.sounds(at(2))
    watch.started(at(2))
    assert not watch.hangs(at(21))  # a start takes longer than a beat
    assert watch.hangs(at(22.1))
    watch.beat((SESSION,), at(4))
    assert watch.sounds(at(4))
    assert not watch.hangs(at(13))
    watch.gone(OTHER)
    assert not watch.sounds(at(4))
    assert watch.guarded == (SESSION,)


def test_three_deaths_within_a_minute_are_the_last_and_the_tone_stays() -> None:
    watch = Watch()
    for t_s, follows in ((0, Next.AGAIN), (30, Next.AGAIN), (59, Next.GIVE_UP)):
        watch.started(at(t_s))
        watch.beat((SESSION,), at(t_s))
        assert watch.ended(1, at(t_s)) is follows
    assert watch.sounds(at(4000))
    slow = Watch()
    for t_s in (0, 40, 80, 120):
        slow.started(at(t_s))
        slow.beat((SESSION,), at(t_s))
        assert slow.ended(1, at(t_s)) is Next.AGAIN


def test_a_window_that_is_closed_ends_the_guard_also_with_a_session_left_unfinished() -> None:
    watch = Watch()
    watch.started(at(0))
    watch.beat((SESSION,), at(1))
    assert watch.ended(0, at(2)) is Next.END
    assert not watch.sounds(at(9))


# What they say to each other ------------------------------------------------------------------


def test_what_is_said_is_heard_and_nothing_else_is() -> None:
    reading, writing = os.pipe()
    beats = Beats(writing)
    beats.beat((SESSION, OTHER))
    beats.beat(())
    beats.gone(OTHER)
    beats.signals(Path("/a place/signals.toml"))
    beats.close()
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = pipe.readlines()
    assert [heard(line) for line in lines] == [
        Said("beat", (SESSION, OTHER)),
        Said("beat"),
        Said("gone", (OTHER,)),
        Said("signals", path=Path("/a place/signals.toml")),
    ]
    for line in (
        "",
        "\n",
        "Qt: nothing",
        "beat --store\t/etc x;y",
        "beat ../..",
        "gone " + "x" * 65,
    ):
        assert heard(line) is None


def test_a_guard_that_reads_nothing_never_holds_the_window_up() -> None:
    reading, writing = os.pipe()
    beats = Beats(writing)

    def talk() -> None:
        while True:
            beats.beat((SESSION,))

    with pytest.raises(BlockingIOError):
        talk()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        beats.beat((SESSION,))
    beats.close()


def test_a_session_goes_on_with_the_monitors_and_ports_it_had_last() -> None:
    resumed = {"event": "resumed", "gap_s": 1.0, "devices": [
        {"driver": "ge-dri", "port": "/dev/ttyUSB1", "source": "ge-dri", "line": "9600-8N1"},
        {"driver": "nonin", "port": "/dev/ttyUSB2", "source": "nonin", "listen_only": True},
    ]}  # fmt: skip
    moved = link(9, "connected", source="ge-dri")  # its adapter answers on ttyUSB0 now
    entries = chained([started(), Draft("session", at(5), PROGRAM, resumed), moved])
    assert [(d.source, d.port, d.line, d.listen_only) for d in last_devices(entries)] == [
        ("ge-dri", "/dev/ttyUSB0", "9600-8N1", False),
        ("nonin", "/dev/ttyUSB2", "", True),
    ]
    assert [d.port for d in last_devices(chained([started()]))] == ["/dev/ttyUSB0"]


# The guard with windows that are a few lines of Python ----------------------------------------


class Card:
    """The sound card of the guard's own player: it takes its samples in real time."""

    def __init__(self) -> None:
        self.opened = 0
        self.begun: list[str] = []
        #: Whether anything but silence was heard since it was opened; ``False`` while it is not.
        self.sounds = False
        self._ended = threading.Event()
        self._thread = threading.Thread()

    def open(self, device: str, pull: Pull) -> Card:
        self.opened += 1
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, args=(pull,), name="sound card")
        self._thread.start()
        return self

    def _run(self, pull: Pull) -> None:
        while not self._ended.wait(0.02):
            self.sounds = any(pull(960)) or self.sounds

    def handed(self, tone: str, at: datetime) -> None:
        self.begun.append(tone)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self.sounds = False


def none(device: str, pull: Pull) -> Card:
    raise SoundError("this computer has no sound output")


class Guarded:
    """A guard on a thread; its windows are scripts, the first of them for the first start."""

    def __init__(
        self,
        folder: Path,
        *scripts: str,
        clock: Clock | None = None,
        show: ShowCommand | None = None,
        deaf: bool = False,
    ) -> None:
        self.deaf = deaf
        self.card, self.clock = Card(), clock or SteadyClock()
        self.started: list[tuple[str, ...]] = []
        self._scripts, self._folder = list(scripts), folder
        self.status: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.guard = Guard(self._command, self.clock, self._alarm, show)
        self._thread = threading.Thread(target=lambda: self.status.put(self.guard.run()))
        self._thread.start()

    def _command(self, sessions: tuple[str, ...]) -> list[str]:
        script = self._scripts[min(len(self.started), len(self._scripts) - 1)]
        self.started.append(sessions)
        head = "import os, signal, sys, threading\nwait = threading.Event().wait\n"
        said = "def beat(*ids): print('beat', *ids, flush=True)\n"
        return [sys.executable, "-c", head + said + script]

    def _alarm(self, path: Path | None, clock: Clock) -> Player:
        return Player("", 0.6, clock, none if self.deaf else self.card.open, self.card.handed)

    def end(self) -> int:
        status = self.status.get(timeout=PATIENCE_S)
        self._thread.join(PATIENCE_S)
        return status


def looked(guarded: Guarded) -> None:
    """The guard has seen the present time, and what follows from it is done."""
    now = guarded.clock.now()
    until(lambda: guarded.guard._looked_at >= now, "the guard does not look")


DIES = f"beat('{SESSION}'); wait(0.3); os.kill(os.getpid(), signal.SIGSEGV)"
HOLDS = f"beat('{SESSION}'); wait(60)"


def test_a_crash_sounds_at_once_until_the_next_window_is_in_the_session(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    back = f"wait(1.0); beat('{SESSION}'); wait(1.0); beat()"
    guarded = Guarded(tmp_path, DIES, back)
    until(lambda: guarded.card.sounds, "the guard was silent")
    until(lambda: len(guarded.started) == 2, "no second window")
    until(lambda: not guarded.card.sounds, "the tone did not end")
    assert guarded.end() == 0
    assert guarded.started == [(), (SESSION,)]
    assert guarded.card.begun[0] == "guard"
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "ended by SIGSEGV while a session was running; it is started again" in said


def test_a_window_that_cannot_start_gives_its_status_and_is_not_tried_again(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, "sys.exit(1)")
    assert guarded.end() == 1
    killed = Guarded(tmp_path, "beat(); os.kill(os.getpid(), signal.SIGABRT)")
    assert killed.end() == 128 + signal.SIGABRT
    assert (guarded.started, killed.started) == ([()], [()])
    assert guarded.card.opened == killed.card.opened == 0


def test_a_window_that_hangs_is_sounded_for_then_ended_and_started_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = ManualClock()
    guarded = Guarded(tmp_path, HOLDS, f"beat('{SESSION}'); wait(0.5)", clock=clock)
    until(lambda: guarded.guard._watch.live == (SESSION,), "no heartbeat")
    assert not guarded.card.sounds
    clock.advance(3600)  # the computer slept, and the guard with it
    looked(guarded)
    assert guarded.card.opened == 0
    for _ in range(4):
        clock.advance(1)
        looked(guarded)
    until(lambda: guarded.card.sounds, "the guard was silent")
    assert guarded.started == [()]
    for _ in range(7):
        clock.advance(1)
        looked(guarded)
    until(lambda: len(guarded.started) == 2, "it was not started again")
    assert guarded.end() == 0
    said = capfd.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in said] == [
        "no heartbeat of the window",
        "the window does not answer and is ended",
        "the window was ended by SIGKILL while a session was running; it is started again",
    ]


def test_the_third_death_in_a_minute_is_the_last_and_the_tone_goes_on_until_the_guard_is_ended(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    guarded = Guarded(tmp_path, DIES)
    until(lambda: guarded.guard._watch.given_up, "it goes on for ever")
    until(lambda: guarded.card.sounds, "silent")
    assert guarded.started == [(), (SESSION,), (SESSION,)]
    last = capfd.readouterr().err.splitlines()[-1]
    assert "is not started again" in last
    assert SESSION in last
    guarded.guard.stop()
    assert guarded.end() == 1
    assert not guarded.card.sounds


def test_a_guard_that_hangs_is_noticed_within_ten_beats_and_one_that_answers_is_not() -> None:
    reading, writing = os.pipe()
    answers, guard = os.pipe()
    beats = Beats(writing, answers)
    for _ in range(20):
        beats.beat((SESSION,))
        os.write(guard, HERE)
        until(lambda: beats._waiting == 0, "the answer was not heard")

    def unanswered() -> int:
        for count in range(1, 11):
            try:
                beats.beat((SESSION,))
            except TimeoutError:
                return count
        return 99

    assert unanswered() <= 8
    os.write(guard, HERE)
    until(lambda: beats._waiting == 0, "the answer was not heard")
    beats.beat((SESSION,))
    for end in (reading, guard):
        os.close(end)
    beats.close()


def test_the_guard_answers_each_beat(tmp_path: Path) -> None:
    hears = (
        f"beat('{SESSION}'); got = os.read(0, 1); beat('{SESSION}'); got += os.read(0, 1);"
        " beat(); sys.exit(0 if got == b'..' else 1)"
    )
    guarded = Guarded(tmp_path, hears)
    assert guarded.end() == 0


def test_without_sound_the_guard_shows_a_window_of_its_own_and_says_so_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = tmp_path / "shown"
    show = f"import sys, threading; open({str(shown)!r}, 'w').write(sys.argv[1]);"
    guarded = Guarded(
        tmp_path,
        DIES,
        f"wait(5.0); beat('{SESSION}'); wait(1.0); beat()",
        show=lambda said: [sys.executable, "-c", show + "threading.Event().wait(60)", said],
        deaf=True,
    )
    until(lambda: shown.exists() and "MONITORING STOPPED" in shown.read_text(), "nothing shown")
    window = guarded.guard._signs
    assert window is not None
    process = window._window
    assert process is not None
    assert guarded.end() == 0
    assert process.returncode is not None, "it goes when the session is watched again"
    said = capfd.readouterr().err
    assert "\aMONITORING STOPPED on this computer" in said
    assert "the guard has no sound" in said


def test_where_no_window_can_be_shown_the_terminal_is_told_why(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    guarded = Guarded(
        tmp_path,
        DIES,
        f"wait(6.0); beat('{SESSION}'); wait(1.0); beat()",
        show=lambda said: [sys.executable, "-c", "import sys; sys.exit('no display')", said],
        deaf=True,
    )
    assert guarded.end() == 0
    said = capfd.readouterr().err
    assert "no display" in said
    assert said.count("its words cannot be shown in a window") == 1
    assert "MONITORING STOPPED on this computer" in said


def test_ending_the_guard_ends_the_window_cleanly(tmp_path: Path) -> None:
    handler = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
    guarded = Guarded(tmp_path, handler + HOLDS)
    until(lambda: guarded.guard._watch.live == (SESSION,), "no heartbeat")
    guarded.guard.stop()
    assert guarded.end() == 0
    assert guarded.card.opened == 0


# The real window ------------------------------------------------------------------------------


#: Whether seconds count: only on an idle computer, where ``make prove`` asks for them. In a test
#: they would say how busy the computer is; that it happens at all is waited for.
TIMED = bool(os.environ.get("KETAMONITOR_TIMED"))
#: Seconds after which a window that died is back, and a guard that hangs is noticed.
BACK_S, NOTICED_S = (5.0, 10.0) if TIMED else (math.inf, math.inf)


@pytest.fixture
def monitor() -> Iterator[str]:
    """A simulated monitor as its own process; its port."""
    words = ("simulate", "--driver", "dinamap", "--scenario", "iv-severe")
    with program([*COMMAND, *words]) as simulator:
        assert simulator.stdout is not None
        yield simulator.stdout.readline().strip()


def begun(store: Path, port: str) -> str:
    """An unfinished session on that port, as a program that was killed leaves it."""
    words = (
        *COMMAND, "session", "run", "--store", str(store), "--protocol", "iv-ketamine-40",
        "--simulated", "--device", f"dinamap:{port}", "--json",
    )  # fmt: skip
    with program(words) as recording:
        assert recording.stdout is not None
        session: str = json.loads(recording.stdout.readline())["session"]
        for line in recording.stdout:
            if json.loads(line)["kind"] == "reading":
                break
    return session


def entries_of(store: Path, session: str) -> list[Entry]:
    with open_store(str(store), read_only=True) as reading:
        return reading.entries(session)


def windows(guard: int) -> list[int]:
    """The guard's windows; what it shows where it has no sound is none."""
    tasks = Path(f"/proc/{guard}/task/{guard}/children")
    children = [int(pid) for pid in tasks.read_text().split()]
    return [pid for pid in children if b"--window" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_window_that_is_killed_or_crashes_is_back_in_its_session(
    tmp_path: Path, monitor: str
) -> None:
    store = tmp_path / "store.db"
    session = begun(store, monitor)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment["KETAMONITOR_PORTS"] = str(tmp_path / "ports.json")
    words = [*COMMAND, "--store", str(store), "--return-to", session]

    def resumed() -> list[Entry]:
        stored = entries_of(store, session)
        return [e for e in stored if e.kind == "session" and e.body["event"] == "resumed"]

    clock = SteadyClock()
    with program(words, env=environment, errors=PIPE) as guard:
        until(lambda: len(resumed()) == 1, "the first window is not in the session")
        for number, how in enumerate((signal.SIGKILL, signal.SIGSEGV), 2):
            readings = sum(e.kind == "reading" for e in entries_of(store, session))
            until(
                lambda n=readings: sum(e.kind == "reading" for e in entries_of(store, session)) > n,
                "no readings come",
            )
            (window,) = windows(guard.pid)
            os.kill(window, how)
            died_at = clock.now()
            until(lambda n=number: len(resumed()) == n, "it did not come back")
            took_s = (resumed()[-1].recorded_at - died_at).total_seconds()
            print(f"{how.name}: back in the session after {took_s:.2f} s")
            assert took_s < BACK_S
        last = resumed()[-1]
        assert (last.author, last.body["why"]) == (PROGRAM, "the window came back")
        until(lambda: entries_of(store, session)[-1].seq > last.seq + 5, "nothing follows")
        said = stopped(guard)[1]
        assert guard.returncode == 0
    stored = entries_of(store, session)
    assert verify_chain(session, stored) == []
    assert "ended" not in [e.body["event"] for e in stored if e.kind == "session"]
    assert said.count("while a session was running; it is started again") == 2
    assert "SIM-0000" not in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_guard_that_is_stopped_is_told_by_its_window_and_again_when_it_goes_on(
    tmp_path: Path, monitor: str
) -> None:
    store = tmp_path / "store.db"
    session = begun(store, monitor)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment["KETAMONITOR_PORTS"] = str(tmp_path / "ports.json")

    def told(kind: str) -> list[Entry]:
        return [e for e in entries_of(store, session) if e.body.get("event") == kind]

    def states() -> list[str]:
        return [e.body["state"] for e in told("guard")]

    words = [*COMMAND, "--store", str(store), "--return-to", session]
    with program(words, env=environment, errors=PIPE) as guard:
        until(lambda: states() == ["ready"], "the guard has not answered")
        os.kill(guard.pid, signal.SIGSTOP)
        stood_at = SteadyClock().now()
        until(lambda: states() == ["ready", "failed"], "a guard that hangs is not noticed")
        took_s = (told("guard")[-1].recorded_at - stood_at).total_seconds()
        print(f"a guard that hangs is noticed after {took_s:.1f} s")
        assert [e.body["priority"] for e in told("raised") if e.body["id"] == "no_guard"] == [
            "medium"
        ]
        os.kill(guard.pid, signal.SIGCONT)
        until(lambda: states() == ["ready", "failed", "ready"], "it answers, and nobody says so")
        stopped(guard)
    assert took_s < NOTICED_S


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a pseudo-terminal")
def test_with_the_gui_thread_blocked_alarms_are_committed_and_sounded_within_a_second() -> None:
    # A process of its own: its window counts in Python and lets no event through.
    script = "from tests.bench.alarm_latency import main; main(2, 5.0)"
    screen = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    run = ran([sys.executable, "-c", script], env=screen)
    assert run.returncode == 0, run.stderr
    blocked = [line for line in run.stdout.splitlines() if "blocked for 5 s" in line]
    assert len(blocked) == 2, run.stdout
    for line in blocked:
        assert float(line.split("worst ")[1].split(" ms")[0]) < 1000, line
    # The guard hears that the program lives: a window that stands still is no reason to end it.
    (beats,) = [line for line in run.stdout.splitlines() if "without a heartbeat" in line]
    assert float(beats.split(": ")[1].split(" s")[0]) < QUIET.total_seconds(), beats


def test_the_window_tells_its_guard_of_a_session_that_had_ended_and_goes_on(tmp_path: Path) -> None:
    store = str(tmp_path / "store.db")
    run = ran(
        [
            *COMMAND, "session", "run", "--store", store, "--protocol", "iv-ketamine-40",
            "--simulated", "--speed", "100", "--for", "5",
        ]
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    session = run.stdout.split()[0]
    with program(
        [*COMMAND, "--store", store, "--window", "--guarded", "--return-to", session],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        errors=PIPE,
    ) as window:
        assert window.stdout is not None
        lines = [window.stdout.readline() for _ in range(4)]
        said = stopped(window)[1]
    assert lines[0] == f"signals {tmp_path / 'signals.toml'}\n"
    assert f"gone {session}\n" in lines
    assert "beat\n" in lines
    assert f"session {session} has ended: it cannot be resumed" in said
    assert window.returncode == 0
