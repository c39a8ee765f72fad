"""A second person signs in to agree to one act; whoever is signed in stays so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor.people import People, Person
from ui.background import Background
from ui.pages.parts import Kit
from ui.pages.signing import SignInForm

#: So long an agreement stands for an act that is not written.
AGREED_FOR = timedelta(minutes=2)


class SecondPerson(QWidget):
    """Name and password of somebody else than ``author``. ``person`` is ``None`` until they agree.

    The agreement is for one act, in the very words that stood above the name when it was given
    (:meth:`about`): any other act or word ends it, and so do another person at the first place, a
    lock, leaving, and :data:`AGREED_FOR`. :meth:`clear` it when the act is written or given up.
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
        self._agreed_to: tuple[str | None, str] | None = None
        self._until: datetime | None = None
        self._about = ""
        self.form = SignInForm(kit, people, background, title="Second person", act="Confirm")
        self.name, self.password = self.form.name, self.form.password
        self.words = self.form.words
        self.form.signed_in.connect(self._signed)
        self.told = kit.says("fact")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.act = kit.says("fact")
        self.act.hide()
        layout.addWidget(self.act)
        layout.addWidget(self.form)
        layout.addWidget(self.told)
        self.told.hide()

    @property
    def person(self) -> Person | None:
        """Who agreed; nobody, once the same person is also the first."""
        agreed = self._agreed
        return None if agreed is None or agreed.name == self._author() else agreed

    def about(self, words: str, now: datetime) -> None:
        """What it is that somebody agrees to, as it stands now; empty where nothing is to be
        agreed to yet. Call it at each change, and as time goes by."""
        self._about = words
        self.act.setText(words)
        self.act.setVisible(bool(words))
        if self._agreed is None:
            return
        if self._until is None:
            self._until = now + AGREED_FOR
        if self._agreed_to != (self._author(), words) or now >= self._until:
            self.clear()
            self.words.setText("What was confirmed has changed, or it was too long ago: again")

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._agreed is not None and not event.spontaneous():
            self.clear()  # nobody is there any more to see what it stands for

    def clear(self) -> None:
        self._agreed = None
        self._agreed_to = self._until = None
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
        self._agreed, self._agreed_to = person, (self._author(), self._about)
        self.form.hide()
        of = f": {self._about}" if self._about else ""
        self.told.setText(f"Confirmed by {person.full_name} ({person.name}){of}")
        self.told.show()
        self.setFocus()  # so that the next Enter is the panel's, and no other button's
        self.changed.emit()
