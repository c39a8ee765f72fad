"""Omron HBP-9030 and HBP-9020 walk-up cuffs: one line of text pushed after each measurement.

Serves: HBP-9030 and HBP-9031C (output format 5), HBP-9020 (output mode 5 / F3). Both formats are
told apart by themselves.

Cable: the monitor's USB socket, which shows itself as a serial port (USB id 0483:5740), or its
RS-232 socket with a USB adapter; 9600 8N1 (over USB the speed does not matter).

Set up: HBP-9030: function 32 = format 5, as delivered. HBP-9020: output mode 5 (F3).

Gives: systolic and diastolic pressure and the pulse of the cuff, with the monitor's own date and
time to the minute; from the HBP-9020 the mean pressure too. A measurement that failed is told with
the monitor's error number (HBP-9030). The movement count is kept as it was sent.

Cannot: the monitor cannot be asked or started from here, and tells nothing until a measurement has
ended: a measurement made while the program does not listen is lost to it, and a cable that is out
shows only in a reading that does not come. No mean pressure from the HBP-9030; no live cuff
pressure, no SpO2. What the error numbers mean is not public. HBP-1300, HBP-1320 and the home
monitors (HEM) speak other protocols. The records have no check sum: a line error that turns one
digit into another cannot be seen.

Sureness: high for the HBP-9030 (the maker's manual as quoted, and three other programs that agree);
medium for the HBP-9020 (one program and one recorded line); not tried by us on a real monitor.

The subject's number in the records is dropped unread: it may name a person. A record that comes
twice in all its parts, with its minute, is one measurement; two that differ in anything are two.
"""

from __future__ import annotations

import re
from datetime import datetime

from devices.framing import LineFramer
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS, Metric
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, DriverSpec, LineSettings, Output

LINE_LIMIT = 64  # the longest record has 59 characters
LISTENS_S = 60.0  # nothing is ever sent: a caller may sleep as long as it likes

# A value: three digits, or three blanks where there is none. The subject's 20 characters may be
# any that are not control characters, commas too: the widths are fixed.
VALUE = rb"(\d{3}|   )"
SUBJECT = rb"[^\x00-\x1f]{20}"
HBP_9030 = re.compile(
    rb"(20\d\d),(\d\d),(\d\d),(\d\d),(\d\d),%b,(\d),%b,%b,%b,([\d ])\Z"
    % (SUBJECT, VALUE, VALUE, VALUE)
)
HBP_9020 = re.compile(
    rb"bp,%b,(20\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d),%b,%b,%b,%b,(\d{1,2})\Z"
    % (SUBJECT, VALUE, VALUE, VALUE, VALUE)
)


def number(field: bytes) -> float | None:
    """A value; ``None`` for blanks, and for 000, which no cuff can measure."""
    return (float(field) or None) if field.isdigit() else None


def device_time(parts: tuple[bytes, ...]) -> str | None:
    """Year, month, day, hour and minute as a time; ``None`` where there is no such moment."""
    try:
        year, month, day, hour, minute = map(int, parts)
        return datetime(year, month, day, hour, minute).isoformat()  # noqa: DTZ001  # its own time
    except ValueError:
        return None


class OmronDecoder:
    """One walk-up cuff. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._framer = LineFramer(LINE_LIMIT)
        self._last: tuple[bytes, ...] = ()
        self._frames = 0

    @property
    def pending(self) -> int:
        return self._framer.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        self._framer.reset()

    def command(self, command: Command) -> None:
        raise ValueError(f"an Omron walk-up cuff takes no command {command.value}")

    def outgoing(self, now: datetime) -> bytes:
        return b""

    def wait(self, now: datetime) -> float:
        return LISTENS_S

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for line in self._framer.feed(data):
            if found := HBP_9030.search(line):
                outputs += self._from_9030(found, now)
            elif found := HBP_9020.search(line):
                outputs += self._from_9020(found, now)
        return outputs

    def _from_9030(self, found: re.Match[bytes], now: datetime) -> list[Output]:
        *stamp, error, sys, dia, pulse, movement = found.groups()
        if error == b"0":
            values = {NIBP_SYS: sys, NIBP_DIA: dia, NIBP_PULSE: pulse}
            return self._result(found, tuple(stamp), values, {"movement": movement}, now)
        if device_time(tuple(stamp)) is None:
            return []
        self._frames += 1
        code = error.decode("ascii")
        text = f"the cuff reading failed: the monitor shows error {code}"
        return [DeviceEvent(self._source, "nibp_failed", text, now, {"error": code})]

    def _from_9020(self, found: re.Match[bytes], now: datetime) -> list[Output]:
        *stamp, sys, mean, dia, pulse, n = found.groups()
        values = {NIBP_SYS: sys, NIBP_DIA: dia, NIBP_MAP: mean, NIBP_PULSE: pulse}
        return self._result(found, tuple(stamp), values, {"n": n}, now)

    def _result(
        self,
        found: re.Match[bytes],
        stamp: tuple[bytes, ...],
        fields: dict[Metric, bytes],
        more: dict[str, bytes],
        now: datetime,
    ) -> list[Output]:
        at = device_time(stamp)
        if at is None:
            return []  # with no check sum an impossible date is the only sign of a damaged record
        self._frames += 1
        record, known = found.groups(), self._last  # without the subject
        self._last = record
        if record == known:
            return []
        values = {metric: number(field) for metric, field in fields.items()}
        if all(values[metric] is None for metric in values if metric is not NIBP_PULSE):
            text = "the cuff reading gave no pressures"
            return [DeviceEvent(self._source, "nibp_failed", text, now)]
        unmapped = {key: text.decode("ascii") for key, text in more.items() if text.strip()}
        return [Reading(self._source, values, now, now, (), at, unmapped)]


SPEC = DriverSpec(
    name="omron",
    title="Omron HBP-9030 / HBP-9020 (walk-up cuff)",
    models=("HBP-9030", "HBP-9031C", "HBP-9020"),
    line=LineSettings(baud=9600),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE),
    commands=frozenset(),
    interval_s=60.0,
    silent_after_s=None,
    decoder=OmronDecoder,
    manual="Omron HBP-9030 manual 2873643-0F p. 20, as quoted; a recorded HBP-9020 line",
)
