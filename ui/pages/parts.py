"""The small parts that forms and pages are built of: labels, fields, answers, cards, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QBoxLayout,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.pages.field import Field
from ui.theme import Theme
from ui.tokens import Tokens
from ui.typeface import ACTION, BODY, COUNTDOWN, FACT, LABEL, TITLE
from ui.widgets.basics import ActionButton, ChoiceButton, Panel, Text
from ui.widgets.table import Table

#: Size, weight and tone of the ways a label can look.
_LOOKS = {
    "muted": (BODY, 400, "text2"),
    "small": (LABEL, 400, "text3"),
    "fact": (FACT, 600, "text"),
    "title": (ACTION, 600, "text"),
    "page": (TITLE, 700, "text"),
    "big": (COUNTDOWN, 700, "text"),
    "huge": (48, 700, "text"),
}

#: The cells of a table.
Rows = list[list[str]]

#: Touch heights in logical pixels: answers and in-session actions 48, the main confirm 52.
ANSWER, CONFIRM = 48, 52
#: What sets "not assessed" and "declined" apart from the levels.
GAP_BEFORE = 8


class Kit:
    """Makes parts in the fonts and colours of a theme."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme

    def label(self, text: str, look: str = "muted", *, wrap: bool | None = None) -> Text:
        """A line of plain text; the quiet looks wrap unless told otherwise."""
        size, weight, tone = _LOOKS[look]
        wraps = look in ("muted", "small") if wrap is None else wrap
        return Text(self.theme, text, size, weight, tone, wraps)

    def says(self, look: str = "muted") -> Text:
        """An empty line in which the program says what is missing, wrong or done."""
        made = self.label("", look, wrap=True)
        made.setMinimumHeight(18)
        made.setAccessibleName("Message")
        return made

    def field(self, hint: str, name: str, *, big: bool = False, secret: bool = False) -> QLineEdit:
        """An empty text field. ``name`` is what a screen reader says."""
        made = Field()
        made.setPlaceholderText(hint)
        made.setAccessibleName(name)
        made.setFont(self.theme.font(COUNTDOWN if big else ACTION, 600 if big else 400))
        made.setMinimumHeight(CONFIRM if big else ANSWER)
        if secret:
            made.setEchoMode(QLineEdit.EchoMode.Password)
        return made

    def button(
        self, text: str, *, key: str = "", main: bool = False, icon: str = ""
    ) -> ActionButton:
        """A button for touch; ``key`` is the single key that does the same."""
        return ActionButton(self.theme, text, icon, key, main, CONFIRM if main else ANSWER)

    def tick_box(self, text: str) -> QCheckBox:
        made = QCheckBox(text)
        made.setFont(self.theme.font(ACTION, 600))
        made.setMinimumHeight(ANSWER)
        return made

    def facts(self, pairs: Sequence[tuple[str, str]]) -> QWidget:
        """Rows of a name at the left and its fact at the right."""
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for name, fact in pairs:
            row = QHBoxLayout()
            right = self.label(fact, "fact", wrap=True)
            right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            row.addWidget(self.label(name, "muted", wrap=False))
            row.addWidget(right, 1)
            layout.addLayout(row)
        return box

    def card(self, title: str = "") -> tuple[QFrame, QVBoxLayout]:
        """A panel with its layout."""
        frame = Panel()
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(14, 12, 14, 14)
        layout.setSpacing(8)
        if title:
            layout.addWidget(self.label(title, "title"))
        return frame, layout

    def choice(
        self,
        options: Sequence[str],
        *,
        shown: Mapping[str, str] | None = None,
        upright: bool = False,
        momentary: bool = False,
        gap_before: str = "",
        columns: int = 0,
    ) -> Choice:
        return Choice(
            self.theme,
            options,
            shown=shown or {},
            upright=upright,
            momentary=momentary,
            gap_before=gap_before,
            columns=columns,
        )

    def table(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[str]],
        stretch: int,
        *,
        height: int = ANSWER,
    ) -> Table:
        """A table to read; whole rows can be chosen; column ``stretch`` takes the spare width."""
        made = Table(self.theme, headers, stretch, height)
        made.fill(rows)
        return made

    def in_full(self, table: Table) -> Text:
        """A line below a table for what has no room in the chosen row."""
        made = self.says()
        made.setAccessibleName("Chosen row in full")
        table.row_told.connect(made.setText)
        return made


def rule() -> QFrame:
    """A hairline."""
    line = QFrame()
    line.setFixedHeight(1)
    line.setProperty("hairline", True)
    return line


class _Answer(ChoiceButton):
    """Enter on an answer chooses it; Enter on the chosen one goes on to the panel, which saves."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and self.isChecked():
            event.ignore()
        else:
            super().keyPressEvent(event)


class Choice(QWidget):
    """Answers of which at most one is chosen; none is, to begin with.

    ``options`` are the answers; ``shown`` what stands on their buttons where it differs, a second
    line for the word below. ``upright`` puts them below one another, ``columns`` in rows of so
    many. ``momentary`` buttons only report that they were pressed. :meth:`fit` breaks the line of
    answers that has a gap in it where there is little room.
    """

    changed = Signal()
    pressed = Signal(str)

    def __init__(
        self,
        theme: Theme,
        options: Sequence[str],
        *,
        shown: Mapping[str, str],
        upright: bool,
        momentary: bool,
        gap_before: str,
        columns: int = 0,
    ) -> None:
        super().__init__()
        self.options = list(options)
        self.chosen: str | None = None
        self.buttons: dict[str, ChoiceButton] = {}
        grid = QGridLayout(self) if columns or gap_before else None
        self._levels = self.options.index(gap_before) if gap_before else 0
        self._after = QHBoxLayout()
        layout = grid or (QVBoxLayout(self) if upright else QHBoxLayout(self))
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for place, option in enumerate(self.options):
            value, _, word = shown.get(option, option).partition("\n")
            made = _Answer(theme, value, word)
            made.setCheckable(not momentary)
            grows = upright or columns or place < self._levels
            made.setSizePolicy(
                QSizePolicy.Policy.Expanding if grows else QSizePolicy.Policy.Fixed,
                QSizePolicy.Policy.Fixed,
            )
            made.clicked.connect(lambda _=False, o=option, m=momentary: self._clicked(o, m))
            self.buttons[option] = made
            if grid is None:
                layout.addWidget(made)
            elif columns:
                grid.addWidget(made, *divmod(place, columns))
            elif place >= self._levels:
                self._after.addWidget(made)
        if isinstance(layout, QBoxLayout) and not upright:
            layout.addStretch()
        self._after.addStretch()
        self._lines = 0
        self._break(1)

    def fit(self, room: int) -> None:
        """Take the width there is: the levels in as many lines as they need, what stands after the
        gap in a line of its own where it has no room beside them."""
        wide = [b.sizeHint().width() + 6 for b in self.buttons.values()]
        levels, lines = wide[: self._levels], 1
        if sum(wide) + GAP_BEFORE > room:
            lines = 2
            while max(levels) * -(-len(levels) // (lines - 1)) > room and lines < len(levels):
                lines += 1
        self._break(lines)

    def _break(self, lines: int) -> None:
        """All in one line with the gap, or what stands after the gap in the last of the lines."""
        grid = self.layout()
        if not self._levels or lines == self._lines or not isinstance(grid, QGridLayout):
            return
        self._lines = lines
        each = self._levels if lines == 1 else -(-self._levels // (lines - 1))
        grid.removeItem(self._after)
        self._after.setParent(None)  # else it is still the grid's, and cannot be put elsewhere
        for place, made in enumerate(list(self.buttons.values())[: self._levels]):
            grid.removeWidget(made)
            grid.addWidget(made, *divmod(place, each))
        self._after.setContentsMargins(GAP_BEFORE if lines == 1 else 0, 0, 0, 0)
        if lines == 1:
            grid.addLayout(self._after, 0, each)
        else:
            grid.addLayout(self._after, lines - 1, 0, 1, each)

    def choose(self, option: str) -> None:
        """Choose an answer (again choosing the same leaves it chosen)."""
        self.chosen = option
        self._show()
        self.changed.emit()

    def clear(self) -> None:
        if self.chosen is not None:
            self.chosen = None
            self._show()
            self.changed.emit()

    def allow(self, option: str, allowed: bool) -> None:
        """Whether an answer makes sense now; one that does not loses its choice."""
        self.buttons[option].setVisible(allowed)
        if not allowed and self.chosen == option:
            self.clear()

    def _clicked(self, option: str, momentary: bool) -> None:
        if momentary:
            self.pressed.emit(option)
        else:
            self.choose(option)

    def _show(self) -> None:
        for option, made in self.buttons.items():
            made.setChecked(option == self.chosen)


class Bar(QProgressBar):
    """How much of something is done, as a bar without figures."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0, 1000)
        self.setTextVisible(False)

    def set_share(self, share: float) -> None:
        self.setValue(max(0, min(1000, round(share * 1000))))


def set_mark(widget: QWidget, marked: bool) -> None:
    """Mark the row that keys act on."""
    if widget.property("marked") != marked:
        widget.setProperty("marked", marked)
        widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def entered(within: QWidget) -> bool:
    """Whether anything in it is typed, ticked or chosen."""
    return (
        any(typed.text() for typed in within.findChildren(QLineEdit))
        or any(tick.isChecked() for tick in within.findChildren(QCheckBox))
        or any(choice.chosen is not None for choice in within.findChildren(Choice))
    )


def typing(within: QWidget) -> bool:
    """Whether a text field has the focus, so that single keys must not act."""
    focus = within.window().focusWidget()
    return isinstance(focus, (QLineEdit, QPlainTextEdit, QAbstractSpinBox)) and focus.isVisible()


def unmodified(event: QKeyEvent) -> bool:
    """Whether a key was pressed alone, in capitals or on the number pad: with Ctrl or Alt it is
    another one."""
    held = event.modifiers()
    return not held & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)


def pages_sheet(tokens: Tokens) -> str:
    """What the application's style sheet does not say: chosen answers, marked rows, hairlines."""
    t = tokens
    return f"""
QFrame[hairline="true"] {{ background: {t.line}; border: 0; }}
QWidget[marked="true"] {{ background: {t.panel3}; border-left: 3px solid {t.accent}; }}
QWidget[marked="true"] QWidget {{ border-left: 0; }}
QPushButton[nav="true"] {{ background: {t.panel}; border: 0; border-radius: 0; min-height: 0;
    border-bottom: 3px solid transparent; padding: 0 8px; }}
QPushButton[nav="true"]:hover {{ background: {t.panel3}; }}
QPushButton[nav="true"]:checked {{ background: {t.panel3}; border-bottom: 3px solid {t.accent}; }}
QPushButton[nav="true"]:focus {{ border: 2px solid {t.accent}; }}
QStackedWidget[clear="true"], QStackedWidget[clear="true"] > QWidget {{
    background: transparent; }}
QScrollArea[clear="true"], QScrollArea[clear="true"] > QWidget {{ background: transparent; }}
QTableView::item {{ padding: 0 8px; }}
QFrame[bar="true"] {{ background: {t.panel}; border: 0; border-bottom: 1px solid {t.line}; }}
QTabWidget::pane {{ border: 0; border-top: 1px solid {t.line}; }}
QTabBar::tab {{ background: transparent; color: {t.text2}; padding: 10px 16px; border: 0;
    border-bottom: 3px solid transparent; }}
QTabBar::tab:selected {{ color: {t.text}; border-bottom: 3px solid {t.accent}; }}
QTabBar::tab:focus {{ border: 2px solid {t.accent}; }}
QLabel[alarm="high"] {{ background: {t.high}; color: {t.high_text}; }}
QLabel[alarm="medium"] {{ background: {t.medium}; color: {t.medium_text}; }}
QLabel[alarm="low"] {{ background: {t.low}; color: {t.low_text}; }}
QLabel[alarm] {{ border: 2px solid {t.alarm_edge}; border-radius: 4px; padding: 2px 8px; }}
QLabel[chip="true"] {{ border: 1px solid {t.line2}; border-radius: 4px; padding: 2px 8px; }}
"""
