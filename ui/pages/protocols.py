"""The protocols: what happens when, whether approved, what changed; a copy to edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from ketamonitor.approvals import Approvals, Standing
from ketamonitor.library import Protocols, save_protocol, text_of, unusable_words
from ketamonitor.people import Person, Role
from ketamonitor.protocol import ProtocolError, TreatmentProtocol, protocol_to_json, read_text
from ketamonitor.treatment.compare import changes
from ketamonitor.treatment.preview import preview
from ui.background import Background
from ui.pages.parts import Kit

#: Who may write protocols. Looking is for everybody.
EDITORS = (Role.DIRECTOR, Role.ADMIN)


class ProtocolsPage(QWidget):
    """A list, and of the chosen one what happens when, what differs from the approved version, and
    its text. What is typed is checked as it is typed; a text that cannot be used is not saved."""

    left = Signal()

    def __init__(
        self,
        kit: Kit,
        protocols: Protocols,
        approvals: Approvals,
        background: Background,
        person: Callable[[], Person | None],
    ) -> None:
        super().__init__()
        self._protocols, self._approvals = dict(protocols), approvals
        self._background, self._person = background, person
        self._standing: dict[str, Standing] = {}
        self._approved: dict[str, dict[str, Any]] = {}
        #: Texts that were changed and not saved, with the file's name typed for them.
        self._unsaved: dict[str, tuple[str, str]] = {}
        self._kept: dict[str, dict[str, tuple[str, str]]] = {}
        self._whose = ""
        self._turning = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        names = sorted(self._protocols)
        self.choice = kit.choice(
            names, shown={n: f"{self._protocols[n].title}\n{n}" for n in names}, upright=True
        )
        self.choice.changed.connect(self._turned)
        frame, side = kit.card("Protocols")
        frame.setFixedWidth(400)
        side.addWidget(self.choice)
        self.stands = kit.says("fact")
        side.addWidget(self.stands)
        #: Files of the clinic's that are not offered because of a slip, each with its reason.
        self.unusable = kit.says("fact")
        self.unusable.setText(unusable_words(protocols))
        self.unusable.setVisible(bool(protocols.faults))
        side.addWidget(self.unusable)
        side.addStretch()
        self.back = kit.button("Sessions", icon="back", key="Esc")
        self.back.clicked.connect(self.left)
        side.addWidget(self.back)
        self.when = kit.table(("When", "What"), [], stretch=1)
        self.when.setAccessibleName("What happens when")
        self.when.set_wrapped()
        self.different = kit.table(("Where", "Approved", "Now"), [], stretch=2)
        self.different.setAccessibleName("Changes against the approved version")
        self.different.set_wrapped()
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Text of the protocol")
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._check)
        self.fault = kit.says("fact")
        self.name = kit.field("new-name, or the same", "Name of the file")
        self.save = kit.button("Save in the clinic’s folder", main=True)
        self.save.clicked.connect(self._save)
        self.name.textChanged.connect(self._check)
        edit = QWidget()
        rows = QVBoxLayout(edit)
        rows.setContentsMargins(0, 8, 0, 0)
        rows.addWidget(self.text, 1)
        rows.addWidget(self.fault)
        foot = QHBoxLayout()
        foot.addWidget(self.name, 1)
        foot.addWidget(self.save)
        rows.addLayout(foot)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.when, "What happens when")
        self.tabs.addTab(self.different, "Changes")
        self.tabs.addTab(edit, "Text")
        main, inside = kit.card()
        self.told = kit.says()
        inside.addWidget(self.tabs, 1)
        inside.addWidget(self.told)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(frame)
        layout.addWidget(main, 1)
        self._turned()

    @property
    def chosen(self) -> TreatmentProtocol | None:
        return self._protocols.get(self.choice.chosen or "")

    def turn_to(self, author: str) -> None:
        """Somebody else has signed in: each has the texts that they have not saved."""
        if author != self._whose:
            self._kept[self._whose] = self._unsaved
            self._unsaved = self._kept.pop(author, {})
            self._whose = author
            self._turned()

    def opened(self) -> None:
        """The page comes on screen: look how each stands."""
        known = list(self._protocols.values())
        self._background.run(
            lambda: (self._approvals.standings(known), self._approvals.contents()),
            self._looked,
            lambda error: self.told.setText(f"The approvals cannot be read: {error}"),
            self,
        )
        self._turned()
        self.choice.buttons[next(iter(self.choice.buttons))].setFocus()

    def _looked(self, found: tuple[dict[str, Standing], dict[str, dict[str, Any]]]) -> None:
        self._standing, self._approved = found
        self._show(self.chosen)

    def _turned(self) -> None:
        chosen = self.chosen
        may = self._may_edit()
        self.text.setReadOnly(not may)
        self.save.setVisible(may)
        self.name.setVisible(may)
        self.told.clear()
        if chosen is None:
            self.text.setPlainText("")
            self.stands.setText("Choose a protocol")
        else:
            stored = text_of(chosen.name)
            text, name = self._unsaved.get(chosen.name, (stored, chosen.name))
            self._turning = True
            self.name.setText(name)
            self.text.setPlainText(text)
            self._turning = False
            if text != stored:
                self.told.setText("Changed and not saved")
                return  # what happens when is told of the text as it stands
        self._show(chosen)

    def _show(self, protocol: TreatmentProtocol | None) -> None:
        if protocol is None:
            self.when.fill([])
            self.different.fill([])
            return
        standing = self._standing.get(protocol.name)
        self.stands.setText(standing.line if standing else "Its approval is looked up…")
        self.when.fill(preview(protocol))
        approved = self._approved.get(protocol.name)
        rows = [] if approved is None else changes(approved, protocol_to_json(protocol))
        self.different.fill(rows)
        title = "Changes" if approved is not None else "Changes: no approved version yet"
        self.tabs.setTabText(1, f"{title} ({len(rows)})" if approved is not None else title)

    def _check(self) -> None:
        """The text as it is typed: what it comes to, or where it is wrong. It is kept until it has
        been saved, whatever else is looked at."""
        typed = self.text.toPlainText()
        if not self._turning:
            self._keep(typed)
        if not typed:
            self.fault.clear()
            self.save.setEnabled(False)
            return
        try:
            made = read_text(typed)
        except ProtocolError as error:
            self.fault.setText(f"Line {error.line}: {error}" if error.line else str(error))
            self.save.setEnabled(False)
            return
        wrong = (
            ""
            if made.name == self.name.text().strip()
            else (f"The text says name = “{made.name}”: the file must have the same name")
        )
        self.fault.setText(wrong or f"{made.name}, version {made.version}, can be used")
        self.save.setEnabled(self._may_edit() and not wrong)
        self._show(made)

    def _keep(self, typed: str) -> None:
        chosen = self.chosen
        if chosen is None:
            return
        if typed == text_of(chosen.name):
            self._unsaved.pop(chosen.name, None)
            self.told.clear()
        else:
            self._unsaved[chosen.name] = (typed, self.name.text())
            self.told.setText("Changed and not saved")

    def _saved(self, protocol: str, path: Path) -> None:
        self._unsaved.pop(protocol, None)
        self.told.setText(
            f"Saved as {path.name}. It is offered after the next start, and is not approved"
        )

    def _save(self) -> None:
        of = self.choice.chosen or ""
        name, typed = self.name.text().strip(), self.text.toPlainText()
        self.save.setEnabled(False)
        self._background.run(
            lambda: save_protocol(name, typed),
            lambda path: self._saved(of, path),
            lambda error: self.told.setText(f"Not saved: {error}"),
            self,
        )

    def _may_edit(self) -> bool:
        person = self._person()
        return person is not None and person.role in EDITORS

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            self.left.emit()
        else:
            super().keyPressEvent(event)
