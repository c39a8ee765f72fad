"""A Masimo oximeter set to ASCII 1."""

from __future__ import annotations

from tests.devices.kits import Kit
from tests.devices.test_masimo import COLOUR, RAD_8, RADICAL

KIT = Kit(frames=(RAD_8, COLOUR, RADICAL), requests=(), simulated=("masimo",))
