"""A simulated monitor and a decoder joined by an ideal cable, in a time that is only counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devices.plausibility import judged
from devices.simulated.monitor import Monitor
from devices.spec import Command, Decoder, Output
from tests.devices.wire import after

STEP_S = 0.05


def converse(
    decoder: Decoder,
    monitor: Monitor,
    seconds: float,
    *,
    commands: Mapping[float, Command] | None = None,
    spoil: Callable[[bytes, float], bytes] = lambda data, t: data,
    start: float = 0.0,
) -> list[Output]:
    """What the decoder says of ``seconds`` of the monitor, seen every 50 ms from :data:`NOON` on.

    ``commands`` are given when their second has come; ``spoil`` changes what the monitor sent on
    its way. With ``start`` an earlier conversation goes on without being connected anew.
    """
    outputs: list[Output] = []
    waiting = sorted((commands or {}).items())
    steps = round(seconds / STEP_S)
    if start == 0.0:
        decoder.connected(after(0))
    for step in range(steps):
        t = start + step * STEP_S
        now = after(t)
        while waiting and waiting[0][0] <= t:
            decoder.command(waiting.pop(0)[1])
        sent = b"".join(monitor.due(t))
        while request := decoder.outgoing(now):
            sent += b"".join(monitor.feed(request, t))
        if sent := spoil(sent, t):
            outputs += [judged(output) for output in decoder.feed(sent, now)]
    return outputs
