"""Kill the recording process at a random moment, many times, and see that nothing told is lost.

``python -m tests.whole.kill [--times 100] [--seed N]``. Each time: a simulated monitor on a
pseudo-terminal, ``session run --json`` (which prints an entry only once it is durable), then
``kill -9``, and after it: every printed entry is in the file, the chain verifies, and the session
is resumed and ended.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.processes import PROGRAM, started
from tests.waits import PATIENCE_S
from tests.whole.cases import _run


@dataclass(frozen=True)
class Survival:
    printed: int
    stored: int
    lost: int
    resumed: bool


def kill_once(folder: Path, port: str, wait_s: float, speed: float) -> Survival:
    """One recording, killed ``wait_s`` after its first entry, and what was left of it."""
    store = str(folder / "store.db")
    words = (
        *PROGRAM, "session", "run", "--store", store, "--protocol", "iv-ketamine-40",
        "--simulated", "--device", f"dinamap:{port}", "--speed", f"{speed:g}", "--json",
    )  # fmt: skip
    with started(words) as recording:
        assert recording.stdout is not None
        session = json.loads(recording.stdout.readline())["session"]
        killer = threading.Timer(wait_s, recording.kill)
        killer.start()
        lines = recording.stdout.read().split("\n")
        recording.wait(PATIENCE_S)
        killer.join()
    # The last line may have been cut off by the kill: what was not said whole was not said.
    printed = [json.loads(line) for line in lines[:-1]]
    _run("session", "verify", session, "--store", store)
    stored = _exported(folder, store, session)
    lost = [entry for entry in printed if entry not in stored]
    _run(
        "session", "run", "--store", store, "--resume", session, "--simulated",
        "--device", f"dinamap:{port}", "--speed", f"{speed:g}", "--for", "2500",
        "--script", str(_ending(folder)),
    )  # fmt: skip
    _run("session", "verify", session, "--store", store)
    after = _exported(folder, store, session)
    events = [e["body"].get("event") for e in after if e["kind"] == "session"]
    resumed = after[: len(stored)] == stored and events == ["started", "resumed", "ended"]
    return Survival(len(printed), len(stored), len(lost), resumed)


def _exported(folder: Path, store: str, session: str) -> list[object]:
    path = folder / "out.json"
    _run(
        "session",
        "export",
        session,
        "--store",
        store,
        "--format",
        "json",
        "-o",
        str(path),
        "--force",
    )
    entries: list[object] = json.loads(path.read_text(encoding="utf-8"))["entries"]
    return entries


def _ending(folder: Path) -> Path:
    """A nurse who ends the session late enough to be after any kill."""
    path = folder / "end.jsonl"
    path.write_text(json.dumps({"t_s": 1800, "end": "ended after the kill"}) + "\n")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=600)
    args = parser.parse_args(arguments)
    chance = random.Random(args.seed)
    printed = lost = failed = 0
    for number in range(1, args.times + 1):
        words = (
            *PROGRAM, "simulate", "--driver", "dinamap", "--scenario", "iv-severe",
            "--speed", f"{args.speed:g}", "--seed", str(number),
        )  # fmt: skip
        with started(words) as simulator, tempfile.TemporaryDirectory() as folder:
            assert simulator.stdout is not None
            port = simulator.stdout.readline().strip()
            left = kill_once(Path(folder), port, chance.uniform(0, 2), args.speed)
        printed += left.printed
        lost += left.lost
        failed += not left.resumed
        if left.lost or not left.resumed:
            print(f"kill {number}: {left}", flush=True)
    print(f"{args.times} kills, {printed} entries told, {lost} lost, {failed} not resumed")
    return 1 if lost or failed else 0


if __name__ == "__main__":
    sys.exit(main())
