"""The long counts run, and count: a few rounds, so that ``make prove`` is no surprise."""

from __future__ import annotations

import os
import re
import sys

import pytest

from tests.processes import ran


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the proofs fork")
@pytest.mark.parametrize("name", ["kill-window-people", "kill-run-ledger"])
def test_a_killed_recorder_loses_nothing_that_it_told(name: str) -> None:
    done = ran([sys.executable, "-m", "tests.prove", "--count", "2", name])
    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.fullmatch(
        rf"{name}: 2 of 2 kills, (\d+) entries told, 0 lost, 0 otherwise wrong\n", done.stdout
    )
    assert counted, done.stdout
    assert int(counted[1]) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the proofs fork")
def test_an_entry_that_was_told_and_is_not_there_is_counted_and_ends_with_status_1() -> None:
    """A recorder that says more than it has written: the count has to find it."""
    done = ran([sys.executable, "-m", "tests.prove.liar"])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "liar: 2 of 2 kills, " in done.stdout
    assert done.stdout.endswith(" told, 2 lost, 0 otherwise wrong\n")


def test_every_pair_is_there_and_an_unknown_name_is_refused() -> None:
    listed = ran([sys.executable, "-m", "tests.prove", "--list"])
    pairs = {f"kill-{a}-{b}" for a in ("window", "run") for b in OTHERS}
    assert pairs <= set(listed.stdout.split())
    wrong = ran([sys.executable, "-m", "tests.prove", "nothing"])
    assert wrong.returncode == 2
    assert "unknown: nothing" in wrong.stderr


OTHERS = ("people", "ledger", "second", "approval")
