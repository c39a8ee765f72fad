"""An Accutorr 3 or 4 on its PC interface."""

from __future__ import annotations

from tests.devices.kits import Kit
from tests.devices.test_accutorr import EXAMPLE, GREETING, line

KIT = Kit(
    # no new result: it counts when two lines have it, and the tests repeat each frame
    frames=(GREETING, EXAMPLE, line("97", " 72", "120", " 45", " 80", age="  5")),
    requests=(b"C", b"\x03", b"P"),
    simulated=("accutorr",),
)
