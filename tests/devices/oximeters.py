"""Shared by the tests of oximeters: a patient whose values stand still, and the first reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devices.simulated.monitor import Monitor
from devices.simulated.patient import Determination, Vitals
from devices.spec import Decoder
from tests.devices.pair import converse
from tests.devices.wire import all_values


@dataclass(frozen=True)
class OxygenPatient:
    """Only an oximeter is attached; there is no cuff."""

    spo2: float | None
    pulse: float | None
    automatic: bool = False

    def at(self, t: float) -> Vitals:
        return Vitals(pulse=self.pulse, spo2=self.spo2)

    def measuring(self, t: float) -> bool:
        return False

    def ended(self, t: float) -> Sequence[Determination]:
        return ()

    def start(self, t: float) -> bool:
        return False

    def cancel(self, t: float) -> bool:
        return False


def at_once(decoder: Decoder, monitor: Monitor, seconds: float = 5.0) -> dict[str, float | None]:
    """What every reading of the first ``seconds`` says; fails where there is none."""
    first, *others = all_values(converse(decoder, monitor, seconds))
    assert all(one == first for one in others)
    return first
