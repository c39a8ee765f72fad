"""What the tests of every driver need of each: one module a driver, named as its own, with KIT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.spec import Decoder


def _nothing(decoder: Decoder) -> None:
    """Most decoders take their frames unasked."""


@dataclass(frozen=True, slots=True)
class Kit:
    """Frames of one driver, for tests that hold for all.

    ``frames`` is what the monitor sends, one complete frame each; fed to a fresh decoder (after
    ``prepare``, for one that must have asked first) they give at least one reading. ``requests``
    are bytes that the program sends to this monitor. ``simulated`` names the simulated monitors
    that speak to this driver.
    """

    frames: Sequence[bytes]
    requests: Sequence[bytes]
    simulated: Sequence[str]
    prepare: Callable[[Decoder], None] = _nothing
