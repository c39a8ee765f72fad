"""The thread that keeps one port open and turns its bytes into readings."""

from __future__ import annotations

import logging
import queue
import select
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ParamSpec, Protocol, TypeVar

from devices.cuff import CuffControl, Step, check_interval
from devices.plausibility import judged
from devices.port import Port, PortError, PortFinder, open_port, speed_unknown
from devices.reading import NOT_UNDERSTOOD, DeviceEvent, LinkState, LinkStatus, Reading
from devices.spec import Command, DriverSpec, LineSettings, Output
from devices.timing import Clock

#: Seconds of the computer between two attempts to open a port.
RETRY_S = 0.4
#: The longest single wait for bytes, in seconds of the computer.
LONGEST_WAIT_S = 0.5
#: A line is quiet when nothing has come for so long (session seconds).
QUIET = timedelta(seconds=1)
SHORTEST_WAIT_S = 0.001
#: Seconds of the computer between two looks at the port after which it or we have stood still.
STILL_S = 3.0
#: So many bytes that came meanwhile are kept at most; no system holds so much for a port.
MOST_STALE = 4 << 20
#: A monitor that gave no reading in so many of its intervals is told of.
USELESS_INTERVALS = 3
#: Bytes kept to be looked at.
RECENT = 256
#: So many bytes without a good frame are another monitor's or of another speed, where quiet says
#: nothing because the monitor seldom speaks.
RUBBISH = 128

Deliver = Callable[[Output | LinkStatus], None]
#: Is told of "open", "rx", "tx" and "command" with the bytes (or the command's name) and the time.
Tap = Callable[[str, bytes, datetime], None]

#: Is told up to when all that came has been delivered; ``None``: nobody listens for a while.
Looked = Callable[[datetime | None], None]
#: Where somebody is told, the longest single wait, in seconds of the computer.
LOOKED_WAIT_S = 0.002

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class Room(Protocol):
    """What is left of the way to whoever takes in what a port delivers. Asked from any thread."""

    @property
    def full(self) -> bool:
        """No more should come."""

    @property
    def free(self) -> bool:
        """What was full can take more."""

    def when_free(self, call: Callable[[], None]) -> None:
        """``call`` is made, from any thread, each time what was full has become free."""


class _DecoderFaultError(Exception):
    """Our own decoder failed, not the line."""


@dataclass(frozen=True, slots=True)
class _Interval:
    """At what interval the program is to start the cuff from now on."""

    every: timedelta | None


class PortReader(threading.Thread):
    """Opens the port, talks to the monitor and delivers until :meth:`stop`, whatever happens.

    ``deliver`` and ``on_bytes`` are called on this thread. A link begins as *connecting*, is
    *identifying* once the port is open and *connected* at the first good frame; *silent* when none
    came for the driver's ``silent_after_s`` (session seconds), *lost* when the port is not there.
    Only changes are delivered. A lost port is tried again for ever. :attr:`opened` is done after
    the first attempt to open the port, with its :class:`PortError` if it failed. ``ready`` is the
    port where the caller has opened it already, at ``ready_at``, and told the finder so.

    ``looked`` is called, on this thread, before each wait for bytes.

    While there is no ``room`` for more the port is left unread, which holds the sender back or, on
    a plain serial line, loses what it sends; all else goes on: stop, commands, the end of the link.

    ``line`` replaces the driver's own line settings. With ``listen_only`` nothing is ever sent:
    another program asks the monitor, and this one hears the answers.
    """

    def __init__(
        self,
        spec: DriverSpec,
        source: str,
        port: str,
        clock: Clock,
        deliver: Deliver,
        on_bytes: Tap | None = None,
        finder: PortFinder | None = None,
        ready: Port | None = None,
        ready_at: datetime | None = None,
        line: LineSettings | None = None,
        listen_only: bool = False,
        room: Room | None = None,
        looked: Looked | None = None,
    ) -> None:
        super().__init__(name=f"reader-{source}", daemon=True)
        self._room, self._held = room, False
        self._looked = looked
        self._line = line or spec.line
        self._listen_only = listen_only
        self._ready, self._ready_at = ready, ready_at
        self._spec = spec
        self.source = source
        self.opened: Future[None] = Future()
        self._url = port
        self._clock = clock
        self._deliver = deliver
        self._tap = on_bytes
        self._finder = finder or PortFinder(port)
        self._decoder = spec.decoder(source)
        self._cuff = CuffControl(source, spec.commands)
        self._commands: queue.SimpleQueue[Command | _Interval] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._state: tuple[LinkState, str] | None = None
        if room is not None:
            room.when_free(self._rouse)
        #: The last bytes that came in and when the newest of them did, for a page that shows them.
        self.recent: tuple[bytes, datetime | None] = (b"", None)

    def command(self, command: Command) -> None:
        """Asks the monitor for something, from any thread. Raises ``ValueError`` if it cannot.

        A start while a cuff reading runs or within 30 s of one is answered by a ``refused`` event.
        """
        self._check(command)
        self._commands.put(command)
        self._rouse()

    def every(self, interval: timedelta | None) -> None:
        """Starts the cuff each ``interval``, announced by an event, until told ``None``.

        From any thread. Raises ``ValueError`` if the monitor cannot, or the interval is too short.
        """
        if interval is not None:
            self._check(Command.START_NIBP)
            check_interval(interval, self._spec.commands)
        self._commands.put(_Interval(interval))
        self._rouse()

    def _check(self, command: Command) -> None:
        if command not in self._spec.commands:
            raise ValueError(f"{self._spec.title} takes no command {command.value}")
        if self._listen_only:
            raise ValueError(f"{self.source} is only listened to: nothing can be sent to it")

    def stop(self) -> None:
        """Ends the thread at once, closes the port and waits for both."""
        self._stopping.set()
        self._rouse()
        if self.ident is None:
            self.opened.cancel()
            self._close_wakers()
        elif self is not threading.current_thread():
            self.join()

    def run(self) -> None:
        self._status(LinkState.CONNECTING, f"opening {self._url}")
        try:
            while not self._stopping.is_set():
                self._try()
                if not self._stopping.is_set():
                    self._pause()
        finally:
            self.opened.cancel()  # stopped before the first attempt: nobody waits for ever
            self._close_wakers()

    def _try(self) -> None:
        try:
            port, since = self._ready, self._ready_at
            self._ready = self._ready_at = None
            if port is None:
                self._url = self._finder.find()
                port = open_port(self._url, self._line)
                self._finder.opened(self._url)
            try:
                if not self.opened.done():
                    self.opened.set_result(None)
                self._converse(port, since)
                self._part(port)
            finally:
                port.close()
                if self._looked is not None:
                    self._looked(None)
        except PortError as fault:
            if not self.opened.done():
                self.opened.set_exception(fault)
            if not (fault.absent and self._is_lost):  # why it was lost says more
                self._status(LinkState.LOST, str(fault))
        except _DecoderFaultError as fault:
            self._decoder = self._spec.decoder(self.source)
            self._status(LinkState.LOST, str(fault))
        self._refuse_commands()

    def _converse(self, port: Port, since: datetime | None) -> None:
        """Sends and receives until the port breaks or the reader is stopped.

        ``since`` is when the port was opened, where that was not just now.
        """
        decoder, clock = self._decoder, self._clock
        quiet_s = self._spec.silent_after_s
        silence = timedelta.max if quiet_s is None else timedelta(seconds=quiet_s)
        now = clock.now()
        self._note("open", b"", since or now)
        self._ask(decoder.connected, since or now)
        self._follow(self._cuff.connected(now), now)
        frames, heard_at, noise, opened = decoder.frames, now, 0, False
        looked_frames = frames
        last_byte_at: datetime | None = None
        connected_at: datetime | None = None  # since when it is a monitor that gave no reading
        promised = any(not one.episodic and not one.transient for one in self._spec.metrics)
        useless = timedelta(seconds=USELESS_INTERVALS * self._spec.interval_s)
        while not self._stopping.is_set():
            self._pass_commands(now)
            while step := self._cuff.due(now):
                self._follow(step, now)
            request = b"" if self._listen_only else self._ask(decoder.outgoing, now)
            self._send(port, request, now)
            if not opened:
                opened = True
                self._status(LinkState.IDENTIFYING, "waiting for the monitor to answer")
            pause = min((silence - (now - heard_at)).total_seconds(), self._cuff.wait(now))
            if not self._listen_only:
                pause = min(pause, self._ask(decoder.wait, now))
            seconds = min(max(clock.real(pause), SHORTEST_WAIT_S), LONGEST_WAIT_S)
            if self._looked is not None:
                self._looked(now)
                seconds = min(seconds, LOOKED_WAIT_S)
            asked_at = now
            if self._must_wait():
                # Nothing is heard because nobody listens: that is no silence of the monitor's.
                heard_at = clock.now()
                seconds = min(LONGEST_WAIT_S, seconds) if self._looked else LONGEST_WAIT_S
                broken = port.broken(seconds, self._wake)
                now = clock.now()
                if not broken and not self._stood_still(asked_at, now):
                    continue
            for words in port.looked(now, good=decoder.frames != looked_frames):
                self._deliver(DeviceEvent(self.source, "monitor_alarm", words, now))
            looked_frames = decoder.frames
            data = port.read(seconds, self._wake)
            now = clock.now()
            if self._stood_still(asked_at, now):
                self._leave_out(port, data, now)
                frames, heard_at, noise, last_byte_at = decoder.frames, now, 0, None
                continue
            # Where nothing marks the end of a message silence does: the decoder is told once.
            ended = not data and last_byte_at is not None and now - last_byte_at >= QUIET
            if data or ended:
                last_byte_at = now if data else None
            if data or (ended and decoder.pending):
                self._note("rx", data, now)
                if data:
                    self.recent = ((self.recent[0] + data)[-RECENT:], now)
                outputs = self._ask(decoder.feed, data, now)
                noise += len(data)
                was_silent = self._state is not None and self._state[0] is LinkState.SILENT
                is_back = was_silent and decoder.frames != frames
                if decoder.frames != frames:
                    frames, heard_at, noise = decoder.frames, now, 0
                    if self._state is None or self._state[0] is not LinkState.CONNECTED:
                        self._status(LinkState.CONNECTED, "")
                        connected_at = now if promised else None
                for output in outputs:
                    if isinstance(output, Reading) and connected_at is not None:
                        connected_at = None
                        self._status(LinkState.CONNECTED, "")
                    self._deliver(judged(output))
                    self._follow(self._cuff.saw(output, now), now)
                if is_back:
                    self._follow(self._cuff.back(now), now)
            if connected_at is not None and now - connected_at >= useless:
                self._status(LinkState.CONNECTED, self._why_no_reading())
            rubbish = quiet_s is None and noise >= RUBBISH
            if now - heard_at >= silence or rubbish:
                self._status(LinkState.SILENT, self._why_silent(noise))
                heard_at = now  # so that waiting goes on at its usual pace

    def _stood_still(self, since: datetime, now: datetime) -> bool:
        """Whether the computer slept or this program was stopped (no wait takes so long)."""
        return self._clock.real((now - since).total_seconds()) > STILL_S

    def _leave_out(self, port: Port, data: bytes, now: datetime) -> None:
        """What came meanwhile is of nobody knows when: kept as it came, and no value is made of it.
        Then all begins as on a port that has just been opened."""
        while more := port.read(0, self._wake):
            data += more
            if len(data) > MOST_STALE:
                raise PortError("too much came in a standstill", "it is opened anew")
        if data:
            self._note("stale", data, now)
            text = (
                f"{len(data)} bytes that came while monitoring stood still were not taken as "
                "values: nobody knows when each was measured"
            )
            self._deliver(DeviceEvent(self.source, "not_taken", text, now))
        self._note("open", b"", now)
        self._ask(self._decoder.connected, now)
        self._follow(self._cuff.connected(now), now)

    def _must_wait(self) -> bool:
        if self._room is not None:
            self._held = not self._room.free if self._held else self._room.full
        return self._held

    def _why_no_reading(self) -> str:
        return (
            f"a {self._spec.name} answers, but no reading has come of it: check what the monitor "
            "is set to send, and its sensor"
        )

    def _why_silent(self, noise: int) -> str:
        line, seconds = self._line, self._spec.silent_after_s
        network = speed_unknown(self._url)
        if noise and network:
            return (
                f"{NOT_UNDERSTOOD} {self._spec.name}: check the driver and what the sender is set "
                "to send"
            )
        if network:
            return (
                f"nothing from the monitor for {seconds:g} s: check that it is on, that it sends "
                "to this address and port number, and the network"
            )
        if noise:
            return (
                f"{NOT_UNDERSTOOD} {self._spec.name}: check the driver and that the monitor's "
                f"port is set to {line}"
            )
        return f"nothing from the monitor for {seconds:g} s: check that it is on, and the cable"

    def _ask(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A call into the decoder. A bug there must not end the recording of a session."""
        try:
            return ask(*args, **kwargs)
        except Exception as fault:  # noqa: BLE001  # delivered and logged below
            trace = fault.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
            name = type(fault).__name__
            # no message and no arguments: they may hold what the monitor sent of a patient
            log.error("decoder fault in %s: %s at %s", self._spec.name, name, where)
            raise _DecoderFaultError(f"decoder fault: {name}") from None

    def _pass_commands(self, now: datetime) -> None:
        with suppress(queue.Empty):
            while True:
                wanted = self._commands.get_nowait()
                if isinstance(wanted, _Interval):
                    self._cuff.every(wanted.every, now)
                else:
                    self._follow(self._cuff.ask(wanted, now), now)

    def _follow(self, step: Step | None, now: datetime) -> None:
        """Does what the control of the cuff decided."""
        if step is None:
            return
        if step.event is not None:
            self._deliver(step.event)
        if step.command is not None:
            self._note("command", step.command.value.encode("ascii"), now)
            self._ask(self._decoder.command, step.command)

    def _part(self, port: Port) -> None:
        """Leaves the monitor as it was: no cuff inflating for us, nothing sent on for nobody."""
        if self._listen_only:
            return
        now, last = self._clock.now(), b""
        if self._cuff.ours(now) and Command.CANCEL_NIBP in self._spec.commands:
            # as on a new connection: a stop does not wait for the answer to a poll
            self._note("open", b"", now)
            self._ask(self._decoder.connected, now)
            self._follow(Step(command=Command.CANCEL_NIBP), now)
            while request := self._ask(self._decoder.outgoing, now):
                last += request
        if self._spec.probe is not None:
            last += self._spec.probe.farewell
        self._send(port, last, now)
        port.settle(len(last), self._line.baud)

    def _send(self, port: Port, request: bytes, now: datetime) -> None:
        if request:
            self._note("tx", request, now)
            port.write(request)

    def _refuse_commands(self) -> None:
        """A command must not be carried out minutes later, when the cable is back."""
        with suppress(queue.Empty):
            while True:
                command = self._commands.get_nowait()
                if isinstance(command, _Interval):
                    self._cuff.every(command.every, self._clock.now())
                    continue
                words = command.value.replace("_", " ")
                text = f"{words} was not sent: there is no connection to the monitor"
                self._deliver(DeviceEvent(self.source, "refused", text, self._clock.now()))

    @property
    def _is_lost(self) -> bool:
        return self._state is not None and self._state[0] is LinkState.LOST

    def _status(self, state: LinkState, reason: str) -> None:
        before, self._state = self._state, (state, reason)
        if before == self._state or (before and before[0] is state is LinkState.SILENT):
            return
        self._deliver(LinkStatus(self.source, state, reason, self._url, self._clock.now()))

    def _note(self, direction: str, data: bytes, at: datetime) -> None:
        if self._tap is not None:
            self._tap(direction, data, at)

    def _pause(self) -> None:
        """Waits before the next attempt; a stop or a command ends the wait."""
        ready, _, _ = select.select([self._wake], [], [], RETRY_S)
        if ready:
            self._wake.recv(4096)
            self._refuse_commands()

    def _rouse(self) -> None:
        with suppress(OSError):  # already ended, or roused often enough
            self._waker.send(b"x")

    def _close_wakers(self) -> None:
        self._wake.close()
        self._waker.close()
