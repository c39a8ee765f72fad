"""The window notices that it stood still, and says so in the record of each running session."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer

from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.station import Station

LOOK_MS = 500
#: Computer seconds between two looks from which on the screen was not to be trusted.
STILL_S = 3.0


class Stillness(QObject):
    """Looks at the time from the event loop: a look that is late means that nothing was drawn and
    no key was heard. Recording, alarms and tones have threads of their own and went on."""

    def __init__(self, station: Station, sessions: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._station, self._sessions = station, sessions
        self._looked_at = station.clock.now()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    def end(self) -> None:
        self._timer.stop()

    def _look(self) -> None:
        clock = self._station.clock
        now, before = clock.now(), self._looked_at
        self._looked_at = now
        still_s = clock.real((now - before).total_seconds())
        if still_s <= STILL_S:
            return
        for session in self._sessions():
            body = {"event": "window_late", "for_s": round(still_s, 1)}
            self._station.submit(session, Draft("audit", now, PROGRAM, body))
