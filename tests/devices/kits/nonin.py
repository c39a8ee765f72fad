"""A Nonin oximeter in each of its formats."""

from __future__ import annotations

from tests.devices.kits import Kit
from tests.devices.test_nonin import FORMAT_2, FORMAT_7, FORMAT_8, TEXT

KIT = Kit(
    frames=(TEXT, FORMAT_2, FORMAT_7, *[FORMAT_8] * 5),
    requests=(),
    simulated=("nonin", "nonin-df2", "nonin-df7", "nonin-df8"),
)
