"""Plays a capture into a decoder: the same outputs at the same times as when it was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devices.capture import Piece
from devices.plausibility import judged
from devices.spec import Command, DriverSpec, Output


def replay(
    spec: DriverSpec, pieces: Iterable[Piece], source: str | None = None
) -> Iterator[Output]:
    """What a reader delivered while the pieces were recorded (link states aside).

    A capture that begins without an ``open`` piece counts as opened at its first piece. Captures
    of another program, with received bytes only, work too.
    """
    decoder = spec.decoder(source or spec.name)
    started = False
    for piece in pieces:
        if piece.direction == "open" or not started:
            decoder.connected(piece.at)
            started = True
        if piece.direction == "tx":
            # what is sent is part of the decoder's state: the time of a request dates its answer
            decoder.outgoing(piece.at)
        elif piece.direction == "command":
            command = Command(piece.data.decode("ascii"))
            if command in spec.commands:  # played into another driver it may not be known
                decoder.command(command)
        elif piece.direction == "rx":
            for output in decoder.feed(piece.data, piece.at):
                yield judged(output)
