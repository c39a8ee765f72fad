#!/usr/bin/env bash
# pyserial 3.5: an rfc2217:// port with a write timeout cannot be opened, and the error is neither
# SerialException, OSError nor ValueError.
#
# serial_for_url("rfc2217://...", write_timeout=1) raises NotImplementedError although the same
# argument is good for a device path and for socket://. Code that catches the documented faults of
# opening dies of it. The server here is pyserial's own rfc2217.PortManager over loop://.
# What follows: no write timeout for such ports, and NotImplementedError counts among the faults.
#
# Output seen:
#     without a write timeout: open = True
#     with a write timeout: NotImplementedError - write_timeout is currently not supported
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
import serial.rfc2217

listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]


def serve():
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        line = serial.serial_for_url("loop://", timeout=0)

        class Writer:
            def write(self, data):
                peer.sendall(data)

        manager = serial.rfc2217.PortManager(line, Writer())
        while True:
            try:
                data = peer.recv(1024)
            except OSError:
                break
            if not data:
                break
            line.write(b"".join(manager.filter(data)))
        peer.close()


threading.Thread(target=serve, daemon=True).start()
url = f"rfc2217://127.0.0.1:{port}"
without = serial.serial_for_url(url, timeout=1)
print("without a write timeout: open =", without.is_open)
without.close()
try:
    serial.serial_for_url(url, timeout=1, write_timeout=1).close()
    fault = None
except Exception as error:
    fault = error
print("with a write timeout:", type(fault).__name__, "-", fault)
listener.close()
assert isinstance(fault, NotImplementedError), fault
assert not isinstance(fault, (serial.SerialException, OSError, ValueError))
PYTHON
