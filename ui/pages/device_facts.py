"""What one monitor sends at this moment: values, what is not mapped, its messages, last bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtGui import QFontDatabase, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from ui.device_words import PER_LINE, bytes_words, dump
from ui.pages.parts import Kit
from ui.typeface import LABEL
from ui.widgets.basics import Text

#: Below this width the bytes stand under the values, half as many on a line.
TWO_COLUMNS = 800
BYTES_SHOWN = 128


@dataclass(frozen=True, slots=True)
class Facts:
    """What is to be shown. ``nothing`` stands in place of values while there are none."""

    values: Sequence[tuple[str, str]]
    nothing: str
    unmapped: str
    messages: str
    recent: bytes
    recent_at: datetime | None


class DeviceFacts(QWidget):
    """Two columns where there is room; rows stay and only their words change."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._recent: tuple[bytes, datetime | None, datetime | None] = (b"", None, None)
        self._rows: list[tuple[Text, Text]] = []
        self.nothing = kit.label("")
        self._values = QGridLayout()
        self._values.setHorizontalSpacing(12)
        self._values.setVerticalSpacing(3)
        self._values.setColumnStretch(1, 1)
        self.unmapped_title = kit.label("Not mapped, in the monitor’s own names", "small")
        self.unmapped = kit.label("")
        self.messages_title = kit.label("The monitor says", "small")
        self.messages = kit.label("")
        self.bytes_title = kit.label("", "small")
        self.bytes = kit.label("", wrap=False)
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPixelSize(LABEL)
        self.bytes.setFont(fixed)
        self.bytes.setAccessibleName("Last bytes")
        left, right = QWidget(), QWidget()
        self._left, self._right = left, right
        values, raw = QVBoxLayout(left), QVBoxLayout(right)
        for box in (values, raw):
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(6)
        values.addWidget(kit.label("Values now", "fact"))
        values.addWidget(self.nothing)
        values.addLayout(self._values)
        for widget in (self.unmapped_title, self.unmapped, self.messages_title, self.messages):
            values.addWidget(widget)
        values.addStretch()
        raw.addWidget(kit.label("Last bytes", "fact"))
        raw.addWidget(self.bytes_title)
        raw.addWidget(self.bytes)
        raw.addStretch()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(18)
        self._wide: bool | None = None
        self._arrange(wide=True)

    def show_facts(self, facts: Facts, now: datetime) -> None:
        values = list(facts.values)
        while len(self._rows) < len(values):
            self._rows.append(self._row(len(self._rows)))
        for at, (label, fact) in enumerate(self._rows):
            shown = at < len(values)
            label.setVisible(shown)
            fact.setVisible(shown)
            if shown:
                label.setText(values[at][0])
                fact.setText(values[at][1])
        self.nothing.setText(facts.nothing)
        self.nothing.setVisible(not values and bool(facts.nothing))
        for title, label, text in (
            (self.unmapped_title, self.unmapped, facts.unmapped),
            (self.messages_title, self.messages, facts.messages),
        ):
            label.setText(text)
            title.setVisible(bool(text))
            label.setVisible(bool(text))
        self._recent = (facts.recent[-BYTES_SHOWN:], facts.recent_at, now)
        self._show_bytes()

    @property
    def words(self) -> list[str]:
        """The values as they stand there."""
        return [
            f"{label.text()}: {fact.text()}" for label, fact in self._rows if not fact.isHidden()
        ]

    def _show_bytes(self) -> None:
        data, at, now = self._recent
        if now is not None:
            self.bytes_title.setText(bytes_words(at, len(data), now))
        self.bytes.setText(dump(data, PER_LINE if self._wide else PER_LINE // 2))

    def _row(self, at: int) -> tuple[Text, Text]:
        label = self._kit.label("", "muted", wrap=False)
        fact = self._kit.label("", "fact", wrap=True)
        self._values.addWidget(label, at, 0)
        self._values.addWidget(fact, at, 1)
        return label, fact

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(wide=self.width() >= TWO_COLUMNS)

    def _arrange(self, *, wide: bool) -> None:
        if wide is self._wide:
            return
        self._wide = wide
        for part in (self._left, self._right):
            self._grid.removeWidget(part)
        self._grid.addWidget(self._left, 0, 0)
        self._grid.addWidget(self._right, *((0, 1) if wide else (1, 0)))
        self._grid.setColumnStretch(0, 1)
        full = self.bytes.fontMetrics().horizontalAdvance("0" * (4 * PER_LINE + 1))
        self._grid.setColumnMinimumWidth(1, full if wide else 0)
        self._show_bytes()
