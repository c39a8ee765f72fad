"""Datascope Accutorr 3 and 4 over their PC interface: asked for one line of patient data.

Serves: Accutorr 3 and Accutorr 4 (about 1990). Not the later Accutorr Plus and Accutorr V, nor the
Passport: those speak another language.

Cable: the 25-pin PC interface of the monitor, with the maker's cable, to a serial port
or a USB adapter of the computer; 8N1. Which pins are used is not in what we could read: do not make
a cable by guess.

Set up: the speed is chosen in the monitor's user configuration menu; take 9600 baud if it is there,
else give the speed with the port. It speaks only when it is switched on and when it is asked, and
the search has no question of its own for it: where the search does not name it, choose it by hand.

Gives: cuff pressures once each, with the time of the measurement to half a minute (to two seconds
while the link holds), SpO2 and the pulse beside it every 2 seconds, and what the monitor says of
the sensor and the cuff.

Cannot: start or stop the cuff; the interface has no such request. Alarm limits are not read. Which
speeds the menu offers, and which one the maker delivers, is not in what we could read. Two
equal results within one minute are taken for one. A pulse without SpO2 may be minutes old and is
kept aside. Whether the status words are written in decimal or in binary digits is not told: a word
of noughts and ones alone raises only what both ways of reading it say.

Sureness: medium. One source, the maker's manual as a scan with reading errors; nothing was tried
by us on a real monitor. The manual puts the mean before the diastolic pressure, and its own example
does not look like it: compare the first results with the screen. Lines have no check sum, so a cuff
result and a message count when two lines in a row have them.

Inside: the monitor takes one character at a time, and only after it has sent its prompt.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from devices.drivers.accutorr_cuff import AgedCuff, ShownResult
from devices.framing import LineFramer
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_SYS, PULSE, SPO2
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, DriverSpec, LineSettings, Output

LINE_LIMIT = 96  # a reply has about 40 characters, the greeting 31
EVERY = timedelta(seconds=2)
#: At 1200 baud a reply takes a third of a second; without a prompt for this long one is asked for.
TIMEOUT = timedelta(seconds=3)

PROMPT = b">"
PATIENT_DATA = b"P"
#: The manual names both in different places; they take turns until a prompt comes.
PROMPT_REQUESTS = (b"C", b"\x03")

GREETING = re.compile(rb"ACCUTORR PC Interface is ready *")
NUMBER = rb" *(--|\d{1,3}) *"
STATUS = rb" *(--|\d{1,3}|[01]{8}) *"
PATIENT = re.compile(rb"P:" + b",".join([NUMBER] * 5 + [STATUS] * 3 + [NUMBER]))

#: What the status words say, by word and bit; of the second word's bits only two are known.
SENSOR_OFF = {
    (0, 0): "the SpO2 sensor is unplugged",
    (0, 1): "the SpO2 sensor is off the patient",
}
MESSAGES = {
    (0, 2): "interference at the SpO2 sensor",
    (0, 3): "the oximeter searches for the pulse",
    (0, 4): "weak pulse at the SpO2 sensor",
    (0, 5): "no pulse at the SpO2 sensor",
    (0, 6): "check where the SpO2 sensor sits",
    (0, 7): "pulse below 30",
    (1, 0): "pulse above 250",
    (1, 1): "the oximeter is not calibrated",
    (2, 0): "too much pressure in the cuff",
    (2, 1): "movement disturbs the measurement",
}
ALL_BITS = {**SENSOR_OFF, **MESSAGES}
#: With these there is no present SpO2, whatever number still stands in the line.
NO_SATURATION = {(0, 0), (0, 1), (0, 3), (0, 5)}


def number(field: bytes) -> float | None:
    return None if field == b"--" else float(field)


def bits(word: bytes) -> int:
    """The bits of a status word that are set however it is meant.

    Nobody says whether "010" is ten or the second bit. Of one, two or three noughts and ones the
    binary reading has only bits that the decimal one has too, so it claims nothing that is not so.
    """
    if word == b"--":
        return 0
    return int(word, 2) if set(word) <= set(b"01") else int(word)


def raised(words: tuple[int, ...]) -> set[tuple[int, int]]:
    """What the status words say, by word and bit."""
    return {(word, bit) for word, bit in ALL_BITS if words[word] >> bit & 1}


class AccutorrDecoder:
    """One monitor on its PC interface. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._framer = LineFramer(LINE_LIMIT)
        self._cuff = AgedCuff(source)
        self._words: tuple[int, ...] | None = None  # status of the line before
        self._told: set[tuple[int, int]] = set()  # status bits that are known to be set
        self._frames = 0
        self._started = False
        self._prompted = False
        self._poll_at: datetime | None = None
        self._prompt_at: datetime | None = None  # when to ask for a prompt, if none comes
        self._prompt_requests = 0

    @property
    def pending(self) -> int:
        return self._framer.pending

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        self._framer.reset()
        self._cuff.connected(now)
        self._words = None
        self._prompted = False
        self._poll_at = self._prompt_at = now
        self._prompt_requests = 0
        self._started = True

    def command(self, command: Command) -> None:
        raise ValueError(f"the Accutorr takes no command ({command.value})")

    def outgoing(self, now: datetime) -> bytes:
        if not self._started:
            self.connected(now)
        if self.wait(now) > 0:
            return b""
        self._prompt_at = now + TIMEOUT
        if self._prompted:
            self._prompted = False
            self._poll_at = now + EVERY
            return PATIENT_DATA
        self._prompt_requests += 1
        return PROMPT_REQUESTS[(self._prompt_requests - 1) % len(PROMPT_REQUESTS)]

    def wait(self, now: datetime) -> float:
        due = self._poll_at if self._prompted else self._prompt_at
        return 0.0 if due is None else max(0.0, (due - now).total_seconds())

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if not self._started:
            self.connected(now)
        if PROMPT in data:  # no reply has one in it
            self._prompted = True
        outputs: list[Output] = []
        for line in self._framer.feed(data):
            # the prompt, an echo or noise may stand before what counts
            start = max(line.rfind(b"P:"), line.rfind(b"ACCUTORR"))
            text = line[start:] if start >= 0 else b""
            if GREETING.fullmatch(text):
                self._frames += 1
            elif (fields := PATIENT.fullmatch(text)) is not None:
                self._frames += 1
                outputs += self._patient_data(fields.groups(), now)
        return outputs

    def _patient_data(self, fields: tuple[bytes, ...], now: datetime) -> list[Output]:
        spo2, pulse, sys, mean, dia = (number(field) for field in fields[:5])
        words = tuple(bits(word) for word in fields[5:8])
        minutes = number(fields[8])
        outputs = self._status(words, now)
        pressures = {NIBP_SYS: sys, NIBP_DIA: dia, NIBP_MAP: mean}
        age = None if minutes is None else int(minutes)
        outputs += self._cuff.absorb(ShownResult(pressures, age), now)
        unmapped = {}
        if any(fields[n].strip(b"0-") for n in (5, 6, 7)):
            unmapped["status"] = b",".join(fields[5:8]).decode("ascii")
        if raised(words) & NO_SATURATION:
            spo2 = None
        if spo2 is None and pulse is not None:
            # as in the manual's example: without an oximeter it is the pulse of some cuff reading
            unmapped["pulse"] = fields[1].decode("ascii")
            pulse = None
        values = {SPO2: spo2, PULSE: pulse}
        outputs.append(Reading(self._source, values, now, now, unmapped=unmapped))
        return outputs

    def _status(self, words: tuple[int, ...], now: datetime) -> list[Output]:
        """The events of bits that stand, or are gone, for two lines in a row."""
        before, self._words = self._words, words
        if before is None:
            return []
        both = raised(words) & raised(before)
        either = raised(words) | raised(before)
        new, was_off = both - self._told, self._told & SENSOR_OFF.keys()
        self._told = (self._told | both) & either
        outputs: list[Output] = []
        for at in sorted(new):
            kind = "sensor_off" if at in SENSOR_OFF else "monitor_alarm"
            outputs.append(DeviceEvent(self._source, kind, ALL_BITS[at], now))
        if was_off and not self._told & SENSOR_OFF.keys():
            outputs.append(DeviceEvent(self._source, "sensor_on", "the SpO2 sensor is back", now))
        return outputs


SPEC = DriverSpec(
    name="accutorr",
    title="Datascope Accutorr 3 and 4",
    models=("Accutorr 3", "Accutorr 4"),
    line=LineSettings(baud=9600),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, PULSE, SPO2),
    commands=frozenset(),
    interval_s=EVERY.total_seconds(),
    silent_after_s=15.0,
    decoder=AccutorrDecoder,
    manual="Datascope Accutorr 3/4 operating manual, chapter on the PC interface (about 1990)",
    also=tuple(LineSettings(baud=baud) for baud in (1200, 2400, 4800, 19200)),
    # no probe: a letter sent to an unknown port may be an order to another monitor, and this one
    # must not be sent a character before it has shown its prompt
)
