"""A BerryMed PM6750 board."""

from __future__ import annotations

from devices.drivers import berry_pm6750 as berry
from tests.devices.kits import Kit
from tests.devices.test_berry_pm6750 import DONE, HEART, MEASURING, NO_FINGER, OXIMETER, PLETH

KIT = Kit(
    frames=(OXIMETER, HEART, PLETH, MEASURING, DONE, NO_FINGER),
    requests=(berry.STOP, berry.START, berry.ENABLES, berry.PLETH_ON),
    simulated=("berry-pm6750",),
)
