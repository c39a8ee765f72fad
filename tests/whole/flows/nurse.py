"""What the nurse does at the keys, task by task; she reads the screen and knows nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt

from ketamonitor.instruments import Kind
from ketamonitor.treatment.discharge import BY_PERSON
from ketamonitor.view import ASKING
from tests.whole.flows.chairside import MONITOR, NURSE, PASSWORD, Chairside, taken_as
from ui.device_words import title
from ui.pages.baseline import BaselinePanel
from ui.pages.checkin import CheckInPanel
from ui.pages.course import CoursePanel
from ui.pages.discharge import DischargePanel
from ui.pages.dose import DosePanel
from ui.pages.driver_box import DriverBox
from ui.pages.drug_ledger import LedgerPanel
from ui.pages.ending import EndPanel
from ui.pages.observation import ObservationPanel
from ui.pages.pressure import PressurePanel

#: Keys for each item of the check-in: a word in angle brackets is one key, the rest is typed.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "identity": ("<space>", "<tab>", "<space>"),
    "weight": ("68.4", "<tab>", "1", "23 Nov 2026"),
    "allergies": ("1",),
    "medicines": ("1",) * 9,
    "food": ("07:30",),
    "drink": ("11:00", "<tab>", "1"),
    "pregnancy": ("1", "23 Nov 2026"),
    "escort": ("J. Lindqvist", "<tab>", "0171 555"),
    "consent": ("1", "23 Nov 2026"),
    "equipment": ("<space>", *("<tab>", "<space>") * 4),
    "phq9": ("2", "2", "1", "2", "1", "1", "1", "0", "0"),
    "cssrs": ("1",),
    "baseline_mental": ("1",),
    "rems": ("1", "1"),
}
_NAMED = {"<space>": Qt.Key.Key_Space, "<tab>": Qt.Key.Key_Tab}

#: Answers by key of the instruments a protocol may need, in a patient who does well.
_WELL = {
    **{"moaas": "5", "rass": "0", "dissociation": "0", "breaths": "14"},
    **{"spo2_read": "97", "nausea": "0"},
}
#: What is answered beside the needed rows, as it is due or asked for at the end.
_BESIDE = ("spo2_read", "nausea")
_IN_IT = {**_WELL, "moaas": "4", "dissociation": "6"}


@dataclass
class Nurse:
    """Tasks on the window of ``at``; each ends when the program has said that it is done."""

    at: Chairside

    # Before ----------------------------------------------------------------------------------

    def sign_in(self) -> None:
        page, keys = self.at.window.sign_in, self.at.keys
        keys.until(
            lambda: page.stack.currentWidget() is page.form and keys.focus() is page.form.name,
            "the sign-in asks for the name",
        )
        keys.type(NURSE)
        keys.fill("Password", PASSWORD)
        keys.enter()
        keys.until(lambda: self.at.window.person is not None, "signed in")

    def begin(self, protocol: str) -> None:
        """A new session of a made-up patient, with the monitor on its port, or with none."""
        at, keys = self.at, self.at.keys
        page = at.window.new_session
        keys.until(lambda: at.window.stack.currentWidget() is at.window.sessions, "the list")
        keys.press("n")
        keys.until(lambda: at.window.stack.currentWidget() is page, "the page of a new session")
        keys.fill("Patient's full name", "LINDQVIST, Maren")
        keys.fill("Record number, MRN", "SIM-0048")
        keys.fill("Date of birth", "14 Mar 1984")
        keys.choose("Full name")
        keys.choose("Date of birth")
        keys.fill("Weight in kg", "68.4")
        known = at.station.protocol(protocol)
        at.choose_on(known.title)
        if at.wire is None:
            at.choose_on("No monitor")
        else:
            keys.choose("Add monitor")
            keys.fill("Port", at.wire.port)
            at.tab_on("Monitor")
            while True:
                box = keys.focus()
                assert isinstance(box, DriverBox)
                if box.currentText() == title(MONITOR):
                    break
                keys.press(Qt.Key.Key_Down)
        keys.fill("Chair", "3")
        keys.choose("Simulated session")
        keys.until(page.start.isEnabled, f"it may start: {page.words.text()}")
        keys.choose("Start session")
        keys.until(lambda: at.window.chair is not None, f"it has begun: {page.words.text()}")
        if at.wire is None:
            at.wait(1)
        else:
            at.until(at.connected, "the monitor is heard")

    def check_in(self) -> None:
        at, keys = self.at, self.at.keys
        keys.press("k")
        panel = at.panel
        assert isinstance(panel, CheckInPanel)
        for key in panel.keys:
            keys.until(
                lambda key=key: panel.key == key and keys.focus() is panel.form.first(),  # type: ignore[misc]
                f"{key} is asked",
            )
            for part in ANSWERS[key]:
                if part in _NAMED:
                    keys.press(_NAMED[part])
                else:
                    keys.type(part)
            assert panel.missing() == "", f"{key}: {panel.missing()}"
            keys.enter()
            keys.until(lambda key=key: key in at.view.checkin.answers, f"{key} is stored")  # type: ignore[misc]
        at.until_closed()

    def answer_item(self, item: str) -> None:
        """One item of the check-in once more, with the answer of its first digit."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("k")
        panel = at.panel
        assert isinstance(panel, CheckInPanel)
        while panel.key != item:
            keys.press(Qt.Key.Key_Down)
        keys.press("1")
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "the answer is stored")
        at.until_closed()

    def take(self, number: int) -> None:
        """The pressure of that number in the session: by the monitor, or with a cuff and typed."""
        if self.at.wire is None:
            taken = taken_as(number, 0)
            self.pressure(taken.sys, taken.dia)
        else:
            self.cuff()

    def cuff(self) -> None:
        """The monitor measures."""
        at, keys = self.at, self.at.keys
        at.until(at.connected, "the monitor can be asked")
        before = len(at.chair.record.cuff)
        keys.press("b")
        assert isinstance(at.panel, PressurePanel)
        keys.choose(f"Start cuff, {MONITOR}")
        keys.escape()
        at.until(lambda: len(at.chair.record.cuff) == before + 1, "the reading came")

    def pressure(self, sys: int, dia: int) -> None:
        at, keys = self.at, self.at.keys
        before = len(at.chair.record.cuff)
        keys.press("b")
        keys.type(f"{sys}/{dia}")
        keys.enter()
        keys.until(lambda: len(at.chair.record.cuff) == before + 1, "it is stored")
        at.until_closed()

    def baseline(self) -> None:
        at, keys = self.at, self.at.keys
        keys.press("t")
        assert isinstance(at.panel, BaselinePanel)
        keys.press(Qt.Key.Key_Tab)
        keys.press(Qt.Key.Key_Space)
        assert at.panel.missing() == "", at.panel.missing()
        keys.enter()
        keys.until(lambda: at.view.baseline is not None, "the baseline is locked")
        at.until_closed()

    # Doses -----------------------------------------------------------------------------------

    def order(self, **typed: str) -> None:
        """Fields by their name as the panel has it, ``mg="Dose, mg"``."""
        at, keys = self.at, self.at.keys
        keys.press("d")
        panel = at.panel
        assert isinstance(panel, DosePanel)
        keys.press("q")
        for name, text in typed.items():
            keys.fill(f"Ordered {_ORDERED[name]}", text)
        keys.fill("Ordered by", "Dr Hale")
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.view.order is not None, "the order is stored")
        keys.escape()

    def give(self, *more: tuple[str, str], stay: bool = False) -> None:
        """As ordered: three actions, and what else the way of giving asks for. ``stay``: without
        the key that leaves the panel, which shows the running total."""
        at, keys = self.at, self.at.keys
        keys.press("d")
        panel = at.panel
        assert isinstance(panel, DosePanel)
        keys.press("y")
        for name, text in more:
            keys.fill(name, text)
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.view.first_dose_at is not None, "the dose is stored")
        self._leave(stay)

    def devices(self, many: int = 0) -> None:
        """Each nasal device step by step, with the rest between two; all of the protocol's where
        it is not said how many."""
        at, keys = self.at, self.at.keys
        keys.press("d")
        panel = at.panel
        assert isinstance(panel, DosePanel)
        many = many or at.view.info.protocol.dose.devices or 0
        for number in range(1, many + 1):
            keys.press("k")
            keys.type("24KX118")
            keys.press(Qt.Key.Key_Tab)
            keys.type("2027-08")
            for _ in range(6):
                before = at.chair.record.entries
                assert panel.missing() == "", panel.missing()
                keys.enter()
                keys.until(lambda n=before: at.chair.record.entries > n, "the step is stored")  # type: ignore[misc]
                keys.until(lambda: panel.outcome.text().startswith("Saved"), "and told")
            assert at.view.nasal is not None
            assert at.view.nasal.confirmed == number
            if number < many:
                at.wait(5)
        keys.escape()

    def change(self, *typed: str, reason: str = "", stay: bool = False) -> None:
        """A change at the pump by its key, then a reason's key, or a new rate and its reason."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("d")
        panel = at.panel
        assert isinstance(panel, DosePanel)
        first, *rest = typed
        keys.press(first)
        for text in rest:
            keys.type(text)
        if reason:
            at.choose_on(reason)
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "the change is stored")
        self._leave(stay)

    def new_rate(self, rate: str, reason: str) -> None:
        """The number, then Tab out of it, so that a digit is the reason's again."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("d")
        keys.press("r")
        keys.type(rate)
        keys.press(Qt.Key.Key_Tab)
        keys.press(reason)
        assert isinstance(at.panel, DosePanel)
        assert at.panel.missing() == "", at.panel.missing()
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "the new rate is stored")
        self._leave(stay=True)

    def held(self, after: str) -> None:
        """What was in the mouth has left it."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("d")
        panel = at.panel
        assert isinstance(panel, DosePanel)
        keys.choose(after)
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "the end of the hold is stored")
        keys.escape()

    def stop(self, *, stay: bool = False) -> None:
        at, keys = self.at, self.at.keys
        keys.press("d")
        keys.press("x")
        keys.press("6")
        assert isinstance(at.panel, DosePanel)
        assert at.panel.missing() == "", at.panel.missing()
        keys.enter()
        keys.until(
            lambda: at.view.infusion is not None and at.view.infusion.state == "stopped",
            "the stop is stored",
        )
        self._leave(stay)

    def _leave(self, stay: bool) -> None:
        """The panel stays on the screen for the running total; leaving is not part of the act."""
        if stay:
            self.at.chair.close_panel()
        else:
            self.at.keys.escape()

    # The drug ledger -------------------------------------------------------------------------

    def book(self, act: str, *typed: str, witness: str = "") -> None:
        """A row by the key of its act; what is typed goes from field to field."""
        at, keys = self.at, self.at.keys
        keys.press("w")
        panel = at.panel
        assert isinstance(panel, LedgerPanel)
        before = len(at.station.drugs.rows())
        keys.until(lambda: len(panel.ledger.rows) == before, "the ledger is read")
        keys.press(act)
        for place, text in enumerate(typed):
            if place:
                keys.press(Qt.Key.Key_Tab)
            keys.type(text)
        if witness:
            keys.fill("Name", witness)
            keys.fill("Password", PASSWORD)
            keys.enter()
            keys.until(lambda: panel.second.person is not None, "the witness has signed in")
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: len(panel.ledger.rows) == before + 1, "the row stands")
        keys.escape()

    # Observing -------------------------------------------------------------------------------

    def observe(self, answers: Mapping[str, str]) -> None:
        """Each row the protocol needs, in its order, and SpO2 read and nausea where answered;
        the others stay blank."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("o")
        panel = at.panel
        assert isinstance(panel, ObservationPanel)
        beside = [key for key in _BESIDE if key in answers]
        wanted = [row.needed or row.instrument.key in beside for row in panel.rows]
        for place, row in enumerate(panel.rows):
            if wanted[place]:
                keys.type(answers[row.instrument.key])
                if row.instrument.kind is Kind.COUNT:
                    keys.press(Qt.Key.Key_Down)
            elif any(wanted[place:]):
                keys.press(Qt.Key.Key_Down)
        assert panel.missing() == "", panel.missing()
        keys.enter()
        at.until_closed()
        keys.until(lambda: at.chair.record.entries > before, "the answers are stored")

    def follow(self, until: Callable[[], bool], well_after_min: float) -> None:
        """Minute by minute what the strip asks for, until ``until`` holds."""
        at, first = self.at, self.at.view.first_dose_at
        assert first is not None
        taken = 0
        for _ in range(240):
            asked = {item.id: item for item in at.view.due if item.state in ASKING}
            # Right after the wait, as what is shown is of this minute; what is due comes first,
            # so that nothing is old when the patient leaves.
            if not any(key.startswith(("bp", "observation", "spo2")) for key in asked) and until():
                return
            gone = (at.clock.now() - first).total_seconds() / 60
            if any(key.startswith("bp") for key in asked):
                taken += 1
                if at.wire is None or taken % 2:
                    self.take(taken)
                else:
                    self.pressure(126, 78)
            if any(key.startswith(("observation", "spo2")) for key in asked):
                self.observe(_WELL if gone >= well_after_min else _IN_IT)
            now = at.clock.now()
            later = [(item.at - now).total_seconds() / 60 for item in at.view.due if item.at > now]
            at.wait(max(1.0, min([5.0, *later])))
        raise AssertionError("the session never comes to its end")

    def confirm(self, which: str, answers: str) -> None:
        """One part of the course by its number and the keys of its answers: as worked out (``y``)
        and no medicine (``n``), or none (``z``)."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("v")
        panel = at.panel
        assert isinstance(panel, CoursePanel)
        keys.press(which)
        for answer in answers:
            keys.press(answer)
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "it is stored")
        keys.escape()

    # After -----------------------------------------------------------------------------------

    def mark(self, number: int) -> None:
        keys = self.at.keys
        keys.press("e")
        keys.press(str(number))
        keys.enter()
        self.at.until_closed()

    def note(self, phrase: str) -> None:
        """A quick phrase by its digit."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("n")
        keys.press(phrase)
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "the note is stored")
        at.until_closed()

    def adverse(self) -> None:
        """Nausea, not serious, over."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("v")
        panel = at.panel
        assert isinstance(panel, CoursePanel)
        for key in ("4", "c", "n", "o"):
            keys.press(key)
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "the event is stored")
        self._leave(stay=True)

    def override(self, reason: str, second: str) -> None:
        """The marked criterion, which is not met: a reason, and a second person's agreement."""
        at, keys = self.at, self.at.keys
        before = at.chair.record.entries
        keys.press("g")
        panel = at.panel
        assert isinstance(panel, DischargePanel)
        keys.press("v")
        keys.type(reason)
        keys.fill("Name", second)
        keys.fill("Password", PASSWORD)
        keys.enter()
        keys.until(lambda: panel.second.person is not None, "the second person has agreed")
        assert panel.missing() == "", panel.missing()
        keys.enter()
        keys.until(lambda: at.chair.record.entries > before, "the deviation is stored")
        self._leave(stay=True)

    def go_home(self) -> None:
        """Everything a person answers is met; ready; left with the escort."""
        at, keys = self.at, self.at.keys
        keys.press("g")
        panel = at.panel
        assert isinstance(panel, DischargePanel)
        while panel.row is not None and not (
            panel.row.by_person and not panel.row.shown.settled and not panel.row.ticked
        ):
            keys.press(Qt.Key.Key_Down)
        for _ in [c for c in at.view.criteria if c.criterion.by in BY_PERSON]:
            keys.press("m")
        keys.enter()
        keys.until(
            lambda: all(c.settled for c in at.view.criteria),
            "every criterion is settled",
        )
        keys.press("r")
        keys.enter()
        keys.until(lambda: at.view.ready_at is not None, f"ready: {panel.missing()}")
        at.wait(1)
        keys.press("f")
        keys.type("J. Lindqvist")
        keys.fill("Telephone", "0171 555")
        keys.enter()
        keys.until(lambda: at.view.departure is not None, f"left: {panel.missing()}")
        keys.escape()

    def end(self) -> None:
        at, keys = self.at, self.at.keys
        at.choose_on("End session")
        panel = at.panel
        assert isinstance(panel, EndPanel)
        assert not panel.rows, [row.item.text for row in panel.rows.values()]
        at.choose_on("Treatment complete")
        keys.enter()
        keys.until(lambda: at.window.review.shown is not None, f"the review: {panel.missing()}")


_ORDERED = {
    "mg": "Dose, mg",
    "mg_per_kg": "Per kg, mg/kg",
    "weight_kg": "Weight, kg",
    "strength_mg_ml": "Strength, mg/mL",
    "volume_ml": "Volume, mL",
    "rate_ml_h": "Rate, mL/h",
    "minutes": "Over, min",
    "devices": "Devices",
}
