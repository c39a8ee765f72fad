"""Opening ports: every refusal in words, and adapters that come back under another name."""

from __future__ import annotations

import errno
import os
import socket
import threading
import tty
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from serial import rfc2217

from devices.port import PortError, PortFinder, PortInfo, list_ports, open_port
from devices.port import refusal as refusal_of
from devices.spec import LineSettings

EVEN = LineSettings(baud=19200, parity="E", rtscts=True)
PLAIN = LineSettings(baud=9600)


@pytest.fixture
def pseudo_terminal() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


@pytest.fixture
def wake() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    yield ours
    ours.close()
    theirs.close()


def free_tcp_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def refusal(url: str) -> PortError:
    with pytest.raises(PortError) as caught:
        open_port(url, PLAIN)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_port_that_does_not_exist(tmp_path: Path) -> None:
    error = refusal(str(tmp_path / "ttyUSB7"))
    assert "does not exist" in error.reason
    assert error.absent
    assert "devices ports" in error.remedy


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_not_a_serial_port(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("x") if kind == "file" else path.mkdir()
    assert "is not a serial port" in refusal(str(path)).reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "ttyUSB0"
    path.write_text("")
    path.chmod(0)
    error = refusal(str(path))
    assert "no permission" in error.reason
    assert "dialout" in error.remedy


@pytest.mark.parametrize("settings", [PLAIN, EVEN])
def test_in_use_and_free_again(pseudo_terminal: str, settings: LineSettings) -> None:
    for _ in range(3):
        port = open_port(pseudo_terminal, settings)
        assert "in use" in refusal(pseudo_terminal).reason
        port.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("socket://127.0.0.1:{free}", "refused the connection"),
        ("rfc2217://127.0.0.1:{free}", "refused the connection"),
        ("socket://127.0.0.1", "cannot be reached"),
        ("carrier-pigeon://1", "is not a port address"),
    ],
)
def test_network_ports(url: str, words: str) -> None:
    assert words in refusal(url.format(free=free_tcp_port())).reason


def test_bytes_go_both_ways_over_tcp(wake: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = open_port(f"socket://127.0.0.1:{server.getsockname()[1]}", PLAIN)
        far, _ = server.accept()
        with far:
            far.settimeout(5)
            port.write(b"ask")
            assert far.recv(10) == b"ask"
            far.sendall(b"x" * 1000)
            got = b""
            while len(got) < 1000:
                piece = port.read(5, wake)
                assert piece
                got += piece
            assert port.read(0.01, wake) == b""
        with pytest.raises(PortError, match="closed the connection"):
            port.read(5, wake)
        port.close()


def test_a_wake_ends_a_read_at_once(pseudo_terminal: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        port = open_port(pseudo_terminal, PLAIN)
        theirs.send(b"x")
        assert port.read(60, ours) == b""
        port.close()


A = PortInfo("/dev/ttyUSB0", "FTDI", 0x0403, 0x6001, "A1", "1-1")
B = PortInfo("/dev/ttyUSB1", "FTDI", 0x0403, 0x6001, "B2", "1-2")


def test_an_adapter_is_found_under_its_new_name_and_no_other() -> None:
    ports = [A, B]
    finder = PortFinder(A.device, lambda: ports)
    assert finder.find() == A.device
    finder.opened(A.device)
    assert finder.find() == A.device
    ports[:] = [B]
    with pytest.raises(PortError, match="not plugged in") as caught:
        finder.find()
    assert caught.value.absent
    # its old name now belongs to the other monitor's adapter
    ports[:] = [replace(B, device=A.device), replace(A, device="/dev/ttyUSB5")]
    assert finder.find() == "/dev/ttyUSB5"
    ports[:] = [A]
    assert finder.find() == A.device


def test_without_a_serial_number_the_usb_socket_tells() -> None:
    plain = replace(A, serial_number=None)
    ports = [plain]
    finder = PortFinder(plain.device, lambda: ports)
    finder.opened(plain.device)
    ports[:] = [replace(plain, device="/dev/ttyUSB3"), replace(plain, location="1-4")]
    assert finder.find() == "/dev/ttyUSB3"


def test_a_port_without_adapter_keeps_its_name() -> None:
    finder = PortFinder("/dev/ttyS0", lambda: [PortInfo("/dev/ttyS0", "built in")])
    finder.opened("/dev/ttyS0")
    assert finder.find() == "/dev/ttyS0"


def test_listing_ports_works_here() -> None:
    assert all(port.device for port in list_ports())


class _Network:
    """What pyserial's own RFC 2217 server writes its negotiation to."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer

    def write(self, data: bytes) -> None:
        self._peer.sendall(data)


def _serve_rfc2217(listener: socket.socket) -> None:
    """One client: the line behind it is a loop, which gives back what it is sent."""
    peer, _ = listener.accept()
    with peer, serial.serial_for_url("loop://", timeout=0) as line:
        manager = rfc2217.PortManager(line, _Network(peer))
        while data := peer.recv(1024):
            line.write(b"".join(manager.filter(data)))
            if waiting := line.read(line.in_waiting):
                peer.sendall(b"".join(manager.escape(waiting)))


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial's own
def test_an_rfc_2217_port_opens_and_carries_bytes_both_ways(wake: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
        server = threading.Thread(target=_serve_rfc2217, args=(listener,), daemon=True)
        server.start()
        port = open_port(url, LineSettings(baud=19200, parity="E"))
        try:
            port.write(b"sent \xff and back")
            heard = b""
            for _ in range(200):
                heard += port.read(0.05, wake)
                if heard == b"sent \xff and back":
                    break
            assert heard == b"sent \xff and back"
        finally:
            port.close()
        server.join(30)
        assert not server.is_alive()


def test_an_rfc_2217_port_without_a_server_is_said_in_words() -> None:
    with pytest.raises(PortError, match=r"refused the connection|cannot be reached"):
        open_port(f"rfc2217://127.0.0.1:{free_tcp_port()}", LineSettings(baud=9600))


@pytest.mark.parametrize("url", ["/dev/ttyUSB0", "/dev/ttyS0", "socket://127.0.0.1:9"])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EMFILE, "too many files are open"),
        (errno.ENFILE, "too many files are open"),
        (errno.ENOMEM, "no memory is left"),
    ],
)
def test_what_the_computer_has_no_more_of_is_the_reason(url: str, code: int, words: str) -> None:
    fault = serial.SerialException(code, f"could not open port {url}")
    assert words in refusal_of(url, fault).reason


def test_the_remedy_names_the_rule_only_where_it_helps() -> None:
    denied = serial.SerialException(errno.EACCES, "denied")
    assert "udev rule" in refusal_of("/dev/ttyUSB0", denied).remedy
    assert "udev rule" in refusal_of("/dev/ttyACM1", denied).remedy
    built_in = refusal_of("/dev/ttyS0", denied).remedy
    assert "udev rule" not in built_in
    assert "group" in built_in
