"""From the wire to the record and back: what the raw bytes decode to is what the record holds."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from devices.parts import play
from devices.reading import Reading
from devices.registry import driver
from devices.simulated import SIMULATED
from devices.simulated.faults import parse_fault
from devices.simulated.scenario import scenario_patient
from devices.simulated.serve import Server
from devices.spec import Command
from ketamonitor.arrivals import draft_of
from ketamonitor.blackbox.look import kept_of, tied_parts
from ketamonitor.blackbox.parts import Limits
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import Entry
from ketamonitor.station import SessionPlan, Station
from ketamonitor.store import open_store
from ketamonitor.view import DeviceChoice, Patient, Update
from tests.processes import PROGRAM, started
from tests.waits import PATIENCE_S as WAIT
from ui.command import main

SPEED = 40.0
#: Small, so that a minute of a session is cut into many parts.
SMALL = Limits(part_bytes=3000, reserve_bytes=0)
NOBODY = Patient("SIMULATED, Patient", "SIM-0000", date(1980, 1, 1))
RUN = ("session", "run", "--simulated", "--protocol", "iv-ketamine-40")


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    monkeypatch.delenv("KETAMONITOR_CAPTURES", raising=False)


@contextmanager
def monitor(name: str, *faults: str) -> Iterator[str]:
    """A simulated monitor on a pseudo-terminal; its port."""
    clock = SteadyClock(SPEED)
    plans = [parse_fault(fault) for fault in faults]
    patient = scenario_patient("iv-severe", 1)
    with Server(SIMULATED[name], patient, clock, faults=plans) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.name
        finally:
            server.stop()
            thread.join()


class Chair:
    """A station with one session and a count of its entries."""

    def __init__(self, folder: Path, *devices: DeviceChoice, captures: Limits | None) -> None:
        self.folder = folder
        self.entries: list[Entry] = []
        self._grown = threading.Condition()
        self.station = Station(
            str(folder / "store.db"), SteadyClock(SPEED), self._publish, captures=captures
        )
        plan = SessionPlan(
            NOBODY, 70, self.station.protocol("iv-ketamine-40"), devices, simulated=True, chair="1"
        )
        self.session, done = self.station.start(plan, "simulated", ports_must_open=True)
        done.result(WAIT)

    def _publish(self, update: Update) -> None:
        with self._grown:
            self.entries += update.entries
            self._grown.notify_all()

    def until(self, count: int, key: str, source: str) -> None:
        """Wait until so many readings of a source have a value of that name."""

        def enough() -> bool:
            bodies = [e.body for e in self.entries if e.kind == "reading"]
            mine = [b for b in bodies if b["source"] == source and b["values"].get(key) is not None]
            return len(mine) >= count

        with self._grown:
            assert self._grown.wait_for(enough, WAIT)

    def end(self) -> list[Entry]:
        self.station.end(self.session, "done", "simulated").result(WAIT)
        self.station.close()
        return stored(self.folder, self.session)


def stored(folder: Path, session: str) -> list[Entry]:
    with open_store(str(folder / "store.db"), read_only=True) as store:
        return store.entries(session)


def readings(entries: Sequence[Entry], source: str) -> list[Any]:
    bodies = [e.body for e in entries if e.kind == "reading"]
    return [body for body in bodies if body["source"] == source]


def replayed(folder: Path, session: str, entries: Sequence[Entry], source: str) -> list[Any]:
    kept = kept_of(folder / "captures" / session, entries, source)
    assert kept.joined.missing == ()
    outputs = [one.output for one in play(driver(kept.joined.driver), kept.joined)]
    return [draft_of(one).body for one in outputs if isinstance(one, Reading)]


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_raw_bytes_decode_to_exactly_what_the_record_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with monitor("dinamap", "corrupt@30+10") as cuff, monitor("ge-dri") as wide:
        chair = Chair(
            tmp_path,
            DeviceChoice("dinamap", cuff, "dinamap"),
            DeviceChoice("ge-dri", wide, "bed side"),
            captures=SMALL,
        )
        chair.until(5, "spo2", "dinamap")
        chair.station.command(chair.session, "dinamap", Command.START_NIBP)
        chair.until(1, "nibp_sys", "dinamap")
        chair.until(60, "spo2", "dinamap")
        chair.until(10, "hr", "bed side")
        entries = chair.end()
    session = chair.session

    # every part was tied before the end, and nothing else lies there
    assert entries[-1].body["event"] == "ended"
    tied = tied_parts(entries)
    folder = tmp_path / "captures" / session
    assert sorted(one.file for one in tied) == sorted(path.name for path in folder.iterdir())
    for source in ("dinamap", "bed side"):
        numbers = [one.part for one in tied if one.source == source]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) > 3
        assert replayed(tmp_path, session, entries, source) == readings(entries, source)
    assert main(["session", "verify", session]) == 0
    assert "files of raw bytes, each as it was entered" in capsys.readouterr().out

    # the same by the commands, from the record and from the files alone
    recorded = readings(entries, "dinamap")
    wanted = ("--source", "dinamap", "--json")
    for where in (("--session", session), (folder,)):
        status, out, _ = said(capsys, "devices", "replay", *where, *wanted)
        assert status == 0
        assert [json.loads(text) for text in out.splitlines()] == recorded
    status, out, err = said(capsys, "devices", "replay", "--session", session)
    assert (status, out) == (1, "")
    assert "several monitors (dinamap, bed side): say which with --source" in err
    status, out, _ = said(capsys, "devices", "replay", folder, *wanted, "--bytes")
    other = said(capsys, "devices", "replay", folder, *wanted, "--driver", "ge-dri")
    assert (other[0], other[1]) == (0, "")
    assert "bytes were received, and ge-dri finds nothing in them" in other[2]
    with_bytes = [json.loads(text) for text in out.splitlines()]
    assert [{k: v for k, v in one.items() if k != "bytes"} for one in with_bytes] == recorded
    assert all(one["bytes"][-1]["at"] == one["received_at"] for one in with_bytes)
    assert all(one["bytes"][-1]["dir"] == "rx" for one in with_bytes)

    # one value, disputed
    cuff_entry = next(e for e in entries if "nibp_sys" in e.body.get("values", {}))
    status, out, err = said(capsys, "session", "bytes", session, "--seq", cuff_entry.seq)
    assert (status, err) == (0, "")
    sys = round(cuff_entry.body["values"]["nibp_sys"])
    assert "as the record says" in out
    assert "decoded again, the same as in the record:" in out
    assert f"Systolic {sys} mmHg" in out
    received = cuff_entry.body["received_at"][11:26]
    own = [text for text in out.splitlines() if text.startswith("  > ")]
    assert any(received in text and "  rx" in text for text in own)
    assert any("  tx" in text and "NA!2" in text for text in own), out
    for entry in [e for e in entries if e.kind == "reading"][::25]:
        status, out, _ = said(capsys, "session", "bytes", session, "--seq", entry.seq, "--json")
        shown = json.loads(out)
        assert (status, shown["same"], shown["tied"]) == (0, True, True)
        assert shown["decoded"] == shown["recorded"] == entry.body

    _changed_and_missing_files_are_told(capsys, folder, session, tied, cuff_entry)


def _changed_and_missing_files_are_told(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    session: str,
    tied: Sequence[Any],
    entry: Entry,
) -> None:
    first = folder / next(t.file for t in tied if (t.source, t.part) == ("dinamap", 1))
    kept = first.read_bytes()
    first.write_bytes(kept[:-9] + bytes([kept[-9] ^ 1]) + kept[-8:])
    status, out, err = said(capsys, "session", "verify", session, "--json")
    facts = json.loads(out)
    assert status == 1
    assert facts["verified"] is True
    assert len(facts["capture_faults"]) == 1
    assert "the raw bytes are not: part 1 of dinamap" in err
    assert "has been changed" in err
    status, out, err = said(
        capsys, "devices", "replay", "--session", session, "--source", "dinamap"
    )
    assert status == 1
    assert out
    assert "has been changed, and is left out" in err
    _, _, err = said(capsys, "session", "bytes", session, "--seq", entry.seq)
    assert "has been changed" in err
    first.unlink()
    status, _, err = said(capsys, "session", "verify", session)
    assert status == 1
    assert "is missing from" in err
    status, _, err = said(capsys, "devices", "replay", folder, "--source", "dinamap")
    assert status == 1
    assert "part 1 is missing" in err
    first.write_bytes(kept)
    assert said(capsys, "session", "verify", session)[0] == 0


def test_what_has_no_bytes_is_answered_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nurse = tmp_path / "nurse.jsonl"
    acts = [{"t_s": 0, "bp": {"sys": 122, "dia": 74}}, {"t_s": 0.1, "end": "done"}]
    nurse.write_text("".join(json.dumps(act) + "\n" for act in acts))
    status, out, _ = said(capsys, *RUN, "--script", nurse)
    session = out.splitlines()[0]
    assert status == 0
    assert not (tmp_path / "captures").exists()  # no monitor, no bytes
    assert said(capsys, "session", "verify", session)[0] == 0
    for words, why in [
        (("session", "bytes", session, "--seq", "2"), "was typed by hand"),
        (("session", "bytes", session, "--seq", "1"), "is no reading of a monitor"),
        (("session", "bytes", session, "--seq", "99"), "has no entry 99"),
        (("session", "bytes", "KM-none", "--seq", "1"), "there is no session KM-none"),
        (("devices", "replay", "--session", session, "--source", "x"), "has no monitor 'x'"),
        (("devices", "replay", tmp_path / "none"), "cannot read"),
        (("devices", "replay", tmp_path / "store.db"), "is not a capture"),
        (("devices", "replay", nurse, nurse), "is not a capture"),
    ]:
        status, out, err = said(capsys, *words)
        assert (status, out) == (1, "")
        assert why in err
        assert len(err.splitlines()) == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "there are no captures in" in said(capsys, "devices", "replay", empty)[2]
    assert said(capsys, "devices", "replay")[0] == 2
    assert said(capsys, "devices", "replay", empty, "--session", session)[0] == 2


def test_a_place_that_cannot_be_written_costs_the_bytes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KETAMONITOR_CAPTURES", str(tmp_path / "file"))
    with monitor("dinamap") as port:
        chair = Chair(tmp_path, DeviceChoice("dinamap", port, "dinamap"), captures=None)
        chair.until(10, "spo2", "dinamap")
        entries = chair.end()
    (told,) = [e for e in entries if e.body.get("event", "").startswith("capture")]
    assert told.body["event"] == "capture_stopped"
    assert told.body["text"].startswith("the raw bytes are no longer kept: ")
    kept = [b for b in readings(entries, "dinamap") if b["values"].get("spo2") is not None]
    assert len(kept) >= 10  # all that were waited for: the session never felt it
    assert said(capsys, "session", "verify", chair.session)[0] == 0
    assert "the raw bytes are no longer kept" in said(capsys, "session", "show", chair.session)[1]
    reading = next(e for e in entries if e.kind == "reading")
    words = ("session", "bytes", chair.session, "--seq", reading.seq)
    assert "no bytes of dinamap are kept" in said(capsys, *words)[2]


def test_killed_in_mid_session_the_bytes_are_there_and_tied_when_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speed = ("--speed", f"{SPEED:g}")
    with monitor("dinamap") as port:
        device = ("--device", f"dinamap:{port}")
        with started([*PROGRAM, *RUN, *device, *speed, "--json"]) as recording:
            assert recording.stdout is not None
            session = json.loads(recording.stdout.readline())["session"]
            told = 0
            while told < 60:
                line = recording.stdout.readline()
                assert line, "it ended by itself"
                told += '"kind": "reading"' in line
        folder = tmp_path / "captures" / session
        assert [path.name for path in folder.iterdir()] == ["dinamap-0001.jsonl"]
        before = stored(tmp_path, session)
        first = replayed(tmp_path, session, before, "dinamap")
        known = readings(before, "dinamap")
        assert len(known) >= 60
        # a piece is on the disk before it is decoded: the bytes reach further than the record
        assert first[: len(known)] == known
        shown = said(capsys, "session", "bytes", session, "--seq", before[-1].seq - 1)
        assert "not yet entered in the record" in shown[1] or "no reading" in shown[2]
        # 4 s of the computer: it may be busy, and something must be read in them
        elapsed = (before[-1].recorded_at - before[0].at).total_seconds() + 4 * SPEED
        status, _, err = said(
            capsys, *RUN[:3], "--resume", session, *device, *speed, "--for", f"{elapsed:g}"
        )
        assert (status, err) == (0, "")
    entries = stored(tmp_path, session)
    assert entries[: len(before)] == before
    assert [(t.part, t.file) for t in tied_parts(entries)] == [
        (1, "dinamap-0001.jsonl.gz"),
        (2, "dinamap-0002.jsonl.gz"),
    ]
    assert said(capsys, "session", "verify", session)[0] == 0
    # the second reader began anew, and so does the replay
    assert replayed(tmp_path, session, entries, "dinamap") == [
        *first,
        *readings(entries[len(before) :], "dinamap"),
    ]
    last = next(e for e in reversed(entries) if e.kind == "reading")
    assert said(capsys, "session", "bytes", session, "--seq", last.seq)[0] == 0
