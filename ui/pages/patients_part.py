"""Finds a patient of an earlier session: identity may be taken over, everything else is asked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor.treatment.patients import (
    KnownPatient,
    clash,
    same,
    search,
    series_number,
)
from ketamonitor.view import Patient
from ketamonitor.words import day
from ui.background import Background
from ui.pages.parts import Choice, Kit

#: Patients shown at once; who is not among them is found by typing more.
MOST = 3

NOT_READ = "The patients seen before are not read yet"


class PatientsPart(QWidget):
    """A search over the stored patients. ``taken`` carries the :class:`Patient` that was chosen.

    ``allergies`` gives the words on allergies of a session (by id); they are shown to be confirmed
    and never become an answer. Both callables are run in the background.
    """

    taken = Signal(object)

    def __init__(
        self,
        kit: Kit,
        background: Background,
        sessions: Callable[[], list[KnownPatient]],
        allergies: Callable[[str], str],
    ) -> None:
        super().__init__()
        self.kit, self._background = kit, background
        self._sessions, self._allergies = sessions, allergies
        self.known: list[KnownPatient] | None = None
        self.search = kit.field("name or MRN", "Seen before")
        self.choice = kit.choice([])
        self.words = kit.says()
        self._place = QVBoxLayout(self)
        self._place.setContentsMargins(0, 0, 0, 0)
        self._place.setSpacing(6)
        self._place.addWidget(kit.label("Seen before? Search"))
        self._place.addWidget(self.search)
        self._place.addWidget(self.choice)
        self._place.addWidget(self.words)
        self.words.hide()
        self.search.textChanged.connect(self._find)
        self._found: dict[str, KnownPatient] = {}
        self._told_of: KnownPatient | None = None

    def look(self) -> None:
        """Read the stored patients anew."""
        self._background.run(self._sessions, self._read, self._failed, self)

    def clear(self) -> None:
        self.search.clear()
        self._told_of = None
        self._say("")

    def series(self, patient: Patient) -> int | None:
        """Which session of the series the next one is; ``None`` until the patients are read."""
        return None if self.known is None else series_number(self.known, patient)

    def clash(self, patient: Patient) -> str:
        return "" if self.known is None else clash(self.known, patient)

    def show_patient(self, patient: Patient | None) -> None:
        """Say what is stored of the patient that stands in the fields, however he came there."""
        known = same(self.known or [], patient) if patient is not None else None
        if known is self._told_of:
            return
        self._told_of = known
        if known is None:
            self._say("")
            return
        self._tell(known, "being read")
        self._background.run(
            lambda: self._allergies(known.last_session),
            lambda told: self._tell(known, told),
            lambda _error: self._tell(known, "cannot be read"),
            self,
        )

    def _tell(self, known: KnownPatient, allergies: str) -> None:
        if known is not self._told_of:
            return
        self._say(
            f"Session {known.sessions + 1} of the series. Last {day(known.last_at.date())},"
            f" {known.protocol_title}.\nAllergies then: {allergies}. Ask again at check-in."
        )

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))

    def _read(self, known: list[KnownPatient]) -> None:
        self.known = known
        self._find()

    def _failed(self, error: BaseException) -> None:
        self._say(f"Patients seen before cannot be read: {error}")

    def _find(self) -> None:
        found = search(self.known or [], self.search.text())
        self._found = {_line(one): one for one in found[:MOST]}
        made = self.kit.choice(list(self._found), upright=True, momentary=True)
        made.pressed.connect(self._take)
        self._renew(made)
        if self._told_of is not None:
            return
        if not self.search.text().strip():
            self._say("")
        elif self.known is None:
            self._say(NOT_READ)
        elif not found:
            self._say("Nobody of that name or number has had a session here")
        else:
            more = len(found) - len(self._found)
            self._say(f"{more} more: type more of the name" if more > 0 else "")

    def _renew(self, made: Choice) -> None:
        old, self.choice = self.choice, made
        self._place.replaceWidget(old, made)
        old.deleteLater()
        made.show()
        for button in reversed(made.buttons.values()):
            QWidget.setTabOrder(self.search, button)

    def _take(self, line: str) -> None:
        one = self._found[line]
        self.search.clear()
        self.taken.emit(one.patient)


def _line(known: KnownPatient) -> str:
    patient = known.patient
    return f"{patient.name} · {patient.mrn} · {day(patient.born)}"
