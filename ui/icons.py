"""Our own line icons on a 20 x 20 grid. They never stand alone: a word is always beside them."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

#: Name -> what stands inside the ``<svg>``: strokes only, no fills but where said.
ICONS: dict[str, str] = {
    "syringe": '<path d="M12.5 3.5l4 4M14.5 5.5l-2 2M6 10.5l4.5-4.5 3.5 3.5-4.5 4.5-4 .5zM5.5 14.5'
    'l-3 3M8.5 8l1.5 1.5M10.5 6l1.5 1.5"/>',
    "eye": '<path d="M2 10c2-3.4 4.8-5.2 8-5.2s6 1.8 8 5.2c-2 3.4-4.8 5.2-8 5.2S4 13.4 2 10z"/>'
    '<circle cx="10" cy="10" r="2.4"/>',
    "cuff": '<rect x="2.5" y="5.5" width="8" height="9" rx="1.5"/><path d="M5.2 5.5v9M10.5 8h3.2v4'
    '.5h3.3"/><circle cx="15.6" cy="15" r="2.2"/>',
    "monitor": '<rect x="2.5" y="4" width="15" height="10" rx="1.5"/>'
    '<path d="M7 17h6M5 9.5h2.5l1.5-3 2 5 1.3-2H15"/>',
    "note": '<path d="M5 2.8h6.5L15.5 7v10.2H5zM11.2 3v4.2h4.2M7.6 10.5h5.2M7.6 13.5h5.2"/>',
    "flag": '<path d="M5 17.5v-15M5 3.5h10.5l-2.8 3.8 2.8 3.7H5"/>',
    "pause": '<path d="M7.2 4.5v11M12.8 4.5v11"/>',
    "stop": '<rect x="5" y="5" width="10" height="10" rx="1"/>',
    "bell": '<path d="M5 13.5c1-1 1.2-2.4 1.2-4.5a3.8 3.8 0 0 1 7.6 0c0 2.1.2 3.5 1.2 4.5zM8.4 16.2'
    'a1.8 1.8 0 0 0 3.2 0"/>',
    "bell-paused": '<path d="M5 13.5c1-1 1.2-2.4 1.2-4.5a3.8 3.8 0 0 1 7.6 0c0 2.1.2 3.5 1.2 4.5z'
    'M8.4 16.2a1.8 1.8 0 0 0 3.2 0"/>'
    '<path d="M3 3l14 14M17 3L3 17" stroke-dasharray="2.4 2.2"/>',
    "clock": '<circle cx="10" cy="10" r="7.2"/><path d="M10 5.8V10l2.8 1.8"/>',
    "lock": '<rect x="4.5" y="9" width="11" height="8" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9'
    '"/>',
    "check": '<path d="M4.5 10.5l3.6 3.6 7.4-8"/>',
    "ring": '<circle cx="10" cy="10" r="5"/>',
    "link": '<path d="M8.3 11.7a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M11.7 8.3a3 3 0 0 0-4.3 0'
    'l-3 3a3 3 0 0 0 4.3 4.3l1-1"/>',
    "link-lost": '<path d="M12.9 11.4l2.7-2.7a3 3 0 0 0-4.3-4.3L8.8 6.9M7.1 8.6l-2.7 2.7a3 3 0 0 0 '
    '4.3 4.3l2.5-2.5M3 3l14 14"/>',
    "save": '<path d="M3.5 3.5h10.2l2.8 2.8v10.2h-13zM6.5 3.5v4h6v-4M6.5 16.5V11h7v5.5"/>',
    "person": '<circle cx="10" cy="6.4" r="3.2"/><path d="M3.8 17c.4-3.6 2.8-5.6 6.2-5.6s5.8 2 6.2 '
    '5.6z"/>',
    "warning": '<path d="M10 3.2l7.3 13H2.7zM10 8v4M10 13.9v.4"/>',
    "house": '<path d="M3 10l7-6.2L17 10M5 8.6v7.9h10V8.6"/>',
    "sun": '<circle cx="10" cy="10" r="3.4"/><path d="M10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.'
    '7l1.4 1.4M13.9 13.9l1.4 1.4M4.7 15.3l1.4-1.4M13.9 6.1l1.4-1.4"/>',
    "moon": '<path d="M15.8 12.4A6.8 6.8 0 0 1 7.6 4.2a6.8 6.8 0 1 0 8.2 8.2z"/>',
    "plus": '<path d="M10 4v12M4 10h12"/>',
    "cross": '<path d="M5 5l10 10M15 5L5 15"/>',
    "back": '<path d="M11.5 4.5L6 10l5.5 5.5"/>',
    "forward": '<path d="M8.5 4.5L14 10l-5.5 5.5"/>',
    "unknown": '<circle cx="10" cy="10" r="7.2"/><path d="M7.9 8.1a2.2 2.2 0 1 1 3.2 1.9c-.8.4'
    '-1.1.9-1.1 1.8M10 14v.3"/>',
    "excluded": '<circle cx="10" cy="10" r="7.2"/><path d="M5 15L15 5"/>',
    "search": '<circle cx="8.8" cy="8.8" r="5"/><path d="M12.6 12.6l4.4 4.4"/>',
    "print": '<path d="M6 7V3h8v4M6 14H3.5V7h13v7H14M6 11.5h8V17H6z"/>',
    "door": '<path d="M11 3.5H4.5v13H11M9 10h8M14 6.8l3.2 3.2-3.2 3.2"/>',
    "edit": '<path d="M4 16l.8-3.4 8.6-8.6 2.6 2.6-8.6 8.6zM11.6 5.8l2.6 2.6"/>',
    "list": '<path d="M7 5.5h10M7 10h10M7 14.5h10M3.5 5.5h.3M3.5 10h.3M3.5 14.5h.3"/>',
    "keyboard": '<rect x="2" y="5" width="16" height="10" rx="1.5"/><path d="M5 8.2h.3M8 8.2h.3M11'
    ' 8.2h.3M14 8.2h.3M6.5 12h7"/>',
}


@lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    body = ICONS[name]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="none" '
        f'stroke="{color}" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">'
        f"{body}</svg>"
    )
    return QSvgRenderer(QByteArray(svg.encode()))


def draw_icon(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Draws the icon into ``rect`` (16 or 20 px square). Raises ``KeyError``: unknown name."""
    _renderer(name, color.name()).render(painter, rect)


def icon(name: str, color: QColor, size: int = 20) -> QIcon:
    """The icon for ordinary Qt buttons, sharp at up to twice the size."""
    pixmap = QPixmap(QSize(size, size) * 2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_icon(painter, name, QRectF(0, 0, size * 2, size * 2), color)
    painter.end()
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)
