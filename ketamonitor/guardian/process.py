"""The guard's process: runs the window as its child, sounds when it is silent, starts it again."""

from __future__ import annotations

import importlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Protocol

from devices.timing import Clock
from ketamonitor.guardian.beats import HERE, heard
from ketamonitor.guardian.signs import ShowCommand, Signs, say
from ketamonitor.guardian.watch import DEATHS, HANG, WITHIN, Next, Watch

if TYPE_CHECKING:
    from ketamonitor.signals.player import SoundState
    from ketamonitor.signals.settings import SignalSettings

#: Seconds between two looks where nothing comes.
LOOK_S = 0.25
TICK = timedelta(seconds=1)
#: A look that is so late means that the guard itself stood still.
SLEPT = timedelta(seconds=2)
TONE = "guard"

#: Gives the command line of a window that goes back into these sessions.
Command = Callable[[tuple[str, ...]], Sequence[str]]


class Alarm(Protocol):
    """What sounds the guard's tone: a :class:`~ketamonitor.signals.player.Player`."""

    @property
    def state(self) -> SoundState: ...

    def want(self, tone: str | None) -> None: ...

    def tick(self, now: datetime) -> object: ...

    def close(self) -> None: ...


#: Makes it, of the settings file that the window named (``None``: it has named none yet).
OpenAlarm = Callable[[Path | None, Clock], Alarm]


def open_alarm(path: Path | None, clock: Clock) -> Alarm:
    """A player on the nurse's output. Where tones are switched off for this computer the guard
    sounds all the same: what it says cannot be seen on any screen."""
    # Imported when the window is on its way: it is to be there first.
    from ketamonitor.signals.player import Player
    from ketamonitor.signals.settings import SignalSettings, read_settings

    try:
        sound = (read_settings(path) if path is not None else SignalSettings()).sound
    except ValueError as error:
        say(str(error))
        sound = SignalSettings().sound
    return Player(sound.nurse, sound.volume, clock)


class Guard:
    """Runs until the window is closed, :meth:`stop`, or SIGINT or SIGTERM in :func:`guarded`.

    ``clock`` counts the computer's seconds. Raises ``OSError`` where the window cannot be started
    at all.
    """

    def __init__(
        self,
        command: Command,
        clock: Clock,
        alarm: OpenAlarm = open_alarm,
        show: ShowCommand | None = None,
    ) -> None:
        self._command, self._clock, self._open_alarm = command, clock, alarm
        self._show = show
        self._signs: Signs | None = None
        # Lines with the number of the window they are of; a dead one's last words count no more.
        self._inbox: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self._number = 0
        self._watch = Watch()
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._settings: Path | None = None
        self._alarm: Alarm | None = None
        self._soundless = False
        self._next_tick = self._looked_at = clock.now()
        self._killed = False
        self._stop_at: datetime | None = None
        self._asked_to_stop = False

    def stop(self, *_: object) -> None:
        """End the window and then the guard; from any thread, or as a signal handler."""
        self._asked_to_stop = True
        self._inbox.put((0, ""))

    def run(self, sessions: tuple[str, ...] = ()) -> int:
        """The exit status: the window's own, 128 and the signal where one ended it.

        ``sessions`` are those that the first window goes into.
        """
        self._start(sessions)
        importlib.import_module("ketamonitor.signals.player")  # now, and not when it is needed
        try:
            while True:
                self._take()
                now = self._clock.now()
                if now - self._looked_at > SLEPT:
                    self._watch.slept(now)
                self._looked_at = now
                status = self._ended()
                if status is not None and (own := self._after(status, now)) is not None:
                    return own
                if self._child is None and self._asked_to_stop:
                    return 1  # the window had died too often; whoever ends the guard knows
                self._care(now)
                self._sound(self._watch.sounds(now), now)
        finally:
            self._sound(False, self._clock.now())
            if self._reader is not None:
                self._reader.join(1)

    # What comes from the window --------------------------------------------------------------

    def _start(self, sessions: tuple[str, ...]) -> None:
        self._child = subprocess.Popen(
            self._command(sessions),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        os.set_blocking(self._child.stdin.fileno(), False)
        self._killed = False
        self._number += 1
        self._watch.started(self._clock.now())
        self._reader = threading.Thread(
            target=self._read,
            args=(self._child.stdout, self._number),
            name="heartbeat",
            daemon=True,
        )
        self._reader.start()

    def _read(self, pipe: IO[str], number: int) -> None:
        with pipe:
            for line in pipe:
                self._inbox.put((number, line))
        self._inbox.put((number, ""))  # the end: somebody should look why

    def _take(self, wait_s: float = LOOK_S) -> None:
        """All lines that wait; returns at once where there are any, else after a while."""
        try:
            self._hear(*self._inbox.get(timeout=wait_s))
            while True:
                self._hear(*self._inbox.get_nowait())
        except queue.Empty:
            pass  # nothing (more) was said: that is an answer

    def _hear(self, number: int, line: str) -> None:
        said = heard(line)
        if said is None or number != self._number:
            return
        if said.what == "beat":
            self._watch.beat(said.sessions, self._clock.now())
            self._answer()
        elif said.what == "gone":
            for session in said.sessions:
                self._watch.gone(session)
        else:
            self._settings = said.path

    def _answer(self) -> None:
        if self._child is None or self._child.stdin is None:
            return
        try:
            os.write(self._child.stdin.fileno(), HERE)
        except OSError:
            # It reads no answers, or has just died: its heartbeat and its end say so themselves.
            return

    def _ended(self) -> int | None:
        """The status of a window that has just ended, once; its last words have been heard."""
        child, reader = self._child, self._reader
        if child is None or reader is None or child.poll() is None:
            return None
        reader.join(1)
        self._take(0)
        if child.stdin is not None:
            child.stdin.close()
        self._child = None
        return child.returncode

    # What follows ----------------------------------------------------------------------------

    def _after(self, status: int, now: datetime) -> int | None:
        """The guard's own exit status, or ``None`` where it goes on."""
        follows = self._watch.ended(status, now)
        own = status if status >= 0 else 128 - status
        if self._asked_to_stop or follows is Next.END:
            if status < 0 and not self._asked_to_stop:
                say(f"the window was ended by {_signal(status)}")
            return own
        self._sound(True, now)  # before anything that takes time
        died = f"the window {_how(status)} while a session was running"
        if follows is Next.AGAIN:
            say(f"{died}; it is started again")
            self._start(self._watch.missing)
        else:
            say(
                f"{died}, {DEATHS} times within {WITHIN.seconds} s, and is not started again:"
                f" watch the bedside monitor, see the log, then start KetaMonitor anew and"
                f" resume {', '.join(self._watch.missing)}. End this process to stop the tone"
            )
        return None

    def _care(self, now: datetime) -> None:
        """End a window that hangs, or that is to end and does not."""
        child = self._child
        if child is None:
            return
        if self._asked_to_stop and self._stop_at is None:
            self._stop_at = now
            child.terminate()
        late = self._stop_at is not None and now - self._stop_at > HANG
        if not self._killed and (late or self._watch.hangs(now)):
            self._killed = True
            say("the window does not answer and is ended")
            child.kill()

    def _sound(self, on: bool, now: datetime) -> None:
        """The device is opened only when it is needed: it may be the window's alone."""
        if on and self._alarm is None:
            if self._child is not None and not self._watch.missing:
                say("no heartbeat of the window: monitoring stopped")
            self._alarm = self._open_alarm(self._settings, self._clock)
            self._alarm.want(TONE)
        elif on and self._alarm is not None and now >= self._next_tick:
            self._next_tick = now + TICK
            self._alarm.tick(now)
            if self._alarm.state.state == "failed" and not self._soundless:
                self._soundless = True
                say(f"the guard has no sound: {self._alarm.state.text}")
            self._sign(now)
        elif not on and self._alarm is not None:
            self._alarm.close()
            self._alarm, self._soundless = None, False
            if self._signs is not None:
                self._signs.end()
                self._signs = None

    def _sign(self, now: datetime) -> None:
        """What is shown where nothing is heard, for as long as that is so."""
        assert self._alarm is not None
        if self._alarm.state.state == "failed":
            if self._signs is None:
                self._signs = Signs(self._show, self._settings_read().lamp, self._clock)
            self._signs.show(now)
        elif self._signs is not None:
            self._signs.end()
            self._signs = None

    def _settings_read(self) -> SignalSettings:
        from ketamonitor.signals.settings import SignalSettings, read_settings

        try:
            return read_settings(self._settings) if self._settings else SignalSettings()
        except ValueError:
            return SignalSettings()  # told when the sound was opened


def guarded(
    command: Command,
    clock: Clock,
    sessions: tuple[str, ...] = (),
    alarm: OpenAlarm = open_alarm,
    show: ShowCommand | None = None,
) -> int:
    """Run the window under a guard; SIGINT and SIGTERM end both cleanly. The exit status."""
    guard = Guard(command, clock, alarm, show)

    def handler(number: int, frame: FrameType | None) -> None:
        guard.stop()

    before = {s: signal.signal(s, handler) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        return guard.run(sessions)
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _how(status: int) -> str:
    return f"ended with status {status}" if status >= 0 else f"was ended by {_signal(status)}"


def _signal(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
