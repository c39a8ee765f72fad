"""Where the parts of the live page stand at each window size (DESIGN-NOTES section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect

GAP = 8
BANNER, ALARMS, PHASES, DUE, STATUS, STRIP = 50, 58, 42, 44, 28, 54
_BELOW_ALARMS = BANNER + ALARMS
#: NIBP, pulse, SpO2 and observed share a row in these parts.
_TILE_PARTS = (396, 200, 200, 210)
_COMPACT_PARTS = (372, 217, 217)
RAIL = 64
#: Below this height, with an entry panel open, the device status gives its place to the panel: a
#: keyboard on the screen has come.
NO_STATUS = 480
#: Of the eight buttons the narrow rail shows all but this one, which "More" has as well.
BUTTONS, NOT_IN_RAIL = 8, 5


@dataclass(frozen=True, slots=True)
class Places:
    """``compact`` has no observed tile, phases or timeline in view: they are in the scrolled part.

    ``body`` is what an entry panel takes (below the value strip) or, in compact, the scrolled part.
    """

    compact: bool
    wide: bool
    banner: QRect
    alarms: QRect
    status: QRect
    due: QRect
    phases: QRect
    gate: QRect
    tiles: tuple[QRect, ...]
    strip: QRect
    trend: QRect
    panel: QRect
    buttons: tuple[QRect, ...]
    timeline: QRect
    #: Whether an open entry panel reaches over the device status.
    over_status: bool = False


def places(width: int, height: int) -> Places:
    """The layout for a window of ``width`` x ``height`` logical pixels."""
    return _compact(width, height) if width < 1280 or height < 700 else _standard(width, height)


def _standard(width: int, height: int) -> Places:
    wide = width >= 1600 and height >= 880
    column = 360 if wide else 312 if width >= 1366 else 288
    tile = 200 if wide else 160 if height >= 750 else 148
    main = width - 3 * GAP - column
    top = _BELOW_ALARMS + 6
    tiles_top = top + PHASES + GAP
    status_top = height - STATUS
    due_top = status_top - 6 - DUE
    side = width - GAP - column
    button = (tile - 2 * GAP) // 3 if wide else 48
    buttons = _grid(side, tiles_top, column, button)
    below = buttons[-1].bottom() + 1 + GAP
    trend_top = tiles_top + tile + GAP
    # With a panel open the strip takes the phases' place: the panel needs their row.
    strip_below = top + STRIP + GAP
    return Places(
        compact=False,
        wide=wide,
        banner=QRect(0, 0, width, BANNER),
        alarms=QRect(0, BANNER, width, ALARMS),
        status=QRect(0, status_top, width, STATUS),
        due=QRect(GAP, due_top, main, DUE),
        phases=QRect(GAP, top, main, PHASES),
        gate=QRect(side, top, column, PHASES),
        tiles=_row(GAP, tiles_top, main, tile, _TILE_PARTS),
        strip=QRect(GAP, top, main, STRIP),
        trend=QRect(GAP, trend_top, main, due_top - GAP - trend_top),
        panel=QRect(GAP, strip_below, width - 2 * GAP, status_top - 6 - strip_below),
        buttons=buttons,
        timeline=QRect(side, below, column, due_top + DUE - below),
    )


def _compact(width: int, height: int) -> Places:
    main = width - 3 * GAP - RAIL
    top = _BELOW_ALARMS + 6
    status_top = height - STATUS
    due_top = status_top - 6 - DUE
    below, strip_below = top + 148 + GAP, top + STRIP + GAP
    rail_room = status_top - 6 - top
    shown = BUTTONS - 1
    each = max(48, (rail_room - (shown - 1) * 4) // shown)
    side = width - GAP - RAIL
    trend_room = due_top - GAP - below
    over_status = height < NO_STATUS
    panel_ends = height - 4 if over_status else status_top - 6
    return Places(
        compact=True,
        wide=False,
        banner=QRect(0, 0, width, BANNER),
        alarms=QRect(0, BANNER, width, ALARMS),
        status=QRect(0, status_top, width, STATUS),
        due=QRect(GAP, due_top, main, DUE),
        phases=QRect(),
        gate=QRect(),
        tiles=_row(GAP, top, main, 148, _COMPACT_PARTS),
        strip=QRect(GAP, top, width - 2 * GAP, STRIP),
        trend=QRect(GAP, below, main, trend_room),
        panel=QRect(GAP, strip_below, width - 2 * GAP, panel_ends - strip_below),
        buttons=_rail(side, top, each),
        timeline=QRect(),
        over_status=over_status,
    )


def _rail(x: int, y: int, height: int) -> tuple[QRect, ...]:
    rects = [QRect(x, y + i * (height + 4), RAIL, height) for i in range(BUTTONS - 1)]
    rects.insert(NOT_IN_RAIL, QRect())
    return tuple(rects)


def _row(x: int, y: int, width: int, height: int, parts: tuple[int, ...]) -> tuple[QRect, ...]:
    room = width - GAP * (len(parts) - 1)
    rects: list[QRect] = []
    for number, part in enumerate(parts):
        wide = round(room * part / sum(parts))
        if number == len(parts) - 1:
            wide = room - sum(rect.width() for rect in rects)
        rects.append(QRect(x, y, wide, height))
        x += wide + GAP
    return tuple(rects)


def _grid(x: int, y: int, width: int, height: int) -> tuple[QRect, ...]:
    """Four buttons two in a row, and four in the last row."""
    half = (width - GAP) // 2
    rects = [
        QRect(x + (i % 2) * (half + GAP), y + (i // 2) * (height + GAP), half, height)
        for i in range(4)
    ]
    return (*rects, *_row(x, y + 2 * (height + GAP), width, height, (1, 1, 1, 1)))
