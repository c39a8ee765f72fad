"""What has a key elsewhere is reached with a finger, on the real window, by touches alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.keys import looked_at
from tests.ui.test_window import Place, begin, sign_in_first
from ui.pages.more import ACTS, MorePanel
from ui.pages.signing import UnlockPanel


@pytest.fixture
def place(tmp_path: Path, qtbot: QtBot, qapp: object) -> Iterator[Place]:
    made = Place(tmp_path / "store.db")
    sign_in_first(made, qtbot)
    begin(made, qtbot)
    yield made
    made.close()


def touch(qtbot: QtBot, widget: QWidget) -> None:
    assert widget.isVisible()
    assert not widget.visibleRegion().isEmpty(), "nobody can touch what is out of sight"
    looked_at(widget.window())
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("size", [(1366, 768), (911, 512)])
def test_everything_with_a_key_is_two_touches_away_and_large_enough(
    place: Place, qtbot: QtBot, size: tuple[int, int]
) -> None:
    place.window.resize(*size)
    chair = place.window.chair
    assert chair is not None
    more = next(b for b in chair.page.buttons if b.accessibleName().startswith("More"))
    seen = set()
    panels = [row for row in ACTS if row[3] != "sessions"]  # it leads to another page
    for word, _icon, _key, act in panels:
        touch(qtbot, more)
        panel = chair.page.panel
        assert isinstance(panel, MorePanel)
        button = panel.buttons[act]
        assert min(button.width(), button.height()) >= 48, word
        touch(qtbot, button)
        opened = chair.page.panel
        assert opened is not None
        assert opened is not panel, f"{word} opens nothing"
        seen.add(type(opened).__name__)
        leave = [b for b in opened.findChildren(QPushButton) if b.text().startswith("Leave")]
        if leave:
            touch(qtbot, leave[-1])
        else:
            chair.close_panel()
        assert chair.page.panel is None, word
    assert len(seen) == len(panels), f"two lead to the same panel: {seen}"


def test_locking_and_the_other_sessions_are_large_enough_too(place: Place, qtbot: QtBot) -> None:
    window, chair = place.window, place.window.chair
    assert chair is not None
    for act in ("sessions", "lock"):
        qtbot.keyClick(chair.page, Qt.Key.Key_M)
        more = chair.page.panel
        assert isinstance(more, MorePanel)
        assert min(more.buttons[act].width(), more.buttons[act].height()) >= 48
        touch(qtbot, more.buttons[act])
        if act == "sessions":
            assert window.stack.currentWidget() is window.sessions
            assert chair.page.panel is None
            window.show_live(chair.session)
    assert window.person is None
    assert isinstance(chair.page.panel, UnlockPanel)


def test_escape_leads_back(place: Place, qtbot: QtBot) -> None:
    chair = place.window.chair
    assert chair is not None
    qtbot.keyClick(chair.page, Qt.Key.Key_M)
    assert isinstance(chair.page.panel, MorePanel)
    qtbot.keyClick(chair.page.panel, Qt.Key.Key_Escape)
    assert chair.page.panel is None
