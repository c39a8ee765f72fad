"""The devices page: every port and monitor, with its state and reason; nothing here is modal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ketamonitor.view import SessionView
from ui.pages.device_detail import DeviceDetail, Recent
from ui.pages.device_list import Place, PlaceList, places
from ui.pages.parts import Kit
from ui.port_watch import PortWatch
from ui.trial_desk import TrialDesk
from ui.widgets.scroll import scroll_area

REFRESH_MS = 500
LIST_WIDTH, NARROW_LIST = 400, 340
#: Logical pixels below which the detail's rows are broken in two.
NARROW = 1100


class DevicesPage(QWidget):
    """Looks at the ports when it is shown; leaving it ends the look and a test that runs.

    ``views`` gives the running sessions, ``recent`` the last bytes of one of their monitors.
    """

    left = Signal()

    def __init__(
        self,
        kit: Kit,
        watch: PortWatch,
        desk: TrialDesk,
        views: Callable[[], Sequence[SessionView]],
        recent: Recent,
        now: Callable[[], datetime],
        *,
        margin: int = 8,
    ) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._watch, self._desk = watch, desk
        self._views, self._now = views, now
        self.list = PlaceList(kit.theme)
        self.detail = DeviceDetail(kit, watch, desk, recent)
        self.list.chosen.connect(self._chosen)
        self.none = kit.label("")
        self.typed = kit.field("Another port", "Another port")
        self.typed.setToolTip("/dev/ttyUSB0, COM3, socket://host:port or rfc2217://host:port")
        self.typed.returnPressed.connect(self._add)
        self.add = kit.button("Add port", icon="plus")
        self.add.clicked.connect(self._add)
        self.again = kit.button("Look again at all", icon="search")
        self.again.clicked.connect(watch.look)
        self.back = kit.button("Back", icon="back", key="Esc")
        self.back.clicked.connect(self.left)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(8)
        layout.addWidget(self._list_card(kit))
        frame, inside = kit.card()
        inside.addWidget(scroll_area(self.detail, sideways=False), 1)
        layout.addWidget(frame, 1)
        watch.changed.connect(self.refresh)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)

    def _list_card(self, kit: Kit) -> QWidget:
        frame, inside = kit.card("Ports and monitors")
        self._card = frame
        frame.setFixedWidth(LIST_WIDTH)
        inside.addWidget(scroll_area(self.list, sideways=False), 1)
        inside.addWidget(self.none)
        typing, acts = QHBoxLayout(), QHBoxLayout()
        typing.addWidget(self.typed, 1)
        typing.addWidget(self.add)
        acts.addWidget(self.again)
        acts.addStretch()
        acts.addWidget(self.back)
        inside.addLayout(typing)
        inside.addLayout(acts)
        return frame

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self._card.setFixedWidth(NARROW_LIST if narrow else LIST_WIDTH)
        self.detail.set_narrow(narrow)

    def refresh(self) -> None:
        """Say anew what is on each port, as it is at this moment."""
        if not self.isVisible():
            return
        choice, view = self._desk.choice, self._desk.look()
        tried = (choice.port, view) if choice is not None and view is not None else None
        views = self._views()
        self.list.show_places(places(self._watch, views, tried))
        self.none.setText(self._said())
        self.none.setVisible(bool(self.none.text()))
        self.again.setEnabled(not self._watch.listing and not self._watch.searching)
        if self.list.current is not None:
            self.detail.refresh(self.list.current, views, self._now())

    def _said(self) -> str:
        if self._watch.words:
            return self._watch.words
        if self._watch.listing:
            return "Looking for ports…"
        return "" if self.list.buttons else "No port was found. Plug the adapter in, or type a port"

    def _chosen(self, place: Place | None) -> None:
        self.detail.show_place(place)
        if place is not None and self.isVisible():
            self.detail.refresh(place, self._views(), self._now())

    def _add(self) -> None:
        port = self.typed.text().strip()
        if not port:
            self.typed.setFocus()
            return
        self.typed.clear()
        self._watch.look_at(port)
        for button in self.list.buttons:
            if button.place.port == port:
                self.list.choose(button.place)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self._timer.start()
            self._watch.look()
            self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self._timer.stop()
            self._watch.leave()
            self._desk.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            self.left.emit()
        else:
            super().keyPressEvent(event)
