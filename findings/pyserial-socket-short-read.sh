#!/usr/bin/env bash
# pyserial 3.5: on a socket:// port read(n) throws away what had come when the peer hangs up first.
#
# Five bytes arrive and the sender closes. read(100) with a timeout raises SerialException, and the
# five bytes are gone; on a device path the bytes that came are returned. The last frame of a
# monitor behind a serial server is lost so.
# What follows: read with timeout 0 and wait for the socket outside pyserial.
#
# Output seen:
#     read(100) after 5 bytes and a hang-up: b'', read failed: socket disconnected; read again: b''
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check pyserial==3.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import socket
import threading

import serial

listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
opened = threading.Event()


def serve():
    peer, _ = listener.accept()
    opened.wait(10)
    peer.sendall(b"SPO2\r")
    peer.close()


threading.Thread(target=serve, daemon=True).start()
line = serial.serial_for_url(f"socket://127.0.0.1:{port}", timeout=5)
opened.set()
try:
    got, fault = line.read(100), None
except serial.SerialException as error:
    got, fault = b"", error
try:
    left = line.read(100)
except serial.SerialException:
    left = b""
print(f"read(100) after 5 bytes and a hang-up: {got!r}, {fault}; read again: {left!r}")
line.close()
listener.close()
assert got == b"" and left == b"" and fault is not None, (got, left, fault)
PYTHON
