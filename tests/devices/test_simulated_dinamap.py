"""The simulated DINAMAP, byte by byte: every request and reply of the host communications."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.dinamap import DinamapMonitor, checked, pressure, rate
from devices.simulated.faults import FaultPlan, FaultyPatient, parse_fault
from devices.simulated.patient import Patient, whole
from devices.simulated.scenario import scenario_patient

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def row(t_s: float, **values: float | None) -> CaseRow:
    return CaseRow(t_s, tuple(values.get(name) for name in COLUMNS[1:]))


def case(*rows: CaseRow) -> DinamapMonitor:
    return DinamapMonitor(CasePatient(rows), START)


def scenario() -> DinamapMonitor:
    return DinamapMonitor(scenario_patient("iv-mild", 1), START)


def bp(t_s: float, sys: float | None, dia: float | None, mean: float | None) -> CaseRow:
    return row(t_s, nibp_sys=sys, nibp_dia=dia, nibp_map=mean)


def line(text: bytes) -> bytes:
    """An independent check sum, straight from its definition."""
    total = 0
    for byte in text:
        total = (total + byte - 31) % 4096
    high, low = divmod(total, 64)
    return text + bytes([32 + high, 32 + low]) + b"\r"


def asked(monitor: DinamapMonitor, request: bytes, t: float) -> bytes:
    (reply,) = monitor.feed(request, t)
    return reply


KNOWN = [
    (" NA", b" NA!2\r"),
    (" NC0", b" NC0!E\r"),
    (" ND", b" ND!5\r"),
    (" OA", b" OA!3\r"),
    (" TC", b" TC!:\r"),
    (" NA1100012128079095", b" NA1100012128079095&0\r"),
    (" NA0109999000000000", b" NA0109999000000000&'\r"),
    (" OA1098705", b" OA1098705#H\r"),
    (" OA3000000", b" OA3000000#-\r"),
    (" RA2072", b' RA2072"E\r'),
    (" NF1101762127073078", b" NF1101762127073078&<\r"),
]


@pytest.mark.parametrize(("text", "wire"), KNOWN)
def test_published_lines_come_out_byte_for_byte(text: str, wire: bytes) -> None:
    assert checked(text) == wire


def test_a_result_before_during_and_after_measuring() -> None:
    monitor = case(bp(0, 128, 79, 95), bp(100, 131.4, 82.5, 98))
    steps = {
        12.9: b" NA1100012128079095&0\r",
        75.0: line(b" NA0100075128079095"),  # measuring: the old values stay
        99.99: line(b" NA0100099128079095"),
        100.0: line(b" NA1100000131082098"),
    }
    for t, reply in steps.items():
        assert asked(monitor, b"\r NA!2\r", t) == reply


def test_nothing_yet_and_measuring_the_first() -> None:
    monitor = case(bp(60, 120, 80, 93))
    assert asked(monitor, b" NA!2\r", 1) == line(b" NA1109999000000000")
    assert asked(monitor, b" NA!2\r", 40) == b" NA0109999000000000&'\r"


def test_a_result_older_than_ninety_minutes_has_no_age() -> None:
    monitor = case(bp(0, 128, 79, 95))
    assert asked(monitor, b" NA!2\r", 5400.9) == line(b" NA1105400128079095")
    assert asked(monitor, b" NA!2\r", 5401) == line(b" NA1109999128079095")
    assert asked(monitor, b" NF!7\r", 5401) == line(b" NF1109999128079095")


def test_missing_parts_and_odd_pressures() -> None:
    monitor = case(bp(0, 166, 67, None), bp(60, None, None, -2), bp(120, 263.5, 200.49, 1200))
    assert asked(monitor, b" NA!2\r", 0) == line(b" NA1100000166067-99")
    assert asked(monitor, b" NA!2\r", 61) == line(b" NA1100001-99-99-02")
    assert asked(monitor, b" NA!2\r", 120) == line(b" NA1100000264200-99")


def test_a_failed_determination_keeps_the_old_values_and_their_age() -> None:
    plan = FaultPlan([parse_fault("cuff-fail@90+20")])
    patient = FaultyPatient(CasePatient([bp(0, 128, 79, 95), bp(100, 131, 82, 98)]), plan)
    monitor = DinamapMonitor(patient, START)
    assert asked(monitor, b" NA!2\r", 105) == line(b" NA3100105128079095")


def test_oximeter_and_pulse_sources() -> None:
    monitor = case(row(10, pulse=72, spo2=98), row(20, pulse=88.5, spo2=95.7), row(30, hr=90))
    assert asked(monitor, b" OA!3\r", 5) == b" OA3000000#-\r"
    assert asked(monitor, b" RA!6\r", 5) == line(b" RA3000")
    assert asked(monitor, b" OA!3\r", 10) == b" OA1098705#H\r"
    assert asked(monitor, b" RA!6\r", 10) == b' RA2072"E\r'
    assert asked(monitor, b" OA!3\r", 35) == line(b" OA1096705")
    assert asked(monitor, b" RA!6\r", 35) == line(b" RA2088")
    # a case knows no pulse from the cuff: none is made up
    assert asked(monitor, b" RC!8\r", 35) == line(b" RC3000")
    assert asked(monitor, b" TC!:\r", 35) == line(b" TC4109999900001")


def test_without_the_oximeter_the_cuffs_pulse_is_the_source() -> None:
    plan = FaultPlan([parse_fault("probe-off@100")])
    monitor = DinamapMonitor(FaultyPatient(scenario_patient("iv-mild", 1), plan), START)
    oximeter = asked(monitor, b" RA!6\r", 60)
    cuff = asked(monitor, b" RC!8\r", 60)
    assert oximeter[3:4] == b"2"
    assert cuff[3:4] == b"3"
    assert 50 <= int(cuff[4:7]) <= 100
    assert asked(monitor, b" RD!9\r", 60)[3:7] == cuff[3:7]
    assert asked(monitor, b" OA!3\r", 101) == b" OA3000000#-\r"
    assert asked(monitor, b" RA!6\r", 101)[3:7] == cuff[3:7]


def test_a_host_starts_and_cancels_a_reading() -> None:
    monitor = scenario()
    assert asked(monitor, b"\r NA!2\r", 90)[3:4] == b"1"
    assert asked(monitor, b"\r NC0!E\r", 100) == line(b" NC")
    assert asked(monitor, b"\r NA!2\r", 100.1)[3:4] == b"0"
    assert asked(monitor, b"\r NC0!E\r", 110) == line(b" ER")  # busy
    assert asked(monitor, b"\r NA!2\r", 126)[3:10] == b"1100001"
    assert asked(monitor, b"\r NC0!E\r", 130) == line(b" NC")
    old = asked(monitor, b"\r NA!2\r", 139)
    assert asked(monitor, b"\r ND!5\r", 140) == line(b" ND")
    assert asked(monitor, b"\r NA!2\r", 140)[3:4] == b"3"
    assert asked(monitor, b"\r NA!2\r", 170)[10:19] == old[10:19]


def test_a_case_refuses_start_and_cancel() -> None:
    monitor = case(bp(90, 120, 80, 93))
    assert asked(monitor, b" NC0!E\r", 10) == line(b" ER")
    assert asked(monitor, b" ND!5\r", 70) == line(b" ER")
    assert asked(monitor, b" NA!2\r", 11)[3:4] == b"1"
    assert asked(monitor, b" NA!2\r", 90)[3:10] == b"1100000"


@pytest.mark.parametrize(
    "request_line",
    [b" NA!3\r", b"NA!2\r", b" NX\r", line(b" NX"), line(b" NC1"), line(b" NC"), b"x\r"],
)
def test_what_is_not_understood_is_refused_with_a_line_that_is_no_asked_pair(
    request_line: bytes,
) -> None:
    monitor = scenario()
    assert asked(monitor, request_line, 5) == line(b" ER")
    assert [one.accepted for one in monitor.requests] == [False]
    assert not monitor.feed(b"", 100)


def test_line_ends_halves_and_other_units() -> None:
    monitor = scenario()
    assert monitor.feed(b"\r\r\r\n", 1) == []
    assert monitor.feed(b"\r NA!", 1) == []
    assert len(monitor.feed(b"2\r\n", 1)) == 1
    assert len(monitor.feed(b"\n OA!3\r\n RA!6\r\n", 1)) == 2
    assert monitor.feed(line(b"3NA"), 1) == []  # for unit 3, which this is not


def test_requests_are_remembered_as_they_came() -> None:
    monitor = scenario()
    monitor.feed(b"\r NA!2\r\r NC0!E\r\r NA!3\r", 7.5)
    assert [(one.t, one.text, one.accepted) for one in monitor.requests] == [
        (7.5, b" NA!2", True),
        (7.5, b" NC0!E", True),
        (7.5, b" NA!3", False),
    ]


def test_nothing_is_sent_unasked() -> None:
    monitor = scenario()
    assert monitor.due(1000) == []
    assert monitor.wait(1000) is None


@given(st.binary(max_size=400))
def test_noise_is_answered_or_ignored_and_never_starts_the_cuff(noise: bytes) -> None:
    monitor = scenario()
    for reply in monitor.feed(noise, 60):
        assert reply == line(reply[:-3])
    assert not any(one.accepted and b"NC" in one.text for one in monitor.requests)


@given(st.floats(-500, 2000))
def test_fields_are_three_characters_of_the_nearest_whole_number(value: float) -> None:
    assert len(pressure(value)) == len(rate(value)) == 3
    if -98 <= whole(value) <= 999:
        assert abs(int(pressure(value)) - value) <= 0.5
    else:
        assert pressure(value) == "-99"


@settings(max_examples=50)
@given(
    gaps=st.lists(st.integers(5, 300), min_size=1, max_size=8),
    values=st.lists(st.tuples(*[st.one_of(st.none(), st.integers(-20, 290))] * 3), min_size=8),
)
def test_a_host_that_polls_once_a_second_finds_every_result_of_a_case_once(
    gaps: list[int], values: list[tuple[int | None, ...]]
) -> None:
    rows, t = [], 0.0
    for gap, (sys, dia, mean) in zip(gaps, values, strict=False):
        t += gap
        rows.append(bp(t, sys, dia, mean))
    expected = [
        (one.t_s, *(-99 if v is None else int(v) for v in one.values[-3:]))
        for one in rows
        if any(v is not None for v in one.values[-3:])
    ]
    assert polled(case(*rows), int(t) + 2, DinamapMonitor.feed) == expected


def polled(
    monitor: DinamapMonitor,
    until: int,
    feed: Callable[[DinamapMonitor, bytes, float], list[bytes]],
) -> list[tuple[float, ...]]:
    found: list[tuple[float, ...]] = []
    before = 9999
    for t in range(until):
        (reply,) = feed(monitor, b"\r NA!2\r", t + 0.25)
        age = int(reply[6:10])
        if reply[3:4] == b"1" and age < before:
            found.append((t - age, int(reply[10:13]), int(reply[13:16]), int(reply[16:19])))
        before = age
    return found


def test_both_kinds_of_patient_satisfy_the_protocol() -> None:
    patients: list[Patient] = [scenario_patient("calm"), CasePatient([row(0)])]
    assert all(patient.automatic for patient in patients)
