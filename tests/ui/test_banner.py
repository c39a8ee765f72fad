"""The banner: both identifiers and the allergies are there at every width and with a long name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtGui import QPainter, QPixmap
from pytestqt.qtbot import QtBot

from ketamonitor.treatment.checkin import CheckInView, ItemAnswer
from ketamonitor.view import Patient
from tests.ui.forms import START, Bench, view
from ui.widgets.banner import HEIGHT, Banner
from ui.widgets.ink import Ink

LONG = Patient(
    "LINDQVIST-HOLMSTROEM VAN DER BERGH, Maren Elisabeth", "0048-2917", date(1984, 3, 14)
)
LATEX = ItemAnswer(
    "allergies", "answered", {"known": "known", "list": "latex"}, "", "", START, "r.okafor", 2
)


def told(bench: Bench, qtbot: QtBot, width: int, checkin: CheckInView, **changes: object) -> str:
    """Everything that is drawn at this width."""
    banner = Banner(bench.theme)
    qtbot.addWidget(banner)
    banner.resize(width, HEIGHT)
    info = replace(view().info, **changes)  # type: ignore[arg-type]
    banner.show_session(info, START, checkin)
    picture = QPixmap(width, HEIGHT)
    painter = QPainter(picture)
    ink = Ink(painter, bench.theme)
    banner.draw(ink)
    painter.end()
    return " | ".join(ink.words)


@pytest.fixture
def bench(qapp: object) -> Bench:
    return Bench()


@pytest.mark.parametrize("width", [910, 1280, 1366, 1920])
@pytest.mark.parametrize("simulated", [True, False])
def test_identifiers_and_allergies_stay_in_the_banner_at_any_width(
    bench: Bench, qtbot: QtBot, width: int, simulated: bool
) -> None:
    seen = CheckInView(answers={"allergies": LATEX})
    words = told(bench, qtbot, width, seen, patient=LONG, simulated=simulated)
    for kept in ("LINDQVIST", "14 Mar 1984", "0048-2917", "Allergies", "latex"):
        assert kept in words


def test_an_allergy_nobody_asked_for_says_so_and_the_series_is_told(
    bench: Bench, qtbot: QtBot
) -> None:
    words = told(bench, qtbot, 1920, CheckInView(), series=3)
    assert "not asked" in words
    assert "session 3" in words
    assert "Series" not in told(bench, qtbot, 1920, CheckInView())
