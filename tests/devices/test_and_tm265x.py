"""The A&D decoder: the bytes of the sheet, bad frames, one result once, start, stop and polls."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import xor

import pytest

from devices.drivers.and_tm265x import SPEC, Tm265xDecoder
from devices.drivers.and_tm265x_wire import request
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values

RB = bytes.fromhex("16 16 01 30 30 02 52 42 03 10")
ST = bytes.fromhex("16 16 01 30 30 02 53 54 03 07")
SP = bytes.fromhex("16 16 01 30 30 02 53 50 03 03")
ACK = bytes.fromhex("16 16 01 30 30 06")
NAK = bytes.fromhex("16 16 01 30 30 15")
RECORDED = bytes.fromhex(
    "16 16 01 30 30 02 54 4d 32 36 35 35 1e 31 39 31 30 32 39 31 34 32 39 1e 52 42 1e 4d 1e 45 30"
    "30 1e 53 31 30 32 1e 4d 20 38 37 1e 44 20 36 32 1e 50 20 38 33 1e 49 31 37 1e 4c 31 33 39 03"
    "28"
)


def framed(text: str) -> bytes:
    body = b"\x0100\x02" + text.replace("|", "\x1e").encode("ascii") + b"\x03"
    return b"\x16\x16" + body + bytes((reduce(xor, body),))


def record(
    stamp: str = "2611231200", error: str = "E00", numbers: str = "S102|M 87|D 62|P 83"
) -> bytes:
    if error != "E00":
        numbers = "S   |M   |D   |P   "
    return framed(f"TM2655|{stamp}|RB|M|{error}|{numbers}|I17|L139")


OTHER = record(numbers="S131|M 99|D 81|P 77")


def connected() -> Tm265xDecoder:
    decoder = Tm265xDecoder("cuff")
    decoder.connected(NOON)
    return decoder


def polled(answer: bytes = NAK) -> Tm265xDecoder:
    """A decoder whose first question was answered, so that what comes next is pushed."""
    decoder = connected()
    assert decoder.outgoing(NOON) == RB
    decoder.feed(answer, after(0.4))
    return decoder


def started(at: float = 10) -> Tm265xDecoder:
    decoder = polled(record())
    decoder.command(Command.START_NIBP)
    assert decoder.outgoing(after(at)) == ST
    assert kinds(decoder.feed(ACK, after(at))) == ["nibp_measuring"]
    return decoder


def texts(outputs: list[Output]) -> list[str]:
    return [one.text for one in outputs if isinstance(one, DeviceEvent)]


def test_the_bytes_of_the_sheet() -> None:
    assert [request(name) for name in ("RB", "ST", "SP")] == [RB, ST, SP]
    assert record("1910291429") == RECORDED


@pytest.mark.parametrize(
    "bad",
    [
        RECORDED[:-1] + b"\x29",
        RECORDED[1:],
        RECORDED.replace(b"S102", b"S103"),
        RECORDED.replace(b"\x0100", b"\x0101"),
        framed("TM2655|2611231200|RB|M|E00|S102|M 87|D 62"),
        framed("TM2655|2611231200|RB|M|E00|S102|D 62|M 87|P 83|I17|L139"),
        framed("TM2655|2611231200|RB|M|E00|S1 2x|M 87|D 62|P 83|I17|L139"),
        framed("TM2655|261123120|RB|M|E00|S102|M 87|D 62|P 83|I17|L139"),
        framed("TM26552611231200RBME00S102M 87D 62P 83I17L139"),
        framed("N 28157, 13|155, 16|"),  # a pulse profile
        RB + ST + SP,  # an echo of what was sent
        b"\x16\x16\x01" * 500,
    ],
)
def test_what_is_no_good_record_gives_nothing(bad: bytes) -> None:
    decoder = polled()
    # that something unreadable came may be said; a value never comes of it
    outputs = decoder.feed(bad, after(20))
    assert all_values(outputs) == []
    assert set(kinds(outputs)) <= {"monitor_alarm"}
    assert decoder.pending <= 172


def test_an_echo_of_our_own_requests_is_no_sign_of_life() -> None:
    decoder = connected()
    decoder.feed(RB + ST + SP, NOON)
    assert decoder.frames == 0
    decoder.feed(framed("N 28157, 13|155, 16|"), NOON)
    assert decoder.frames == 1


@pytest.mark.parametrize("place", range(len(RECORDED)))
def test_a_flipped_bit_anywhere_is_found(place: int) -> None:
    for bit in range(8):
        damaged = bytearray(RECORDED)
        damaged[place] ^= 1 << bit
        assert all_values(polled().feed(bytes(damaged), after(20))) == []


def test_the_recorded_record() -> None:
    (reading,) = polled().feed(RECORDED, after(20))
    assert isinstance(reading, Reading)
    assert values(reading) == {
        "nibp_sys": 102,
        "nibp_dia": 62,
        "nibp_map": 87,
        "nibp_pulse": 83,
    }
    assert reading.device_time == "2019-10-29T14:29:00"
    assert reading.measured_at == reading.received_at == after(20)
    assert reading.unmapped == {"kind": "M", "I": "17", "L": "139"}


def test_records_in_every_cutting() -> None:
    frames = [record(), ACK, OTHER, record(error="E44"), record("2611231201")]
    noise = b"\x16\x16\x01" + b"00\x02TM\x03\x16\xff\x1e"
    outputs = feed_every_way(lambda: Tm265xDecoder("cuff"), frames, noise)
    assert [one["nibp_sys"] for one in all_values(outputs)] == [102, 131, 102]
    assert kinds(outputs) == ["nibp_failed"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("E11", "no pressure at the start"),
        ("E15", "no pressure at the start"),
        ("E24", "took too long"),
        ("E44", "the patient moved"),
        ("E48", "systolic"),
        ("E66", "out of the monitor's range"),
        ("E99", "the monitor shows E99"),
    ],
)
def test_an_error_is_told_in_words_and_gives_no_numbers(error: str, words: str) -> None:
    for frame in (record(error=error), framed(f"TM2655|2611231200|RB|M|{error}|S102|M 87|D 62|")):
        (event,) = polled().feed(frame, after(20))
        assert isinstance(event, DeviceEvent)
        assert event.kind == "nibp_failed"
        assert words in event.text
        assert event.raw == {"error": error}


def test_missing_numbers_are_none_and_no_pressure_is_no_result() -> None:
    (reading,) = polled().feed(record(numbers="S102|M   |D 62|P   "), after(20))
    assert values(reading)["nibp_map"] is None
    assert values(reading)["nibp_pulse"] is None
    none = polled().feed(record(numbers="S   |M   |D   |P 83"), after(20))
    assert kinds(none) == ["nibp_failed"]


def test_the_first_answer_is_old_and_a_push_is_new_whatever_the_monitors_clock_says() -> None:
    decoder = connected()
    assert decoder.outgoing(NOON) == RB
    assert kinds(decoder.feed(record(), after(0.4))) == ["nibp_stale"]
    assert all_values(decoder.feed(record("1910291429"), after(20)))[0]["nibp_sys"] == 102
    late = connected()
    late.outgoing(NOON)
    assert kinds(late.feed(record(), after(4))) == ["nibp_stale"]  # an answer given up


def test_a_first_record_that_comes_twice_for_one_question_was_pushed_just_then() -> None:
    decoder = connected()
    decoder.outgoing(NOON)
    assert kinds(decoder.feed(record(), after(0.4))) == ["nibp_stale"]
    assert len(all_values(decoder.feed(record(), after(0.8)))) == 1
    assert decoder.feed(record(), after(1.2)) == []
    asked_again = connected()
    asked_again.outgoing(NOON)
    asked_again.feed(record(), after(0.4))
    asked_again.outgoing(after(30))
    assert asked_again.feed(record(), after(30.4)) == []


def test_a_failure_shown_at_the_first_question_is_nobodys() -> None:
    decoder = connected()
    decoder.outgoing(NOON)
    assert decoder.feed(record(error="E44"), after(0.4)) == []


def test_two_results_of_one_minute_both_count_and_an_answer_repeats_none() -> None:
    decoder = polled()
    assert len(decoder.feed(record(), after(20))) == 1
    assert len(decoder.feed(OTHER, after(48))) == 1
    assert decoder.outgoing(after(78)) == RB
    assert decoder.feed(ACK + OTHER, after(78.4)) == []
    assert decoder.feed(OTHER, after(79)) == []  # sent twice
    # failures of one minute look alike
    assert kinds(decoder.feed(record(error="E44"), after(80))) == ["nibp_failed"]
    assert kinds(decoder.feed(record(error="E44"), after(100))) == ["nibp_failed"]


@pytest.mark.parametrize(
    ("stamp", "measured"),
    [
        ("2611231204", after(270)),  # the middle of its minute
        ("2611231200", after(48)),  # not before the one that was known
        ("2611231209", after(570)),
        ("2611231210", after(600)),  # the future is now
        ("1910291429", after(600)),  # a clock that is wrong
        ("2699991204", after(600)),
    ],
)
def test_a_result_pushed_while_the_cable_was_out_is_found_by_asking(
    stamp: str, measured: datetime
) -> None:
    decoder = polled()
    decoder.feed(record(), after(48))
    decoder.connected(after(599))
    assert decoder.outgoing(after(599)) == RB
    (reading,) = decoder.feed(record(stamp, numbers="S131|M 99|D 81|P 77"), after(600))
    assert isinstance(reading, Reading)
    assert reading.measured_at == measured
    assert reading.received_at == after(600)


def test_a_listener_takes_what_comes_and_the_first_only_if_its_time_is_ours() -> None:
    near, old = connected(), connected()
    (reading,) = near.feed(record("2611231159"), after(10))
    assert isinstance(reading, Reading)
    assert reading.measured_at == NOON.replace(hour=11, minute=59, second=30)
    assert near.feed(record("2611231159"), after(40)) == []  # another program asks and asks
    assert kinds(old.feed(record("2611231100"), after(10))) == ["nibp_stale"]
    (reading,) = old.feed(record("2611231105", numbers="S131|M 99|D 81|P 77"), after(40))
    assert isinstance(reading, Reading)
    assert reading.measured_at == after(40)


def test_it_asks_each_30_s_and_not_while_a_reading_runs_that_it_started() -> None:
    decoder = polled(record())
    assert decoder.wait(after(1)) == 29
    assert decoder.outgoing(after(29.9)) == b""
    assert decoder.outgoing(after(30)) == RB
    assert decoder.outgoing(after(31)) == b""
    running = started(at=10)
    assert running.outgoing(after(127)) == b""
    assert running.wait(after(28)) == 100
    outputs = running.feed(OTHER, after(40))
    assert kinds(outputs) == ["nibp_done"]
    assert all_values(outputs)[0]["nibp_sys"] == 131
    assert running.wait(after(40)) == 30


@pytest.mark.parametrize("answer", [record(), NAK, b""])
def test_a_reading_that_never_ends_is_asked_for_and_then_failed(answer: bytes) -> None:
    decoder = started(at=10)
    assert decoder.outgoing(after(128)) == RB
    outputs = decoder.feed(answer, after(128.5))
    if not answer:
        assert decoder.outgoing(after(158)) == RB
        outputs = decoder.feed(NAK, after(158.1))
    assert texts(outputs) == ["the cuff reading gave no result"]
    assert decoder.outgoing(after(200)) == RB
    assert decoder.feed(NAK, after(200.1)) == []


def test_its_result_is_found_by_asking_where_the_push_was_lost() -> None:
    decoder = started(at=10)
    assert decoder.outgoing(after(128)) == RB
    assert kinds(decoder.feed(OTHER, after(128.4))) == ["nibp_done"]


def test_an_answer_that_came_late_does_not_end_a_reading() -> None:
    decoder = polled(record())
    decoder.outgoing(after(30))
    decoder.command(Command.START_NIBP)
    assert decoder.outgoing(after(31)) == b""  # the question is still open
    assert decoder.outgoing(after(32)) == ST
    assert kinds(decoder.feed(ACK, after(32.1))) == ["nibp_measuring"]
    assert decoder.feed(record(), after(34)) == []
    assert kinds(decoder.feed(record(error="E11"), after(37))) == ["nibp_failed"]


def test_a_start_is_refused_or_not_answered_and_never_repeated() -> None:
    decoder = polled()
    decoder.command(Command.START_NIBP)
    assert decoder.outgoing(after(10)) == ST
    refused = decoder.feed(NAK, after(10.1))
    assert texts(refused) == ["could not start a cuff reading: the monitor refused"]
    decoder.command(Command.START_NIBP)
    assert decoder.outgoing(after(20)) == ST
    sent = [decoder.outgoing(after(20 + tenth / 10)) for tenth in range(1, 400)]
    assert [one for one in sent if one] == [RB]
    silent = decoder.feed(NAK, after(60))
    assert texts(silent) == ["could not start a cuff reading: the monitor did not answer"]


def test_a_stop_goes_out_at_once_and_takes_back_a_start_that_was_not_sent() -> None:
    decoder = started(at=10)
    decoder.command(Command.START_NIBP)
    decoder.command(Command.CANCEL_NIBP)
    assert decoder.wait(after(11)) == 0
    assert decoder.outgoing(after(11)) == SP
    assert decoder.outgoing(after(11)) == b""
    assert texts(decoder.feed(ACK, after(11.1))) == ["the cuff reading was stopped"]
    unanswered = polled()
    unanswered.command(Command.START_NIBP)
    assert unanswered.outgoing(after(10)) == ST
    unanswered.command(Command.CANCEL_NIBP)
    assert unanswered.outgoing(after(10.1)) == SP  # not held up by the start
    assert kinds(unanswered.feed(NAK, after(10.2))) == ["refused", "refused"]


def test_nothing_queued_before_a_break_is_sent_after_it() -> None:
    decoder = polled()
    decoder.command(Command.START_NIBP)
    decoder.connected(after(60))
    assert decoder.outgoing(after(60)) == RB
    assert texts(decoder.feed(NAK, after(60.1))) == [
        "could not start a cuff reading: the link broke before the monitor answered"
    ]


def test_the_probe_only_asks() -> None:
    assert SPEC.probe is not None
    assert SPEC.probe.greeting(NOON) == RB
    assert SPEC.probe.farewell == b""


def test_a_record_of_the_other_format_is_read_and_one_of_any_other_is_told() -> None:
    text = "TM2657|2611231159|RA|M|E00|S127|M 97|D 76|P 78"
    decoder = polled()
    (reading,) = decoder.feed(framed(text), after(20))
    assert all_values([reading]) == [
        {"nibp_sys": 127, "nibp_map": 97, "nibp_dia": 76, "nibp_pulse": 78}
    ]
    # the same record in the usual format is the same measurement
    assert all_values(decoder.feed(framed(text.replace("RA", "RB")), after(21))) == []
    odd = framed("TM2657|2611231159|RC|127,97,76,78")
    (told,) = [*decoder.feed(odd, after(30)), *decoder.feed(odd, after(31))]
    assert kinds([told]) == ["monitor_alarm"]
    assert "F25" in getattr(told, "text", "")
