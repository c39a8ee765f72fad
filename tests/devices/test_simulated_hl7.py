"""The simulated Efficia and HL7 senders: what they say on the wire, and to our drivers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from devices.drivers.efficia import EfficiaDecoder, query
from devices.drivers.hl7 import Hl7Decoder
from devices.reading import Reading
from devices.simulated import SIMULATED
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.efficia import EfficiaMonitor
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.hl7 import LoincSender, PcdSender, VendorSender
from devices.simulated.monitor import Monitor
from devices.simulated.patient import Patient
from tests.devices.pair import converse
from tests.devices.wire import NOON, after, all_values, kinds


def case(*rows: dict[str, float]) -> CasePatient:
    return CasePatient(
        [CaseRow(row["t_s"], tuple(row.get(name) for name in COLUMNS[1:])) for row in rows]
    )


ROWS = case(
    {"t_s": 1, "hr": 70, "pulse": 71, "spo2": 98, "rr": 14},
    {"t_s": 20, "nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95},
    {"t_s": 40, "nibp_sys": 131, "nibp_dia": 82, "nibp_map": 98, "spo2": 96},
)
CUFFS = [
    {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95},
    {"nibp_sys": 131, "nibp_dia": 82, "nibp_map": 98},
]
BUILD: dict[str, Callable[[Patient, datetime], Monitor]] = {
    "efficia": EfficiaMonitor,
    "hl7": PcdSender,
    "hl7-loinc": LoincSender,
    "hl7-vendor": VendorSender,
}
every = pytest.mark.parametrize("name", BUILD)


def decoder(name: str) -> EfficiaDecoder | Hl7Decoder:
    return EfficiaDecoder("x") if name == "efficia" else Hl7Decoder("x")


@every
def test_all_is_read_and_each_cuff_result_once(name: str) -> None:
    outputs = converse(decoder(name), BUILD[name](ROWS, NOON), 90)
    cuffs = [
        one for one in outputs if isinstance(one, Reading) and "nibp_sys" in str(one.as_json())
    ]
    assert [{m.key: v for m, v in one.values.items()} for one in cuffs] == CUFFS
    late = 2.1 if name == "hl7-vendor" else 1.1
    for one, t in zip(cuffs, (20, 40), strict=True):
        assert abs((one.measured_at - after(t)).total_seconds()) <= late
    present = [value for value in all_values(outputs) if value.get("spo2") == 96]
    assert present
    expected = {"pulse": 71, "spo2": 96, "hr": 70, "rr": 14}
    if name == "hl7-vendor":
        del expected["rr"]
        assert present[-1].pop("temp") is None
    assert present[-1] == expected
    assert kinds(outputs) == []


@every
def test_dashes_are_no_values(name: str) -> None:
    patient = FaultyPatient(ROWS, FaultPlan([parse_fault("sentinel@50+100")]))
    outputs = converse(decoder(name), BUILD[name](patient, NOON), 80)
    last = all_values(outputs)[-1]
    assert last
    assert set(last.values()) == {None}


def test_a_failed_reading_of_the_efficia_is_told() -> None:
    patient = FaultyPatient(ROWS, FaultPlan([parse_fault("cuff-fail@30+20")]))
    outputs = converse(EfficiaDecoder("x"), EfficiaMonitor(patient, NOON), 60)
    assert kinds(outputs) == ["nibp_failed"]


def test_the_efficia_answers_a_query_and_refuses_anything_else() -> None:
    monitor = EfficiaMonitor(ROWS, NOON)
    (answer,) = monitor.feed(query(NOON, 1), 5)
    assert answer.startswith(b"\x0bMSH|^~\\&|^EfficiaCM||||20261123120717||ORF^R04|")
    assert b"MSA|AA|KM202611231200000001\rQRD|20261123120000|R|I|KM0001|||||STA\r" in answer
    assert b"OBX||NM|0002-4a05^NBPs^MDIL|||0004-0f20^mmHg^MDIL|||||F\r" in answer
    empty_id = query(NOON, 1).replace(b"|KM0001|", b"||")
    for bad in (empty_id, query(NOON, what="XYZ"), query(NOON).replace(b"QRY", b"QRX")):
        (refusal,) = monitor.feed(bad, 6)
        assert b"ACK^^ACK_ALL" in refusal
        assert b"MSA|AE|KM" in refusal
    assert monitor.feed(b"\x00\x0bnonsense\r\x1c\r\x0b", 7) == []
    assert [one.accepted for one in monitor.requests] == [True, False, False, False, False]
    assert monitor.wait(0) is None


def test_only_the_gateway_asks_for_acknowledgements_and_gets_them() -> None:
    for name in ("hl7", "hl7-loinc", "hl7-vendor"):
        monitor = BUILD[name](ROWS, NOON)
        converse(Hl7Decoder("x"), monitor, 11)
        assert len(monitor.requests) == (6 if name == "hl7" else 0)
        assert all(one.accepted for one in monitor.requests)


def test_their_rows() -> None:
    for name, build in BUILD.items():
        assert SIMULATED[name].build is build
