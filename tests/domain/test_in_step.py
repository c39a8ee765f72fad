"""Sped-up clocks in step: whoever has no turn on the processor holds the others back."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamonitor.in_step import (
    AHEAD,
    GONE_S,
    MONITOR,
    READER,
    RECORDER,
    RECORDER_S,
    MonitorStep,
    PacedClock,
    SessionStep,
    StepFile,
)

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SPEED = 60.0
PORT = "/dev/pts/none-of-ours"


class Seconds:
    """The computer's steady seconds, which pass by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Pair:
    """A simulated monitor and a session on its port, each with a clock of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        self.seconds = Seconds()
        self.monitors = PacedClock(SPEED, START, seconds=self.seconds)
        self.monitor = MonitorStep(self.monitors)
        self.monitor.offer(PORT)
        self.clock = PacedClock(SPEED, START, seconds=self.seconds)
        self.opened = self.clock.now()
        self.session = SessionStep(self.clock, [PORT], self.opened)
        look = self.session.looker(PORT)
        assert look is not None
        self.look = look
        self.began: datetime | None = None

    def monitor_runs(self) -> None:
        now = self.monitors.now()
        if self.began is None:
            self.began = now
            self.monitor.begun(now)
        self.monitor.done(now)

    def session_runs(self) -> None:
        now = self.clock.now()
        self.look(now)
        self.clock.absorbed(now)

    @property
    def apart(self) -> float:
        """Session seconds by which the session is ahead of its monitor."""
        monitors = timedelta() if self.began is None else self.monitors.now() - self.began
        return ((self.clock.now() - self.opened) - monitors).total_seconds()

    def close(self) -> None:
        self.session.close()
        self.monitor.close()


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    made = Pair(tmp_path, monkeypatch)
    yield made
    made.close()


def test_both_run_at_their_speed_where_both_have_their_turns(pair: Pair) -> None:
    for _ in range(10_000):
        pair.seconds.now += 0.001
        pair.monitor_runs()
        pair.session_runs()
    assert (pair.clock.now() - START).total_seconds() == pytest.approx(10 * SPEED, rel=0.01)
    assert pair.clock.held() < 0.1


@settings(deadline=None)
@given(turns=st.lists(st.tuples(st.booleans(), st.floats(0.0, 0.5)), min_size=1, max_size=60))
def test_neither_is_ahead_of_the_other_by_more_than_is_allowed(
    turns: list[tuple[bool, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However long the one or the other is kept waiting."""
    with pytest.MonkeyPatch.context() as patched:
        pair = Pair(tmp_path_factory.mktemp("pace"), patched)
        last = pair.clock.now()
        for monitor, seconds in turns:
            pair.seconds.now += seconds
            pair.monitor_runs() if monitor else pair.session_runs()
            assert abs(pair.apart) <= 2 * AHEAD + 0.001
            assert pair.clock.now() >= last
            last = pair.clock.now()
        pair.close()


def test_a_monitor_that_has_no_turn_holds_the_session_and_it_is_told(pair: Pair) -> None:
    for _ in range(100):
        pair.seconds.now += 0.001
        pair.monitor_runs()
        pair.session_runs()
    before = pair.clock.now()
    for _ in range(1000):
        pair.seconds.now += 0.001
        pair.session_runs()
    assert (pair.clock.now() - before).total_seconds() <= AHEAD + 0.001
    assert pair.clock.held() == pytest.approx(1.0, abs=0.05)


def test_a_session_that_takes_nothing_in_holds_itself_and_the_monitor(pair: Pair) -> None:
    for _ in range(100):
        pair.seconds.now += 0.001
        pair.monitor_runs()
        pair.session_runs()
    before, monitors = pair.clock.now(), pair.monitors.now()
    for _ in range(1000):
        pair.seconds.now += 0.001
        pair.monitor_runs()
        pair.look(pair.clock.now())  # bytes are read, but the recorder does not follow
    assert (pair.clock.now() - before).total_seconds() <= RECORDER_S * SPEED + 0.001
    assert (pair.monitors.now() - monitors).total_seconds() <= 2 * AHEAD + 0.001


def test_who_has_died_or_stopped_for_good_is_waited_for_no_more(pair: Pair, tmp_path: Path) -> None:
    for _ in range(100):
        pair.seconds.now += 0.001
        pair.monitor_runs()
        pair.session_runs()
    before = pair.clock.now()
    for _ in range(int((GONE_S + 10) * 100)):
        pair.seconds.now += 0.01
        pair.session_runs()
    assert (pair.clock.now() - before).total_seconds() == pytest.approx(10 * SPEED, rel=0.05)


def test_a_reader_that_keeps_no_pace_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seconds = Seconds()
    clock = PacedClock(SPEED, START, seconds=seconds)
    monitor = MonitorStep(clock)
    monitor.offer(PORT)
    monitor.begun(clock.now())
    for _ in range(1000):
        seconds.now += 0.001
        monitor.done(clock.now())
    assert (clock.now() - START).total_seconds() == pytest.approx(SPEED, rel=0.02)
    monitor.close()
    assert StepFile.of(PORT) is None, "the file goes with its monitor"


def test_a_file_that_is_no_pace_and_a_folder_of_somebody_else_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert StepFile.of(PORT) is None
    pace = StepFile.offer(PORT)
    assert pace is not None
    (file,) = (tmp_path / f"ketamonitor-pace-{os.getuid()}").iterdir()
    file.write_bytes(b"no pace")
    assert StepFile.of(PORT) is None
    monkeypatch.setattr("os.getuid", lambda: 12345678)
    (tmp_path / "ketamonitor-pace-12345678").mkdir()
    assert StepFile.offer(PORT) is None
    assert {MONITOR, READER, RECORDER} == {0, 1, 2}
