"""The limits of a live session, read only: what they are and which are armed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor.view import LimitView, SessionView
from ketamonitor.words import SHORT, STARS
from ui.pages.parts import Kit
from ui.pages.protocol_lines import OPS

HEADERS = ("Priority", "Value", "Limit", "For this patient")


def limit_row(shown: LimitView) -> list[str]:
    """Priority, metric, the limit as the protocol says it, the bound that holds now."""
    limit = shown.limit
    unit = " %" if limit.relative == "baseline_percent" else f" {limit.of.unit}"
    sign = f"{limit.value:+g}" if limit.relative else f"{limit.value:g}"
    over = "baseline " if limit.relative else ""
    bound = "not armed" if shown.bound is None else f"{shown.bound:g} {limit.of.unit}"
    return [
        f"{STARS[limit.priority]}  {limit.priority.upper()}",
        SHORT.get(limit.metric, limit.metric),
        f"{OPS[limit.op]} {over}{sign}{unit}".replace("-", "−"),
        bound,
    ]


class LimitsPanel(QWidget):
    """Limits come from the protocol and are not changed here."""

    left = Signal()

    def __init__(self, kit: Kit, view: SessionView) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        frame, inside = kit.card()
        inside.addWidget(kit.label("Limits", "page"))
        protocol = view.info.protocol
        inside.addWidget(kit.label(f"{protocol.title}, version {protocol.version}"))
        order = ("high", "medium", "low")
        limits = sorted(view.limits, key=lambda v: order.index(v.limit.priority))
        self.table = kit.table(HEADERS, [limit_row(limit) for limit in limits], stretch=3)
        inside.addWidget(self.table, 1)
        leave = kit.button("Leave", key="Esc")
        leave.clicked.connect(self.left)
        inside.addWidget(leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            self.left.emit()
        else:
            super().keyPressEvent(event)
