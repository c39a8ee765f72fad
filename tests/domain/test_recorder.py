"""The recorder: written first, shown second, whatever the disk, the reader of it or we do wrong."""

from __future__ import annotations

import os
import queue
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ketamonitor.entries import Draft, verify_chain
from ketamonitor.recorder import Recorder, RecorderStopped
from ketamonitor.session import LiveSession
from ketamonitor.store import StoreError, open_store
from ketamonitor.view import Update
from tests.domain.builders import SESSION, cuff, reading, started
from tests.fakes import ManualClock
from tests.processes import ran
from tests.waits import PATIENCE_S as WAIT


class Bench:
    """A recorder on a real file, with its updates in a queue."""

    def __init__(self, path: Path, publish: Callable[[Update], None] | None = None) -> None:
        self.path = path
        self.clock = ManualClock()
        self.updates: queue.SimpleQueue[Update] = queue.SimpleQueue()
        self.recorder = Recorder(
            lambda: open_store(str(path)),
            self.clock,  # type: ignore[arg-type]
            publish or self.updates.put,
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

    def stored(self, session: str = SESSION):  # type: ignore[no-untyped-def]
        with open_store(str(self.path), read_only=True) as store:
            return store.entries(session)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "store.db")
    yield made
    made.close()


def test_the_future_is_done_only_when_the_entry_is_in_the_file(bench: Bench) -> None:
    (first,) = bench.recorder.open(SESSION, started()).result(WAIT)
    (entry,) = bench.recorder.submit(SESSION, [cuff(1, 120, 80)]).result(WAIT)
    assert bench.stored() == [first, entry]
    assert verify_chain(SESSION, bench.stored()) == []


def test_an_alarm_is_in_the_same_transaction_as_the_reading_that_raised_it(bench: Bench) -> None:
    bench.recorder.open(SESSION, started())
    bench.recorder.submit(SESSION, [cuff(1, 200, 80)]).result(WAIT)
    kinds = [(e.kind, e.body.get("event")) for e in bench.stored()]
    assert kinds[2:] == [("alarm", "raised")] * 2


def test_readings_that_arrive_together_are_judged_one_by_one(bench: Bench) -> None:
    bench.recorder.open(SESSION, started())
    for t_s, systolic in ((1, 200), (2, 120), (3, 200), (4, 120)):
        done = bench.recorder.submit(SESSION, [cuff(t_s, systolic, 80)])
    done.result(WAIT)
    events = [e.body["event"] for e in bench.stored() if e.kind == "alarm"]
    assert events == ["raised", "raised", "cleared", "cleared"] * 2


def test_what_a_port_delivers_waits_in_its_own_lane_from_the_first_on(tmp_path: Path) -> None:
    recorder = Recorder(
        lambda: open_store(str(tmp_path / "store.db")),
        ManualClock(),  # type: ignore[arg-type]
        lambda update: None,
    )
    recorder.open(SESSION, started())
    lane = recorder.lane(SESSION, "dinamap")
    for count in range(1, 4):
        recorder.arrived(lane, [cuff(count, 120, 80)], link=False)
        assert len(lane) == count
    recorder.stop()
    recorder.start()
    recorder.join(WAIT)
    with open_store(str(tmp_path / "store.db"), read_only=True) as store:
        assert [e.kind for e in store.entries(SESSION)] == ["session", *["reading"] * 3]


def test_time_alone_raises_no_reading(bench: Bench) -> None:
    bench.recorder.open(SESSION, started())
    bench.recorder.submit(SESSION, [reading(0, {"pulse": 72})]).result(WAIT)
    bench.clock.advance(31)
    update = bench.until(lambda u: any(a.condition == "no_reading" for a in u.view.alarms))
    assert update.view.unsaved == 0
    assert "alarm" in [e.kind for e in bench.stored()]


def test_a_refusing_store_loses_nothing_and_says_so_until_it_is_written(bench: Bench) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    # Another program holds the file: the same to us as a full or failing disk.
    blocker = sqlite3.connect(bench.path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    done = bench.recorder.submit(SESSION, [cuff(1, 120, 80)])
    update = bench.until(lambda u: u.view.record_fault != "")
    assert update.view.unsaved >= 1
    bench.clock.advance(1)
    alarmed = bench.until(lambda u: any(a.condition == "record_fault" for a in u.view.alarms))
    assert alarmed.view.alarms[0].priority == "high"
    assert not done.done()
    blocker.execute("ROLLBACK")
    blocker.close()
    bench.clock.advance(2)
    (entry,) = done.result(WAIT)
    bench.clock.advance(2)
    healed = bench.until(lambda u: not u.view.alarms and u.view.unsaved == 0)
    assert healed.view.record_fault == ""
    assert entry in bench.stored()
    assert verify_chain(SESSION, bench.stored()) == []


@pytest.mark.skipif(os.name != "posix", reason="a file in use is deleted on POSIX only")
def test_a_lost_log_is_a_record_fault_and_loses_nothing(bench: Bench) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    (first,) = bench.recorder.submit(SESSION, [cuff(1, 120, 80)]).result(WAIT)
    Path(f"{bench.path}-wal").unlink()
    bench.clock.advance(1)  # nobody writes: the look of each second notices it
    alarmed = bench.until(lambda u: any(a.condition == "record_fault" for a in u.view.alarms))
    assert alarmed.view.alarms[0].priority == "high"
    assert "write-ahead log" in alarmed.view.alarms[0].detail
    bench.clock.advance(2)
    (second,) = bench.recorder.submit(SESSION, [cuff(3, 121, 81)]).result(WAIT)
    bench.clock.advance(2)
    healed = bench.until(lambda u: not u.view.alarms and u.view.unsaved == 0)
    assert healed.view.record_fault == ""
    seen = ran([sys.executable, "-c", READ_ANEW, str(bench.path)])
    assert seen.stdout.split() == [entry.hash for entry in bench.stored()], seen.stderr
    assert {first.hash, second.hash} <= set(seen.stdout.split())
    assert verify_chain(SESSION, bench.stored()) == []


#: A session as a program sees it that begins now.
READ_ANEW = f"""
import sys
from ketamonitor.store import open_store
with open_store(sys.argv[1], read_only=True) as store:
    print(*(entry.hash for entry in store.entries({SESSION!r})))
"""


def test_a_listener_that_fails_does_not_end_the_recording(tmp_path: Path) -> None:
    calls: list[Update] = []

    def publish(update: Update) -> None:
        calls.append(update)
        raise RuntimeError("the window is broken")

    bench = Bench(tmp_path / "store.db", publish)
    bench.recorder.open(SESSION, started()).result(WAIT)
    (entry,) = bench.recorder.submit(SESSION, [cuff(1, 120, 80)]).result(WAIT)
    bench.close()
    assert calls
    assert entry in bench.stored()
    faults = [e.body for e in bench.stored() if e.kind == "audit"]
    assert faults
    assert all(f["event"] == "program_fault" and f["fault"] == "RuntimeError" for f in faults)


def test_an_entry_we_cannot_take_in_is_refused_and_the_session_goes_on(bench: Bench) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    broken = Draft("reading", bench.clock.now(), "program", {"no": "values"})
    with pytest.raises(KeyError):
        bench.recorder.submit(SESSION, [broken]).result(WAIT)
    (entry,) = bench.recorder.submit(SESSION, [cuff(1, 120, 80)]).result(WAIT)
    stored = bench.stored()
    assert entry in stored
    assert [e.body["fault"] for e in stored if e.kind == "audit"] == ["KeyError"]
    assert verify_chain(SESSION, stored) == []


def test_unknown_and_ended_sessions_take_nothing(bench: Bench) -> None:
    with pytest.raises(KeyError):
        bench.recorder.submit("KM-1", [cuff(1, 120, 80)]).result(WAIT)
    bench.recorder.open(SESSION, started())
    end = Draft("session", bench.clock.now(), "okafor", {"event": "ended", "reason": "done"})
    bench.recorder.submit(SESSION, [end]).result(WAIT)
    with pytest.raises((KeyError, ValueError)):
        bench.recorder.submit(SESSION, [cuff(2, 120, 80)]).result(WAIT)
    assert [e.kind for e in bench.stored()] == ["session", "session"]


def test_a_clock_that_is_set_is_recorded_once(bench: Bench) -> None:
    bench.recorder.open(SESSION, started()).result(WAIT)
    bench.clock.ahead = 3600.0
    bench.clock.advance(1)
    update = bench.until(lambda u: any(e.kind == "audit" for e in u.entries))
    assert [e.body for e in update.entries if e.kind == "audit"] == [
        {"event": "clock_changed", "ahead_s": 3600.0}
    ]
    bench.clock.advance(5)
    bench.until(lambda u: u.view.now > update.view.now)
    assert len([e for e in bench.stored() if e.kind == "audit"]) == 1


def test_a_session_is_resumed_from_its_list_with_its_alarms(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "store.db")
    bench.recorder.open(SESSION, started())
    bench.recorder.submit(SESSION, [cuff(1, 200, 80)]).result(WAIT)
    before = bench.stored()
    bench.close()

    again = Bench(tmp_path / "store.db")
    again.clock.advance(120)
    resumed = Draft(
        "session", again.clock.now(), "okafor", {"event": "resumed", "gap_s": 119, "devices": []}
    )
    again.recorder.resume(SESSION, resumed).result(WAIT)
    update = again.until(lambda u: True)
    assert [a.text for a in update.view.alarms] == ["SYS 200 ≥ 180"]
    again.recorder.submit(SESSION, [cuff(130, 120, 80)]).result(WAIT)
    again.close()
    stored = again.stored()
    assert stored[: len(before)] == before
    assert verify_chain(SESSION, stored) == []
    replayed = LiveSession(stored[0])
    for entry in stored[1:]:
        replayed.apply(entry)
    assert replayed.active == {}


def test_what_is_submitted_before_the_stop_is_written_and_later_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "store.db")
    bench.recorder.open(SESSION, started())
    done = [bench.recorder.submit(SESSION, [cuff(t, 120, 80)]) for t in range(1, 20)]
    bench.close()
    assert all(d.result(WAIT) for d in done)
    assert len(bench.stored()) == 20
    with pytest.raises(RecorderStopped):
        bench.recorder.submit(SESSION, [cuff(30, 120, 80)]).result(WAIT)


def test_a_store_that_cannot_be_opened_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("this is not a database, it is a letter" * 100)
    recorder = Recorder(
        lambda: open_store(str(tmp_path / "store.db")),
        ManualClock(),  # type: ignore[arg-type]
        lambda update: None,
    )
    recorder.start()
    with pytest.raises(StoreError):
        recorder.ready.result(WAIT)
    recorder.join(WAIT)
