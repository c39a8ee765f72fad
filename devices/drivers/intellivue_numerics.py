"""From IntelliVue numerics to readings: identifiers, units, states, and what nobody mapped."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from datetime import datetime

from devices.drivers.intellivue_cuff import CuffShown, CuffWatch, clock_time, device_time
from devices.drivers.intellivue_parts import Answer
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
    Metric,
)
from devices.reading import DEMO, DeviceEvent, Reading
from devices.spec import Output

VALUE, COMPOUND, STAMP, RELATIVE_STAMP = 0x0950, 0x094B, 0x0990, 0x0991  # attributes
_OBSERVED = struct.Struct(">HHHI")  # physiological id, state, unit, number

MMHG_IN_KPA = 7.50062
MMHG, KPA, PER_MINUTE, BREATHS, PERCENT = 0x0F20, 0x0F03, 0x0AA0, 0x0AE0, 0x0220
UNITS = {MMHG: "mmHg", KPA: "kPa", PER_MINUTE: "/min", BREATHS: "/min", PERCENT: "%"}

PRESSURES = {0x4A05: NIBP_SYS, 0x4A06: NIBP_DIA, 0x4A07: NIBP_MAP}
CUFF_PULSE = 0xF0E5
#: The pulse of the oximeter, and the one of the source chosen at the monitor where that is none.
PLETH_PULSE, CHOSEN_PULSE = 0x4822, 0x480A
#: What describes the present: identifier, metric, and the units in which it is understood.
PRESENT: dict[int, tuple[Metric, tuple[int, ...]]] = {
    0x4BB8: (SPO2, (PERCENT,)),
    PLETH_PULSE: (PULSE, (PER_MINUTE,)),
    CHOSEN_PULSE: (PULSE, (PER_MINUTE,)),
    0x4182: (HR, (PER_MINUTE,)),
    0x500A: (RR, (BREATHS, PER_MINUTE)),
    0x50B0: (ETCO2, (MMHG, KPA)),
}

# Bits of a value's state. Invalid, questionable, unavailable or calibrating: no value.
NO_VALUE, TEST_OR_DEMO, ONGOING = 0xF000, 0x0C00, 0x0020
#: Mantissas that are no numbers: NaN, not at this resolution, infinite, minus infinite.
NO_NUMBER = frozenset((0x7FFFFF, 0x800000, 0x7FFFFE, 0x800002))
POWERS: tuple[int, ...] = tuple(10**exponent for exponent in range(129))


def number(raw: int) -> float | None:
    """A FLOAT: signed exponent of ten in the top byte, signed mantissa of 24 bits."""
    exponent, mantissa = raw >> 24, raw & 0xFFFFFF
    if mantissa in NO_NUMBER:
        return None
    if mantissa & 0x800000:
        mantissa -= 0x1000000
    if exponent & 0x80:  # dividing keeps 975 tenths exactly 97.5
        return mantissa / POWERS[0x100 - exponent]
    return float(mantissa * POWERS[exponent])


def in_words(raw: int, state: int, unit: int) -> str:
    """A value nobody mapped, with the digits the monitor sent and its unit or the unit's code."""
    value = number(raw)
    if value is None or state & NO_VALUE:
        return "none"
    exponent = raw >> 24
    digits = 0x100 - exponent if exponent & 0x80 else 0
    text = f"{value:.{digits}f}" if digits <= 6 else f"{value:g}"
    return f"{text} {UNITS.get(unit) or f'unit 0x{unit:04X}'}"


def pressure(raw: int, unit: int) -> float | None:
    """In mmHg. A monitor that is set to kPa sends kPa."""
    value = number(raw)
    if value is None or unit == MMHG:
        return value
    return round(value * MMHG_IN_KPA, 1)


#: The two time stamps of an object: clock time and relative time.
Stamps = tuple[bytes | None, int | None]
CuffPart = tuple[Metric, float | None, Stamps]


class Numerics:
    """The readings in a monitor's answers, one for the present and one for each cuff result."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._cuff = CuffWatch(source)
        self._demo = False

    def connected(self, now: datetime) -> None:
        self._cuff.connected(now)

    def absorb(self, answer: Answer, now: datetime) -> list[Output]:
        """What the objects of one poll say."""
        head = answer.head
        values: dict[Metric, float | None] = {}
        unmapped: dict[str, str] = {}
        cuff: list[CuffPart] = []
        cuff_state = states = pulse = 0
        for _, attributes in answer.objects:
            stamps: Stamps | None = None
            for kind, state, unit, raw in _observed(attributes):
                absent = state & NO_VALUE or (raw & 0xFFFFFF) in NO_NUMBER
                present = PRESENT.get(kind)
                if present is not None and (absent or unit in present[1]):
                    states |= state
                    metric = present[0]
                    if absent:
                        value = None
                    else:
                        value = pressure(raw, unit) if metric is ETCO2 else number(raw)
                    if metric is not PULSE:
                        values[metric] = value
                    elif values.get(PULSE) is None or (kind == PLETH_PULSE and value is not None):
                        values[PULSE] = value
                        pulse = kind
                    if kind == CHOSEN_PULSE:
                        unmapped[f"0x{kind:04X}"] = in_words(raw, state, unit)
                elif kind in PRESSURES and (absent or unit in (MMHG, KPA)):
                    cuff_state |= state
                    stamps = stamps or _when(attributes)
                    value = None if absent else pressure(raw, unit)
                    cuff.append((PRESSURES[kind], value, stamps))
                elif kind == CUFF_PULSE and (absent or unit == PER_MINUTE):
                    value = None if absent else number(raw)
                    cuff.append((NIBP_PULSE, value, _when(attributes)))
                else:
                    unmapped[f"0x{kind:04X}"] = in_words(raw, state, unit)
        if pulse == CHOSEN_PULSE:
            unmapped.pop(f"0x{CHOSEN_PULSE:04X}", None)
        outputs = self._demo_began((states | cuff_state) & TEST_OR_DEMO != 0, now)
        if values or unmapped:
            flags = (DEMO,) if states & TEST_OR_DEMO else ()
            at = device_time(head.absolute)
            outputs.append(Reading(self._source, values, answer.begun, now, flags, at, unmapped))
        shown = _shown(cuff, cuff_state)
        return outputs + self._cuff.absorb(shown, answer, now)

    def _demo_began(self, demo: bool, now: datetime) -> list[Output]:
        before, self._demo = self._demo, demo
        if not demo or before:
            return []
        text = "the monitor sends demonstration or test data"
        return [DeviceEvent(self._source, "demo", text, now)]


def _observed(attributes: Mapping[int, bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Identifier, state, unit and number of each value of an object."""
    single, several = attributes.get(VALUE), attributes.get(COMPOUND)
    if single is not None and len(single) == _OBSERVED.size:
        yield _OBSERVED.unpack(single)
    if several is not None and len(several) >= 4 and (len(several) - 4) % _OBSERVED.size == 0:
        yield from _OBSERVED.iter_unpack(several[4:])


def _when(attributes: Mapping[int, bytes]) -> Stamps:
    """When an object was measured, as far as it says so."""
    stamp, relative = attributes.get(STAMP), attributes.get(RELATIVE_STAMP)
    if stamp is not None and clock_time(stamp) is None:
        stamp = None
    if relative is None or len(relative) != 4:
        return stamp, None
    return stamp, int.from_bytes(relative, "big")


def _shown(cuff: list[CuffPart], state: int) -> CuffShown | None:
    """The cuff's values as one. A pulse with the time of another reading is not of this one."""
    values: dict[Metric, float | None] = {m: v for m, v, _ in cuff if m is not NIBP_PULSE}
    if not values:
        return None
    when = next(stamps for metric, _, stamps in cuff if metric is not NIBP_PULSE)
    for metric, value, stamps in cuff:
        if metric is NIBP_PULSE and stamps in (when, (None, None)):
            values[NIBP_PULSE] = value
    ongoing, demo = bool(state & ONGOING), bool(state & TEST_OR_DEMO)
    return CuffShown(values, ongoing, demo, *when)
