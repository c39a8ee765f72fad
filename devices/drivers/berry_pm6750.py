"""BerryMed PM6750 boards ("55 AA" packets): cuff started from here, SpO2, pulse and ECG rates.

Serves: the BerryMed (Shanghai Berry) PM6750 board and the boxes and kiosks built round it. Not
BerryMed's finger oximeters, which speak otherwise.

Cable: RS-232, or USB, where the board is a serial port by itself (no driver needed on current
systems); 115200 8N1. On Windows the port may appear up to a minute after the board was switched on.

Set up: nothing on the board. On connecting, the program stops a cuff that may still be inflating
for an earlier session, sets the cuff to adults, and switches on SpO2 and the rates of the ECG. If
the port opens but nothing comes, switch the board off and on: a hung board cannot be woken over the
line.

Gives: SpO2 and pulse, heart rate and breaths once a second; cuff pressures; the pressure in the
cuff while it measures. Starts and cancels a cuff reading. Temperature where another program has
switched it on. The ST level and the rhythm code of the ECG are kept as unmapped values.

Cannot: the board sends no pulse rate of the cuff and no times, so a cuff reading counts as measured
when its end arrives. It has no interval of its own. A reading that is under way when the cable is
pulled is stopped when it is back. A reading of more than 90 s is given up and stopped. Waves are
not read. Leak tests and calibrations are never sent. The replies with its versions are not public.

Sureness: very high for the values, states and commands (the maker's specification and three
independent programs, one of them with recordings); not tried by us on a real board.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.drivers.berry_cuff import BerryCuff
from devices.drivers.berry_wire import (
    ECG,
    NIBP,
    PLETH,
    SPO2,
    PacketCutter,
    command,
)
from devices.metrics import (
    CUFF_PRESSURE,
    HR,
    NIBP_DIA,
    NIBP_MAP,
    NIBP_SYS,
    PULSE,
    RR,
    TEMP,
    Metric,
)
from devices.metrics import SPO2 as SATURATION
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe

STOP, START = command(0x02, 0), command(0x02, 1)
ADULT = command(0x09, 1)
PLETH_ON, PLETH_OFF = command(PLETH, 1), command(PLETH, 0)
#: SpO2 and ECG rates on; the ECG's and the oximeter's curves, which may be on from before, off.
ENABLES = command(0x03, 1) + command(0x01, 1) + command(0xFB, 0) + PLETH_OFF
#: The board forgets what was enabled when it is switched off.
ENABLE_AGAIN = timedelta(seconds=5)

NO_SATURATION, NO_PULSE, HIGHEST_RATE = 127, 255, 250
OXIMETER_OFF = {
    1: "the SpO2 sensor is not plugged in",
    2: "no finger in the SpO2 sensor",
    4: "the SpO2 sensor finds no pulse",
}
SEARCHING = 3
LEADS_OFF = 0b10
RHYTHMS = {
    2: "asystole",
    3: "ventricular fibrillation or tachycardia",
    4: "R on T",
    5: "several premature beats",
    6: "a couple of premature beats",
    7: "premature beats",
    8: "bigeminy",
    9: "trigeminy",
    10: "tachycardia",
    11: "bradycardia",
    12: "a missed beat",
}


class BerryDecoder:
    """One board. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._cutter = PacketCutter()
        self._cuff = BerryCuff(source)
        self._queue: deque[bytes] = deque()
        self._events: list[Output] = []
        self._enable_at: datetime | None = None
        self._fresh = False  # connected, and nothing sent yet
        self._off: dict[str, str] = {}  # sensors that are off, with the words last told
        self._leads_seen = False
        self._rhythm = 0
        self._frames = 0

    @property
    def pending(self) -> int:
        return self._cutter.pending

    @property
    def frames(self) -> int:
        return self._frames + self._cutter.waves

    def connected(self, now: datetime) -> None:
        self._cutter.reset()
        if START in self._queue:
            # A cuff must not inflate because of a button pressed before the cable was pulled.
            text = "could not start a cuff reading: the link broke before it was sent"
            self._events.append(DeviceEvent(self._source, "refused", text, now))
        self._queue.clear()
        self._cuff.connected()
        self._enable_at = now
        self._fresh = True

    def command(self, command: Command) -> None:
        self._queue.append(START if command is Command.START_NIBP else STOP)

    def outgoing(self, now: datetime) -> bytes:
        if self._enable_at is None:
            self.connected(now)
        self._look(now)
        sent = b""
        if self._enable_at is not None and now >= self._enable_at:
            self._enable_at = now + ENABLE_AGAIN
            # After a crash the cuff may still be inflating for the session of before.
            sent = STOP + ADULT + ENABLES if self._fresh else ENABLES
            self._fresh = False
        while self._queue:
            one = self._queue.popleft()
            if one == START:
                self._cuff.asked(now)
                sent += ADULT
            else:
                self._cuff.told_to_stop(now)
            sent += one
        return sent

    def wait(self, now: datetime) -> float:
        if self._enable_at is None or self._queue:
            return 0.0
        due = min(filter(None, (self._enable_at, self._cuff.patience_ends)))
        return max(0.0, (due - now).total_seconds())

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if self._enable_at is None:
            self.connected(now)
        outputs, self._events = self._events, []
        for packet in self._cutter.feed(data):
            told = self._packet(packet, now)
            if told is not None:
                self._frames += 1
                outputs += told
        self._look(now)
        outputs += self._events
        self._events = []
        return outputs

    def _look(self, now: datetime) -> None:
        self._events += self._cuff.look(now)
        if self._cuff.wants_stop:
            self._cuff.wants_stop = False
            # before a start that waits: it must not be what ends that reading
            self._queue.appendleft(STOP)

    def _packet(self, packet: bytes, now: datetime) -> list[Output] | None:
        """What a packet says; ``None`` if the board could not have sent it."""
        kind = packet[0]
        if kind == SPO2:
            return self._oximeter(packet, now)
        if kind == NIBP:
            return self._cuff.absorb(packet, now)
        if kind == ECG:
            return self._ecg(packet, now)
        return self._temperature(packet, now)

    def _oximeter(self, packet: bytes, now: datetime) -> list[Output] | None:
        _, status, saturation, pulse = packet
        if status > max(OXIMETER_OFF):
            return None
        if not self._fresh:
            self._enable_at = now + ENABLE_AGAIN  # what we enabled is enabled
        outputs = [] if status == SEARCHING else self._sensor("spo2", OXIMETER_OFF.get(status), now)
        values: dict[Metric, float | None] = {SATURATION: None, PULSE: None}
        if status == 0:
            values[SATURATION] = None if saturation in (0, NO_SATURATION) else saturation
            values[PULSE] = rate(pulse)
        outputs.append(Reading(self._source, values, now, now))
        return outputs

    def _ecg(self, packet: bytes, now: datetime) -> list[Output]:
        _, status, heart, *more = packet
        outputs: list[Output] = []
        values: dict[Metric, float | None] = {HR: rate(heart)}
        if more:
            values[RR] = rate(more[0])
        if status & LEADS_OFF:
            values = dict.fromkeys(values)
            if self._leads_seen:  # leads that were never put on are not missed
                outputs += self._sensor("ecg", "an ECG lead is off", now)
        else:
            self._leads_seen = True
            outputs += self._sensor("ecg", None, now)
        unmapped = {}
        if len(more) > 1:
            unmapped["ecg_st"] = str(more[1] - 256 if more[1] > 127 else more[1])
        if len(more) > 2:
            unmapped["ecg_rhythm"] = str(more[2])
            outputs += self._rhythm_said(0 if status & LEADS_OFF else more[2], now)
        outputs.append(Reading(self._source, values, now, now, unmapped=unmapped))
        return outputs

    def _temperature(self, packet: bytes, now: datetime) -> list[Output] | None:
        _, status, whole, tenths = packet[:4]
        if status > 3 or tenths > 9:
            return None
        value = None if status in (1, 3) else whole + tenths / 10
        return [Reading(self._source, {TEMP: value}, now, now)]

    def _sensor(self, name: str, off: str | None, now: datetime) -> list[Output]:
        """An event if a sensor went off for another reason than before, or came back."""
        before = self._off.pop(name, None)
        if off is None:
            if before is None:
                return []
            what = "the ECG leads are" if name == "ecg" else "the SpO2 sensor is"
            return [DeviceEvent(self._source, "sensor_on", f"{what} back", now)]
        self._off[name] = off
        return [] if off == before else [DeviceEvent(self._source, "sensor_off", off, now)]

    def _rhythm_said(self, code: int, now: datetime) -> list[Output]:
        before, self._rhythm = self._rhythm, code
        if code == before or code not in RHYTHMS:
            return []
        text = f"the board's ECG says: {RHYTHMS[code]}"
        raw = {"ecg_rhythm": str(code)}
        return [DeviceEvent(self._source, "monitor_alarm", text, now, raw)]


def rate(byte: int) -> float | None:
    """A rate per minute; 0 and what lies above 250 say that there is none."""
    return byte if 0 < byte <= HIGHEST_RATE else None


SPEC = DriverSpec(
    name="berry-pm6750",
    title="BerryMed PM6750 board",
    models=("BerryMed PM6750", "Boxes and kiosks built round it"),
    line=LineSettings(baud=115200),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, CUFF_PRESSURE, SATURATION, PULSE, HR, RR, TEMP),
    commands=frozenset(Command),
    interval_s=1.0,
    silent_after_s=5.0,
    decoder=BerryDecoder,
    manual="BerryMed PM6750 communication protocol V3.2 and technical manual",
    # The pleth curve comes 50 times a second at once; a stop would end a patient's reading.
    probe=Probe(greeting=lambda now: PLETH_ON, farewell=PLETH_OFF),
    named_after=5,  # one packet could be the echo of the greeting
)
