"""Terumo BR-500 walk-up cuff: one checked frame of text pushed after each measurement.

Serves: BR-500, and units of the ES-P2000 kind that send the same R1 records.

Cable: the RS-232 socket of the monitor to a serial port or a USB adapter of the computer.

Set up: 19200 8N1; the monitor may be set to 9600 instead: then give that speed with the port.

Gives: systolic, diastolic and mean pressure and the pulse of the cuff, with the monitor's own date
and time to the second.

Cannot: the monitor cannot be started from here, and tells nothing until a measurement has ended: a
measurement made while the program does not listen is lost to it, and a cable that is out shows only
in a reading that does not come. What it sends when a measurement fails is not public. No live cuff
pressure, no SpO2. The ES-P2020 speaks another protocol.

Sureness: medium: two programs, two recorded records and one documented check sum; not tried by us
on a real monitor. Each good frame is answered with one ACK character, which some units wait for and
the others do not heed as far as public programs tell; with "listen only" nothing is sent.

The subject's number in the records is dropped unread. The date may come as year-month-day or as
day-month-year: the order is taken that gives our own date (a day more or less), else the date is
kept as it was sent. A record that comes twice, with its second, is one measurement.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from devices.checksums import sum8
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, DriverSpec, LineSettings, Output

ACK = b"\x06"
KEPT = 64  # one byte less than a record's frame
LISTENS_S = 60.0

# A whole frame. The check sum is the byte after ETX, whatever it is; the text has no control
# characters, so that a frame never reaches into the next one.
FRAME = re.compile(rb"\x02((?:R1,|D1,)[ -~]{0,59})\x03(.)", re.DOTALL)
RECORD = re.compile(
    rb"R1,[^,]{9},(\d{6}),(\d{6}),(\d{3}|   ),(\d{3}|   ),(\d{3}|   ),(\d{3}|   )"
    rb",([ \d]{4}),([ \d]{4}),([ \d]{5}),([ \d]{3})"
)
STATUS = b"D1,"
A_DAY = timedelta(hours=36)  # ours and the monitor's date may differ by a zone and a late clock


def number(field: bytes) -> float | None:
    """A value; ``None`` for blanks, and for 000, which no cuff can measure."""
    return (float(field) or None) if field.isdigit() else None


def device_time(date: bytes, time: bytes, now: datetime) -> str | None:
    """The monitor's time; ``None`` where neither order of the date's parts gives our own date."""
    first, month, last = (int(date[i : i + 2]) for i in (0, 2, 4))
    hour, minute, second = (int(time[i : i + 2]) for i in (0, 2, 4))
    for year, day in ((first, last), (last, first)):
        try:
            at = datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001
        except ValueError:
            continue
        if abs(at - now.replace(tzinfo=None)) <= A_DAY:
            return at.isoformat()
    return None


class TerumoDecoder:
    """One walk-up cuff. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tail = b""
        self._last: tuple[bytes, ...] = ()
        self._reply = b""
        self._frames = 0

    @property
    def pending(self) -> int:
        return len(self._tail)

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        self._tail = self._reply = b""

    def command(self, command: Command) -> None:
        raise ValueError(f"a Terumo walk-up cuff takes no command {command.value}")

    def outgoing(self, now: datetime) -> bytes:
        reply, self._reply = self._reply, b""
        return reply

    def wait(self, now: datetime) -> float:
        return 0.0 if self._reply else LISTENS_S

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        stream, done, at = self._tail + data, 0, 0
        while found := FRAME.search(stream, at):
            if sum8(found[0][:-1]) != found[2][0]:
                at = found.end() - 1  # where the check sum was lost, the next frame begins here
                continue
            at = done = found.end()
            record = RECORD.fullmatch(found[1])
            if record is None and found[1] != STATUS:
                continue  # not confirmed, for it is not understood
            self._frames += 1
            self._reply = ACK
            if record is not None:
                outputs += self._result(record.groups(), now)
        self._tail = stream[max(done, len(stream) - KEPT) :]
        return outputs

    def _result(self, fields: tuple[bytes, ...], now: datetime) -> list[Output]:
        known, self._last = self._last, fields
        if fields == known:
            return []
        date, time, sys, mean, dia, pulse, *more = fields
        values = {
            NIBP_SYS: number(sys),
            NIBP_DIA: number(dia),
            NIBP_MAP: number(mean),
            NIBP_PULSE: number(pulse),
        }
        if all(values[metric] is None for metric in (NIBP_SYS, NIBP_DIA, NIBP_MAP)):
            text = "the cuff reading gave no pressures"
            return [DeviceEvent(self._source, "nibp_failed", text, now)]
        # fields that nobody has described; all zeros in every record that is known
        unmapped = {
            f"field {place}": text.decode("ascii")
            for place, text in enumerate(more, start=8)
            if text.strip(b" 0")
        }
        at = device_time(date, time, now)
        if at is None:
            unmapped |= {"date": date.decode("ascii"), "time": time.decode("ascii")}
        return [Reading(self._source, values, now, now, (), at, unmapped)]


SPEC = DriverSpec(
    name="terumo",
    title="Terumo BR-500 (walk-up cuff)",
    models=("BR-500", "ES-P2000 kind"),
    line=LineSettings(baud=19200),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE),
    commands=frozenset(),
    interval_s=60.0,
    silent_after_s=None,
    decoder=TerumoDecoder,
    manual="no maker's manual is public: records and one frame as public programs show them",
    also=(LineSettings(baud=9600),),
)
