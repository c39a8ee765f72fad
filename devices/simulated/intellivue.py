"""A simulated Philips IntelliVue monitor with a MIB/RS-232 board: one client, polled or pushing.

Source: Philips Data Export Interface Programming Guide 4535 642 59271 as cited by public programs.
What a monitor does on a second request for an association is not fully public: this one refuses
it, until the first was ended or nothing came from its client for the agreed time.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.simulated.intellivue_objects import (
    Object,
    Setting,
    alerts,
    clock_bytes,
    numerics,
    poll_list,
)
from devices.simulated.intellivue_wire import Ear, frame
from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient

TICKS_PER_S = 8000
CONNECT, RELEASE, ABORT, EXPORT = 0x0D, 0x09, 0x19, 0xE1
SESSION = bytes.fromhex("05 08 13 01 00 16 01 02 80 00 14 02 00 02")
OID = bytes.fromhex("2a 86 48 ce 14 02 01 00 00 00")
ACCEPTED = (
    bytes.fromhex("31 80 a0 80 80 01 01 00 00 a2 80 a0 03 00 00 01 a5 80 30 80 80 01 00")
    + bytes.fromhex("81 02 51 01 00 00 30 80 80 01 00 81 0c")
    + OID
    + bytes.fromhex("02 01 00 00 00 00 61 80 30 80 02 01 01 a0 80 61 80 a1 80 06 0c")
    + OID
    + bytes.fromhex("03 01 00 00 a2 03 02 01 00 a3 05 a1 03 02 01 00 be 80 28 80 02 01 02 81")
)
REFUSED = bytes.fromhex("0c 00")  # only its first byte is public; the rest is never read
RELEASED = bytes.fromhex(
    "0a 18 c1 16 61 80 30 80 02 01 01 a0 80 63 80 80 01 00 00 00 00 00 00 00 00 00"
)
ABORTED = (
    bytes.fromhex("19 2e 11 01 03 c1 29 a0 80 a0 80 30 80 02 01 01 06 02 51 01 00 00 00 00")
    + bytes.fromhex("61 80 30 80 02 01 01 a0 80 64 80 80 01 01")
    + bytes(10)
)
USER_INFO_MARK = bytes.fromhex("02 01 02 81")
SERVER = 0x00800000
CREATED = 1  # invoke id of the event with which the monitor introduces itself
INVOKED, RESULT, ERROR, LINKED = 1, 2, 3, 5
SINGLE, EXTENDED = 0x0C16, 0xF13B
FIRST, MIDDLE, LAST = 1, 2, 3
NUMERICS, ALERTS, ALERT_GROUP = 6, 0x36, 0x0801
NO_SUCH_ACTION = 10
PUSH_EVERY_S = 1.0
LARGEST = 1000
#: Room for what stands before the list of objects in an answer.
HEAD_ROOM = 60


@dataclass(slots=True)
class _Push:
    """A standing extended poll."""

    invoke: int
    number: int
    until: float
    next_at: float
    sequence: int = 0


class IntellivueMonitor:
    """Silent until a client associates; then answers polls and pushes numerics.

    ``extended`` false: extended polls are answered with an error, as older software does.
    """

    def __init__(
        self,
        patient: Patient,
        started: datetime,
        setting: Setting | None = None,
        *,
        extended: bool = True,
    ) -> None:
        self._patient = patient
        self._started = started
        self._setting = setting or Setting()
        self._extended = extended
        self._ear = Ear()
        self._heard_at: float | None = None  # None: nobody is associated
        self._timeout = 10.0
        self._introduced = False
        self._push: _Push | None = None
        self.requests: deque[Request] = request_log()

    @property
    def associated(self) -> bool:
        return self._heard_at is not None

    def feed(self, data: bytes, t: float) -> list[bytes]:
        replies: list[bytes] = []
        for user in self._ear.hear(data):
            answer = None if user is None else self._received(user, t)
            self.requests.append(Request(t, user or b"", accepted=answer is not None))
            replies += answer or []
        return [frame(reply) for reply in replies]

    def due(self, t: float) -> list[bytes]:
        if self._heard_at is None:
            return []
        if t - self._heard_at >= self._timeout:
            self._end()
            return [frame(ABORTED)]
        push = self._push
        if push is None or t < push.next_at:
            return []
        while push.next_at <= t:
            push.next_at += PUSH_EVERY_S
        if push.next_at > push.until:
            self._push = None
        push.sequence += 1
        return [frame(one) for one in self._polled(push.invoke, push.number, push.sequence, t)]

    def wait(self, t: float) -> float | None:
        if self._heard_at is None:
            return None
        at = self._heard_at + self._timeout
        if self._push is not None:
            at = min(at, self._push.next_at)
        return max(0.0, at - t)

    def _end(self) -> None:
        self._heard_at = self._push = None
        self._introduced = False

    def _received(self, user: bytes, t: float) -> list[bytes] | None:
        """What is sent back; ``None`` = not understood, or not heeded now."""
        if user[0] == CONNECT:
            if self.associated:
                return [REFUSED]
            return self._connected(user, t)
        if not self.associated:
            return None
        self._heard_at = t
        if user[0] == RELEASE:
            self._end()
            return [RELEASED]
        if user[0] == ABORT:
            self._end()
            return []
        if user[:4] == bytes((EXPORT, 0, 0, 2)) and len(user) >= 14:
            return self._exported(user, t)
        return None

    def _connected(self, user: bytes, t: float) -> list[bytes] | None:
        at = user.find(USER_INFO_MARK)
        length = user[at + 4] if 0 < at < len(user) - 72 else 0
        info = user[at + 5 : at + 5 + length]
        if len(info) != 72 or user[2:16] != SESSION:
            return None
        (period,) = struct.unpack_from(">I", info, 36)
        seconds = period / TICKS_PER_S
        self._timeout = 10.0 if seconds <= 3.3 else 3 * seconds if seconds <= 43 else 130.0
        self._heard_at = t
        granted = info[:12] + struct.pack(">I", SERVER) + info[16:]
        inner = ACCEPTED + bytes((length,)) + granted + bytes(16)
        body = SESSION + bytes((0xC1, len(inner))) + inner
        return [bytes((0x0E, len(body))) + body, self._introduction(t)]

    def _introduction(self, t: float) -> bytes:
        model = b"\x00\x08Philips\x00\x00\x08M8007A\x00\x00"
        attributes = [
            (0x0986, bytes.fromhex("0001 000d")),
            (0x0987, self._clock(t)),
            (0x098F, struct.pack(">I", self._ticks(t))),
            (0x0928, model),
            (0x0946, bytes(2)),
        ]
        data = b"".join(struct.pack(">HH", name, len(it)) + it for name, it in attributes)
        data = struct.pack(">5H", 0x21, 0, 0, len(attributes), len(data)) + data
        event = struct.pack(">HHHIHH", 0x21, 0, 0, self._ticks(t), 0x0D06, len(data)) + data
        return _operation(INVOKED, CREATED, 1, event)

    def _exported(self, user: bytes, t: float) -> list[bytes] | None:
        ro_type, _, invoke, command, _ = struct.unpack_from(">5H", user, 4)
        if ro_type == RESULT and (invoke, command) == (CREATED, 1):
            self._introduced = True
            return []
        if ro_type != INVOKED or command != 7 or not self._introduced or len(user) < 36:
            return None
        action, _, number, _, kind, group = struct.unpack_from(">6H", user, 24)
        if action == SINGLE:
            return self._polled(invoke, number, None, t, kind, group)
        if action == EXTENDED and self._extended:
            seconds = 0.0
            if user[36:44] == bytes.fromhex("0001 0008 f13e 0004"):
                seconds = int.from_bytes(user[44:48], "big") / TICKS_PER_S
            self._push = _Push(invoke, number, t + seconds, t + PUSH_EVERY_S, 1)
            if seconds < PUSH_EVERY_S:
                self._push = None
            return self._polled(invoke, number, 1, t, kind, group)
        return [
            bytes((EXPORT, 0, 0, 2)) + struct.pack(">5H", ERROR, 6, invoke, NO_SUCH_ACTION, 0)
        ]  # fmt: skip

    def _polled(
        self,
        invoke: int,
        number: int,
        sequence: int | None,
        t: float,
        kind: int = NUMERICS,
        group: int = 0,
    ) -> list[bytes]:
        """The answer to a poll, in as many parts as it takes."""
        objects: list[Object] = []
        if kind == NUMERICS:
            objects = numerics(self._patient, self._setting, self._started, t)
        elif (kind, group) == (ALERTS, ALERT_GROUP):
            objects = alerts(self._patient.at(t))
        head = struct.pack(">H", number)
        if sequence is not None:
            head += struct.pack(">H", sequence & 0xFFFF)
        head += struct.pack(">I", self._ticks(t)) + self._clock(t)
        head += struct.pack(">HHH", 1, kind, group)
        action = SINGLE if sequence is None else EXTENDED
        bodies = []
        for some in _portions(objects):
            data = head + poll_list(some)
            bodies.append(struct.pack(">5H", 0x21, 0, 0, action, len(data)) + data)
        *linked, final = bodies
        parts = []
        for place, body in enumerate(linked, start=1):
            state = FIRST if place == 1 else LAST if place == len(linked) else MIDDLE
            parts.append(_operation(LINKED, invoke, 7, body, bytes((state, place))))
        return [*parts, _operation(RESULT, invoke, 7, final)]

    def _clock(self, t: float) -> bytes:
        return clock_bytes(self._started + timedelta(seconds=t) + self._setting.ahead)

    def _ticks(self, t: float) -> int:
        return int(t * TICKS_PER_S) & 0xFFFFFFFF


def single_polls(patient: Patient, started: datetime) -> IntellivueMonitor:
    """A monitor that answers an extended poll with an error."""
    return IntellivueMonitor(patient, started, extended=False)


def long_answers(patient: Patient, started: datetime) -> IntellivueMonitor:
    """A monitor with so many parameters that an answer takes several messages."""
    return IntellivueMonitor(patient, started, Setting(rich=True))


def _portions(objects: list[Object]) -> list[list[Object]]:
    """The objects in lists that fit into a message each."""
    portions: list[list[Object]] = [[]]
    size = HEAD_ROOM
    for one in objects:
        length = 6 + sum(4 + len(value) for _, value in one[1])
        if size + length > LARGEST:
            portions.append([])
            size = HEAD_ROOM
        portions[-1].append(one)
        size += length
    return portions


def _operation(ro_type: int, invoke: int, command: int, body: bytes, linked: bytes = b"") -> bytes:
    content = linked + struct.pack(">HHH", invoke, command, len(body)) + body
    return bytes((EXPORT, 0, 0, 2)) + struct.pack(">HH", ro_type, len(content)) + content
