"""A simulated monitor and a decoder joined by a cable, in a time that is only counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devices.plausibility import judged
from devices.reader import Tap
from devices.simulated.faults import FaultKind, FaultPlan
from devices.simulated.line import FaultyLine
from devices.simulated.monitor import Monitor
from devices.spec import Command, Decoder, Output
from tests.devices.wire import after

STEP_S = 0.05


def _deaf(direction: str, data: bytes, at: object) -> None:
    """Nobody keeps the bytes."""


def converse(
    decoder: Decoder,
    monitor: Monitor,
    seconds: float,
    *,
    commands: Mapping[float, Command] | None = None,
    spoil: Callable[[bytes, float], bytes] = lambda data, t: data,
    start: float = 0.0,
    tap: Tap = _deaf,
) -> list[Output]:
    """What the decoder says of ``seconds`` of the monitor, seen every 50 ms from :data:`NOON` on.

    ``commands`` are given when their second has come; ``spoil`` changes what the monitor sent on
    its way. With ``start`` an earlier conversation goes on without being connected anew. ``tap``
    is told of the bytes as a reader tells of them.
    """
    outputs: list[Output] = []
    waiting = sorted((commands or {}).items())
    steps = round(seconds / STEP_S)
    if start == 0.0:
        tap("open", b"", after(0))
        decoder.connected(after(0))
    for step in range(steps):
        t = start + step * STEP_S
        now = after(t)
        while waiting and waiting[0][0] <= t:
            command = waiting.pop(0)[1]
            tap("command", command.value.encode("ascii"), now)
            decoder.command(command)
        sent = b"".join(monitor.due(t))
        while request := decoder.outgoing(now):
            tap("tx", request, now)
            sent += b"".join(monitor.feed(request, t))
        if sent := spoil(sent, t):
            tap("rx", sent, now)
            outputs += [judged(output) for output in decoder.feed(sent, now)]
    return outputs


def converse_over_line(
    decoder: Decoder, monitor: Monitor, seconds: float, plan: FaultPlan, baud: int, seed: int = 1
) -> list[Output]:
    """As :func:`converse`, over a line with its pace and the faults that were ordered.

    While the cable is pulled nothing passes; when it is back, the decoder is connected anew.
    """
    outputs: list[Output] = []
    line = FaultyLine(baud, plan, seed)
    plugged = False
    for step in range(round(seconds / STEP_S)):
        t = step * STEP_S
        now = after(t)
        pulled = plan.active(FaultKind.PULL, t) is not None
        silent = plan.active(FaultKind.SILENCE, t) is not None
        if pulled:
            plugged = False
            line.paced.clear()
        elif not plugged:
            plugged = True
            decoder.connected(now)
        frames = monitor.due(t)
        while plugged and (request := decoder.outgoing(now)):
            if not silent:
                frames += monitor.feed(request, t)
        if plugged:
            if not silent:
                line.send(frames, t)
            line.idle(t)
            if heard := line.paced.take(t):
                outputs += [judged(output) for output in decoder.feed(heard, now)]
    return outputs
