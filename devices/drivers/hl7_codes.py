"""What the codes of an HL7 result mean: MDC (full, 16 bits, MDIL), LOINC and short vendor names.

A code we do not know, a unit we do not know, a label that contradicts its code: no metric, never a
guess. Sources: IEEE 11073-10101 and US Core as far as seen in real messages; Philips Efficia CM
Data Export Guide (MDIL); short names and cuff codes as the streams of other makers show them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from devices.metrics import (
    ETCO2,
    HR,
    NIBP_DIA,
    NIBP_MAP,
    NIBP_PULSE,
    NIBP_SYS,
    PULSE,
    RR,
    SPO2,
    TEMP,
    Metric,
)

#: A metric's code is partition 2; on the wire of a monitor only the low 16 bits are sent.
METRICS_PARTITION = 2 << 16
#: Philips' own number of the first temperature; it has no full MDC code.
PHILIPS_T1 = METRICS_PARTITION + 0xF0C7
PHILIPS_PULSE = METRICS_PARTITION + 0x480A
MDC_PULS_RATE = 149522
#: A rate of which OBX-17 must tell whether the oximeter or the cuff counted it.
PULSE_OF_A_SOURCE = frozenset({PHILIPS_PULSE, MDC_PULS_RATE})

MDC: Mapping[int, Metric] = {
    150021: NIBP_SYS,
    150022: NIBP_DIA,
    150023: NIBP_MAP,
    150301: NIBP_SYS,  # MDC_PRESS_CUFF_SYS and so on, sent by some for the results of the cuff
    150302: NIBP_DIA,
    150303: NIBP_MAP,
    149546: NIBP_PULSE,
    149530: PULSE,
    150456: SPO2,
    147842: HR,
    151562: RR,
    151578: RR,
    METRICS_PARTITION + 0x5000: RR,  # Philips' breaths
    151708: ETCO2,  # by the book the concentration: its unit, mmHg or kPa, must say otherwise
    151728: ETCO2,
    150344: TEMP,
    PHILIPS_T1: TEMP,
}
#: Codes that gateways print wrongly: they count only together with the right name.
MISPRINTED: Mapping[tuple[int, str], Metric] = {
    (150017, "MDC_PRESS_BLD_NONINV_SYS"): NIBP_SYS,
    (150018, "MDC_PRESS_BLD_NONINV_DIA"): NIBP_DIA,
    (150031, "MDC_PRESS_CUFF_SYS"): NIBP_SYS,
}
#: Names that say what a code is: one that says another thing than its code makes both worthless.
NAMES: Mapping[str, Metric] = {
    "MDC_PRESS_BLD_NONINV_SYS": NIBP_SYS,
    "MDC_PRESS_BLD_NONINV_DIA": NIBP_DIA,
    "MDC_PRESS_BLD_NONINV_MEAN": NIBP_MAP,
    "MDC_PRESS_CUFF_SYS": NIBP_SYS,
    "MDC_PRESS_CUFF_DIA": NIBP_DIA,
    "MDC_PRESS_CUFF_MEAN": NIBP_MAP,
    "MDC_PULS_RATE_NON_INV": NIBP_PULSE,
    "MDC_PULS_OXIM_PULS_RATE": PULSE,
    "MDC_PULS_OXIM_SAT_O2": SPO2,
    "MDC_ECG_HEART_RATE": HR,
    "MDC_RESP_RATE": RR,
    "MDC_TTHOR_RESP_RATE": RR,
    "MDC_AWAY_CO2_ET": ETCO2,
    "MDC_CONC_AWAY_CO2_ET": ETCO2,
    "MDC_TEMP": TEMP,
}
LOINC: Mapping[str, Metric] = {
    "8480-6": NIBP_SYS,
    "8462-4": NIBP_DIA,
    "8478-0": NIBP_MAP,
    "8889-8": PULSE,
    "8867-4": HR,
    "2708-6": SPO2,
    "59408-5": SPO2,
    "9279-1": RR,
    "19889-5": ETCO2,
    "8310-5": TEMP,
}
SHORT: Mapping[str, Metric] = {
    "NIBP_S": NIBP_SYS,
    "NIBP_D": NIBP_DIA,
    "NIBP_M": NIBP_MAP,
    "PR": PULSE,
    "SPO2": SPO2,
    "HR": HR,
    "ETCO2": ETCO2,
    "T1": TEMP,
}
#: Where a rate comes from (OBX-17).
OXIMETER = frozenset({150456, 149530})
CUFF = frozenset({150020, 150021, 150022, 150023, 149546})

#: Of a person, not of the monitoring: weight, height, body-mass index, surface, age, sex. Not kept.
PERSONAL = frozenset(
    {
        "29463-7",
        "3141-9",
        "3142-7",
        "8335-2",
        "8302-2",
        "3137-7",
        "3138-5",
        "8301-4",
        "39156-5",
        "3140-1",
        "8277-6",
        "9843-4",
        "8280-0",
        "30525-0",
        "21612-7",
        "29553-5",
        "18185-9",
        "21112-8",
        "46098-0",
        "76689-9",
        "72143-1",
        "188736",
        "188740",
        "188744",
        "188752",
        "68060",
        "68063",
        "68064",
        "68167",
    }
)
PERSONAL_WORDS = re.compile(
    r"weight|height|stature|birth|gestation|bmi|bsa|body.?(?:mass|surface|size|length)|len_body"
    r"|mass_body|(?<![a-z])(?:age|sex|gender|race|dob|mrn|ssn|id|tall|years?)(?![a-z])"
    r"|patient|name|ident|address|phone|account|visit|encounter|operator|nurse|doctor|physician",
    re.I,
)
#: What a person is measured in, and nothing that a monitor watches.
PERSONAL_UNITS = frozenset(
    {
        "kg",
        "g",
        "lb",
        "lbs",
        "[lb_av]",
        "oz",
        "[oz_av]",
        "kg/m2",
        "kg/m^2",
        "m2",
        "cm",
        "m",
        "dm",
        "in",
        "inch",
        "[in_i]",
        "ft",
        "[ft_i]",
        "a",
        "y",
        "yr",
        "yrs",
        "year",
        "years",
        "mo",
        "month",
        "months",
        "wk",
        "week",
        "weeks",
        "mdc_dim_kilo_g",
        "mdc_dim_x_g",
        "mdc_dim_g",
        "mdc_dim_lb",
        "mdc_dim_centi_m",
        "mdc_dim_x_m",
        "mdc_dim_m",
        "mdc_dim_inch",
        "mdc_dim_year",
        "mdc_dim_yr",
        "mdc_dim_month",
        "mdc_dim_kg_per_m_sq",
        "mdc_dim_sq_m",
        "263875",
        "263872",
        "263441",
        "263424",
    }
)

# What a unit is: how it becomes the metric's own unit, as (factor, shift).
SAME = (1.0, 0.0)
CONVERSIONS: Mapping[tuple[str, str], tuple[float, float]] = {
    ("mmHg", "mmHg"): SAME,
    ("kPa", "mmHg"): (7.500617, 0.0),
    ("%", "%"): SAME,
    ("/min", "/min"): SAME,
    ("°C", "°C"): SAME,
    ("°F", "°C"): (5 / 9, -160 / 9),
}
UNIT_CODES: Mapping[int, str] = {
    266016: "mmHg",
    264864: "/min",
    264928: "/min",
    262688: "%",
    265987: "kPa",
    268192: "°C",
    266560: "°F",
    0x41710: "°C",  # as Philips prints it: 0004-1710
}
UNIT_TEXTS: Mapping[str, str] = {
    "mmhg": "mmHg",
    "mm[hg]": "mmHg",
    "mdc_dim_mmhg": "mmHg",
    "kpa": "kPa",
    "mdc_dim_kilo_pascal": "kPa",
    "mm hg": "mmHg",
    "%": "%",
    "percent": "%",
    "mdc_dim_percent": "%",
    "/min": "/min",
    "1/min": "/min",
    "bpm": "/min",
    "rpm": "/min",
    "brpm": "/min",
    "min-1": "/min",
    "min^-1": "/min",
    "per min": "/min",
    "mdc_dim_per_min": "/min",
    "mdc_dim_puls_per_min": "/min",
    "mdc_dim_beat_per_min": "/min",
    "mdc_dim_resp_per_min": "/min",
    "c": "°C",
    "°c": "°C",
    "cel": "°C",
    "degc": "°C",
    "mdc_dim_degc": "°C",
    "f": "°F",
    "°f": "°F",
    "degf": "°F",
    "[degf]": "°F",
    "mdc_dim_fahr": "°F",
}
#: The unit that the vendor with the short names prints for SpO2, whatever it means there.
SHORT_SPO2_UNIT = "0002-0b54^C^MDIL"

#: UCUM lets a unit carry words in braces that do not change it; others write the words without.
ANNOTATION = re.compile(r"\{[^{}]*\}")
PER_MINUTE = re.compile(
    r"1?(?:beats?|breaths?|respirations?|resps?|puls(?:es?)?|counts?)?\s*(?:/|per)\s*min(?:utes?)?"
)
#: How the coding systems are written.
MDC_SYSTEMS = frozenset({"MDC", "MDIL", "ISO11073", "11073", "IEEE11073", "2.16.840.1.113883.6.24"})
LOINC_SYSTEMS = frozenset({"LN", "LNC", "LOINC", "HTTP://LOINC.ORG", "2.16.840.1.113883.6.1", ""})

MDIL = re.compile(r"([0-9A-Fa-f]{4})[-*]([0-9A-Fa-f]{4})")  # a star is a misprint of the dash
FULL_CODE = re.compile(r"[0-9]{6}")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.()%/+-]{0,39}")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an OBX is about, from its identifier and unit alone.

    ``metric`` with ``scale`` and ``shift`` (``None`` where the unit is not known or does not fit):
    value = sent x scale + shift. ``key`` names it among the unmapped ones; empty for what must not
    be kept. ``by_source``: OBX-17 decides which pulse it is; ``timed_is_cuff``: so does a time of
    its own (Philips). ``short`` marks the vendor's names.
    """

    key: str
    unit: str
    metric: Metric | None = None
    scale: float | None = None
    shift: float = 0.0
    by_source: bool = False
    timed_is_cuff: bool = False
    short: bool = False


def meaning(identifier: str, unit: str, labels: bool) -> Meaning:
    """The meaning of OBX-3 and OBX-6; with ``labels`` LOINC codes and short names count too."""
    parts = (identifier.split("^") + [""] * 6)[:6]
    metric, code, short = _metric(*parts[:3], labels=labels)
    if metric is None and parts[3]:  # the alternative identifier
        metric, code, short = _metric(*parts[3:6], labels=labels)
    unit_parts = unit.split("^")
    key = "" if _personal(parts, unit_parts) else _key(parts[0], parts[1])
    shown = next((one for one in unit_parts[1::-1] if LABEL.fullmatch(one) or one == "%"), "")
    if metric is None:
        return Meaning(key, shown)
    known = _unit(unit_parts[:3]) or _unit(unit_parts[3:6])
    if short and metric is SPO2 and unit == SHORT_SPO2_UNIT:
        known = "%"
    scale, shift = CONVERSIONS.get((known, metric.unit), (None, 0.0))
    return Meaning(
        key,
        shown,
        metric,
        scale,
        shift,
        by_source=code in PULSE_OF_A_SOURCE,
        timed_is_cuff=code == PHILIPS_PULSE and MDIL.fullmatch(parts[0]) is not None,
        short=short,
    )


def number_of(code: str) -> int | None:
    """The full MDC code in ``150456``, ``19384`` (16 bits) or ``0002-4bb8`` (MDIL)."""
    found = MDIL.fullmatch(code)
    if found is not None:
        return int(found[1], 16) << 16 | int(found[2], 16)
    if not (code.isascii() and code.isdigit() and len(code) <= 6):
        return None
    number = int(code)
    return number if number > 0xFFFF else METRICS_PARTITION + number


def _metric(
    code: str, label: str, system: str, *, labels: bool
) -> tuple[Metric | None, int | None, bool]:
    """The metric, its MDC number, and whether it is one of the vendor's short names."""
    nothing = (None, None, False)
    system = system.strip().upper()
    if system in MDC_SYSTEMS or (labels and not system and FULL_CODE.fullmatch(code)):
        number = number_of(code)
        if number is None:
            return nothing
        if not labels:
            found = PULSE if number in PULSE_OF_A_SOURCE else MDC.get(number)
            return (found, number, False)
        found = MISPRINTED.get((number, label)) or MDC.get(number)
        if number in PULSE_OF_A_SOURCE:
            found = PULSE
        if found is not None and NAMES.get(label, found) is not found:
            return nothing
        if found is not None or system:
            return (found, number, False)
    if not labels:
        return nothing
    if system in LOINC_SYSTEMS:
        by_loinc = LOINC.get(code)
        if by_loinc is not None:
            return (by_loinc, None, False)
    if not system:
        by_name = SHORT.get(label) or SHORT.get(code)
        return (by_name, None, by_name is not None)
    return nothing


def _unit(parts: list[str]) -> str:
    """The unit by its code and by its text; empty where unknown or where the two disagree."""
    system = parts[2].strip().upper() if len(parts) > 2 else ""
    number = None
    if not parts:
        return ""
    if not system or system in MDC_SYSTEMS:
        found = MDIL.fullmatch(parts[0])
        if found is not None:
            number = int(found[1], 16) << 16 | int(found[2], 16)
        elif parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= 6:
            number = int(parts[0])
    by_code = UNIT_CODES.get(number, "") if number is not None else ""
    texts = {text for one in parts[:2] if (text := _unit_text(one))}
    if by_code:
        texts.add(by_code)
    return texts.pop() if len(texts) == 1 else ""


def _unit_text(text: str) -> str:
    """One spelling of a unit as ours; empty where it is not known."""
    plain = ANNOTATION.sub("", text).strip().lower()
    return UNIT_TEXTS.get(plain) or ("/min" if PER_MINUTE.fullmatch(plain) else "")


def _personal(parts: list[str], unit: list[str]) -> bool:
    """Whether it is about who somebody is: by its code, its words or its unit."""
    if any(one in PERSONAL or PERSONAL_WORDS.search(one) for one in parts):
        return True
    return any(ANNOTATION.sub("", one).strip().lower() in PERSONAL_UNITS for one in unit)


def _key(code: str, label: str) -> str:
    """The monitor's own name of a parameter that we do not map."""
    parts = [one for one in (code, label) if LABEL.fullmatch(one) or MDIL.fullmatch(one)]
    return " ".join(parts)
