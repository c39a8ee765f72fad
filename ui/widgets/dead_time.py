"""The moment after a press in which the same press does not count again."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

#: Milliseconds. A double click, a triple click, a finger that bounces and a drumming one come
#: faster; who has read what the page shows now comes later.
DEAD_MS = 600


class DeadTime(QTimer):
    """Double and triple clicks, a bounced touch and a key that is hit twice record one thing.

    A press counts unless it repeats the last one, with nothing between them, within
    :data:`DEAD_MS` of it or of the moment at which the page showed what it had done. A press that
    does not count begins the time anew: whoever drums gets nowhere until they look.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(DEAD_MS)
        self._last: object = None

    def take(self, press: object) -> bool:
        """Whether this press counts. ``press`` says which it is: another one counts at once."""
        again = self.isActive() and press == self._last
        self._last = press
        self.start()
        return not again

    def shown(self) -> None:
        """What the last press did is on the screen: now there is something to read."""
        if self._last is not None:
            self.start()

    def lift(self) -> None:
        """Something else was pressed or typed since: the next press is meant."""
        self._last = None
        self.stop()
