"""Simulated senders of HL7 ORU^R01: an IHE gateway, a LOINC stream, a vendor with short names.

Sources: IHE PCD-01 samples (MLLP, MDC codes); the stream of a public simulator of a GE monitor
(LOINC; here as bare segments, as on a serial line); the stream of a vendor's kiosk in which -100
and the like stand for "no value" (MLLP, no times). How often they push is not public: here every
2 s.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from datetime import datetime, timedelta

from devices.simulated.monitor import Request, request_log
from devices.simulated.patient import Patient, cuff_display, whole

PUSH_S = 2.0
LONGEST_REQUEST = 1024
MMHG = "266016^MDC_DIM_MMHG^MDC"
BEATS = "264864^MDC_DIM_BEAT_PER_MIN^MDC"


class _Sender(ABC):
    """Pushes ``segments`` of each moment; whatever it is told is only remembered."""

    framed = True

    def __init__(self, patient: Patient, started: datetime) -> None:
        self._patient = patient
        self._started = started
        self._next = 0.0
        self._count = 0
        self._heard = bytearray()
        self.requests: deque[Request] = request_log()

    def feed(self, data: bytes, t: float) -> list[bytes]:
        """An acknowledgement is taken where one was asked for; there is nothing else to ask."""
        self._heard += data
        *blocks, rest = self._heard.split(b"\x1c\r")
        self._heard = bytearray(rest[-LONGEST_REQUEST:])
        for block in blocks:
            text = bytes(block.lstrip(b"\x0b"))
            self.requests.append(Request(t, text, accepted=self.takes(text)))
        return []

    def takes(self, text: bytes) -> bool:
        return False

    def due(self, t: float) -> list[bytes]:
        if t < self._next:
            return []
        self._next = t + PUSH_S
        self._count += 1
        text = "".join(one + "\r" for one in self.segments(t)).encode("utf-8")
        return [b"\x0b" + text + b"\x1c\r" if self.framed else text]

    def wait(self, t: float) -> float | None:
        return max(0.0, self._next - t)

    def clock(self, t: float, form: str = "%Y%m%d%H%M%S") -> str:
        return (self._started + timedelta(seconds=t)).strftime(form)

    @abstractmethod
    def segments(self, t: float) -> list[str]:
        """What is sent at ``t``."""


class PcdSender(_Sender):
    """A gateway that speaks IHE PCD-01 and asks for each message to be acknowledged."""

    def takes(self, text: bytes) -> bool:
        return b"ACK" in text and b"MSA|CA|PCD" in text

    def segments(self, t: float) -> list[str]:
        now, result = self._patient.at(t), cuff_display(self._patient, t).result
        lines = [
            f"MSH|^~\\&|GATEWAY^0004A3000000ABCD^EUI-64||||{self.clock(t)}+0000||"
            f"ORU^R01^ORU_R01|PCD{self._count}|P|2.6|||AL|NE|||||"
            "PCD_DEC_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO",
            "PID|||MRN5678^^^^MR||DOE^JANE^^^^^L",
            "PV1||O|CHAIR^^3",
            "OBR|1|order^app|filler^app|182777000^monitoring of patient^SCT|||"
            f"{self.clock(t)}+0000",
        ]
        results: list[str] = []
        if result is not None:
            taken = f"{self.clock(result.at)}+0000"
            results += [
                f"|528391^MDC_DEV_SPEC_PROFILE_BP^MDC|1|||||||X|||{taken}",
                "|150020^MDC_PRESS_BLD_NONINV^MDC|1.0.1|||||||X",
                _pcd("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "1.0.1.1", result.sys, MMHG, taken),
                _pcd("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", "1.0.1.2", result.dia, MMHG),
                _pcd("150023^MDC_PRESS_BLD_NONINV_MEAN^MDC", "1.0.1.3", result.map, MMHG),
            ]
            if result.pulse is not None:
                code = "149546^MDC_PULS_RATE_NON_INV^MDC"
                results.append(_pcd(code, "1.0.0.1", result.pulse, BEATS))
        percent, breaths = "262688^MDC_DIM_PERCENT^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"
        results += [
            _pcd("150456^MDC_PULS_OXIM_SAT_O2^MDC", "2.0.1.1", now.spo2, percent),
            _pcd("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "2.0.1.2", now.pulse, BEATS),
            _pcd("147842^MDC_ECG_HEART_RATE^MDC", "3.0.1.1", now.hr, BEATS),
            _pcd("151562^MDC_RESP_RATE^MDC", "3.0.2.1", now.rr, breaths),
        ]
        if now.etco2 is not None:
            code = "151708^MDC_AWAY_CO2_ET^MDC"
            results.append(_pcd(code, "4.0.1.1", now.etco2, MMHG))
        return lines + [f"OBX|{n}|{one}" for n, one in enumerate(results, start=1)]


class LoincSender(_Sender):
    """LOINC codes and UCUM units in bare segments, each pressure with its time."""

    framed = False

    def segments(self, t: float) -> list[str]:
        now, result = self._patient.at(t), cuff_display(self._patient, t).result
        stamp = self.clock(t)
        lines = [
            f"MSH|^~\\&|GE_MONITOR|CLINIC|||{stamp}||ORU^R01|{self._count}|P|2.5",
            "PID|1||MRN5678||DOE^JANE",
            f"OBR|1|||VITALS|||{stamp}",
        ]
        mmhg = "mm[Hg]^millimeter of mercury^UCUM"
        rows: list[tuple[str, float | None, str, str]] = []
        if result is not None:
            taken = self.clock(result.at)
            rows += [
                ("8480-6^Systolic BP^LN", result.sys, mmhg, taken),
                ("8462-4^Diastolic BP^LN", result.dia, mmhg, taken),
                ("8478-0^Mean BP^LN", result.map, mmhg, taken),
            ]
        rows += [
            ("2708-6^Oxygen saturation^LN", now.spo2, "%^percent^UCUM", stamp),
            ("8889-8^Pulse rate^LN", now.pulse, "/min^per minute^UCUM", stamp),
            ("8867-4^Heart rate^LN", now.hr, "/min^per minute^UCUM", stamp),
            ("9279-1^Respiratory rate^LN", now.rr, "/min^per minute^UCUM", stamp),
        ]
        if now.etco2 is not None:
            rows.append(("19889-5^End tidal CO2^LN", now.etco2, mmhg, stamp))
        for n, (code, value, unit, time) in enumerate(rows, start=1):
            status = "X" if value is None else "F"
            lines.append(
                f"OBX|{n}|NM|{code}||{_number(value)}|{unit}||N|||{status}|||{time}||GE_MONITOR"
            )
        return lines


class VendorSender(_Sender):
    """Short names, no times, and numbers below zero for what it has not."""

    def segments(self, t: float) -> list[str]:
        now, result = self._patient.at(t), cuff_display(self._patient, t).result
        rows: list[tuple[str, float | None, str]] = [
            ("^NIBP_S", result.sys if result else None, "0002-4a05^mmhg^MDIL|6000^11000"),
            ("^NIBP_D", result.dia if result else None, "0002-4a05^mmhg^MDIL|6000^11000"),
            ("91^NIBP_M", result.map if result else None, "0002-4a05^mmhg^MDIL|6000^11000"),
            ("188^SPO2", now.spo2, "0002-0b54^C^MDIL|0^200"),
            ("^PR", now.pulse, "0004-0aa0^bpm^MDIL|"),
            ("^HR", now.hr, "0004-0aa0^bpm^MDIL|"),
            ("^T1", None, "0002-0b54^C^MDIL|"),
        ]
        return [
            f"MSH|^~\\&|MONITOR||||{self.clock(t)}||ORU^R01|{self._count}|P|2.3.1",
            "PID|||MRN5678||DOE^JANE",
            "OBR||||MONITOR",
            *(
                f"OBX||NM|{name}||{'-100' if value is None else whole(value)}|{unit}||||F"
                for name, value, unit in rows
            ),
        ]


def _pcd(code: str, sub: str, value: float | None, unit: str, time: str = "") -> str:
    status = "X" if value is None else "R"
    return f"NM|{code}|{sub}|{_number(value)}|{unit}|||||{status}|||{time}".rstrip("|")


def _number(value: float | None) -> str:
    return "" if value is None else str(whole(value))
