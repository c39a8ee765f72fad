"""The manual's table of actions is what the window needs, and holds to the budget."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from pytestqt.qtbot import QtBot

from tests.whole.flows.actions import (
    DEVICE,
    ITEM,
    LARGE,
    SMALL,
    STEP,
    WRITE,
    Measured,
    Touched,
    by_touch,
    devices_by_touch,
    in_manual,
    of_devices,
    of_infusion,
    table,
    write,
)
from tests.whole.flows.chairside import Chairside

T = TypeVar("T")

#: Most actions, and most seconds by the keystroke model, of what is done under pressure.
BUDGET = {
    "Dose as ordered": (3, 5.0),
    "Full observation": (8, None),
    "Blood pressure by hand": (3, None),
}
#: Most touches: at 100 %, and at 150 % where a drag may be needed to come to an answer.
TOUCHES = {
    "Dose as ordered": (3, 3),
    "Full observation": (8, 8),
    "Blood pressure by hand": (3, 3),
    "Pause with reason": (4, 5),
    "Resume": (3, 3),
    "New rate with reason": (5, 6),
    "Stop of the infusion": (4, 5),
    "Event mark": (3, 3),
    "Note from a phrase": (3, 3),
    "Adverse event": (7, 8),
    ITEM: (6, 7),
    STEP: (1, 1),
    DEVICE: (11, 12),
}


def test_the_manual_counts_what_the_window_needs(
    tmp_path: Path, qtbot: QtBot, qapp: object
) -> None:
    def measure(name: str, of: Callable[[Chairside], Iterator[T]], monitored: bool) -> list[T]:
        (tmp_path / name).mkdir()
        at = Chairside(tmp_path / name, qtbot, monitored=monitored)
        try:
            return list(of(at))
        finally:
            at.close()

    rows: list[Measured] = [
        *measure("infusion", of_infusion, True),
        *measure("devices", of_devices, True),
    ]
    touched: list[list[Touched]] = [
        [
            *measure(f"infusion {size}", lambda at, s=size: by_touch(at, s), False),
            *measure(f"devices {size}", lambda at, s=size: devices_by_touch(at, s), False),
        ]
        for size in (LARGE, SMALL)
    ]
    if os.environ.get(WRITE):
        write(table(rows, *touched))
    found = {row.task: row for row in rows}
    for task, (actions, seconds) in BUDGET.items():
        assert found[task].actions <= actions, task
        assert seconds is None or found[task].seconds <= seconds, task
    large, small = ({row.task: row.touches for row in one} for one in touched)
    for task, most in TOUCHES.items():
        assert large[task] <= most[0], task
        assert small[task] <= most[1], f"{task} at 150 %"
    assert table(rows, *touched) == in_manual()
