"""The nurse-call lamp: the line follows what is wanted, and whatever fails is said in words."""

from __future__ import annotations

import errno
import os
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import serial

from devices.lamp import Lamp, LampLine, LampState, Lines, open_lines
from devices.port import PortFinder, PortInfo, same_port
from tests.fakes import ManualClock
from tests.processes import ran
from tests.waits import until

PORT = "/dev/ttyUSB7"


class FakeLines:
    """A port that keeps what its lines were set to, and fails when it is told to."""

    def __init__(self) -> None:
        self.log: list[tuple[str, bool]] = []
        self.fault: OSError | None = None
        self.closed = False

    def _set(self, line: str, active: bool) -> None:
        if self.fault is not None:
            raise self.fault
        self.log.append((line, active))

    def now(self, line: str) -> bool:
        return next(active for name, active in reversed(self.log) if name == line)

    rts = property(lambda self: self.now("rts"), lambda self, active: self._set("rts", active))
    dtr = property(lambda self: self.now("dtr"), lambda self, active: self._set("dtr", active))

    def close(self) -> None:
        self.closed = True


class FakePort:
    """What the lamp opens: gives lines, or a fault, or hangs until it is let go."""

    def __init__(self) -> None:
        self.opened: list[FakeLines] = []
        self.tries = 0
        self.fault: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, url: str) -> Lines:
        self.tries += 1
        self.go_on.wait()
        if self.fault is not None:
            raise self.fault
        self.opened.append(FakeLines())
        return self.opened[-1]

    @property
    def lines(self) -> FakeLines:
        return self.opened[-1]


class Bench:
    """A clock, a port, and lamps that are closed at the end."""

    def __init__(self, stack: ExitStack) -> None:
        self.clock = ManualClock()
        self.port = FakePort()
        self._stack = stack

    def lamp(self, line: LampLine = LampLine.RTS, *, normally_on: bool = False) -> Lamp:
        made = Lamp(
            PORT,
            line,
            self.clock,
            normally_on=normally_on,
            opener=self.port,
            finder=PortFinder(PORT, list),
        )
        self._stack.callback(made.close)
        self._stack.callback(self.port.go_on.set)
        return made

    def pass_s(self, lamp: Lamp, seconds: int) -> None:
        """So many seconds, with the tick of each."""
        for _ in range(seconds):
            lamp.tick(self.clock.advance(1))


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(stack)


def ready(lamp: Lamp) -> None:
    until(lambda: lamp.state.word == "ready")


# What is wanted ------------------------------------------------------------------------------


@pytest.mark.parametrize("line", list(LampLine))
def test_one_line_follows_what_is_wanted_and_the_other_stays_inactive(
    bench: Bench, line: LampLine
) -> None:
    lamp = bench.lamp(line)
    other = "dtr" if line is LampLine.RTS else "rts"
    ready(lamp)
    lines = bench.port.lines
    assert lines.log[:2] == [("rts", False), ("dtr", False)]
    assert lamp.lit is False
    for on in (True, False, True):
        lamp.want(on)
        until(lambda on=on: lamp.lit is on)  # type: ignore[misc]
        assert lines.now(line) is on
    lamp.close()
    assert (lines.now("rts"), lines.now("dtr"), lines.closed) == (False, False, True)
    assert all(not active for name, active in lines.log if name == other)
    assert lamp.state.word == "off"
    assert lamp.lit is None


def test_a_fail_safe_relay_is_energised_while_all_is_well(bench: Bench) -> None:
    lamp = bench.lamp(normally_on=True)
    ready(lamp)
    lines = bench.port.lines
    assert (lines.now("rts"), lamp.lit) == (True, False)
    lamp.want(True)
    until(lambda: lamp.lit is True)
    assert lines.now("rts") is False
    lamp.want(False)
    until(lambda: lamp.lit is False)
    lamp.close()
    assert lines.now("rts") is False


def test_a_fail_safe_relay_drops_when_nobody_watches_and_a_plain_lamp_does_nothing(
    bench: Bench,
) -> None:
    safe, plain = bench.lamp(normally_on=True), bench.lamp()
    for lamp in (safe, plain):
        ready(lamp)
    bench.clock.advance(5)
    until(lambda: safe.lit is True)
    assert plain.lit is False
    safe.tick(bench.clock.now())
    until(lambda: safe.lit is False)


def test_the_line_of_a_port_is_switched_for_real() -> None:
    """pyserial's ``loop://`` shows RTS as CTS and DTR as DSR."""
    opened: list[serial.Serial] = []

    def opener(url: str) -> Lines:
        lines = open_lines(url)
        assert isinstance(lines, serial.SerialBase)
        opened.append(lines)  # type: ignore[arg-type]
        return lines

    lamp = Lamp("loop://", LampLine.DTR, ManualClock(), opener=opener)
    try:
        ready(lamp)
        assert (opened[0].cts, opened[0].dsr) == (False, False)
        lamp.want(True)
        until(lambda: lamp.lit is True)
        assert (opened[0].cts, opened[0].dsr) == (False, True)
    finally:
        lamp.close()
    assert not opened[0].is_open


# What fails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (serial.SerialException(errno.ENOENT, "x"), f"port {PORT} does not exist"),
        (serial.SerialException(errno.EBUSY, "x"), f"port {PORT} is in use"),
        (serial.SerialException(errno.EACCES, "x"), f"no permission to use port {PORT}"),
        (OSError(errno.EIO, "x"), f"nothing answers behind port {PORT}"),
        (ValueError("x"), f"{PORT} is not a serial port"),
    ],
)
def test_a_port_that_cannot_be_opened_is_said_and_tried_again_each_three_seconds(
    bench: Bench, fault: Exception, says: str
) -> None:
    bench.port.fault = fault
    lamp = bench.lamp()
    lamp.want(True)
    until(lambda: lamp.state.word == "failed")
    assert says in lamp.state.reason
    assert "\n" not in lamp.state.reason
    assert lamp.lit is None
    bench.pass_s(lamp, 2)
    assert bench.port.tries == 1
    bench.port.fault = None
    bench.pass_s(lamp, 1)
    ready(lamp)
    until(lambda: lamp.lit is True)
    assert bench.port.tries == 2
    assert bench.port.lines.now("rts") is True


def test_an_adapter_pulled_is_noticed_without_a_change_and_comes_back_as_wanted(
    bench: Bench,
) -> None:
    lamp = bench.lamp()
    lamp.want(True)
    until(lambda: lamp.lit is True)
    first = bench.port.lines
    first.fault = OSError(errno.EIO, "x")
    lamp.tick(bench.clock.advance(1))
    until(lambda: lamp.state.word == "failed")
    assert "of the lamp is gone: plug the adapter in again" in lamp.state.reason
    assert first.closed
    bench.pass_s(lamp, 3)
    ready(lamp)
    assert bench.port.lines is not first
    until(lambda: lamp.lit is True)


def test_an_adapter_is_found_again_under_another_name() -> None:
    names = ["/dev/ttyUSB7"]

    def ports() -> list[PortInfo]:
        return [PortInfo(name, "", 0x0403, 0x6001, "FT1") for name in names]

    asked: list[str] = []
    made = FakePort()

    def opener(url: str) -> Lines:
        asked.append(url)
        return made(url)

    clock = ManualClock()
    lamp = Lamp(PORT, LampLine.RTS, clock, opener=opener, finder=PortFinder(PORT, ports))
    try:
        ready(lamp)
        made.lines.fault = OSError(errno.EIO, "x")
        names[:] = []
        lamp.tick(clock.advance(1))
        until(lambda: lamp.state.word == "failed")
        lamp.tick(clock.advance(3))
        until(lambda: "is not plugged in" in lamp.state.reason)
        names[:] = ["/dev/ttyUSB9"]
        lamp.tick(clock.advance(3))
        ready(lamp)
    finally:
        lamp.close()
    assert asked == [PORT, "/dev/ttyUSB9"]


def test_a_driver_that_hangs_holds_nobody_and_is_said(bench: Bench) -> None:
    bench.port.go_on.clear()
    lamp = bench.lamp()
    until(lambda: bench.port.tries == 1)
    for on in (True, False) * 500:
        lamp.want(on)  # nothing piles up behind it, and the last one counts
    lamp.want(True)
    bench.pass_s(lamp, 2)
    assert lamp.state.word == "off"
    bench.pass_s(lamp, 1)
    assert lamp.state.word == "failed"
    assert f"the driver of port {PORT} does not answer" in lamp.state.reason
    bench.port.go_on.set()
    until(lambda: bool(bench.port.opened))
    until(lambda: bench.port.lines.log[-1] == ("rts", True))
    lamp.tick(bench.clock.advance(1))
    ready(lamp)


def test_closing_does_not_wait_for_a_driver_that_hangs_and_the_line_is_released_after(
    bench: Bench,
) -> None:
    lamp = bench.lamp()
    lamp.want(True)
    until(lambda: lamp.lit is True)
    bench.port.go_on.clear()
    bench.port.lines.fault = OSError(errno.EIO, "x")
    lamp.tick(bench.clock.advance(1))
    until(lambda: lamp.state.word == "failed")
    lamp.tick(bench.clock.advance(3))
    until(lambda: bench.port.tries == 2)
    lamp.close()
    assert "could not be released" in lamp.state.reason
    bench.port.go_on.set()
    until(lambda: len(bench.port.opened) == 2 and bench.port.lines.closed)
    assert ("rts", True) not in bench.port.lines.log


def test_a_fault_of_our_own_does_not_look_like_a_lamp(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda fault: told.append(fault.exc_type))
    bench.port.fault = KeyError("odd")
    lamp = bench.lamp()
    until(lambda: told == [KeyError])

    def noticed() -> bool:
        lamp.tick(bench.clock.now())
        return lamp.state.word == "failed"

    until(noticed)
    assert lamp.state == LampState("failed", "a fault of the program ended the lamp: restart it")


def test_a_pseudo_terminal_has_no_lines() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    clock = ManualClock()
    lamp = Lamp(os.ttyname(slave), LampLine.RTS, clock)
    try:
        until(lambda: lamp.state.word == "failed")
        assert "has no RTS and DTR lines" in lamp.state.reason
        assert "choose a real serial port" in lamp.state.reason
    finally:
        lamp.close()
        os.close(slave)
        os.close(master)


@pytest.mark.parametrize("port", ["socket://127.0.0.1:5000", "listen://0.0.0.0:5000", "x://y"])
def test_a_network_port_is_no_lamp(port: str) -> None:
    with pytest.raises(ValueError, match="has no RTS or DTR line"):
        Lamp(port, LampLine.RTS, ManualClock())


def test_no_third_line() -> None:
    with pytest.raises(ValueError, match="txd"):
        Lamp(PORT, "txd", ManualClock())  # type: ignore[arg-type]


def test_a_program_that_ends_without_closing_releases_the_line(tmp_path: Path) -> None:
    """In a process of its own: nobody calls ``close``."""
    log = tmp_path / "log"
    code = f"""
import threading
from devices.lamp import Lamp, LampLine
from ketamonitor.clock import SteadyClock

lit = threading.Event()

class Lines:
    def __setattr__(self, name, active):
        with open({str(log)!r}, "a") as file:
            file.write(f"{{name}} {{active}}\\n")
        if active:
            lit.set()
    def close(self):
        with open({str(log)!r}, "a") as file:
            file.write("closed\\n")

lamp = Lamp("loop://", LampLine.RTS, SteadyClock(), opener=lambda url: Lines())
lamp.want(True)
assert lit.wait(60)
"""
    done = ran([sys.executable, "-W", "error", "-c", code])
    assert (done.returncode, done.stderr) == (0, "")
    assert log.read_text().splitlines()[-3:] == ["rts False", "dtr False", "closed"]


def test_the_same_port_by_other_names(tmp_path: Path) -> None:
    real, link = tmp_path / "ttyUSB0", tmp_path / "by-id"
    real.touch()
    link.symlink_to(real)
    assert same_port(str(real), str(link))
    assert same_port(f"spy://{link}?file=x", str(real))
    assert same_port("socket://HOST:1", "socket://host:1")
    assert not same_port(str(real), str(tmp_path / "ttyUSB1"))
    assert not same_port("socket://host:1", "socket://host:2")
