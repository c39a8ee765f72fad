"""A monitor as data: the row each driver contributes, and the decoder it must bring."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from devices.metrics import Metric
from devices.reading import DeviceEvent, Reading

Output = Reading | DeviceEvent


class Command(StrEnum):
    """What a program may ask of a monitor. Nothing else is ever sent but polls."""

    START_NIBP = "start_nibp"
    CANCEL_NIBP = "cancel_nibp"


class Decoder(Protocol):
    """The protocol of one monitor with no I/O in it.

    A caller opens the port, then in turn sends what :meth:`outgoing` returns, hands over whatever
    arrives to :meth:`feed` and asks :meth:`wait` how long it may sleep. Half a frame is not an
    error: it waits in a bounded buffer. Nothing that arrives raises an exception.
    """

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        """What the bytes say, in order. ``now`` is when they arrived."""

    def outgoing(self, now: datetime) -> bytes:
        """What must be sent at this moment: polls and commands that are due, often nothing."""

    def wait(self, now: datetime) -> float:
        """Session seconds until :meth:`outgoing` has something to send, if nothing arrives."""

    def command(self, command: Command) -> None:
        """Queue a command. Raises ``ValueError`` where the monitor takes no such command."""

    def connected(self, now: datetime) -> None:
        """The port has just been (re)opened: what the monitor did before is not known."""

    @property
    def pending(self) -> int:
        """Bytes kept of an unfinished frame (bounded; the tests hold it)."""

    @property
    def frames(self) -> int:
        """Good frames so far, with or without values: what silence is judged by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """How the serial line is set: ``parity`` N, E or O; ``rtscts`` asks for hardware handshake."""

    baud: int
    bytesize: int = 8
    parity: str = "N"
    stopbits: int = 1
    rtscts: bool = False

    def __str__(self) -> str:
        return f"{self.baud} {self.bytesize}{self.parity}{self.stopbits}"

    def changed(self, text: str) -> LineSettings:
        """These settings with what ``text`` says in their place: ``19200`` or ``19200-8E1``.

        The handshake stays. Raises ``ValueError`` with what to write.
        """
        found = re.fullmatch(r"([0-9]{3,6})(?:[- ]([78])([NEO])([12]))?", text.strip().upper())
        if found is None:
            raise ValueError(f"line settings {text!r}: write them as 9600 or 9600-8N1")
        baud, bits, parity, stops = found.groups()
        if bits is None:
            return replace(self, baud=int(baud))
        return replace(self, baud=int(baud), bytesize=int(bits), parity=parity, stopbits=int(stops))


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What may be sent to a port on which nobody knows what is: harmless to every monitor we know.

    ``greeting`` gives the bytes that make this monitor answer (it may depend on the time of day);
    ``farewell`` undoes what the greeting began. Neither ever starts, stops or sets a cuff.
    """

    greeting: Callable[[datetime], bytes]
    farewell: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverSpec:
    """One row of the driver table.

    ``interval_s`` is how often new values may be seen (the polling or push interval);
    ``silent_after_s`` how long the line may be quiet before the link counts as silent, ``None`` for
    a monitor that only speaks when it has measured. ``decoder`` makes a fresh decoder whose outputs
    carry the given source. ``also`` lists other line settings that the monitor can be set to.

    For detection: ``probe`` is what makes it answer (``None``: it is only listened for), and
    ``named_after`` how many good frames prove that it is this monitor. ``checked`` is false where
    frames carry neither a check sum nor enough fixed text: noise between them may then cost
    readings (it never makes one). ``consumer`` marks what is no clinical monitor.
    """

    name: str
    title: str
    models: Sequence[str]
    line: LineSettings
    metrics: Sequence[Metric]
    commands: frozenset[Command]
    interval_s: float
    silent_after_s: float | None
    decoder: Callable[[str], Decoder]
    manual: str
    also: Sequence[LineSettings] = ()
    probe: Probe | None = None
    named_after: int = 1
    checked: bool = True
    consumer: bool = False
