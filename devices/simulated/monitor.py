"""What every simulated monitor is: requests in, frames out, with no port and no clock in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

#: Requests that are remembered: ten hours of three a second. Bounded, as a simulator may run on.
REQUESTS_KEPT = 108_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a host sent, as it came off the line, without its end marks, at session second ``t``.

    ``accepted`` tells whether the monitor did as it was asked.
    """

    t: float
    text: bytes
    accepted: bool


def request_log() -> deque[Request]:
    """An empty log of requests, the oldest of which are dropped when it is full."""
    return deque(maxlen=REQUESTS_KEPT)


class Monitor(Protocol):
    """A monitor's side of its line. Times are session seconds and never go back."""

    @property
    def requests(self) -> deque[Request]:
        """Every request received, oldest first: so it can be seen what was never asked."""

    def feed(self, data: bytes, t: float) -> list[bytes]:
        """The frames that answer what arrived."""

    def due(self, t: float) -> list[bytes]:
        """The frames that the monitor sends by itself and that are due."""

    def wait(self, t: float) -> float | None:
        """Session seconds until :meth:`due` has something; ``None`` = never, unless asked."""
