"""Several monitors at once: two on one session, two chairs on one computer, over real ports."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from devices.simulated import SIMULATED
from devices.simulated.serve import Server
from devices.spec import Command
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import Entry
from ketamonitor.intake import patient
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import DeviceChoice, Update
from tests.devices.sweep import Sweep
from ui.command import main

SPEED = 20.0


@contextmanager
def served(name: str, *, automatic: bool = True) -> Iterator[tuple[str, Sweep]]:
    """A simulated monitor on a pseudo-terminal: the port's name and the patient it shows."""
    shown = Sweep(automatic=automatic)
    server = Server(SIMULATED[name], shown, SteadyClock(SPEED))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.name, shown
    finally:
        server.stop()
        thread.join()
        server.close()


def test_a_cuff_and_an_oximeter_on_one_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    with served("and-tm265x") as (cuff, shown), served("masimo") as (oximeter, _):
        devices = ("--device", f"and-tm265x@2400:{cuff}", "--device", f"masimo:{oximeter}")
        run = ("session", "run", "--simulated", "--protocol", "iv-ketamine-40", *devices)
        assert main([*run, "--speed", "20", "--for", "200"]) == 0
    session = capsys.readouterr().out.splitlines()[0]
    assert main(["session", "verify", session]) == 0
    out = tmp_path / "out.json"
    assert main(["session", "export", session, "--format", "json", "-o", str(out)]) == 0
    entries = json.loads(out.read_text(encoding="utf-8"))["entries"]
    readings = [e["body"] for e in entries if e["kind"] == "reading"]
    pressures = [
        (b["values"]["nibp_sys"], b["values"]["nibp_dia"])
        for b in readings
        if b["source"] == "and-tm265x"
    ]
    assert pressures == [(d.sys, d.dia) for d in shown.ended(190)]
    spo2 = [b for b in readings if b["source"] == "masimo" and b["values"]["spo2"] is not None]
    assert len(spo2) >= 150
    assert all(set(b["values"]) == {"spo2", "pulse"} for b in spo2)
    assert all("PI" in b["unmapped"] for b in spo2)
    captured = {e["body"]["source"] for e in entries if e["body"].get("event") == "capture"}
    assert captured == {"and-tm265x", "masimo"}


class Told:
    """What a station tells, to wait on."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._new = threading.Condition()

    def __call__(self, update: Update) -> None:
        with self._new:
            self.entries.extend(update.entries)
            self._new.notify_all()

    def until(self, session: str, event: str, words: str = "") -> Entry:
        """The first device event of that kind in a session whose text has the words."""

        def found() -> Entry | None:
            told = (e for e in self.entries if e.session == session and e.kind == "device")
            kind = (e for e in told if e.body["event"] == event)
            return next((e for e in kind if words in e.body["text"]), None)

        with self._new:
            assert self._new.wait_for(found, timeout=60), event
        entry = found()
        assert entry is not None
        return entry


def test_two_chairs_on_one_computer_keep_apart_and_each_has_its_own_interval(
    tmp_path: Path,
) -> None:
    told = Told()
    with ExitStack() as stack:
        first, _ = stack.enter_context(served("dinamap", automatic=False))
        second, still = stack.enter_context(served("suntech", automatic=False))
        station = Station(str(tmp_path / "store.db"), SteadyClock(SPEED), told)
        stack.callback(station.close)
        sessions = []
        for chair, (driver, port) in enumerate((("dinamap", first), ("suntech", second)), 1):
            who = patient(
                f"Doe {chair}", f"0-{chair}", "1984-03-14", today=station.clock.now().date()
            )
            plan = SessionPlan(
                who,
                70.0,
                station.protocol("iv-ketamine-40"),
                (DeviceChoice(driver, port, driver),),
                True,
                str(chair),
            )
            session, done = station.start(plan, "okafor", ports_must_open=True)
            done.result()
            sessions.append(session)
        one, two = sessions
        with pytest.raises(ValueError, match="no monitor dinamap is connected to this session"):
            station.command(two, "dinamap", Command.START_NIBP)
        station.every(one, "dinamap", 1, "okafor").result()
        notice = told.until(one, "nibp_announced")
        measuring = told.until(one, "nibp_measuring")
        assert measuring.at - notice.at >= timedelta(seconds=8)
        told.until(one, "nibp_done")
        station.command(one, "dinamap", Command.START_NIBP)
        told.until(one, "refused", "the arm rests for another")
        for session in sessions:
            station.end(session, "finished", "okafor").result()
        assert {e.body["source"] for e in station.entries(one) if e.kind == "reading"} == {
            "dinamap"
        }
        sources = {e.body["source"] for e in station.entries(two) if e.kind == "reading"}
        assert sources <= {"suntech"}
        assert list(still.ended(1000)) == []


def test_the_same_port_twice_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    told = Told()
    station = Station(str(tmp_path / "store.db"), SteadyClock(SPEED), told)
    try:
        plan = SessionPlan(
            patient("Doe", "0-1", "1984-03-14", today=station.clock.now().date()),
            70.0,
            station.protocol("iv-ketamine-40"),
            (DeviceChoice("dinamap", "/dev/x", "a"), DeviceChoice("masimo", "/dev/x", "b")),
            True,
            "1",
        )
        with pytest.raises(ValueError, match="on the same port"):
            station.start(plan, "okafor")
        assert station.sessions() == []
    finally:
        station.close()
