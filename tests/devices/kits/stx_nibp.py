"""An STX cuff module that measures by its own cycle."""

from __future__ import annotations

from devices.drivers import stx_wire as wire
from tests.devices.kits import Kit
from tests.devices.test_stx_nibp import END, STATUS, pressure

KIT = Kit(
    frames=(*(pressure(mmhg) for mmhg in (40, 80, 120, 150)), END, STATUS),
    requests=(wire.START, wire.GET_STATUS, wire.ABORT),
    simulated=("stx-nibp",),
)
