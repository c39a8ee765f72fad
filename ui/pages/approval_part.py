"""Whether the chosen protocol is approved; a medical director approves it here, in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor.approvals import Approval, ApprovalError, Approvals, Standing
from ketamonitor.people import Person, Role
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.store import StoreError
from ui.background import Background
from ui.pages.parts import Kit

#: Until the store has answered.
_NOT_KNOWN = Standing(None, "Whether this protocol is approved is still being looked up")


class ApprovalPart(QWidget):
    """One line for everybody; for a signed-in director also a button, which asks the password.

    ``changed`` says that :meth:`standing` may answer otherwise than before.
    """

    changed = Signal()

    def __init__(
        self,
        kit: Kit,
        approvals: Approvals,
        background: Background,
        person: Callable[[], Person | None],
    ) -> None:
        super().__init__()
        self._approvals, self._background, self._person = approvals, background, person
        self._standings: Mapping[str, Standing] = {}
        self._unread = _NOT_KNOWN
        self._protocol: TreatmentProtocol | None = None
        self._busy = False
        self.line = kit.label("", "fact", wrap=True)
        self.words = kit.says()
        self.open = kit.button("Approve this version")
        self.form = QWidget()
        self.asks = kit.label("")
        self.password = kit.field("", "Your password, again", secret=True)
        self.approve = kit.button("Approve", key="Enter", main=True)
        self.cancel = kit.button("Cancel", key="Esc")
        inside = QVBoxLayout(self.form)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.asks)
        inside.addWidget(self.password)
        buttons = QHBoxLayout()
        buttons.addWidget(self.approve, 2)
        buttons.addWidget(self.cancel, 1)
        inside.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.line, self.open, self.form, self.words):
            layout.addWidget(widget)
        self.open.clicked.connect(self._ask)
        self.cancel.clicked.connect(self._close_form)
        self.approve.clicked.connect(self.send)
        self.password.returnPressed.connect(self.send)
        self.password.textChanged.connect(self._refresh)
        self.form.hide()
        self._refresh()

    def look(self, protocols: Iterable[TreatmentProtocol]) -> None:
        """Ask the store how these protocols stand; ``changed`` follows."""
        asked = tuple(protocols)
        self._background.run(
            lambda: self._approvals.standings(asked), self._known, self._failed_to_read, self
        )

    def standing(self, protocol: TreatmentProtocol) -> Standing:
        """How it stands as far as is known here; not approved until the store has answered."""
        return self._standings.get(protocol.name, self._unread)

    def show_protocol(self, protocol: TreatmentProtocol | None) -> None:
        """Speak of this protocol from now on."""
        if protocol is not self._protocol:
            self._protocol = protocol
            self.words.clear()
            self._close_form()

    def send(self) -> None:
        """Approve what is shown, as the person who is signed in."""
        protocol, person, password = self._protocol, self._person(), self.password.text()
        if self._busy or protocol is None or person is None or not password:
            return
        self._busy = True
        self.words.setText("Checking…")
        self._refresh()
        self._background.run(
            lambda: self._approvals.approve(protocol, person.name, password),
            self._approved,
            self._refused,
            self,
        )

    def hideEvent(self, event: QHideEvent) -> None:
        self.words.clear()
        self._close_form()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.form.isHidden():
            self._close_form()
        else:
            super().keyPressEvent(event)

    def _known(self, standings: Mapping[str, Standing]) -> None:
        self._standings = standings
        self._refresh()
        self.changed.emit()

    def _failed_to_read(self, error: BaseException) -> None:
        if not isinstance(error, StoreError):
            raise error
        # What was known before may hold no longer.
        self._standings = {}
        self._unread = Standing(None, f"Whether this protocol is approved is not known: {error}")
        self._refresh()
        self.changed.emit()

    def _ask(self) -> None:
        if self._protocol is not None:
            self.words.clear()
            self.asks.setText(
                f"Approve {self._protocol.name} version {self._protocol.version}, all that its file"
                " says, for use on patients. Type your password again."
            )
            self.form.show()
            self.password.setFocus()
            self._refresh()

    def _close_form(self) -> None:
        self.password.clear()
        self.form.hide()
        self._refresh()

    def _approved(self, approval: Approval) -> None:
        self._busy = False
        self._standings = {**self._standings, approval.name: Standing(approval)}
        self._close_form()
        self.words.setText(f"{approval.name} version {approval.version} is approved")
        self.changed.emit()

    def _refused(self, error: BaseException) -> None:
        self._busy = False
        if not isinstance(error, (ApprovalError, StoreError)):
            raise error
        text = str(error)
        self.words.setText(text[:1].upper() + text[1:])
        self.password.clear()
        self.password.setFocus()
        self._refresh()

    def _refresh(self) -> None:
        self.setVisible(self._protocol is not None)
        if self._protocol is None:
            return
        standing = self.standing(self._protocol)
        self.line.setText(standing.line)
        person = self._person()
        director = person is not None and person.role is Role.DIRECTOR
        asking = not self.form.isHidden()
        self.open.setVisible(director and standing.may_be_approved and not asking)
        self.approve.setEnabled(bool(self.password.text()) and not self._busy)
