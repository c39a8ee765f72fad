"""A new session: patient, treatment, monitors and chair; nothing is pre-filled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor import intake
from ketamonitor.approvals import Approvals
from ketamonitor.library import Protocols, unusable_words
from ketamonitor.people import Person
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.station import SessionPlan
from ketamonitor.treatment.patients import KnownPatient
from ketamonitor.view import Patient
from ketamonitor.words import day
from ui.background import Background
from ui.pages.approval_part import ApprovalPart
from ui.pages.device_rows import DeviceRows
from ui.pages.parts import Kit, rule
from ui.pages.patients_part import PatientsPart
from ui.pages.protocol_preview import ProtocolPreview
from ui.port_watch import PortWatch
from ui.widgets.scroll import scroll_area

#: Logical pixels below which the cards stand in two columns.
THREE_COLUMNS = 1180


class NewSessionPage(QWidget):
    """Gives a checked :class:`SessionPlan` with ``start_wanted``; says in words what is left."""

    start_wanted = Signal(object)
    left = Signal()

    def __init__(
        self,
        kit: Kit,
        protocols: Protocols,
        watch: PortWatch,
        now: Callable[[], datetime],
        approvals: Approvals,
        background: Background,
        person: Callable[[], Person | None],
        patients: Callable[[], list[KnownPatient]],
        allergies: Callable[[str], str],
    ) -> None:
        super().__init__()
        self.kit, self._protocols, self._now = kit, protocols, now
        self.approval = ApprovalPart(kit, approvals, background, person)
        self.approval.changed.connect(self._refresh)
        self._starting = False
        self.patients = PatientsPart(kit, background, patients, allergies)
        self.patients.taken.connect(self._take)
        # Two columns where there is no room for three: then patient and treatment share the left.
        self._left_part = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._left_part.setSpacing(8)
        self._left_part.addWidget(self._patient_card(), 8)
        self._left_part.addWidget(self._protocol_card(), 9)
        self._row = row = QHBoxLayout()
        row.setSpacing(8)
        row.addLayout(self._left_part, 17)
        self.devices = DeviceRows(kit, watch)
        self.devices.changed.connect(self._refresh)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self.devices, 1)
        right.addWidget(self._start_card())
        row.addLayout(right, 11)
        inner = QWidget()
        within = QVBoxLayout(inner)
        within.setContentsMargins(8, 8, 8, 8)
        within.addLayout(row)
        area = scroll_area(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < THREE_COLUMNS
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._left_part.direction() is not way:
            self._left_part.setDirection(way)
            self._row.setStretch(0, 10 if narrow else 17)

    def _patient_card(self) -> QWidget:
        kit = self.kit
        frame, inside = kit.card("1 Patient")
        inside.addWidget(self.patients)
        self.name = kit.field("surname, given names", "Patient's full name")
        self.mrn = kit.field("", "Record number, MRN")
        self.born = kit.field("day month year", "Date of birth")
        self.weight = kit.field("kg", "Weight in kg")
        for words, typed in (
            ("Full name", self.name),
            ("Record number (MRN)", self.mrn),
            ("Date of birth", self.born),
        ):
            inside.addWidget(kit.label(words))
            inside.addWidget(typed)
            typed.textChanged.connect(self._identity_changed)
        self.age = kit.label("", "fact")
        inside.addWidget(self.age)
        inside.addWidget(rule())
        inside.addWidget(kit.label("The patient said it, not the nurse:"))
        self.said_name = kit.tick_box("Full name")
        self.said_born = kit.tick_box("Date of birth")
        ticks = QHBoxLayout()
        for tick in (self.said_name, self.said_born):
            tick.toggled.connect(self._refresh)
            ticks.addWidget(tick)
        inside.addLayout(ticks)
        inside.addWidget(rule())
        inside.addWidget(kit.label("Weight today, kg"))
        inside.addWidget(self.weight)
        self.weight.textChanged.connect(self._weight_changed)
        self.patient_words = kit.says()
        inside.addWidget(self.patient_words)
        inside.addStretch()
        return frame

    def _protocol_card(self) -> QWidget:
        frame, inside = self.kit.card("2 Treatment and protocol")
        titles = {p.name: f"{p.title}\n{p.name}, version {p.version}" for p in self._ordered()}
        self.protocol = self.kit.choice(list(titles), shown=titles, upright=True)
        self.protocol.changed.connect(self._protocol_changed)
        self.preview = ProtocolPreview(self.kit)
        inside.addWidget(self.protocol)
        if self._protocols.faults:
            inside.addWidget(self.kit.label(unusable_words(self._protocols), "fact", wrap=True))
        inside.addWidget(rule())
        inside.addWidget(self.approval)
        inside.addWidget(self.preview, 1)
        return frame

    def _start_card(self) -> QWidget:
        kit = self.kit
        frame, inside = kit.card("4 Start")
        self.chair = kit.field("", "Chair")
        self.chair.setMaxLength(12)
        self.chair.textChanged.connect(self._refresh)
        self.simulated = kit.tick_box("Simulated session")
        self.simulated.toggled.connect(self._refresh)
        chair = QHBoxLayout()
        chair.addWidget(kit.label("Chair", wrap=False))
        chair.addWidget(self.chair, 1)
        inside.addLayout(chair)
        inside.addWidget(self.simulated)
        inside.addWidget(
            kit.label("Simulated: for training, marked for ever, never a patient’s record.")
        )
        self.words = kit.says()
        inside.addWidget(self.words)
        self.start = kit.button("Start session", main=True, icon="forward")
        self.cancel = kit.button("Sessions", icon="back", key="Esc")
        self.start.clicked.connect(self._start)
        self.cancel.clicked.connect(self.left)
        buttons = QHBoxLayout()
        buttons.addWidget(self.start, 2)
        buttons.addWidget(self.cancel, 1)
        inside.addLayout(buttons)
        return frame

    def opened(self) -> None:
        """The page comes on screen: look for ports and approvals, begin with the name."""
        self.devices.look()
        self.approval.look(self._protocols.values())
        self.patients.look()
        self.name.setFocus()

    def clear(self) -> None:
        """Forget everything typed: the session has begun, the next patient is another one."""
        self._starting = False
        for typed in (self.name, self.mrn, self.born, self.weight, self.chair):
            typed.clear()
        for tick in (self.said_name, self.said_born, self.simulated):
            tick.setChecked(False)
        self.protocol.clear()
        self.patients.clear()
        self.devices.clear()
        self._refresh()

    def failed(self, words: str) -> None:
        """The start did not succeed; what was typed stays."""
        self._starting = False
        self._refresh()
        self.words.setText(f"Not started: {words}")

    @property
    def chosen(self) -> TreatmentProtocol | None:
        return self._protocols.get(self.protocol.chosen or "")

    def plan(self) -> SessionPlan:
        """The session as entered. Raises ``ValueError`` with one line for the first thing left."""
        patient = self._patient()
        if not self.said_name.isChecked() or not self.said_born.isChecked():
            raise ValueError("Let the patient say full name and date of birth, and tick both")
        weight = intake.weight_kg(self.weight.text())
        protocol = self.chosen
        if protocol is None:
            raise ValueError("Choose the protocol")
        devices = self.devices.choices()
        chair = self.chair.text().strip()
        if not chair:
            raise ValueError("Type the chair")
        simulated = self.simulated.isChecked()
        series = None if simulated else self.patients.series(patient)
        plan = SessionPlan(patient, weight, protocol, devices, simulated, chair, series)
        plan.check(self._today(), self.approval.standing(protocol))
        return plan

    def _patient(self) -> Patient:
        return intake.patient(
            self.name.text(), self.mrn.text(), self.born.text(), today=self._today()
        )

    def _today(self) -> date:
        return self._now().date()

    def _ordered(self) -> list[TreatmentProtocol]:
        return sorted(self._protocols.values(), key=lambda p: p.title)

    def _take(self, patient: Patient) -> None:
        """Who was found: the identifiers as stored. The patient still says them."""
        self.name.setText(patient.name)
        self.mrn.setText(patient.mrn)
        self.born.setText(day(patient.born))
        self.said_name.setFocus(Qt.FocusReason.TabFocusReason)

    def _identity_changed(self) -> None:
        # Whoever changes an identifier must ask the patient again.
        self.said_name.setChecked(False)
        self.said_born.setChecked(False)
        self._refresh()

    def _protocol_changed(self) -> None:
        self.approval.show_protocol(self.chosen)
        self._weight_changed()

    def _weight_changed(self) -> None:
        try:
            weight = intake.weight_kg(self.weight.text())
        except ValueError:
            weight = None  # what is wrong with it is said by _refresh
        self.preview.show_protocol(self.chosen, weight)
        self._refresh()

    def _refresh(self) -> None:
        self._say_patient()
        try:
            self.plan()
        except ValueError as error:
            self.words.setText(f"Left: {error}")
            self.start.setEnabled(False)
            return
        self.words.setText("Starting…" if self._starting else "Everything needed is there")
        self.start.setEnabled(not self._starting)

    def _say_patient(self) -> None:
        """What was typed is answered beside it, at once, but an empty field is not a fault."""
        faults = []
        age = ""
        checks: list[tuple[str, Callable[[], object]]] = [
            (self.name.text(), lambda: intake.patient_name(self.name.text())),
            (self.mrn.text(), lambda: intake.record_number(self.mrn.text())),
            (
                self.born.text(),
                lambda: intake.birth_date(self.born.text(), today=self._today()),
            ),
            (self.weight.text(), lambda: intake.weight_kg(self.weight.text())),
        ]
        for text, check in checks:
            if text.strip():
                try:
                    check()
                except ValueError as error:
                    faults.append(str(error))
        patient = None
        try:
            patient = self._patient()
            age = f"{patient.age(self._today())} years old"
        except ValueError:
            age = ""  # not complete yet; the faults above say what is wrong
        self.patients.show_patient(patient)
        if patient is not None and (clash := self.patients.clash(patient)):
            faults.append(clash)
        self.age.setText(age)
        self.patient_words.setText(faults[0] if faults else "")

    def _start(self) -> None:
        plan = self.plan()
        self._starting = True
        self._refresh()
        self.start_wanted.emit(plan)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.isAutoRepeat():
            self.left.emit()
        else:
            super().keyPressEvent(event)
