"""The chosen protocol in plain words: dose, what is due, gate, limits."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from ketamonitor.alarm_plan_words import plan_lines
from ketamonitor.protocol import TreatmentProtocol
from ui.pages.parts import Kit
from ui.pages.protocol_lines import (
    arithmetic,
    dose_line,
    due_line,
    gate_line,
    limit_rows,
    star_header,
)


class ProtocolPreview(QScrollArea):
    """Scrolls where a protocol is long; empty words where none is chosen."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self.setWidgetResizable(True)
        self.setProperty("clear", True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.show_protocol(None, None)

    def show_protocol(self, protocol: TreatmentProtocol | None, weight_kg: float | None) -> None:
        """Show this protocol, with its own arithmetic for this weight."""
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(6)
        if protocol is None:
            layout.addWidget(self._kit.label("No protocol is chosen."))
        else:
            layout.addWidget(
                self._kit.facts(
                    [
                        ("Dose", dose_line(protocol.dose)),
                        ("Arithmetic", arithmetic(protocol.dose, weight_kg)),
                        *(due_line(due) for due in protocol.due),
                        ("Leave not before", gate_line(protocol)),
                    ]
                )
            )
            layout.addLayout(self._limits(protocol))
            layout.addWidget(self._kit.facts(plan_lines(protocol)))
            layout.addWidget(self._kit.label(f"Source: {protocol.source}", "small"))
        layout.addStretch()
        self.setWidget(page)

    def _limits(self, protocol: TreatmentProtocol) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(14)
        grid.addWidget(self._kit.label("Limits", "fact"), 0, 0)
        for column, stars in enumerate(star_header(), 1):
            grid.addWidget(self._kit.label(stars, "fact"), 0, column)
        for row, (what, *cells) in enumerate(limit_rows(protocol.limit), 1):
            grid.addWidget(self._kit.label(what, "muted", wrap=False), row, 0)
            for column, cell in enumerate(cells, 1):
                # One below the other: nobody may approve or choose limits that are cut off.
                below = cell.replace(" · ", "\n") or "–"
                grid.addWidget(self._kit.label(below, "fact"), row, column)
        grid.setColumnStretch(0, 1)
        return grid
