"""A Nellcor oximeter whose data port is set to ASCII."""

from __future__ import annotations

from devices.drivers.nellcor import XON
from tests.devices.kits import Kit
from tests.devices.test_nellcor import COLUMNS, LIMITS, LINE, LOW

KIT = Kit(frames=(LIMITS, COLUMNS, LINE, LOW), requests=(XON,), simulated=("nellcor",))
