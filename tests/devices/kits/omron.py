"""Omron walk-up cuffs in both formats."""

from __future__ import annotations

from tests.devices.kits import Kit
from tests.devices.test_omron import HBP_9020, HBP_9030, record

KIT = Kit(
    frames=(HBP_9030, HBP_9020, record(error="5")),
    requests=(),
    simulated=("omron", "omron-9020"),
)
