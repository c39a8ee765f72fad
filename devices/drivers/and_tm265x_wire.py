"""The A&D external interface on the wire: frames with their check, and the RB record in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from devices.checksums import xor8
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS, Metric

SYN, HEAD, STX, ETX = b"\x16\x16", b"\x0100", b"\x02", b"\x03"
ACK, NAK = b"\x06", b"\x15"
KEPT = 172  # one byte less than the longest data frame

# The text has no control characters but RS, so that a frame never reaches into the next one. An
# acknowledgement may have a check byte behind it: whether it has is not certain, so it is not read.
FRAME = re.compile(
    rb"\x16\x16(?:\x0100([\x06\x15])|(\x0100\x02([ -~\x1e]{1,165})\x03)(.))", re.DOTALL
)
RECORD = re.compile(
    rb"TM[ -~]{2,14}\x1e(\d{10})\x1eR[AB]\x1e([ -~]{0,4})\x1e(E\d\d)((?:\x1e[ -~]*)*)"
)
#: Any record of a finished measurement, whatever its format.
FINISHED = re.compile(rb"TM[ -~]{2,14}\x1e\d{10}\x1e[ -~]{1,4}\x1e")
NUMBER = rb"([ \d]{3})"
RESULT = re.compile(
    rb"\x1eS%b\x1eM%b\x1eD%b\x1eP%b(?:\x1eI([ \d]*))?(?:\x1eL([ \d]*))?" % ((NUMBER,) * 4)
)
NO_ERROR = "E00"
ERRORS = {
    "E11": "the cuff got no pressure at the start",
    "E12": "the cuff did not reach its pressure in time",
    "E13": "the cuff inflated too fast",
    "E15": "the cuff got no pressure at the start",
    "E21": "the cuff let its air out too slowly",
    "E22": "the cuff let its air out too fast",
    "E23": "over-pressure in the cuff",
    "E24": "the measurement took too long",
    "E42": "the cuff pressure was not high enough",
    "E43": "no pulse was found",
    "E44": "the patient moved",
    "E45": "the diastolic pressure could not be determined",
    "E46": "the mean pressure could not be determined",
    "E48": "the systolic pressure could not be determined",
    "E61": "the pulse could not be determined",
}
OUT_OF_RANGE = re.compile(r"E6[3-9]")


def request(name: str) -> bytes:
    """The bytes of a request: ``ST``, ``SP`` or ``RB``, to the unit with the address 00."""
    body = HEAD + STX + name.encode("ascii") + ETX
    return SYN + body + bytes((xor8(body),))


def why(error: str) -> str:
    """A code of the monitor in words."""
    if OUT_OF_RANGE.fullmatch(error):
        return "a value is out of the monitor's range"
    return ERRORS.get(error, f"the monitor shows {error}")


class Framer:
    """Good frames out of a stream: ``ACK``, ``NAK`` or the text of a data frame."""

    def __init__(self) -> None:
        self._tail = b""

    @property
    def pending(self) -> int:
        return len(self._tail)

    def reset(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        frames: list[bytes] = []
        stream, done, at = self._tail + data, 0, 0
        while found := FRAME.search(stream, at):
            reply, body, text, check = found.groups()
            if reply is None and xor8(body) != check[0]:
                at = found.end() - 1  # where the check was lost, the next frame begins here
                continue
            at = done = found.end()
            frames.append(reply or text)
        self._tail = stream[max(done, len(stream) - KEPT) :]
        return frames


@dataclass(frozen=True, slots=True)
class Record:
    """An RB record, or an RA record, which begins alike.

    ``at`` is the monitor's own time, to the minute; ``None`` = no such moment.

    ``values`` are empty where ``error`` is not E00: the fields may then hold anything.
    """

    at: datetime | None
    error: str
    values: Mapping[Metric, float | None]
    unmapped: Mapping[str, str]


def record(text: bytes) -> Record | None:
    """The record in a data frame's text; ``None`` if it is none, or not of a known layout."""
    found = RECORD.fullmatch(text)
    if found is None:
        return None
    stamp, kind, code, rest = found.groups()
    at, error = moment(stamp), code.decode("ascii")
    if error != NO_ERROR:
        return Record(at, error, {}, {})
    fields = RESULT.match(rest)
    if fields is None:
        return None
    sys, mean, dia, pulse, inflation, amplitude = fields.groups()
    values = {
        NIBP_SYS: number(sys),
        NIBP_DIA: number(dia),
        NIBP_MAP: number(mean),
        NIBP_PULSE: number(pulse),
    }
    more = {"kind": kind, "I": inflation, "L": amplitude}
    unmapped = {key: value.decode("ascii") for key, value in more.items() if value}
    return Record(at, error, values, unmapped)


def number(field: bytes) -> float | None:
    """Three characters, blanks on the left; ``None`` where there is no value, and for 0."""
    digits = field.strip()
    return (float(digits) or None) if digits.isdigit() else None


def moment(stamp: bytes) -> datetime | None:
    year, month, day, hour, minute = (int(stamp[i : i + 2]) for i in range(0, 10, 2))
    try:
        return datetime(2000 + year, month, day, hour, minute)  # noqa: DTZ001  # its own time
    except ValueError:
        return None
