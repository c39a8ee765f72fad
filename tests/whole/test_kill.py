"""Killed at random moments: nothing that was told is lost, and the session goes on."""

from __future__ import annotations

from tests.whole.kill import main


def test_three_kills_lose_nothing(capsys) -> None:  # type: ignore[no-untyped-def]
    # A hundred at a time: python -m tests.whole.kill --times 100
    assert main(["--times", "3", "--seed", "7"]) == 0
    assert "0 lost, 0 not resumed" in capsys.readouterr().out
