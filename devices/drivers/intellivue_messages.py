"""The messages of IntelliVue data export: those we send as bytes, those we get as what they say.

Source: Philips Data Export Interface Programming Guide (4535 642 59271) as cited by public
programs. All numbers are big-endian; times are in 1/8 ms.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

TICKS = 8000  # of the monitor's relative time in a second

# First bytes of the messages around an association.
ACCEPT, REFUSE, RELEASED, ABORT, EXPORT = 0x0E, 0x0C, 0x0A, 0x19, 0xE1

_OID = bytes.fromhex("06 0c 2a 86 48 ce 14 02 01 00 00 00")
_SESSION = bytes.fromhex("05 08 13 01 00 16 01 02 80 00 14 02 00 02")
_PRESENTATION = (
    bytes.fromhex("31 80 a0 80 80 01 01 00 00 a2 80 a0 03 00 00 01 a4 80")
    + bytes.fromhex("30 80 02 01 01 06 04 52 01 00 01 30 80 06 02 51 01 00 00 00 00")
    + bytes.fromhex("30 80 02 01 02") + _OID + bytes.fromhex("01 01")
    + bytes.fromhex("30 80") + _OID + bytes.fromhex("02 01 00 00 00 00 00 00")
    + bytes.fromhex("61 80 30 80 02 01 01 a0 80 60 80 a1 80") + _OID
    + bytes.fromhex("03 01 00 00 be 80 28 80") + _OID + bytes.fromhex("01 01")
)  # fmt: skip
_BEFORE_USER_INFO = bytes.fromhex("02 01 02 81")
_TRAILER = bytes(16)

RELEASE_REQUEST = bytes.fromhex(
    "09 18 c1 16 61 80 30 80 02 01 01 a0 80 62 80 80 01 00 00 00 00 00 00 00 00 00"
)
ABORT_REQUEST = (
    bytes.fromhex("19 2e 11 01 03 c1 29 a0 80 a0 80 30 80 02 01 01 06 02 51 01 00 00 00 00")
    + bytes.fromhex("61 80 30 80 02 01 01 a0 80 64 80 80 01 01")
    + bytes(10)
)

_USER_INFO = struct.Struct(">5I HH HH")  # versions, system, startup, two lists' count and length
_PROFILE = struct.Struct(">5I I HH")  # revision, period, 2 x MTU, bandwidth, options, a list
_ATTRIBUTE = struct.Struct(">HH")
CLIENT, COLD_START = 0x80000000, 0x20000000
POLL_PROFILE, POLL_PROFILE_EXT = 0x0001, 0xF001
LARGEST_MESSAGE = 1000
DYNAMIC_OBJECTS = 0x60000000
EACH_SECOND, WAVES = 0x80000000, 0x08000000

EVENT_CONFIRMED, ACTION = 1, 7  # commands
INVOKE, RESULT, ERROR, LINKED = 1, 2, 3, 5  # ro_type
MDS, NUMERICS, ALERTS = 0x0021, 0x0006, 0x0036  # object classes
EVERY_GROUP, STATIC_GROUP, ALERT_GROUP = 0x0000, 0x0811, 0x0801  # attribute groups
MDS_CREATE = 0x0D06
SINGLE_POLL, EXTENDED_POLL, POLL_DURATION = 0x0C16, 0xF13B, 0xF13E

_PREFIX = bytes((EXPORT, 0, 0, 2))
_OPERATION = struct.Struct(">HH")  # ro_type, length
_COMMAND = struct.Struct(">HHH")  # invoke id, command, length
_OBJECT = struct.Struct(">HHH")  # class, context, handle
_TYPED = struct.Struct(">HH")  # action or event type, length
_EVENT = struct.Struct(">IHH")  # time, type, length
_POLL = struct.Struct(">HI8sHHH")  # number, relative and absolute time, partition, class, group
_LIST = struct.Struct(">HH")  # count, bytes
NO_OBJECTS = bytes(4)
_NAMED_LIST = struct.Struct(">HHH")  # context or handle, count, bytes


class Sign(Enum):
    """Messages that say no more than that they came."""

    REFUSED = "refused"
    RELEASED = "released"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The association stands. ``pushes``: numerics each second by extended poll were granted."""

    min_poll_s: float
    pushes: bool


@dataclass(frozen=True, slots=True)
class MdsCreate:
    """The monitor introduces itself and waits for the answer. What it says is not kept."""

    invoke: int
    time: int


@dataclass(frozen=True, slots=True)
class Failed:
    """An error in place of the answer to request ``invoke``."""

    invoke: int


@dataclass(frozen=True, slots=True)
class Polled:
    """One message of a poll's answer. ``part``: 0 the only or final one, 1 the first of several.

    ``kind`` is the class of the objects, 0 in a final message that says nothing. ``objects`` is the
    list of objects as sent: see :func:`objects_in`.
    """

    invoke: int
    part: int
    extended: bool
    number: int
    relative: int
    absolute: bytes
    kind: int
    objects: bytes


Message = Sign | Accepted | MdsCreate | Failed | Polled
Objects = list[tuple[tuple[int, int], Mapping[int, bytes]]]


def association_request(min_poll_s: float = 1.0) -> bytes:
    """Asks to be let in, cold start, numerics each second, at most 1000 bytes a message."""
    inner = _ATTRIBUTE.pack(POLL_PROFILE_EXT, 8) + struct.pack(">IHH", EACH_SECOND | WAVES, 0, 0)
    profile = _PROFILE.pack(
        0x80000000,
        round(min_poll_s * TICKS),
        LARGEST_MESSAGE,
        LARGEST_MESSAGE,
        0xFFFFFFFF,
        DYNAMIC_OBJECTS,
        1,
        len(inner),
    )
    profile += inner
    profile = _ATTRIBUTE.pack(POLL_PROFILE, len(profile)) + profile
    info = _USER_INFO.pack(
        0x80000000, 0x40000000, 0, CLIENT, COLD_START, 0, 0, 1, len(profile)
    )  # fmt: skip
    info += profile
    body = _PRESENTATION + _BEFORE_USER_INFO + bytes((len(info),)) + info + _TRAILER
    body = _SESSION + bytes((0xC1, len(body))) + body
    return bytes((0x0D, len(body))) + body


def mds_create_result(event: MdsCreate) -> bytes:
    """Our answer to the monitor's introduction; without it the monitor aborts."""
    time = (event.time + 0x50) & 0xFFFFFFFF
    argument = _OBJECT.pack(MDS, 0, 0) + _EVENT.pack(time, MDS_CREATE, 0)
    return _operation(RESULT, event.invoke, EVENT_CONFIRMED, argument)


def single_poll(invoke: int, number: int, kind: int, group: int) -> bytes:
    """Asks once for the objects of a class."""
    return _action(invoke, SINGLE_POLL, struct.pack(">4H", number, 1, kind, group))


def extended_poll(invoke: int, number: int, seconds: float) -> bytes:
    """Asks for the numerics, to be sent again and again for ``seconds``."""
    data = struct.pack(">4H", number, 1, NUMERICS, EVERY_GROUP)
    lasting = struct.pack(">HHHHI", 1, 8, POLL_DURATION, 4, round(seconds * TICKS))
    return _action(invoke, EXTENDED_POLL, data + lasting)


def _action(invoke: int, kind: int, data: bytes) -> bytes:
    head = _OBJECT.pack(MDS, 0, 0) + bytes(4) + _TYPED.pack(kind, len(data))  # scope 0
    return _operation(INVOKE, invoke, ACTION, head + data)


def _operation(ro_type: int, invoke: int, command: int, argument: bytes) -> bytes:
    body = _COMMAND.pack(invoke, command, len(argument)) + argument
    return _PREFIX + _OPERATION.pack(ro_type, len(body)) + body


def read(user: bytes) -> Message | None:
    """What a monitor's message says; ``None`` for what it would not send or nobody described.

    Our own requests coming back (a loop in the cable) are ``None``, but for an abort.
    """
    try:
        match user[0]:
            case 0xE1 if user.startswith(_PREFIX):
                return _exported(user)
            case 0x0E:
                return _accepted(user)
            case 0x0C:
                return Sign.REFUSED
            case 0x0A:
                return Sign.RELEASED
            case 0x19:
                return Sign.ABORTED
    except struct.error:  # it ends before what it says it holds
        pass
    return None


def _accepted(user: bytes) -> Accepted:
    """The terms granted; the usual ones where they stand in no form that is known."""
    usual = Accepted(1.0, True)
    at = user.find(_BEFORE_USER_INFO) + len(_BEFORE_USER_INFO)
    if at < len(_BEFORE_USER_INFO) or at >= len(user):
        return usual
    at += {0x81: 2, 0x82: 3}.get(user[at], 1)  # the length in one, two or three bytes
    *_, options_length, count, _length = _USER_INFO.unpack_from(user, at)
    if options_length:  # the option list stands between the two, and is always empty so far
        return usual
    at += _USER_INFO.size
    for _ in range(count):
        name, length = _ATTRIBUTE.unpack_from(user, at)
        at += _ATTRIBUTE.size
        if name == POLL_PROFILE:
            _, period, *_, inner, _ = _PROFILE.unpack_from(user, at)
            return Accepted(period / TICKS, _pushes(user, at + _PROFILE.size, inner))
        at += length
    return usual


def _pushes(user: bytes, at: int, count: int) -> bool:
    for _ in range(count):
        name, length = _ATTRIBUTE.unpack_from(user, at)
        at += _ATTRIBUTE.size
        if name == POLL_PROFILE_EXT:
            (options,) = struct.unpack_from(">I", user, at)
            return bool(options & EACH_SECOND)
        at += length
    return False


def _exported(user: bytes) -> Message | None:
    ro_type, length = _OPERATION.unpack_from(user, 4)
    if length != len(user) - 8:
        return None
    at, part = 8, 0
    if ro_type == LINKED:
        part, at = user[8], 10
    if ro_type == ERROR:
        return Failed(_LIST.unpack_from(user, at)[0])
    invoke, command, length = _COMMAND.unpack_from(user, at)
    at += _COMMAND.size
    if length != len(user) - at:
        return None
    at += _OBJECT.size
    if ro_type == INVOKE and command == EVENT_CONFIRMED:
        time, kind, _ = _EVENT.unpack_from(user, at)
        return MdsCreate(invoke, time) if kind == MDS_CREATE else None
    if ro_type not in (RESULT, LINKED) or command != ACTION:
        return None
    action, length = _TYPED.unpack_from(user, at)
    at += _TYPED.size
    if action not in (SINGLE_POLL, EXTENDED_POLL) or length != len(user) - at:
        return None
    extended = action == EXTENDED_POLL
    if not length:  # the bare end of a series
        return Polled(invoke, part, extended, 0, 0, b"", 0, NO_OBJECTS)
    if not extended:
        number, relative, absolute, _, kind, _ = _POLL.unpack_from(user, at)
    else:  # a sequence number stands behind the poll number
        number = int.from_bytes(user[at : at + 2], "big")
        _, relative, absolute, _, kind, _ = _POLL.unpack_from(user, at + 2)
    at += _POLL.size + 2 * extended
    return Polled(invoke, part, extended, number, relative, absolute, kind, user[at:])


def objects_in(data: bytes) -> Objects | None:
    """The attributes of each object in a poll's list; ``None`` if the list does not hold together.

    An object is named by its context and handle.
    """
    found: Objects = []
    attribute = _ATTRIBUTE.unpack_from
    try:
        contexts, size = _LIST.unpack_from(data)
        if size != len(data) - 4:
            return None
        at = 4
        for _ in range(contexts):
            context, count, _ = _NAMED_LIST.unpack_from(data, at)
            at += 6
            for _ in range(count):
                handle, _, size = _NAMED_LIST.unpack_from(data, at)
                at += 6
                end = at + size
                values: dict[int, bytes] = {}
                while at < end:
                    name, size = attribute(data, at)
                    at += 4 + size
                    values[name] = data[at - size : at]
                if at != end:
                    return None
                found.append(((context, handle), values))
    except struct.error:
        return None
    return found if at == len(data) else None
