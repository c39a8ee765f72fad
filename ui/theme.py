"""The theme handed to every widget: colours by meaning, fonts, and the switch night or day."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from ui.stylesheet import stylesheet
from ui.tokens import DAY, NIGHT, Tokens
from ui.typeface import FACT, load_fonts, make_font

#: Spacing in logical pixels (DESIGN-NOTES section 2).
GAP, RADIUS, PADDING = 8, 6, 12


class Theme(QObject):
    """Colours, fonts and sizes. Pass it by constructor; connect :attr:`changed` to repaint.

    ``theme.color("text2")`` gives the colour for the theme that is on now: never keep it.
    """

    changed = Signal()

    def __init__(self, night: bool = True, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._night = night
        self._fonts: dict[tuple[int, int], QFont] = {}
        self._colors: dict[str, QColor] = {}

    @property
    def night(self) -> bool:
        return self._night

    @property
    def tokens(self) -> Tokens:
        return NIGHT if self._night else DAY

    def color(self, token: str) -> QColor:
        """The colour of a token of :class:`ui.tokens.Tokens`. Raises ``AttributeError``."""
        value: str = getattr(self.tokens, token)
        if value not in self._colors:
            self._colors[value] = QColor(value)
        return self._colors[value]

    def font(self, size: int = FACT, weight: int = 400) -> QFont:
        """The interface's face with tabular figures, ``size`` in logical pixels."""
        if (size, weight) not in self._fonts:
            self._fonts[size, weight] = make_font(size, weight)
        return self._fonts[size, weight]

    def set_night(self, night: bool) -> None:
        if night != self._night:
            self._night = night
            self._dress_application()
            self.changed.emit()

    def switch(self) -> None:
        """Night to day or back (key F6)."""
        self.set_night(not self._night)

    def install(self, app: QApplication) -> list[str]:
        """Loads the fonts and dresses the application; returns font files that did not load."""
        missing = load_fonts()
        app.setStyle("Fusion")
        app.setFont(self.font())
        self._dress_application()
        return missing

    def _dress_application(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(self._palette())
            app.setStyleSheet(stylesheet(self.tokens))

    def _palette(self) -> QPalette:
        role = QPalette.ColorRole
        palette = QPalette()
        for which, token in (
            (role.Window, "bg"),
            (role.WindowText, "text"),
            (role.Base, "panel2"),
            (role.AlternateBase, "panel"),
            (role.Text, "text"),
            (role.PlaceholderText, "text3"),
            (role.Button, "panel2"),
            (role.ButtonText, "text"),
            (role.Highlight, "accent_fill"),
            (role.HighlightedText, "accent_text"),
            (role.ToolTipBase, "panel3"),
            (role.ToolTipText, "text"),
        ):
            palette.setColor(which, self.color(token))
        return palette
