"""A press that repeats itself records one thing: double and triple clicks, bounces, held keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.forms import Bench
from tests.ui.keys import looked_at
from tests.ui.test_nasal_guide import Guide
from tests.ui.touch import Touch
from ui.theme import Theme
from ui.widgets.basics import ActionButton
from ui.widgets.dead_time import DeadTime

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def bench(theme: object) -> Bench:
    return Bench()


@pytest.fixture
def guide(bench: Bench, qtbot: QtBot) -> Guide:
    """A nasal device with lot and expiry: each Save from here on is one step."""
    made = Guide(bench, qtbot, "spravato-56")
    made.panel.resize(1200, 700)
    made.lot()
    return made


def held(widget: QWidget, key: Qt.Key, repeats: int = 30) -> None:
    """A key that is held down: what the keyboard sends until it is let go."""
    QTest.keyPress(widget, key)
    for _ in range(repeats):
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
            QApplication.sendEvent(widget, QKeyEvent(kind, key, NONE, "", True))
    QTest.keyRelease(widget, key)


def saved(guide: Guide) -> None:
    """Each step that was sent is durable at once, as on a fast disk."""
    if guide.panel.outcome.text() == "Saving…":
        guide.stored()


def test_a_triple_click_is_one_step_of_a_nasal_device(guide: Guide) -> None:
    save = guide.panel.save_button
    for click in (QTest.mouseClick, QTest.mouseDClick, QTest.mouseClick):
        click(save, LEFT)
        saved(guide)
    assert len(guide.bench.sent) == 1
    looked_at(guide.panel)
    QTest.mouseClick(save, LEFT)
    assert len(guide.bench.sent) == 2, (guide.told, guide.panel.outcome.text())


def test_clicks_through_the_window_are_counted_as_on_a_screen(guide: Guide) -> None:
    handle = guide.panel.windowHandle()
    at = guide.panel.save_button.mapTo(guide.panel, QPoint(20, 20))
    QTest.mouseClick(handle, LEFT, NONE, at)
    saved(guide)
    QTest.mouseDClick(handle, LEFT, NONE, at)
    saved(guide)
    QTest.mouseClick(handle, LEFT, NONE, at)
    assert len(guide.bench.sent) == 1


def test_a_finger_that_bounces_is_one_touch(guide: Guide) -> None:
    touch, save = Touch(guide.panel), guide.panel.save_button
    at = save.mapTo(guide.panel, save.rect().center())
    for _ in range(4):
        touch._finger(at, at)
        saved(guide)
    assert len(guide.bench.sent) == 1


def test_enter_that_is_held_or_hit_again_is_one_step(guide: Guide) -> None:
    held(guide.panel, Qt.Key.Key_Return)
    saved(guide)
    QTest.keyClick(guide.panel, Qt.Key.Key_Return)
    QTest.keyClick(guide.panel, Qt.Key.Key_Return)
    assert len(guide.bench.sent) == 1
    looked_at(guide.panel)
    QTest.keyClick(guide.panel, Qt.Key.Key_Return)
    assert len(guide.bench.sent) == 2, (guide.told, guide.panel.outcome.text())


def test_the_time_begins_anew_when_the_page_shows_the_step(guide: Guide) -> None:
    """A slow disk: whoever pressed for the old step does not hit the new one."""
    QTest.keyClick(guide.panel, Qt.Key.Key_Return)
    looked_at(guide.panel)
    guide.stored()
    QTest.keyClick(guide.panel, Qt.Key.Key_Return)
    assert len(guide.bench.sent) == 1


def test_what_is_typed_in_between_makes_the_next_enter_a_new_one(guide: Guide) -> None:
    QTest.keyClick(guide.panel, Qt.Key.Key_Return)
    guide.stored()
    QTest.keyClick(guide.panel, Qt.Key.Key_G)  # another act: a stop, which asks for its reason
    QTest.keyClick(guide.panel, Qt.Key.Key_Return)
    assert not guide.panel._dead.take("Enter"), "the second Enter was taken as one of its own"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_a_button_that_is_held_down_by_key_is_pressed_once(
    qtbot: QtBot, theme: Theme, key: Qt.Key
) -> None:
    button = ActionButton(theme, "Acknowledge")
    qtbot.addWidget(button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    button.show()
    held(button, key)
    QTest.keyClick(button, key)
    assert len(pressed) == 1


def test_a_press_that_was_let_go_elsewhere_was_none(qtbot: QtBot, theme: Theme) -> None:
    """A drag that began on a button: the touch that follows it is the first."""
    button = ActionButton(theme, "Confirm")
    qtbot.addWidget(button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    button.show()
    QTest.mousePress(button, LEFT)
    QTest.mouseRelease(button, LEFT, NONE, QPoint(-400, -400))
    QTest.mouseClick(button, LEFT)
    assert len(pressed) == 1


def test_each_touch_on_a_button_that_counts_is_counted(qtbot: QtBot, theme: Theme) -> None:
    button = ActionButton(theme, "Count breaths")
    button.rapid = True
    qtbot.addWidget(button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    button.show()
    QTest.mouseClick(button, LEFT)
    QTest.mouseDClick(button, LEFT)  # the second press of a double click
    QTest.mouseRelease(button, LEFT)
    QTest.mouseClick(button, LEFT)
    assert len(pressed) == 3


def test_another_press_counts_at_once_and_drumming_never(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    dead = DeadTime(owner)
    assert dead.take("Enter")
    assert not dead.take("Enter")
    assert dead.take("click")
    assert dead.take("Enter")
    assert not any(dead.take("Enter") for _ in range(20))
    dead.lift()
    assert dead.take("Enter")
    looked_at(owner)
    assert dead.take("Enter")
