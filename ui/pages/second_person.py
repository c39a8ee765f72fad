"""A second person signs in to agree to one act; whoever is signed in stays so."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor.people import People, Person
from ui.background import Background
from ui.pages.parts import Kit
from ui.pages.signing import SignInForm


class SecondPerson(QWidget):
    """Name and password of somebody else than ``author``. ``person`` is ``None`` until they agree.

    The agreement is for one act: :meth:`clear` it when that is written or given up.
    """

    changed = Signal()

    def __init__(
        self,
        kit: Kit,
        people: People,
        background: Background,
        author: Callable[[], str | None],
    ) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._author = author
        self._agreed: Person | None = None
        self.form = SignInForm(kit, people, background, title="Second person", act="Confirm")
        self.name, self.password = self.form.name, self.form.password
        self.words = self.form.words
        self.form.signed_in.connect(self._signed)
        self.told = kit.says("fact")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addWidget(self.told)
        self.told.hide()

    @property
    def person(self) -> Person | None:
        """Who agreed; nobody, once the same person is also the first."""
        agreed = self._agreed
        return None if agreed is None or agreed.name == self._author() else agreed

    def clear(self) -> None:
        self._agreed = None
        self.name.clear()
        self.password.clear()
        self.words.clear()
        self.form.show()
        self.told.hide()
        self.changed.emit()

    def _signed(self, person: Person) -> None:
        if person.name == self._author():
            self.words.setText(f"{person.full_name} is signed in already: it takes another person")
            return
        self._agreed = person
        self.form.hide()
        self.told.setText(f"Confirmed by {person.full_name} ({person.name})")
        self.told.show()
        self.setFocus()  # so that the next Enter is the panel's, and no other button's
        self.changed.emit()
