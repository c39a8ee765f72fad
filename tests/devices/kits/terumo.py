"""A Terumo BR-500."""

from __future__ import annotations

from devices.drivers import terumo
from tests.devices.kits import Kit
from tests.devices.test_terumo import RECORD_2021, RECORD_2026, STATUS

KIT = Kit(
    frames=(RECORD_2026, STATUS, RECORD_2021),
    requests=(terumo.ACK,),
    simulated=("terumo",),
)
