"""What IntelliVue frames say: bad ones first, then values, each cuff result once, alarms."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.intellivue import IntellivueDecoder
from devices.drivers.intellivue_numerics import number
from devices.drivers.intellivue_wire import LONGEST, IntellivueFramer, check, framed
from devices.reading import DEMO as DEMO_FLAG
from devices.reading import DeviceEvent, Reading
from devices.spec import Output
from tests.devices.intellivue_frames import (
    BPM,
    DEMO,
    KPA,
    MMHG,
    ONGOING,
    PERCENT,
    RPM,
    TEST,
    VECTORS,
    alarm,
    alarms,
    answer,
    cuff,
    export,
    objects,
    one,
)
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values

POLLED = VECTORS["pollres"]


def make() -> IntellivueDecoder:
    decoder = IntellivueDecoder("bp")
    decoder.connected(NOON)
    return decoder


class Feeder:
    """One decoder, fed one answer a second."""

    def __init__(self) -> None:
        self.decoder = make()

    def at(self, second: float, *frames: bytes) -> list[Output]:
        return [out for one in frames for out in self.decoder.feed(one, after(second))]


def shown(sys: int | None, stamp: str | None, clock: str | None, state: int = 0) -> bytes:
    """A frame with the cuff only; diastolic and mean follow systolic."""
    pressures = (sys, sys and sys - 40, sys and sys - 27)
    return answer(cuff(*pressures, stamp, state), clock=clock)


# ---- frames


@pytest.mark.parametrize(
    ("data", "wire"), [("3a71", "9b26"), ("3a91", "95c1"), (b"123456789".hex(), "6e90")]
)
def test_the_check_is_that_of_the_published_examples(data: str, wire: str) -> None:
    assert check(bytes.fromhex(data)).hex() == wire


@pytest.mark.parametrize("name", VECTORS)
def test_worked_frames_are_taken_apart_and_made_again(name: str) -> None:
    (user,) = IntellivueFramer().feed(VECTORS[name])
    assert framed(user) == VECTORS[name]


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=6), st.binary(max_size=30))
def test_any_user_data_comes_back_however_it_is_cut(them: list[bytes], noise: bytes) -> None:
    stream = b"".join(framed(user) for user in them)
    whole, single = IntellivueFramer(), IntellivueFramer()
    assert whole.feed(noise.replace(b"\xc1", b"") + stream) == them
    assert [user for at in range(len(stream)) for user in single.feed(stream[at : at + 1])] == them
    assert single.pending == 0


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_flipped_bit_is_never_a_frame(user: bytes, data: st.DataObject) -> None:
    wire = bytearray(framed(user))
    wire[data.draw(st.integers(0, len(wire) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert IntellivueFramer().feed(bytes(wire)) in ([], [user])


def test_an_endless_frame_is_dropped() -> None:
    framer = IntellivueFramer()
    for _ in range(20):
        assert framer.feed(b"\xc0" + bytes(999)) == []
        framer.feed(bytes(3000))
        assert framer.pending <= LONGEST <= 4096
    assert framer.feed(b"\xc1" + VECTORS["accept"]) != []


BAD = {
    "cut short": POLLED[:-6] + b"\xc1",
    "check in the wrong order": POLLED[:-3] + POLLED[-2:-3:-1] + POLLED[-3:-2] + b"\xc1",
    "without complement": POLLED[:-3] + bytes(b ^ 0xFF for b in POLLED[-3:-1]) + b"\xc1",
    "not escaped": VECTORS["aarq"].replace(b"\x7d\xe1", b"\xc1"),
    "our requests": b"".join(VECTORS[name] for name in ("aarq", "pollreq", "ext", "keepalive")),
    "our answers": VECTORS["mdsresult"] + VECTORS["release"] + VECTORS["abort"],
    "no user data": framed(b""),
    "nothing but the class": framed(bytes.fromhex("e1000002 0002")),
    "operation too long": framed(bytes.fromhex("e1000002 0002 00ff 0001 0007 0000")),
    "an object that ends early": export(
        2,
        struct.pack(">HHH", 1, 7, 48)
        + struct.pack(">5H", 0x21, 0, 0, 0x0C16, 38)
        + bytes.fromhex("0001 00112233 ffffffffffffffff 0001 0006 0000")
        + bytes.fromhex("0001 000c 0000 0001 00ff 0101 0001 0020 ffff"),
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_frames_give_nothing(bad: bytes) -> None:
    assert feed_every_way(lambda: IntellivueDecoder("bp"), [bad]) == []


@given(st.binary(max_size=120), st.sampled_from([0, 8, 14, 20, 24, 28, 40, 46, 60]))
def test_good_frames_with_anything_in_them_do_no_harm(rubbish: bytes, kept: int) -> None:
    (user,) = IntellivueFramer().feed(POLLED)
    decoder = make()
    for feed in (user[:kept] + rubbish, user[:kept] + rubbish + user[kept + len(rubbish) :]):
        decoder.feed(framed(feed), NOON)
    assert decoder.pending == 0


# ---- values


def test_the_worked_answer_however_it_arrives() -> None:
    outputs = feed_every_way(make, [POLLED])
    assert all_values(outputs) == [{"spo2": 97.5, "pulse": 72}]
    # the first result ever, and the monitor does not say how long ago that was
    assert kinds(outputs) == ["nibp_stale"]
    assert feed_every_way(make, [VECTORS["extres"]]) == outputs


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (0xFD007D00, 32.0),
        (0xFF000140, 32.0),
        (0x01000140, 3200.0),
        (0x02000020, 3200.0),
        (0x00FFFFFE, -2.0),
        (0xFF0003CF, 97.5),
        (0x007FFFFF, None),
        (0x00800000, None),
        (0x007FFFFE, None),
        (0x00800002, None),
        (0xFF7FFFFF, None),
    ],
)
def test_floats(raw: int, value: float | None) -> None:
    assert number(raw) == value


@given(st.integers(0, 0xFFFFFFFF))
def test_every_float_is_a_number_or_none(raw: int) -> None:
    value = number(raw)
    assert value is None or abs(value) <= 2**23 * 1e127


@pytest.mark.parametrize("state", [0x8000, 0x4000, 0x2000, 0x1000])
def test_what_is_marked_as_no_value_is_none(state: int) -> None:
    frame = answer(one(0x4BB8, 97, PERCENT, state=state), one(0x4182, 0, BPM, state=state))
    assert all_values(make().feed(frame, NOON)) == [{"spo2": None, "hr": None}]


@pytest.mark.parametrize("state", [0x0080, 0x0040, 0x0020, 0x0002, 0x0001, 0x00E3])
def test_other_states_do_not_touch_the_value(state: int) -> None:
    frame = answer(one(0x4BB8, 97, PERCENT, state=state), one(0x500A, 12, RPM, state=state))
    assert all_values(make().feed(frame, NOON)) == [{"spo2": 97, "rr": 12}]


def test_only_what_the_answer_holds_is_in_the_reading() -> None:
    feeder = Feeder()
    feeder.at(0, answer(one(0x4BB8, 97, PERCENT), one(0x4182, 70, BPM), number=1))
    (reading,) = feeder.at(1, answer(one(0x4182, 71, BPM), number=2))
    assert values(reading) == {"hr": 71}


def test_end_tidal_co2_is_given_in_mmhg() -> None:
    (reading,) = make().feed(answer(one(0x50B0, 38, MMHG)), NOON)
    assert values(reading) == {"etco2": 38}
    (reading,) = make().feed(answer(one(0x50B0, 507, KPA, -2)), NOON)
    assert values(reading) == {"etco2": 38.0}
    (reading,) = make().feed(answer(one(0x50B0, 5, PERCENT)), NOON)
    assert values(reading) == {}


def test_what_nobody_mapped_is_kept_with_its_digits_and_unit() -> None:
    frame = answer(
        one(0x4BB0, 21, 0x0200, -1),
        one(0x4A11, 120, MMHG),
        one(0x4B60, 0x7FFFFF, 0x17A0),
        one(0xF123, 5, PERCENT, 3),
        one(0x4BB8, 97, 0x0F20),  # SpO2 in mmHg cannot be
    )
    (reading,) = make().feed(frame, NOON)
    assert isinstance(reading, Reading)
    assert reading.values == {}
    assert reading.unmapped == {
        "0x4BB0": "2.1 unit 0x0200",
        "0x4A11": "120 mmHg",
        "0x4B60": "none",
        "0xF123": "5000 %",
        "0x4BB8": "97 mmHg",
    }


@pytest.mark.parametrize(
    ("pleth", "chosen", "pulse", "unmapped"),
    [
        (72, 80, 72, {"0x480A": "80 /min"}),
        (0x7FFFFF, 80, 80, {}),
        (0x7FFFFF, 0x7FFFFF, None, {"0x480A": "none"}),
    ],
)
def test_the_oximeters_pulse_goes_before_the_chosen_one(
    pleth: int, chosen: int, pulse: float | None, unmapped: dict[str, str]
) -> None:
    both = (one(0x4822, pleth, BPM), one(0x480A, chosen, BPM))
    for order in (both, both[::-1]):
        (reading,) = make().feed(answer(*order), NOON)
        assert isinstance(reading, Reading)
        assert values(reading) == {"pulse": pulse}
        if pulse is not None:
            assert reading.unmapped == unmapped
    (reading,) = make().feed(answer(both[1]), NOON)
    assert values(reading) == {"pulse": None if chosen == 0x7FFFFF else chosen}


@pytest.mark.parametrize("state", [DEMO, TEST])
def test_demonstration_and_test_data_are_flagged(state: int) -> None:
    feeder = Feeder()
    event, reading = feeder.at(0, answer(one(0x4BB8, 97, PERCENT, state=state)))
    assert isinstance(event, DeviceEvent)
    assert event.kind == "demo"
    assert isinstance(reading, Reading)
    assert (values(reading), reading.flags) == ({"spo2": 97}, (DEMO_FLAG,))
    again = feeder.at(1, answer(one(0x4BB8, 98, PERCENT, state=state), number=2))
    assert kinds(again) == []
    (plain,) = feeder.at(2, answer(one(0x4BB8, 98, PERCENT), number=3))
    assert isinstance(plain, Reading)
    assert plain.flags == ()
    feeder.at(3, shown(120, "2026112310150000", "2026112310150100"))
    demo = feeder.at(4, shown(130, "2026112310160000", "2026112310160100", state))
    assert kinds(demo) == ["demo"]
    assert [r.flags for r in demo if isinstance(r, Reading)] == [(DEMO_FLAG,)]


# ---- the cuff


def test_a_result_is_read_once_with_its_time() -> None:
    feeder = Feeder()
    before = shown(120, "2026112310000000", "2026112310150000")
    assert kinds(feeder.at(0, before)) == ["nibp_stale"]  # 15 minutes old
    assert feeder.at(1, before) == []
    outputs = []
    for second in range(2, 40):
        clock = f"20261123101{5 + (second + 3) // 60}{(second + 3) % 60:02d}00"
        outputs += feeder.at(second, shown(128, "2026112310150400", clock))
    (reading,) = outputs
    assert isinstance(reading, Reading)
    assert values(reading) == {"nibp_sys": 128, "nibp_dia": 88, "nibp_map": 101}
    assert reading.measured_at == after(1)  # a second before its own clock said 10:15:05
    assert reading.received_at == after(2)
    assert reading.device_time == "2026-11-23T10:15:04"


def test_the_first_result_is_a_reading_if_it_was_measured_since_the_connection() -> None:
    outputs = Feeder().at(9, shown(128, "2026112310150200", "2026112310151000"))
    assert all_values(outputs) == [{"nibp_sys": 128, "nibp_dia": 88, "nibp_map": 101}]


def test_a_monitor_whose_clock_is_set_does_not_shift_the_measurement() -> None:
    feeder = Feeder()
    feeder.at(0, shown(120, "2026112310145800", "2026112310150000"))
    (reading,) = feeder.at(60, shown(128, "2026112310155000", "2026112311160000"))
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(60)
    (reading,) = feeder.at(90, shown(131, "2026112311170000", "2026112311163000"))
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(90)  # a stamp in the future is now


def test_results_measured_while_the_cable_was_out_are_read() -> None:
    feeder = Feeder()
    feeder.at(0, shown(120, "2026112310145800", "2026112310150000"))
    feeder.decoder.connected(after(300))
    (reading,) = feeder.at(300, shown(128, "2026112310180000", "2026112310200000"))
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(180)
    feeder.decoder.connected(after(400))
    assert feeder.at(400, shown(128, "2026112310180000", "2026112310214000")) == []


def test_the_relative_time_serves_where_the_monitor_has_no_clock() -> None:
    feeder = Feeder()
    pressures = cuff(120, 80, 93, None)
    feeder.at(0, answer([*pressures, (0x0991, struct.pack(">I", 0xFFFFFF00))], ticks=0xFFFFFF00))
    old = struct.pack(">I", 0xFFFFFF00)
    assert feeder.at(1, answer([*pressures, (0x0991, old)], ticks=7744)) == []
    new = [*cuff(128, 80, 93, None), (0x0991, struct.pack(">I", 0))]
    (reading,) = feeder.at(3, answer(new, ticks=16000))  # past the turn of the 32 bits
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(1)
    assert reading.device_time is None


def test_without_any_time_a_change_makes_it_new() -> None:
    feeder = Feeder()
    assert kinds(feeder.at(0, shown(120, None, None))) == ["nibp_stale"]
    assert feeder.at(1, shown(120, None, None)) == []
    (reading,) = feeder.at(2, shown(124, None, None))
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(2)
    assert kinds(feeder.at(3, shown(124, None, None, ONGOING))) == ["nibp_measuring"]
    ended = [out for s in range(4, 12) for out in feeder.at(s, shown(124, None, None))]
    assert kinds(ended) == ["nibp_failed"]  # nothing says that it was measured anew


@pytest.mark.parametrize("stamp", ["f" * 16, "2026132310150000", "20261123101500ff", "00" * 8])
def test_a_stamp_that_is_no_time_is_none(stamp: str) -> None:
    feeder = Feeder()
    assert kinds(feeder.at(0, shown(120, stamp, "2026112310150000"))) == ["nibp_stale"]
    assert all_values(feeder.at(1, shown(122, stamp, "2026112310150000"))) != []


def test_measuring_is_told_and_its_old_values_are_not_taken() -> None:
    feeder = Feeder()
    feeder.at(0, shown(120, "2026112310145800", "2026112310150000"))
    during = shown(120, "2026112310145800", "2026112310150500", ONGOING)
    assert kinds(feeder.at(5, during, during)) == ["nibp_measuring"]
    assert feeder.at(6, shown(61, "2026112310150600", "2026112310150600", ONGOING)) == []
    assert feeder.at(30, shown(120, "2026112310145800", "2026112310153000")) == []  # not yet
    outputs = feeder.at(31, shown(128, "2026112310153000", "2026112310153100"))
    assert kinds(outputs) == ["nibp_done"]
    assert all_values(outputs) == [{"nibp_sys": 128, "nibp_dia": 88, "nibp_map": 101}]


@pytest.mark.parametrize(
    ("after_it", "failed_at"),
    [
        (shown(None, None, None), 30),
        (shown(120, "2026112310145800", None), 35),
        (answer(one(0x4182, 70, BPM)), 35),
    ],
    ids=["dashes", "the old result", "no cuff in the answer"],
)
def test_measuring_that_ends_without_a_result_has_failed(after_it: bytes, failed_at: int) -> None:
    feeder = Feeder()
    feeder.at(0, shown(120, "2026112310145800", "2026112310150000"))
    feeder.at(5, shown(120, "2026112310145800", "2026112310150500", ONGOING))
    failures = {
        second: kinds(outputs)
        for second in range(30, 50)
        if kinds(outputs := feeder.at(second, after_it))
    }
    assert failures == {failed_at: ["nibp_failed"]}


def test_connecting_while_it_measures_makes_nothing_new_of_the_old_result() -> None:
    feeder = Feeder()
    feeder.at(0, shown(120, None, None, ONGOING))
    outputs = [out for s in range(1, 9) for out in feeder.at(s, shown(120, None, None))]
    assert (kinds(outputs), all_values(outputs)) == (["nibp_failed"], [])
    fresh = Feeder()
    fresh.at(0, shown(None, None, None, ONGOING))
    assert all_values(fresh.at(20, shown(120, None, None))) != []


def test_parts_of_a_result_may_be_missing() -> None:
    feeder = Feeder()
    frame = answer(cuff(128, None, 95, "2026112310150000"), clock="2026112310150000")
    assert all_values(feeder.at(0, frame)) == [{"nibp_sys": 128, "nibp_dia": None, "nibp_map": 95}]
    blank = answer(cuff(None, None, None, "2026112310160000"), clock="2026112310160000")
    assert feeder.at(1, blank) == []


def test_kpa_becomes_mmhg_and_other_units_are_not_guessed() -> None:
    stamp, clock = (0x0990, bytes.fromhex("2026112310150000")), "2026112310150000"
    frame = answer([*one(0x4A05, 171, KPA, -1), stamp], clock=clock)
    assert all_values(make().feed(frame, NOON)) == [{"nibp_sys": 128.3}]
    (reading,) = make().feed(answer([*one(0x4A05, 1740, 0x0ED0), stamp], clock=clock), NOON)
    assert isinstance(reading, Reading)
    assert (values(reading), dict(reading.unmapped)) == ({}, {"0x4A05": "1740 unit 0x0ED0"})


def test_the_pulse_of_the_cuff_belongs_to_the_reading_of_its_time() -> None:
    stamp, other = "2026112310150000", "2026112310050000"
    pressures = cuff(128, 79, 95, stamp)
    for when, there in ((stamp, True), (other, False), (None, True)):
        pulse = one(0xF0E5, 66, BPM)
        if when is not None:
            pulse.append((0x0990, bytes.fromhex(when)))
        (reading,) = make().feed(answer(pulse, pressures, clock=stamp), NOON)
        assert values(reading).get("nibp_pulse") == (66 if there else None)


# ---- answers in parts


def test_parts_become_one_reading() -> None:
    frames = [
        answer(one(0x4BB8, 97, PERCENT), part=(1, 1)),
        answer([], one(0x4182, 70, BPM), part=(2, 2)),
        answer([], [], one(0x4822, 71, BPM), part=(3, 3)),
        answer([], [], [], one(0x500A, 15, RPM)),
    ]
    outputs = feed_every_way(make, frames)
    assert all_values(outputs) == [{"spo2": 97, "hr": 70, "pulse": 71, "rr": 15}]
    assert len(outputs) == 1


def test_an_object_cut_between_two_parts_is_one() -> None:
    pressures, stamp = cuff(128, 79, 95, "2026112310150000")
    frames = [
        answer([pressures], part=(1, 1), clock="2026112310150100"),
        answer([stamp], clock="2026112310150100"),
    ]
    (reading,) = Feeder().at(0, *frames)
    assert isinstance(reading, Reading)
    assert reading.device_time == "2026-11-23T10:15:00"


def test_the_end_of_a_series_may_be_bare() -> None:
    feeder = Feeder()
    assert feeder.at(0, answer(one(0x4BB8, 97, PERCENT), part=(1, 1))) == []
    bare = export(
        2, struct.pack(">HHH", 1, 7, 10) + struct.pack(">5H", 0x21, 0, 0, 0x0C16, 0)
    )  # fmt: skip
    assert all_values(feeder.at(0, bare)) == [{"spo2": 97}]


def test_a_series_without_its_end_is_not_lost() -> None:
    feeder = Feeder()
    first = answer(one(0x4BB8, 97, PERCENT), part=(1, 1), ticks=1)
    assert feeder.at(0, first) == []
    again = answer(one(0x4BB8, 98, PERCENT), part=(1, 1), ticks=2)
    assert all_values(feeder.at(1, again)) == [{"spo2": 97}]
    late = answer(one(0x4182, 70, BPM), invoke=9, ticks=3)
    assert all_values(feeder.at(9, late)) == [{"spo2": 98}, {"hr": 70}]


def test_open_series_are_bounded() -> None:
    feeder = Feeder()
    outputs = feeder.at(
        0,
        *(answer(one(0x4BB8, 90, PERCENT), part=(1, 1), invoke=i, ticks=i) for i in range(1, 500)),
    )
    assert len(all_values(outputs)) == 495
    endless = [answer(one(0x4BB8, 91, PERCENT), part=(2, 2), invoke=7, ticks=1)] * 100
    assert len(feeder.at(0, *endless)) < 10


# ---- alarms


def test_alarms_are_told_when_they_begin_and_end() -> None:
    feeder = Feeder()
    low = alarm(0x0A, 0x400, "***SpO₂ 84 < 90")
    off = alarm(0x22, 0x002, "SpO₂ SENSOR OFF\0")
    (event,) = feeder.at(0, alarms([low], []))
    assert isinstance(event, DeviceEvent)
    assert event.kind == "monitor_alarm"
    assert event.text == "high patient alarm of the monitor: ***SpO₂ 84 < 90"
    assert event.raw == {"source": "0x4BB8", "code": "0x000A", "type": "0x0400"}
    assert feeder.at(2, alarms([alarm(0x0A, 0x400, "***SpO₂ 83 < 90")], [])) == []
    began, ended = feeder.at(4, alarms([], [off]))
    assert isinstance(began, DeviceEvent)
    assert isinstance(ended, DeviceEvent)
    assert began.text == "medium technical alarm of the monitor: SpO₂ SENSOR OFF"
    assert ended.text == "over: high patient alarm of the monitor: ***SpO₂ 83 < 90"
    assert kinds(feeder.at(6, alarms([], [alarm(0x22, 0x004, None)]))) == ["monitor_alarm"]
    assert kinds(feeder.at(8, alarms([], []))) == ["monitor_alarm"]


def test_an_alarm_without_words_is_named_by_its_code() -> None:
    (event,) = Feeder().at(0, alarms([], [alarm(0x22, 0x001, None)]))
    assert isinstance(event, DeviceEvent)
    assert event.text == "low technical alarm of the monitor: code 0x0022"


@given(st.binary(max_size=80))
def test_broken_alarm_lists_do_no_harm(rubbish: bytes) -> None:
    for data in (rubbish, b"\0\x09" + rubbish, alarm(1, 0x400, "x")[:20] + rubbish):
        for out in make().feed(answer([(0x0902, data)], kind=0x36), NOON):
            assert isinstance(out, DeviceEvent)
            assert len(out.text) < 200


def test_objects_of_other_classes_are_not_read() -> None:
    name = "Doe".encode("utf-16-be")
    assert make().feed(answer([(0x0927, name)], kind=0x2A), NOON) == []
    assert objects([(0x0927, name)]) in answer([(0x0927, name)], kind=0x2A)
