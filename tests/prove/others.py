"""Long counts whose short forms are tests: kills of one recorder, all cases, courses of alarms,
nonsense on the command line."""

from __future__ import annotations

import os
import sys

from tests.processes import ROOT, ran
from tests.whole import cases, kill

#: Per round asked for: checked steps of alarms, and lines of nonsense.
STEPS, LINES = 5_000, 25
LONGEST_S = 8 * 3600.0


def kills_alone(count: int, seed: int) -> bool:
    return kill.main(["--times", str(count), "--seed", str(seed)]) == 0


def all_cases(count: int, seed: int) -> bool:
    """Each once: they are what they are."""
    return cases.main([]) == 0


def alarms(count: int, seed: int) -> bool:
    words = ("-m", "tests.soak", "--steps", str(count * STEPS), "--seed", str(seed))
    return _told([*words])


def nonsense(count: int, seed: int) -> bool:
    test = "tests/whole/test_command_line.py::test_nonsense_is_one_line_and_a_status"
    options = ("-q", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}")
    return _told(["-m", "pytest", *options, str(ROOT / test)], NONSENSE_LINES=str(count * LINES))


def _told(words: list[str], **own: str) -> bool:
    done = ran([sys.executable, *words], env={**os.environ, **own}, seconds=LONGEST_S)
    print(f"{done.stdout}{done.stderr}".strip(), flush=True)
    return done.returncode == 0


PROOFS = {
    "kill-alone": kills_alone,
    "all-cases": all_cases,
    "alarms": alarms,
    "nonsense": nonsense,
}
