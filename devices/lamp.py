"""A nurse-call lamp or relay on the RTS or DTR line of a serial port of its own."""

from __future__ import annotations

import atexit
import errno
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

import serial

from devices.port import CLOSING_FAULTS, OPENING_FAULTS, PortError, PortFinder, refusal
from devices.timing import Clock

#: Time between two attempts to open the port.
RETRY = timedelta(seconds=3)
#: A driver that has not come back for so long hangs.
HANG = timedelta(seconds=3)
#: Without a tick for so long nobody watches any more: a fail-safe relay drops.
UNWATCHED = timedelta(seconds=5)
#: Seconds between two looks of the thread when nobody wakes it.
LOOK_S = 1.0
#: Seconds of the computer that ``close`` waits for the line to be released.
CLOSE_S = 1.0

#: Kinds of port that have modem lines; sockets take a setting and do nothing with it.
_WITH_LINES = ("rfc2217", "loop", "spy")


class LampLine(StrEnum):
    """The line that is switched."""

    RTS = "rts"
    DTR = "dtr"


@dataclass(frozen=True, slots=True)
class LampState:
    """``off``: not open (yet, or any more); ``ready``; ``failed``: why and what to do, in words."""

    word: Literal["off", "ready", "failed"]
    reason: str = ""


class Lines(Protocol):
    """An open port, as far as its two lines go: setting one acts at once, or is an ``OSError``."""

    rts: bool
    dtr: bool

    def close(self) -> None: ...


Opener = Callable[[str], Lines]


class Lamp:
    """Switches one line of a port that nothing else uses; its thread keeps trying until `close`.

    ``normally_on`` is for a fail-safe relay: the line is active while all is well and drops when
    the lamp is wanted, when nobody calls :meth:`tick` for 5 s, when the program ends and when the
    power fails. All methods are for one thread and return at once, but for :meth:`close` (1 s at
    most): a driver that hangs holds only the lamp's own thread. Raises ``ValueError`` for a kind
    of port that has no such lines.
    """

    def __init__(
        self,
        port: str,
        line: LampLine,
        clock: Clock,
        *,
        normally_on: bool = False,
        opener: Opener | None = None,
        finder: PortFinder | None = None,
    ) -> None:
        if "://" in port and port.split("://", 1)[0] not in _WITH_LINES:
            raise ValueError(
                f"{port} has no RTS or DTR line for a lamp: choose a serial port of this computer"
            )
        self._port, self._line, self._clock = port, LampLine(line), clock
        self._normally_on = normally_on
        self._opener = opener or open_lines
        self._finder = finder or PortFinder(port)
        # Each of these is written by one thread and read by the other, whole.
        self._wanted = False
        self._watched_at = clock.now()
        self._busy_since: datetime | None = None
        self._state = LampState("off", "the port is being opened")
        self._hangs: LampState | None = None
        self._lit: bool | None = None
        self._stopping = threading.Event()
        #: Wakes the thread; what it is to do stands in the fields above.
        self._wake: queue.Queue[None] = queue.Queue(maxsize=1)
        self._lines: Lines | None = None
        self._next_try: datetime | None = None
        self._thread = threading.Thread(target=self._run, name="lamp", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def normally_on(self) -> bool:
        """Whether the line is active while all is well."""
        return self._normally_on

    @property
    def state(self) -> LampState:
        """Whether the lamp can be relied on now."""
        return self._hangs or self._state

    @property
    def lit(self) -> bool | None:
        """Whether the lamp was last switched on or off; ``None`` while the port is not open."""
        return None if self._hangs else self._lit

    def want(self, on: bool) -> None:
        """Have the lamp on or off, now or as soon as the port is open."""
        self._wanted = on
        self._rouse()

    def tick(self, now: datetime) -> None:
        """To be called about once a second: notices a driver that hangs, and an adapter gone."""
        self._watched_at = now
        busy = self._busy_since
        if not self._thread.is_alive() and not self._stopping.is_set():
            self._hangs = LampState("failed", "a fault of the program ended the lamp: restart it")
        elif busy is None or now - busy < HANG:
            self._hangs = None
        else:
            self._hangs = LampState(
                "failed",
                f"the driver of port {self._port} does not answer: unplug the adapter and plug it"
                " in again",
            )
        self._rouse()

    def close(self) -> None:
        """Release the line and the port. May be called again."""
        atexit.unregister(self.close)
        self._stopping.set()
        self._rouse()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            self._hangs = LampState(
                "failed",
                f"port {self._port} could not be released: its driver does not answer",
            )
        else:
            self._hangs = None

    def _rouse(self) -> None:
        with suppress(queue.Full):  # it is awake already and will see what was written before
            self._wake.put_nowait(None)

    # The thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._attempt()
            with suppress(queue.Empty):
                self._wake.get(timeout=self._clock.real(LOOK_S))
        self._busy_since = self._clock.now()
        self._release()
        self._busy_since = None
        self._state = LampState("off", "the lamp is not in use")

    def _attempt(self) -> None:
        """Open the port if it is time, and set the line as it is wanted now."""
        now = self._clock.now()
        if self._lines is None and self._next_try is not None and now < self._next_try:
            return
        self._busy_since = now
        try:
            if self._lines is None:
                self._open()
            self._set()
        except PortError as error:
            self._release()
            self._next_try = now + RETRY
            self._state = LampState("failed", str(error))
        else:
            self._state = LampState("ready")
        finally:
            self._busy_since = None

    def _open(self) -> None:
        """Both lines inactive: the other one may lead to something else."""
        url = self._finder.find()
        try:
            self._lines = self._opener(url)
        except OPENING_FAULTS as fault:
            raise refusal(url, fault) from fault
        try:
            self._lines.rts = False
            self._lines.dtr = False
        except OPENING_FAULTS as fault:
            raise _no_lines(url, fault) from fault
        self._finder.opened(url)

    def _set(self) -> None:
        """Each time anew, though nothing may have changed: that is how an adapter gone is seen."""
        lines = self._lines
        if lines is None or self._stopping.is_set():
            return
        # Where nobody watches, a fail-safe relay tells; a plain lamp has nothing to tell.
        watched = self._clock.now() - self._watched_at < UNWATCHED
        lit = self._wanted or (self._normally_on and not watched)
        try:
            setattr(lines, self._line.value, lit is not self._normally_on)
        except OPENING_FAULTS as fault:
            raise PortError(
                f"port {self._port} of the lamp is gone", "plug the adapter in again", absent=True
            ) from fault
        self._lit = lit

    def _release(self) -> None:
        """Both lines inactive and the port closed, whatever state it is in."""
        lines, self._lines, self._lit = self._lines, None, None
        if lines is None:
            return
        with suppress(*CLOSING_FAULTS):  # an adapter that is gone has let go of its lines
            lines.rts = False
            lines.dtr = False
        with suppress(*CLOSING_FAULTS):
            lines.close()


def open_lines(url: str) -> Lines:
    """The port with both lines inactive from the start, for us alone. Raises as pyserial does.

    The system itself may raise both for a moment while it opens a port.
    """
    line = serial.serial_for_url(url, do_not_open=True, exclusive=True)
    line.rts = False
    line.dtr = False
    line.open()
    made: Lines = line
    return made


def _no_lines(url: str, fault: BaseException) -> PortError:
    code = getattr(fault, "errno", None)
    if code in (errno.ENOTTY, errno.EINVAL):
        return PortError(
            f"port {url} has no RTS and DTR lines (a pseudo-terminal has none)",
            "choose a real serial port or USB adapter",
        )
    return PortError(
        f"the lines of port {url} cannot be set", "check the adapter, then plug it in again"
    )
