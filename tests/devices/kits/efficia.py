"""A Philips Efficia CM that answers a query of ours."""

from __future__ import annotations

from devices.drivers import efficia
from tests.devices.kits import Kit
from tests.devices.test_efficia import EXAMPLE, NEGATIVE
from tests.devices.wire import NOON

KIT = Kit(
    frames=(EXAMPLE, NEGATIVE),
    requests=(efficia.query(NOON),),
    simulated=("efficia",),
)
