"""GE / Datex-Ohmeda S/5 computer interface (DRI): displayed values pushed in binary records.

Serves: CARESCAPE B850, B650, B450, B20, B30, B40, B105, B125 and S/5 monitors.

Cable: the computer interface port of the monitor (the maker's serial cable) to a serial port or a
USB adapter that has the handshake lines RTS and CTS; 19200 8E1.

Set up: the computer interface switched on in the monitor's settings. Even parity is a must.

Gives: heart rate, breaths, pulse, SpO2, cuff pressures with their pulse, one temperature, and EtCO2
where the monitor has a gas module, every 5 seconds. EtCO2 comes in percent with the pressure of the
air and is given in mmHg.

Cannot: a cuff reading cannot be started over this line. Records carry no time for the cuff, so a
result counts as measured when the first record shows it, at most 5 s late. A cuff reading that
fails within a minute of a good one looks like an identical new one.

Sureness: very high (the maker's specification, three independent programs, one recorded message);
not tried by us on a real monitor.

Inside: the monitor is asked once and then sends for ever; the request is repeated when records
stay away. See :class:`devices.drivers.ge_dri_cuff.CuffTracker` for what makes a result new.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta

from devices.checksums import sum8
from devices.drivers.ge_dri_cuff import CuffGroup, CuffTracker
from devices.framing import FlagFramer, escape
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
from devices.reading import Reading
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe

INTERVAL_S = 5  # the shortest that the monitor accepts for displayed values
STOP = 0  # in place of the interval: send no more
ASK_AGAIN_S = 3 * INTERVAL_S

MAX_RECORD = 1490  # 40 bytes of header and at most 1450 of subrecords
PHYSIOLOGICAL = 0  # r_maintype
DISPLAYED = 1  # sr_type, and phdb_rcrd_type of a request
END_OF_LIST = 0xFF
BASIC = 0  # class in bits 8-11 of the class word

# r_len, r_nbr, dri_level, plug_id, r_time, n_subnet, 3 reserved, r_maintype, 8 x (offset, type)
HEADER = struct.Struct("<h B B H I B 3x h" + "hB" * 8)
REQUEST_BODY = struct.Struct("<B h I h")  # type, interval, classes, reserved
SUBRECORD = 278
CLASS_WORD = struct.Struct("<H")  # at 276
GROUP = struct.Struct("<I H")  # status, label: before the values of each group
EXISTS = 0x1  # bit 0 of a group's status: the module is there (not: it has a value)

ECG_AT, NIBP_AT, TEMP_AT, SPO2_AT, CO2_AT = 4, 76, 90, 122, 136
LAST_SENTINEL = -32001  # this and all below are reasons, not numbers

#: The continuous values: group, offset from the subrecord's beginning, units in one step.
CONTINUOUS: tuple[tuple[int, tuple[tuple[Metric, int, int], ...]], ...] = (
    (ECG_AT, ((HR, 10, 1), (RR, 18, 1))),
    (SPO2_AT, ((PULSE, 130, 1), (SPO2, 128, 100))),
    (TEMP_AT, ((TEMP, 96, 100),)),
)


def frame(record: bytes) -> bytes:
    """A record as it goes over the wire: check sum, escapes, flags."""
    return b"\x7e" + escape(record + bytes((sum8(record),))) + b"\x7e"


def request(interval_s: int = INTERVAL_S, classes: int = 0, kind: int = DISPLAYED) -> bytes:
    """The frame that asks for physiological data; ``classes`` 0 is the basic class only."""
    subrecords = (0, 0, 0, END_OF_LIST, *(0, 0) * 6)
    header = HEADER.pack(HEADER.size + REQUEST_BODY.size, 0, 0, 0, 0, 0, PHYSIOLOGICAL, *subrecords)
    return frame(header + REQUEST_BODY.pack(kind, interval_s, classes, 0))


def checked_record(content: bytes) -> bytes | None:
    """The record in an unescaped frame; ``None`` if length or check sum do not agree."""
    record = content[:-1]
    if not HEADER.size <= len(record) <= MAX_RECORD or sum8(record) != content[-1]:
        return None
    return record if int.from_bytes(record[:2], "little") == len(record) else None


def basic_subrecord(record: bytes) -> bytes | None:
    """The displayed values of the basic class, wherever in the record they stand."""
    _, _, _, _, _, _, maintype, *described = HEADER.unpack_from(record)
    if maintype != PHYSIOLOGICAL:
        return None
    for offset, kind in zip(described[::2], described[1::2], strict=True):
        if kind == END_OF_LIST:
            return None
        start = HEADER.size + offset
        if kind != DISPLAYED or offset < 0 or start + SUBRECORD > len(record):
            continue
        subrecord = record[start : start + SUBRECORD]
        # The position in the list does not tell the class: a monitor may leave out the first.
        if CLASS_WORD.unpack_from(subrecord, 276)[0] >> 8 & 0xF == BASIC:
            return subrecord
    return None


def value(subrecord: bytes, offset: int, steps: int) -> float | None:
    """One 16-bit value in its unit; ``None`` where the monitor gives a reason instead."""
    raw = int.from_bytes(subrecord[offset : offset + 2], "little", signed=True)
    return None if raw <= LAST_SENTINEL else raw / steps


def etco2(subrecord: bytes) -> float | None:
    """EtCO2 in mmHg: a part of the air (hundredths of a percent) times its pressure (tenths)."""
    part, air = value(subrecord, CO2_AT + 6, 10_000), value(subrecord, CO2_AT + 12, 10)
    if part is None or air is None or air <= 0:
        return None
    return round(part * air, 1)


class GeDriDecoder:
    """One monitor on the computer interface. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._framer = FlagFramer(MAX_RECORD + 1)
        self._cuff = CuffTracker(source)
        self._ask_at: datetime | None = None
        self._frames = 0

    @property
    def pending(self) -> int:
        return self._framer.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        self._framer.reset()
        self._ask_at = now  # the monitor forgets the request when it is switched off

    def command(self, command: Command) -> None:
        raise ValueError("this monitor takes no commands over its computer interface")

    def outgoing(self, now: datetime) -> bytes:
        if self._ask_at is not None and now < self._ask_at:
            return b""
        self._ask_at = now + timedelta(seconds=ASK_AGAIN_S)
        return request()

    def wait(self, now: datetime) -> float:
        if self._ask_at is None:
            return 0.0
        return max(0.0, (self._ask_at - now).total_seconds())

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for content in self._framer.feed(data):
            record = checked_record(content)
            if record is None:
                continue
            self._frames += 1
            self._ask_at = now + timedelta(seconds=ASK_AGAIN_S)
            subrecord = basic_subrecord(record)
            if subrecord is not None:
                outputs += self._values(subrecord, now)
        return outputs

    def _values(self, subrecord: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        values = {
            metric: value(subrecord, offset, steps)
            for group, fields in CONTINUOUS
            if GROUP.unpack_from(subrecord, group)[0] & EXISTS
            for metric, offset, steps in fields
        }
        if GROUP.unpack_from(subrecord, CO2_AT)[0] & EXISTS:
            values[ETCO2] = etco2(subrecord)
        if values:
            outputs.append(Reading(self._source, values, now, now))
        status, label = GROUP.unpack_from(subrecord, NIBP_AT)
        if status & EXISTS:
            sys, dia, mean = (value(subrecord, NIBP_AT + at, 100) for at in (6, 8, 10))
            pulse = value(subrecord, NIBP_AT + 12, 1)
            outputs += self._cuff.absorb(CuffGroup(label, sys, dia, mean, pulse), now)
        return outputs


SPEC = DriverSpec(
    name="ge-dri",
    title="GE CARESCAPE / Datex-Ohmeda S/5 (computer interface)",
    models=(
        "CARESCAPE B850, B650, B450",
        "CARESCAPE B105, B125",
        "B20, B30, B40",
        "S/5 monitors",
    ),
    line=LineSettings(baud=19200, parity="E", rtscts=True),
    metrics=(HR, RR, PULSE, SPO2, ETCO2, TEMP, NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE),
    commands=frozenset(),
    interval_s=float(INTERVAL_S),
    silent_after_s=20.0,
    decoder=GeDriDecoder,
    manual="GE S/5 Computer Interface Specification M1017617",
    probe=Probe(greeting=lambda now: request(), farewell=request(STOP)),
)
