"""What must hold of a decoder whatever comes: a run over a script of bytes, waits and commands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from math import isfinite
from pathlib import Path

from devices.plausibility import judged
from devices.reading import DEVICE_EVENTS, DeviceEvent, Reading
from devices.spec import Command, Decoder, DriverSpec, Output
from tests.devices.wire import NOON

CORPUS = Path(__file__).parent / "corpus"
PENDING_MOST = 4096

# A script is bytes: up to this, so many bytes (and one more) follow and are fed at once.
FEED_MOST = 246
SECOND, HALF_MINUTE, CONNECTED, START, CANCEL, LISTEN = 247, 248, 249, 250, 251, 252
#: A run sends at most so many requests a moment; a decoder that never stops asking is a fault.
REQUESTS_MOST = 50


class RuleBroken(AssertionError):  # noqa: N818 - what the fuzzer looks for
    """A decoder did what none may; the text says what."""


def run(spec: DriverSpec, script: bytes) -> list[Output]:
    """Plays a script. Raises :class:`RuleBroken`, or whatever a decoder should not have raised."""
    decoder, now = spec.decoder("x"), NOON
    decoder.connected(now)
    outputs: list[Output] = []
    place, asks = 0, True
    while place < len(script):
        step = script[place]
        place += 1
        if step <= FEED_MOST:
            piece = script[place : place + step + 1]
            place += step + 1
            outputs += [judged(one) for one in decoder.feed(piece, now)]
        elif step in (SECOND, HALF_MINUTE):
            now += timedelta(seconds=1 if step == SECOND else 30)
        elif step == CONNECTED:
            decoder.connected(now)
        elif step in (START, CANCEL):
            wanted = Command.START_NIBP if step == START else Command.CANCEL_NIBP
            if wanted in spec.commands:
                decoder.command(wanted)
        elif step == LISTEN:
            asks = False
        if asks:
            _ask(decoder, now)
        if decoder.pending > PENDING_MOST:
            raise RuleBroken(f"{decoder.pending} bytes are kept of an unfinished frame")
    for output in outputs:
        _check(spec, output)
    return outputs


def _ask(decoder: Decoder, now: object) -> None:
    for _ in range(REQUESTS_MOST):
        if not decoder.outgoing(now):  # type: ignore[arg-type]
            break
    else:
        raise RuleBroken("it never stops asking")
    if decoder.wait(now) < 0:  # type: ignore[arg-type]
        raise RuleBroken("it waits for the past")


def _check(spec: DriverSpec, output: Output) -> None:
    if isinstance(output, DeviceEvent):
        if output.kind not in DEVICE_EVENTS or not output.text:
            raise RuleBroken(f"event {output.kind!r} is none, or has no words")
        return
    assert isinstance(output, Reading)
    unknown = set(output.values) - set(spec.metrics)
    if unknown:
        raise RuleBroken(f"its row does not name {sorted(m.key for m in unknown)}")
    for metric, value in output.values.items():
        if value is not None and not isfinite(value):
            raise RuleBroken(f"{metric.key} is {value}")
    if output.received_at < NOON or output.measured_at > output.received_at:
        raise RuleBroken("it was measured after it was received")
    json.dumps(output.as_json(), allow_nan=False)


def script_of(frames: Iterable[bytes]) -> bytes:
    """Frames as a script: each is fed in pieces, and a second passes after it."""
    script = bytearray()
    for frame in frames:
        for start in range(0, len(frame), FEED_MOST + 1):
            piece = frame[start : start + FEED_MOST + 1]
            script += bytes((len(piece) - 1,)) + piece
        script.append(SECOND)
    return bytes(script)


def read_corpus(name: str) -> list[bytes]:
    """The scripts kept for a driver, one in hexadecimal a line; none where there is no file."""
    file = CORPUS / f"{name}.txt"
    if not file.exists():
        return []
    return [bytes.fromhex(line) for line in file.read_text(encoding="ascii").split()]


def write_corpus(name: str, scripts: Iterable[bytes]) -> None:
    """Keeps scripts, the shortest first."""
    lines = sorted({script.hex() for script in scripts if script}, key=lambda one: (len(one), one))
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
