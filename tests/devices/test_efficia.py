"""The Efficia driver: the maker's example, the traps of its manual, and the query on the wire."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.efficia import SPEC, EfficiaDecoder, query
from devices.reading import DeviceEvent, Reading
from devices.spec import Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values

ID = "KM202611231200000001"


def mllp(*segments: str) -> bytes:
    return b"\x0b" + b"".join(s.encode() + b"\r" for s in segments) + b"\x1c\r"


def orf(*results: str, at: str = "20140510124500", taken: str = "", answers: str = ID) -> bytes:
    """An answer around ``results``, headed as in the maker's example."""
    return mllp(
        rf"MSH|^~\&|^EfficiaCM||||{at}||ORF^R04|MONITORABC000000002D|P|2.4"
        "|||||||||2.16.840.1.113883.9.2.1",
        f"MSA|AA|{answers}",
        f"QRD|{at}|R|I|QUERY123|||||STA",
        "PID|||MRN1234||JONES^MARY^A",
        "PV1|||^^LOCATION34|||||||||||||||A|TRANSACTION1234",
        "ORC|NW|||||||||||||||||MONITORABC",
        f"OBR||||MONITOR|||{taken or at}|||OPERATOR12",
        *results,
    )


def nbp(sys: str, dia: str, mean: str, time: str = "", status: str = "F") -> tuple[str, ...]:
    """The three lines of the cuff; the mean has no time of its own."""
    mmhg = "0004-0f20^mmHg^MDIL"
    return (
        f"OBX||NM|0002-4a05^NBPs^MDIL||{sys}|{mmhg}|||||{status}|||{time}",
        f"OBX||NM|0002-4a06^NBPd^MDIL||{dia}|{mmhg}|||||{status}|||{time}",
        f"OBX||NM|0002-4a07^NBPm^MDIL||{mean}|{mmhg}|||||{status}",
    )


PULSE = "OBX||NM|0002-480a^Pulse^MDIL||80|0004-0aa0^bpm^MDIL|||||F||||||0002-4bb8^SpO2^MDIL"
EXAMPLE = orf(
    "OBX||NM|0002-4bb8^SpO2^MDIL||98|0004-0220^%^MDIL|||||F",
    *nbp("122", "85", "98", "20140510124430"),
    PULSE,
    "OBX||NM|0002-5000^Resp^MDIL||20|0004-0ae0^rpm^MDIL|||||F",
    "OBX||NM|0002-f0c7^T1^MDIL||37.4|0004-1710^C^MDIL|||||F",
)
NEGATIVE = mllp(
    r"MSH|^~\&|||||20140510124500||ACK^^ACK_ALL|X1|P|2.4", f"MSA|AE|{ID}|no data of JONES"
)


def fed(*frames: bytes, since: float = -600, decoder: EfficiaDecoder | None = None) -> list[Output]:
    """What the frames say, one each 5 s from noon on, on a port opened ``since`` seconds before."""
    decoder = decoder or EfficiaDecoder("x")
    decoder.connected(after(since))
    return [one for n, frame in enumerate(frames) for one in decoder.feed(frame, after(5 * n))]


def test_the_makers_example_is_read_whole() -> None:
    cuff, rest = fed(EXAMPLE)
    assert values(cuff) == {"nibp_sys": 122, "nibp_dia": 85, "nibp_map": 98}
    assert values(rest) == {"spo2": 98, "pulse": 80, "rr": 20, "temp": 37.4}
    assert isinstance(cuff, Reading)
    assert isinstance(rest, Reading)
    # 30 s old by the monitor's own clock, which is twelve years behind ours
    assert (cuff.measured_at, cuff.received_at) == (after(-30), NOON)
    assert cuff.device_time == "2014-05-10T12:44:30"
    assert (rest.measured_at, rest.device_time) == (NOON, "2014-05-10T12:45:00")
    assert rest.unmapped == {}


def test_however_it_arrives_it_says_the_same() -> None:
    second = orf(*nbp("131", "88", "102", "20140510124510"), at="20140510124512")
    outputs = feed_every_way(lambda: EfficiaDecoder("x"), [EXAMPLE, second, NEGATIVE])
    assert kinds(outputs) == ["nibp_stale", "refused"]
    assert {"nibp_sys": 131, "nibp_dia": 88, "nibp_map": 102} in all_values(outputs)


def test_the_query_is_the_makers() -> None:
    assert query(NOON, 1) == (
        b"\x0bMSH|^~\\&|||||20261123120000||QRY^R02|KM202611231200000001|P|2.4\r"
        b"QRD|20261123120000|R|I|KM0001|||||STA\r\x1c\r"
    )


def test_it_asks_every_five_seconds_and_gives_an_answer_three() -> None:
    decoder = EfficiaDecoder("x")
    decoder.connected(NOON)
    sent = [t / 10 for t in range(160) if decoder.outgoing(after(t / 10))]
    assert sent == [0, 5, 10, 15]
    assert SPEC.silent_after_s == 15


def test_never_an_acknowledgement_unless_the_decoder_is_made_so() -> None:
    decoder = SPEC.decoder("x")
    decoder.connected(NOON)
    sent = b""
    for t in range(60):
        sent += decoder.outgoing(after(t)) + decoder.outgoing(after(t))
        decoder.feed(EXAMPLE, after(t))
    assert b"ACK" not in sent
    assert b"MSA" not in sent
    asked = EfficiaDecoder("x", acknowledge=True)
    asked.connected(NOON)
    asked.outgoing(NOON)
    asked.feed(EXAMPLE, NOON)
    assert asked.outgoing(NOON).endswith(b"MSA|AA|MONITORABC000000002D\r\x1c\r")
    assert asked.outgoing(NOON) == b""


def test_a_cuff_result_is_told_once_and_an_old_one_not_at_all() -> None:
    new = orf(*nbp("131", "88", "102", "20140510124501"), at="20140510124505")
    outputs = fed(EXAMPLE, EXAMPLE, new, new, since=0)
    assert kinds(outputs) == ["nibp_stale"]
    cuffs = [one for one in outputs if isinstance(one, Reading) and "nibp_sys" in values(one)]
    assert [values(one)["nibp_sys"] for one in cuffs] == [131]
    assert cuffs[0].measured_at == after(6)


def test_never_measured_invalid_and_blank_are_no_values() -> None:
    empty = orf(*nbp("", "", ""), "OBX||NM|0002-4bb8^SpO2^MDIL|||0004-0220^%^MDIL|||||F")
    failed = orf(*nbp("", "", "", status="X"))
    dashes = orf("OBX||NM|0002-4bb8^SpO2^MDIL||-?-|0004-0220^%^MDIL|||||F")
    outputs = fed(empty, failed, failed, dashes)
    assert kinds(outputs) == ["nibp_failed"]
    assert all_values(outputs) == [{"spo2": None}, {"spo2": None}]
    kept = orf(*nbp("120", "80", "", "20140510124450"))
    assert values(fed(kept)[0]) == {"nibp_sys": 120, "nibp_dia": 80, "nibp_map": None}


def test_a_pulse_of_the_cuff_belongs_to_the_cuff() -> None:
    cuff = "OBX||NM|0002-480a^Pulse^MDIL||77|0004-0aa0^bpm^MDIL|||||F|||20140510124430"
    by_code = f"{cuff}|||0002-4a05^NBPs^MDIL"
    for line in (cuff, by_code):
        (reading,) = fed(orf(*nbp("122", "85", "98", "20140510124430"), line))
        assert values(reading)["nibp_pulse"] == 77
    unsaid = "OBX||NM|0002-480a^Pulse^MDIL||77|0004-0aa0^bpm^MDIL|||||F"
    (reading,) = fed(orf(unsaid))
    assert isinstance(reading, Reading)
    assert reading.values == {}
    assert reading.unmapped == {"0002-480a Pulse": "77 bpm"}


@pytest.mark.parametrize(
    ("unit", "sent", "value"),
    [
        ("0004-0f20^mmHg^MDIL", "122", 122),
        ("0004-ffff^kPa^MDIL", "16.3", 122.26),
        ("0004-ffff^cmH2O^MDIL", "122", None),
        ("0004-0f20^kPa^MDIL", "16.3", None),  # code and text disagree
        ("", "122", None),
    ],
)
def test_units_are_converted_or_refused(unit: str, sent: str, value: float | None) -> None:
    line = f"OBX||NM|0002-4a05^NBPs^MDIL||{sent}|{unit}|||||F|||20140510124430"
    (reading,) = fed(orf(line))
    assert isinstance(reading, Reading)
    if value is None:
        assert reading.values == {}
        assert reading.unmapped["0002-4a05 NBPs"].startswith(sent)
    else:
        assert values(reading) == {"nibp_sys": value}


def test_temperature_in_fahrenheit_the_misprinted_dash_and_what_we_do_not_map() -> None:
    (reading,) = fed(
        orf(
            "OBX||NM|0002*f0c7^T1^MDIL||98.6|0004-ffff^F^MDIL|||||F",
            "OBX||NM|0002-4a15^ABPs^MDIL||130|0004-0f20^mmHg^MDIL|||||F",
            "OBX||NM|8480-6^Systolic^LN||130|mm[Hg]|||||F",  # no code of this monitor
        )
    )
    assert isinstance(reading, Reading)
    assert values(reading) == {"temp": 37.0}
    assert reading.unmapped["0002-4a15 ABPs"] == "130 mmHg"
    assert len(reading.unmapped) == 2


def test_a_closed_record_is_as_old_as_it_says() -> None:
    (reading,) = fed(orf(PULSE, taken="20140510123500"))
    assert isinstance(reading, Reading)
    assert reading.measured_at == NOON - timedelta(minutes=10)


def test_refusals_are_told_once_and_without_the_monitors_text() -> None:
    outputs = fed(NEGATIVE, NEGATIVE, EXAMPLE, NEGATIVE)
    assert kinds(outputs) == ["refused", "refused"]
    assert not any("JONES" in repr(one) for one in outputs)


def test_nothing_of_a_person_is_kept() -> None:
    outputs = fed(EXAMPLE, orf("NTE|||JONES", "OBX||TX|1^Note^X||MARY||||||F"))
    text = repr(outputs)
    assert not any(
        word in text for word in ("JONES", "MARY", "MRN", "LOCATION", "OPERATOR", "TRANS")
    )


def test_answers_to_others_count_if_the_monitor_says_who_it_is() -> None:
    """Listen-only: another program asks; nothing is ever sent by us."""
    assert len(fed(orf(PULSE, answers="EXAMPLE123"))) == 1
    stranger = orf(PULSE, answers="EXAMPLE123").replace(b"^EfficiaCM", b"^Other")
    assert fed(stranger) == []
    assert fed(orf(PULSE).replace(b"^EfficiaCM", b"")) != []  # it answers our query
    assert fed(orf(PULSE).replace(b"MSA|AA", b"MSA|AR")) != []
    assert kinds(fed(orf(PULSE).replace(b"MSA|AA", b"MSA|AR"))) == ["refused"]


def test_what_it_pushes_over_the_network_with_its_alarms() -> None:
    alarm = "OBX||TX|2^Yellow Alarm^MDIL-ALERT||HR Low, HR=55 /min||||||F"
    pushed = [
        orf(PULSE, *lines).replace(b"ORF^R04", b"ORU^R01").replace(f"MSA|AA|{ID}\r".encode(), b"")
        for lines in ((alarm,), (alarm,), (), (alarm,))
    ]
    outputs = fed(*pushed)
    assert kinds(outputs) == ["monitor_alarm", "monitor_alarm"]
    assert isinstance(outputs[0], DeviceEvent)
    assert outputs[0].text == "HR Low, HR=55 /min"
    assert len(all_values(outputs)) == 4


def test_a_message_with_one_damaged_segment_is_dropped_whole() -> None:
    good = EXAMPLE
    for at, byte in ((good.index(b"OBX||NM|0002-4a06") + 3, 0x0C), (good.index(b"122"), 0x11)):
        bad = good[:at] + bytes([byte]) + good[at + 1 :]
        assert fed(bad) == []
    assert fed(good[:300], good) != []  # a cut message does not spoil the next


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([EXAMPLE, NEGATIVE, b"\r", b"\x1c\r", b"\x0bMSH|^~\\&|"]), max_size=9)
)
def test_cut_and_joined_anyhow_it_stays_bounded(pieces: list[bytes]) -> None:
    decoder = EfficiaDecoder("x")
    decoder.connected(NOON)
    stream = b"".join(piece[: 40 + 90 * n] for n, piece in enumerate(pieces))
    for start in range(0, len(stream), 7):
        decoder.feed(stream[start : start + 7], NOON)
        assert decoder.pending <= 4096
