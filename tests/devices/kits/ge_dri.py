"""A CARESCAPE monitor on the computer interface."""

from __future__ import annotations

from devices.drivers import ge_dri
from tests.devices.kits import Kit
from tests.devices.test_ge_dri import GOOD

KIT = Kit(frames=(GOOD,), requests=(ge_dri.request(),), simulated=("ge-dri",))
