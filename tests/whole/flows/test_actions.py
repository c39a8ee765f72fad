"""The manual's table of actions is what the window needs, and holds to the budget."""

from __future__ import annotations

import os
from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.whole.flows.actions import (
    WRITE,
    Measured,
    in_manual,
    of_devices,
    of_infusion,
    table,
    write,
)
from tests.whole.flows.chairside import Chairside

#: Most actions, and most seconds by the keystroke model, of what is done under pressure.
BUDGET = {
    "Dose as ordered": (3, 5.0),
    "Full observation": (8, None),
    "Blood pressure by hand": (3, None),
}


def test_the_manual_counts_what_the_window_needs(
    tmp_path: Path, qtbot: QtBot, qapp: object
) -> None:
    rows: list[Measured] = []
    for name, measured in (("infusion", of_infusion), ("devices", of_devices)):
        (tmp_path / name).mkdir()
        at = Chairside(tmp_path / name, qtbot)
        try:
            rows.extend(measured(at))
        finally:
            at.close()
    if os.environ.get(WRITE):
        write(table(rows))
    found = {row.task: row for row in rows}
    for task, (actions, seconds) in BUDGET.items():
        assert found[task].actions <= actions, task
        assert seconds is None or found[task].seconds <= seconds, task
    assert table(rows) == in_manual()
