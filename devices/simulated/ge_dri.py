"""A simulated GE S/5 or CARESCAPE monitor: DRI records, pushed after one request.

Source: GE S/5 Computer Interface Specification M1017617 and System Interface DRI Specification
8005313, and a frame recorded from a CARESCAPE B650.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, cuff_display, whole

FLAG, ESCAPE = 0x7E, 0x7D
HEADER_SIZE = 40
REQUEST_SIZE = HEADER_SIZE + 9
SUBRECORD_SIZE = 278
LONGEST_RECORD = 1490
LEVEL_2015 = 11
END_OF_LIST = 0xFF
DISPLAYED = 1
SHORTEST_INTERVAL_S = 5
ONCE, STOP = -1, 0

INVALID, UNDER_RANGE, OVER_RANGE = -32767, -32764, -32763
EXISTS, ACTIVE = 1, 2
ECG_SOURCE = 9 << 3  # bits 3-6 of the ECG status: the rate comes from the ECG
RESERVED_LABEL, AUTO, MEASURING, OLD = 0b11, 1 << 3, 1 << 5, 1 << 8
OLD_AFTER_S = 60.0

# Where each group of the basic class begins in its subrecord, and how many values it carries
# after its status (u32) and label (u16).
ECG, NIBP, SPO2, CO2 = 4, 76, 122, 136
GROUPS = {
    ECG: 5,
    **dict.fromkeys((20, 34, 48, 62), 4),  # invasive pressures
    NIBP: 4,
    **dict.fromkeys((90, 98, 106, 114), 1),  # temperatures
    SPO2: 4,
}
GAS_VALUES = 4
AIR = 7600  # tenths of mmHg: the pressure by which a part of CO2 becomes a pressure


@dataclass(frozen=True, slots=True)
class Group:
    """One module's part of the basic class, values as they go on the line."""

    status: int = 0
    label: int = 0
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What a record says of itself. ``time`` is in Unix seconds."""

    number: int
    time: int
    level: int = LEVEL_2015
    plug_id: int = 0


@dataclass(slots=True)
class _Pushing:
    """A standing request: every ``interval`` seconds, next at ``next_at``."""

    interval: int
    classes: int
    next_at: float = field(default=0.0)


def hundredths(value: float | None) -> int:
    """A value in hundredths as the line carries it, to the nearest; a code where it cannot."""
    return _word(None if value is None else value * 100)


def rate(value: float | None) -> int:
    """A rate per minute as the line carries it: a whole number, or the code for none."""
    return _word(value)


def _word(value: float | None) -> int:
    if value is None:
        return INVALID
    number = whole(value)
    if number > 32767:
        return OVER_RANGE
    return number if number > -32001 else UNDER_RANGE


def class_word(number: int, level: int = LEVEL_2015) -> int:
    """Class, interface level and kind of a subrecord in one word."""
    return number << 8 | level << 4 | DISPLAYED


def basic_subrecord(time: int, groups: dict[int, Group], word: int) -> bytes:
    """The 278 bytes of a basic subrecord; a group not given is a module that is not there."""
    body = bytearray(SUBRECORD_SIZE)
    struct.pack_into("<I", body, 0, time)
    # The gases stay zero without their module, as in the interface's computed example.
    gases = {CO2: GAS_VALUES} if CO2 in groups else {}
    for offset, count in (GROUPS | gases).items():
        group = groups.get(offset, Group())
        values = group.values + (INVALID,) * (count - len(group.values))
        struct.pack_into(f"<IH{count}h", body, offset, group.status, group.label, *values)
    struct.pack_into("<H", body, SUBRECORD_SIZE - 2, word)
    return bytes(body)


def empty_subrecord(time: int, word: int) -> bytes:
    """A subrecord of a class this monitor has no values for: every word of it is invalid."""
    filling = struct.pack("<h", INVALID) * ((SUBRECORD_SIZE - 8) // 2)
    return struct.pack("<I", time) + filling + struct.pack("<HH", 0, word)


def record(header: Header, subrecords: list[bytes]) -> bytes:
    """One physiological record (main type 0), not yet framed."""
    length = HEADER_SIZE + sum(len(one) for one in subrecords)
    listed = bytearray(24)
    offset = 0
    for index, one in enumerate(subrecords):
        struct.pack_into("<hB", listed, 3 * index, offset, DISPLAYED)
        offset += len(one)
    struct.pack_into("<hB", listed, 3 * len(subrecords), 0, END_OF_LIST)
    head = struct.pack(
        "<hBBHIBBHh",
        length,
        header.number & 0xFF,
        header.level,
        header.plug_id,
        header.time,
        0,
        0,
        0,
        0,
    )
    return head + bytes(listed) + b"".join(subrecords)


def framed(content: bytes) -> bytes:
    """A record with its checksum between two flags, flags and escapes inside escaped."""
    stuffed = bytearray([FLAG])
    for byte in (*content, sum(content) & 0xFF):
        if byte in (FLAG, ESCAPE):
            stuffed += bytes([ESCAPE, byte & ~0x20])
        else:
            stuffed.append(byte)
    stuffed.append(FLAG)
    return bytes(stuffed)


class GeDriMonitor:
    """Sends displayed values for ever once they have been asked for; takes no command."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._started = started
        self._frame = bytearray()
        self._in_frame = False
        self._number = 0
        self._pushing: _Pushing | None = None
        self._sent_once = -float(SHORTEST_INTERVAL_S)
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        replies: list[bytes] = []
        for byte in data:
            if byte == FLAG:
                if self._in_frame and self._frame:
                    replies += self._received(bytes(self._frame), t)
                self._frame.clear()
                self._in_frame = True
            elif self._in_frame:
                self._frame.append(byte)
                # Twice the longest record: every byte of it may have been escaped.
                self._in_frame = len(self._frame) <= 2 * LONGEST_RECORD
        return replies

    def due(self, t: float) -> list[bytes]:
        pushing = self._pushing
        if pushing is None or t < pushing.next_at:
            return []
        while pushing.next_at <= t:
            pushing.next_at += pushing.interval
        return [self._values(pushing.classes, t)]

    def wait(self, t: float) -> float | None:
        return None if self._pushing is None else max(0.0, self._pushing.next_at - t)

    def _received(self, stuffed: bytes, t: float) -> list[bytes]:
        content = _unstuffed(stuffed)
        replies: list[bytes] | None = None
        if content is not None:
            replies = self._asked(content, t)
        self.requests.append(Request(t, content or stuffed, accepted=replies is not None))
        return replies or []

    def _asked(self, content: bytes, t: float) -> list[bytes] | None:
        """The records that answer at once; ``None`` = not a request this monitor heeds."""
        if len(content) != REQUEST_SIZE:
            return None
        (length,) = struct.unpack_from("<h", content, 0)
        (main_type,) = struct.unpack_from("<h", content, 14)
        offset, kind = struct.unpack_from("<hB", content, 16)
        shown, interval, classes = struct.unpack_from("<BhI", content, HEADER_SIZE)
        if length != REQUEST_SIZE or main_type != 0 or (offset, kind) != (0, 0):
            return None
        if shown != DISPLAYED:  # trends need an admitted patient: none here
            return None
        if interval == STOP:
            self._pushing = None
            return []
        if interval == ONCE:
            if t - self._sent_once < SHORTEST_INTERVAL_S:
                return None
            self._sent_once = t
            return [self._values(classes, t)]
        if interval < SHORTEST_INTERVAL_S:
            return None
        self._pushing = _Pushing(interval, classes, t + interval)
        return [self._values(classes, t)]

    def _values(self, classes: int, t: float) -> bytes:
        time = int((self._started + timedelta(seconds=t)).timestamp())
        subrecords = []
        if not classes & 1:  # bit 0 denies the basic class
            subrecords.append(basic_subrecord(time, self._groups(t), class_word(0)))
        for number in (1, 2, 3):
            if classes & 1 << number:
                subrecords.append(empty_subrecord(time, class_word(number)))
        header = Header(self._number, time)
        self._number = (self._number + 1) & 0xFF
        return framed(record(header, subrecords))

    def _groups(self, t: float) -> dict[int, Group]:
        vitals = self._patient.at(t)
        heart = (rate(vitals.hr), INVALID, INVALID, INVALID, rate(vitals.rr))
        oximeter = (hundredths(vitals.spo2), rate(vitals.pulse))
        measuring = vitals.spo2 is not None or vitals.pulse is not None
        groups = {} if vitals.etco2 is None else {CO2: _gas(vitals.etco2)}
        return groups | {
            ECG: Group(EXISTS | ACTIVE | ECG_SOURCE, 0, heart),
            NIBP: self._nibp(t),
            SPO2: Group(EXISTS | (ACTIVE if measuring else 0), 0, oximeter),
        }

    def _nibp(self, t: float) -> Group:
        cuff = cuff_display(self._patient, t)
        label = RESERVED_LABEL
        if self._patient.automatic:
            label |= AUTO
        if cuff.measuring:
            label |= MEASURING
        # A failed determination leaves dashes; while the next is measured the last result stands.
        result = cuff.result if cuff.failure is None else None
        if result is None:
            return Group(EXISTS | ACTIVE, label)
        if t - result.at > OLD_AFTER_S:
            label |= OLD
        pressures = (hundredths(result.sys), hundredths(result.dia), hundredths(result.map))
        return Group(EXISTS | ACTIVE, label, (*pressures, rate(result.pulse)))


def _gas(etco2: float) -> Group:
    """The gas module: EtCO2 as a part of the air in hundredths of a percent, none breathed in."""
    part = whole(whole(etco2) * 100_000 / AIR)
    return Group(EXISTS | ACTIVE, 0, (part, 0, INVALID, AIR))


def _unstuffed(stuffed: bytes) -> bytes | None:
    """A frame's record without its checksum; ``None`` where it does not hold."""
    content = bytearray()
    escaped = False
    for byte in stuffed:
        if escaped:
            content.append(byte | 0x20)
            escaped = False
        elif byte == ESCAPE:
            escaped = True
        else:
            content.append(byte)
    if escaped or len(content) < 2 or sum(content[:-1]) & 0xFF != content[-1]:
        return None
    return bytes(content[:-1])
