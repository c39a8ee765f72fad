"""Waiting for a monitor to connect: real sockets, one peer at a time, nothing that is not said."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest

from devices.listen_port import ListenPort
from devices.port import PortError, open_port
from devices.reader import PortReader
from devices.reading import LinkState, Reading
from devices.registry import driver
from devices.spec import LineSettings
from ketamonitor.clock import SteadyClock
from tests.devices.test_hl7 import SPO2, bare, header, mllp
from tests.devices.test_port import free_tcp_port
from tests.devices.wire import NOON, Inbox, after, values

PLAIN = LineSettings(baud=9600)


@pytest.fixture
def wake() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    yield ours
    ours.close()
    theirs.close()


@pytest.fixture
def port() -> Iterator[ListenPort]:
    opened = open_port(f"listen://127.0.0.1:{free_tcp_port()}", PLAIN)
    assert isinstance(opened, ListenPort)
    yield opened
    opened.close()


def dial(port: ListenPort) -> socket.socket:
    peer = socket.create_connection(port._listener.getsockname(), timeout=60)
    peer.settimeout(5)
    return peer


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("listen://", "is not a port address"),
        ("listen://0.0.0.0", "is not a port address"),
        ("listen://0.0.0.0:0", "is not a port address"),
        ("listen://0.0.0.0:99999", "is not a port address"),
        ("listen://0.0.0.0:50x", "is not a port address"),
        ("listen://192.0.2.1:5001", "is no address of this computer"),
        ("listen://no.such.host.invalid:5001", "is no address of this computer"),
    ],
)
def test_what_cannot_be_listened_at(url: str, words: str) -> None:
    with pytest.raises(PortError, match=words) as caught:
        open_port(url, PLAIN)
    assert "\n" not in str(caught.value)


def test_a_port_that_another_program_has(port: ListenPort) -> None:
    number = port._listener.getsockname()[1]
    with pytest.raises(PortError, match="in use: close the other program"):
        open_port(f"listen://127.0.0.1:{number}", PLAIN)


def test_bytes_go_both_ways_and_without_a_peer_nowhere(
    port: ListenPort, wake: socket.socket
) -> None:
    port.write(b"nobody hears this")
    assert port.read(0.01, wake) == b""
    assert port.peer is None
    with dial(port) as peer:
        assert port.read(5, wake) == b""
        assert port.peer == "127.0.0.1"
        port.write(b"answer")
        assert peer.recv(20) == b"answer"
        peer.sendall(b"x" * 10_000)
        got = b""
        while len(got) < 10_000:
            piece = port.read(5, wake)
            assert piece
            got += piece
        assert port.read(0.01, wake) == b""


def test_a_second_peer_is_turned_away_and_the_first_goes_on(
    port: ListenPort, wake: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    with dial(port) as first:
        port.read(5, wake)
        with dial(port) as second:
            assert port.read(5, wake) == b""
            assert second.recv(10) == b""
        assert "is turned away" in caplog.text
        first.sendall(b"still here")
        assert port.read(5, wake) == b"still here"


def test_a_peer_that_goes_is_told_and_another_may_come(
    port: ListenPort, wake: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for text in (b"one", b"two", b"three"):
        with dial(port) as peer:
            assert port.read(5, wake) == b""
            peer.sendall(text)
            assert port.read(5, wake) == text
        assert port.read(5, wake) == b""
        assert port.peer is None
    assert caplog.text.count("closed the connection") == 3


def test_a_peer_that_is_reset_or_takes_nothing_is_no_fault(
    port: ListenPort, wake: socket.socket
) -> None:
    peer = dial(port)
    port.read(5, wake)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()  # with a reset
    assert port.read(5, wake) == b""
    assert port.peer is None
    with dial(port):
        port.read(5, wake)
        port.write(b"x" * 20_000_000)  # more than the system keeps, and nobody reads
        assert port.peer is None


def test_a_wake_ends_a_read_at_once(port: ListenPort) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        assert port.read(60, ours) == b""


@pytest.mark.parametrize("listen_only", [False, True])
def test_a_reader_hears_a_sender_that_connects_for_each_message(listen_only: bool) -> None:
    number, inbox = free_tcp_port(), Inbox()
    url = f"listen://127.0.0.1:{number}"
    reader = PortReader(driver("hl7"), "gw", url, SteadyClock(), inbox, listen_only=listen_only)
    reader.start()
    try:
        reader.opened.result(60)
        with socket.create_connection(("127.0.0.1", number), 5) as sender:
            sender.settimeout(5 if not listen_only else 0.3)
            sender.sendall(mllp(header(f15="AL"), SPO2))
            if listen_only:
                with pytest.raises(TimeoutError):
                    sender.recv(500)
            else:
                assert b"MSA|CA|7" in sender.recv(500)
        assert values(inbox.reading("spo2")) == {"spo2": 97}
        with socket.create_connection(("127.0.0.1", number), 5) as sender:
            # bare segments: the end of the message is that nothing follows
            sender.sendall(bare(header(), SPO2.replace("97", "96")))
            reading = inbox.reading("spo2")
        assert values(reading) == {"spo2": 96}
        assert isinstance(reading, Reading)
        assert LinkState.LOST not in inbox.states()
    finally:
        reader.stop()


def test_a_peer_that_sends_nothing_good_gives_way_and_who_was_turned_away_is_told(
    port: ListenPort, wake: socket.socket
) -> None:
    assert port.looked(NOON, good=False) == []
    with dial(port) as idle:
        port.read(5, wake)
        port.looked(after(29), good=False)
        with dial(port) as early:
            port.read(5, wake)
            assert early.recv(10) == b""
        (told,) = port.looked(after(29.5), good=False)
        assert "was turned away" in told
        port.looked(after(30), good=False)
        with dial(port) as late:
            port.read(5, wake)
            assert idle.recv(10) == b""
            (told,) = port.looked(after(31), good=False)
            assert "has its place" in told
            late.sendall(b"now me")
            assert port.read(5, wake) == b"now me"
            # one that is read keeps its place for as long as it is
            port.looked(after(60), good=True)
            port.looked(after(89), good=False)
            with dial(port) as third:
                port.read(5, wake)
                assert third.recv(10) == b""
