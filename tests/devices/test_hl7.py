"""The HL7 driver: every dialect, its traps, framing with and without MLLP, acknowledgements."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    assert [v["nibp_sys"] for v in all_values(outputs)] == [131]
    assert kinds(outputs) == ["nibp_stale"]


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
        ("149522^MDC_PULS_RATE^MDC", BEATS, "70", {"pulse": 70}),
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


FIRST, SECOND = "PID|||A1||A", "PID|||B2||B"
BP = (obx("150021^^MDC", "188", MMHG), obx("150022^^MDC", "111", MMHG))


@pytest.mark.parametrize(
    "groups",
    [
        (FIRST, "PV1||W|W^^1", SPO2, SECOND, "PV1||W|W^^2", *BP),
        (FIRST, SPO2, SECOND, *BP),
        ("PV1||W|W^^1", SPO2, "PV1||W|W^^2", *BP),
        (FIRST, SPO2, "PID|||||", *BP),
        (FIRST, SPO2, SECOND, *BP, "PID|||C3||C", *BP),
    ],
)
@pytest.mark.parametrize("wrap", [mllp, bare])
def test_a_second_patient_in_one_message_is_told_and_not_taken(
    groups: tuple[str, ...], wrap: Callable[..., bytes]
) -> None:
    outputs = fed(wrap(header(), *groups), wrap(header(), *groups))
    assert kinds(outputs) == ["monitor_alarm"]
    assert all_values(outputs)
    assert all(one == {"spo2": 97} for one in all_values(outputs))
    # the one who has the line may also come second, and after the other fell silent still has it
    decoder = Hl7Decoder("x")
    decoder.connected(NOON)
    decoder.feed(mllp(header(), *groups), NOON)
    other = decoder.feed(mllp(header(), SECOND, "PV1||W|W^^2", *BP), after(5))
    other += decoder.feed(mllp(header(), FIRST, "PV1||W|W^^1", SPO2), after(10))
    other += decoder.feed(mllp(header(), SECOND, "PV1||W|W^^2", *BP), after(400))
    assert all_values(other) == [{"spo2": 97}]


def test_one_patient_in_two_groups_is_one() -> None:
    found = all_values(fed(mllp(header(), FIRST, SPO2, FIRST, obx("147842^^MDC", "72", BEATS))))
    assert found == [{"spo2": 97}, {"hr": 72}]


def test_a_bed_that_is_not_said_contradicts_nothing() -> None:
    with_bed = mllp(header(), FIRST, "PV1||I|W^^1", SPO2)
    without = mllp(header(), FIRST, SPO2)
    empty = mllp(header(), "PID|||A1", "PV1||I|", SPO2)
    outputs = fed(with_bed, without, with_bed, empty, mllp(header(), SPO2))
    assert kinds(outputs) == []
    assert len(all_values(outputs)) == 5


@pytest.mark.parametrize("doubts", ["L~INV", "INV~L", "L~INV^invalid^HL70078", "H~N~NAV", "inv"])
@pytest.mark.parametrize("status", ["R", "F", ""])
def test_each_repeated_condition_counts(doubts: str, status: str) -> None:
    line = f"OBX|1|NM|150456^^MDC||80|{PERCENT}||{doubts}|||{status}"
    assert one(line) == {"spo2": None}
    assert one(f"OBX|1|NM|150456^^MDC||80|{PERCENT}||L~A|||F") == {"spo2": 80}


def test_a_repeated_status_with_an_invalid_one_is_no_value() -> None:
    assert one(SPO2.replace("|F|", "|F~X|")) == {"spo2": None}
    assert one(SPO2.replace("|F|", "|X^^HL70085|")) == {"spo2": None}


@pytest.mark.parametrize("code", ["150301", "150302", "150456", "149530", "147842", "151562"])
@pytest.mark.parametrize("number", ["-1", "-99.9", "-999", "-0.5", "32767", "2147483647", "999999"])
def test_numbers_that_no_vital_has_are_no_value_and_kept(code: str, number: str) -> None:
    unit = {"150456": PERCENT, "150301": MMHG, "150302": MMHG}.get(code, BEATS)
    outputs = fed(mllp(header(), obx(f"{code}^^MDC", number, unit)))
    assert [v for found in all_values(outputs) for v in found.values() if v is not None] == []
    kept = [v for o in outputs if isinstance(o, Reading) for v in o.unmapped.values()]
    assert [one.split()[0] for one in kept] == [number]


def test_a_temperature_may_be_anything_but_the_usual_numbers_for_none() -> None:
    degrees = "268192^MDC_DIM_DEGC^MDC"
    assert one(obx("150344^^MDC", "-3.5", degrees)) == {"temp": -3.5}
    for number in ("-1", "-999", "-99.9", "-1000", "-32768"):
        assert one(obx("150344^^MDC", number, degrees)) == {"temp": None}


@pytest.mark.parametrize(
    ("code", "unit", "key"),
    [
        ("8867-4^Heart Rate", "bpm", "hr"),
        ("8867-4", "/min", "hr"),
        ("8480-6^Systolic", "mm[Hg]", "nibp_sys"),
        ("9279-1^Resp", "{breath}/min", "rr"),
        ("8310-5^Temp", "Cel", "temp"),
        ("2708-6^SpO2", "%{oxygen}", "spo2"),
        ("59408-5^SpO2^L^150456^MDC_PULS_OXIM_SAT_O2^MDC", "%", "spo2"),
        ("19889-5^EtCO2", "mm[Hg]", "etco2"),
        ("151708^MDC_AWAY_CO2_ET^MDC", MMHG, "etco2"),
        ("147842", "beats/min", "hr"),
        ("8867-4^HR^LOINC", "{beat}/min^{beat}/min^UCUM", "hr"),
        ("149530^^MDC", "{beats}/min^^UCUM", "pulse"),
        ("149530^^MDC", "beats per minute", "pulse"),
        ("149530^^MDC", "1/min{pulse}", "pulse"),
        ("151562^^MDC", "breaths/min", "rr"),
    ],
)
def test_codes_without_a_system_and_spellings_of_units(code: str, unit: str, key: str) -> None:
    first, second = (mllp(header(), obx(code, number, unit)) for number in ("37", "38"))
    assert {key: 38} in all_values(fed(first, second))


def test_kilopascals_become_mmhg() -> None:
    assert one(obx("151708^^MDC", "5.07", "kPa")) == {"etco2": 38.03}
    assert one(obx("151708^MDC_CONC_AWAY_CO2_ET^MDC", "5.0", PERCENT)) == {}


def test_an_empty_status_is_taken() -> None:
    assert one(SPO2.replace("|F|", "||")) == {"spo2": 97}
    assert one(SPO2.rpartition("|F|")[0]) == {"spo2": 97}


def test_a_rate_without_a_source() -> None:
    rate = obx("149522^MDC_PULS_RATE^MDC", "60", BEATS)
    assert one(SPO2, rate) == {"spo2": 97, "pulse": 60}
    assert one(rate, SPO2) == {"spo2": 97, "pulse": 60}
    other = obx("149530^^MDC", "61", BEATS)
    outputs = fed(mllp(header(), rate, other), mllp(header(), other, rate))
    assert all_values(outputs) == [{"pulse": 61}, {"pulse": 61}]
    assert kinds(outputs) == ["monitor_alarm"]
    # beside a cuff reading alone it may be the cuff's, of ten minutes ago
    timed = [one.replace("|F|||", "|F|||20261123115500") for one in BP]
    (reading,) = fed(mllp(header(), *timed, rate))
    assert values(reading) == {"nibp_sys": 188, "nibp_dia": 111, "nibp_pulse": 60}


def cuff(minute: int, second: int, taken: str, sys: str = "120", *more: str) -> bytes:
    now = f"2026112312{minute:02d}{second:02d}"
    lines = [
        obx(f"{code}^^MDC", v, MMHG, time=taken) for code, v in (("150021", sys), ("150022", "80"))
    ]
    return mllp(header(f7=now), *lines, *more)


def test_an_equal_reading_with_a_time_of_its_own_is_a_reading() -> None:
    outputs = fed(cuff(0, 1, "20261123120000"), cuff(10, 1, "20261123121000"), step=600)
    assert [v["nibp_sys"] for v in all_values(outputs)] == [120, 120]


def test_a_pressure_with_the_time_of_its_message_waits_for_the_next_one() -> None:
    stamped = [cuff(0, s, f"202611231200{s:02d}") for s in (0, 2, 4, 6)]
    outputs = fed(*stamped, since=0, step=2)
    assert all_values(outputs) == []
    assert kinds(outputs) == ["nibp_stale"]
    still = [cuff(0, s, "20261123120000") for s in (0, 2, 4)]
    outputs = fed(*still, since=0, step=2)
    assert [v["nibp_sys"] for v in all_values(outputs)] == [120]
    (reading,) = outputs
    assert isinstance(reading, Reading)
    assert reading.measured_at == NOON
    # and the next one ten minutes later, though its values are the same
    outputs = fed(*still, cuff(10, 0, "20261123121000"), cuff(10, 2, "20261123121000"), since=0)
    assert [v["nibp_sys"] for v in all_values(outputs)] == [120, 120]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_channels_the_first_counts(order: tuple[int, int]) -> None:
    lines = [
        SPO2.replace("||97|", "|1.3.2|88|"),
        SPO2.replace("||97|", "|1.3.10|87|"),
    ]
    (reading,) = fed(mllp(header(), *(lines[n] for n in order)))
    assert isinstance(reading, Reading)
    assert values(reading) == {"spo2": 88}
    assert list(reading.unmapped.values()) == ["87 MDC_DIM_PERCENT"]


def lf(frame: bytes) -> bytes:
    return frame.replace(b"\r", b"\n")


@pytest.mark.parametrize(
    "frame",
    [
        lf(mllp(header(), SPO2)),
        lf(mllp(header(), SPO2))[:-1] + b"\r",
        mllp(header(), SPO2)[:-1],
        mllp(header(), SPO2)[:-3] + b"\x1c\r",
        lf(mllp(header(), SPO2))[:-1],
        mllp(header(), SPO2).replace(b"\r", b"\r\n"),
        lf(bare(header(), SPO2)),
        lf(mllp(header(), SPO2)).replace(b"\n", b"\n\n"),
    ],
)
def test_line_feeds_and_missing_ends(frame: bytes) -> None:
    decoder = Hl7Decoder("x")
    decoder.connected(NOON)
    outputs = [o for n in range(3) for o in decoder.feed(frame, after(n))]
    outputs += decoder.feed(b"", after(10))
    assert all_values(outputs) == [{"spo2": 97}] * 3
    assert decoder.frames == 3
    many = [o for cut in (1, 7) for o in cut_up(frame * 3, cut)]
    assert all_values(many) == [{"spo2": 97}] * 6


def cut_up(data: bytes, size: int) -> list[Output]:
    decoder = Hl7Decoder("x")
    decoder.connected(NOON)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    found = [o for piece in pieces for o in decoder.feed(piece, NOON)]
    return found + decoder.feed(b"", after(5))


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        ("8302-2^Body height^LN", "171", "cm"),
        ("30525-0^Age^LN", "44", "a"),
        ("188740^MDC_LEN_BODY_ACTUAL^MDC", "171", "263441^MDC_DIM_CENTI_M^MDC"),
        ("9^MDC_AGE^L", "44", ""),
        ("99^Groesse^L", "171", "cm"),
        ("77^X^L", "80", "kg"),
        ("12^MRN^L", "123456", ""),
        ("13^PatientID^L", "123456", ""),
    ],
)
def test_who_somebody_is_is_not_kept(code: str, value: str, unit: str) -> None:
    assert fed(mllp(header(), obx(code, value, unit))) == []


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert one(SPO2.replace("||97|", "||\u0669\u0667|"), obx("147842^^MDC", "72", BEATS)) == {
        "hr": 72
    }
    assert stamp("\u0662026112312000\u0660") is None


ORDERS = st.permutations([SPO2, obx("147842^^MDC", "72", BEATS), obx("151562^^MDC", "14", BEATS)])


@settings(max_examples=60, deadline=None)
@given(
    ours=ORDERS,
    theirs=ORDERS,
    groups=st.lists(st.booleans(), min_size=1, max_size=5),
    ends=st.sampled_from([b"\r", b"\n", b"\r\n"]),
    size=st.integers(1, 400),
)
def test_only_the_first_patients_groups_are_ever_taken(
    ours: list[str], theirs: list[str], groups: list[bool], ends: bytes, size: int
) -> None:
    wrong = [
        one.replace("||97|", "||66|").replace("||72|", "||166|").replace("||14|", "||66|")
        for one in theirs
    ]
    lines = [header(), FIRST, *ours]
    for is_ours in groups:
        lines += [FIRST, *ours] if is_ours else [SECOND, *wrong]
    found = all_values(cut_up(mllp(*lines).replace(b"\r", ends), size))
    assert len(found) == 1 + sum(groups)
    assert all(one == {"spo2": 97, "hr": 72, "rr": 14} for one in found)
