"""A Contec oximeter of either firmware."""

from __future__ import annotations

from devices.drivers.contec import KEEP_ALIVE, START, request
from tests.devices.kits import Kit
from tests.devices.test_contec import OLD, new

KIT = Kit(
    frames=(*[OLD] * 20, *[new(150, 97)] * 20),
    requests=(request(START), request(KEEP_ALIVE)),
    simulated=("contec", "contec-old"),
)
