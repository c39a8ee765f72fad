"""The list of monitors to choose from, grouped, with nothing chosen to begin with."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLineEdit, QListView

from devices.registry import DRIVERS
from ui.device_words import groups, title
from ui.pages.parts import Kit

NOT_CHOSEN = "Choose the monitor"


class DriverBox(QComboBox):
    """``currentData()`` is the driver's name, ``None`` while none is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Monitor")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(24)
        self.setView(QListView())  # the popup of its own kind takes no height for its rows
        model = QStandardItemModel(self)
        first = QStandardItem(NOT_CHOSEN)
        first.setData(None, Qt.ItemDataRole.UserRole)
        model.appendRow(first)
        for group, specs in groups(DRIVERS.values()):
            heading = QStandardItem(group.upper())
            heading.setFlags(Qt.ItemFlag.NoItemFlags)  # keys and taps pass it by
            model.appendRow(heading)
            for spec in specs:
                item = QStandardItem(title(spec.name))
                item.setData(spec.name, Qt.ItemDataRole.UserRole)
                item.setToolTip("; ".join(spec.models))
                model.appendRow(item)
        self.setModel(model)

    @property
    def chosen(self) -> str | None:
        name = self.currentData()
        return None if name is None else str(name)

    def choose(self, name: str | None) -> None:
        """Raises ``ValueError`` for a driver there is not."""
        at = 0 if name is None else self.findData(name)
        if at < 0:
            raise ValueError(f"there is no driver {name!r}")
        self.setCurrentIndex(at)


def line_field(kit: Kit) -> QLineEdit:
    """Where other line settings than the driver's own are typed."""
    made = kit.field("", "Line settings, if not the usual")
    made.setMaxLength(16)
    return made


def usual_line(driver: str | None) -> str:
    """The hint in an empty field: what holds while nothing is typed."""
    if driver is None or driver not in DRIVERS:
        return "Line"
    return str(DRIVERS[driver].line).replace(" ", "-")
