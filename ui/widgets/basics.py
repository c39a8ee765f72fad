"""The plain controls of all pages: panels, texts, key caps, action, answer and segment buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QLabel, QWidget

from ui.theme import PADDING, Theme
from ui.typeface import ACTION, BODY, FACT, LABEL, make_font
from ui.widgets.dead_time import DeadTime
from ui.widgets.ink import CENTRE, RIGHT, Ink

#: Ways to press a button or a panel's Save.
ENTER, SPACE, CLICK = "Enter", "Space", "click"


class Panel(QFrame):
    """A card: panel colour, hairline, radius 6."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("panel", True)


class Text(QLabel):
    """A label. ``tone`` is ``text``, ``text2``, ``text3``, ``accent``, ``due`` or ``fault``."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        size: int = FACT,
        weight: int = 400,
        tone: str = "text",
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)  # nurse text is never markup
        self.setFont(theme.font(size, weight))
        self.setProperty("tone", tone)
        self.setWordWrap(wrap)

    def set_tone(self, tone: str) -> None:
        if tone != self.property("tone"):
            self.setProperty("tone", tone)
            self.style().unpolish(self)
            self.style().polish(self)


class Drawn(QAbstractButton):
    """A button drawn with the theme: hover, pressed, disabled and a 2 px focus ring in accent.

    Pressed twice it is pressed once (:class:`DeadTime`), but for one that is :attr:`rapid`: each
    touch on that is counted.
    """

    rapid = False

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.dead = DeadTime(self)
        #: What was drawn last, as the eye reads it.
        self.words: tuple[str, ...] = ()
        self.setText(name)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self.update)

    def draw(self, ink: Ink, area: QRectF) -> None:
        raise NotImplementedError

    def ground(self) -> str:
        if self.isDown():
            return "line2"
        return "panel3" if self.underMouse() and self.isEnabled() else "panel2"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect())
        ink = Ink(painter, self.theme)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        self.draw(ink, area)
        self.words = tuple(ink.words)
        if self.hasFocus():
            painter.setOpacity(1)
            ink.box(area, None, "accent", 2)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses as Space does; a key that is held down presses once."""
        enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not enters and event.key() != Qt.Key.Key_Space:
            super().keyPressEvent(event)
        elif event.isAutoRepeat() or not self._counts(ENTER if enters else SPACE):
            event.accept()
        elif enters:
            self.click()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self._counts(CLICK):
            super().mousePressEvent(event)
        else:
            event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go elsewhere, as after a drag that began here: that pressed nothing."""
        super().mouseReleaseEvent(event)
        if not self.rect().contains(event.position().toPoint()):
            self.dead.lift()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Who leads the focus away and back means the next press."""
        super().focusOutEvent(event)
        ways = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if event.reason() in ways and self.dead.parent() is self:
            self.dead.lift()

    def _counts(self, press: str) -> bool:
        return self.rapid or self.dead.take(press)


def draw_key_cap(ink: Ink, right: float, middle: float, key: str, token: str = "text2") -> float:
    """The outlined letter of a key, its right edge at ``right``; returns its width."""
    width = max(20.0, ink.width(key, LABEL, 600) + 12)
    rect = QRectF(right - width, middle - 10, width, 20)
    ink.box(rect, None, "line2" if token == "text2" else token, radius=4)
    ink.text(rect.center().x(), middle + 4.3, key, LABEL, 600, token, CENTRE)
    return width


class KeyCap(QWidget):
    """The letter of a key beside a word that is not a button."""

    def __init__(self, theme: Theme, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._key = theme, key
        self.setFixedSize(20 if len(key) == 1 else 14 + 9 * len(key), 20)
        self.setAccessibleName(f"key {key}")
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink = Ink(painter, self._theme)
        draw_key_cap(ink, self.width(), self.height() / 2, self._key)
        painter.end()


class ActionButton(Drawn):
    """Icon, word and key cap; at least 48 px high. ``main`` fills it with the accent.

    The key is only written here: whoever owns the page makes it act.
    """

    def __init__(
        self,
        theme: Theme,
        word: str,
        icon: str = "",
        key: str = "",
        main: bool = False,
        height: int = 48,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, word, parent)
        self.icon_name, self.key, self.main = icon, key, main
        self.edge = "line2"
        self._rail = False
        self.setMinimumHeight(height)
        if key:
            self.setToolTip(f"{word} (key {key})")

    def sizeHint(self) -> QSize:
        ink_width = self.fontMetrics().horizontalAdvance(self.text()) * 1.15
        extra = (31 if self.icon_name else 0) + (12 + 9 * max(2, len(self.key)) if self.key else 0)
        return QSize(int(ink_width + extra + 2 * PADDING + 6), self.minimumHeight())

    def set_rail(self, rail: bool) -> None:
        """On the narrow rail the word stands below its icon and key."""
        self._rail = rail
        self.update()

    def set_key(self, key: str) -> None:
        """Another key does the same now; "" writes none."""
        if key != self.key:
            self.key = key
            self.setToolTip(f"{self.text()} (key {key})" if key else "")
            self.updateGeometry()
            self.update()

    def set_main(self, main: bool) -> None:
        self.main = main
        self.update()

    def draw(self, ink: Ink, area: QRectF) -> None:
        token = "accent_text" if self.main else "text"
        if self.main:
            busy = self.isDown() or (self.underMouse() and self.isEnabled())
            ink.box(area, "accent_hover" if busy else "accent_fill", "accent_fill")
        else:
            ink.box(area, self.ground(), self.edge, 1 if self.edge == "line2" else 2)
        if self._rail:
            self._draw_rail(ink, area, token)
            return
        width = ink.width(self.text(), ACTION, 600)
        tight = (
            width + 2 * PADDING + (31 if self.icon_name else 0) + 30 * bool(self.key) > area.width()
        )
        side, gap = (8, 26) if tight else (PADDING + 1, 31)
        middle, right = area.center().y(), area.right() - side
        if self.key:
            cap = "accent_text" if self.main else "text2"
            right -= draw_key_cap(ink, right, middle, self.key, cap) + (4 if tight else 8)
        if self.icon_name or self.key:
            x = area.left() + side
        else:
            x = area.center().x() - width / 2
        if self.icon_name:
            ink.icon(self.icon_name, x, middle - 10, 20, token)
            x += gap
        ink.text(x, middle + 5.4, self.text(), ACTION, 600, token, room=right - x)

    def _draw_rail(self, ink: Ink, area: QRectF, token: str) -> None:
        middle = area.center().y()
        ink.icon(self.icon_name, area.left() + (8 if self.key else 22), middle - 19, 18, token)
        if self.key:
            cap = "accent_text" if self.main else "text2"
            draw_key_cap(ink, area.right() - 7, middle - 10, self.key, cap)
        centre, word = area.center().x(), self.text().split()[0]
        ink.text(centre, middle + 16, word, LABEL, 600, token, CENTRE, area.width() - 6)


class SmallButton(Drawn):
    """Icon and word in a bar, for what is not an act in the session; takes the bar's height."""

    def __init__(
        self, theme: Theme, word: str, icon: str, parent: QWidget | None = None, *, key: str = ""
    ) -> None:
        super().__init__(theme, word, parent)
        self._icon, self._key, self._key_shown = icon, key, bool(key)

    def show_key(self, shown: bool) -> None:
        """Whether the key is written beside the word; it acts in any case."""
        if shown is not self._key_shown:
            self._key_shown = shown
            self.update()

    def sizeHint(self) -> QSize:
        cap = 12 + 9 * max(2, len(self._key)) if self._key else 0
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 34 + cap, 28)

    def draw(self, ink: Ink, area: QRectF) -> None:
        ink.box(area.adjusted(2, 3, -2, -2), self.ground(), "line2", radius=4)
        ink.icon(self._icon, 7, area.center().y() - 7.5, 16, "text2")
        ink.text(26, area.center().y() + 4.5, self.text(), LABEL, 600, "text")
        if self._key and self._key_shown:
            ink.text(
                area.right() - 10, area.center().y() + 4.5, self._key, LABEL, 400, "text2", RIGHT
            )


class ChoiceButton(Drawn):
    """One answer, 44 x 48 or wider: a value and, where there is one, its word below.

    Checkable; chosen is shown by the fill, a check sign and weight, not by colour alone.
    """

    def __init__(
        self, theme: Theme, value: str, word: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, value, parent)
        self.word = word
        self.setCheckable(True)
        self.setMinimumSize(44, 48)
        if word:
            self.setAccessibleName(f"{value}, {word}")
        self.toggled.connect(self.update)

    def sizeHint(self) -> QSize:
        value = QFontMetrics(make_font(ACTION, 700)).horizontalAdvance(self.text())
        word = QFontMetrics(make_font(LABEL, 400)).horizontalAdvance(self.word)
        return QSize(max(44, max(value, word) + 15), 48)

    def draw(self, ink: Ink, area: QRectF) -> None:
        chosen = self.isChecked()
        token = "accent_text" if chosen else "text"
        if chosen:
            ink.box(area, "accent_fill", "accent", 2)
            ink.icon("check", area.right() - 15, area.top() + 3, 12, "accent_text")
        else:
            ink.box(area, self.ground(), "line2")
        centre, weight = area.center().x(), 700 if chosen else 600
        if self.word:
            ink.text(centre, area.top() + 22, self.text(), ACTION, weight, token, CENTRE)
            tone = "accent_text" if chosen else "text2"
            ink.text(centre, area.top() + 39, self.word, LABEL, 400, tone, CENTRE, area.width() - 6)
        else:
            ink.text(centre, area.center().y() + 5.4, self.text(), ACTION, weight, token, CENTRE)


class _Segment(Drawn):
    def __init__(self, theme: Theme, word: str, drawn: int, parent: QWidget) -> None:
        super().__init__(theme, word, parent)
        self.setCheckable(True)
        self._drawn = drawn
        self.toggled.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 16, 40)

    def draw(self, ink: Ink, area: QRectF) -> None:
        inner = area.adjusted(0, (area.height() - self._drawn) / 2, 0, 0)
        inner.setHeight(self._drawn)
        chosen = self.isChecked()
        ink.box(inner, "panel3" if chosen else self.ground(), "line2", radius=4)
        tone, weight = ("text", 600) if chosen else ("text2", 500)
        ink.text(
            area.center().x(), area.center().y() + 4.3, self.text(), LABEL, weight, tone, CENTRE
        )


class SegmentedControl(QWidget):
    """One of a few words; drawn 24 px high, but the whole 40 px row takes the touch."""

    chosen = Signal(int)

    def __init__(
        self,
        theme: Theme,
        name: str,
        words: Sequence[str],
        current: int = 0,
        drawn: int = 24,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        for number, word in enumerate(words):
            button = _Segment(theme, word, drawn, self)
            button.setAccessibleName(f"{name}: {word}")
            self._group.addButton(button, number)
            row.addWidget(button)
        self._group.button(current).setChecked(True)
        self._group.idClicked.connect(self.chosen)

    @property
    def current(self) -> int:
        return self._group.checkedId()

    def choose(self, number: int) -> None:
        """Chooses as a tap would; nothing happens where it is chosen already."""
        if number != self.current:
            self._group.button(number).setChecked(True)
            self.chosen.emit(number)


def plain_button_font(theme: Theme, *widgets: QWidget) -> None:
    """Gives ordinary Qt controls the action font (15, semibold)."""
    for widget in widgets:
        widget.setFont(theme.font(ACTION, 600))


def body_font(theme: Theme, *widgets: QWidget) -> None:
    """Gives ordinary Qt controls the body font (13)."""
    for widget in widgets:
        widget.setFont(theme.font(BODY))
