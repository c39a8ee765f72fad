"""A simulated Philips Efficia CM on its serial port: one HL7 answer to each query.

Source: Philips Efficia CM Series Data Export Guide, chapters 2-4. It has no sign of a cuff at work:
a result shows itself by a new time only. After a failed one the three pressures are empty and
invalid. Its clock goes wrong by :data:`CLOCK_AHEAD`, as clocks of monitors do.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, cuff_display, whole

CLOCK_AHEAD = timedelta(minutes=7, seconds=12)
LONGEST_REQUEST = 1024
SPO2_SOURCE, CUFF_SOURCE = "0002-4bb8^SpO2^MDIL", "0002-4a05^NBPs^MDIL"
PERCENT, MMHG = "0004-0220^%^MDIL", "0004-0f20^mmHg^MDIL"
BEATS, BREATHS = "0004-0aa0^bpm^MDIL", "0004-0ae0^rpm^MDIL"


class EfficiaMonitor:
    """Answers a query with ORF, anything else with a negative acknowledgement."""

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._started = started
        self._block: bytearray | None = None
        self._count = 0
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        replies: list[bytes] = []
        for byte in data:
            if byte == 0x0B:
                self._block = bytearray()
            elif self._block is not None:
                self._block.append(byte)
                if self._block.endswith(b"\x1c\r"):
                    replies += self._answer(bytes(self._block[:-2]), t)
                    self._block = None
                elif len(self._block) > LONGEST_REQUEST:
                    self._block = None
        return replies

    def due(self, t: float) -> list[bytes]:
        return []

    def wait(self, t: float) -> float | None:
        return None

    def _clock(self, t: float) -> str:
        return (self._started + timedelta(seconds=t) + CLOCK_AHEAD).strftime("%Y%m%d%H%M%S")

    def _answer(self, block: bytes, t: float) -> list[bytes]:
        lines = [one.split("|") for one in block.decode("utf-8", "replace").split("\r") if one]
        segments = {line[0]: line for line in lines}
        header = segments.get("MSH", [])
        if len(header) < 12:
            self.requests.append(Request(t, block, accepted=False))
            return []
        kind, identifier = header[8], header[9]
        if kind.startswith("ACK"):  # would set the clock and clear the screen
            self.requests.append(Request(t, block, accepted=True))
            return []
        asked = segments.get("QRD", [])
        good = (
            kind == "QRY^R02"
            and 0 < len(identifier) <= 20
            and header[11] == "2.4"
            and len(asked) > 9
            and asked[2:4] == ["R", "I"]
            and 0 < len(asked[4]) <= 10
            and asked[9] == "STA"
        )
        self.requests.append(Request(t, block, accepted=good))
        self._count += 1
        if not good:
            return [
                _framed(
                    f"MSH|^~\\&|^EfficiaCM||||{self._clock(t)}||ACK^^ACK_ALL|N{self._count}|P|2.4",
                    f"MSA|AE|{identifier}|query not understood",
                )
            ]
        return [_framed(*self._heading(identifier, asked, t), *self._results(t))]

    def _heading(self, identifier: str, asked: list[str], t: float) -> list[str]:
        now = self._clock(t)
        return [
            f"MSH|^~\\&|^EfficiaCM||||{now}||ORF^R04|MONITORABC{self._count:010d}|P|2.4"
            "|||||||||2.16.840.1.113883.9.2.1",
            f"MSA|AA|{identifier}",
            "|".join(asked[:10]),
            "PID|||MRN1234||JONES^MARY^A",
            "PV1|||^^LOCATION34|||||||||||||||A|TRANSACTION1234",
            "ORC|NW|||||||||||||||||MONITORABC",
            f"OBR||||MONITOR|||{now}|||OPERATOR12",
        ]

    def _results(self, t: float) -> list[str]:
        now, cuff = self._patient.at(t), cuff_display(self._patient, t)
        result = cuff.result if cuff.failure is None else None
        taken = self._clock(result.at) if result is not None else ""
        status = "F" if cuff.failure is None else "X"
        lines = [_obx("0002-4bb8^SpO2^MDIL", now.spo2, PERCENT)]
        for code, value, time in (
            ("0002-4a05^NBPs^MDIL", result.sys if result else None, taken),
            ("0002-4a06^NBPd^MDIL", result.dia if result else None, taken),
            ("0002-4a07^NBPm^MDIL", result.map if result else None, ""),
        ):
            lines.append(_obx(code, value, MMHG, status, time))
        if now.pulse is not None or result is None or result.pulse is None:
            lines.append(_obx("0002-480a^Pulse^MDIL", now.pulse, BEATS, source=SPO2_SOURCE))
        else:
            lines.append(
                _obx("0002-480a^Pulse^MDIL", result.pulse, BEATS, time=taken, source=CUFF_SOURCE)
            )
        if now.hr is not None:
            lines.append(_obx("0002-4182^HR^MDIL", now.hr, BEATS))
        lines.append(_obx("0002-5000^Resp^MDIL", now.rr, BREATHS))
        return lines


def _obx(
    code: str, value: float | None, unit: str, status: str = "F", time: str = "", source: str = ""
) -> str:
    number = "" if value is None else str(whole(value))
    return f"OBX||NM|{code}||{number}|{unit}|||||{status}|||{time}|||{source}".rstrip("|")


def _framed(*segments: str) -> bytes:
    return b"\x0b" + "".join(one + "\r" for one in segments).encode("utf-8") + b"\x1c\r"
