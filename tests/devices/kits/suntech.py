"""A SunTech module to which another program speaks."""

from __future__ import annotations

from devices.drivers import suntech_wire as wire
from tests.devices.kits import Kit
from tests.devices.test_suntech import BP, EXECUTED, pressure

KIT = Kit(
    frames=(pressure(60), pressure(120), pressure(160), pressure(90), EXECUTED, BP),
    requests=(wire.START, wire.ABORT, wire.GET_PRESSURE, wire.GET_RESULT),
    simulated=("suntech",),
)
