"""HL7 v2 results (ORU^R01) of gateways, central stations and monitors: heard, never asked.

Serves: any sender of ORU^R01 messages with MDC (IHE PCD-01), LOINC or the short names NIBP_S, PR,
SPO2 and so on, on a serial line or over TCP. For a Philips Efficia CM on its serial port take
efficia.

Cable: serial port or USB adapter, mostly 9600 to 115200 8N1; or the network: listen://0.0.0.0:PORT
where the sender connects to this computer (the usual way), socket://HOST:PORT where we connect.

Set up: the sender must send the results of one bed only. Let it send every few seconds, and each
cuff reading with its own time (OBX-14). Clocks of monitor and gateway should agree: ages are taken
from the times in the message.

Gives: cuff pressures, pulse of the cuff and of the oximeter, SpO2, heart rate, breaths, EtCO2 and
temperature, as far as sent, in mmHg, kPa, °C or °F. An acknowledgement goes out only where the
message asks for one (MSH-15, MSH-16).

Cannot: start the cuff or ask for anything. A cuff reading without a time of its own is taken only
when it differs from the one before, and the first one is not taken; one whose time is that of its
message waits for the next message, which shows whether that time stands still. A second bed or
patient on the same line, or in the same message, is not taken and is told. Of two channels
(OBX-4) the first counts. Numbers below zero, and what the sender marks as invalid, are no values.
Alerts (PCD-04), waveforms and text results are not read.

Sureness: low for any named monitor (published samples, one vendor's stream, no capture of our own);
not tried by us on a real monitor.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from devices.drivers.hl7_beds import Beds
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
from devices.spec import Command, DriverSpec, LineSettings, Output

#: Some leave out the event of the message type.
KINDS = ("ORU^R01", "ORU")
IDLE_S = 60.0
PENDING_LIMIT = 4096
#: MSH-15 and MSH-16: always, or only for what was taken well.
ASKED_FOR = ("AL", "SU")
ACKS_KEPT = 16
#: A monitor that takes the time from an acknowledgement: it gets none.
NEVER_ACKNOWLEDGED = "efficia"


def acknowledgement(now: datetime, count: int, code: str, message: Message) -> bytes:
    """ACK to one message, ``code`` CA (received) or AA (taken), to whom it came from."""
    at = f"{now:%Y%m%d%H%M%S}"
    # a sender may use another separator, and then its fields may hold ours
    to, place, asked = (
        one.replace("|", " ")
        for one in (message.sender[:60], message.sender_place[:60], message.control_id)
    )
    return framed(
        f"MSH|^~\\&|KetaMonitor||{to}|{place}|{at}||ACK^R01^ACK|KM{at}{count % 10_000:04d}|P|2.6",
        f"MSA|{code}|{asked}",
    )


class Hl7Decoder:
    """One sender that pushes. See :class:`devices.spec.Decoder`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._framer = Hl7Framer(KINDS)
        self._values = Hl7Values(source, labels=True)
        self._acks: deque[tuple[str, Message]] = deque(maxlen=ACKS_KEPT)
        self._count = 0
        self._beds = Beds(source)

    @property
    def pending(self) -> int:
        return min(self._framer.pending, PENDING_LIMIT)

    @property
    def frames(self) -> int:
        return self._framer.headers

    def connected(self, now: datetime) -> None:
        self._framer.reset()
        self._values.connected(now)
        self._acks.clear()

    def command(self, command: Command) -> None:
        raise ValueError(f"an HL7 sender takes no command {command.value}")

    def outgoing(self, now: datetime) -> bytes:
        if not self._acks:
            return b""
        self._count += 1
        code, message = self._acks.popleft()
        return acknowledgement(now, self._count, code, message)

    def wait(self, now: datetime) -> float:
        return 0.0 if self._acks else IDLE_S

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        outputs: list[Output] = []
        for message in self._framer.feed(data, now):
            if not message.part:
                self._acknowledge(message)
            if self._beds.takes(message):
                outputs += self._values.absorb(message)
            else:
                outputs += self._beds.tell(message)
        return outputs

    def _acknowledge(self, message: Message) -> None:
        if not (message.framed and message.control_id):
            return
        if NEVER_ACKNOWLEDGED in message.sender.lower():
            return
        if message.asks_accept in ASKED_FOR:
            self._acks.append(("CA", message))
        if message.asks_application in ASKED_FOR:
            self._acks.append(("AA", message))


SPEC = DriverSpec(
    name="hl7",
    title="HL7 v2 results (ORU^R01), serial or network",
    models=("gateways and central stations (IHE PCD-01)", "monitors that send ORU^R01"),
    line=LineSettings(baud=9600),
    metrics=(NIBP_SYS, NIBP_DIA, NIBP_MAP, NIBP_PULSE, PULSE, SPO2, HR, RR, ETCO2, TEMP),
    commands=frozenset(),
    interval_s=60.0,  # senders push each second, or only once a minute
    silent_after_s=120.0,
    decoder=Hl7Decoder,
    manual="HL7 v2 ORU^R01; IHE PCD-01 samples",
    also=tuple(LineSettings(baud=baud) for baud in (19200, 38400, 57600, 115200)),
)
