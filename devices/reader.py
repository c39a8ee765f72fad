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
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from devices.plausibility import judged
from devices.port import Port, PortError, PortFinder, open_port
from devices.reading import DeviceEvent, LinkState, LinkStatus
from devices.spec import Command, DriverSpec, LineSettings, Output
from devices.timing import Clock

#: Seconds of the computer between two attempts to open a port.
RETRY_S = 0.4
#: The longest single wait for bytes, in seconds of the computer.
LONGEST_WAIT_S = 0.5
SHORTEST_WAIT_S = 0.001

Deliver = Callable[[Output | LinkStatus], None]
#: Is told of "open", "rx", "tx" and "command" with the bytes (or the command's name) and the time.
Tap = Callable[[str, bytes, datetime], None]

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class _DecoderFaultError(Exception):
    """Our own decoder failed, not the line."""


class PortReader(threading.Thread):
    """Opens the port, talks to the monitor and delivers until :meth:`stop`, whatever happens.

    ``deliver`` and ``on_bytes`` are called on this thread. A link begins as *connecting*, is
    *identifying* once the port is open and *connected* at the first good frame; *silent* when none
    came for the driver's ``silent_after_s`` (session seconds), *lost* when the port is not there.
    Only changes are delivered. A lost port is tried again for ever. :attr:`opened` is done after
    the first attempt to open the port, with its :class:`PortError` if it failed. ``ready`` is the
    port where the caller has opened it already, at ``ready_at``, and told the finder so.

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
    ) -> None:
        super().__init__(name=f"reader-{source}", daemon=True)
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
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._state: tuple[LinkState, str] | None = None

    def command(self, command: Command) -> None:
        """Asks the monitor for something, from any thread. Raises ``ValueError`` if it cannot."""
        if command not in self._spec.commands:
            raise ValueError(f"{self._spec.title} takes no command {command.value}")
        if self._listen_only:
            raise ValueError(f"{self.source} is only listened to: nothing can be sent to it")
        self._commands.put(command)
        self._rouse()

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
            finally:
                port.close()
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
        frames, heard_at, noise, opened = decoder.frames, now, 0, False
        while not self._stopping.is_set():
            self._pass_commands(now)
            request = b"" if self._listen_only else self._ask(decoder.outgoing, now)
            if request:
                self._note("tx", request, now)
                port.write(request)
            if not opened:
                opened = True
                self._status(LinkState.IDENTIFYING, "waiting for the monitor to answer")
            pause = (silence - (now - heard_at)).total_seconds()
            if not self._listen_only:
                pause = min(pause, self._ask(decoder.wait, now))
            seconds = min(max(clock.real(pause), SHORTEST_WAIT_S), LONGEST_WAIT_S)
            data = port.read(seconds, self._wake)
            now = clock.now()
            if data:
                self._note("rx", data, now)
                outputs = self._ask(decoder.feed, data, now)
                noise += len(data)
                if decoder.frames != frames:
                    frames, heard_at, noise = decoder.frames, now, 0
                    self._status(LinkState.CONNECTED, "")
                for output in outputs:
                    self._deliver(judged(output))
            if now - heard_at >= silence:
                self._status(LinkState.SILENT, self._why_silent(noise))
                heard_at = now  # so that waiting goes on at its usual pace

    def _why_silent(self, noise: int) -> str:
        line, seconds = self._line, self._spec.silent_after_s
        if noise:
            return (
                f"what arrives is not {self._spec.name}: check the driver and that the monitor's "
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
                command = self._commands.get_nowait()
                self._note("command", command.value.encode("ascii"), now)
                self._ask(self._decoder.command, command)

    def _refuse_commands(self) -> None:
        """A command must not be carried out minutes later, when the cable is back."""
        with suppress(queue.Empty):
            while True:
                command = self._commands.get_nowait()
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
