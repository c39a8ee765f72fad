"""A port that is left unread because nobody can take more, and one that was left alone for long."""

from __future__ import annotations

import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime

import pytest

from devices.port import UNREAD
from devices.reader import PortReader
from devices.reading import LinkState, LinkStatus, Reading
from devices.registry import driver
from devices.spec import Output
from ketamonitor.clock import SteadyClock
from ketamonitor.inbox import LANE_BOUND, Inbox, Submission
from tests.processes import started
from tests.served import served

WAIT = 20.0
MESSAGE = (
    "\x0bMSH|^~\\&|GW|ICU|||20261201000000||ORU^R01|{n}|P|2.6\rPID|||\rOBR|1||||||20261201000000\r"
    "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||97|262688^MDC_DIM_PERCENT^MDC|||||R\r\x1c\r"
)


class Held:
    """A reader at a TCP sender whose lane nobody empties before :meth:`take`."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        number = self.listener.getsockname()[1]
        self.inbox = Inbox()
        self.lane = self.inbox.lane("s", "gw")
        self.arrived: list[Output | LinkStatus] = []
        self.news: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.reader = PortReader(
            driver("hl7"),
            "gw",
            f"socket://127.0.0.1:{number}",
            SteadyClock(),
            self._deliver,
            room=self.lane,
        )
        self.reader.start()
        self.sender, _ = self.listener.accept()

    def _deliver(self, output: Output | LinkStatus) -> None:
        self.arrived.append(output)
        self.lane.put(Submission("s", (), Future(), SteadyClock().now()))
        self.news.put(output)

    def flood(self) -> int:
        """Sends until no more is taken: how many messages that were."""
        self.sender.settimeout(1.0)
        sent, text = 0, "".join(MESSAGE.format(n=n) for n in range(100)).encode()
        try:
            while True:
                self.sender.sendall(text)
                sent += 100
        except TimeoutError:
            return sent

    def until(self, seen: Callable[[object], bool]) -> object:
        while True:
            if seen(found := self.news.get(timeout=WAIT)):
                return found

    def close(self) -> None:
        self.reader.stop()
        self.sender.close()
        self.listener.close()


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.close()


def test_a_full_lane_holds_the_sender_back_and_what_it_sent_is_read_in_order_later(
    held: Held,
) -> None:
    sent = held.flood()
    assert sent > LANE_BOUND
    # One piece of the line may have been under way when the lane became full.
    assert len(held.lane) < LANE_BOUND + 40
    assert held.reader.is_alive()
    before = len(held.arrived)
    while held.inbox.take(1.0) is not None:
        pass
    assert len(held.arrived) > before, "half of the lane was free: it reads again"
    assert all(isinstance(o, Reading | LinkStatus) for o in held.arrived)
    states = [o.state for o in held.arrived if isinstance(o, LinkStatus)]
    assert LinkState.SILENT not in states
    assert LinkState.LOST not in states


def test_a_reader_that_is_held_back_stops_at_once(held: Held) -> None:
    held.flood()
    stopper = threading.Thread(target=held.reader.stop)
    stopper.start()
    stopper.join(2.0)
    assert not stopper.is_alive()


def test_a_reader_that_is_held_back_notices_that_its_line_broke(held: Held) -> None:
    held.flood()
    held.sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    held.sender.close()  # with an abort, as a gateway that loses its power and comes back
    lost = held.until(lambda o: isinstance(o, LinkStatus) and o.state is LinkState.LOST)
    assert isinstance(lost, LinkStatus)
    # What the system had taken in before is read to its end, and that is little.
    assert len(held.lane) < LANE_BOUND + 2 * UNREAD // len(MESSAGE) + 80


#: A reader in a process of its own, so that it can be stopped as a whole.
READING = """
import sys
from devices.reader import PortReader
from devices.reading import DeviceEvent, LinkStatus
from devices.registry import driver
from ketamonitor.clock import SteadyClock
def deliver(output):
    if isinstance(output, DeviceEvent):
        print("event", output.kind, output.text, flush=True)
    elif not isinstance(output, LinkStatus):
        print("reading", output.received_at.isoformat(), flush=True)
def tap(direction, data, at):
    if direction in ("stale", "open"):
        print(direction, len(data), flush=True)
reader = PortReader(driver("nonin"), "ox", sys.argv[1], SteadyClock(), deliver, tap)
reader.start()
reader.join()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signals here")
def test_after_a_standstill_what_came_meanwhile_is_kept_and_is_no_value() -> None:
    with (
        served("nonin") as monitor,
        started([sys.executable, "-c", READING, monitor.name]) as reading,
    ):
        assert reading.stdout is not None
        lines = iter(reading.stdout.readline, "")
        assert next(lines) == "open 0\n"
        assert next(line for line in lines if line.startswith("reading"))
        os.kill(reading.pid, signal.SIGSTOP)
        stopped = SteadyClock().now()
        nobody = threading.Event()
        nobody.wait(4.5)  # it is the time itself that is tried: longer than a wait can take
        woken = SteadyClock().now()
        os.kill(reading.pid, signal.SIGCONT)
        told = [next(lines)]
        while not told[-1].startswith("open"):
            told.append(next(lines))
        kept = next(int(line.split()[1]) for line in told if line.startswith("stale"))
        assert kept > 0
        event = next(line for line in told if line.startswith("event not_taken"))
        assert f"{kept} bytes" in event
        after = next(line for line in lines if line.startswith("reading"))
        times = [
            datetime.fromisoformat(line.split()[1])
            for line in (*told, after)
            if line.startswith("reading")
        ]
        # Nothing that came meanwhile has become a value of now.
        assert not [at for at in times if stopped < at < woken]
