"""A finger scrolls and a drag presses nothing; what has the focus stays in sight."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.widgets.finger import FingerScroll
from ui.widgets.scroll import Sight, scroll_area

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


class Long:
    """A window with a long list of buttons and fields, one area inside another."""

    def __init__(self, qtbot: QtBot) -> None:
        self.pressed: list[int] = []
        self.window = QWidget()
        qtbot.addWidget(self.window)
        rows = QVBoxLayout(self.window)
        inner, outer = QWidget(), QWidget()
        self.inner, self.outer = scroll_area(inner), scroll_area(outer)
        within, around = QVBoxLayout(inner), QVBoxLayout(outer)
        self.inner.setFixedHeight(200)
        around.addWidget(self.inner)
        self.buttons = [self._button(number, within) for number in range(6)]
        self.below = [self._button(number, around) for number in range(10, 16)]
        self.field = QLineEdit()
        self.field.setMinimumHeight(42)
        around.addWidget(self.field)
        rows.addWidget(self.outer)
        self.window.resize(400, 400)
        self.window.winId()
        self.finger, self.sight = FingerScroll(self.window), Sight(self.window)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)

    def _button(self, number: int, into: QVBoxLayout) -> QPushButton:
        made = QPushButton(str(number))
        made.setMinimumHeight(48)
        made.clicked.connect(lambda: self.pressed.append(number))
        into.addWidget(made)
        return made

    def middle(self, widget: QWidget) -> QPoint:
        return widget.mapTo(self.window, widget.rect().center())

    def drag(self, widget: QWidget, by: int) -> None:
        handle, at = self.window.windowHandle(), self.middle(widget)
        QTest.mousePress(handle, LEFT, NONE, at)
        for step in range(1, 9):
            QTest.mouseMove(handle, at + QPoint(0, by * step // 8))
        QTest.mouseRelease(handle, LEFT, NONE, at + QPoint(0, by))


@pytest.fixture
def long(qtbot: QtBot, theme: object) -> Long:
    return Long(qtbot)


def test_a_drag_scrolls_and_presses_nothing(long: Long) -> None:
    long.drag(long.buttons[2], -80)
    assert long.inner.verticalScrollBar().value() == 80
    assert long.outer.verticalScrollBar().value() == 0
    assert not any(button.isDown() for button in long.buttons)
    assert long.pressed == []


def test_a_touch_that_slips_a_little_is_a_touch(long: Long) -> None:
    long.drag(long.buttons[1], 12)
    assert long.pressed == [1]
    assert long.inner.verticalScrollBar().value() == 0


def test_at_the_end_of_the_inner_list_the_outer_one_goes_on(long: Long) -> None:
    bar = long.inner.verticalScrollBar()
    bar.setValue(bar.maximum())
    long.drag(long.buttons[4], -90)
    assert long.outer.verticalScrollBar().value() == 90
    assert long.pressed == []


def test_after_a_drag_the_next_touch_counts(long: Long) -> None:
    long.drag(long.buttons[2], -80)
    QTest.mouseClick(long.window.windowHandle(), LEFT, NONE, long.middle(long.buttons[3]))
    assert long.pressed == [3]


def test_a_true_finger_does_both(long: Long) -> None:
    device = QTest.createTouchDevice(QPointingDevice.DeviceType.TouchScreen)
    at = long.middle(long.buttons[2])
    for kind, where in (
        ("press", at),
        *(("move", at - QPoint(0, n * 10)) for n in range(1, 9)),
        ("release", at - QPoint(0, 80)),
    ):
        touch = QTest.touchEvent(long.window, device, autoCommit=False)
        getattr(touch, kind)(0, where)
        touch.commit()
    assert long.inner.verticalScrollBar().value() == 80
    assert long.pressed == []


def test_the_field_with_the_focus_comes_into_sight(long: Long, qtbot: QtBot) -> None:
    assert long.field.visibleRegion().isEmpty()
    long.field.setFocus()
    qtbot.waitUntil(lambda: long.field.visibleRegion().boundingRect() == long.field.rect())


def test_it_stays_in_sight_when_a_keyboard_takes_half_the_window(long: Long, qtbot: QtBot) -> None:
    long.window.resize(400, 900)
    long.field.setFocus()
    qtbot.waitUntil(lambda: not long.field.visibleRegion().isEmpty())
    long.window.resize(400, 300)
    qtbot.waitUntil(lambda: long.field.visibleRegion().boundingRect() == long.field.rect())
