"""The hour on the wall over the end of summer time, as `session show` tells it."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

import pytest

from ketamonitor import drafts
from ketamonitor.cli.session import show_session
from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.offsets import Offsets
from ketamonitor.store import open_store
from tests.domain.builders import SESSION, started


def entries(*made: tuple[Draft, str]) -> list[Entry]:
    """Each draft with the moment at which it was recorded."""
    found: list[Entry] = []
    for seq, (draft, recorded) in enumerate(made, 1):
        before = found[-1].hash if found else GENESIS
        found.append(chain(draft, SESSION, seq, datetime.fromisoformat(recorded), before))
    return found


def mark(text: str, at: str) -> Draft:
    return drafts.mark(text, at=datetime.fromisoformat(at), author="okafor")


#: A session over the end of summer time; a script's times all have the offset of its start.
OVER_NIGHT = (
    (started(at=datetime.fromisoformat("2026-10-25T02:50:00+02:00")), "2026-10-25T02:50:00+02:00"),
    (mark("before", "2026-10-25T02:59:00+02:00"), "2026-10-25T02:59:01+02:00"),
    (mark("after", "2026-10-25T03:01:00+02:00"), "2026-10-25T02:01:02+01:00"),
    (mark("late", "2026-10-25T02:58:00+02:00"), "2026-10-25T02:02:00+01:00"),
    (mark("last", "2026-10-25T02:05:00+01:00"), "2026-10-25T02:05:01+01:00"),
)


def test_session_show_has_the_hour_of_the_wall_and_says_once_that_it_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(str(tmp_path / "store.db")) as store:
        store.append(entries(*OVER_NIGHT))
    options = argparse.Namespace(store=str(tmp_path / "store.db"), id=SESSION, json=False)
    assert show_session(options) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if line[2:3] == ":"]
    assert [(line[:8], line.split()[1]) for line in told[-4:]] == [
        ("02:59:00", "before"),
        ("02:01:00", "after"),
        ("02:58:00", "late"),
        ("02:05:00", "last"),
    ]
    changes = [line for line in lines if "clocks changed" in line]
    assert len(changes) == 1
    assert "1 h earlier" in changes[0]
    assert "UTC+0100" in changes[0]
    assert lines.index(changes[0]) == lines.index(told[-3]) - 1


def test_where_no_offset_changes_nothing_is_said_and_every_time_is_as_it_was() -> None:
    made = entries(*OVER_NIGHT[:2])
    offsets = Offsets(made)
    assert [offsets.changed_at(entry) for entry in made] == [None, None]
    assert [offsets.there(entry.at).isoformat() for entry in made] == [
        entry.at.isoformat() for entry in made
    ]
