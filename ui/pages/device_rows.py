"""The monitors of a session: a port and a model in each row."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from devices.registry import DRIVERS
from ketamonitor.view import DeviceChoice
from ui.pages.parts import Kit

NOT_CHOSEN = "Choose the monitor"
#: One monitor on each side of a patient and a spare port: more than a chair ever has.
MOST = 4


class DeviceRow(QWidget):
    """One port, chosen from those found or typed, and the monitor on it."""

    changed = Signal()
    removed = Signal()

    def __init__(self, kit: Kit, ports: list[str]) -> None:
        super().__init__()
        self.port = QComboBox()
        self.port.setEditable(True)
        self.port.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.port.addItems(ports)
        self.port.setCurrentIndex(-1)
        self.port.setAccessibleName("Port")
        self.port.setMinimumWidth(110)
        line = self.port.lineEdit()
        assert line is not None  # an editable combo box has one
        line.setPlaceholderText("Port, or type one")
        self.driver = QComboBox()
        self.driver.setAccessibleName("Monitor")
        self.driver.addItem(NOT_CHOSEN, None)
        for name, spec in DRIVERS.items():
            self.driver.addItem(spec.title, name)
        for box in (self.port, self.driver):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(6)
        remove = kit.button("Remove")
        remove.clicked.connect(self.removed)
        upper = QHBoxLayout()
        upper.setSpacing(6)
        upper.addWidget(self.port, 1)
        upper.addWidget(remove)
        both = QVBoxLayout(self)
        both.setContentsMargins(0, 0, 0, 4)
        both.setSpacing(4)
        both.addLayout(upper)
        both.addWidget(self.driver)
        self.port.editTextChanged.connect(self.changed)
        self.driver.currentIndexChanged.connect(self.changed)

    def choice(self) -> DeviceChoice:
        """Raises ``ValueError`` for what is left."""
        port, name = self.port.currentText().strip(), self.driver.currentData()
        if not port:
            raise ValueError("Choose or type the port of the monitor")
        if name is None:
            raise ValueError(f"Choose the monitor on {port}")
        return DeviceChoice(name, port, name)


class DeviceRows(QWidget):
    """Rows of monitors; going without one is a tick of its own, never the silent default."""

    changed = Signal()

    def __init__(self, kit: Kit, ports: Callable[[], list[str]]) -> None:
        super().__init__()
        self._kit, self._ports = kit, ports
        self._found: list[str] = []
        self.rows: list[DeviceRow] = []
        frame, inside = kit.card("3 Devices")
        self._list = QVBoxLayout()
        inside.addLayout(self._list)
        self.add = kit.button("Add monitor", icon="plus")
        self.add.clicked.connect(self.add_row)
        inside.addWidget(self.add)
        self.none = kit.tick_box("No monitor: blood pressure is typed by hand")
        self.none.toggled.connect(self._none_ticked)
        inside.addWidget(self.none)
        inside.addWidget(
            kit.label(
                "A port can be typed: /dev/ttyUSB0, COM3, socket://host:port. The link opens when"
                " the session starts; its state stands at the foot of the live page."
            )
        )
        inside.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    def look(self) -> None:
        """List the ports that are there now."""
        self._found = self._ports()

    def add_row(self) -> DeviceRow:
        row = DeviceRow(self._kit, self._found)
        row.changed.connect(self.changed)
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._list.addWidget(row)
        self.none.setChecked(False)
        self._counted()
        return row

    def clear(self) -> None:
        for row in list(self.rows):
            self._remove(row)
        self.none.setChecked(False)

    def choices(self) -> tuple[DeviceChoice, ...]:
        """The monitors, each with a name of its own. Raises ``ValueError`` for what is left."""
        if not self.rows:
            if not self.none.isChecked():
                raise ValueError("Add the monitor, or tick that there is none")
            return ()
        named: list[DeviceChoice] = []
        for row in self.rows:
            choice = row.choice()
            same = sum(other.driver == choice.driver for other in named)
            source = choice.driver if not same else f"{choice.driver}-{same + 1}"
            named.append(DeviceChoice(choice.driver, choice.port, source))
        return tuple(named)

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
        self.changed.emit()
