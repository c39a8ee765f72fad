"""A port on which we wait for the monitor to connect over TCP: ``listen://HOST:PORT``.

Senders of HL7 are mostly clients: the monitor or gateway is told this computer's address. One peer
at a time, and whoever comes second is turned away, so that two monitors never mix. A peer that goes
is no fault: many connect for each message anew. Whether anything comes is what the driver's silence
is judged by. One that has sent nothing good for 30 s gives way to a newcomer, and who was turned
away is told. There is no password in this: listen on the clinic's own network only.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import select
import socket
from contextlib import suppress
from datetime import datetime, timedelta

from devices.port import CHUNK, WRITE_TIMEOUT_S, Port, PortError, bounded, hung_up

ADDRESS = re.compile(r"listen://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")

#: A peer that has been quiet for 10 s is asked whether it lives, and gone after three questions.
KEEP_ALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}

#: A peer without a good frame for so long gives way to whoever comes.
GIVES_WAY_AFTER = timedelta(seconds=30)
TOLD_KEPT = 64

log = logging.getLogger(__name__)


def listen(url: str) -> ListenPort:
    """Waits for a peer at the address in ``url``. Raises :class:`PortError`."""
    found = ADDRESS.fullmatch(url)
    if found is None or not 0 < int(found[2]) < 65536:
        raise PortError(
            f"{url} is not a port address", "write listen://0.0.0.0:PORT with a port number"
        )
    host, number = found[1].strip("[]"), int(found[2])
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if os.name == "posix":  # elsewhere it would let two programs have the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bounded(listener)  # who connects inherits it
        listener.bind((host, number))
        listener.listen(4)
        listener.setblocking(False)
    except OSError as fault:
        listener.close()
        raise _refusal(url, host, number, fault) from fault
    return ListenPort(listener, url)


class ListenPort(Port):
    """An open port with or without a peer. :attr:`peer` is its address, ``None`` without one."""

    def __init__(self, listener: socket.socket, url: str) -> None:
        self._listener = listener
        self._url = url
        self._connection: socket.socket | None = None
        self.peer: str | None = None
        self._now: datetime | None = None
        self._good_at: datetime | None = None  # or when the peer came
        self._words: list[str] = []
        self._told: set[str] = set()

    def looked(self, now: datetime, *, good: bool) -> list[str]:
        self._now = now
        if good or self._good_at is None:
            self._good_at = now
        words, self._words = self._words, []
        return words

    def read(self, seconds: float, wake: socket.socket) -> bytes:
        """As :meth:`Port.read`; a peer that comes or goes ends the wait, with no bytes."""
        watched = [self._listener, wake]
        if self._connection is not None:
            watched.append(self._connection)
        ready, _, _ = select.select(watched, [], [], seconds)
        if wake in ready:
            wake.recv(CHUNK)
        data = b""
        if self._connection is not None and self._connection in ready:
            data = self._receive(self._connection)
        if self._listener in ready:
            self._accept()
        return data

    def broken(self, seconds: float, wake: socket.socket) -> bool:
        connection = self._connection
        return hung_up(None if connection is None else connection.fileno(), seconds, wake)

    def write(self, data: bytes) -> None:
        """Sends to the peer. Without one there is nobody to hear it, and it is not kept."""
        if self._connection is None:
            return
        try:
            self._connection.sendall(data)
        except OSError as fault:
            self._part(f"does not take what is sent to it ({fault.strerror or 'it is too slow'})")

    def settle(self, count: int, baud: int) -> None:
        """Nothing to wait for: the system sends what it has taken."""

    def close(self) -> None:
        self._part("is let go: the port is closed")
        self._listener.close()

    def _receive(self, connection: socket.socket) -> bytes:
        try:
            data = connection.recv(CHUNK)
        except TimeoutError:  # select was wrong: there was nothing after all
            return b""
        except OSError as fault:
            self._part(f"is gone ({fault.strerror})")
            return b""
        if not data:
            self._part("closed the connection")
        return data

    def _accept(self) -> None:
        try:
            connection, address = self._listener.accept()
        except OSError:  # it went away before we looked
            return
        if self._connection is not None and not self._gives_way():
            connection.close()
            log.warning("%s: %s is turned away, %s is connected", self._url, address[0], self.peer)
            self._tell(
                f"a sender at {address[0]} was turned away: {self.peer} is connected to this port; "
                "give each monitor a port of its own",
            )
            return
        if self._connection is not None:
            self._tell(
                f"the sender at {self.peer} sent nothing that could be read for "
                f"{GIVES_WAY_AFTER.seconds} s: {address[0]} has its place",
            )
            self._part("sent nothing good and gives way")
        connection.settimeout(WRITE_TIMEOUT_S)
        _watch(connection)
        self._connection, self.peer = connection, str(address[0])
        self._good_at = self._now
        log.info("%s: %s has connected", self._url, self.peer)

    def _gives_way(self) -> bool:
        if self._now is None or self._good_at is None:
            return False
        return self._now - self._good_at >= GIVES_WAY_AFTER

    def _tell(self, words: str) -> None:
        """Each once: a sender that is turned away tries again and again."""
        if words not in self._told and len(self._told) < TOLD_KEPT:
            self._told.add(words)
            self._words.append(words)

    def _part(self, why: str) -> None:
        if self._connection is None:
            return
        self._connection.close()
        log.info("%s: %s %s", self._url, self.peer, why)
        self._connection = self.peer = None


def _watch(connection: socket.socket) -> None:
    """A peer that vanished without a word must not hold the port: it is asked now and then."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEP_ALIVE.items():
            if hasattr(socket, name):  # not every system lets a program choose
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _refusal(url: str, host: str, number: int, fault: OSError) -> PortError:
    if fault.errno == errno.EADDRINUSE:
        return PortError(f"{url} is in use", "close the other program, or take another port number")
    if fault.errno in (errno.EACCES, errno.EPERM):
        return PortError(f"no permission to listen at port {number}", "take one of 1024 or more")
    return PortError(
        f"{host} is no address of this computer", "write listen://0.0.0.0:PORT for all of them"
    )
