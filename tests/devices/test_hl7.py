"""The HL7 driver: every dialect, its traps, framing with and without MLLP, acknowledgements."""

from __future__ import annotations

import random

import pytest

from devices.drivers.hl7 import Hl7Decoder
from devices.drivers.hl7_text import MESSAGE_LIMIT, SEGMENT_LIMIT, Hl7Framer, stamp
from devices.reading import DEMO, Reading
from devices.spec import Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values


def header(**changes: str) -> str:
    """A header with fields replaced: ``f15="AL"`` sets MSH-15."""
    fields = (r"MSH|^~\&|GW||||20261123120000||ORU^R01^ORU_R01|7|P|2.6" + "|" * 6).split("|")
    for name, value in changes.items():
        fields[int(name[1:]) - 1] = value
    return "|".join(fields)


def mllp(*segments: str) -> bytes:
    return b"\x0b" + bare(*segments) + b"\x1c\r"


def bare(*segments: str) -> bytes:
    return b"".join(one.encode() + b"\r" for one in segments)


def obx(
    code: str, value: str, unit: str, status: str = "F", time: str = "", source: str = ""
) -> str:
    return f"OBX|1|NM|{code}||{value}|{unit}|||||{status}|||{time}|||{source}"


MMHG = "266016^MDC_DIM_MMHG^MDC"
BEATS = "264864^MDC_DIM_BEAT_PER_MIN^MDC"
PERCENT = "262688^MDC_DIM_PERCENT^MDC"
SPO2 = obx("150456^MDC_PULS_OXIM_SAT_O2^MDC", "97", PERCENT)

PCD = mllp(
    header(f7="20261123093042-0500"),
    "PID|||MRN77^^^^MR||DOE^JANE^^^^^L",
    "OBR|1|order^app|filler^app|182777000^monitoring of patient^SCT|||20261123093000-0500",
    "OBX|1||528391^MDC_DEV_SPEC_PROFILE_BP^MDC|1|||||||X|||20261123093000",
    "OBX|2||150020^MDC_PRESS_BLD_NONINV^MDC|1.0.1|||||||X",
    f"OBX|3|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.0.1.1|138|{MMHG}|||||R|||20261123093000",
    f"OBX|4|NM|150022^MDC_PRESS_BLD_NONINV_DIA^MDC|1.0.1.2|86|{MMHG}|||||R",
    f"OBX|5|NM|149546^MDC_PULS_RATE_NON_INV^MDC|1.0.0.1|82|{BEATS}|||||R",
)
VENDOR = mllp(
    r"MSH|^~\&|M||||20261123120000||ORU^R01|1|P|2.3.1",
    "OBX||NM|91^NIBP_M||-100|0002-4a05^mmhg^MDIL|6000^11000||||F",
    "OBX||NM|188^SPO2||-100|0002-0b54^C^MDIL|0^200||||F",
)


def fed(*frames: bytes, since: float = -600, step: float = 5) -> list[Output]:
    decoder = Hl7Decoder("x")
    decoder.connected(after(since))
    return [one for n, frame in enumerate(frames) for one in decoder.feed(frame, after(step * n))]


def one(*segments: str) -> dict[str, float | None]:
    (reading,) = fed(mllp(header(), *segments))
    return values(reading)


def test_the_sample_of_pcd_01() -> None:
    (reading,) = fed(PCD)
    assert isinstance(reading, Reading)
    assert values(reading) == {"nibp_sys": 138, "nibp_dia": 86, "nibp_pulse": 82}
    assert reading.measured_at == after(-42)
    assert reading.device_time == "2026-11-23T09:30:00"
    assert "DOE" not in repr(reading)


def test_the_time_of_the_part_above_counts_for_what_has_none() -> None:
    without = PCD.replace(b"R|||20261123093000", b"R")
    (reading,) = fed(without)
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(-42)


def test_the_line_of_the_loinc_stream() -> None:
    text = (
        "OBX|4|NM|8480-6^Systolic BP^LN||125|mm[Hg]^millimeter of mercury^UCUM|90-140|N|||F"
        "|||20261123115930||GE_MONITOR^PNI_MODULE"
    )
    (reading,) = fed(mllp(header(), text))
    assert values(reading) == {"nibp_sys": 125}
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(-30)


@pytest.mark.parametrize("nothing", ["-100", "-1000", "-10000", "", "---"])
def test_numbers_that_mean_nothing_are_no_values(nothing: str) -> None:
    assert one(obx("188^SPO2", nothing, "0002-0b54^C^MDIL")) == {"spo2": None}
    assert one(SPO2.replace("||97|", f"||{nothing}|")) == {"spo2": None}


def test_status_x_is_no_value_whatever_stands_there() -> None:
    assert one(SPO2.replace("|F|", "|X|")) == {"spo2": None}


def test_the_vendors_stream() -> None:
    later = mllp(
        r"MSH|^~\&|M||||20261123120005||ORU^R01|2|P|2.3.1",
        obx("^NIBP_S", "131", "0002-4a05^mmhg^MDIL"),
        obx("^NIBP_D", "82", "0002-4a05^mmhg^MDIL"),
        obx("91^NIBP_M", "98", "0002-4a05^mmhg^MDIL"),
        obx("188^SPO2", "97", "0002-0b54^C^MDIL"),
        obx("^T1", "365", "0002-0b54^C^MDIL"),
    )
    outputs = fed(VENDOR, VENDOR, later, later, VENDOR, later)
    assert kinds(outputs) == []
    cuffs = [v for v in all_values(outputs) if "nibp_sys" in v]
    assert cuffs == [{"nibp_sys": 131, "nibp_dia": 82, "nibp_map": 98}]
    assert {"spo2": 97, "temp": 36.5} in all_values(outputs)
    # with a point it is not the tenths of that vendor
    (reading,) = fed(mllp(header(), obx("^T1", "36.5", "0002-0b54^C^MDIL")))
    assert isinstance(reading, Reading)
    assert reading.values == {}


def test_a_first_cuff_reading_without_a_time_is_not_taken() -> None:
    text = [obx("^NIBP_S", "131", "^mmHg"), obx("^NIBP_D", "82", "^mmHg")]
    outputs = fed(mllp(header(), *text), mllp(header(), *text))
    assert kinds(outputs) == ["nibp_stale"]
    assert all_values(outputs) == []


def test_a_cuff_time_that_moves_with_each_message_is_no_new_reading() -> None:
    def message(at: int, sys: str) -> bytes:
        now = f"202611231200{at:02d}"
        return mllp(header(f7=now), obx("8480-6^^LN", sys, "mm[Hg]", time=now))

    outputs = fed(*(message(at, "120") for at in (0, 5, 10)), message(15, "131"), since=0)
    assert [v["nibp_sys"] for v in all_values(outputs)] == [120, 131]


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("150301^MDC_PRESS_CUFF_SYS^MDC", "nibp_sys"),
        ("150302^MDC_PRESS_CUFF_DIA^MDC", "nibp_dia"),
        ("150303^MDC_PRESS_CUFF_MEAN^MDC", "nibp_map"),
        ("150031^MDC_PRESS_CUFF_SYS^MDC", "nibp_sys"),
        ("150017^MDC_PRESS_BLD_NONINV_SYS^MDC", "nibp_sys"),
        ("150018^MDC_PRESS_BLD_NONINV_DIA^MDC", "nibp_dia"),
        ("18949^MDC_PRESS_BLD_NONINV_SYS^MDC", "nibp_sys"),
        ("0002-4a05^whatever^MDIL", "nibp_sys"),
        ("150017^MDC_PRESS_BLD^MDC", None),
        ("150018^^MDC", None),
        ("150031^^MDC", None),
        ("150021^MDC_PRESS_BLD_NONINV_DIA^MDC", None),  # code and name disagree
        ("150021^x^L", None),
        ("8480-6^x^SCT", None),
        ("999^x^L^8480-6^Systolic^LN", "nibp_sys"),
    ],
)
def test_codes_of_the_cuff(code: str, key: str | None) -> None:
    (reading,) = fed(mllp(header(), obx(code, "120", MMHG, time="20261123115959")))
    assert isinstance(reading, Reading)
    if key is None:
        assert reading.values == {}
        assert list(reading.unmapped.values()) == ["120 MDC_DIM_MMHG"]
    else:
        assert values(reading) == {key: 120}


@pytest.mark.parametrize(
    ("code", "unit", "sent", "expected"),
    [
        ("19384^MDC_PULS_OXIM_SAT_O2^MDC", PERCENT, "97", {"spo2": 97}),
        ("59408-5^^LN", "%", "97", {"spo2": 97}),
        ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", BEATS, "71", {"pulse": 71}),
        ("8889-8^^LN", "/min", "71", {"pulse": 71}),
        ("147842^MDC_ECG_HEART_RATE^MDC", BEATS, "72", {"hr": 72}),
        ("151578^MDC_TTHOR_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC", "14", {"rr": 14}),
        ("150344^MDC_TEMP^MDC", "268192^MDC_DIM_DEGC^MDC", "36.6", {"temp": 36.6}),
        ("8310-5^^LN", "[degF]", "98.6", {"temp": 37.0}),
        ("8310-5^^LN", "K", "310", {}),
        ("8867-4^^LN", "%", "72", {}),
        ("8867-4^^LN", "", "72", {}),
        ("^HR", "^bpm", "72", {"hr": 72}),
        ("^HR^MDC", "^bpm", "72", {}),
        ("150458^MDC_PULS_OXIM_PERF_INDEX^MDC", PERCENT, "2.1", {}),
        ("149522^MDC_PULS_RATE^MDC", BEATS, "70", {}),
    ],
)
def test_other_codes_and_units(code: str, unit: str, sent: str, expected: dict[str, float]) -> None:
    (reading,) = fed(mllp(header(), obx(code, sent, unit)))
    assert isinstance(reading, Reading)
    assert values(reading) == expected
    assert bool(reading.unmapped) is not bool(expected)


def test_the_source_of_a_pulse_decides() -> None:
    assert one(obx("149522^MDC_PULS_RATE^MDC", "70", BEATS, source="150456^x^MDC")) == {"pulse": 70}
    assert one(obx("147842^^MDC", "70", BEATS, source="AMEAS")) == {"hr": 70}


def test_two_codes_of_one_value_are_one_and_two_values_are_none() -> None:
    twice = (obx("59408-5^^LN", "97", "%"), obx("2708-6^^LN", "97", "%"))
    assert one(*twice) == {"spo2": 97}
    (reading,) = fed(mllp(header(), twice[0], obx("2708-6^^LN", "91", "%")))
    assert isinstance(reading, Reading)
    assert reading.values == {}
    assert reading.unmapped == {"59408-5": "97 %", "2708-6": "91 %"}


def test_text_and_what_is_about_a_person_are_dropped() -> None:
    lines = (
        "OBX|1|ST|150456^x^MDC||JANE|||||F",
        "OBX|1|TX|1^Note^L||DOE||||||F",
        obx("29463-7^Body weight^LN", "71", "kg"),
        obx("5^Patient age^L", "44", "a"),
        "NTE|1||DOE",
        "PID|||MRN77||DOE^JANE",
    )
    assert fed(mllp(header(), *lines)) == []


@pytest.mark.parametrize("wrap", [mllp, bare])
def test_training_data_is_flagged(wrap: object) -> None:
    assert callable(wrap)
    outputs = fed(wrap(header(f11="T"), SPO2), wrap(header(f11="T"), SPO2), b"")
    readings = [reading for reading in outputs if isinstance(reading, Reading)]
    assert kinds(outputs) == ["demo"]
    assert [reading.flags for reading in readings] == [(DEMO,), (DEMO,)]


def test_bare_segments_end_at_the_next_header_or_after_a_second() -> None:
    decoder = Hl7Decoder("x")
    decoder.connected(NOON)
    assert decoder.feed(bare(header(), SPO2), after(0)) == []
    assert decoder.frames == 1
    assert decoder.pending > 0
    assert decoder.feed(b"", after(0.9)) == []
    (reading,) = decoder.feed(b"", after(7))
    assert isinstance(reading, Reading)
    assert reading.received_at == after(0)  # of its bytes, whenever it is given out
    assert decoder.pending == 0
    decoder.feed(bare(header(), SPO2), after(8))
    assert len(decoder.feed(header().encode(), after(8.1))) == 0
    assert len(decoder.feed(b"\r", after(8.2))) == 1
    # half a segment is not the end of a message
    decoder.feed(b"OBX|1|NM|1504", after(8.3))
    assert decoder.feed(b"", after(20)) == []


def test_line_feeds_missing_ends_and_other_separators() -> None:
    assert one(SPO2) == {"spo2": 97}
    assert len(fed(mllp(header(), SPO2).replace(b"\r", b"\r\n"))) == 1
    assert len(fed(mllp(header(), SPO2)[:-3] + b"\x1c\r")) == 1  # no CR before the end mark
    assert len(fed(mllp(header(), SPO2)[:-1] * 2 + b"\r")) == 2  # no CR after it
    assert len(fed(mllp(header(), SPO2)[:-1], b"")) == 1
    odd = mllp(header(), SPO2).replace(b"^", b"*").replace(b"|", b"#")
    assert values(fed(odd)[0]) == {"spo2": 97}


def test_however_it_arrives_it_says_the_same() -> None:
    second = mllp(header(), SPO2, "OBX|2|NM|1^é^L||5|x|||||F")
    assert len(feed_every_way(lambda: Hl7Decoder("x"), [PCD, second, VENDOR])) == 3
    frames = [bare(header(), SPO2), bare(header(f7="20261123120001"), SPO2), second]
    assert len(feed_every_way(lambda: Hl7Decoder("x"), frames)) == 3


def test_what_is_no_result_message_is_passed_over() -> None:
    for bad in (
        header(f9="ADT^A01"),
        header(f9="ORU^R40"),
        header(f12="3"),
        r"MSH|^~\&|GW",
        header().replace("MSH", "MSX"),
    ):
        decoder = Hl7Decoder("x")
        assert decoder.feed(mllp(bad, SPO2), NOON) == []
        assert decoder.frames == 0


def test_acknowledged_only_where_the_message_asks() -> None:
    def sent(*frames: bytes) -> bytes:
        decoder = Hl7Decoder("x")
        decoder.connected(NOON)
        for frame in frames:
            decoder.feed(frame, NOON)
        out = b""
        while answer := decoder.outgoing(NOON):
            out += answer
        assert decoder.wait(NOON) > 0
        return out

    asked = header(f15="AL", f16="NE")
    assert sent(mllp(header(), SPO2)) == b""
    assert sent(mllp(header(f15="NE", f16="NE"), SPO2)) == b""
    assert sent(bare(asked, SPO2), bare(asked, SPO2)) == b""
    assert sent(mllp(header(f3="^EfficiaCM", f15="AL"), SPO2)) == b""
    assert sent(mllp(header(f10="", f15="AL"), SPO2)) == b""
    assert sent(mllp(asked, SPO2)) == (
        b"\x0bMSH|^~\\&|KetaMonitor||GW||20261123120000||ACK^R01^ACK|KM202611231200000001|P|2.6\r"
        b"MSA|CA|7\r\x1c\r"
    )
    both = sent(mllp(header(f15="AL", f16="AL"), SPO2))
    assert (both.count(b"MSA|CA|7"), both.count(b"MSA|AA|7")) == (1, 1)
    assert sent(*[mllp(asked, SPO2)] * 500).count(b"MSA|CA|7") == 16


def test_another_bed_or_patient_is_not_taken() -> None:
    def message(bed: str, person: str) -> bytes:
        return mllp(header(), f"PID|||{person}", f"PV1||O|{bed}", SPO2)

    mine, other = message("A^1", "1"), message("A^2", "2")
    outputs = fed(mine, other, mine, other, message("A^1", "3"), message("A^1", ""))
    assert len(all_values(outputs)) == 3
    assert kinds(outputs) == ["monitor_alarm"]
    # when the first bed has been quiet for two minutes the other has the line
    assert len(all_values(fed(mine, other, step=121))) == 2


def test_times() -> None:
    at = stamp("20261123093000.1234-0500")
    later = stamp("20261123153001+0100")
    assert at is not None
    assert later is not None
    assert at.before(later) == 1
    assert at.text == "2026-11-23T09:30:00"
    for bad in ("", "202611230930", "20261323093000", "00010101000000", "2026112309300x"):
        assert stamp(bad) is None
    # a time in the future counts as now
    (reading,) = fed(mllp(header(), obx("59408-5^^LN", "97", "%", time="20261123120100")))
    assert isinstance(reading, Reading)
    assert reading.measured_at == NOON


def test_endless_segments_and_messages_stay_bounded() -> None:
    framer = Hl7Framer(("ORU^R01",))
    framer.feed(b"\x0b" + header().encode() + b"\r", NOON)
    for _ in range(2000):
        framer.feed(SPO2.encode() + b"\r", NOON)
        assert framer.pending <= SEGMENT_LIMIT + MESSAGE_LIMIT + 200
    assert framer.feed(b"\x1c\r", NOON) == []
    for _ in range(100):
        framer.feed(b"OBX|1|NM|" + b"x" * 500, NOON)
        assert framer.pending <= SEGMENT_LIMIT
    framer.feed(b"\r", NOON)
    assert len(framer.feed(PCD, NOON)) == 1
    # a segment that is too long costs itself only
    long = b"OBX|1|ED|1^wave^L||" + b"9" * 9000 + b"\r"
    (message,) = framer.feed(PCD.replace(b"OBX|3|", long + b"OBX|3|"), NOON)
    assert len(message.observations) == 6


def test_bytes_flipped_anywhere_raise_nothing() -> None:
    luck = random.Random(5)
    decoder = Hl7Decoder("x")
    decoder.connected(NOON)
    for _ in range(2000):
        frame = bytearray(luck.choice((PCD, VENDOR, bare(header(), SPO2))))
        for _ in range(luck.randint(1, 4)):
            frame[luck.randrange(len(frame))] = luck.randrange(256)
        decoder.feed(bytes(frame), NOON)
        assert decoder.pending <= 4096
