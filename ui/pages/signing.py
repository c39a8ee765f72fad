"""Signing in, and the first person of a new store; also shown over a live session when locked."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ketamonitor.people import People, PeopleError, Person, Role, SignInError
from ketamonitor.store import StoreError
from ui.background import Background
from ui.pages.parts import Kit

INTENDED_USE = (
    "KetaMonitor keeps the record of ketamine and esketamine sessions for licensed staff, and"
    " shows when a value has crossed a limit that the clinic has set.",
    "It does not replace the bedside monitor and its alarms, nor clinical judgement. Its alerts"
    " are not meant to be the ground for an immediate clinical act, and it is not for watching a"
    " patient from another room.",
    "The patient is observed directly at all times. Not for clinical use before your medical"
    " director has approved the protocols.",
)

ROLES = {"Medical director": Role.DIRECTOR, "Administrator": Role.ADMIN}


class SignInForm(QWidget):
    """Name and password. Checking takes a moment on purpose and is done in the background."""

    signed_in = Signal(object)

    def __init__(
        self,
        kit: Kit,
        people: People,
        background: Background,
        title: str = "Sign in",
        act: str = "Sign in",
    ) -> None:
        super().__init__()
        self._people, self._background = people, background
        self.name = kit.field("", "Name")
        self.password = kit.field("", "Password", secret=True)
        self.words = kit.says()
        self.button = kit.button(act, key="Enter", main=True, icon="person")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(kit.label(title, "page"))
        for name, typed in (("Name", self.name), ("Password", self.password)):
            layout.addWidget(kit.label(name))
            layout.addWidget(typed)
            typed.textChanged.connect(self._refresh)
            typed.returnPressed.connect(self.send)
        layout.addWidget(self.words)
        layout.addWidget(self.button)
        layout.addStretch()
        self.button.clicked.connect(self.send)
        self._busy = False
        self._refresh()

    def send(self) -> None:
        """Check name and password."""
        name, password = self.name.text(), self.password.text()
        if not self._busy and name.strip() and not password:
            self.password.setFocus()  # what is typed next is the password, and not to be read
        if self._busy or not name.strip() or not password:
            return
        self._busy = True
        self.words.setText("Checking…")
        self._refresh(keep=True)
        self._background.run(
            lambda: self._people.sign_in(name, password), self._done, self._failed, self
        )

    def _done(self, person: Person) -> None:
        self._busy = False
        self.clear()
        self.signed_in.emit(person)

    def clear(self) -> None:
        """Nothing is left of who signed in, or began to."""
        self.name.clear()
        self.password.clear()
        self.words.clear()
        self._refresh()

    def take_focus(self) -> None:
        """To the name, where nobody has begun: who types already is not sent back to it."""
        if not (self.name.hasFocus() or self.password.hasFocus()):
            (self.password if self.name.text().strip() else self.name).setFocus()

    def _failed(self, error: BaseException) -> None:
        self._busy = False
        self.password.clear()
        self.password.setFocus()
        self.words.setText(_line(error))
        self._refresh(keep=True)

    def _refresh(self, _text: str = "", *, keep: bool = False) -> None:
        complete = bool(self.name.text().strip() and self.password.text())
        self.button.setEnabled(complete and not self._busy)
        if complete and not keep:
            self.words.clear()


class FirstPersonForm(QWidget):
    """Makes the first person of a store, who then signs in."""

    signed_in = Signal(object)

    def __init__(self, kit: Kit, people: People, background: Background) -> None:
        super().__init__()
        self._people, self._background = people, background
        self.name = kit.field("short, for example r.okafor", "Short name")
        self.full_name = kit.field("", "Full name")
        self.role = kit.choice(list(ROLES))
        self.password = kit.field("", "Password", secret=True)
        self.again = kit.field("", "Password again", secret=True)
        self.words = kit.says()
        self.button = kit.button("Make the first person", key="Enter", main=True, icon="person")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(kit.label("First person", "page"))
        layout.addWidget(kit.label("Nobody can sign in yet. This person can add the others."))
        for name, widget in (
            ("Name, stands as author in every entry", self.name),
            ("Full name", self.full_name),
            ("Role", self.role),
            ("Password", self.password),
            ("Password again", self.again),
        ):
            layout.addWidget(kit.label(name))
            layout.addWidget(widget)
        layout.addWidget(self.words)
        layout.addWidget(self.button)
        layout.addStretch()
        for typed in (self.name, self.full_name, self.password, self.again):
            typed.textChanged.connect(self._refresh)
            typed.returnPressed.connect(self.send)
        self.role.changed.connect(self._refresh)
        self.button.clicked.connect(self.send)
        self._busy = False
        self._refresh()

    def missing(self) -> str:
        """What is left to enter, in words."""
        if not self.name.text().strip():
            return "Type a short name"
        if not self.full_name.text().strip():
            return "Type the full name"
        if self.role.chosen is None:
            return "Choose the role"
        if not self.password.text():
            return "Type a password"
        if self.password.text() != self.again.text():
            return "The two passwords are not the same"
        return ""

    def send(self) -> None:
        """Add the person and sign them in."""
        if self._busy or self.missing():
            return
        self._busy = True
        name, full_name = self.name.text(), self.full_name.text()
        role, password = ROLES[self.role.chosen or ""], self.password.text()
        self.words.setText("Saving…")
        self.button.setEnabled(False)
        self._background.run(
            lambda: self._people.add(name, full_name, role, password, name.strip()),
            self._done,
            self._failed,
            self,
        )

    def _done(self, person: Person) -> None:
        self._busy = False
        self.password.clear()
        self.again.clear()
        self.signed_in.emit(person)

    def _failed(self, error: BaseException) -> None:
        self._busy = False
        self.words.setText(_line(error))
        self.button.setEnabled(True)

    def _refresh(self, _text: str = "") -> None:
        missing = self.missing()
        self.words.setText(missing)
        self.button.setEnabled(not missing and not self._busy)


class SignInPage(QWidget):
    """The first page: what the program is for, and who uses it."""

    signed_in = Signal(object)

    def __init__(self, kit: Kit, people: People, background: Background) -> None:
        super().__init__()
        self._background, self._people = background, people
        self.form = SignInForm(kit, people, background)
        self.first = FirstPersonForm(kit, people, background)
        self.stack = QStackedWidget()
        self.stack.setProperty("clear", True)
        self.stack.addWidget(self.form)
        self.stack.addWidget(self.first)
        self.form.signed_in.connect(self.signed_in)
        self.first.signed_in.connect(self._made)
        use, use_layout = kit.card()
        use_layout.addWidget(kit.label("KetaMonitor", "big"))
        use_layout.addWidget(kit.label("What it is for", "title"))
        for paragraph in INTENDED_USE:
            use_layout.addWidget(kit.label(paragraph))
        use_layout.addStretch()
        sign, sign_layout = kit.card()
        sign_layout.addWidget(self.stack)
        use.setFixedWidth(400)
        sign.setFixedWidth(480)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(use)
        row.addWidget(sign)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.addStretch()
        layout.addLayout(row)
        layout.addStretch()

    def opened(self) -> None:
        """The page comes on screen."""
        self.form.clear()
        self._background.run(lambda: self._people.empty, self._known, self._failed, self)
        self.form.take_focus()

    def _known(self, empty: bool) -> None:
        if empty and self.stack.currentWidget() is not self.first:
            self.stack.setCurrentWidget(self.first)
            self.first.name.setFocus()
        elif not empty:
            self.stack.setCurrentWidget(self.form)
            self.form.take_focus()

    def _failed(self, error: BaseException) -> None:
        self.form.words.setText(_line(error))

    def _made(self, person: Person) -> None:
        self.stack.setCurrentWidget(self.form)
        self.signed_in.emit(person)


class UnlockPanel(QWidget):
    """Sign-in over the tiles and the trend of a live session: vitals and alerts stay in view."""

    signed_in = Signal(object)
    left = Signal()

    def __init__(self, kit: Kit, people: People, background: Background) -> None:
        super().__init__()
        self.form = SignInForm(kit, people, background)
        self.form.signed_in.connect(self.signed_in)
        frame, inside = kit.card()
        frame.setFixedWidth(440)
        inside.addWidget(
            kit.label("Locked. Vitals, alerts and recording go on; entries wait for a name.")
        )
        inside.addWidget(self.form)
        leave = kit.button("Leave", key="Esc")
        leave.clicked.connect(self.left)
        inside.addWidget(leave)
        layout = QHBoxLayout(self)
        layout.addStretch()
        layout.addWidget(frame)
        layout.addStretch()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            self.left.emit()
        else:
            super().keyPressEvent(event)


def _line(error: BaseException) -> str:
    """What went wrong, for those faults that have words of their own."""
    if isinstance(error, (SignInError, PeopleError, StoreError)):
        text = str(error)
        return text[:1].upper() + text[1:]
    raise error
