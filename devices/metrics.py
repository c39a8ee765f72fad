"""What a monitor can measure: one table of metrics with units, ranges and codes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One measured quantity; each stands once in the table, so two are equal only if they are one.

    ``low`` and ``high`` bound what is plausible in a living adult *and* measurable by the method;
    a value outside is kept in the record but never treated as physiological. ``decimals`` is what a
    screen shows, not what is stored. ``episodic`` values come from one act of measuring (a cuff
    inflation) and stay true of that moment; the others describe the present and go stale.
    A ``transient`` value is only there while something goes on: its absence is no fault.
    MDC codes: IEEE 11073-10101 with partition; LOINC as in US Core vital signs; ``None`` where no
    code is confirmed.
    """

    key: str
    label: str
    unit: str
    decimals: int
    low: float
    high: float
    mdc: int | None
    loinc: str | None
    episodic: bool = False
    transient: bool = False


# Cuff ranges: what oscillometric adult cuffs can report (systolic 30-290, diastolic 10-220,
# mean 20-260 mmHg on the common monitors). Wide on purpose: a true crisis must never be
# discarded as implausible.
NIBP_SYS = Metric("nibp_sys", "Systolic", "mmHg", 0, 30, 290, 150021, "8480-6", episodic=True)
NIBP_DIA = Metric("nibp_dia", "Diastolic", "mmHg", 0, 10, 220, 150022, "8462-4", episodic=True)
NIBP_MAP = Metric("nibp_map", "Mean", "mmHg", 0, 15, 260, 150023, "8478-0", episodic=True)
NIBP_PULSE = Metric(
    "nibp_pulse", "Pulse from cuff", "/min", 0, 20, 300, 149546, "8867-4", episodic=True
)
PULSE = Metric("pulse", "Pulse", "/min", 0, 20, 300, 149530, "8867-4")
SPO2 = Metric("spo2", "SpO₂", "%", 0, 1, 100, 150456, "59408-5")
HR = Metric("hr", "Heart rate", "/min", 0, 20, 300, 147842, "8867-4")
RR = Metric("rr", "Breaths", "/min", 0, 1, 120, 151562, "9279-1")
# Of capnography, as a partial pressure; 0 is what an apnoea shows. 20656 of partition 2, by whose
# name Philips' number 0x50B0 goes too; 151708, the concentration, is taken with a unit of pressure.
ETCO2 = Metric("etco2", "EtCO₂", "mmHg", 0, 0, 150, 151728, "19889-5")
TEMP = Metric("temp", "Temperature", "°C", 1, 25, 45, 150344, "8310-5")
# What the cuff itself is blown up to at this moment, while it measures: no pressure of the patient.
CUFF_PRESSURE = Metric("cuff_pressure", "Cuff", "mmHg", 0, 0, 330, None, None, transient=True)

METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        NIBP_SYS,
        NIBP_DIA,
        NIBP_MAP,
        NIBP_PULSE,
        PULSE,
        SPO2,
        HR,
        RR,
        ETCO2,
        TEMP,
        CUFF_PRESSURE,
    )
}

CUFF = (NIBP_SYS, NIBP_DIA, NIBP_MAP)
