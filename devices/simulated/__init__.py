"""Simulated monitors: one row each, found by the name of the driver that reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from devices.simulated.accutorr import AccutorrMonitor
from devices.simulated.and_tm265x import Tm265xMonitor
from devices.simulated.berry_pm6750 import BerryMonitor
from devices.simulated.contec import ContecMonitor, ContecOldMonitor
from devices.simulated.dinamap import DinamapMonitor
from devices.simulated.efficia import EfficiaMonitor
from devices.simulated.ge_dri import GeDriMonitor
from devices.simulated.hl7 import LoincSender, PcdSender, VendorSender
from devices.simulated.intellivue import IntellivueMonitor, long_answers, single_polls
from devices.simulated.masimo import MasimoMonitor
from devices.simulated.monitor import Monitor
from devices.simulated.nellcor import NellcorMonitor
from devices.simulated.nonin import (
    NoninFormat2Monitor,
    NoninFormat7Monitor,
    NoninFormat8Monitor,
    NoninTextMonitor,
)
from devices.simulated.omron import Omron9020Monitor, OmronMonitor
from devices.simulated.patient import Patient
from devices.simulated.stx_nibp import StxModule
from devices.simulated.suntech import SuntechModule
from devices.simulated.terumo import TerumoMonitor
from devices.spec import LineSettings


@dataclass(frozen=True, slots=True)
class SimulatedMonitor:
    """One row: its name, the driver that reads it, the line, and how the monitor is made.

    The name is the driver's, or that with an ending (``nonin-df2``) where a driver reads several.
    ``build`` takes the patient and the moment at which session second 0 was.
    """

    name: str
    driver: str
    title: str
    line: LineSettings
    build: Callable[[Patient, datetime], Monitor]


SIMULATED: dict[str, SimulatedMonitor] = {
    row.name: row
    for row in (
        SimulatedMonitor(
            "dinamap", "dinamap", "DINAMAP ProCare / V100", LineSettings(baud=9600), DinamapMonitor
        ),
        SimulatedMonitor(
            "ge-dri",
            "ge-dri",
            "CARESCAPE B650 (S/5 DRI)",
            LineSettings(baud=19200, parity="E", rtscts=True),
            GeDriMonitor,
        ),
        SimulatedMonitor(
            "intellivue",
            "intellivue",
            "Philips IntelliVue MX450",
            LineSettings(baud=115200),
            IntellivueMonitor,
        ),
        SimulatedMonitor(
            "intellivue-single",
            "intellivue",
            "IntelliVue without extended polls, 19200 baud",
            LineSettings(baud=19200),
            single_polls,
        ),
        SimulatedMonitor(
            "intellivue-parts",
            "intellivue",
            "IntelliVue with many parameters: answers in parts",
            LineSettings(baud=115200),
            long_answers,
        ),
        SimulatedMonitor("omron", "omron", "Omron HBP-9030", LineSettings(baud=9600), OmronMonitor),
        SimulatedMonitor(
            "omron-9020", "omron", "Omron HBP-9020", LineSettings(baud=9600), Omron9020Monitor
        ),
        SimulatedMonitor(
            "terumo", "terumo", "Terumo BR-500", LineSettings(baud=19200), TerumoMonitor
        ),
        SimulatedMonitor(
            "and-tm265x", "and-tm265x", "A&D TM-2655", LineSettings(baud=2400), Tm265xMonitor
        ),
        SimulatedMonitor(
            "berry-pm6750",
            "berry-pm6750",
            "BerryMed PM6750",
            LineSettings(baud=115200),
            BerryMonitor,
        ),
        SimulatedMonitor(
            "masimo", "masimo", "Masimo Rad-8 (ASCII 1)", LineSettings(baud=9600), MasimoMonitor
        ),
        SimulatedMonitor(
            "nonin", "nonin", "Nonin 8500 (text)", LineSettings(baud=9600), NoninTextMonitor
        ),
        SimulatedMonitor(
            "nonin-df2", "nonin", "Nonin Xpod (DF2)", LineSettings(baud=9600), NoninFormat2Monitor
        ),
        SimulatedMonitor(
            "nonin-df7", "nonin", "Nonin Xpod (DF7)", LineSettings(baud=9600), NoninFormat7Monitor
        ),
        SimulatedMonitor(
            "nonin-df8", "nonin", "Nonin 3150 (DF8)", LineSettings(baud=9600), NoninFormat8Monitor
        ),
        SimulatedMonitor(
            "nellcor", "nellcor", "Nellcor N-395", LineSettings(baud=9600), NellcorMonitor
        ),
        SimulatedMonitor(
            "contec", "contec", "Contec CMS50D+ v4.6", LineSettings(baud=115200), ContecMonitor
        ),
        SimulatedMonitor(
            "contec-old",
            "contec",
            "Contec CMS50D+ v4.5",
            LineSettings(baud=19200, parity="O"),
            ContecOldMonitor,
        ),
        SimulatedMonitor(
            "efficia", "efficia", "Philips Efficia CM120", LineSettings(baud=9600), EfficiaMonitor
        ),
        SimulatedMonitor(
            "hl7", "hl7", "HL7 gateway (IHE PCD-01)", LineSettings(baud=9600), PcdSender
        ),
        SimulatedMonitor(
            "hl7-loinc", "hl7", "HL7 in bare segments, LOINC", LineSettings(baud=9600), LoincSender
        ),
        SimulatedMonitor(
            "hl7-vendor", "hl7", "HL7 with short names", LineSettings(baud=9600), VendorSender
        ),
        SimulatedMonitor(
            "suntech", "suntech", "SunTech Advantage", LineSettings(baud=9600), SuntechModule
        ),
        SimulatedMonitor(
            "stx-nibp", "stx-nibp", "NIBScan (STX messages)", LineSettings(baud=4800), StxModule
        ),
        SimulatedMonitor(
            "accutorr", "accutorr", "Datascope Accutorr 4", LineSettings(baud=9600), AccutorrMonitor
        ),
    )
}
