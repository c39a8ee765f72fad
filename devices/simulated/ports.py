"""Where a simulated monitor is plugged in: a pseudo-terminal, or a TCP port of this computer."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import socket
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

CHUNK = 4096
SCHEME = "socket://"
LOOPBACK = ("127.0.0.1", "localhost")
#: Where ``tcgetattr`` has the speed.
OUTPUT_SPEED = 5


class PortError(Exception):
    """A port that cannot be made; the text says why and what to do."""


class Plug(Protocol):
    """One end of a cable. Nothing here blocks."""

    @property
    def name(self) -> str:
        """What a reader opens."""

    @property
    def arrival(self) -> int | None:
        """What becomes readable when a reader comes; ``None`` = no such event exists."""

    @property
    def data(self) -> int:
        """What becomes readable when bytes arrive or the reader has gone (only while one is)."""

    def opened(self) -> bool:
        """Whether a reader has the port open at this moment."""

    def baud(self) -> int | None:
        """The speed that the reader has set; ``None`` where that cannot be seen."""

    def read(self) -> bytes | None:
        """The bytes that have arrived; ``None`` = the reader has gone."""

    def write(self, data: bytes) -> None:
        """Send. What the other end has no room for is lost, as on a serial line."""

    def close(self) -> None:
        """Pull the cable; the name goes with it."""


def plug_in(port: str | None) -> Plug:
    """The plug for ``--port``: a URL, a path to be linked, or whatever this computer has.

    Raises :class:`PortError`.
    """
    if port is None:
        return PtyPlug(None) if hasattr(os, "openpty") else TcpPlug(SCHEME + "127.0.0.1:0")
    if "://" in port:
        return TcpPlug(port)
    if not hasattr(os, "openpty"):
        raise PortError(
            f"{port}: this computer has no pseudo-terminals; use --port {SCHEME}127.0.0.1:PORT"
        )
    return PtyPlug(Path(port))


class PtyPlug:
    """A new pseudo-terminal, under its own name or a link's."""

    def __init__(self, link: Path | None) -> None:
        import tty  # not on Windows, where this class is never made

        self._link = link
        self._master, slave = os.openpty()
        # Raw for good: the settings stay with the pair as long as the master is open.
        tty.setraw(slave)
        self._path = os.ttyname(slave)
        # Closed again at once. Only after a first open and close does the master report "hung
        # up" while nobody has the port open, which is how an opening is noticed.
        os.close(slave)
        os.set_blocking(self._master, False)
        self._hangup = select.poll()
        self._hangup.register(self._master, 0)
        if link is not None:
            try:
                self._put_link(link)
            except PortError:
                os.close(self._master)
                raise

    @property
    def name(self) -> str:
        return self._path if self._link is None else str(self._link)

    @property
    def arrival(self) -> int | None:
        # The kernel tells nobody when a hang-up ends: no file becomes readable, no signal comes.
        # It has to be looked for.
        return None

    @property
    def data(self) -> int:
        return self._master

    def opened(self) -> bool:
        return not any(event & select.POLLHUP for _, event in self._hangup.poll(0))

    def baud(self) -> int | None:
        import termios  # not on Windows, where this class is never made

        # the master shows the settings of the reader's end
        return _speeds().get(termios.tcgetattr(self._master)[OUTPUT_SPEED])

    def read(self) -> bytes | None:
        try:
            return os.read(self._master, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as gone:
            if gone.errno == errno.EIO:
                return None
            raise

    def write(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def close(self) -> None:
        # The name goes first: whoever sees the line end must not find it there again.
        link = self._link
        if link is not None and link.is_symlink() and os.readlink(link) == self._path:
            link.unlink()
        os.close(self._master)

    def _put_link(self, link: Path) -> None:
        # A link to nothing is what a killed simulator leaves behind; anything else is not ours.
        if link.exists() or (link.is_symlink() and not os.readlink(link).startswith("/dev/pts/")):
            raise PortError(f"{link}: there is a file of that name; name another --port")
        fresh = link.with_name(f"{link.name}.{os.getpid()}")
        try:
            os.symlink(self._path, fresh)
            os.replace(fresh, link)
        except OSError as bad:
            raise PortError(f"{link}: the port cannot be made there ({bad.strerror})") from None


class TcpPlug:
    """A listening TCP port of this computer; one reader at a time."""

    def __init__(self, url: str) -> None:
        host, number = _address(url)
        self._client: socket.socket | None = None
        self._listener = socket.socket()
        try:
            if os.name == "posix":  # elsewhere this would let two programs share the port
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((host, number))
            self._listener.listen(1)
        except OSError as bad:
            self._listener.close()
            raise PortError(f"{url}: the port cannot be opened ({bad.strerror})") from None
        self._listener.setblocking(False)
        self._name = f"{SCHEME}{host}:{self._listener.getsockname()[1]}"

    @property
    def name(self) -> str:
        return self._name

    @property
    def arrival(self) -> int | None:
        return self._listener.fileno()

    @property
    def data(self) -> int:
        assert self._client is not None, "nobody has opened the port"
        return self._client.fileno()

    def opened(self) -> bool:
        if self._client is None:
            with contextlib.suppress(BlockingIOError):
                self._client, _ = self._listener.accept()
                self._client.setblocking(False)
                self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._client is not None

    def baud(self) -> int | None:
        return None

    def read(self) -> bytes | None:
        if self._client is None:
            return None
        try:
            data = self._client.recv(CHUNK)
        except BlockingIOError:
            return b""
        except ConnectionError:
            data = b""
        if not data:
            self._hang_up()
            return None
        return data

    def write(self, data: bytes) -> None:
        # A connection that has broken is noticed by the next read.
        if self._client is not None:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                self._client.send(data)

    def close(self) -> None:
        self._hang_up()
        self._listener.close()

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        number = parts.port
    except ValueError:
        number = None
    if not url.startswith(SCHEME) or parts.hostname not in LOOPBACK or number is None:
        raise PortError(f"{url}: a network port is written {SCHEME}127.0.0.1:PORT")
    return "127.0.0.1", number


@cache
def _speeds() -> dict[int, int]:
    """The speed in baud of each of the system's own numbers for one."""
    import termios

    named = {name: getattr(termios, name) for name in dir(termios) if re.fullmatch(r"B\d+", name)}
    return {number: int(name[1:]) for name, number in named.items()}
