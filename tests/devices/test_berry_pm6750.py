"""The BerryMed driver against the worked packets of its protocol, every state and every trap."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.berry_pm6750 import BerryDecoder
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds

MEASURING = bytes.fromhex("55 aa 08 03 04 3e 00 00 00 b2")
DONE = bytes.fromhex("55 aa 08 03 00 00 80 5f 4f c6")
LOOSE = bytes.fromhex("55 aa 08 03 10 00 00 00 00 e4")
TIMEOUT = bytes.fromhex("55 aa 08 03 14 00 00 00 00 e0")
OXIMETER = bytes.fromhex("55 aa 06 04 00 61 49 4b")
NO_FINGER = bytes.fromhex("55 aa 06 04 02 7f ff 75")
UNPLUGGED = bytes.fromhex("55 aa 06 04 01 7f ff 76")
HEART = bytes.fromhex("55 aa 08 02 d9 48 10 00 01 c3")
PLETH = bytes.fromhex("55 aa 04 fe 28 d5")
ECG_WAVE = bytes.fromhex("55 AA 0A 01 80 80 80 80 80 80 80 74")

START = bytes.fromhex("55 aa 04 02 01 f8")
STOP = bytes.fromhex("55 aa 04 02 00 f9")
ADULT = bytes.fromhex("55 aa 04 09 01 f1")
SPO2_ON = bytes.fromhex("55 aa 04 03 01 f7")
ECG_ON = bytes.fromhex("55 aa 04 01 01 f9")
PLETH_ON = bytes.fromhex("55 aa 04 fe 01 fc")

CUFF = {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95}


def packet(*body: int) -> bytes:
    """An independent check byte: the complement of the sum of all after the header."""
    total = len(body) + 2
    for byte in body:
        total = (total + byte) % 256
    return b"\x55\xaa" + bytes((len(body) + 2, *body, total ^ 0xFF))


def nibp(state: int, cuff: int = 0, sys: int = 0, mean: int = 0, dia: int = 0) -> bytes:
    return packet(3, state << 2, cuff // 2, sys, mean, dia)


def make() -> BerryDecoder:
    decoder = BerryDecoder("bp")
    decoder.connected(NOON)
    return decoder


def running() -> BerryDecoder:
    """Connected, and what is sent on connecting has been sent."""
    decoder = make()
    decoder.outgoing(NOON)
    return decoder


def said(outputs: list[Output]) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in outputs if isinstance(one, DeviceEvent)]


def test_worked_packets_give_exactly_what_they_say() -> None:
    frames = [OXIMETER, HEART, PLETH, ECG_WAVE, MEASURING, MEASURING, DONE, DONE]
    outputs = feed_every_way(lambda: BerryDecoder("bp"), frames)
    assert all_values(outputs) == [
        {"spo2": 97, "pulse": 73},
        {"hr": 72, "rr": 16},
        {"cuff_pressure": 124},
        CUFF,
    ]
    assert kinds(outputs) == ["nibp_measuring", "nibp_done"]
    heart = outputs[1]
    assert isinstance(heart, Reading)
    assert heart.unmapped == {"ecg_st": "0", "ecg_rhythm": "1"}
    assert all(one.measured_at == NOON for one in outputs if isinstance(one, Reading))


def test_every_packet_described_counts_as_a_frame_and_our_own_commands_do_not() -> None:
    decoder = make()
    decoder.feed(OXIMETER + HEART + PLETH + ECG_WAVE + MEASURING + packet(5, 0, 36, 7), NOON)
    assert decoder.frames == 6
    decoder.feed(STOP + START + ADULT + SPO2_ON + ECG_ON + packet(0x30, 1), NOON)
    assert decoder.frames == 6


def test_on_connecting_a_running_cuff_is_stopped_and_none_is_started() -> None:
    decoder = make()
    sent = decoder.outgoing(NOON)
    assert sent.startswith(STOP + ADULT + SPO2_ON + ECG_ON)
    assert START not in sent
    assert PLETH_ON not in sent
    assert decoder.outgoing(after(4.9)) == b""


def test_a_board_that_says_nothing_is_enabled_again_but_not_stopped_again() -> None:
    decoder = running()
    assert decoder.wait(NOON) == 5
    sent = decoder.outgoing(after(5))
    assert sent.startswith(SPO2_ON)
    assert STOP not in sent
    decoder.feed(OXIMETER, after(7))
    assert decoder.wait(after(7)) == 5
    decoder.feed(PLETH, after(11))  # SpO2 values stay away: the board was switched on anew
    assert decoder.outgoing(after(12)).startswith(SPO2_ON)


def test_a_start_sets_the_cuff_to_adults_first_and_is_sent_once() -> None:
    decoder = running()
    decoder.command(Command.START_NIBP)
    assert decoder.wait(after(1)) == 0
    assert decoder.outgoing(after(1)) == ADULT + START
    assert decoder.outgoing(after(1)) == b""


def test_a_start_that_waits_is_not_sent_on_a_new_connection() -> None:
    decoder = running()
    decoder.command(Command.START_NIBP)
    decoder.connected(after(60))
    assert START not in decoder.outgoing(after(60))
    assert kinds(decoder.feed(OXIMETER, after(61))) == ["refused"]


def test_a_start_that_the_board_does_not_heed_is_said_and_not_repeated() -> None:
    decoder = running()
    decoder.command(Command.START_NIBP)
    decoder.outgoing(NOON)
    assert kinds(decoder.feed(OXIMETER, after(4.5))) == []
    assert kinds(decoder.feed(OXIMETER, after(5.5))) == ["refused"]
    assert kinds(decoder.feed(OXIMETER, after(6.5))) == []
    assert START not in b"".join(decoder.outgoing(after(t)) for t in range(7, 30))


def test_a_board_that_starts_up_refuses() -> None:
    decoder = running()
    decoder.command(Command.START_NIBP)
    decoder.outgoing(NOON)
    assert said(decoder.feed(nibp(9), after(0.5))) == [
        ("refused", "could not start a cuff reading: its cuff part is still starting up")
    ]


@pytest.mark.parametrize("state", [2, 3, 4, 5, 6, 7, 8, 9, 10])
def test_every_state_that_ends_a_reading_without_a_result(state: int) -> None:
    decoder = running()
    outputs = decoder.feed(nibp(1, 90), NOON)
    # values in a packet of a failure are not those of this reading
    outputs += decoder.feed(nibp(state, 0, 128, 95, 79), after(1))
    outputs += decoder.feed(nibp(state), after(2))
    assert all_values(outputs) == [{"cuff_pressure": 90}]
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]
    assert decoder.outgoing(after(2)) == STOP


def test_the_worked_failures() -> None:
    for frame, word in ((LOOSE, "loose"), (TIMEOUT, "too long")):
        (_, _, failed) = make().feed(MEASURING + frame, NOON)
        assert isinstance(failed, DeviceEvent)
        assert word in failed.text


def test_a_failure_right_after_the_start_is_told_though_nothing_was_measured() -> None:
    decoder = running()
    decoder.command(Command.START_NIBP)
    decoder.outgoing(NOON)
    assert kinds(decoder.feed(nibp(2), after(0.2))) == []  # our stop of before
    assert kinds(decoder.feed(LOOSE, after(1))) == ["nibp_failed"]
    assert decoder.outgoing(after(1)) == STOP


def test_an_old_result_is_never_a_reading() -> None:
    decoder = running()
    assert kinds(decoder.feed(DONE + DONE, NOON)) == ["nibp_stale"]
    decoder.command(Command.START_NIBP)
    decoder.outgoing(after(1))
    assert decoder.feed(DONE, after(1.2)) == []
    outputs = decoder.feed(MEASURING + DONE, after(2))
    assert all_values(outputs) == [{"cuff_pressure": 124}, CUFF]


def test_finished_without_pressures_is_a_failure() -> None:
    outputs = make().feed(MEASURING + nibp(0), NOON)
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]
    outputs = make().feed(MEASURING + nibp(0, 0, 128, 0, 79), NOON)
    assert all_values(outputs)[-1] == {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": None}
    outputs = make().feed(MEASURING + nibp(0, 0, 128, 251, 255), NOON)
    assert all_values(outputs)[-1] == {"nibp_sys": 128, "nibp_dia": None, "nibp_map": None}


def test_the_live_pressure_is_told_when_it_changes_and_once_a_second() -> None:
    decoder = running()
    outputs = []
    for half, mmhg in enumerate((20, 60, 60, 60, 60, 58)):
        outputs += decoder.feed(nibp(1, mmhg), after(half / 2))
    assert [v["cuff_pressure"] for v in all_values(outputs)] == [20, 60, 60, 58]


def test_the_mode_and_the_reserved_bits_are_not_the_state() -> None:
    outputs = make().feed(packet(3, 0xC4, 62, 0, 0, 0) + packet(3, 0xC0, 0, 128, 95, 79), NOON)
    assert all_values(outputs) == [{"cuff_pressure": 124}, CUFF]
    outputs = make().feed(packet(3, 0x06, 62, 0, 0, 0) * 2, NOON)
    assert said(outputs)[0] == (
        "monitor_alarm",
        "the cuff part is set for the newborn, not for adults",
    )
    assert kinds(outputs) == ["monitor_alarm", "nibp_measuring"]


def test_a_reading_that_does_not_end_is_given_up_and_stopped_again_and_again() -> None:
    decoder = running()
    outputs, sent = [], {}
    for half in range(2 * 120):
        t = half / 2
        if t <= 100:
            outputs += decoder.feed(nibp(1, 40 + half % 2 * 2) + OXIMETER, after(t))
        else:
            outputs += decoder.feed(nibp(2) + OXIMETER, after(t))
        if out := decoder.outgoing(after(t)):
            sent[t] = out
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]
    assert sent == {90.0: STOP, 95.0: STOP, 100.0: STOP}


def test_a_cuff_heard_no_more_is_given_up_and_stopped() -> None:
    decoder = running()
    decoder.feed(OXIMETER + MEASURING, after(1))
    decoder.feed(OXIMETER, after(9))
    assert decoder.wait(after(9)) == 2
    assert decoder.outgoing(after(10.9)) == b""
    assert decoder.outgoing(after(11)) == STOP
    assert kinds(decoder.feed(OXIMETER, after(11))) == ["nibp_failed"]


def test_listening_only_gives_everything_too() -> None:
    decoder = make()
    outputs = decoder.feed(OXIMETER + MEASURING, after(1)) + decoder.feed(DONE, after(20))
    assert all_values(outputs)[-1] == CUFF
    outputs = [one for t in range(100) for one in decoder.feed(MEASURING + OXIMETER, after(30 + t))]
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]


def test_a_cancel_that_does_nothing_is_said() -> None:
    decoder = running()
    decoder.feed(MEASURING, NOON)
    decoder.command(Command.CANCEL_NIBP)
    assert decoder.outgoing(NOON) == STOP
    assert kinds(decoder.feed(nibp(1, 100), after(4.5))) == []
    assert kinds(decoder.feed(nibp(1, 98), after(5.5))) == ["refused"]
    assert kinds(decoder.feed(nibp(1, 98), after(6.5))) == []


def test_the_oximeter_says_why_it_has_no_value_once_each() -> None:
    frames = (OXIMETER, NO_FINGER, NO_FINGER, packet(4, 3, 127, 255), UNPLUGGED, OXIMETER)
    outputs = feed_every_way(lambda: BerryDecoder("bp"), frames)
    assert kinds(outputs) == ["sensor_off", "sensor_off", "sensor_on"]
    assert [v["spo2"] for v in all_values(outputs)] == [97, None, None, None, None, 97]
    assert [v["pulse"] for v in all_values(outputs)] == [73, None, None, None, None, 73]


@pytest.mark.parametrize(
    ("body", "spo2", "pulse"),
    [
        ((4, 0, 98, 255), 98, None),
        ((4, 0, 127, 60), None, 60),
        ((4, 0, 0, 0), None, None),
        ((4, 0, 120, 254), 120, None),  # 120 is flagged as implausible later, not hidden
        ((4, 2, 98, 60), None, None),
    ],
)
def test_saturation_and_pulse_are_there_or_not_each_for_itself(
    body: tuple[int, ...], spo2: int | None, pulse: int | None
) -> None:
    assert all_values(make().feed(packet(*body), NOON)) == [{"spo2": spo2, "pulse": pulse}]


def test_rates_of_the_ecg_without_leads_or_with_few_bytes() -> None:
    decoder = make()
    outputs = decoder.feed(packet(2, 0b10, 72, 16, 0, 2), NOON)
    assert all_values(outputs) == [{"hr": None, "rr": None}]
    assert kinds(outputs) == []  # leads that were never put on are not missed
    outputs = decoder.feed(packet(2, 0, 72, 0, 0xFE, 1) + packet(2, 0, 72), NOON)
    assert all_values(outputs) == [{"hr": 72, "rr": None}, {"hr": 72}]
    first = outputs[0]
    assert isinstance(first, Reading)
    assert first.unmapped["ecg_st"] == "-2"
    outputs = decoder.feed(packet(2, 0b10, 0, 0, 0, 0) * 2 + packet(2, 0, 70, 12), NOON)
    assert kinds(outputs) == ["sensor_off", "sensor_on"]


def test_a_rhythm_is_said_when_it_changes() -> None:
    outputs = make().feed(b"".join(packet(2, 0, 72, 16, 0, r) for r in (1, 7, 7, 1, 2)), NOON)
    assert said(outputs) == [
        ("monitor_alarm", "the board's ECG says: premature beats"),
        ("monitor_alarm", "the board's ECG says: asystole"),
    ]


def test_temperature_where_somebody_enabled_it() -> None:
    frames = packet(5, 0, 36, 7) + packet(5, 2, 37, 0, 0, 0) + packet(5, 1, 0, 0)
    assert all_values(make().feed(frames, NOON)) == [{"temp": 36.7}, {"temp": 37}, {"temp": None}]


@pytest.mark.parametrize(
    "bad",
    [
        DONE[:-1] + b"\xc7",
        DONE[:5] + DONE[6:],
        packet(3, 11 << 2, 0, 0, 0, 0),
        packet(3, 0x07, 62, 0, 0, 0),
        packet(3, 0x04, 200, 0, 0, 0),
        packet(4, 5, 97, 73),
        packet(4, 0, 97),
        packet(5, 0, 36, 10),
        packet(3, 1, 97, 1),
        b"\x55\xaa\xff\x03",
    ],
)
def test_packets_that_are_none(bad: bytes) -> None:
    decoder = make()
    assert decoder.feed(MEASURING + bad * 3 + OXIMETER, NOON)[2:] == make().feed(OXIMETER, NOON)
    assert decoder.frames == 2


def test_a_header_inside_data_and_one_cut_in_two() -> None:
    inside = packet(1, 0x55, 0xAA, 6, 4, 0, 0x61, 0x49)
    ends_with_55 = next(p for p in (packet(4, 0, 97, v) for v in range(250)) if p[-1] == 0x55)
    outputs = feed_every_way(
        lambda: BerryDecoder("bp"), [inside, b"\x55", OXIMETER, b"\x55", ends_with_55, OXIMETER]
    )
    assert len(outputs) == 3


@given(st.lists(st.sampled_from([OXIMETER, HEART, PLETH, b"\x55", b"\xaa", b"\x55\xaa\x08\x03"])))
def test_any_mixture_is_cut_alike_however_it_arrives(parts: list[bytes]) -> None:
    feed_every_way(lambda: BerryDecoder("bp"), [*parts, bytes(16)], noise=b"")


@given(st.integers(0, 15), st.integers(0, 255), *[st.integers(0, 255)] * 3)
def test_only_a_finished_reading_gives_pressures_and_only_those_sent(
    state: int, cuff: int, sys: int, mean: int, dia: int
) -> None:
    decoder = make()
    decoder.feed(MEASURING, NOON)
    for one in all_values(decoder.feed(packet(3, state << 2, cuff, sys, mean, dia), NOON)):
        if "nibp_sys" in one:
            assert state == 0
            assert all(v is None or v > 0 for v in one.values())
            sent = {"nibp_sys": sys, "nibp_map": mean, "nibp_dia": dia}
            assert all(v is None or v == sent[key] for key, v in one.items())
        else:
            assert one == {"cuff_pressure": 2 * cuff}


def test_noise_made_of_its_own_bytes_gives_nothing() -> None:
    decoder = running()
    luck = random.Random(6750)
    for _ in range(200):
        noise = bytes(luck.choices(b"\x55\xaa\x08\x03\x04\x06\x00\x80" + bytes(range(256)), k=5000))
        assert decoder.feed(noise, NOON) == []
        assert decoder.pending <= 16
    assert decoder.frames == 0
