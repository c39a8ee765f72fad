"""The computer's clock is set: between two parts of a session, while one runs, between two."""

from __future__ import annotations

import queue
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ketamonitor import drafts
from ketamonitor.cli.recording import SIMULATED_PATIENT
from ketamonitor.clock import SteadyClock, wall
from ketamonitor.entries import Entry, verify_chain
from ketamonitor.library import load_protocols
from ketamonitor.record import Record
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import Update

WAIT = 20.0
NURSE = "okafor"


class Computer:
    """The computer's clock with what somebody has set it off by; nothing else is made up."""

    def __init__(self) -> None:
        self.off = timedelta()

    def wall(self) -> datetime:
        return wall() + self.off


class Window:
    """A station on a store, as a window or ``session run`` has it."""

    def __init__(self, path: Path, computer: Computer) -> None:
        self.updates: queue.SimpleQueue[Update] = queue.SimpleQueue()
        self.clock = SteadyClock(wall=computer.wall)
        self.station = Station(str(path), self.clock, self.updates.put)

    def start(self) -> str:
        plan = SessionPlan(
            SIMULATED_PATIENT, None, load_protocols()["iv-ketamine-40"], (), True, "1"
        )
        session, done = self.station.start(plan, NURSE)
        done.result(WAIT)
        return session

    def until(self, seen: Callable[[Update], bool]) -> Update:
        while True:
            if seen(update := self.updates.get(timeout=WAIT)):
                return update

    def asked(self) -> Update:
        """Until the question is on the screen and in the record."""
        return self.until(lambda u: "clock_changed" in [a.id for a in u.view.alarms])


def audits(entries: list[Entry]) -> list[float]:
    return [e.body["ahead_s"] for e in entries if e.body.get("event") == "clock_changed"]


@pytest.fixture
def computer() -> Computer:
    return Computer()


def test_a_session_resumed_with_the_clock_two_hours_back_goes_on_from_its_last_entry_and_asks(
    tmp_path: Path, computer: Computer
) -> None:
    before = Window(tmp_path / "store.db", computer)
    session = before.start()
    note = drafts.note("before", at=before.clock.now(), author=NURSE)
    (last,) = before.station.submit(session, note).result(WAIT)
    before.station.close()

    computer.off = timedelta(hours=-2)
    after = Window(tmp_path / "store.db", computer)
    try:
        (resumed,) = after.station.resume(session, (), NURSE).result(WAIT)
        assert resumed.body["gap_s"] is None, "nobody knows how long it was"
        after.asked()
        assert after.clock.now() > last.recorded_at
        answer = drafts.clock_checked(False, at=after.clock.now(), author=NURSE)
        after.station.submit(session, answer).result(WAIT)
        after.until(lambda u: not any(a.id == "clock_changed" for a in u.view.alarms))
        entries = after.station.entries(session)
    finally:
        after.station.close()
    times = [entry.recorded_at for entry in entries]
    assert times == sorted(times)
    assert all(entry.at >= last.at for entry in entries[entries.index(last) :])
    assert audits(entries) == [pytest.approx(-7200, abs=60)]
    words = [e.body for e in entries if e.body.get("event") == "clock_checked"]
    assert [(body["right"], "session time is right" in body["text"]) for body in words] == [
        (False, True)
    ]
    assert verify_chain(session, entries) == []
    assert Record.of(entries).gaps == [], "no gap is made up"


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_while_a_session_runs_asks_and_moves_nothing(
    tmp_path: Path, computer: Computer, hours: int
) -> None:
    window = Window(tmp_path / "store.db", computer)
    try:
        session = window.start()
        computer.off = timedelta(hours=hours)
        window.asked()
        entries = window.station.entries(session)
        assert audits(entries) == [pytest.approx(hours * 3600, abs=60)]
        assert entries[-1].recorded_at - entries[0].recorded_at < timedelta(minutes=1)
        # Set right again, it is told and asked once more.
        right = drafts.clock_checked(True, at=window.clock.now(), author=NURSE)
        window.station.submit(session, right).result(WAIT)
        computer.off = timedelta()
        window.until(lambda u: any(e.body.get("ahead_s") is not None for e in u.entries))
        assert len(audits(window.station.entries(session))) == 2
    finally:
        window.station.close()


def test_the_next_session_of_a_window_has_the_clock_as_it_is_then(
    tmp_path: Path, computer: Computer
) -> None:
    window = Window(tmp_path / "store.db", computer)
    try:
        first = window.start()
        computer.off = timedelta(hours=-3)
        window.asked()
        window.station.end(first, "done", NURSE).result(WAIT)
        second = window.start()
        entries = window.station.entries(second)
        assert abs(entries[0].at - computer.wall()) < timedelta(minutes=1)
        window.until(lambda u: u.session == second and u.view.now > entries[0].at)
        assert audits(window.station.entries(second)) == []
    finally:
        window.station.close()


def test_a_session_is_not_resumed_beside_another_whose_time_would_have_to_jump(
    tmp_path: Path, computer: Computer
) -> None:
    before = Window(tmp_path / "store.db", computer)
    left = before.start()
    before.station.close()
    computer.off = timedelta(hours=-2)
    after = Window(tmp_path / "store.db", computer)
    try:
        after.start()
        with pytest.raises(ValueError, match="window of its own"):
            after.station.resume(left, (), NURSE)
    finally:
        after.station.close()
