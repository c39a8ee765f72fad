"""Contec CMS50 finger oximeters over USB, old and new firmware told apart by themselves.

Serves: CMS50D+, CMS50E, CMS50EW, CMS50F and CMS60C. Consumer grade: for development, training and
demonstrations, no monitor of a patient.

Cable: the maker's USB cable (CP2102, USB id 10C4:EA60) or one like it; some need 3.3 V levels.

Set up: choose this driver and the port by hand: an oximeter with new firmware is silent until it is
asked, and is not asked when ports are searched, because the same byte could start the cuff of
another make's board. Firmware from 4.6 on: 115200 8N1, as it stands. Firmware up to 4.5: give
19200-8O1 with the port; it then sends by itself.

Gives: SpO2 and pulse at each change and otherwise once a second; when the finger is out or the
pulse is searched for. Signal strength and the perfusion index are kept as they were sent (the unit
of the index differs by model).

Cannot: no blood pressure, no pulse wave, no battery; stored data is not read; an oximeter with new
firmware that nobody chose is not found by itself. Do not choose this driver for a port with another
device on it. The packets have no check sum. CMS08A and CONTEC08A pressure monitors are not read:
their replies are not public.

Sureness: high for both (three programs each that agree, one with tests); not tried by us on a real
one.

The request for new firmware is sent after a third of a second of listening, then once a second
(otherwise it stops after half a minute), and never again once packets of old firmware were read.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.drivers.contec_wire import NEW, OLD, Believed, Shown, Stream
from devices.drivers.oximeters import LISTENS_S, Listener, Pace, sensor_watch
from devices.metrics import PULSE, SPO2, Metric
from devices.reading import Reading
from devices.spec import DriverSpec, LineSettings, Output

START, KEEP_ALIVE = 0xA1, 0xAF
LISTEN_FIRST = timedelta(seconds=0.3)
ASK_EVERY = timedelta(seconds=1)
STREAMING = timedelta(seconds=2)  # without packets for so long the stream is asked for anew


def request(code: int) -> bytes:
    """The nine bytes of a request."""
    return bytes((0x7D, 0x81, code, *[0x80] * 6))


def reason(shown: Shown) -> str | None:
    """Why there is no SpO2, in words; ``None`` where there is."""
    if shown.finger_out:
        return "the finger is out of the oximeter"
    if shown.fault:
        return "the oximeter reports a fault of its probe"
    if shown.spo2 is not None:
        return None
    return "searching for the pulse" if shown.searching else "no SpO2: the oximeter has no value"


class ContecDecoder(Listener):
    """One oximeter of either firmware. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._old, self._new = Stream(OLD), Stream(NEW)
        self._pace = Pace()
        self._sensor = sensor_watch(source)
        self._is_old = False
        self._new_at: datetime | None = None
        self._ask_at: datetime | None = None

    @property
    def pending(self) -> int:
        return self._old.pending + self._new.pending

    def connected(self, now: datetime) -> None:
        self._old.reset()
        self._new.reset()
        self._pace.restart()
        self._is_old = False
        self._new_at = None
        self._ask_at = now + LISTEN_FIRST

    def outgoing(self, now: datetime) -> bytes:
        if self._ask_at is None:
            self._ask_at = now + LISTEN_FIRST
        if self._is_old or now < self._ask_at:
            return b""
        self._ask_at = now + ASK_EVERY
        streams = self._new_at is not None and now - self._new_at < STREAMING
        return request(KEEP_ALIVE if streams else START)

    def wait(self, now: datetime) -> float:
        if self._is_old:
            return LISTENS_S
        return max(0.0, ((self._ask_at or now + LISTEN_FIRST) - now).total_seconds())

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for one in self._old.feed(data):
            self._is_old = True
            outputs += self._shown(one, OLD.unmapped(one.packet), now)
        for one in self._new.feed(data):
            self._new_at = now
            outputs += self._shown(one, NEW.unmapped(one.packet), now)
        return outputs

    def _shown(self, one: Believed, unmapped: dict[str, str], now: datetime) -> list[Output]:
        self._frames += one.packets
        shown, why = one.shown, reason(one.shown)
        values: dict[Metric, float | None] = {SPO2: None, PULSE: None}
        if shown.finger_out or shown.fault:
            sent = {"SpO2": shown.spo2, "pulse": shown.pulse}
            unmapped = {key: str(value) for key, value in sent.items() if value is not None}
        else:
            values[SPO2] = None if shown.spo2 is None else float(shown.spo2)
            values[PULSE] = None if shown.pulse is None else float(shown.pulse)
        outputs: list[Output] = [*self._sensor.sees(why, now)]
        if self._pace.lets(values, now):
            outputs.append(Reading(self._source, values, now, now, (), None, unmapped))
        return outputs


SPEC = DriverSpec(
    name="contec",
    title="Contec CMS50 finger oximeter (consumer grade)",
    models=("CMS50D+", "CMS50E", "CMS50EW", "CMS50F", "CMS60C"),
    line=LineSettings(baud=115200),
    metrics=(SPO2, PULSE),
    commands=frozenset(),
    interval_s=1.0,
    silent_after_s=10.0,
    decoder=ContecDecoder,
    manual="no maker's manual is public: packets as public programs show them",
    also=(LineSettings(baud=19200, parity="O"),),
    named_after=5,
    checked=False,
    consumer=True,
)
