"""HL7 v2 text: cuts messages out of a stream (MLLP or bare segments) and takes their fields apart.

Two ways to mark a message: between 0B and 1C 0D (MLLP), or as bare segments that end with CR, where
the message ends at the next MSH or when the line has been quiet for a second. Line feeds are
ignored. There is no check sum: a framed message with one segment that cannot be read is dropped
whole, for it comes again; between bare segments rubbish is passed over.

What is about a person never leaves this module: of PID and PV1 only a number is kept that tells one
bed or patient from another while the program runs; NTE and all other segments are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

#: The longest segment that is read: a result line has about a hundred characters.
SEGMENT_LIMIT = 2048
#: As many bytes of results are kept of one message: some three hundred results.
MESSAGE_LIMIT = 32_768
#: Bare segments are a message when the line has been quiet for so long.
QUIET = timedelta(seconds=1)
#: A clock that shows another year is not set: its times say nothing.
YEARS = range(1990, 2100)
START, END = b"\x0b", b"\x1c"

# MSH, the field separator, the four (or five) encoding characters, the separator again
HEADER = re.compile(rb"MSH([!-/:-@\[-`{-~])([!-/:-@\[-`{-~]{4,5})\1")
SEGMENT = re.compile(rb"[A-Z][A-Z0-9]{2}(?![A-Za-z0-9])")
TIME = re.compile(r"(\d{14})(?:\.\d{1,4})?(?:([+-])(\d\d)(\d\d))?")


class Observation(NamedTuple):
    """The fields of one OBX as text: components stand between ``^``; absent fields are empty.

    ``taken`` is OBR-7 of the group it belongs to.
    """

    kind: str  # OBX-2
    id: str  # OBX-3
    sub: str  # OBX-4
    value: str  # OBX-5
    unit: str  # OBX-6
    doubts: str  # OBX-8
    status: str  # OBX-11
    time: str  # OBX-14
    source: str  # OBX-17
    taken: str  # OBR-7


@dataclass(slots=True)
class Message:
    """One message: ``begun_at`` is when its header arrived, ``ended_at`` when its last byte did.

    ``bed`` tells where it comes from (sender and place), ``person`` of whom it speaks (0 = not
    said): numbers that mean nothing outside this run of the program.
    """

    framed: bool
    sender: str  # MSH-3
    sender_place: str  # MSH-4
    sent: str  # MSH-7
    kind: str  # MSH-9, two components
    control_id: str  # MSH-10
    processing: str  # MSH-11
    asks_accept: str  # MSH-15
    asks_application: str  # MSH-16
    begun_at: datetime
    ended_at: datetime
    ack: tuple[str, str] | None = None  # MSA-1 and MSA-2
    bed: int = 0
    person: int = 0
    observations: list[Observation] = field(default_factory=list)


class Hl7Framer:
    """Messages of the wanted kinds (``ORU^R01``), cut out of whatever arrives.

    Bare segments end a message late: :meth:`feed` with no bytes, a second or more after the last
    ones, gives it out. Its times are those of its bytes, whenever it is asked for.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = frozenset(kinds)
        self.headers = 0  # how many messages of the wanted kinds have begun
        self._bar, self._mark = b"|", "^"
        self.reset()

    def reset(self) -> None:
        self._tail = b""
        self._cut = False  # the tail has lost its beginning: it was too long
        self._heard_at: datetime | None = None
        self._drop()

    def _drop(self) -> None:
        self._open: Message | None = None
        self._size = 0
        self._damaged = False
        self._taken = ""

    @property
    def pending(self) -> int:
        """Bytes of an unfinished message; at most the two limits together."""
        return len(self._tail) + self._size

    def feed(self, data: bytes, now: datetime) -> list[Message]:
        """The messages that are complete now."""
        done: list[Message] = []
        if self._heard_at is not None and now - self._heard_at >= QUIET:
            self._quiet(done)
        if not data:
            return done
        self._heard_at = now
        *lines, tail = (self._tail + data).split(b"\r")
        for line in lines:
            self._line(line, now, done)
            self._cut = False
        if len(tail) > SEGMENT_LIMIT:
            tail, self._cut = tail[-SEGMENT_LIMIT:], True
        self._tail = tail
        return done

    def _quiet(self, done: list[Message]) -> None:
        """Nothing has come for a second: whatever lacks only its end is whole."""
        if self._tail.endswith(END) and self._heard_at is not None:
            self._line(self._tail, self._heard_at, done)
            self._tail, self._cut = b"", False
        elif self._open is not None and not self._open.framed and not self._tail.strip(b"\n"):
            self._finish(done)

    def _line(self, line: bytes, now: datetime, done: list[Message]) -> None:
        if line[:1] == b"\n":
            line = line.lstrip(b"\n")
        if line[:1] == END:
            self._finish(done, now)
            line = line[1:]
        closes = line[-1:] == END
        if closes:
            line = line[:-1]
        if line:
            self._segment(line, now, done)
        if closes:
            self._finish(done, now)

    def _segment(self, line: bytes, now: datetime, done: list[Message]) -> None:
        if b"MSH" in line and (found := HEADER.search(line)) is not None:
            self._begin(line, found, now, done)
            return
        message = self._open
        if message is None or self._damaged:
            return
        if line[3:4] != self._bar or SEGMENT.match(line) is None:
            # a long segment lost its beginning by our own limit; anything else is damage
            self._damaged = message.framed and not self._cut
            return
        message.ended_at = now
        name = line[:3]
        if name == b"OBX":
            self._size += len(line)
            fields = self._fields(line)
            if fields is None or self._size > MESSAGE_LIMIT:
                self._damaged = message.framed or self._size > MESSAGE_LIMIT
            else:
                message.observations.append(observation(fields, self._taken))
        elif name == b"OBR":
            self._taken = _at(self._fields(line) or [], 7)
        elif name == b"MSA":
            fields = self._fields(line) or []
            message.ack = (_at(fields, 1), _at(fields, 2))
        elif name == b"PID":
            # PID-3 the number, PID-5 the name: only that they are the same or not
            about = line.split(self._bar)[3:6]
            message.person = hash(tuple(about)) if any(about) else 0
        elif name == b"PV1":
            message.bed = hash((message.bed, tuple(line.split(self._bar)[3:4])))

    def _begin(
        self, line: bytes, found: re.Match[bytes], now: datetime, done: list[Message]
    ) -> None:
        if self._open is not None and not self._open.framed:
            self._finish(done)
        self._drop()
        self._bar, marks = found.groups()
        self._mark = marks[:1].decode("ascii")
        start = found.start()
        fields = self._fields(line[start:])
        if fields is None or len(fields) < 12 or not fields[11].startswith("2."):
            return
        kind = "^".join(fields[8].split("^")[:2]).rstrip("^")
        if kind not in self._kinds:
            return
        self.headers += 1
        self._open = Message(
            framed=line[:start].endswith(START),
            sender=fields[2],
            sender_place=fields[3],
            sent=fields[6],
            kind=kind,
            control_id=fields[9],
            processing=fields[10].partition("^")[0],
            asks_accept=_at(fields, 14),
            asks_application=_at(fields, 15),
            begun_at=now,
            ended_at=now,
            bed=hash((fields[2], fields[3])),
        )

    def _finish(self, done: list[Message], now: datetime | None = None) -> None:
        if self._open is not None and not self._damaged:
            self._open.ended_at = now or self._open.ended_at
            done.append(self._open)
        self._drop()

    def _fields(self, line: bytes) -> list[str] | None:
        """The fields as text, with ``^`` between components; ``None`` where it is no text."""
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        if not text.isprintable():
            return None
        if self._mark != "^":
            text = text.replace("^", " ").replace(self._mark, "^")
        return text.split(self._bar.decode("ascii"))


def observation(fields: list[str], taken: str) -> Observation:
    """An OBX by its fields; those that are not there are empty."""
    if len(fields) < 18:
        fields = fields + [""] * (18 - len(fields))
    return Observation(
        fields[2],
        fields[3],
        fields[4],
        fields[5],
        fields[6],
        fields[8],
        fields[11],
        fields[14],
        fields[17],
        taken,
    )


def _at(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""


class Stamp(NamedTuple):
    """A monitor's time to the second: its local time and, where it says so, the offset from UTC."""

    local: datetime
    offset: timedelta | None

    @property
    def text(self) -> str:
        return self.local.isoformat(timespec="seconds")

    def before(self, later: Stamp) -> float:
        """Seconds from this to ``later``, by the same clock; negative where it is after it."""
        span = later.local - self.local
        if self.offset is not None and later.offset is not None:
            span += self.offset - later.offset
        return span.total_seconds()


def stamp(text: str) -> Stamp | None:
    """``YYYYMMDDHHMMSS[.ffff][+HHMM]``; ``None`` where there is no time to the second."""
    found = TIME.fullmatch(text)
    if found is None:
        return None
    digits, sign, hours, minutes = found.groups()
    try:
        local = datetime.fromisoformat(f"{digits[:8]}T{digits[8:]}")
    except ValueError:
        return None
    if local.year not in YEARS:
        return None
    offset = None
    if sign is not None:
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    return Stamp(local, offset)


def framed(*segments: str) -> bytes:
    """An MLLP message of these segments."""
    return START + "".join(f"{one}\r" for one in segments).encode("utf-8") + END + b"\r"
