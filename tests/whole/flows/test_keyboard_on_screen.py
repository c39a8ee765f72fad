"""A keyboard on the screen takes half of it: the field that is typed in and Save stay in sight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.keys import said
from tests.whole.flows.chairside import Chairside
from tests.whole.flows.nurse import Nurse
from ui.pages.baseline import BaselinePanel
from ui.pages.checkin import CheckInPanel
from ui.pages.entry import EntryPanel

#: A screen of 1366 x 768 at two scales: all of it, and what such a keyboard leaves.
SCALES = {"100 %": ((1366, 768), (1366, 460)), "150 %": ((911, 512), (911, 300))}

#: The keys that bring up each part that is typed in, and how many fields it has at least.
PARTS = {
    "dose": ("d", 3),
    "other drug": ("dm", 2),
    "order": ("dq", 8),
    "pressure": ("b", 4),
    "observation": ("o", 1),
    "note": ("n", 1),
    "event": ("e", 1),
    "ledger, received": ("w7", 5),
    "ledger, wasted": ("w3", 7),
    "adverse event": ("v4", 2),
    "own times of an episode": ("v1x", 3),
    "override": ("gv", 3),
    "left": ("gf", 2),
}


@pytest.fixture
def at(tmp_path: Path, qtbot: QtBot, qapp: object) -> Iterator[Chairside]:
    made = Chairside(tmp_path, qtbot, monitored=False)
    yield made
    made.close()


def begin(at: Chairside, protocol: str) -> Nurse:
    nurse = Nurse(at)
    nurse.sign_in()
    nurse.begin(protocol)
    nurse.check_in()
    nurse.pressure(122, 78)  # without one the first dose asks why
    return nurse


def whole(part: QWidget) -> bool:
    """Nothing of it is cut off."""
    return part.visibleRegion().boundingRect() == part.rect()


def look(at: Chairside, name: str, scale: str) -> int:
    """Type in each field of what is open: a touch, then the keyboard comes. How many there are."""
    panel, page = at.panel, at.chair.page
    assert isinstance(panel, EntryPanel)
    large, small = SCALES[scale]
    fields = [f for f in panel.findChildren(QLineEdit) if f.isVisible() and f.isEnabled()]
    for field in fields:
        at.resize(large)
        field.setFocus()
        at.resize(small)
        where = f"{name}, {said(field)!r}"
        at.keys.until(
            lambda field=field: whole(field) and whole(panel.save_button),  # type: ignore[misc]
            f"{where}: both the field and Save can be seen",
        )
        assert QApplication.focusWidget() is field, where
        if panel.words.text():
            assert not panel.words.visibleRegion().isEmpty(), f"{where}: what is missing"
        for part in (page.banner, page.alarm_bar, page.strip):
            assert whole(part), f"{where}: {type(part).__name__} is cut off"
    at.resize(large)
    return len(fields)


def look_at_part(at: Chairside, name: str, scale: str, keys: str) -> int:
    at.chair.close_panel()
    for key in keys:
        at.keys.press(key)
    return look(at, name, scale)


@pytest.mark.parametrize("scale", SCALES)
def test_field_and_save_are_in_sight_above_the_keyboard(at: Chairside, scale: str) -> None:
    nurse = begin(at, "iv-ketamine-40")
    for name, (keys, least) in PARTS.items():
        assert look_at_part(at, name, scale, keys) >= least, name
    at.chair.close_panel()
    nurse.pressure(152, 96)  # so high that the baseline asks why it goes on
    at.keys.press("t")
    assert isinstance(at.panel, BaselinePanel)
    at.panel.choice.choose(at.panel.choice.options[-1])
    assert look(at, "baseline", scale) == 1
    at.chair.close_panel()
    nurse.pressure(124, 78)
    nurse.order(mg="34.2", minutes="40")
    nurse.give()
    assert look_at_part(at, "new rate", scale, "dr") == 2
    at.chair.close_panel()
    nurse.stop()
    at.choose_on("End session")
    assert look(at, "end", scale) >= 3  # a reason for each open matter, and the one of the end


@pytest.mark.parametrize("scale", SCALES)
def test_each_item_of_the_check_in_can_be_typed_above_the_keyboard(
    at: Chairside, scale: str
) -> None:
    begin(at, "iv-ketamine-40")
    at.keys.press("k")
    panel = at.panel
    assert isinstance(panel, CheckInPanel)
    seen = {}
    for item in panel.keys:
        panel.items.show_item(item)
        seen[item] = look(at, item, scale)
    typed = {item: number for item, number in seen.items() if number}
    assert typed == {"weight": 2, "escort": 2, "consent": 1, "food": 2, "drink": 1}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("protocol", "least"), [("spravato-56", 3), ("oral-ketamine", 2)])
def test_the_other_ways_of_giving_as_well(
    at: Chairside, scale: str, protocol: str, least: int
) -> None:
    begin(at, protocol)
    assert look_at_part(at, protocol, scale, "d") >= least
