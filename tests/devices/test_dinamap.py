"""The DINAMAP decoder: bad lines first, then each cuff result exactly once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.checksums import dinamap_checksum
from devices.drivers.dinamap import EVERY, LINE_LIMIT, DinamapDecoder, request
from devices.reading import DeviceEvent, Reading
from devices.spec import Command, Output
from tests.devices.wire import NOON, after, all_values, feed_every_way, kinds, values

RESULT = b" NA1100012128079095&0"
RECORDED_V100 = b" NF1101762127073078&<"


def line(text: str) -> bytes:
    body = text.encode("latin-1")
    return body + dinamap_checksum(body) + b"\r"


def nibp(status: int, age: int, pressures: str = "128079095") -> str:
    return f" NA{status}10{age:04d}{pressures}"


class Talk:
    """A conversation: at a second, the replies by what was asked.

    What has no reply here is refused by the monitor, but for commands, which get silence.
    """

    def __init__(self, at: float = 0) -> None:
        self.decoder = DinamapDecoder("bp")
        self.decoder.connected(after(at))
        self.asked: list[bytes] = []

    def at(self, second: float, **replies: str) -> list[Output]:
        outputs: list[Output] = []
        now = after(second)
        while sent := self.decoder.outgoing(now):
            self.asked.append(sent)
            pair = sent[2:4].decode()
            reply = replies.get(pair, "" if pair in ("NC", "ND") else " ZZ")
            outputs += self.decoder.feed(line(reply) if reply else b"", now)
        return outputs


def make() -> DinamapDecoder:
    return DinamapDecoder("bp")


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b" ",
        b" N",
        RESULT[:-1],
        RESULT[1:],  # its unit character was stripped
        RESULT[:-1] + b"1",
        RESULT.replace(b"128", b"129"),
        b" NF1102207118080091&+",  # edited by its author, the check sum is wrong
        line(" NA11000121280790")[:-1],  # too short, good check sum
        line(" NA11000121280790950")[:-1],
        line(" NA1100012abc079095")[:-1],
        line(" NA1100012-9 079095")[:-1],
        line(" NAx100012128079095")[:-1],
        line(" OA10987")[:-1],
        line(" RA207")[:-1],
        line(" NA")[:-1],  # an echo of the request
        b"\x80NA1100012128079095&0",
    ],
)
def test_bad_lines_give_nothing(bad: bytes) -> None:
    assert feed_every_way(make, [bad + b"\r"]) == []


def test_requests_are_those_of_the_manual() -> None:
    assert request("NA") == b"\r NA!2\r"
    assert request("NC") == b"\r NC0!E\r"
    assert request("ND") == b"\r ND!5\r"
    assert request("RC") == b"\r RC!8\r"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b" OA1098705#H", [{"spo2": 98}]),
        (b" OA3000000#-", [{"spo2": None}]),
        (b' RA2072"E', [{"pulse": 72}]),
        (line(" RA2000")[:-1], [{"pulse": None}]),
        (line(" RA2-99")[:-1], [{"pulse": None}]),
        (line(" RA3072")[:-1], []),  # the cuff's rate again: no pulse of now
        (line(" OA0000000")[:-1], [{"spo2": None}]),
        (line(" OA6098000")[:-1], [{"spo2": None}]),
        (line(" OA1000000")[:-1], [{"spo2": None}]),
        (line(" OA1-99000")[:-1], [{"spo2": None}]),
        (line(" OA5097000")[:-1], [{"spo2": None}]),
        (b" NA0109999000000000&'", []),
        (b" NA3100005128079095&4", []),
        (RECORDED_V100, []),  # a good line that was not asked for
        (line(" RC3072")[:-1], []),
    ],
)
def test_replies_however_they_arrive(reply: bytes, expected: list[dict[str, float | None]]) -> None:
    outputs = feed_every_way(make, [reply + b"\r"])
    assert all_values(outputs) == expected
    assert all_values(feed_every_way(make, [b"\n" + reply + b"\r\n"])) == expected


def test_polls_go_in_turn_once_a_second_with_one_outstanding() -> None:
    talk = Talk()
    for second in range(3):
        talk.at(second, NA=nibp(1, 9999), OA=" OA1098705", RA=" RA2072")
    assert talk.asked == [request(pair) for pair in ("NA", "OA", "RA")] * 3
    assert talk.decoder.wait(after(2)) == EVERY.total_seconds()
    silent = Talk()
    assert silent.decoder.outgoing(NOON) == request("NA")
    assert silent.decoder.outgoing(after(0.5)) == b""
    assert silent.decoder.outgoing(after(1)) == request("OA")


def test_a_result_is_emitted_once_with_its_time_and_pulse() -> None:
    talk = Talk()
    outputs = talk.at(0, NA=nibp(1, 9999))
    outputs += talk.at(1, NA=nibp(0, 9999))
    outputs += talk.at(2, NA=nibp(0, 9999))
    outputs += talk.at(3, NA=nibp(1, 0), RC=" RC3072")
    for age in range(1, 400):
        outputs += talk.at(3 + age, NA=nibp(1, age), RC=" RC3072")
    assert all_values(outputs) == [
        {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": 95},
        {"nibp_pulse": 72},
    ]
    assert kinds(outputs) == ["nibp_measuring", "nibp_done"]
    cuff, pulse = [one for one in outputs if isinstance(one, Reading)]
    assert cuff.measured_at == pulse.measured_at == after(2.5)  # the middle of the second


def test_age_takes_the_time_back_but_not_before_the_last_poll_without_it() -> None:
    talk = Talk()
    talk.at(0, NA=nibp(1, 9999))
    talk.at(60, NA=nibp(1, 9999))
    cuff = next(o for o in talk.at(66, NA=nibp(1, 4)) if isinstance(o, Reading))
    assert cuff.measured_at == after(61.5)  # 4 to 5 s before the poll
    assert cuff.received_at == after(66)
    talk.at(80, NA=nibp(1, 18))
    cuff = next(o for o in talk.at(81, NA=nibp(1, 3)) if isinstance(o, Reading))
    assert cuff.measured_at == after(80)


def test_equal_values_measured_again_are_a_second_result() -> None:
    talk = Talk()
    outputs = talk.at(0, NA=nibp(1, 0)) + talk.at(30, NA=nibp(1, 30)) + talk.at(60, NA=nibp(1, 2))
    assert len(all_values(outputs)) == 2


def test_a_result_from_before_the_connection_is_stale_and_said_once() -> None:
    talk = Talk()
    outputs = talk.at(0, NA=nibp(1, 1762)) + talk.at(1, NA=nibp(1, 1763))
    assert all_values(outputs) == []
    assert kinds(outputs) == ["nibp_stale"]
    talk.decoder.connected(after(20))
    assert talk.at(20, NA=nibp(1, 1782)) == []


def test_after_a_break_the_old_result_is_not_new_but_one_measured_meanwhile_is() -> None:
    talk = Talk()
    assert len(all_values(talk.at(0, NA=nibp(1, 0)))) == 1
    talk.decoder.connected(after(600))
    assert all_values(talk.at(600, NA=nibp(1, 600))) == []
    talk.decoder.connected(after(900))
    (cuff,) = [o for o in talk.at(900, NA=nibp(1, 100, "150090110")) if isinstance(o, Reading)]
    assert cuff.measured_at == after(799.5)
    talk.decoder.connected(after(900.5))  # a cable that makes contact again and again
    assert all_values(talk.at(900.5, NA=nibp(1, 100))) == []


def test_a_cancelled_determination_does_not_bring_the_old_result_back() -> None:
    talk = Talk()
    talk.at(0, NA=nibp(1, 0))
    outputs = talk.at(400, NA=nibp(0, 9999)) + talk.at(410, NA=nibp(1, 410))
    assert all_values(outputs) == []
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]


@pytest.mark.parametrize("status", [3, 4, 5, 6, 7, 8])
def test_failures_are_said_once_and_the_old_pressures_never_shown(status: int) -> None:
    talk = Talk()
    talk.at(0, NA=nibp(1, 0))
    outputs = talk.at(60, NA=nibp(0, 60))
    for second in range(61, 90):
        outputs += talk.at(second, NA=nibp(status, 5))
    assert all_values(outputs) == []
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]


def test_a_failure_from_before_the_connection_is_not_ours() -> None:
    assert kinds(Talk().at(0, NA=nibp(3, 9999))) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("128079-02", (128, 79, -2)),
        ("128-99095", (128, None, 95)),
        ("000000000", (0, 0, 0)),
        ("128079---", (128, 79, None)),
    ],
)
def test_fields_are_signed_and_minus_99_is_no_value(
    fields: str, expected: tuple[float | None, ...]
) -> None:
    (found,) = all_values(Talk().at(0, NA=nibp(1, 0, fields)))
    assert tuple(found.values()) == expected


def test_a_result_without_any_pressure_is_no_reading() -> None:
    talk = Talk()
    outputs = talk.at(0, NA=nibp(0, 9999)) + talk.at(20, NA=nibp(1, 0, "-99-99-99"))
    outputs += talk.at(30, NA=nibp(1, 10, "-99-99-99"))
    assert all_values(outputs) == []
    assert kinds(outputs) == ["nibp_measuring", "nibp_failed"]


def test_no_cuff_pulse_where_the_monitor_has_none() -> None:
    assert len(all_values(Talk().at(0, NA=nibp(1, 0), RC=" RC3000"))) == 1
    assert len(all_values(Talk().at(0, NA=nibp(1, 0), RC=" RC2072"))) == 1
    assert len(all_values(Talk().at(0, NA=nibp(1, 0)))) == 1


def test_the_oximeter_going_off_and_on_is_said_once_each() -> None:
    talk = Talk()
    outputs = []
    for second, status in enumerate("1113330661"):
        outputs += talk.at(second, NA=nibp(1, 9999), OA=f" OA{status}098705")
    assert kinds(outputs) == ["sensor_off", "sensor_off", "sensor_off", "sensor_on"]
    assert [v["spo2"] for v in all_values(outputs)] == [98, 98, 98, *[None] * 6, 98]


def test_a_late_answer_is_taken_by_what_it_says() -> None:
    talk = Talk()
    assert talk.decoder.outgoing(NOON) == request("NA")
    assert talk.decoder.outgoing(after(1)) == request("OA")
    outputs = talk.decoder.feed(line(nibp(1, 1)) + line(" OA1098705"), after(1.1))
    assert len(all_values(outputs)) == 2


def test_commands_are_sent_first_and_their_answer_is_silent() -> None:
    talk = Talk()
    talk.decoder.command(Command.START_NIBP)
    assert talk.at(0, NC=" NC0", NA=nibp(0, 9999)) == [
        DeviceEvent("bp", "nibp_measuring", "the cuff is measuring", NOON)
    ]
    talk.decoder.command(Command.CANCEL_NIBP)
    talk.at(1, ND=" ND")
    assert talk.asked[0] == b"\r NC0!E\r"
    assert b"\r ND!5\r" in talk.asked


def test_a_refused_command_is_repeated_once_after_half_a_second() -> None:
    talk = Talk()
    talk.decoder.command(Command.START_NIBP)
    refusal = " ZZ01"
    assert kinds(talk.at(0, NC=refusal, NA=nibp(1, 9999), OA=" OA1098705", RA=" RA2072")) == []
    assert talk.decoder.wait(NOON) == 0.5
    assert talk.decoder.outgoing(after(0.4)) == b""
    outputs = talk.at(0.5, NC=refusal)
    assert kinds(outputs) == ["refused"]
    assert talk.asked.count(request("NC")) == 2
    outputs = talk.at(1, NA=nibp(1, 9999)) + talk.at(3, NA=nibp(1, 9999))
    assert talk.asked.count(request("NC")) == 2


def test_an_unanswered_command_is_said_and_not_repeated() -> None:
    talk = Talk()
    talk.decoder.command(Command.START_NIBP)
    talk.at(0)
    assert kinds(talk.at(1, NA=nibp(1, 9999))) == ["refused"]
    assert talk.asked.count(request("NC")) == 1


def test_a_command_does_not_outlive_the_connection() -> None:
    talk = Talk()
    talk.decoder.command(Command.START_NIBP)
    talk.decoder.connected(after(300))
    assert kinds(talk.at(300, NA=nibp(1, 9999))) == ["refused"]
    assert request("NC") not in talk.asked


@given(st.integers(0, 8), st.integers(0, 9999), st.text("0123456789-", min_size=9, max_size=9))
def test_any_reply_gives_only_numbers_that_it_carries(status: int, age: int, text: str) -> None:
    reply = f" NA{status}10{age:04d}{text}"
    decoder = make()
    decoder.connected(NOON)
    decoder.outgoing(NOON)
    for output in decoder.feed(line(reply), NOON):
        if isinstance(output, Reading):
            assert status == 1
            fields = [text[:3], text[3:6], text[6:]]
            for field, value in zip(fields, values(output).values(), strict=True):
                assert value is None if field in ("-99", "---") else value == int(field)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(8, 300), min_size=1, max_size=5),
    st.sets(st.integers(5, 900), max_size=4),
    st.randoms(use_true_random=False),
)
def test_each_result_of_a_session_exactly_once(
    gaps: list[int], breaks: set[int], luck: random.Random
) -> None:
    """A monitor that measures now and then, a cable that comes and goes: nothing twice or lost."""
    results, at = [], 0
    for number, gap in enumerate(gaps):
        at += gap
        results.append((at, f"{100 + number:03d}060080"))
    talk, outputs = Talk(), []
    second = 0
    while second < at + 5:
        if second in breaks:
            talk.decoder.connected(after(second))
        done = [one for one in results if one[0] <= second]
        reply = nibp(1, second - done[-1][0], done[-1][1]) if done else nibp(1, 9999)
        outputs += talk.at(second, NA=reply)
        second += luck.choice((1, 1, 1, 2, 3))
    cuffs = [one for one in outputs if isinstance(one, Reading)]
    assert [values(one)["nibp_sys"] for one in cuffs] == [100 + n for n in range(len(results))]
    for one, (true, _) in zip(cuffs, results, strict=True):
        assert abs((one.measured_at - after(true)).total_seconds()) <= 1


def test_noise_gives_nothing_and_does_not_grow() -> None:
    decoder = make()
    decoder.connected(NOON)
    noise = random.Random(7).randbytes(1_000_000)
    for at in range(0, len(noise), 4096):
        decoder.outgoing(after(at / 4096))
        assert decoder.feed(noise[at : at + 4096], after(at / 4096)) == []
        assert decoder.pending <= LINE_LIMIT
    assert decoder.frames == 0
