"""Play case files through a simulated monitor into a stored session, and compare every value.

``python -m tests.whole.cases [--driver D] [--speed N] [--jobs N] [--protocol P] [FILE ...]``

Without files: the project's own cases and, where ``../shared/realcases`` is present, the
odd-numbered real ones. Two processes a case, joined by nothing but a pseudo-terminal.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError

from tests.processes import PROGRAM, ran, started
from tests.whole import oracle

HERE = Path(__file__).parent
MADE = sorted((HERE / "made").glob("*.csv"))
REAL_FOLDER = HERE.parents[2] / "shared" / "realcases" / "cases"


def real_cases() -> list[Path]:
    """The odd-numbered real cases, where they are present."""
    named = (re.fullmatch(r"(.+_(\d+))\.csv", p.name) for p in sorted(REAL_FOLDER.glob("*.csv")))
    return [REAL_FOLDER / m.group(0) for m in named if m and int(m.group(2)) % 2 == 1]


@dataclass(frozen=True)
class Outcome:
    case: str
    driver: str
    cuff: int
    raised: int
    time_error_s: float
    faults: tuple[str, ...]


def play(case: Path, driver: str, speed: float, protocol: str) -> Outcome:
    """One case from the wire to the export, and what is wrong with the result."""
    rows = oracle.rows_of(case)
    last = float(rows[-1]["t_s"]) + 4 * oracle.MONITORS[driver].interval_s + 5
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/store.db"
        simulator = (
            *PROGRAM, "simulate", "--driver", driver, "--case", str(case), "--speed", f"{speed:g}",
        )  # fmt: skip
        with started(simulator) as monitor:
            assert monitor.stdout is not None
            port = monitor.stdout.readline().strip()
            run = _run(
                "session", "run", "--store", store, "--protocol", protocol, "--simulated",
                "--device", f"{driver}:{port}", "--speed", f"{speed:g}", "--for", f"{last:g}",
            )  # fmt: skip
            session = run.splitlines()[0]
        _run("session", "verify", session, "--store", store)
        _run(
            "session",
            "export",
            session,
            "--store",
            store,
            "--format",
            "json",
            "-o",
            f"{folder}/s.json",
        )
        exported = json.loads(Path(folder, "s.json").read_text(encoding="utf-8"))
    found = oracle.faults(rows, driver, exported)
    entries = exported["entries"]
    return Outcome(
        case.stem,
        driver,
        sum(e["kind"] == "reading" and "nibp_sys" in e["body"]["values"] for e in entries),
        sum(
            e["kind"] == "alarm"
            and e["body"]["event"] == "raised"
            and e["body"]["type"] == "physiological"
            for e in entries
        ),
        oracle.worst_time_error(rows, driver, exported),
        tuple(found),
    )


def _run(*arguments: str) -> str:
    done = ran([*PROGRAM, *arguments], seconds=3600)
    if done.returncode:
        raise RuntimeError(f"{arguments[:2]} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--driver", action="append", choices=tuple(oracle.MONITORS))
    parser.add_argument("--speed", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--protocol", default="iv-ketamine-40")
    args = parser.parse_args(arguments)
    files = args.files or [*MADE, *real_cases()]
    if not args.files and not real_cases():
        print("the real cases are not present here: the project's own alone are played")
    jobs = [(file, driver) for driver in args.driver or oracle.MONITORS for file in files]
    bad = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        running = [pool.submit(play, file, d, args.speed, args.protocol) for file, d in jobs]
        for (file, driver), outcome in zip(jobs, running, strict=True):
            try:
                o = outcome.result()
            except (RuntimeError, AssertionError, SubprocessError) as error:
                bad += 1
                print(f"{file.stem:18} {driver:8} FAILED {error}", flush=True)
                continue
            bad += bool(o.faults)
            print(
                f"{o.case:18} {o.driver:8} cuff {o.cuff:4} alerts {o.raised:3}"
                f" time error {o.time_error_s:+.2f} s  {'ok' if not o.faults else 'FAULTS'}",
                flush=True,
            )
            for fault in o.faults[:8]:
                print(f"    {fault}", flush=True)
    print(f"{len(jobs) - bad} of {len(jobs)} as the case says")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
