"""The ports of this computer and what was found on each, to be taken with one touch."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from devices.findings import Outcome
from ui.device_words import Shown, of_port
from ui.pages.parts import Kit
from ui.port_watch import PortWatch, real_name
from ui.widgets.sign import Sign


class PortLine(QWidget):
    """One port: its name, what is on it in words, and the button that takes it."""

    def __init__(self, kit: Kit, port: str) -> None:
        super().__init__()
        self.port = port
        self.sign = Sign(kit.theme)
        self.word = kit.label("", "fact", wrap=True)
        self.reason = kit.label("")
        self.take = kit.button("Choose")
        self.take.setFixedWidth(self.take.sizeHint().width())
        for text in (self.word, self.reason):
            text.setMinimumWidth(60)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.word)
        words.addWidget(self.reason)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(8)
        row.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.take, 0, Qt.AlignmentFlag.AlignTop)

    def show_state(self, shown: Shown, act: str) -> None:
        """``act`` is the word on the button; none hides it."""
        self.sign.show_icon(shown.icon)
        self.word.setText(f"{self.port} · {shown.word}")
        self.reason.setText(shown.reason)
        self.reason.setVisible(bool(shown.reason))
        self.take.setVisible(bool(act))
        if act and self.take.text() != act:
            self.take.setText(act)
            self.take.setAccessibleName(f"{act} {self.port}")
            self.take.updateGeometry()
            self.take.update()


class FoundPorts(QWidget):
    """Follows a :class:`PortWatch`. ``wanted`` is emitted with the port that was touched.

    A port that was taken is not listed twice: it stands in its row. ``again`` is for the page to
    place.
    """

    wanted = Signal(str)

    def __init__(self, kit: Kit, watch: PortWatch, taken: Callable[[], list[str]]) -> None:
        """``taken`` gives the ports that stand in the session's rows already."""
        super().__init__()
        self._kit, self._watch, self._taken = kit, watch, taken
        self.lines: dict[str, PortLine] = {}
        self.words = kit.says()
        self.again = kit.button("Look again", icon="search")
        self.again.clicked.connect(watch.look)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._list)
        layout.addWidget(self.words)
        watch.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say anew what is on each port."""
        watch = self._watch
        names = watch.names
        for port in [port for port in self.lines if port not in names]:
            line = self.lines.pop(port)
            self._list.removeWidget(line)
            line.deleteLater()
        taken = {real_name(port) for port in self._taken()}
        for port in names:
            if port not in self.lines:
                self.lines[port] = self._line(port)
            self._show(port)
            self.lines[port].setVisible(real_name(port) not in taken)
        self.words.setText(self._said())
        self.words.setVisible(bool(self.words.text()))
        self.again.setEnabled(not watch.listing and not watch.searching)

    def _show(self, port: str) -> None:
        watch = self._watch
        found, holder = watch.found.get(port), watch.holder(port)
        excluded = port in watch.excluded
        shown = of_port(
            found,
            searching=port in watch.searching,
            known=watch.known.get(port),
            excluded=excluded,
            holder=holder,
        )
        named = found is not None and found.outcome is Outcome.NAMED
        act = "" if holder or excluded else "Use" if named else "Choose"
        self.lines[port].show_state(shown, act)

    def _line(self, port: str) -> PortLine:
        made = PortLine(self._kit, port)
        made.take.clicked.connect(lambda: self.wanted.emit(port))
        self._list.addWidget(made)
        return made

    def _said(self) -> str:
        watch = self._watch
        if watch.words:
            return watch.words
        if watch.listing:
            return "Looking for ports…"
        if not watch.names:
            return "No serial port was found. Plug the adapter in and look again, or type a port"
        return ""
