"""Opens ports by URL, says in words why one cannot be opened, finds an adapter that moved."""

from __future__ import annotations

import errno
import os
import select
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import serial
from serial.tools import list_ports as pyserial_ports

from devices.spec import LineSettings

try:
    import termios

    _TERMINAL_FAULTS: tuple[type[BaseException], ...] = (termios.error,)
except ImportError:  # Windows
    _TERMINAL_FAULTS = ()

#: What pyserial lets through when a port goes away under it (tried: read, write, in_waiting, flush
#: each raise another one).
PORT_FAULTS: tuple[type[BaseException], ...] = (
    serial.SerialException,
    OSError,
    TypeError,
    *_TERMINAL_FAULTS,
)
#: Also an unreadable URL, and what a kind of port cannot do.
OPENING_FAULTS: tuple[type[BaseException], ...] = (*PORT_FAULTS, ValueError, NotImplementedError)
# a kind of port that cannot do it
CLOSING_FAULTS: tuple[type[BaseException], ...] = (
    *PORT_FAULTS,
    AttributeError,
    NotImplementedError,
)

#: Ports without a file descriptor to wait on (Windows, RFC 2217) are read in slices this long.
SLICE_S = 0.05
PSEUDO_TERMINALS = ("/dev/pts/", "/dev/ttys0")  # Linux, macOS
WRITE_TIMEOUT_S = 1.0
CHUNK = 4096
#: Bytes of a network port that may wait unread: some hundred messages.
UNREAD = 32 * 1024
BITS_PER_BYTE = 11  # start, eight, parity, stop


class PortError(Exception):
    """A port that cannot be opened or has gone: the reason, and what to do about it.

    ``absent`` is true where there is nothing of that name (now).
    """

    def __init__(self, reason: str, remedy: str, *, absent: bool = False) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.absent = absent


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A port of this computer as the system lists it; USB fields are ``None`` for others."""

    device: str
    description: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None

    @property
    def adapter(self) -> tuple[object, ...] | None:
        """What tells this USB adapter from all others; ``None`` if nothing does.

        Without a serial number of its own an adapter is known by the socket it is plugged into.
        """
        if self.vid is None:
            return None
        if self.serial_number:
            return (self.vid, self.pid, self.serial_number)
        return (self.vid, self.pid, "at", self.location) if self.location else None


def list_ports() -> list[PortInfo]:
    """The serial ports of this computer, in the order of their names."""
    return [
        PortInfo(
            device=port.device,
            description=port.description or "",
            vid=port.vid,
            pid=port.pid,
            serial_number=port.serial_number,
            location=port.location,
        )
        for port in sorted(pyserial_ports.comports())
    ]


class PortFinder:
    """Knows the adapter behind a port name, and finds it when it has come back under another."""

    def __init__(self, url: str, ports: Callable[[], Iterable[PortInfo]] = list_ports) -> None:
        self._url = url
        self._ports = ports
        self._adapter: tuple[object, ...] | None = None

    def opened(self, url: str) -> None:
        """Remembers the adapter at the first successful opening of ``url``."""
        if self._adapter is None:
            self._adapter = next(
                (port.adapter for port in self._ports() if same_port(port.device, url)), None
            )

    def find(self) -> str:
        """The URL to open now. Raises :class:`PortError` while the known adapter is not there.

        It then does not fall back on the old name: another monitor's adapter may have taken it.
        """
        if self._adapter is None:
            return self._url
        found = [port.device for port in self._ports() if port.adapter == self._adapter]
        if not found:
            raise PortError(
                f"the adapter of {self._url} is not plugged in", "plug it in again", absent=True
            )
        return self._url if any(same_port(name, self._url) for name in found) else found[0]


class Port:
    """An open port. Everything that can go wrong with it is a :class:`PortError`."""

    # pyserial's classes share no type that has all of these methods, hence Any.
    def __init__(self, line: Any, url: str) -> None:
        self._line = line
        self._url = url
        self._descriptor = int(line.fileno()) if _has_descriptor(url) else None

    def read(self, seconds: float, wake: socket.socket) -> bytes:
        """What has arrived, or arrives within ``seconds`` of the computer; at once on ``wake``."""
        try:
            if self._descriptor is None:
                return bytes(self._line.read(max(1, self._line.in_waiting)))
            ready, _, _ = select.select([self._descriptor, wake.fileno()], [], [], seconds)
            if wake.fileno() in ready:
                wake.recv(CHUNK)
            return bytes(self._line.read(CHUNK)) if self._descriptor in ready else b""
        except PORT_FAULTS as fault:
            raise self._lost(fault) from fault

    def broken(self, seconds: float, wake: socket.socket) -> bool:
        """Waits without reading, until ``wake`` or the line has gone (which a read then tells).

        A far end that only says that no more will come has not gone: what it sent can be read.
        """
        return hung_up(self._descriptor, seconds, wake)

    def looked(self, now: datetime, *, good: bool) -> list[str]:
        """Takes note of the time and of a ``good`` frame; what there is to tell in words."""
        return []

    def write(self, data: bytes) -> None:
        try:
            self._line.write(data)
        except PORT_FAULTS as fault:
            raise self._lost(fault) from fault

    def settle(self, count: int, baud: int) -> None:
        """Waits for the time in which ``count`` bytes leave the line, before it is closed.

        Computed, since a driver that waits for a handshake can take 30 s to answer.
        """
        if count and self._descriptor is not None and "://" not in self._url:
            select.select([], [], [], count * BITS_PER_BYTE / baud + SLICE_S)

    def close(self) -> None:
        """Closes the port; unsent bytes are thrown away, for waiting on them can take 30 s."""
        try:
            self._line.reset_output_buffer()
        except CLOSING_FAULTS:
            pass  # there is nothing to throw away on a port that has gone or is a socket
        finally:
            sender = getattr(self._line, "_socket", None)
            self._line.close()
            if sender is not None:  # pyserial leaves one open that the far end has reset
                sender.close()

    def _lost(self, fault: BaseException) -> PortError:
        if isinstance(fault, serial.SerialTimeoutException):
            return PortError(
                "the monitor does not take what is sent to it",
                "check that it is on and that the cable carries the handshake lines",
            )
        if "://" in self._url and not self._url.startswith("spy://"):
            return PortError("the far end closed the connection", "check the network device")
        return PortError("the connection broke", "check the cable and the adapter")


def hung_up(descriptor: int | None, seconds: float, wake: socket.socket) -> bool:
    """Whether ``descriptor`` hangs up within ``seconds`` of the computer or until ``wake``.

    Where a descriptor cannot be watched without reading (Windows, RFC 2217), it never does.
    """
    if descriptor is None or not hasattr(select, "poll"):
        ready = bool(select.select([wake], [], [], seconds)[0])
        found: list[tuple[int, int]] = []
    else:
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(descriptor, 0)  # errors and the end are told unasked
        found = poll.poll(seconds * 1000)
        ready = any(at == wake.fileno() for at, _ in found)
    if ready:
        wake.recv(CHUNK)
    return any(at == descriptor for at, _ in found)


def open_port(url: str, settings: LineSettings) -> Port:
    """Opens a device path or a URL (``socket://``, ``listen://``, ``rfc2217://``, ``spy://``).

    It is for us alone. Raises :class:`PortError` in words a user can act on.
    """
    if url.startswith("listen://"):
        from devices.listen_port import listen  # it is a kind of Port, so it needs this module

        return listen(url)
    parity = "N" if _is_pseudo_terminal(url) else settings.parity
    try:
        line: Any = serial.serial_for_url(
            url,
            baudrate=settings.baud,
            bytesize=settings.bytesize,
            parity=parity,
            stopbits=settings.stopbits,
            rtscts=settings.rtscts,
            # select waits, and a read then takes all there is in one call
            timeout=0 if _has_descriptor(url) else SLICE_S,
            # pyserial 3.5 refuses to open an RFC 2217 port that has one
            write_timeout=None if url.startswith("rfc2217://") else WRITE_TIMEOUT_S,
            exclusive=True,
        )
    except OPENING_FAULTS as fault:
        raise refusal(url, fault) from fault
    if url.startswith("socket://"):
        bounded(line._socket)
    return Port(line, url)


def bounded(sender: socket.socket) -> None:
    """Keeps what waits unread in this computer's system small: it would be old when it is read,
    and who sends too much is to be held back soon."""
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UNREAD)


def refusal(url: str, fault: BaseException) -> PortError:
    """Why this port cannot be opened, and what to do, from what the system said."""
    code, text = _errno(fault), str(fault)
    if code in (errno.EMFILE, errno.ENFILE):
        return PortError(
            f"{url} cannot be opened: too many files are open on this computer",
            "end other programs, or raise the limit (ulimit -n)",
        )
    if code == errno.ENOMEM:
        return PortError(f"{url} cannot be opened: no memory is left", "end other programs")
    if "://" in url and not url.startswith("spy://"):
        if isinstance(fault, ValueError):
            return PortError(
                f"{url} is not a port address",
                "write /dev/NAME, COM3, socket://HOST:PORT, listen://0.0.0.0:PORT or "
                "rfc2217://HOST:PORT",
            )
        if code == errno.ECONNREFUSED:
            return PortError(f"{url} refused the connection", "check that the far end is running")
        return PortError(f"{url} cannot be reached", "check host, port number and network")
    # Windows gives no number, only the name of the exception in the text.
    if code == errno.ENOENT or "FileNotFoundError" in text:
        return PortError(
            f"port {url} does not exist",
            "plug the adapter in; `ketamonitor devices ports` lists the ports there are",
            absent=True,
        )
    if code in (errno.EBUSY, errno.EAGAIN) or "PermissionError" in text:
        return PortError(f"port {url} is in use", "close the other program that has it open")
    if code in (errno.EACCES, errno.EPERM):
        return PortError(
            f"no permission to use port {url}",
            _permission(url),
        )
    if code in (errno.ENXIO, errno.ENODEV, errno.EIO):
        return PortError(
            f"nothing answers behind port {url}", "check the adapter, then plug it in again"
        )
    return PortError(f"{url} is not a serial port", "`ketamonitor devices ports` lists them")


def _permission(url: str) -> str:
    """How to be allowed to use a port: the rule that comes with the program is for USB adapters."""
    group = "add the user to the group that owns it (mostly dialout) and sign in again"
    name = os.path.basename(os.path.realpath(url.removeprefix("spy://").split("?", 1)[0]))
    if name.startswith(("ttyUSB", "ttyACM")):
        return f"install the udev rule that comes with the program, or {group}"
    return group


def _errno(fault: BaseException) -> int | None:
    """The system's error number, which pyserial hides in the exception before for sockets."""
    seen: BaseException | None = fault
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            return seen.errno
        seen = seen.__cause__ or seen.__context__
    return None


def _has_descriptor(url: str) -> bool:
    """Whether the port can be waited on with select; on Windows only sockets can."""
    scheme = url.split("://", 1)[0] if "://" in url else ""
    return scheme == "socket" or (os.name == "posix" and scheme not in ("rfc2217", "loop"))


def speed_unknown(url: str) -> bool:
    """Whether it is a network port, whose speed (if there is one) is set at its far end."""
    return "://" in url and not url.startswith(("spy://", "rfc2217://"))


def _is_pseudo_terminal(url: str) -> bool:
    """It has no parity, and the system refuses (EINVAL) to set one when nothing else changes."""
    return "://" not in url and os.path.realpath(url).startswith(PSEUDO_TERMINALS)


def same_port(one: str, other: str) -> bool:
    """Whether two ways of writing a port lead to the same one (links, ``spy://``, ``com3``)."""
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    path = url.removeprefix("spy://").split("?", 1)[0] if url.startswith("spy://") else url
    if "://" in path:
        return path.lower()
    # Windows takes COM3 in any case and with or without its device prefix; elsewhere case counts.
    return path.upper().removeprefix("\\\\.\\") if os.name == "nt" else os.path.realpath(path)
