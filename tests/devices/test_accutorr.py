"""Accutorr 3 and 4: the manual's example, the prompt, the age in minutes, and the status words."""

from __future__ import annotations

import pytest

from devices.drivers.accutorr import AccutorrDecoder, bits
from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_SYS, PULSE, SPO2
from devices.reading import DeviceEvent, Reading
from devices.simulated.accutorr import AccutorrMonitor
from devices.spec import Output
from tests.devices.pair import converse
from tests.devices.sweep import Sweep
from tests.devices.wire import NOON, after, feed_every_way, kinds

GREETING = b"ACCUTORR PC Interface is ready\r\n>"
EXAMPLE = b"P:--,85,120, 45, 80,000,010,000, 5\r\n>"


def line(
    spo2: str = " 98",
    pulse: str = " 72",
    sys: str = "120",
    mean: str = " 93",
    dia: str = " 80",
    status: str = "000,000,000",
    age: str = "  5",
) -> bytes:
    return f"P:{spo2},{pulse},{sys},{mean},{dia},{status},{age}\r\n>".encode("ascii")


def no_result() -> bytes:
    return line(sys="--", mean="--", dia="--", age="--")


def fed(
    *lines: tuple[float, bytes], decoder: AccutorrDecoder | None = None, start: bool = True
) -> list[Output]:
    """What lines say that arrive at these seconds."""
    decoder = decoder or AccutorrDecoder("x")
    if start:
        decoder.connected(NOON)
    return [output for at, data in lines for output in decoder.feed(data, after(at))]


def cuffs(outputs: list[Output]) -> list[Reading]:
    return [one for one in outputs if isinstance(one, Reading) and NIBP_SYS in one.values]


def pressures(outputs: list[Output]) -> list[tuple[float | None, ...]]:
    wanted = (NIBP_SYS, NIBP_MAP, NIBP_DIA)
    return [tuple(one.values[m] for m in wanted) for one in cuffs(outputs)]


def test_the_manuals_example() -> None:
    """A pulse without SpO2 is no present pulse; systolic, mean, diastolic stand in this order."""
    unmapped = {"status": "000,010,000", "pulse": "85"}
    none = Reading("x", {SPO2: None, PULSE: None}, NOON, NOON, unmapped=unmapped)
    assert fed((0, EXAMPLE)) == [none]
    outputs = fed((0, no_result()), (2, EXAMPLE), (4, EXAMPLE))
    # five minutes old, though it was not there two seconds before
    assert "nibp_stale" in kinds(outputs)
    young = EXAMPLE.replace(b", 5\r", b", 0\r")
    assert pressures(fed((0, no_result()), (2, young), (4, young))) == [(120, 45, 80)]


def test_how_the_lines_arrive_changes_nothing() -> None:
    frames = [GREETING, no_result(), line(age="0"), line(age="0"), EXAMPLE, EXAMPLE]
    outputs = feed_every_way(lambda: AccutorrDecoder("x"), frames)
    assert pressures(outputs) == [(120, 93, 80)]


@pytest.mark.parametrize(
    "bad",
    [
        b"P:98,72,120,93,80,000,000,000\r",  # a field short
        b"P:98,72,120,93,80,000,000,000,5,1\r",
        b"P:98,72,1200,93,80,000,000,000,5\r",
        b"P:98,72,12A,93,80,000,000,000,5\r",
        b"P:98,72,1 2,93,80,000,000,000,5\r",
        b"P:98,72,,93,80,000,000,000,5\r",
        b"L:100, 85,150, 50,200, 80,140, 60,110, 40\r",
        b"P:98,72,120,93,\r80,000,000,000,5\r",
    ],
)
def test_bad_lines_are_no_frames(bad: bytes) -> None:
    decoder = AccutorrDecoder("x")
    assert fed((0, bad), decoder=decoder) == []
    assert decoder.frames == 0


def test_the_line_may_follow_an_echo_or_a_prompt() -> None:
    for before in (b">", b"P", b"P\n", b"\xfe>", b"P:98,7"):
        decoder = AccutorrDecoder("x")
        assert len(fed((0, before + line()), decoder=decoder)) == 1
        assert decoder.frames == 1


# One character after each prompt -----------------------------------------------------------------


def sent(decoder: AccutorrDecoder, t: float) -> bytes:
    return decoder.outgoing(after(t))


def test_nothing_is_asked_before_the_prompt() -> None:
    decoder = AccutorrDecoder("x")
    decoder.connected(NOON)
    assert sent(decoder, 0) == b"C"
    assert sent(decoder, 2.9) == b""
    assert sent(decoder, 3) == b"\x03"  # the other form of it
    assert sent(decoder, 6) == b"C"
    decoder.feed(b"\r\n>", after(6.1))
    assert sent(decoder, 6.1) == b"P"
    assert sent(decoder, 6.1) == b""
    decoder.feed(line()[:-1], after(6.2))
    assert sent(decoder, 8.5) == b""  # the reply is there, its prompt is not
    decoder.feed(b">", after(8.6))
    assert sent(decoder, 8.6) == b"P"
    decoder.feed(line(), after(8.7))
    assert sent(decoder, 9) == b""  # every two seconds
    assert decoder.wait(after(9)) == pytest.approx(1.6)


def test_a_prompt_from_before_the_link_broke_does_not_count() -> None:
    decoder = AccutorrDecoder("x")
    fed((0, GREETING), decoder=decoder)
    decoder.connected(after(5))
    assert sent(decoder, 5) == b"C"


def test_the_simulated_monitor_is_never_sent_what_it_does_not_hear() -> None:
    monitor = AccutorrMonitor(Sweep(), NOON)
    converse(AccutorrDecoder("x"), monitor, 60)
    # on connecting it is not known that a prompt stands
    assert [one.text for one in monitor.requests] == [b"C"] + [b"P"] * 30
    assert all(one.accepted for one in monitor.requests)


# The age in whole minutes ------------------------------------------------------------------------


def test_the_first_result_is_stale_and_then_known() -> None:
    outputs = fed(*((t, line(age="7")) for t in (0, 2, 4)), (6, line(age="8")))
    assert cuffs(outputs) == []
    (stale,) = [one for one in outputs if isinstance(one, DeviceEvent)]
    assert (stale.kind, stale.raw) == ("nibp_stale", {"minutes": "7"})


def test_the_first_result_is_new_where_it_is_surely_later_than_the_connection() -> None:
    decoder = AccutorrDecoder("x")
    outputs = fed((200, line(age="1")), (202, line(age="1")), decoder=decoder)
    (reading,) = cuffs(outputs)
    assert reading.measured_at == after(110)  # between second 80 and 140
    assert cuffs(fed((100, line(age="1")), (102, line(age="1")))) == []


def test_a_result_is_new_when_its_age_fell_though_its_values_are_the_same() -> None:
    lines = [(0, "9"), (2, "9"), (4, "10"), (6, "0"), (8, "0"), (10, "0"), (66, "1")]
    (reading,) = cuffs(fed(*((t, line(age=age)) for t, age in lines)))
    assert reading.measured_at == after(5)
    assert reading.received_at == after(8)


def test_a_result_is_new_when_its_values_changed_within_the_minute() -> None:
    other = line(sys="131", age="0")
    outputs = fed((0, no_result()), *((t, line(age="0")) for t in (2, 4)), (6, other), (8, other))
    assert [(one.values[NIBP_SYS], one.measured_at) for one in cuffs(outputs)] == [
        (120, after(1)),
        (131, after(5)),
    ]


def test_a_minute_counted_from_one_is_no_old_result() -> None:
    new = line(sys="131", age="1")
    (reading,) = cuffs(fed((0, line()), (2, line()), (4, new), (6, new)))
    assert reading.measured_at == after(2)


def test_one_line_alone_is_no_result() -> None:
    """A flipped bit gives other values, or another age, and then the old ones again."""
    outputs = fed(
        (0, line()),
        (2, line()),
        (4, line(sys="920")),
        (6, line()),
        (8, line(age="1")),
        (10, line()),
        (12, line(sys="128")),
        (14, line(sys="129")),
        (16, line()),
    )
    assert kinds(outputs) == ["nibp_stale"]
    assert cuffs(outputs) == []


def test_a_result_that_cannot_have_been_measured_since_the_last_look_is_stale() -> None:
    old = line(sys="99", age="30")
    outputs = fed((0, line()), (2, line()), (4, old), (6, old), (8, old))
    assert kinds(outputs) == ["nibp_stale", "nibp_stale"]
    assert cuffs(outputs) == []


def test_a_result_measured_while_the_cable_was_out() -> None:
    for values in ("120", "131"):  # by its age alone, or by its values too
        decoder = AccutorrDecoder("x")
        fed((0, line()), (2, line()), decoder=decoder)
        decoder.connected(after(900))
        new = line(sys=values, age="5")
        outputs = fed((900, new), (902, new), decoder=decoder, start=False)
        (reading,) = cuffs(outputs)
        assert reading.measured_at == after(570)  # five to six minutes before
    decoder = AccutorrDecoder("x")
    fed((0, line()), (2, line()), decoder=decoder)
    decoder.connected(after(900))
    same = line(age="20")
    outputs = fed((900, same), (902, same), decoder=decoder, start=False)
    assert (cuffs(outputs), kinds(outputs)) == ([], [])


def test_dashes_are_no_result_and_do_not_make_the_old_one_new() -> None:
    dashes = line(sys="--", mean="--", dia="--")
    outputs = fed(*((t, line()) for t in (0, 2)), (4, dashes), (6, dashes), (8, line()))
    outputs += fed((0, no_result()), (2, no_result()))
    assert (cuffs(outputs), kinds(outputs)) == ([], ["nibp_stale"])


def test_a_new_age_without_pressures_is_a_failed_reading() -> None:
    dashes = line(sys="--", mean="--", dia="--", age="0")
    outputs = fed((0, line()), (2, line()), (4, dashes), (6, dashes), (8, dashes))
    assert kinds(outputs) == ["nibp_stale", "nibp_failed"]
    assert cuffs(outputs) == []


# The status words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        (b"000", 0),
        (b"--", 0),
        (b"002", 2),
        (b"130", 130),
        (b"001", 1),
        (b"010", 2),  # ten has the second bit too
        (b"110", 6),
        (b"00000010", 2),
    ],
)
def test_a_status_word_claims_only_what_it_says_in_decimal_and_in_binary(
    word: bytes, meant: int
) -> None:
    assert bits(word) == meant
    assert meant & int(word.replace(b"-", b"0")) == meant or len(word) == 8


def test_a_sensor_that_is_off_is_told_once_and_its_return() -> None:
    off = line(spo2="--", pulse="--", status="002,000,000", sys="--", age="--")
    unplugged = line(spo2="--", pulse="--", status="001,000,000", sys="--", age="--")
    on = line(sys="--", age="--")
    outputs = fed(*enumerate([on, off, off, off, unplugged, unplugged, on, on, on]))
    told = [(one.kind, one.text) for one in outputs if isinstance(one, DeviceEvent)]
    assert told == [
        ("sensor_off", "the SpO2 sensor is off the patient"),
        ("sensor_off", "the SpO2 sensor is unplugged"),
        ("sensor_on", "the SpO2 sensor is back"),
    ]


def test_one_line_alone_raises_no_message() -> None:
    odd = line(status="004,001,001", sys="--", age="--")
    plain = line(sys="--", age="--")
    assert kinds(fed(*enumerate([plain, odd, plain, odd, plain]))) == []
    outputs = fed(*enumerate([plain, odd, odd, odd]))
    assert kinds(outputs) == ["monitor_alarm"] * 3
    assert [one.text for one in outputs if isinstance(one, DeviceEvent)] == [
        "interference at the SpO2 sensor",
        "pulse above 250",
        "too much pressure in the cuff",
    ]


@pytest.mark.parametrize("status", ["001,000,000", "002,000,000", "008,000,000", "032,000,000"])
def test_a_number_beside_a_sensor_that_is_off_is_no_value(status: str) -> None:
    (reading,) = fed((0, line(status=status)))
    assert isinstance(reading, Reading)
    assert dict(reading.values) == {SPO2: None, PULSE: None}
    assert reading.unmapped == {"status": status, "pulse": "72"}


def test_noughts_and_dashes_are_values_and_none() -> None:
    (reading,) = fed((0, line(spo2="  0", pulse="--")))
    assert isinstance(reading, Reading)
    assert dict(reading.values) == {SPO2: 0, PULSE: None}
