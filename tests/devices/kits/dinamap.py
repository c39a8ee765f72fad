"""A DINAMAP on the host port."""

from __future__ import annotations

from devices.drivers import dinamap
from tests.devices.kits import Kit
from tests.devices.test_dinamap import line, nibp

KIT = Kit(
    frames=(line(nibp(1, 0)), line(" OA1098705"), line(" RA2072")),
    requests=(dinamap.request("NA"), dinamap.request("NC")),
    simulated=("dinamap",),
)
