"""The simulated S/5 DRI monitor, byte by byte: requests heeded and not, records as specified."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulated import ge_dri
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.ge_dri import GeDriMonitor, Group, Header
from devices.simulated.patient import Patient
from devices.simulated.scenario import scenario_patient

START = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
ZEROS_19, ZEROS_18 = bytes(19), bytes(18)


def request(tail: str) -> bytes:
    """A published request: the part that never changes, and the bytes from offset 40 on."""
    return b"\x7e\x31\x00" + ZEROS_19 + b"\xff" + ZEROS_18 + bytes.fromhex(tail) + b"\x7e"


EVERY_10_S_ALL = request("01 0a 00 0e 00 00 00 00 00 49")
EVERY_5_S = request("01 05 00 00 00 00 00 00 00 36")
ONCE = request("01 ff ff 00 00 00 00 00 00 2f")
STOP = request("01 00 00 00 00 00 00 00 00 31")
TREND = request("03 3c 00 0e 00 00 00 00 00 7d 5d")

# The computed frame of the interface's example: 128/79 (95), HR 72 AUTO, SpO2 97.50 %, PR 73.
ECG = "03 00 00 00 00 00 49 00 01 80 01 80 01 80 01 80"
PRESSURE = "00 00 00 00 00 00 01 80 01 80 01 80 01 80"
NIBP = "03 00 00 00 08 00 00 32 dc 1e 1c 25 48 00"
TEMPERATURE = "00 00 00 00 00 00 01 80"
SPO2 = "03 00 00 00 00 00 16 26 49 00 d2 00 01 80"
EXAMPLE = (
    bytes.fromhex("7e 3e 01 05 09 34 12 01 f1 53 65 00 00 00 00 00 00 00 00 01 00 00 ff")
    + ZEROS_18
    + bytes.fromhex("00 f1 53 65")
    + bytes.fromhex(ECG + PRESSURE * 4 + NIBP + TEMPERATURE * 4 + SPO2)
    + bytes(142)
    + bytes.fromhex("e5 7e")
)


def row(t_s: float, **values: float) -> CaseRow:
    return CaseRow(t_s, tuple(values.get(name) for name in COLUMNS[1:]))


def monitor(*rows: CaseRow, fault: str | None = None) -> GeDriMonitor:
    patient: Patient = CasePatient(rows)
    if fault is not None:
        patient = FaultyPatient(patient, FaultPlan([parse_fault(fault)]))
    return GeDriMonitor(patient, START)


@dataclass(frozen=True)
class Record:
    """A record taken apart with offsets counted from its start, independent of the encoder."""

    raw: bytes

    @classmethod
    def of(cls, frame: bytes) -> "Record":
        assert frame[0] == frame[-1] == 0x7E
        inside = frame[1:-1]
        assert 0x7E not in inside
        plain = inside.replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d")
        assert plain[-1] == sum(plain[:-1]) % 256
        assert struct.unpack_from("<h", plain)[0] == len(plain) - 1
        return cls(plain[:-1])

    def words(self, offset: int, count: int) -> list[int]:
        return list(struct.unpack_from(f"<{count}h", self.raw, 40 + offset))

    def status_and_label(self, offset: int) -> tuple[int, int]:
        status, label = struct.unpack_from("<IH", self.raw, 40 + offset)
        return status, label


def once(device: GeDriMonitor, t: float) -> Record:
    (frame,) = device.feed(ONCE, t)
    return Record.of(frame)


def test_the_computed_example_comes_out_byte_for_byte() -> None:
    groups = {
        ge_dri.ECG: Group(3, 0, (73,)),
        ge_dri.NIBP: Group(3, ge_dri.AUTO, (12800, 7900, 9500, 72)),
        ge_dri.SPO2: Group(3, 0, (9750, 73, 210)),
    }
    header = Header(number=5, time=0x6553F101, level=9, plug_id=0x1234)
    record = ge_dri.record(header, [ge_dri.basic_subrecord(0x6553F100, groups, 0)])
    assert len(record) == 318
    assert ge_dri.framed(record) == EXAMPLE
    assert len(EXAMPLE) == 321


def test_a_record_as_the_real_monitor_lays_it_out() -> None:
    device = monitor(row(0, hr=70))
    (frame,) = device.feed(EVERY_10_S_ALL, 1.0)
    record = Record.of(frame)
    stamp = struct.pack("<I", int(START.timestamp()) + 1)
    assert record.raw[:4] == bytes.fromhex("80 04 00 0b")  # 1152 bytes, number 0, level 11
    assert record.raw[4:16] == b"\0\0" + stamp + bytes(6)
    assert record.raw[16:31] == bytes.fromhex("00 00 01 16 01 01 2c 02 01 42 03 01 00 00 ff")
    for number in range(4):
        subrecord = record.raw[40 + 278 * number : 40 + 278 * (number + 1)]
        assert subrecord[:4] == stamp
        assert subrecord[-2:] == bytes([0xB1, number])


def test_values_flags_and_scales() -> None:
    device = monitor(
        row(0, hr=72.4, pulse=73, spo2=97.5, rr=15.5, nibp_sys=128, nibp_dia=79, nibp_map=95.335),
        row(100, nibp_sys=214.612, nibp_map=-2),
    )
    record = once(device, 30)
    assert record.status_and_label(4) == (0x4B, 0)
    assert record.words(4 + 6, 5) == [72, -32767, -32767, -32767, 16]
    assert record.status_and_label(76) == (3, 0b1011)
    assert record.words(82, 4) == [12800, 7900, 9534, -32767]
    assert record.status_and_label(122) == (3, 0)
    assert record.words(128, 4) == [9750, 73, -32767, -32767]
    # older than 60 s, then measuring with the old values, then the new result
    assert once(device, 61).status_and_label(76) == (3, 0b1_0000_1011)
    busy = once(device, 80)
    assert busy.status_and_label(76) == (3, 0b1_0010_1011)
    assert busy.words(82, 3) == [12800, 7900, 9534]
    done = once(device, 100)
    assert done.status_and_label(76) == (3, 0b1011)
    assert done.words(82, 4) == [21461, -32767, -200, -32767]


def test_no_value_is_the_sentinel_and_an_absent_module_does_not_exist() -> None:
    record = once(monitor(row(50, hr=70)), 0)
    assert record.words(10, 5) == [-32767] * 5
    assert record.status_and_label(76) == (3, 0b1011)
    assert record.words(82, 4) == [-32767] * 4
    assert record.status_and_label(122) == (1, 0)
    assert record.words(128, 4) == [-32767] * 4
    for offset in (20, 34, 48, 62):
        assert record.status_and_label(offset) == (0, 0)
        assert record.words(offset + 6, 4) == [-32767] * 4


def test_a_value_that_does_not_fit_is_over_or_under_range() -> None:
    record = once(monitor(row(0, nibp_sys=327.68, nibp_dia=-320.01, nibp_map=327.67)), 0)
    assert record.words(82, 3) == [-32763, -32764, 32767]


def test_a_failed_determination_leaves_dashes_until_the_next_result() -> None:
    rows = [row(0, nibp_sys=128), row(100, nibp_sys=131), row(200, nibp_sys=140)]
    device = monitor(*rows, fault="cuff-fail@90+20")
    assert once(device, 99).words(82, 1) == [12800]
    assert once(device, 120).words(82, 1) == [-32767]
    assert once(device, 190).words(82, 1) == [-32767]
    assert once(device, 200).words(82, 1) == [14000]


def test_the_cuffs_pulse_of_a_scenario_is_sent() -> None:
    device = GeDriMonitor(scenario_patient("iv-mild", 1), START)
    sys, dia, mean, pulse = once(device, 60).words(82, 4)
    assert 10000 < sys < 14500
    assert dia < mean < sys
    assert 50 < pulse < 100


def test_one_request_gives_one_record_at_once_and_one_every_interval() -> None:
    device = monitor(row(0, hr=70))
    assert device.wait(0) is None
    assert device.due(100) == []
    assert len(device.feed(EVERY_5_S, 1.0)) == 1
    assert device.wait(2.0) == 4.0
    assert device.due(5.99) == []
    (frame,) = device.due(6.0)
    assert Record.of(frame).raw[2] == 1
    assert device.due(6.0) == []
    # late: one record with the present values, and the beat is kept
    assert len(device.due(18.2)) == 1
    assert device.wait(18.2) == pytest.approx(2.8)
    assert device.feed(STOP, 19) == []
    assert device.wait(19) is None
    assert device.due(100) == []


def test_records_are_numbered_and_stamped_in_turn() -> None:
    device = monitor(row(0, hr=70))
    frames = device.feed(EVERY_5_S, 0.0)
    for t in range(5, 5 * 300, 5):
        frames += device.due(float(t))
    records = [Record.of(frame) for frame in frames]
    assert [one.raw[2] for one in records] == [n % 256 for n in range(300)]
    stamps = [struct.unpack_from("<I", one.raw, 6)[0] for one in records]
    assert stamps == [int((START + timedelta(seconds=5 * n)).timestamp()) for n in range(300)]


def test_a_single_record_is_not_given_more_often_than_every_5_s() -> None:
    device = monitor(row(0, hr=70))
    assert len(device.feed(ONCE, 0)) == 1
    assert device.feed(ONCE, 4.9) == []
    assert len(device.feed(ONCE, 5)) == 1
    assert device.wait(5) is None


def altered(at: int, value: int) -> bytes:
    """The 5 s request with one byte of its record changed and the checksum made good again."""
    record = bytearray(EVERY_5_S[1:-2])
    record[at] = value
    return b"\x7e" + bytes(record) + bytes([sum(record) % 256]) + b"\x7e"


IGNORED = {
    "trend": TREND,
    "interval 4 s": altered(41, 4),
    "interval 1 s": altered(41, 1),
    "negative interval": altered(42, 0xFE),
    "wrong length": altered(0, 0x30),
    "waveforms": altered(14, 1),
    "other subrecord": altered(18, 5),
    "bad checksum": EVERY_5_S[:-2] + b"\x37\x7e",
    "no start flag": EVERY_5_S[1:],
    "short": b"\x7e\x31\x00\x31\x7e",
    "escape at the end": b"\x7e\x31\x7d\x7e",
}


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_no_good_request_is_ignored_in_silence(name: str) -> None:
    device = monitor(row(0, hr=70))
    assert device.feed(IGNORED[name], 0) == []
    assert device.wait(0) is None
    assert not any(one.accepted for one in device.requests)
    assert len(device.feed(EVERY_5_S, 1)) == 1


def test_a_request_may_come_in_pieces_after_rubbish_and_share_no_flags() -> None:
    device = monitor(row(0, hr=70))
    frames = device.feed(b"\x01\x02\x7e\x7e\x03", 0)
    for byte in b"\x7e" + EVERY_5_S:
        frames += device.feed(bytes([byte]), 0)
    assert len(frames) == 1
    assert [one.accepted for one in device.requests] == [False, True]
    assert device.requests[-1].text == EVERY_5_S[1:-2]


def test_the_basic_class_can_be_denied() -> None:
    device = monitor(row(0, hr=70))
    (frame,) = device.feed(altered(43, 0b0011), 0)
    record = Record.of(frame)
    assert len(record.raw) == 318
    assert record.raw[-2:] == b"\xb1\x01"


@given(st.binary(max_size=500))
def test_any_record_is_framed_so_that_it_can_be_read_again(content: bytes) -> None:
    frame = ge_dri.framed(content)
    assert frame[0] == frame[-1] == 0x7E
    plain, escaped = bytearray(), False
    for byte in frame[1:-1]:
        assert byte != 0x7E
        if byte == 0x7D:
            escaped = True
        else:
            plain.append(byte | 0x20 if escaped else byte)
            escaped = False
    assert bytes(plain[:-1]) == content
    assert plain[-1] == sum(content) % 256


@given(st.binary(max_size=400))
def test_noise_starts_nothing_and_a_request_after_it_is_heard(noise: bytes) -> None:
    device = monitor(row(0, hr=70))
    assert device.feed(noise, 0) == []
    assert len(device.feed(b"\x7e" + EVERY_5_S, 0)) == 1
