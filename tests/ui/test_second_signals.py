"""The edge, the board on the other screen and the tray: what they show, and what they never do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from ketamonitor.signals.settings import ScreenSettings
from ketamonitor.view import ActiveAlarm
from tests.ui.forms import PATIENT
from tests.ui.room import NURSE, Room
from tests.ui.test_alarm_panels import WAIT, wait_for
from ui.second_signals import SecondSignals, system_tray
from ui.theme import Theme
from ui.tokens import DAY, NIGHT
from ui.widgets.second import EDGE, LINE, ROW, SIDE, Edge, HighBoard, Shown, other_screen

LEFT, RIGHT = QRect(0, 0, 1920, 1080), QRect(1920, 0, 1280, 1024)
AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
HIGH = ActiveAlarm(
    *("nibp_sys>=180", "limit_passed", "high", "physiological", "nibp_sys", 184, 180),
    *("SYS 184 ≥ 180", "", AT),
)


class Desktop:
    """The system's tray, as the program speaks to it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.closed = False

    def tell(self, title: str, text: str) -> None:
        self.said.append((title, text))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def room(tmp_path: Path, qapp: object, qtbot: QtBot) -> Iterator[Room]:
    made = Room(tmp_path / "store.db")
    qtbot.waitUntil(lambda: made.session in made.window.live.chairs, timeout=WAIT)
    made.window.show_live(made.session)
    yield made
    made.close()


@pytest.fixture
def desktop() -> Desktop:
    return Desktop()


@pytest.fixture
def signals(room: Room, desktop: Desktop) -> Iterator[SecondSignals]:
    made = SecondSignals(
        room.window, ScreenSettings(), screens=lambda: [LEFT, RIGHT], tray=lambda _window: desktop
    )
    yield made
    made.end()


def alarmed(room: Room, signals: SecondSignals, qtbot: QtBot) -> None:
    room.bp(214, 100)
    wait_for(qtbot, lambda: signals.board is not None)


def acknowledge_all(room: Room, qtbot: QtBot) -> None:
    while (highest := room.page.alarm_bar.highest) is not None:
        qtbot.keyClick(room.page, Qt.Key.Key_A)
        qtbot.waitUntil(lambda h=highest: room.page.alarm_bar.highest is not h)


# The edge ------------------------------------------------------------------------------------


def test_the_edge_comes_with_high_and_goes_with_the_acknowledgement(
    room: Room, signals: SecondSignals, qtbot: QtBot
) -> None:
    edge = signals.edge
    assert edge is not None
    room.bp(165, 90)
    wait_for(qtbot, lambda: room.page.alarms)
    assert edge.priority is None, "MEDIUM has no edge"
    room.bp(214, 100)
    wait_for(qtbot, lambda: edge.priority == "high")
    assert all(bar.isVisible() for bar in edge.bars)
    acknowledge_all(room, qtbot)
    wait_for(qtbot, lambda: edge.priority is None)
    assert not any(bar.isVisible() for bar in edge.bars)


def test_the_edge_flashes_in_step_with_the_bar(
    room: Room, signals: SecondSignals, qtbot: QtBot
) -> None:
    alarmed(room, signals, qtbot)
    edge, flash = signals.edge, room.page.alarm_bar.flash["high"]
    assert edge is not None
    wait_for(qtbot, flash.timer.isActive)
    for _ in range(4):
        flash.timer.timeout.emit()
        assert edge.lit is flash.lit
    room.window.show_sessions()
    strip = room.window.alarms.flash["high"]
    wait_for(qtbot, strip.timer.isActive)
    strip.timer.timeout.emit()
    assert edge.lit is strip.lit, "on another page it follows that page's beat"


@pytest.mark.parametrize("night", [True, False])
def test_the_edge_is_of_the_alarms_colour_and_never_quite_gone(
    qtbot: QtBot, theme: Theme, night: bool
) -> None:
    theme.set_night(night)
    window, edge = framed(qtbot, theme, 1366, 768)
    fill = QColor((NIGHT if night else DAY).high)
    for lit, line in ((True, SIDE), (False, LINE)):
        edge.show_lit(lit)
        picture = window.grab().toImage()
        assert sum(picture.pixelColor(x, 300) == fill for x in range(SIDE)) == line
    theme.set_night(True)


def test_the_edge_takes_no_touch_and_covers_no_place_of_the_page(
    qtbot: QtBot, theme: Theme
) -> None:
    window, edge = framed(qtbot, theme, 1366, 768)
    assert window.contentsMargins().left() == 0, "a small window gives nothing away"
    for bar in edge.bars:
        assert bar.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        assert bar.focusPolicy() is Qt.FocusPolicy.NoFocus
    assert window.childAt(QPoint(3, 300)) is not edge.bars[2]
    assert [bar.height() for bar in edge.bars[:2]] == [ROW, ROW]


def test_a_roomy_window_keeps_the_edges_place_free_also_without_an_alarm(
    qtbot: QtBot, theme: Theme
) -> None:
    window, edge = framed(qtbot, theme, 1920, 1080, priority=None)
    before = window.contentsMargins()
    edge.show_priority("high")
    assert window.contentsMargins() == before, "nothing moves when the alarm comes"
    assert edge.bars[2].width() == EDGE
    assert before.left() + SIDE == before.top() + ROW == EDGE


def framed(
    qtbot: QtBot, theme: Theme, width: int, height: int, priority: str | None = "high"
) -> tuple[QMainWindow, Edge]:
    window = QMainWindow()
    window.setCentralWidget(QWidget())
    qtbot.addWidget(window)
    window.resize(width, height)
    window.show()
    edge = Edge(theme, window)
    edge.show_priority(priority)
    return window, edge


# The other screen ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("screens", "window", "found"),
    [
        ([LEFT], LEFT, None),
        ([], LEFT, None),
        ([LEFT, RIGHT], QRect(0, 0, 1366, 768), RIGHT),
        ([LEFT, RIGHT], QRect(1950, 10, 1200, 800), LEFT),
        ([LEFT, RIGHT], QRect(1800, 10, 1200, 800), LEFT),
        ([LEFT, RIGHT], QRect(-5000, 0, 100, 100), RIGHT),
    ],
)
def test_the_board_is_on_the_screen_that_the_window_is_not_on(
    screens: list[QRect], window: QRect, found: QRect | None
) -> None:
    assert other_screen(screens, window) == found


def test_the_board_shows_chair_priority_and_value_and_no_name(
    room: Room, signals: SecondSignals, qtbot: QtBot
) -> None:
    alarmed(room, signals, qtbot)
    board = signals.board
    assert board is not None
    assert board.geometry() == RIGHT
    assert board.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert board.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    board.grab()
    said = " ".join(board.words)
    for words in ("Chair 3", "***", "HIGH", "SYS 214 ≥ 200", f"MRN ends {PATIENT.mrn[-4:]}"):
        assert words in said
    assert PATIENT.name.split(",")[0] not in said + board.windowTitle() + board.accessibleName()
    assert PATIENT.mrn not in said


def test_the_board_stays_while_it_is_high_and_goes_with_it(
    room: Room, signals: SecondSignals, qtbot: QtBot
) -> None:
    alarmed(room, signals, qtbot)
    acknowledge_all(room, qtbot)
    board = signals.board
    assert board is not None, "seen, but still HIGH"
    signals.look()
    board.grab()
    assert any("ACKNOWLEDGED" in words for words in board.words)
    room.bp(118, 74)
    room.bp(118, 74)
    wait_for(qtbot, lambda: signals.board is None)


def test_the_board_can_be_read_from_afar_whatever_it_says(qtbot: QtBot, theme: Theme) -> None:
    board = HighBoard(theme)
    qtbot.addWidget(board)
    board.resize(1280, 720)
    long = replace(HIGH, text="No blood pressure for two intervals of its schedule")
    board.show_alarms([Shown("3", "2917", long)] + [Shown("5", "", HIGH)] * 5)
    board.grab()
    assert "+ 2 more" in board.words
    board.show_lit(False)
    board.grab()
    assert "SYS 184 ≥ 180" in board.words, "the words stay in the dark phase"


def test_one_screen_has_no_board_and_a_window_that_closes_takes_it_away(
    room: Room, desktop: Desktop, qtbot: QtBot
) -> None:
    alone = SecondSignals(
        room.window, ScreenSettings(), screens=lambda: [LEFT], tray=lambda _window: None
    )
    room.bp(214, 100)
    edge = alone.edge
    assert edge is not None
    wait_for(qtbot, lambda: edge.priority == "high")
    assert alone.board is None
    alone.end()
    assert edge.priority is None


def test_the_programs_end_does_not_wait_for_the_board(qtbot: QtBot, theme: Theme) -> None:
    board = HighBoard(theme)
    qtbot.addWidget(board)
    assert not board.testAttribute(Qt.WidgetAttribute.WA_QuitOnClose)


# The tray ----------------------------------------------------------------------------------------


def test_the_tray_names_the_chair_once_and_nothing_of_the_patient(
    room: Room, desktop: Desktop, qtbot: QtBot
) -> None:
    signals = SecondSignals(room.window, ScreenSettings(second=False), tray=lambda _window: desktop)
    away(room, qtbot)
    room.bp(214, 100)
    wait_for(qtbot, lambda: desktop.said)
    signals.look()
    assert desktop.said == [("Chair 3: HIGH alert", "Look at KetaMonitor")]
    assert NURSE not in str(desktop.said)
    room.bp(216, 102)
    wait_for(qtbot, lambda: len(desktop.said) == 2)


def test_the_tray_is_quiet_while_the_window_is_in_front(
    room: Room, signals: SecondSignals, desktop: Desktop, qtbot: QtBot
) -> None:
    room.window.activateWindow()
    wait_for(qtbot, room.window.isActiveWindow)
    alarmed(room, signals, qtbot)
    signals.look()
    assert desktop.said == []
    signals.end()
    assert desktop.closed


def test_where_the_system_has_no_tray_there_is_none(room: Room) -> None:
    """The offscreen platform has none."""
    assert system_tray(room.window) is None


def test_what_is_switched_off_does_not_come(room: Room, desktop: Desktop, qtbot: QtBot) -> None:
    off = SecondSignals(
        room.window,
        ScreenSettings(edge=False, second=False, tray=False),
        screens=lambda: [LEFT, RIGHT],
        tray=lambda _window: desktop,
    )
    away(room, qtbot)
    room.bp(214, 100)
    wait_for(qtbot, lambda: room.window.live.alarms())
    off.look()
    assert (off.edge, off.board, off.tray) == (None, None, None)
    assert desktop.said == []


def away(room: Room, qtbot: QtBot) -> None:
    """Another program's window is in front."""
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    QApplication.processEvents()
    wait_for(qtbot, lambda: not room.window.isActiveWindow())
