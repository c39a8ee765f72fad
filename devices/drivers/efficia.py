"""Philips Efficia CM: asked by an HL7 2.4 query on its serial port; read only.

Serves: Efficia CM10, CM12, CM100, CM120 and CM150 with the serial interface adapter. What the same
monitor pushes over the network (ORU^R01) is read too, on a port written as listen://0.0.0.0:PORT.

Cable: the monitor's serial interface adapter to a serial port or a USB adapter of the computer. The
speed is not in the public pages of the manual: 9600 8N1 is tried first, then 19200, 38400, 57600
and 115200; give the one at which the monitor answers.

Set up: data export to "serial" in the monitor's configuration menu. Set the monitor's clock: the
time of a cuff reading comes from it, measured against its own clock at the moment of the answer.

Gives: every 5 s all that is on the screen: cuff pressures with the time of the measurement, SpO2,
pulse of the oximeter, pulse of the cuff, heart rate, breaths, EtCO2, first temperature. Its
alarms where it pushes.

Cannot: start or stop the cuff, or set its interval: the protocol has no such thing. "The cuff is
measuring" is not sent, so a reading is seen up to 5 s after its end. Invasive pressures and other
parameters stay unmapped. The sister line SureSigns VS/VM is not claimed.

Sureness: high for messages and codes (two of the maker's documents), the line speed is unknown;
not tried by us on a real monitor.

The monitor takes the time for its own clock from an acknowledgement and may clear its screen: none
is ever sent unless the decoder is made with ``acknowledge=True``, which nothing in this program
does. By the guide each query is answered once without it.
"""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime, timedelta

from devices.drivers.hl7_text import Hl7Framer, Message, framed
from devices.drivers.hl7_values import Hl7Values
from devices.metrics import (
    ETCO2,
    HR,
    NIBP_DIA,
    NIBP_MAP,
    NIBP_PULSE,
    NIBP_SYS,
    PULSE,
    RR,
    SPO2,
    TEMP,
)
from devices.polling import Poller
from devices.reading import DeviceEvent
from devices.spec import Command, DriverSpec, LineSettings, Output, Probe

POLL = "query"
EVERY = timedelta(seconds=5)
TIMEOUT = timedelta(seconds=3)
#: What the query asks for: everything that is on the screen.
ON_SCREEN = "STA"
ANSWER, PUSHED, ACK = "ORF^R04", "ORU^R01", "ACK"
ACCEPTED = "AA"
#: In MSH-3 of every message of this line of monitors.
SENDER = "efficia"
OUR_ID = re.compile(r"KM[0-9]{18}")
ALARM_SYSTEM = "MDIL-ALERT"
ALARM_KEPT = 80
PENDING_LIMIT = 4096


def query(now: datetime, count: int = 0, what: str = ON_SCREEN) -> bytes:
    """QRY^R02 with an identifier of 20 characters that tells the answer to it from others."""
    at = f"{now:%Y%m%d%H%M%S}"
    return framed(
        f"MSH|^~\\&|||||{at}||QRY^R02|KM{at}{count % 10_000:04d}|P|2.4",
        f"QRD|{at}|R|I|KM{count % 10_000:04d}|||||{what}",
    )


def acknowledgement(now: datetime, count: int, of: str) -> bytes:
    """A positive acknowledgement. It may set the monitor's clock: see the module's words on it."""
    at = f"{now:%Y%m%d%H%M%S}"
    return framed(
        f"MSH|^~\\&|||||{at}||ACK^^ACK_ALL|KM{at}{count % 10_000:04d}|P|2.4", f"MSA|AA|{of}"
    )


class EfficiaDecoder:
    """One monitor that is asked every 5 s. See :class:`devices.spec.Decoder`.

    ``what`` is the subject of the query. Leave ``acknowledge`` as it is.
    """

    def __init__(self, source: str, *, what: str = ON_SCREEN, acknowledge: bool = False) -> None:
        self._source = source
        self._what = what
        self._acknowledge = acknowledge
        self._framer = Hl7Framer((ANSWER, PUSHED, ACK))
        self._values = Hl7Values(source, labels=False)
        self._poller = Poller((POLL,), EVERY, TIMEOUT)
        self._count = 0
        self._acks: deque[str] = deque(maxlen=4)
        self._alarms: frozenset[str] = frozenset()
        self._refused = False
        self._started = False
        self._frames = 0

    @property
    def pending(self) -> int:
        return min(self._framer.pending, PENDING_LIMIT)

    @property
    def frames(self) -> int:
        return self._frames

    def connected(self, now: datetime) -> None:
        self._started = True
        self._poller.restart(now)
        self._framer.reset()
        self._values.connected(now)
        self._acks.clear()
        self._refused = False

    def command(self, command: Command) -> None:
        raise ValueError(f"an Efficia monitor takes no command {command.value}")

    def outgoing(self, now: datetime) -> bytes:
        if not self._started:
            self.connected(now)
        if self._acks:
            self._count += 1
            return acknowledgement(now, self._count, self._acks.popleft())
        if self._poller.take(now) is None:
            return b""
        self._poller.given_up.clear()
        self._count += 1
        return query(now, self._count, self._what)

    def wait(self, now: datetime) -> float:
        return self._poller.wait(now) if self._started and not self._acks else 0.0

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if not self._started:
            self.connected(now)
        outputs: list[Output] = []
        for message in self._framer.feed(data, now):
            outputs += self._message(message)
        return outputs

    def _message(self, message: Message) -> list[Output]:
        outcome, asked = message.ack or ("", "")
        ours = OUR_ID.fullmatch(asked) is not None
        known = SENDER in message.sender.lower()
        # an answer to another program's query is as good, if the sender says what it is
        if not (known or (ours and message.kind != PUSHED)):
            return []
        if message.part:
            return []  # a second patient in one answer: no bedside monitor has one
        if message.kind != PUSHED and not asked:
            return []
        self._frames += 1
        if ours:
            self._poller.answered(POLL)
        if message.kind == ACK or (message.kind == ANSWER and outcome != ACCEPTED):
            return self._negative(message) if ours and outcome != ACCEPTED else []
        self._refused = False
        if self._acknowledge and message.kind == ANSWER and ours and message.control_id:
            self._acks.append(message.control_id)
        return [*self._alarm_events(message), *self._values.absorb(message)]

    def _negative(self, message: Message) -> list[Output]:
        """Either it has nothing to send or it does not take the query: its text is free."""
        if self._refused:
            return []
        self._refused = True
        text = "the monitor sends no values: it has none, or its data export is not set up"
        return [DeviceEvent(self._source, "refused", text, message.ended_at)]

    def _alarm_events(self, message: Message) -> list[Output]:
        """Alarms in the monitor's words, each once as long as it goes on."""
        if message.kind != PUSHED:
            return []
        before = self._alarms
        standing = [
            one.value.strip()[:ALARM_KEPT]
            for one in message.observations
            if one.kind == "TX" and one.id.endswith("^" + ALARM_SYSTEM) and one.value.strip()
        ]
        self._alarms = frozenset(standing)
        return [
            DeviceEvent(self._source, "monitor_alarm", text, message.ended_at)
            for text in dict.fromkeys(standing)
            if text not in before
        ]


SPEC = DriverSpec(
    name="efficia",
    title="Philips Efficia CM (HL7 query)",
    models=("Efficia CM10", "Efficia CM12", "Efficia CM100", "Efficia CM120", "Efficia CM150"),
    line=LineSettings(baud=9600),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE, PULSE, SPO2, HR, RR, ETCO2, TEMP),
    commands=frozenset(),
    interval_s=5.0,
    silent_after_s=15.0,  # three queries without an answer
    decoder=EfficiaDecoder,
    manual="Philips Efficia CM Series Data Export Guide; Network Configuration Guide",
    also=tuple(LineSettings(baud=baud) for baud in (19200, 38400, 57600, 115200)),
    probe=Probe(greeting=query),
)
