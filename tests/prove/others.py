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


def guard_in_time(count: int, seed: int) -> bool:
    """On an idle computer: a window that died is back within 5 s, a guard that hangs is noticed
    within 10. Once: each of them is two deaths, or one."""
    names = (
        "test_a_window_that_is_killed_or_crashes_is_back_in_its_session",
        "test_a_guard_that_is_stopped_is_told_by_its_window_and_again_when_it_goes_on",
    )
    tests = [f"{ROOT / 'tests/whole/test_guardian.py'}::{name}" for name in names]
    options = ("-q", "-s", "-p", "no:cacheprovider")
    return _told(["-m", "pytest", *options, *tests], KETAMONITOR_TIMED="1")


def _told(words: list[str], **own: str) -> bool:
    done = ran([sys.executable, *words], env={**os.environ, **own}, seconds=LONGEST_S)
    print(f"{done.stdout}{done.stderr}".strip(), flush=True)
    return done.returncode == 0


PROOFS = {
    "kill-alone": kills_alone,
    "all-cases": all_cases,
    "alarms": alarms,
    "nonsense": nonsense,
    "guard-in-time": guard_in_time,
}
