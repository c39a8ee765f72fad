"""GE / Critikon DINAMAP host communications: polled ASCII lines, cuff started from here.

Serves: CARESCAPE V100, DINAMAP ProCare 100-400, PRO 100-400 and Compact, through the host port.

Cable: the isolated RS-232 host port of the monitor, with the maker's host cable, to a serial port
or a USB adapter of the computer; 9600 8N1.

Set up: host communications at 9600 baud and the default unit, as delivered. Where the monitor is
set to another speed, give that speed with the port.

Gives: cuff pressures with the time of the measurement, the pulse rate of the cuff, pulse and SpO2
each second. Starts and cancels a cuff reading.

Cannot: temperature, alarms and the monitor's own cuff interval are not read; what its refusal of a
command looks like is not public, so any answer that is not the asked one counts as "no".

Sureness: very high for values, commands and check sums (five independent descriptions that agree,
one recorded line); not tried by us on a real monitor.

Inside: each second the monitor is asked for the cuff (NA), the oximeter (OA) and the pulse rate
(RA). It repeats its last cuff result for 90 minutes with an age that counts up:
:class:`CuffTracker` finds the one time at which a result is new.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from devices.checksums import dinamap_checksum
from devices.drivers.dinamap_cuff import CuffReply, CuffTracker
from devices.framing import LineFramer
from devices.metrics import (
    NIBP_DIA,
    NIBP_MAP,
    NIBP_PULSE,
    NIBP_SYS,
    PULSE,
    SPO2,
)
from devices.polling import Answer, Poller
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe

UNIT = b" "  # the unit character of a monitor in its default configuration
LINE_LIMIT = 64  # the longest documented reply has 21 characters
POLLS = ("NA", "OA", "RA")
EVERY = timedelta(seconds=1)
TIMEOUT = timedelta(seconds=1)
RETRY_AFTER = timedelta(milliseconds=500)

COMMANDS = {Command.START_NIBP: "NC", Command.CANCEL_NIBP: "ND"}
ARGUMENTS = {"NC": b"0"}
COMMAND_WORDS = {"NC": "start a cuff reading", "ND": "cancel the cuff reading"}

# Layouts after the unit character. Three characters of a number: "128", "-02"; "-99", dashes or
# blanks say that there is none.
NUMBER = rb"(\d{3}|-\d{2}|---|   )"
LAYOUTS = {
    "NA": re.compile(rb" NA(\d)(\d)(\d)(\d{4})" + NUMBER * 3),
    "OA": re.compile(rb" OA(\d)" + NUMBER + rb"(.)(..)"),
    "RA": re.compile(rb" RA(\d)" + NUMBER),
    "RC": re.compile(rb" RC(\d)" + NUMBER),
}
REPLY = re.compile(rb" [A-Z]{2}[ -~]*")
AGE_ABSENT = 9999
FROM_OXIMETER, FROM_CUFF = b"2", b"3"
OXIMETER_OK = b"1"
OXIMETER_OFF = {
    b"0": "the oximeter is in standby",
    b"3": "no SpO2: sensor off or no signal",
    b"6": "the SpO2 sensor is unplugged",
}


def request(pair: str) -> bytes:
    """The bytes of a request. The leading CR clears a half-received line in the monitor."""
    text = UNIT + pair.encode("ascii") + ARGUMENTS.get(pair, b"")
    return b"\r" + text + dinamap_checksum(text) + b"\r"


def number(field: bytes) -> float | None:
    """A field of three characters; ``None`` where the monitor says that there is no value."""
    return None if field in (b"-99", b"---", b"   ") else float(field)


def rate(field: bytes) -> float | None:
    """As :func:`number`, for quantities in which 000 too means that there is no value."""
    return number(field) or None


def find_reply(line: bytes) -> bytes | None:
    """The text with unit character and without check sum at the end of a line, if there is one.

    A monitor may echo a line feed, and noise may stand before; the check sum decides where the
    reply begins.
    """
    # from the right, as in a reply itself a space hardly stands anywhere but at the beginning
    start = line.rfind(UNIT)
    while start >= 0:
        text, check = line[start:-2], line[-2:]
        if REPLY.fullmatch(text) and dinamap_checksum(text) == check:
            return text
        start = line.rfind(UNIT, 0, start)
    return None


class DinamapDecoder:
    """One monitor on the host port. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._framer = LineFramer(LINE_LIMIT)
        self._poller = Poller(POLLS, EVERY, TIMEOUT)
        self._cuff = CuffTracker(source)
        self._cuff_at: datetime | None = None  # of the result whose pulse (RC) is asked for
        self._cuff_asked_at: datetime | None = None
        self._oximeter: bytes | None = None
        self._retried: set[str] = set()
        self._events: list[DeviceEvent] = []
        self._started = False
        self._frames = 0

    @property
    def pending(self) -> int:
        return self._framer.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        dropped = self._poller.restart(now)
        # A cuff must not inflate because of a button pressed before the cable was pulled.
        for pair in dropped:
            if pair in COMMAND_WORDS:
                self._refused(pair, "the link broke before the monitor answered", now)
        self._framer.reset()
        self._retried.clear()
        self._cuff.connected(now)
        self._cuff_at = None
        self._started = True

    def command(self, command: Command) -> None:
        self._poller.once(COMMANDS[command])

    def outgoing(self, now: datetime) -> bytes:
        if not self._started:
            self.connected(now)
        pair = self._poller.take(now)
        if pair is None:
            return b""
        for late in self._poller.given_up:
            if late in COMMAND_WORDS:
                # not repeated: the monitor may have obeyed without saying so
                self._refused(late, "the monitor did not answer", now)
        self._poller.given_up.clear()
        if pair == "NA":
            self._cuff_asked_at = now
        return request(pair)

    def wait(self, now: datetime) -> float:
        return self._poller.wait(now) if self._started else 0.0

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if not self._started:
            self.connected(now)
        outputs: list[Output] = []
        for line in self._framer.feed(data):
            text = find_reply(line)
            if text is not None:
                outputs += self._reply(text, now)
        if self._events:
            outputs = [*self._events, *outputs]
            self._events = []
        return outputs

    def _reply(self, text: bytes, now: datetime) -> list[Output]:
        pair = text[1:3].decode("ascii")
        layout = LAYOUTS.get(pair)
        fields = layout.fullmatch(text) if layout is not None else None
        if layout is not None and fields is None:
            return []  # an echo of our request, or a layout nobody has described
        self._frames += 1
        answer = self._poller.answered(pair)
        if fields is not None:
            return self._values(pair, fields.groups(), now)
        if answer is Answer.UNASKED:
            self._negative(now)
        elif answer is Answer.ASKED:
            self._retried.discard(pair)
        return []

    def _values(self, pair: str, fields: tuple[bytes, ...], now: datetime) -> list[Output]:
        if pair == "NA":
            return self._pressures(fields, now)
        if pair == "OA":
            return self._saturation(fields[0], fields[1], now)
        source, value = fields[0], rate(fields[1])
        if pair == "RA" and source == FROM_OXIMETER:
            # from the cuff the rate is only that of the last determination: no present pulse
            return [Reading(self._source, {PULSE: value}, now, now)]
        if pair == "RC" and source == FROM_CUFF and value is not None and self._cuff_at:
            at, self._cuff_at = self._cuff_at, None
            return [Reading(self._source, {NIBP_PULSE: value}, at, now)]
        return []

    def _pressures(self, fields: tuple[bytes, ...], now: datetime) -> list[Output]:
        status, _patient, _kind, age, sys, dia, mean = fields
        values = {NIBP_SYS: number(sys), NIBP_DIA: number(dia), NIBP_MAP: number(mean)}
        seconds = None if int(age) == AGE_ABSENT else int(age)
        asked_at = self._cuff_asked_at or now
        outputs = self._cuff.absorb(CuffReply(int(status), seconds, values), asked_at, now)
        for output in outputs:
            if isinstance(output, Reading):
                self._cuff_at = output.measured_at
                self._poller.once("RC")
        return outputs

    def _saturation(self, status: bytes, field: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        before, self._oximeter = self._oximeter, status
        if status in OXIMETER_OFF and status != before:
            outputs.append(DeviceEvent(self._source, "sensor_off", OXIMETER_OFF[status], now))
        if status == OXIMETER_OK and before in OXIMETER_OFF:
            outputs.append(DeviceEvent(self._source, "sensor_on", "the oximeter is back", now))
        value = rate(field) if status == OXIMETER_OK else None
        outputs.append(Reading(self._source, {SPO2: value}, now, now))
        return outputs

    def _negative(self, now: datetime) -> None:
        """A good line that answers nothing asked: the monitor's "no", whose form is not public."""
        pair = self._poller.refused()
        if pair not in COMMAND_WORDS:
            return  # a poll comes round again by itself
        if pair in self._retried:
            self._retried.discard(pair)
            self._refused(pair, "the monitor refused", now)
        else:
            self._retried.add(pair)
            self._poller.once(pair, now + RETRY_AFTER)

    def _refused(self, pair: str, why: str, now: datetime) -> None:
        text = f"could not {COMMAND_WORDS[pair]}: {why}"
        self._events.append(DeviceEvent(self._source, "refused", text, now))


SPEC = DriverSpec(
    name="dinamap",
    title="GE DINAMAP / CARESCAPE V100 (host communications)",
    models=(
        "CARESCAPE V100",
        "DINAMAP ProCare 100-400",
        "DINAMAP PRO 100-400",
        "DINAMAP Compact",
    ),
    line=LineSettings(baud=9600),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE, PULSE, SPO2),
    commands=frozenset(COMMANDS),
    interval_s=1.0,
    silent_after_s=10.0,
    decoder=DinamapDecoder,
    manual="GE Host Communications Reference Manual 2010566; Critikon 8555ER",
    also=(LineSettings(baud=19200), LineSettings(baud=4800)),
    probe=Probe(greeting=lambda now: request("NA")),
)
