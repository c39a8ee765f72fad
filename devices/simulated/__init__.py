"""Simulated monitors: one row each, found by the name of the driver that reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from devices.simulated.dinamap import DinamapMonitor
from devices.simulated.ge_dri import GeDriMonitor
from devices.simulated.monitor import Monitor
from devices.simulated.patient import Patient


@dataclass(frozen=True, slots=True)
class SimulatedMonitor:
    """One row: the driver's name, the line's speed, and how the monitor is made.

    ``build`` takes the patient and the moment at which session second 0 was.
    """

    name: str
    title: str
    baud: int
    build: Callable[[Patient, datetime], Monitor]


SIMULATED: dict[str, SimulatedMonitor] = {
    row.name: row
    for row in (
        SimulatedMonitor("dinamap", "DINAMAP ProCare / V100", 9600, DinamapMonitor),
        SimulatedMonitor("ge-dri", "CARESCAPE B650 (S/5 DRI)", 19200, GeDriMonitor),
    )
}
