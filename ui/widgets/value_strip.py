"""The strip of values that stays in sight while an entry panel covers the tiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.view import ActiveAlarm, Freshness, SessionView
from ui.theme import Theme
from ui.widgets.ink import RIGHT, Ink, Painted
from ui.widgets.tile import CLOCKED, FIGURE_TONE
from ui.widgets.tile_words import (
    Figure,
    alarm_of,
    live_figure,
    pressure_figure,
)
from ui.widgets.tiles import PressureTile

#: Logical pixels of the clock that runs from the first dose.
SINCE, ROOM_FOR_SINCE = 168, 940


class ValueStrip(Painted):
    """The 54 px strip that stays while an entry panel covers the tiles: figures, ages, alarms."""

    HEIGHT = 54

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Values", parent)
        self.setFixedHeight(self.HEIGHT)
        self._cells: list[tuple[str, str, Figure, ActiveAlarm | None]] = []
        self._since: tuple[str, str] | None = None

    def show_view(self, view: SessionView, alarms: Sequence[ActiveAlarm], now: datetime) -> None:
        pressure = pressure_figure(view, now)
        pulse, spo2 = live_figure(view, "pulse", now), live_figure(view, "spo2", now)
        self._cells = [
            ("NIBP", "text", pressure, alarm_of(alarms, PressureTile.metrics, pressure.source)),
            (
                "PULSE",
                "pulse",
                pulse,
                alarm_of(alarms, ("pulse", "nibp_pulse"), _source(view, "pulse")),
            ),
            ("SpO₂", "spo2", spo2, alarm_of(alarms, ("spo2",), _source(view, "spo2"))),
        ]
        first = view.first_dose_at
        self._since = (
            None
            if first is None
            else (words.countdown((now - first).total_seconds()), words.clock(first))
        )
        self.update()

    def draw(self, ink: Ink) -> None:
        if not self._cells:
            ink.box(QRectF(self.rect()), "panel", "line")
            return
        shares, x = (1.5, 1.0, 1.0), 0.0
        # A number and its age never give way to it.
        clock = SINCE if self._since is not None and self.width() >= ROOM_FOR_SINCE else 0
        room = self.width() - 8 * (len(self._cells) - 1) - clock
        for share, cell in zip(shares, self._cells, strict=True):
            width = room * share / sum(shares)
            self._cell(ink, QRectF(x, 0, width, self.HEIGHT), *cell)
            x += width + 8
        if self._since is not None and clock:
            self._clock(ink, QRectF(x, 0, self.width() - x, self.HEIGHT), *self._since)

    def _clock(self, ink: Ink, area: QRectF, since: str, first: str) -> None:
        """Since the first dose: the phase bar, which has it else, is covered as well."""
        ink.box(area, "panel", "line")
        ink.text(area.left() + 12, 22, "DOSE", 13, 600, "text2")
        ink.text(area.left() + 12, 43, f"at {first}", 12, 400, "text3")
        ink.text(area.right() - 12, 36, since, 24, 700, "text", RIGHT)

    def _cell(
        self,
        ink: Ink,
        area: QRectF,
        title: str,
        token: str,
        figure: Figure,
        alarm: ActiveAlarm | None,
    ) -> None:
        tokens, tone = self.theme.tokens, None
        ink.box(area, "panel", "line")
        if figure.freshness is Freshness.STALE:
            ink.hatch(area.adjusted(2, 2, -2, -2), "grid_fine", 10, 3)
        if alarm is not None:
            fill, on_fill = tokens.alarm(alarm.priority)
            if alarm.priority == "high" and alarm.signals:
                ink.box(area, fill, tokens.alarm_edge if self.theme.night else fill, 2)
                tone = on_fill
            else:
                if not self.theme.night:
                    ink.box(area, None, tokens.alarm_edge, 5)
                ink.box(area.adjusted(1, 1, -1, -1), None, fill, 3)
        elif figure.freshness in CLOCKED:
            ink.box(area, None, "text3", 2, dashed=True)
        stars = f"{words.STARS[alarm.priority]} " if alarm else ""
        if alarm is not None and tone is None:
            fill, on_fill = tokens.alarm(alarm.priority)
            used = ink.chip(area.left() + 11, 18, f"{stars}{title}", fill, on_fill, 12, 700, 4)
        else:
            used = ink.text(area.left() + 12, 22, f"{stars}{title}", 13, 600, tone or token)
        strong = tone or FIGURE_TONE[figure.freshness]
        x = area.left() + 12 + max(used, 58) + 10
        x += ink.text(x, 37, figure.text, 30, 600, strong) + 12
        below = figure.below or ("live" if figure.freshness is Freshness.FRESH else figure.source)
        source = figure.source.split(" · ")[0]
        ink.text(area.left() + 12, 43, source, 12, 400, tone or "text3", room=max(used, 58))
        ink.text(x, 24, below, 12, 600, tone or "text", room=area.right() - x - 8)
        ink.text(
            x, 42, figure.more or figure.mean, 12, 400, tone or "text2", room=area.right() - x - 8
        )


def _source(view: SessionView, key: str) -> str:
    value = view.values.get(key)
    return value.source if value else ""
