"""Plays a capture into a decoder: the same outputs at the same times as when it was recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from devices.capture import Piece
from devices.plausibility import judged
from devices.reading import DeviceEvent
from devices.spec import Command, Decoder, DriverSpec, Output

#: As many requests are kept for the bytes of an output: a silent monitor is asked for ever.
REQUESTS_KEPT = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Traced:
    """An output with the pieces it came from, in order.

    The last piece is the one that completed the frame; before it stand those that hold the rest of
    the frame, and what was sent to the monitor since the frame before.
    """

    output: Output
    pieces: tuple[Piece, ...]


class Replayer:
    """A decoder that is fed from a capture in place of a port.

    The parts of a long capture are played one after the other by :meth:`play`; :meth:`anew` takes
    a fresh decoder, as a new reader does. A capture that begins without an ``open`` piece counts
    as opened at its first piece. Captures of another program, with received bytes only, work too.
    """

    def __init__(self, spec: DriverSpec, source: str | None = None) -> None:
        self._spec = spec
        self._source = source or spec.name
        self.anew()

    def anew(self) -> None:
        """The monitor is opened by a new reader: nothing is known of what it did before."""
        self._decoder = self._spec.decoder(self._source)
        self._started = False
        self._trail: list[Piece] = []

    def play(self, pieces: Iterable[Piece]) -> Iterator[Traced]:
        """What the reader delivered while the pieces were recorded.

        Link states and what the program itself decided about the cuff are left out.
        """
        for piece in pieces:
            try:
                outputs = self._take(piece)
            except Exception as fault:  # noqa: BLE001  # as the reader does: see below
                # A fault of ours ended the reader's decoder then, and ends this one now.
                log.error("decoder fault in %s: %s", self._spec.name, type(fault).__name__)
                self.anew()
                continue
            if outputs:
                trail = tuple(self._trail)
                yield from (Traced(judged(output), trail) for output in outputs)
            if piece.direction == "rx":
                self._trail = _unfinished(self._trail, self._decoder)

    def _take(self, piece: Piece) -> list[Output]:
        decoder = self._decoder
        if piece.direction == "open" or not self._started:
            decoder.connected(piece.at)
            self._started = True
            self._trail = []
        if piece.direction == "tx":
            # what is sent is part of the decoder's state: the time of a request dates its answer
            decoder.outgoing(piece.at)
            self._remember_request(piece)
        elif piece.direction == "command":
            command = Command(piece.data.decode("ascii"))
            if command in self._spec.commands:  # played into another driver it may not be known
                decoder.command(command)
        elif piece.direction == "rx":
            self._trail.append(piece)
            return decoder.feed(piece.data, piece.at)
        return []

    def _remember_request(self, piece: Piece) -> None:
        if len(self._trail) >= REQUESTS_KEPT and self._trail[0].direction == "tx":
            del self._trail[0]
        self._trail.append(piece)


def replay(
    spec: DriverSpec, pieces: Iterable[Piece], source: str | None = None
) -> Iterator[Output]:
    """The outputs of one capture: what :meth:`Replayer.play` gives, without the bytes."""
    return (traced.output for traced in Replayer(spec, source).play(pieces))


def received_at(output: Output) -> datetime:
    """When the last byte that an output came from arrived."""
    return output.at if isinstance(output, DeviceEvent) else output.received_at


def _unfinished(trail: list[Piece], decoder: Decoder) -> list[Piece]:
    """The last pieces of a trail, as many as hold the bytes that the decoder still keeps, with the
    requests before them."""
    missing, start = decoder.pending, len(trail)
    if not missing:
        return []
    while start > 0 and (missing > 0 or trail[start - 1].direction == "tx"):
        start -= 1
        if trail[start].direction == "rx":
            missing -= len(trail[start].data)
    return trail[start:]
