"""Inter, shipped with the program, with figures of equal width; other sans faces where it fails."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

from ketamonitor import report

#: The screen and the paper record share one copy of the font.
FOLDER = Path(report.__file__).parent / "fonts"
FAMILIES = ["Inter", "DejaVu Sans", "Noto Sans"]

#: Sizes in logical pixels by use (smallest allowed is ``LABEL``).
LABEL, BODY, FACT, ACTION, TITLE, CLOCK, COUNTDOWN, STRIP, FIGURE = (
    12,
    13,
    14,
    15,
    18,
    20,
    24,
    30,
    66,
)

_TABULAR = QFont.Tag("tnum")
_CAPITAL_FORMS = QFont.Tag("case")


def load_fonts() -> list[str]:
    """Adds the shipped faces to the application; returns the names of files that did not load."""
    return [
        path.name
        for path in sorted(FOLDER.glob("*.otf"))
        if QFontDatabase.addApplicationFont(str(path)) < 0
    ]


def make_font(size: int = FACT, weight: int = 400) -> QFont:
    """A font of ``size`` logical pixels and ``weight`` 400 to 800, its figures all equally wide."""
    font = QFont(FAMILIES)
    font.setPixelSize(size)
    font.setWeight(QFont.Weight(weight))
    font.setFeature(_TABULAR, 1)
    if size >= COUNTDOWN:
        font.setFeature(_CAPITAL_FORMS, 1)  # slash and brackets as tall as the figures
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return font
