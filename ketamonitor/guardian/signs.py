"""What the guard shows where it has no sound: a window of its own, the terminal, the lamp."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from devices.timing import Clock

if TYPE_CHECKING:
    from devices.lamp import Lamp
    from ketamonitor.signals.settings import LampSettings

#: The terminal is rung and told again after so long.
AGAIN = timedelta(seconds=10)
STOPPED = (
    "MONITORING STOPPED on this computer, and there is no sound."
    " Watch the bedside monitor and the patient."
)

#: Gives the command line of a process that shows these words in a window, until it is ended.
ShowCommand = Callable[[str], Sequence[str]]


def say(line: str) -> None:
    """One line on standard error."""
    print(f"ketamonitor: {line}", file=sys.stderr, flush=True)


class Signs:
    """Shown from the first :meth:`show` until :meth:`end`; :meth:`show` is called each second.

    ``command`` starts the window in a process of its own: the one that died shares nothing with it.
    Where it cannot be shown (no screen) the terminal is told why, and again each 10 s, with its
    bell. The ``lamp`` is the nurse-call lamp of the settings.
    """

    def __init__(self, command: ShowCommand | None, lamp: LampSettings, clock: Clock) -> None:
        self._command, self._clock = command, clock
        self._window: subprocess.Popen[bytes] | None = None
        self._failed = command is None
        self._told_at: datetime | None = None
        self._lamp = self._lit(lamp)

    def _lit(self, lamp: LampSettings) -> Lamp | None:
        if not lamp.port:
            return None
        from devices.lamp import Lamp, LampLine

        try:
            made = Lamp(lamp.port, LampLine(lamp.line), self._clock, normally_on=lamp.normally_on)
        except ValueError as error:
            say(str(error))
            return None
        made.want(True)
        return made

    def show(self, now: datetime) -> None:
        if self._lamp is not None:
            self._lamp.tick(now)
        if self._window is None and self._command is not None and not self._failed:
            try:
                self._window = subprocess.Popen(
                    self._command(STOPPED), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
                )
            except OSError as error:
                self._failed = True
                say(f"its words cannot be shown in a window: {error.strerror}")
        if self._window is not None and not self._failed and self._window.poll():
            self._failed = True
            say("its words cannot be shown in a window: see the lines above")
        if self._told_at is None or now - self._told_at >= AGAIN:
            self._told_at = now
            say(f"\a{STOPPED}")

    def end(self) -> None:
        if self._window is not None:
            self._window.kill()
            self._window.wait()
        if self._lamp is not None:
            self._lamp.close()
