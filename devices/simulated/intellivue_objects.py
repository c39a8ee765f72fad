"""What a simulated IntelliVue monitor shows, as the objects of its answers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.simulated.patient import Patient, Vitals, cuff_display, whole

VALUE, COMPOUND, LABEL, STAMP = 0x0950, 0x094B, 0x0924, 0x0990
CONDITION, PATIENT_ALARMS, TECHNICAL_ALARMS = 0x0916, 0x0902, 0x0904
INVALID, DEMO, ONGOING = 0x8000, 0x0400, 0x0020
MMHG, KPA, BPM, RPM, PERCENT, NO_UNIT = 0x0F20, 0x0F03, 0x0AA0, 0x0AE0, 0x0220, 0x0200
NAN = 0x007FFFFF
KPA_OF_MMHG = 0.133322
HIGH_PATIENT, MEDIUM_TECHNICAL = 0x400, 0x002
LOW_SPO2 = 90

Object = tuple[int, list[tuple[int, bytes]]]  # handle, attributes


@dataclass(frozen=True, slots=True)
class Setting:
    """How the monitor is set: ``kpa`` for pressures, ``demo`` mode, ``rich``: many parameters.

    ``ahead`` is how much its clock is ahead of the true time.
    """

    kpa: bool = False
    demo: bool = False
    rich: bool = False
    ahead: timedelta = timedelta()


def clock_bytes(time: datetime) -> bytes:
    """A local time in BCD: century, year, month, day, hour, minute, second, hundredths."""
    return bytes.fromhex(f"{time:%Y%m%d%H%M%S}{time.microsecond // 10_000:02d}")


def observed(kind: int, unit: int, value: float | None, decimals: int = 0, state: int = 0) -> bytes:
    """One value: identifier, state, unit and FLOAT, or invalid where there is none."""
    if value is None:
        return struct.pack(">HHHI", kind, state | INVALID, unit, NAN)
    mantissa = whole(value * 10**decimals) & 0xFFFFFF
    return struct.pack(">HHHI", kind, state, unit, (-decimals & 0xFF) << 24 | mantissa)


def attribute_list(attributes: list[tuple[int, bytes]]) -> bytes:
    data = b"".join(struct.pack(">HH", name, len(value)) + value for name, value in attributes)
    return struct.pack(">HH", len(attributes), len(data)) + data


def poll_list(objects: list[Object]) -> bytes:
    """The list of one context that a poll's answer ends with."""
    if not objects:
        return bytes(4)
    data = b"".join(struct.pack(">H", handle) + attribute_list(them) for handle, them in objects)
    context = struct.pack(">HHH", 0, len(objects), len(data)) + data
    return struct.pack(">HH", 1, len(context)) + context


def numerics(patient: Patient, setting: Setting, started: datetime, t: float) -> list[Object]:
    """All numerics as shown at session second ``t``."""
    vitals = patient.at(t)
    state = DEMO if setting.demo else 0
    shown = [
        (0x102, 0x4BB8, PERCENT, vitals.spo2, 1),
        (0x103, 0x4822, BPM, vitals.pulse, 0),
        (0x104, 0x4182, BPM, vitals.hr, 0),
        (0x105, 0x500A, RPM, vitals.rr, 0),
    ]
    if vitals.etco2 is not None:
        unit, value, decimals = MMHG, float(whole(vitals.etco2)), 0
        if setting.kpa:
            unit, value, decimals = KPA, value * KPA_OF_MMHG, 2
        shown.append((0x108, 0x50B0, unit, value, decimals))
    if vitals.spo2 is not None:
        shown.append((0x106, 0x4BB0, NO_UNIT, 2.1, 1))
    objects = _cuff(patient, setting, started, t)
    objects += [
        (handle, _attributes(kind, [(VALUE, observed(kind, unit, value, decimals, state))]))
        for handle, kind, unit, value, decimals in shown
    ]
    if setting.rich:
        # private numbers that no program maps: enough of them that an answer comes in parts
        objects += [
            (0x200 + n, _attributes(0xF100 + n, [(VALUE, observed(0xF100 + n, NO_UNIT, n))]))
            for n in range(60)
        ]
    return objects


def _attributes(kind: int, attributes: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    return [(LABEL, struct.pack(">I", 0x00020000 | kind)), *attributes]


def _cuff(patient: Patient, setting: Setting, started: datetime, t: float) -> list[Object]:
    """The cuff's last result, which stands while the next is measured; dashes after a failure."""
    cuff = cuff_display(patient, t)
    state = (DEMO if setting.demo else 0) | (ONGOING if cuff.measuring else 0)
    result = cuff.result if cuff.failure is None else None
    pressures = (None,) * 3 if result is None else (result.sys, result.dia, result.map)
    unit, factor, decimals = (KPA, KPA_OF_MMHG, 1) if setting.kpa else (MMHG, 1.0, 0)
    values = [
        observed(kind, unit, None if value is None else value * factor, decimals, state)
        for kind, value in zip((0x4A05, 0x4A06, 0x4A07), pressures, strict=True)
    ]
    compound = struct.pack(">HH", 3, 30) + b"".join(values)
    stamp = []
    if result is not None:
        at = started + timedelta(seconds=result.at) + setting.ahead
        stamp = [(STAMP, clock_bytes(at))]
    objects: list[Object] = [(0x101, _attributes(0x4A04, [(COMPOUND, compound), *stamp]))]
    if result is not None and result.pulse is not None:
        pulse = observed(0xF0E5, BPM, result.pulse, 0, state)
        objects.append((0x107, _attributes(0xF0E5, [(VALUE, pulse), *stamp])))
    return objects


def alerts(vitals: Vitals) -> list[Object]:
    """The alert monitor: its own view of the oximeter."""
    patient: list[bytes] = []
    technical: list[bytes] = []
    if vitals.spo2 is None:
        technical.append(_alarm(0x4BB8, 0x0022, MEDIUM_TECHNICAL, "SpO₂ NO SENSOR"))
    elif vitals.spo2 < LOW_SPO2:
        words = f"***SpO₂ {whole(vitals.spo2)} < {LOW_SPO2}"
        patient.append(_alarm(0x4BB8, 0x000A, HIGH_PATIENT, words))
    highest = struct.pack(
        ">5H",
        0,
        1,
        HIGH_PATIENT if patient else 0,
        MEDIUM_TECHNICAL if technical else 0,
        0,
    )
    lists = [(PATIENT_ALARMS, _alarm_list(patient)), (TECHNICAL_ALARMS, _alarm_list(technical))]
    return [(0x301, [(CONDITION, highest), *lists])]


def _alarm_list(entries: list[bytes]) -> bytes:
    data = b"".join(entries)
    return struct.pack(">HH", len(entries), len(data)) + data


def _alarm(source: int, code: int, kind: int, words: str) -> bytes:
    text = words.encode("utf-16-be") + b"\0\0"
    info = struct.pack(">HIHHH", 1, 0x10000 | code, 1, 0x4000, len(text)) + text
    return struct.pack(">4H3HHH", source, code, kind, 8, 6, 0, 0x102, 516, len(info)) + info
