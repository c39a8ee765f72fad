"""The SunTech driver against the maker's packets, the order of a reading and the sheet's traps."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.suntech import SuntechDecoder
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds

START = bytes.fromhex("3A 20 A6")
ABORT = bytes.fromhex("3A 79 01 00 4C")
GET_PRESSURE = bytes.fromhex("3A 79 05 00 48")
GET_RESULT = bytes.fromhex("3A 79 03 00 4A")
ACCEPTED = bytes.fromhex("3E 04 4F 6F")
EXECUTED = bytes.fromhex("3E 04 4B 73")
ABORTED = bytes.fromhex("3E 04 41 7D")
BUSY = bytes.fromhex("3E 04 42 7C")
AT_258 = bytes.fromhex("3E 05 02 01 BA")
MAKERS = bytes.fromhex("3E 18 73 00 4A 00 1E 01 00 00 00 00 00 00 31 07 55 00 58 00 00 00 00 E9")
BP = bytes.fromhex("3E 18 80 00 4F 00 1E 01 00 00 00 00 00 00 00 00 48 00 5F 00 00 00 00 15")
CUFF = {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95, "nibp_pulse": 72}


def checked(packet: bytes) -> bytes:
    """An independent check byte, counted up until the sum is a multiple of 256."""
    return next(
        packet + bytes((check,)) for check in range(256) if (sum(packet) + check) % 256 == 0
    )


def pressure(mmhg: int) -> bytes:
    return checked(b"\x3e\x05" + mmhg.to_bytes(2, "little", signed=True))


def result(error: int = 0, sys: int = 128, dia: int = 79) -> bytes:
    packet = bytearray(BP[:-1])
    packet[2:6] = sys.to_bytes(2, "little") + dia.to_bytes(2, "little")
    packet[20] = error
    return checked(bytes(packet))


class Talk:
    """A decoder and the module's answers to it, in steps of 50 ms."""

    def __init__(self, held: bytes = result(0, 0, 0)) -> None:
        self.decoder = SuntechDecoder("bp")
        self.decoder.connected(NOON)
        self.held = held
        self.mmhg = 0
        self.now = 0.0
        self.sent: list[tuple[float, bytes]] = []
        self.answers: dict[bytes, bytes] = {START: ACCEPTED, ABORT: ABORTED + EXECUTED}

    def run(self, seconds: float, unasked: bytes = b"") -> list[Output]:
        outputs = self.decoder.feed(unasked, after(self.now)) if unasked else []
        for _ in range(round(seconds / 0.05)):
            asked = self.decoder.outgoing(after(self.now))
            if asked:
                self.sent.append((self.now, asked))
                own = {GET_PRESSURE: pressure(self.mmhg), GET_RESULT: self.held}
                answer = {**own, **self.answers}[asked]
                outputs += self.decoder.feed(answer, after(self.now + 0.02))
            self.now = round(self.now + 0.05, 3)
        return outputs

    def begun(self) -> list[Output]:
        self.run(1)
        self.decoder.command(Command.START_NIBP)
        self.mmhg = 142
        return self.run(5)

    def asked(self, command: bytes) -> int:
        return sum(one == command for _, one in self.sent)


def live(outputs: list[Output]) -> list[float | None]:
    return [v["cuff_pressure"] for v in all_values(outputs) if "cuff_pressure" in v]


def results(outputs: list[Output]) -> list[dict[str, float | None]]:
    return [v for v in all_values(outputs) if "nibp_sys" in v]


def texts(outputs: list[Output]) -> list[str]:
    return [one.text for one in outputs if isinstance(one, DeviceEvent)]


def test_a_reading_from_start_to_result() -> None:
    talk = Talk()
    outputs = talk.begun()
    assert kinds(outputs) == ["nibp_measuring"]
    assert set(live(outputs)) == {142}
    polls = [t for t, one in talk.sent if one == GET_PRESSURE and t > 2]
    assert len(polls) == pytest.approx(5 * 4, abs=1)
    talk.mmhg, talk.held = 40, BP
    outputs = talk.run(0.2) + talk.run(3, EXECUTED)
    assert kinds(outputs) == ["nibp_done"]
    assert results(outputs) == [CUFF]
    (reading,) = [one for one in outputs if isinstance(one, Reading) and len(one.values) == 4]
    assert reading.measured_at == after(6.2)
    assert reading.unmapped == {"beats": "30", "bp_status": "1", "tc": "0000000000000000"}
    talk.mmhg = 0
    assert talk.run(60, EXECUTED) == []
    assert talk.asked(START) == 1


def test_the_makers_result() -> None:
    talk = Talk(MAKERS)
    talk.begun()
    outputs = talk.run(1, EXECUTED)
    assert results(outputs) == [{"nibp_sys": 115, "nibp_dia": 74, "nibp_map": 88, "nibp_pulse": 85}]


def test_pressure_has_two_bytes_and_minus_one_is_none() -> None:
    talk = Talk()
    talk.begun()
    talk.answers[GET_PRESSURE] = AT_258
    assert live(talk.run(0.5)) == [258]
    talk.answers[GET_PRESSURE] = pressure(-1)
    assert talk.run(3) == []


def test_commands_are_never_closer_than_100_ms() -> None:
    talk = Talk()
    talk.begun()
    talk.decoder.command(Command.CANCEL_NIBP)
    talk.run(1)
    talk.decoder.command(Command.START_NIBP)
    talk.run(5)
    times = [t for t, _ in talk.sent]
    assert min(b - a for a, b in pairwise(times)) >= 0.1 - 1e-9


def test_an_abort_goes_before_everything_and_gives_no_result() -> None:
    talk = Talk(BP)
    talk.begun()
    before = len(talk.sent)
    talk.decoder.command(Command.START_NIBP)
    talk.decoder.command(Command.CANCEL_NIBP)
    outputs = talk.run(0.3)
    assert [one for _, one in talk.sent[before : before + 2]] == [ABORT, START]
    assert texts(outputs)[0] == "the cuff reading was aborted"
    assert results(outputs) == []


def test_an_abort_that_is_only_executed_gives_no_result_either() -> None:
    talk = Talk(BP)
    talk.begun()
    talk.answers[ABORT] = EXECUTED
    talk.decoder.command(Command.CANCEL_NIBP)
    outputs = talk.run(3)
    assert kinds(outputs) == ["nibp_failed"]
    assert talk.asked(GET_RESULT) == 1  # the one on connecting


def test_aborted_at_the_module() -> None:
    talk = Talk(BP)
    talk.begun()
    outputs = talk.run(2, ABORTED + EXECUTED)
    assert kinds(outputs) == ["nibp_failed"]


@pytest.mark.parametrize(
    ("error", "word"),
    [(1, "weak"), (2, "movement"), (85, "blocked"), (87, "loose"), (0x59, "over-pressure")],
)
def test_a_failed_reading_says_why(error: int, word: str) -> None:
    talk = Talk()
    talk.begun()
    talk.held = result(error)
    outputs = talk.run(1, EXECUTED)
    assert results(outputs) == []
    assert kinds(outputs) == ["nibp_failed"]
    assert word in texts(outputs)[0]


def test_hexadecimal_85_is_not_the_makers_85() -> None:
    talk = Talk()
    talk.begun()
    talk.held = result(0x85)
    assert texts(talk.run(1, EXECUTED)) == ["the cuff reading failed: error code 133"]


def test_a_result_without_pressures_is_none() -> None:
    talk = Talk()
    talk.begun()
    packet = bytearray(23)
    packet[:2] = b"\x3e\x18"
    talk.held = checked(bytes(packet))
    outputs = talk.run(1, EXECUTED)
    assert kinds(outputs) == ["nibp_failed"]
    assert results(outputs) == []


def test_what_the_module_holds_from_before_is_never_a_reading() -> None:
    talk = Talk(BP)
    assert kinds(talk.run(2)) == ["nibp_stale"]
    assert talk.run(10, EXECUTED + BP) == []
    talk.decoder.connected(after(talk.now))
    assert talk.run(3) == []


def test_a_result_nobody_asked_for_is_not_taken_while_a_reading_runs() -> None:
    talk = Talk()
    talk.begun()
    assert results(talk.run(2, BP)) == []


@pytest.mark.parametrize(("letter", "word"), [("B", "busy"), ("E", "error"), ("S", "asleep")])
def test_a_refused_start_is_said_and_not_repeated(letter: str, word: str) -> None:
    talk = Talk()
    talk.run(1)
    talk.answers[START] = checked(b"\x3e\x04" + letter.encode())
    talk.decoder.command(Command.START_NIBP)
    outputs = talk.run(10)
    assert kinds(outputs) == ["refused"]
    assert word in texts(outputs)[0]
    assert talk.asked(START) == 1


def test_a_start_that_is_not_answered_is_not_repeated_but_its_pressure_is_seen() -> None:
    talk = Talk()
    talk.run(1)
    talk.answers[START] = b""
    talk.decoder.command(Command.START_NIBP)
    talk.mmhg, talk.held = 100, BP
    outputs = talk.run(5)
    assert kinds(outputs) == ["refused", "nibp_measuring"]
    assert talk.asked(START) == 1
    assert results(talk.run(1, EXECUTED)) == [CUFF]


def test_a_start_does_not_outlive_the_connection() -> None:
    talk = Talk()
    talk.run(1)
    talk.decoder.command(Command.START_NIBP)
    talk.decoder.connected(after(talk.now))
    assert kinds(talk.run(3)) == ["refused"]
    assert talk.asked(START) == 0


def test_on_leaving_a_stop_is_sent_at_once() -> None:
    talk = Talk()
    talk.begun()
    now = after(talk.now)
    talk.decoder.connected(now)
    talk.decoder.command(Command.CANCEL_NIBP)
    assert talk.decoder.outgoing(now) == ABORT
    assert talk.decoder.outgoing(now) == b""


def test_a_cuff_started_by_somebody_else_is_followed() -> None:
    talk = Talk()
    talk.run(2)
    talk.mmhg = 120
    outputs = talk.run(4)
    assert kinds(outputs) == ["nibp_measuring"]
    talk.held = BP
    assert results(talk.run(1, EXECUTED)) == [CUFF]
    talk.mmhg = 60  # still being let out
    assert talk.run(4) == []


def test_a_lost_end_is_given_up_when_the_cuff_is_empty() -> None:
    talk = Talk(BP)
    talk.begun()
    talk.mmhg = 0
    outputs = talk.run(15)
    assert kinds(outputs) == ["nibp_failed"]
    assert results(outputs) == []
    assert talk.asked(ABORT) == 1


def test_a_cuff_that_stays_inflated_is_told_to_stop_again_and_again() -> None:
    talk = Talk()
    talk.answers[ABORT] = b""
    talk.begun()
    outputs = talk.run(195)
    assert kinds(outputs)[0] == "nibp_failed"
    assert "nibp_measuring" not in kinds(outputs)
    stops = [t for t, one in talk.sent if one == ABORT]
    assert len(stops) >= 3
    assert stops[0] == pytest.approx(181, abs=0.5)
    talk.mmhg = 0
    talk.run(5)
    assert talk.asked(ABORT) == len(stops)


def test_a_result_that_is_not_given_is_asked_for_three_times() -> None:
    talk = Talk()
    talk.begun()
    talk.held = b""
    before = talk.asked(GET_RESULT)
    outputs = talk.run(5, EXECUTED)
    assert kinds(outputs) == ["nibp_failed"]
    assert talk.asked(GET_RESULT) - before == 3


def test_overheard_a_result_counts_after_its_reading_only() -> None:
    def heard(*parts: bytes) -> list[Output]:
        decoder = SuntechDecoder("bp")
        decoder.connected(NOON)
        return [one for part in parts for one in decoder.feed(part, NOON)]

    reading = [pressure(60), pressure(120), pressure(150), EXECUTED]
    assert results(heard(*reading, BP, BP)) == [CUFF]
    assert kinds(heard(*reading, BP, BP)) == ["nibp_measuring", "nibp_done"]
    assert kinds(heard(ACCEPTED, EXECUTED, BP, BP)) == ["nibp_stale"]
    assert results(heard(*reading[:2], EXECUTED, BP)) == []
    assert results(heard(*reading, BP, EXECUTED, BP)) == [CUFF]
    late = SuntechDecoder("bp")
    late.connected(NOON)
    late.feed(b"".join(reading), NOON)
    assert kinds(late.feed(BP, after(11))) == ["nibp_failed"]


def test_however_it_arrives_it_says_the_same() -> None:
    frames = [pressure(60), pressure(120), pressure(150), AT_258, EXECUTED, BP]
    assert len(feed_every_way(lambda: SuntechDecoder("bp"), frames)) == 5


@pytest.mark.parametrize(
    "bad",
    [BP[:-1] + b"\x14", BP[:9] + BP[10:], result(0, 700), pressure(331), pressure(-2), b">\x06"],
)
def test_packets_that_are_none(bad: bytes) -> None:
    decoder = SuntechDecoder("bp")
    decoder.connected(NOON)
    assert decoder.feed(bad * 3 + bytes(24), NOON) == []
    assert decoder.frames == 0


@given(st.integers(0, 511), st.integers(0, 511), st.integers(0, 255))
def test_a_result_is_exactly_what_was_sent(sys: int, dia: int, error: int) -> None:
    talk = Talk()
    talk.begun()
    talk.held = result(error, sys, dia)
    found = results(talk.run(0.5, EXECUTED))
    if error:
        assert found == []
    else:
        assert found == [{**CUFF, "nibp_sys": sys or None, "nibp_dia": dia or None}]


def test_noise_made_of_its_own_bytes_gives_nothing() -> None:
    decoder = SuntechDecoder("bp")
    decoder.connected(NOON)
    luck = random.Random(24)
    for piece in range(200):
        decoder.outgoing(after(piece))
        noise = bytes(luck.choices(b">\x04\x05\x18OKAB\x00\x01" + bytes(range(256)), k=5000))
        outputs = decoder.feed(noise, after(piece))
        assert all_values(outputs) == []
        assert decoder.pending <= 24
