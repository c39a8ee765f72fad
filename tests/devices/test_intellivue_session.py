"""Our side of an IntelliVue association: what is sent when, and what ends or begins it."""

from __future__ import annotations

from itertools import pairwise

from devices.drivers.intellivue import REQUEST, SPEC, IntellivueDecoder
from devices.drivers.intellivue_messages import (
    MdsCreate,
    association_request,
    extended_poll,
    mds_create_result,
    read,
    single_poll,
)
from devices.drivers.intellivue_session import ABORT
from devices.drivers.intellivue_wire import IntellivueFramer, framed
from devices.reading import DeviceEvent
from devices.spec import Output
from tests.devices.intellivue_frames import (
    BPM,
    PERCENT,
    REFUSED,
    VECTORS,
    alarms,
    answer,
    error,
    one,
)
from tests.devices.wire import after, all_values, kinds

RELEASED = VECTORS["released"]


class Talk:
    """A conversation by the hand of the test: what is sent at each moment."""

    def __init__(self) -> None:
        self.decoder = IntellivueDecoder("bp")
        self.decoder.connected(after(0))
        self.outputs: list[Output] = []

    def sent(self, second: float) -> list[bytes]:
        """The user data of the frames that are sent now."""
        return IntellivueFramer().feed(self.decoder.outgoing(after(second)))

    def hears(self, second: float, *frames: bytes) -> list[Output]:
        outputs = [out for one in frames for out in self.decoder.feed(one, after(second))]
        self.outputs += outputs
        return outputs

    def let_in(self, second: float, accept: bytes = VECTORS["accept"]) -> None:
        self.hears(second, accept, VECTORS["mdscreate"])
        assert self.sent(second) == [user("mdsresult")]

    def said(self) -> list[str]:
        return [out.text for out in self.outputs if isinstance(out, DeviceEvent)]


def user(name: str) -> bytes:
    (data,) = IntellivueFramer().feed(VECTORS[name])
    return data


def invoke_of(data: bytes) -> int:
    return int.from_bytes(data[8:10], "big")


def numerics(second: float, number: int, *, extended: bool = True) -> bytes:
    return answer(
        one(0x4BB8, 97, PERCENT), number=number, ticks=int(second * 8000), extended=extended
    )


def is_push(data: bytes) -> bool:
    return data[24:26] == b"\xf1\x3b"


def test_what_we_send_is_the_worked_frames_byte_for_byte() -> None:
    assert framed(association_request()) == REQUEST == VECTORS["aarq"]
    assert VECTORS["abort"] == ABORT
    assert framed(single_poll(1, 1, 6, 0)) == VECTORS["pollreq"]
    assert framed(single_poll(8, 7, 0x36, 0x811)) == VECTORS["keepalive"]
    assert framed(extended_poll(1, 1, 60)) == VECTORS["ext"]
    event = read(user("mdscreate"))
    assert event == MdsCreate(1, 0x100000)
    assert framed(mds_create_result(event)) == VECTORS["mdsresult"]
    assert SPEC.probe is not None
    assert SPEC.probe.greeting(after(0)) == VECTORS["aarq"]
    assert SPEC.probe.farewell == VECTORS["release"]


def test_it_asks_every_two_seconds_after_an_abort_of_what_was_left_behind() -> None:
    talk = Talk()
    assert talk.decoder.outgoing(after(0)) == ABORT
    times = []
    for step in range(1, 240):
        if talk.decoder.outgoing(after(step / 32)):
            times.append(step / 32)
    assert times == [0.28125, 2.28125, 4.28125, 6.28125]
    assert talk.decoder.frames == 0


def test_accepted_it_answers_the_introduction_and_then_polls() -> None:
    talk = Talk()
    talk.sent(0)
    assert talk.hears(0.5, VECTORS["accept"]) == []
    assert talk.sent(0.5) == []
    talk.hears(0.6, VECTORS["mdscreate"])
    assert talk.decoder.wait(after(0.6)) == 0
    assert talk.sent(0.6) == [user("mdsresult")]
    assert talk.sent(0.7) == []
    assert talk.decoder.frames == 2
    poll, watch = talk.sent(0.9)
    assert poll == extended_poll(1, 1, 60)
    assert watch == single_poll(2, 1, 0x36, 0x0801)


def test_the_push_is_renewed_before_it_lapses_and_alarms_keep_it_alive() -> None:
    talk = Talk()
    talk.let_in(0)
    pushes, watches, number = [], [], 0
    for step in range(1, 480):
        second = step / 4
        for data in talk.sent(second):
            if is_push(data):
                pushes.append(second)
                number = int.from_bytes(data[28:30], "big")
            else:
                watches.append(second)
                talk.hears(second, alarms([], []))
        if step % 4 == 0:
            assert all_values(talk.hears(second, numerics(second, number)))
    assert pushes == [0.5, 50.5, 100.5]
    gaps = {b - a for a, b in pairwise(watches)}
    assert gaps == {2.0}
    assert talk.said() == []


def test_the_poll_that_was_replaced_is_not_read_twice() -> None:
    talk = Talk()
    talk.let_in(0)
    talk.sent(0.5)
    for second in range(1, 51):
        talk.hears(second, numerics(second, 1))
    assert any(is_push(data) for data in talk.sent(50.6))
    assert talk.hears(51, numerics(51, 1)) != []  # the new one has not begun
    assert talk.hears(51.5, numerics(51.5, 2)) != []
    assert talk.hears(52, numerics(52, 1)) == []
    assert talk.hears(52.5, numerics(52.5, 2)) != []


def test_the_same_moment_in_two_polls_is_one_reading() -> None:
    talk = Talk()
    talk.let_in(0)
    talk.sent(0.5)
    assert len(talk.hears(1, numerics(1, 1), numerics(1, 1))) == 1


def test_an_error_in_answer_to_the_push_makes_it_ask_by_itself_each_second() -> None:
    talk = Talk()
    talk.let_in(0)
    push, _ = talk.sent(0.5)
    talk.hears(0.6, error(invoke_of(push)))
    times = []
    for step in range(10, 100):
        second = step / 16
        for data in talk.sent(second):
            if data[32:34] == b"\0\x06":
                assert not is_push(data)
                times.append(second)
                number = int.from_bytes(data[28:30], "big")
                assert talk.hears(second, numerics(second, number, extended=False))
    assert times == [0.625, 1.625, 2.625, 3.625, 4.625, 5.625]


def test_a_push_that_is_never_answered_is_given_up() -> None:
    talk = Talk()
    talk.let_in(0)
    asked = []
    for step in range(1, 12 * 4):
        second = step / 4
        for data in talk.sent(second):
            if data[32:34] == b"\0\x06":
                asked.append((second, is_push(data)))
            else:
                talk.hears(second, alarms([], []))
    assert asked[:4] == [(0.5, True), (3.5, True), (6.5, False), (7.5, False)]


def test_what_was_granted_decides_how_it_polls() -> None:
    accept = user("accept")
    # no numerics each second: the poll profile's extension grants only averages
    averages = framed(accept.replace(b"\xf0\x01\x00\x08\x88", b"\xf0\x01\x00\x08\x40"))
    slow = framed(accept.replace(b"\x00\x00\x1f\x40", b"\x00\x00\x5d\xc0"))  # 3 s
    for frame, push, gap in ((averages, False, 1.0), (slow, True, 3.0)):
        talk = Talk()
        talk.let_in(0, frame)
        first, _ = talk.sent(0.5)
        assert is_push(first) == push
        if push:
            talk.hears(0.5, error(invoke_of(first)))
            talk.sent(0.5)
        times = [
            s / 2 for s in range(2, 14) if any(d[32:34] == b"\0\x06" for d in talk.sent(s / 2))
        ]
        assert times[0] == 0.5 + gap if push else times[0] == 1.5
        talk.hears(3, numerics(3, 1))


def test_a_monitor_without_an_alarm_list_is_kept_alive_by_the_static_group() -> None:
    talk = Talk()
    talk.let_in(0)
    _, watch = talk.sent(0.5)
    talk.hears(0.5, error(invoke_of(watch)))
    times = []
    for second in range(1, 20):
        talk.hears(second, numerics(second, 1))
        for data in talk.sent(second):
            assert data[32:36] == bytes.fromhex("0036 0811")
            times.append(second)
    assert times == [3, 7, 11, 15, 19]


def test_a_refusal_is_told_once_and_it_waits_ten_seconds_each_time() -> None:
    talk = Talk()
    talk.sent(0)
    assert talk.sent(0.3) == [association_request()]
    for turn in range(6):
        second = 0.4 + 10.0 * turn
        outputs = talk.hears(second, REFUSED)
        assert kinds(outputs) == (["refused"] if turn == 0 else [])
        assert talk.sent(second + 9.9) == []
        assert talk.sent(second + 10) == [association_request()]
    assert "another program" in talk.said()[0]
    talk.let_in(70)
    talk.sent(71)
    talk.hears(72, numerics(72, 1))
    talk.hears(73, VECTORS["abort"])
    assert "ended the connection" in talk.said()[1]


def test_a_refusal_that_crossed_with_the_acceptance_changes_nothing() -> None:
    talk = Talk()
    talk.let_in(0)
    assert talk.hears(0.1, REFUSED) == []
    assert len(talk.sent(0.6)) == 2


def test_an_abort_or_a_release_by_the_monitor_begins_anew() -> None:
    for frame, words in ((VECTORS["abort"], 1), (RELEASED, 0)):
        talk = Talk()
        talk.let_in(0)
        talk.sent(1)
        talk.hears(1, frame)
        assert len(talk.said()) == words
        assert talk.sent(2.9) == []
        assert talk.sent(3.0) == [association_request()]


def test_silence_of_five_seconds_begins_anew() -> None:
    talk = Talk()
    talk.let_in(0)
    talk.sent(0.5)
    talk.hears(10, numerics(10, 1))  # it went on for so long
    talk.sent(10)
    assert ABORT not in [framed(data) for data in talk.sent(14.9)]
    assert [framed(data) for data in talk.sent(15.0)] == [ABORT]
    assert [framed(data) for data in talk.sent(15.3)] == [REQUEST]


def test_an_introduction_that_never_comes_begins_anew() -> None:
    talk = Talk()
    talk.sent(0)
    talk.hears(0.5, VECTORS["accept"])
    talk.hears(4, VECTORS["pollres"])
    assert talk.decoder.wait(after(4)) == 1.5
    assert [framed(data) for data in talk.sent(5.5)] == [ABORT]


def test_an_introduction_is_answered_though_the_acceptance_was_lost() -> None:
    talk = Talk()
    talk.sent(0)
    talk.hears(0.5, VECTORS["mdscreate"])
    assert talk.sent(0.5) == [user("mdsresult")]
    assert len(talk.sent(1)) == 2
    talk.hears(1, VECTORS["mdscreate"])  # it did not hear us
    assert talk.sent(1) == [user("mdsresult")]


def test_answers_to_others_are_read_by_one_that_only_listens() -> None:
    listener = IntellivueDecoder("bp")
    listener.connected(after(0))
    outputs = []
    for second in range(120):
        frame = answer(
            one(0x4822, 60 + second % 40, BPM), number=second % 3, ticks=second, extended=True
        )
        outputs += listener.feed(VECTORS["mdscreate"] + frame, after(second))
    assert len(all_values(outputs)) == 120
    assert listener.frames == 240


def test_requests_that_come_back_are_nobodys_frames() -> None:
    talk = Talk()
    for step in range(40):
        for data in talk.sent(step / 4):
            assert talk.hears(step / 4, framed(data)) == []
    assert talk.decoder.frames == 0
