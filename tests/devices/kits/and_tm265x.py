"""An A&D arm-in cuff on its external interface."""

from __future__ import annotations

from devices.drivers.and_tm265x_wire import request
from tests.devices.kits import Kit
from tests.devices.test_and_tm265x import ACK, record

KIT = Kit(
    frames=(ACK, record(stamp="2611231200"), record(stamp="2611231200", error="E44")),
    requests=(request("RB"), request("ST"), request("SP")),
    simulated=("and-tm265x",),
)
