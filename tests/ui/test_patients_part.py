"""A patient seen before: identity is taken over, the ticks and every answer are asked anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.treatment.patients import KnownPatient
from ketamonitor.view import Patient
from tests.ui.forms import START, Bench
from tests.ui.keys import Keys
from ui.background import Background
from ui.pages.patients_part import PatientsPart

MAREN = Patient("LINDQVIST, Maren", "0048-2917", date(1984, 3, 14))
KNOWN = KnownPatient(MAREN, 2, START - timedelta(days=7), "KM-1", "iv-ketamine-40", "Ketamine IV")


class Found:
    """The part on a real background thread; ``taken`` are the patients it gave."""

    def __init__(
        self, bench: Bench, background: Background, allergies: Callable[[str], str]
    ) -> None:
        self.part = PatientsPart(bench.desk.kit, background, lambda: [KNOWN], allergies)
        self.taken: list[Patient] = []
        self.part.taken.connect(self.taken.append)


@pytest.fixture
def bench(qapp: object) -> Bench:
    return Bench()


@pytest.fixture
def background(bench: Bench) -> Iterator[Background]:
    made = Background(bench.bridge)
    yield made
    made.close()


def opened(
    bench: Bench, background: Background, qtbot: QtBot, allergies: Callable[[str], str]
) -> Found:
    found = Found(bench, background, allergies)
    qtbot.addWidget(found.part)
    with qtbot.waitActive(found.part):
        found.part.show()
        found.part.activateWindow()
    return found


def test_before_the_patients_are_read_nothing_is_claimed(
    bench: Bench, background: Background, qtbot: QtBot
) -> None:
    found = opened(bench, background, qtbot, str)
    assert found.part.series(MAREN) is None
    found.part.search.setText("lind")
    assert found.part.words.text() == "The patients seen before are not read yet"
    assert found.part.choice.options == []


def test_a_patient_is_found_and_taken_by_keys(
    bench: Bench, background: Background, qtbot: QtBot
) -> None:
    found = opened(bench, background, qtbot, str)
    found.part.look()
    qtbot.waitUntil(lambda: found.part.known is not None)
    assert found.part.choice.options == []  # nobody is shown unasked
    keys = Keys(qtbot, found.part)
    found.part.search.setFocus()
    keys.type("nobody")
    assert "Nobody of that name" in found.part.words.text()
    found.part.search.clear()
    keys.type("maren")
    keys.press(Qt.Key.Key_Tab)
    keys.press(Qt.Key.Key_Space)
    assert found.taken == [MAREN]
    assert found.part.search.text() == ""


def test_allergies_of_the_last_session_are_words_to_be_asked_again(
    bench: Bench, background: Background, qtbot: QtBot
) -> None:
    found = opened(bench, background, qtbot, {"KM-1": "penicillin"}.__getitem__)
    found.part.look()
    qtbot.waitUntil(lambda: found.part.known is not None)
    found.part.show_patient(MAREN)
    qtbot.waitUntil(lambda: "penicillin" in found.part.words.text())
    assert found.part.words.text() == (
        "Session 3 of the series. Last 16 Nov 2026, Ketamine IV.\n"
        "Allergies then: penicillin. Ask again at check-in."
    )
    assert found.part.series(MAREN) == 3
    found.part.show_patient(None)
    assert found.part.words.text() == ""


def test_allergies_that_cannot_be_read_say_so(
    bench: Bench, background: Background, qtbot: QtBot
) -> None:
    def broken(_session: str) -> str:
        raise ValueError("no such session")

    found = opened(bench, background, qtbot, broken)
    found.part.look()
    qtbot.waitUntil(lambda: found.part.known is not None)
    found.part.show_patient(MAREN)
    qtbot.waitUntil(lambda: "Allergies then: cannot be read" in found.part.words.text())


def test_a_number_with_another_birth_date_is_told(
    bench: Bench, background: Background, qtbot: QtBot
) -> None:
    found = opened(bench, background, qtbot, str)
    found.part.look()
    qtbot.waitUntil(lambda: found.part.known is not None)
    twin = Patient(MAREN.name, MAREN.mrn, date(1948, 3, 14))
    assert "another date of birth" in found.part.clash(twin)
    assert found.part.series(twin) == 1
