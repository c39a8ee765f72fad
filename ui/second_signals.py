"""What the screen adds to the alarm bar: a coloured edge, a second screen, the system's tray."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QRect, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from ketamonitor.cards import Occurrence, occurrence
from ketamonitor.signals.settings import ScreenSettings
from ui.icons import icon
from ui.live_chairs import ChairAlarm
from ui.main_window import MainWindow
from ui.widgets.alarm_bar import Flash
from ui.widgets.second import Edge, HighBoard, Shown, other_screen

HIGH = "high"


class Tray(Protocol):
    """The system's tray: says a line beside the clock, also while another program is in front."""

    def tell(self, title: str, text: str) -> None: ...

    def close(self) -> None: ...


class SystemTray:
    """The real one. Make it only where the system has a tray (:func:`system_tray`)."""

    def __init__(self, window: MainWindow) -> None:
        self._icon = QSystemTrayIcon(icon("bell", window.theme.color("text"), 32), window)
        self._icon.setToolTip("KetaMonitor")
        self._icon.activated.connect(lambda _why: window.activateWindow())
        self._icon.show()

    def tell(self, title: str, text: str) -> None:
        self._icon.showMessage(title, text, QSystemTrayIcon.MessageIcon.Critical, 15_000)

    def close(self) -> None:
        self._icon.hide()


def system_tray(window: MainWindow) -> Tray | None:
    """The system's tray, or ``None`` where there is none."""
    return SystemTray(window) if QSystemTrayIcon.isSystemTrayAvailable() else None


def screen_areas() -> list[QRect]:
    """Where the screens are, in logical pixels."""
    return [screen.geometry() for screen in QGuiApplication.screens()]


class SecondSignals(QObject):
    """Follows the alarms of all chairs of a window. It adds to the bar and takes nothing away.

    ``settings`` say which of the three are on. ``screens`` gives the areas of all screens;
    ``tray`` makes the tray, or gives ``None``. :meth:`end` puts all of it away.
    """

    def __init__(
        self,
        window: MainWindow,
        settings: ScreenSettings,
        *,
        screens: Callable[[], Sequence[QRect]] = screen_areas,
        tray: Callable[[MainWindow], Tray | None] = system_tray,
    ) -> None:
        super().__init__(window)
        self._window, self._settings, self._screens = window, settings, screens
        self._told: set[tuple[str, Occurrence]] = set()
        self._flash: Flash | None = None
        self.edge = Edge(window.theme, window) if settings.edge else None
        self.board: HighBoard | None = None
        self.tray = tray(window) if settings.tray else None
        window.installEventFilter(self)
        window.live.alarms_changed.connect(self.look)
        window.stack.currentChanged.connect(lambda _place: self.look())
        self.look()

    def look(self) -> None:
        """The alarms may be others now."""
        found = [item for item in self._window.live.alarms() if item.alarm.priority == HIGH]
        loud = [item for item in found if item.alarm.signals]
        self._follow(bool(loud))
        if self.edge is not None:
            self.edge.show_priority(HIGH if loud else None)
        if self._settings.second:
            self._show_board([item for item in found if item.alarm.ended_at is None])
        self._tell(loud)

    def end(self) -> None:
        """Put everything away. May be called again."""
        self._window.removeEventFilter(self)
        self._follow(wanted=False)
        if self.edge is not None:
            self.edge.show_priority(None)
        self._close_board()
        if self.tray is not None:
            self.tray.close()
            self.tray = None

    # In step with the bar -----------------------------------------------------------------------

    def _follow(self, wanted: bool) -> None:
        """Flash with what flashes on the page that is shown: one beat for everything."""
        flash = self._shown_flash() if wanted else None
        if flash is not self._flash:
            if self._flash is not None:
                self._flash.timer.timeout.disconnect(self._beat)
            self._flash = flash
            if flash is not None:
                flash.timer.timeout.connect(self._beat)
        self._beat()

    def _shown_flash(self) -> Flash:
        chair = self._window.chair
        bar = chair.page.alarm_bar if chair is not None else self._window.alarms
        return bar.flash[HIGH]

    def _beat(self) -> None:
        lit = self._flash is None or self._flash.lit
        for part in (self.edge, self.board):
            if part is not None:
                part.show_lit(lit)

    # The second screen ------------------------------------------------------------------------

    def _show_board(self, found: Sequence[ChairAlarm]) -> None:
        area = other_screen(self._screens(), self._window.frameGeometry())
        if not found or area is None:
            self._close_board()
            return
        if self.board is None:
            self.board = HighBoard(self._window.theme)
        self.board.show_alarms([self._shown(item) for item in found])
        if self.board.geometry() != area or not self.board.isVisible():
            self.board.setGeometry(area)
            self.board.show()

    def _shown(self, item: ChairAlarm) -> Shown:
        patient = self._window.chairs[item.session].view.info.patient
        return Shown(item.chair, patient.mrn[-4:], item.alarm)

    def _close_board(self) -> None:
        if self.board is not None:
            self.board.close()
            self.board.deleteLater()
            self.board = None

    # The tray -----------------------------------------------------------------------------------

    def _tell(self, loud: Sequence[ChairAlarm]) -> None:
        """Each occurrence once, and only to somebody who does not see the window. It names the
        chair and nothing of the patient: the system keeps such messages."""
        now = {(item.session, occurrence(item.alarm)): item for item in loud}
        new = [item for key, item in now.items() if key not in self._told]
        self._told = set(now)
        front = self._window.isActiveWindow() or (self.board and self.board.isActiveWindow())
        if self.tray is None or front:
            return
        for chair in dict.fromkeys(item.chair for item in new):
            self.tray.tell(f"Chair {chair}: HIGH alert", "Look at KetaMonitor")

    # The window itself ----------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The edge keeps its place; a window moved to the other screen frees this one."""
        kind = event.type()
        if kind == QEvent.Type.Resize and self.edge is not None:
            self.edge.fit()
        elif kind == QEvent.Type.Move and self.board is not None:
            QTimer.singleShot(0, self, self.look)
        return False
