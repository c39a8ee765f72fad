"""An HL7 gateway."""

from __future__ import annotations

from tests.devices.kits import Kit
from tests.devices.test_hl7 import PCD, SPO2, header, mllp

KIT = Kit(
    frames=(PCD.replace(b"093042", b"093001"), mllp(header(), SPO2)),
    requests=(b"\x0bMSH|^~\\&|KetaMonitor|||||20261123120000||ACK\rMSA|CA|1\r\x1c\r",),
    simulated=("hl7", "hl7-loinc", "hl7-vendor"),
)
