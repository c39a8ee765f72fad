"""HL7 v2 text: cuts messages out of a stream (MLLP or bare segments) and takes their fields apart.

Two ways to mark a message: between 0B and 1C 0D (MLLP), or as bare segments that end with CR, where
the message ends at the next MSH or when the line has been quiet for a second. Line feeds are
ignored, but where one ends the header they end all segments of that message: some send no CR.
There is no check sum: a framed message with one segment that cannot be read is dropped whole, for
it comes again; between bare segments rubbish is passed over.

A message may have several groups of results, each of a patient of its own: each becomes a message
here, so that what follows one PID never counts for another.

What is about a person never leaves this module: of PID and PV1 only a number is kept that tells one
bed or patient from another while the program runs; NTE and all other segments are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
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
TIME = re.compile(r"(\d{14})(?:\.\d{1,4})?(?:([+-])(\d\d)(\d\d))?", re.ASCII)
#: Conditions are parted by the repetition mark; some part them otherwise.
PARTED = re.compile(r"[~,;\s]+")


class Observation(NamedTuple):
    """The fields of one OBX as text: components stand between ``^``; absent fields are empty.

    ``taken`` is OBR-7 of the group it belongs to.
    """

    kind: str  # OBX-2
    id: str  # OBX-3
    sub: str  # OBX-4
    value: str  # OBX-5
    unit: str  # OBX-6
    doubts: frozenset[str]  # OBX-8, each repetition by its first component
    status: frozenset[str]  # OBX-11 likewise; empty where nothing is said
    time: str  # OBX-14
    source: str  # OBX-17
    taken: str  # OBR-7


@dataclass(slots=True)
class Message:
    """One message: ``begun_at`` is when its header arrived, ``ended_at`` when its last byte did.

    ``sender_hash`` tells where it comes from, ``place`` which bed it names (PV1-3), ``number`` and
    ``name`` of whom it speaks (0 = not said): numbers that mean nothing outside this run of the
    program. ``part`` counts the groups of one message, ``several`` = there is more than one.
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
    sender_hash: int = 0
    place: int = 0
    number: int = 0
    name: int = 0
    part: int = 0
    several: bool = False
    observations: list[Observation] = field(default_factory=list)

    @property
    def anonymous(self) -> bool:
        """Whether it says neither of whom it speaks nor of which bed."""
        return not (self.number or self.name or self.place)

    def other_than(self, other: Message) -> bool:
        """Whether it contradicts ``other``: what only one of the two says contradicts nothing.

        The number decides where both have one; else the name.
        """
        if self.sender_hash != other.sender_hash or _differ(self.place, other.place):
            return True
        if self.number and other.number:
            return self.number != other.number
        return _differ(self.name, other.name)

    def next_group(self) -> Message:
        """An empty group behind this one, of the same header and of nobody yet."""
        part = self.part + 1
        return replace(self, part=part, place=0, number=0, name=0, observations=[])


def _differ(one: int, other: int) -> bool:
    return bool(one and other and one != other)


class Hl7Framer:
    """Messages of the wanted kinds (``ORU^R01``), cut out of whatever arrives.

    Bare segments end a message late: :meth:`feed` with no bytes, a second or more after the last
    ones, gives it out. Its times are those of its bytes, whenever it is asked for.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = frozenset(kinds)
        self.headers = 0  # how many messages of the wanted kinds have begun
        self._bar, self._mark, self._repeat = b"|", "^", "~"
        self.reset()

    def reset(self) -> None:
        self._tail = b""
        self._cut = False  # the tail has lost its beginning: it was too long
        self._line_feeds = False  # they end the segments of the present message
        self._heard_at: datetime | None = None
        self._drop()

    def _drop(self) -> None:
        self._open: Message | None = None
        self._groups: list[Message] = []  # earlier ones of the open message
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
        stream, at = self._tail + data, 0
        while (end := self._segment_end(stream, at)) is not None:
            self._line(stream[at:end], now, done)
            self._cut = False
            at = end + 1
        tail = stream[at:]
        if len(tail) > SEGMENT_LIMIT:
            tail, self._cut = tail[-SEGMENT_LIMIT:], True
        self._tail = tail
        return done

    def _segment_end(self, stream: bytes, at: int) -> int | None:
        """Where the segment that begins at ``at`` ends; ``None`` where its end has not come."""
        cr, begin = stream.find(b"\r", at), at
        while stream[begin : begin + 1] == b"\n":
            begin += 1  # of a CR LF before it, or an empty line: passed over
        lf = stream.find(b"\n", begin, cr if cr >= 0 else len(stream))
        if lf >= 0 and (self._line_feeds or HEADER.search(stream, at, lf)):
            self._line_feeds = True
            return lf
        if cr < 0:
            return None
        if self._line_feeds and HEADER.search(stream, at, cr):
            self._line_feeds = False
        return cr

    def _quiet(self, done: list[Message]) -> None:
        """Nothing has come for a second: whatever lacks only its end is whole."""
        if self._tail.endswith(END) and self._heard_at is not None:
            self._line(self._tail, self._heard_at, done)
            self._tail, self._cut = b"", False
        elif self._open is not None and not self._open.framed and not self._tail.strip(b"\n"):
            self._finish(done)

    def _line(self, line: bytes, now: datetime, done: list[Message]) -> None:
        *ended, rest = line.split(END)
        for one in ended:
            if one := one.lstrip(b"\n"):
                self._segment(one, now, done)
            self._finish(done, now)
        if rest := rest.lstrip(b"\n"):
            self._segment(rest, now, done)

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
                message.observations.append(observation(fields, self._taken, self._repeat))
        elif name == b"OBR":
            self._taken = _at(self._fields(line) or [], 7)
        elif name == b"MSA":
            fields = self._fields(line) or []
            message.ack = (_at(fields, 1), _at(fields, 2))
        elif name == b"PID":
            # PID-3 the number, PID-5 the name: only that they are the same or not
            number, _, who = (line.split(self._bar) + [b""] * 6)[3:6]
            self._group(message, number=_hashed(number), name=_hashed(who))
        elif name == b"PV1":
            place = _hashed((line.split(self._bar) + [b""] * 4)[3])
            if message.observations and _differ(place, message.place):
                self._group(message, number=message.number, name=message.name)
            if self._open is not None and place:
                self._open.place = place

    def _group(self, message: Message, *, number: int, name: int) -> None:
        """A PID: the open group is of this patient, or a new one begins behind it."""
        if message.number or message.name or message.observations:
            group = message.next_group()
            group.number, group.name = number, name
            self._groups.append(message)
            self._open, self._taken = group, ""
        else:
            message.number, message.name = number, name

    def _begin(
        self, line: bytes, found: re.Match[bytes], now: datetime, done: list[Message]
    ) -> None:
        if self._open is not None and not self._open.framed:
            self._finish(done)
        self._drop()
        self._bar, marks = found.groups()
        self._mark, self._repeat = marks[:1].decode("ascii"), marks[1:2].decode("ascii")
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
            sender_hash=hash((fields[2], fields[3])),
        )

    def _finish(self, done: list[Message], now: datetime | None = None) -> None:
        if self._open is not None and not self._damaged:
            groups = [*self._groups, self._open]
            if len(groups) == 2 and groups[0].anonymous and not groups[1].observations:
                # a PID behind the results instead of before them
                groups[0].number, groups[0].name = groups[1].number, groups[1].name
                groups[0].place = groups[1].place
            groups = [one for one in groups if one.observations] or groups[:1]
            for one in groups:
                one.ended_at = now or self._open.ended_at
                one.several = len(groups) > 1
            done += groups
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


def _hashed(field: bytes) -> int:
    """A number that stands for what a field says; 0 where it says nothing."""
    text = field.strip(b' ^&~"')
    return hash(text) if text else 0


def _conditions(field: str, repeat: str) -> frozenset[str]:
    """The first components of a field's repetitions, in capitals."""
    if not field:
        return frozenset()
    parts = PARTED.split(field.replace(repeat, "~"))
    firsts = (one.split("^")[0].split("&")[0].upper() for one in parts)
    return frozenset(one for one in firsts if one and one != '""')


def observation(fields: list[str], taken: str, repeat: str = "~") -> Observation:
    """An OBX by its fields; those that are not there are empty."""
    if len(fields) < 18:
        fields = fields + [""] * (18 - len(fields))
    return Observation(
        fields[2],
        fields[3],
        fields[4],
        fields[5],
        fields[6],
        _conditions(fields[8], repeat),
        _conditions(fields[11], repeat),
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
