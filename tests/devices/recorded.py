"""A simulated monitor and a decoder in talk, with the pieces a reader would have handed over."""

from __future__ import annotations

import random

from devices.capture import Piece
from devices.plausibility import judged
from devices.simulated.monitor import Monitor
from devices.spec import Command, DriverSpec, Output
from tests.devices.wire import after

STEP_S = 0.05


def recorded(
    spec: DriverSpec, monitor: Monitor, seconds: float, seed: int = 1
) -> tuple[list[Piece], list[Output]]:
    """All pieces with what the decoder said; arrivals are cut at random, as a line cuts them.

    Where the monitor takes it a cuff reading is started after 2 s, and the cable is out for a
    moment half-way.
    """
    luck = random.Random(seed)
    decoder = spec.decoder(spec.name)
    pieces = [Piece(after(0), "open", b"")]
    outputs: list[Output] = []
    decoder.connected(after(0))
    waiting = b""
    for step in range(round(seconds / STEP_S)):
        t = step * STEP_S
        now = after(t)
        if step == round(2 / STEP_S) and Command.START_NIBP in spec.commands:
            pieces.append(Piece(now, "command", b"start_nibp"))
            decoder.command(Command.START_NIBP)
        if step == round(seconds / 2 / STEP_S):
            pieces.append(Piece(now, "open", b""))
            decoder.connected(now)
            waiting = b""
        sent = b"".join(monitor.due(t))
        while request := decoder.outgoing(now):
            pieces.append(Piece(now, "tx", request))
            sent += b"".join(monitor.feed(request, t))
        waiting += sent
        cut = luck.randint(0, len(waiting))
        got, waiting = waiting[:cut], waiting[cut:]
        if got:
            pieces.append(Piece(now, "rx", got))
            outputs += [judged(one) for one in decoder.feed(got, now)]
    return pieces, outputs
