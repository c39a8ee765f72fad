"""The recorder is killed while another program has written beside it: nothing told is lost.

For each pair out of {window, ``session run``} and {``people add``, the drug ledger, a second
``session run``, an approval}: a recorder that tells of each entry once its future is done (the
window) or as ``--json`` prints it; the other program, to its end; ``kill -9`` at a random moment
before or after that end. Then every entry that was told stands in the store, as it was told, the
chains verify, and what the other program said it had done is done.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ketamonitor import drafts
from ketamonitor.clock import SteadyClock
from ketamonitor.drug_book import DrugBook
from ketamonitor.entries import Entry, verify_chain
from ketamonitor.people import People, Person, Role
from ketamonitor.store import Store, open_store
from ketamonitor.treatment import ledger
from ketamonitor.view import DeviceChoice, Patient
from tests.prove.forks import Forked, forked, heard, imported

#: Rounds at the same time.
JOBS = 2
PROTOCOL = "iv-ketamine-40"
PASSWORD = "seven green bicycles"
DIRECTOR = "hale"
#: Milliseconds between two notes of a window.
NOTE_MS = 10
PATIENCE_S = 60.0
#: Seconds after the recorder's first entry within which the other program begins, and after the
#: other's end within which the kill comes.
BEGINS_S, AFTER_S = 0.05, 0.25
#: So often the kill comes while the other program is at work.
WHILE = 0.25

Told = list[dict[str, Any]]


# The recorders --------------------------------------------------------------------------------


def run_recorder(store: Path) -> int:
    """``session run --json`` with a nurse who writes a note each 20 ms."""
    script = store.parent / "nurse.jsonl"
    notes = [json.dumps({"t_s": n * 0.02, "note": f"note {n}"}) for n in range(1, 3000)]
    script.write_text("\n".join(notes), encoding="utf-8")
    return command(
        *("session", "run", "--store", str(store), "--protocol", PROTOCOL, "--simulated"),
        *("--script", str(script), "--json"),
    )


def window_recorder(store: Path) -> int:
    """The real window with a session that is entered into; it prints what its futures hold."""
    from PySide6.QtCore import QTimer

    from ketamonitor.station import SessionPlan, Station
    from ui.app import application, main_window
    from ui.bridge import Bridge

    app, theme = application()
    bridge = Bridge()
    station = Station(str(store), SteadyClock(), bridge.publish)
    window = main_window(theme, station, bridge, Person("okafor", "R. Okafor RN", Role.NURSE))
    window.show()
    patient = Patient("SIMULATED, Patient", "SIM-0000", date(1980, 1, 1))
    devices: tuple[DeviceChoice, ...] = ()
    plan = SessionPlan(patient, 70.0, station.protocol(PROTOCOL), devices, True, "3")
    session, started = station.start(plan, "okafor")
    print(json.dumps({"session": session}), flush=True)

    def told(done: Future[tuple[Entry, ...]]) -> None:
        # On the recorder's thread, as soon as the future is done: this is the acknowledgement.
        for entry in done.result():
            print(json.dumps(entry.as_json(), ensure_ascii=False), flush=True)

    def enter() -> None:
        note = drafts.note("a note", at=station.clock.now(), author="okafor")
        station.submit(session, note).add_done_callback(told)

    started.add_done_callback(told)
    timer = QTimer()
    timer.timeout.connect(enter)
    timer.start(NOTE_MS)
    return app.exec()


# The other programs ---------------------------------------------------------------------------


def people_add(store: Path) -> int:
    words = ("people", "add", "m.silva", "--full-name", "M. Silva RN", "--role", "nurse", "--json")
    return command(*words, "--store", str(store))


def approval(store: Path) -> int:
    words = ("protocol", "approve", PROTOCOL, "--user", DIRECTOR, "--json")
    return command(*words, "--store", str(store))


def second_run(store: Path) -> int:
    return command(
        *("session", "run", "--store", str(store), "--protocol", PROTOCOL, "--simulated"),
        *("--for", "0.3", "--json"),
    )


def ledger_row(store: Path) -> int:
    """The ledger has no command that writes: its own call, as the window makes it."""
    with open_store(str(store)) as opened:
        book = DrugBook(opened, SteadyClock().now)
        row = book.write(
            ledger.received(
                "ketamine",
                "50",
                "10",
                lot="K12",
                expiry=date(2030, 1, 1),
                at=SteadyClock().now(),
                author="okafor",
            )
        )
    print(json.dumps(row.as_json(), ensure_ascii=False), flush=True)
    return 0


def command(*words: str) -> int:
    """A command of the program, in this process."""
    from ui.command import main

    os.environ["KETAMONITOR_PASSWORD"] = PASSWORD
    return main(words)


# What must have been kept -----------------------------------------------------------------------


def _person(store: Store, said: Told) -> bool:
    return [p.name for p in People(store, SteadyClock().now).all()] == [DIRECTOR, "m.silva"]


def _approved(store: Store, said: Told) -> bool:
    return len(store.approvals(PROTOCOL)) == 1


def _row(store: Store, said: Told) -> bool:
    return [row.as_json() for row in store.entries(ledger.LEDGER)] == said


def _session(store: Store, said: Told) -> bool:
    (head, *told) = said
    return [entry.as_json() for entry in store.entries(head["session"])] == told


@dataclass(frozen=True, slots=True)
class Pair:
    """Two programs on one store; ``kept`` looks for what the other said it had done."""

    name: str
    recorder: Callable[[Path], int]
    other: Callable[[Path], int]
    kept: Callable[[Store, Told], bool]


RECORDERS = {"window": window_recorder, "run": run_recorder}
OTHERS = {
    "people": (people_add, _person),
    "ledger": (ledger_row, _row),
    "second": (second_run, _session),
    "approval": (approval, _approved),
}
PAIRS = [
    Pair(f"kill-{one}-{two}", recorder, other, kept)
    for one, recorder in RECORDERS.items()
    for two, (other, kept) in OTHERS.items()
]


# The rounds -------------------------------------------------------------------------------------


def one_round(pair: Pair, template: Path, number: int, seed: int) -> tuple[int, int, str]:
    """Entries that were told, how many of them are lost, and whatever else is wrong."""
    chance = random.Random(f"{seed} {pair.name} {number}")
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        store, errors = Path(folder) / "store.db", Path(folder) / "errors"
        shutil.copyfile(template, store)
        running: list[Forked] = []

        def begun(program: Callable[[], int]) -> Forked:
            running.append(forked(program, errors))
            return running[-1]

        try:
            recorder = begun(lambda: pair.recorder(store))
            heard([recorder], PATIENCE_S, lambda: len(recorder.lines) >= 3)
            heard([recorder], chance.uniform(0, BEGINS_S))
            other = begun(lambda: pair.other(store))
            if chance.random() < WHILE:
                heard(running, chance.uniform(0, AFTER_S))
                recorder.kill()
            heard(running, PATIENCE_S, lambda: not other.open)
            heard([recorder], chance.uniform(0, AFTER_S) if recorder.open else 0)
            recorder.kill()
            if other.open:
                other.kill()
            if other.reap() != 0 or len(recorder.lines) < 3:
                said = errors.read_text(encoding="utf-8").strip()
                return 0, 0, f"a program did not run ({other.status}): {said[-600:]}"
            # In a process of its own: whoever forks on has never had a store open.
            look = begun(lambda: _looked(store, pair, recorder.lines, other.lines))
            heard([look], PATIENCE_S)
            told, lost, wrong = json.loads(look.lines[0])
        finally:
            for program in running:
                program.kill()
    return told, lost, wrong


def _looked(store: Path, pair: Pair, told_lines: list[str], said_lines: list[str]) -> int:
    (head, *entries), said = map(json.loads, told_lines), [json.loads(line) for line in said_lines]
    with open_store(str(store)) as opened:
        stored = opened.entries(head["session"])
        kept = pair.kept(opened, said)
        wrong = list(verify_chain(head["session"], stored))
    there = {entry.seq: entry.as_json() for entry in stored}
    lost = sum(there.get(entry["seq"]) != entry for entry in entries)
    if not kept:
        wrong.append("what the other program had done is not there")
    print(json.dumps([len(entries), lost, "; ".join(wrong)]), flush=True)
    return 0


def _template(path: Path) -> int:
    """A store with a director, as it lies on the disk when nobody has it open."""
    with open_store(str(path)) as store:
        people = People(store, SteadyClock().now)
        people.add(DIRECTOR, "A. Hale MD", Role.DIRECTOR, PASSWORD, "account:prove")
    return 0


def _job(pair: Pair, template: Path, numbers: Iterable[int], seed: int) -> int:
    """In a fork: its rounds one after the other, a line of JSON each."""
    for number in numbers:
        print(json.dumps([number, *one_round(pair, template, number, seed)]), flush=True)
    return 0


def proof(pair: Pair, count: int, seed: int) -> bool:
    """So many rounds, :data:`JOBS` at a time; prints what was counted. Whether nothing was lost."""
    imported()
    told = lost = failed = rounds = 0
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        template = Path(folder) / "template.db"
        # In a fork of its own: whoever forks on has had no store open.
        made = forked(lambda: _template(template), Path(folder) / "errors")
        heard([made], PATIENCE_S)
        assert made.reap() == 0, (Path(folder) / "errors").read_text(encoding="utf-8")
        jobs = [
            forked(
                lambda first=first: _job(pair, template, range(first, count + 1, JOBS), seed),
                Path(folder) / "errors",
            )
            for first in range(1, JOBS + 1)
        ]
        try:
            heard(jobs, PATIENCE_S * count)
        finally:
            for job in jobs:
                job.kill()
        for line in (line for job in jobs for line in job.lines):
            number, of_round, of_lost, wrong = json.loads(line)
            rounds, told, lost = rounds + 1, told + of_round, lost + of_lost
            failed += bool(wrong)
            if of_lost or wrong:
                print(f"{pair.name}, round {number}: {of_lost} lost; {wrong}", flush=True)
        if rounds < count:
            print((Path(folder) / "errors").read_text(encoding="utf-8"), flush=True)
    print(
        f"{pair.name}: {rounds} of {count} kills, {told} entries told, {lost} lost,"
        f" {failed} otherwise wrong",
        flush=True,
    )
    return rounds == count and told > 0 and not lost and not failed


PROOFS: dict[str, Callable[[int, int], bool]] = {
    pair.name: (lambda count, seed, pair=pair: proof(pair, count, seed)) for pair in PAIRS
}
