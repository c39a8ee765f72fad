"""The reader over a real pseudo-terminal: pulled cables, other names, garbage, silence, bugs."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from devices.capture import CaptureWriter, read_capture
from devices.checksums import dinamap_checksum
from devices.drivers.ge_dri import request as dri_request
from devices.metrics import NIBP_DIA, NIBP_SYS
from devices.plausibility import judged
from devices.port import PortError, PortFinder, PortInfo
from devices.reader import PortReader, Tap
from devices.reading import DeviceEvent, LinkState, LinkStatus, Reading
from devices.registry import driver
from devices.replay import replay
from devices.spec import Command, DriverSpec, Output
from ketamonitor.clock import SteadyClock
from tests.devices.test_ge_dri import GOOD
from tests.devices.wire import FarEnd, Inbox, values

DINAMAP = driver("dinamap")
SPEED = 20.0


class Dinamap:
    """A far end that answers as the sheet says, with the pressures and age it is given."""

    def __init__(self) -> None:
        self.nibp = "19999000000000"
        self.pressed = 0
        self.cancelled = 0
        self.heard = b""
        self.mute = False
        self._waiting = b""

    def __call__(self, sent: bytes) -> bytes:
        self.heard += sent
        if self.mute:
            return b""
        *lines, self._waiting = (self._waiting + sent).split(b"\r")
        return b"".join(self._answer(line[1:3].decode()) for line in lines if line)

    def _answer(self, pair: str) -> bytes:
        if pair == "NC":
            self.pressed += 1
        self.cancelled += pair == "ND"
        text = {
            "NA": f" NA{self.nibp[0]}10{self.nibp[1:]}",
            "OA": " OA1098705",
            "RA": " RA2072",
            "RC": " RC3071",
            "NC": " NC",
            "ND": " ND",
        }[pair].encode()
        return text + dinamap_checksum(text) + b"\r"


def mute(sent: bytes) -> bytes:
    return b""


@dataclass
class Bench:
    far: FarEnd
    inbox: Inbox
    reader: PortReader


@contextmanager
def bench(
    tmp_path: Path,
    answer: Callable[[bytes], bytes],
    spec: DriverSpec = DINAMAP,
    tap: Tap | None = None,
    finder: PortFinder | None = None,
    *,
    listen_only: bool = False,
) -> Iterator[Bench]:
    inbox = Inbox()
    name = tmp_path / "ttyUSB0"
    with FarEnd(name, answer) as far:
        clock = SteadyClock(SPEED)
        reader = PortReader(
            spec, spec.name, str(name), clock, inbox, tap, finder, listen_only=listen_only
        )
        reader.start()
        try:
            yield Bench(far, inbox, reader)
        finally:
            reader.stop()


def test_from_connecting_to_readings(tmp_path: Path) -> None:
    with bench(tmp_path, Dinamap()) as b:
        assert values(b.inbox.reading("pulse")) == {"pulse": 72}
        assert values(b.inbox.reading("spo2")) == {"spo2": 98}
        assert b.reader.opened.result() is None
        heard, at = b.reader.recent
        assert b" OA1098705" in heard
        assert at is not None
        assert b.inbox.states() == [
            LinkState.CONNECTING,
            LinkState.IDENTIFYING,
            LinkState.CONNECTED,
        ]
    assert not b.reader.is_alive()


def test_a_cable_pulled_and_back_under_the_same_name(tmp_path: Path) -> None:
    with bench(tmp_path, Dinamap()) as b:
        b.inbox.reading("pulse")
        b.far.pull()
        lost = b.inbox.state(LinkState.LOST)
        assert "check the cable" in lost.reason
        b.far.plug(tmp_path / "ttyUSB0")
        b.inbox.state(LinkState.IDENTIFYING)
        b.inbox.reading("pulse")
        assert b.inbox.states().count(LinkState.LOST) == 1


def test_a_cable_back_under_another_name(tmp_path: Path) -> None:
    first, second = tmp_path / "ttyUSB0", tmp_path / "ttyUSB3"
    ours = PortInfo(str(first), "adapter", 1, 2, "OURS")
    other = PortInfo(str(first), "adapter", 1, 2, "OTHER")
    ports = [ours]
    with bench(tmp_path, Dinamap(), finder=PortFinder(str(first), lambda: list(ports))) as b:
        b.inbox.reading("pulse")
        ports[:] = [other]
        b.far.pull()
        b.inbox.state(LinkState.LOST)
        b.far.plug(second)
        ports.append(replace(ours, device=str(second)))
        assert b.inbox.state(LinkState.CONNECTED).port == str(second)
        b.inbox.reading("pulse")


def test_a_result_measured_while_the_cable_was_out_is_there_once(tmp_path: Path) -> None:
    monitor = Dinamap()
    monitor.nibp = "10000128079095"
    with bench(tmp_path, monitor) as b:
        first = b.inbox.reading("nibp_sys")
        assert b.inbox.reading("nibp_pulse").measured_at == first.measured_at
        b.far.pull()
        b.inbox.state(LinkState.LOST)
        # a moment of the computer is many seconds of the session: wait until 8 of them passed
        clock = threading.Event()
        clock.wait(0.4)
        monitor.nibp = "10001150090110"
        b.far.plug(tmp_path / "ttyUSB0")
        assert values(b.inbox.reading("nibp_sys"))["nibp_sys"] == 150
        for _ in range(3):
            b.inbox.reading("pulse")
        cuffs = [o for o in b.inbox.seen if isinstance(o, Reading) and "nibp_sys" in values(o)]
        assert len(cuffs) == 2


def test_a_silent_monitor_is_said_once_and_found_again(tmp_path: Path) -> None:
    monitor, on = Dinamap(), threading.Event()
    with bench(tmp_path, lambda sent: monitor(sent) if on.is_set() else b"") as b:
        silent = b.inbox.state(LinkState.SILENT)
        assert "nothing from the monitor for 10 s" in silent.reason
        on.set()
        b.inbox.state(LinkState.CONNECTED)
        b.inbox.reading("pulse")
        on.clear()
        b.inbox.state(LinkState.SILENT)


def test_garbage_is_silence_with_another_reason(tmp_path: Path) -> None:
    with bench(tmp_path, lambda sent: bytes(range(256))) as b:
        silent = b.inbox.state(LinkState.SILENT)
        assert "9600 8N1" in silent.reason
        assert not [o for o in b.inbox.seen if isinstance(o, Reading)]


def test_a_monitor_of_which_no_reading_comes_is_told(tmp_path: Path) -> None:
    class Mute:
        """Good frames, and never a reading."""

        pending = 0

        def __init__(self, source: str) -> None:
            self.frames = 0

        def feed(self, data: bytes, now: datetime) -> list[Output]:
            self.frames += 1
            return []

        def outgoing(self, now: datetime) -> bytes:
            return b"?"

        def wait(self, now: datetime) -> float:
            return 1.0

        def connected(self, now: datetime) -> None: ...

        def command(self, command: Command) -> None: ...

    spec = replace(DINAMAP, decoder=Mute, commands=frozenset())
    with bench(tmp_path, lambda sent: b"x", spec) as b:
        told = b.inbox.until(
            lambda one: isinstance(one, LinkStatus) and "no reading has come" in one.reason
        )
        assert isinstance(told, LinkStatus)
        assert told.state is LinkState.CONNECTED
    # of a cuff that is not used nothing comes, and that is no fault
    quiet = replace(spec, metrics=(NIBP_SYS, NIBP_DIA))
    other = tmp_path / "other"
    other.mkdir()
    with bench(other, lambda sent: b"x", quiet) as b:
        b.inbox.state(LinkState.CONNECTED)
    assert not [o for o in b.inbox.seen if isinstance(o, LinkStatus) and "no reading" in o.reason]


def test_the_stream_of_another_monitor_gives_nothing(tmp_path: Path) -> None:
    with bench(tmp_path, lambda sent: GOOD) as b:
        b.inbox.state(LinkState.SILENT)
        assert not [o for o in b.inbox.seen if isinstance(o, Reading | DeviceEvent)]


def test_a_pushing_monitor_gets_its_request(tmp_path: Path) -> None:
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def answer(sent: bytes) -> bytes:
        asked.put(sent)
        return GOOD

    with bench(tmp_path, answer, driver("ge-dri")) as b:
        assert values(b.inbox.reading("spo2"))["spo2"] == 97.5
        assert values(b.inbox.reading("nibp_sys"))["nibp_sys"] == 128
        assert asked.get(timeout=60) == dri_request()


def test_doubtful_values_come_with_their_flags(tmp_path: Path) -> None:
    monitor = Dinamap()
    monitor.nibp = "10000128079-02"
    with bench(tmp_path, monitor) as b:
        assert b.inbox.reading("nibp_map").flags == ("implausible:nibp_map",)


def test_a_command_reaches_the_monitor(tmp_path: Path) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        b.reader.command(Command.START_NIBP)
        b.inbox.reading("pulse")
        b.inbox.reading("pulse")
        assert monitor.pressed == 1


def test_a_second_start_is_refused_in_words_and_not_sent(tmp_path: Path) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        b.reader.command(Command.START_NIBP)
        b.reader.command(Command.START_NIBP)
        said = b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "refused")
        assert isinstance(said, DeviceEvent)
        assert "just been asked" in said.text
        b.inbox.reading("pulse")
        b.inbox.reading("pulse")
        assert monitor.pressed == 1


def test_leaving_stops_a_cuff_that_inflates_for_us(tmp_path: Path) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        b.reader.command(Command.START_NIBP)
        b.inbox.reading("pulse")
        monitor.nibp = "09999000000000"
        b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "nibp_measuring")
        assert monitor.cancelled == 0
    assert monitor.cancelled == 1


def test_leaving_does_not_stop_what_the_monitor_began_by_itself(tmp_path: Path) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        monitor.nibp = "09999000000000"
        b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "nibp_measuring")
    assert monitor.cancelled == 0


def test_a_break_during_our_reading_stops_the_cuff_first_thing(tmp_path: Path) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        b.reader.command(Command.START_NIBP)
        monitor.nibp = "09999000000000"
        b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "nibp_measuring")
        b.far.pull()
        b.inbox.state(LinkState.LOST)
        monitor.heard = b""
        b.far.plug(tmp_path / "ttyUSB0")
        said = b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "nibp_failed")
        assert isinstance(said, DeviceEvent)
        assert "told to stop" in said.text
        b.inbox.reading("pulse")
        assert monitor.cancelled == 1
        assert monitor.heard.startswith(b"\r ND")
        assert monitor.pressed == 1


@pytest.mark.parametrize(("ours", "cancelled"), [(True, 1), (False, 0)])
def test_a_cable_out_at_the_monitor_s_end_stops_our_cuff_when_it_is_back(
    tmp_path: Path, ours: bool, cancelled: int
) -> None:
    """The adapter stays plugged in, so the port is never lost: the monitor only falls silent."""
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        if ours:
            b.reader.command(Command.START_NIBP)
        monitor.nibp = "09999000000000"
        b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "nibp_measuring")
        monitor.mute = True
        b.inbox.state(LinkState.SILENT)
        monitor.mute = False
        b.inbox.state(LinkState.CONNECTED)
        for _ in range(3):
            b.inbox.reading("pulse")
        assert monitor.cancelled == cancelled


def test_the_interval_announces_starts_and_ends(tmp_path: Path) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        b.reader.every(timedelta(minutes=1))
        b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "nibp_announced")
        assert monitor.pressed == 0
        b.reader.every(None)
        b.reader.every(timedelta(minutes=1))
        b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "nibp_announced")
        for _ in range(14):
            b.inbox.reading("pulse")
        assert monitor.pressed == 1


def test_who_only_listens_sends_nothing_and_hears_what_another_program_asks(
    tmp_path: Path,
) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor, listen_only=True) as b:
        b.inbox.state(LinkState.IDENTIFYING)
        b.far.send(monitor._answer("OA") + monitor._answer("RA"))
        assert values(b.inbox.reading("spo2")) == {"spo2": 98}
        assert values(b.inbox.reading("pulse")) == {"pulse": 72}
        with pytest.raises(ValueError, match="only listened to"):
            b.reader.command(Command.START_NIBP)
        with pytest.raises(ValueError, match="only listened to"):
            b.reader.every(timedelta(minutes=5))
    assert monitor.heard == b""


def test_a_monitor_that_seldom_speaks_is_never_called_silent_but_rubbish_is_told(
    tmp_path: Path,
) -> None:
    with bench(tmp_path, mute, driver("omron")) as b:
        b.inbox.state(LinkState.IDENTIFYING)
        b.far.send(b"\xf8\x80" * 60)
        with pytest.raises(queue.Empty):
            b.inbox.until(lambda o: isinstance(o, LinkStatus), seconds=1.0)
        b.far.send(b"\xf8\x80" * 60)
        assert "what arrives is not omron" in b.inbox.state(LinkState.SILENT).reason
        record = "2026,11,23,10,15,12345               ,0,128,079,072,0\r\n"
        b.far.send(record.encode())
        b.inbox.state(LinkState.CONNECTED)
        assert values(b.inbox.reading("nibp_sys"))["nibp_sys"] == 128


def test_a_command_without_a_port_is_refused_and_not_kept(tmp_path: Path) -> None:
    monitor = Dinamap()
    with bench(tmp_path, monitor) as b:
        b.inbox.reading("pulse")
        b.far.pull()
        b.inbox.state(LinkState.LOST)
        b.reader.command(Command.START_NIBP)
        b.inbox.until(lambda o: isinstance(o, DeviceEvent) and o.kind == "refused")
        b.far.plug(tmp_path / "ttyUSB0")
        b.inbox.reading("pulse")
        b.inbox.reading("pulse")
        assert monitor.pressed == 0


def test_a_monitor_that_takes_no_commands_says_so_at_once() -> None:
    reader = PortReader(driver("ge-dri"), "ge", "/dev/none", SteadyClock(), Inbox())
    with pytest.raises(ValueError, match="takes no command"):
        reader.command(Command.START_NIBP)
    reader.stop()


def test_a_port_that_is_not_there_is_tried_until_it_is(tmp_path: Path) -> None:
    inbox = Inbox()
    name = tmp_path / "ttyUSB0"
    reader = PortReader(DINAMAP, "bp", str(name), SteadyClock(SPEED), inbox)
    reader.start()
    assert "does not exist" in inbox.state(LinkState.LOST).reason
    assert isinstance(reader.opened.exception(timeout=60), PortError)
    with FarEnd(name, Dinamap()):
        inbox.reading("pulse")
        reader.stop()


class Faulty:
    """A decoder with a bug, behind the interface of the real one."""

    made = 0

    def __init__(self, source: str) -> None:
        type(self).made += 1
        self._real = DINAMAP.decoder(source)
        self._breaks = type(self).made == 1

    def feed(self, data: bytes, now: datetime) -> list[Output]:
        if self._breaks:
            raise KeyError("Doe, Jane")
        return self._real.feed(data, now)

    def outgoing(self, now: datetime) -> bytes:
        return self._real.outgoing(now)

    def wait(self, now: datetime) -> float:
        return self._real.wait(now)

    def command(self, command: Command) -> None:
        self._real.command(command)

    def connected(self, now: datetime) -> None:
        self._real.connected(now)

    @property
    def pending(self) -> int:
        return self._real.pending

    @property
    def frames(self) -> int:
        return self._real.frames


def test_a_bug_in_a_decoder_is_said_and_reading_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Faulty.made = 0
    with (
        caplog.at_level(logging.INFO),
        bench(tmp_path, Dinamap(), replace(DINAMAP, decoder=Faulty)) as b,
    ):
        assert b.inbox.state(LinkState.LOST).reason == "decoder fault: KeyError"
        b.inbox.reading("pulse")
    assert Faulty.made == 2
    assert "decoder fault in dinamap: KeyError" in caplog.text
    assert "Jane" not in caplog.text


def test_live_and_replayed_are_identical(tmp_path: Path) -> None:
    file = tmp_path / "live.jsonl"
    clock = SteadyClock()
    monitor = Dinamap()
    inbox = Inbox()
    writer = CaptureWriter(file, "dinamap", "/dev/ttyUSB0", clock.now())
    with FarEnd(tmp_path / "ttyUSB0", monitor) as far:
        reader = PortReader(DINAMAP, "dinamap", str(far.name), clock, inbox, writer)
        reader.start()
        inbox.reading("pulse")
        monitor.nibp = "00000128079095"
        reader.command(Command.START_NIBP)
        inbox.until(lambda o: isinstance(o, DeviceEvent))
        monitor.nibp = "10000128079-02"
        inbox.reading("nibp_pulse")
        far.pull()
        inbox.state(LinkState.LOST)
        far.plug(far.name)
        inbox.reading("spo2")
        reader.stop()
    writer.close()
    with pytest.raises(queue.Empty):  # what was delivered after the last look
        inbox.until(lambda o: False, 0.01)
    capture = read_capture(file)
    live = [o for o in inbox.seen if not isinstance(o, LinkStatus)]
    assert list(replay(DINAMAP, capture.pieces)) == live
    assert len([o for o in live if isinstance(o, Reading)]) > 5
    assert live == [judged(replace(o, flags=())) if isinstance(o, Reading) else o for o in live]


def test_stop_is_at_once_in_every_state(tmp_path: Path) -> None:
    never_started = PortReader(DINAMAP, "bp", "/dev/none", SteadyClock(), Inbox())
    never_started.stop()
    # A busy computer is late, but not each time.
    assert min(stopping(tmp_path) for _ in range(3)) < 2


def stopping(tmp_path: Path) -> float:
    """Seconds that it takes to stop a reader that waits for its port and one that identifies."""
    clock = SteadyClock()
    inbox = Inbox()
    waiting = PortReader(DINAMAP, "bp", str(tmp_path / "none"), clock, inbox)
    waiting.start()
    inbox.state(LinkState.LOST)
    began = clock.now()
    waiting.stop()
    with FarEnd(tmp_path / "ttyUSB0", mute) as far:
        reading = PortReader(driver("ge-dri"), "ge", str(far.name), clock, inbox)
        reading.start()
        inbox.state(LinkState.IDENTIFYING)
        reading.stop()
    took = (clock.now() - began).total_seconds()
    assert not waiting.is_alive()
    assert not reading.is_alive()
    return took
