"""The monitors of a session: a port and a model in each row, found ones taken with one touch."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from devices.findings import Detection, Outcome
from devices.registry import DRIVERS
from ketamonitor.view import DeviceChoice
from ui.pages.driver_box import DriverBox, line_field, usual_line
from ui.pages.found_ports import FoundPorts
from ui.pages.parts import Kit, rule
from ui.port_watch import PortWatch
from ui.widgets.scroll import scroll_area

#: One monitor on each side of a patient and a spare port: more than a chair ever has.
MOST = 4


def named_by(found: Detection | None) -> tuple[str | None, str]:
    """The driver that a look at a port has named, and the line settings where they are not its
    usual ones."""
    if found is None or found.outcome is not Outcome.NAMED or found.driver not in DRIVERS:
        return None, ""
    name = found.driver
    assert name is not None
    usual = found.line is None or str(found.line) == str(DRIVERS[name].line)
    return name, "" if usual else str(found.line).replace(" ", "-")


class DeviceRow(QWidget):
    """One port, chosen from those found or typed, and the monitor on it."""

    changed = Signal()
    removed = Signal()
    #: A port was typed and left: what is on it may be looked for.
    typed = Signal(str)

    def __init__(self, kit: Kit, ports: list[str]) -> None:
        super().__init__()
        self.port = QComboBox()
        self.port.setEditable(True)
        self.port.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.port.addItems(ports)
        self.port.setCurrentIndex(-1)
        self.port.setAccessibleName("Port")
        self.port.setMinimumWidth(110)
        self.port.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.port.setMinimumContentsLength(6)
        field = self.port.lineEdit()
        assert field is not None  # an editable combo box has one
        field.setPlaceholderText("Port, or type one")
        field.setAccessibleName("Port")
        field.editingFinished.connect(lambda: self.typed.emit(self.port.currentText().strip()))
        self.driver = DriverBox()
        self.line = line_field(kit)
        self.line.setFixedWidth(128)
        self.listen_only = kit.tick_box("Listen only")
        self.listen_only.setToolTip("Nothing is sent: another program asks the monitor")
        self.remove = kit.button("Remove")
        self.remove.clicked.connect(self.removed)
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for row in (upper, lower):
            row.setSpacing(6)
        upper.addWidget(self.port, 1)
        upper.addWidget(self.listen_only)
        upper.addWidget(self.remove)
        lower.addWidget(self.driver, 1)
        lower.addWidget(self.line)
        both = QVBoxLayout(self)
        both.setContentsMargins(0, 0, 0, 4)
        both.setSpacing(4)
        both.addLayout(upper)
        both.addLayout(lower)
        both.addWidget(rule())
        self.port.editTextChanged.connect(self.changed)
        self.driver.currentIndexChanged.connect(self._monitor_changed)
        self.line.textChanged.connect(self.changed)
        self.listen_only.toggled.connect(self.changed)
        self.line.setPlaceholderText(usual_line(None))

    def take(self, port: str, driver: str | None, line: str = "") -> None:
        """Fill the row in with what was found and touched."""
        self.port.setEditText(port)
        self.driver.choose(driver)
        self.line.setText(line)

    def choice(self) -> DeviceChoice:
        """Raises ``ValueError`` for what is left."""
        port, name = self.port.currentText().strip(), self.driver.chosen
        if not port:
            raise ValueError("Choose or type the port of the monitor")
        if name is None:
            raise ValueError(f"Choose the monitor on {port}")
        chosen = DeviceChoice(
            name, port, name, self.line.text().strip(), self.listen_only.isChecked()
        )
        chosen.settings()  # says what is wrong with what was typed as line settings
        return chosen

    def _monitor_changed(self) -> None:
        self.line.setPlaceholderText(usual_line(self.driver.chosen))
        self.changed.emit()


class DeviceRows(QWidget):
    """Rows of monitors; going without one is a tick of its own, never the silent default.

    What is on the ports is looked for while the page shows; nothing found is taken by itself.
    """

    changed = Signal()

    def __init__(self, kit: Kit, watch: PortWatch) -> None:
        super().__init__()
        self._kit, self._watch = kit, watch
        self.rows: list[DeviceRow] = []
        frame, inside = kit.card("3 Devices")
        self.found = FoundPorts(kit, watch, self._ports_taken)
        self.found.wanted.connect(self.take)
        inner = QWidget()
        within = QVBoxLayout(inner)
        within.setContentsMargins(0, 0, 6, 0)
        within.setSpacing(8)
        self._list = QVBoxLayout()
        within.addLayout(self._list)
        within.addWidget(self.found)
        self.add = kit.button("Add monitor", icon="plus")
        self.add.clicked.connect(self._add_by_hand)
        acts = QHBoxLayout()
        acts.addWidget(self.add, 1)
        acts.addWidget(self.found.again, 1)
        within.addLayout(acts)
        self.none = kit.tick_box("No monitor: blood pressure is typed by hand")
        self.none.toggled.connect(self._none_ticked)
        within.addWidget(self.none)
        within.addWidget(
            kit.label(
                "A port can be typed: /dev/ttyUSB0, COM3, socket://host:port. Line settings only"
                " where they are not the monitor's usual ones, such as 19200-8E1. The link opens"
                " when the session starts."
            )
        )
        within.addStretch()
        self._area = scroll_area(inner)
        self._area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the keys scroll it as well
        inside.addWidget(self._area, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    def look(self) -> None:
        """Look what is on the ports there are now."""
        self._watch.look()

    def hideEvent(self, event: QHideEvent) -> None:
        """The page is left: no port stays open for it."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._watch.leave()

    def take(self, port: str) -> DeviceRow | None:
        """A found port was touched: its row, filled in as far as its frames have named it."""
        if len(self.rows) >= MOST:
            return None
        free = [row for row in self.rows if not row.port.currentText().strip()]
        row = free[0] if free else self.add_row()
        found = self._watch.found.get(port)
        driver, line = named_by(found)
        row.take(port, driver, line)
        (row.driver if driver is None else self.add).setFocus()
        # the row stands above what was found: the way to it is the top of the list
        self._area.verticalScrollBar().setValue(0)
        return row

    def add_row(self) -> DeviceRow:
        row = DeviceRow(self._kit, self._watch.names)
        row.changed.connect(self._row_changed)
        row.removed.connect(lambda: self._remove(row))
        row.typed.connect(self._typed)
        self.rows.append(row)
        self._list.addWidget(row)
        self.none.setChecked(False)
        self._counted()
        self._order_tabs()
        return row

    def _add_by_hand(self) -> None:
        self.add_row().port.setFocus(Qt.FocusReason.TabFocusReason)

    def _order_tabs(self) -> None:
        """Rows were made last, but are read first."""
        chain: list[QWidget] = [self._area]
        for row in self.rows:
            chain += [row.port, row.listen_only, row.remove, row.driver, row.line]
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)

    def clear(self) -> None:
        for row in list(self.rows):
            self._remove(row)
        self._watch.typed.clear()
        self.none.setChecked(False)

    def choices(self) -> tuple[DeviceChoice, ...]:
        """The monitors, each with a name of its own. Raises ``ValueError`` for what is left."""
        if not self.rows:
            if not self.none.isChecked():
                raise ValueError("Take or add the monitor, or tick that there is none")
            return ()
        named: list[DeviceChoice] = []
        for row in self.rows:
            choice = row.choice()
            same = sum(other.driver == choice.driver for other in named)
            source = choice.driver if not same else f"{choice.driver}-{same + 1}"
            named.append(replace(choice, source=source))
        return tuple(named)

    def _ports_taken(self) -> list[str]:
        return [port for row in self.rows if (port := row.port.currentText().strip())]

    def _typed(self, port: str) -> None:
        """A port that the system does not list is looked at as the others were."""
        if port and port not in self._watch.names and self.isVisible():
            self._watch.look_at(port)

    def _row_changed(self) -> None:
        self.found.refresh()
        self.changed.emit()

    def _remove(self, row: DeviceRow) -> None:
        self.rows.remove(row)
        self._list.removeWidget(row)
        row.deleteLater()
        self._counted()

    def _none_ticked(self, ticked: bool) -> None:
        if ticked:
            for row in list(self.rows):
                self._remove(row)
        self.changed.emit()

    def _counted(self) -> None:
        self.add.setEnabled(len(self.rows) < MOST)
        self._row_changed()
