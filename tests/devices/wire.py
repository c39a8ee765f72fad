"""Shared by the device tests: a still clock, every way of feeding bytes, a scripted far end."""

from __future__ import annotations

import os
import queue
import random
import select
import threading
import tty
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from devices.reading import DeviceEvent, LinkState, LinkStatus, Reading
from devices.spec import Decoder, Output

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def values(reading: Output) -> dict[str, float | None]:
    """The values of a reading by the keys of their metrics."""
    assert isinstance(reading, Reading)
    return {metric.key: value for metric, value in reading.values.items()}


def all_values(outputs: Sequence[Output]) -> list[dict[str, float | None]]:
    return [values(one) for one in outputs if isinstance(one, Reading)]


def kinds(outputs: Sequence[Output]) -> list[str]:
    return [one.kind for one in outputs if isinstance(one, DeviceEvent)]


def feed_every_way(
    make: Callable[[], Decoder], frames: Sequence[bytes], noise: bytes = b"\xff\x00#~\r} N"
) -> list[Output]:
    """The outputs of the frames, after proving that the way they arrive changes nothing.

    Whole, one byte at a time, in random cuts, and with noise before, between and after.
    """
    stream = b"".join(frames)
    cuts = random.Random(len(stream))
    pieces, at = [], 0
    while at < len(stream):
        size = cuts.randint(1, 40)
        pieces.append(stream[at : at + size])
        at += size
    ways = {
        "whole": [stream],
        "byte by byte": [stream[i : i + 1] for i in range(len(stream))],
        "random cuts": pieces,
        "noise before": [noise, stream],
        "noise between": [part for frame in frames for part in (frame, noise)],
        "noise after": [stream + noise],
    }
    results = {}
    for name, parts in ways.items():
        decoder = make()
        decoder.connected(NOON)
        results[name] = [output for part in parts for output in decoder.feed(part, NOON)]
    for name, result in results.items():
        assert result == results["whole"], name
    return results["whole"]


class FarEnd:
    """A monitor's end of a cable: a pseudo-terminal behind a name that can be pulled and moved.

    ``answer`` gets what the program sent and returns what to send back.
    """

    def __init__(self, name: Path, answer: Callable[[bytes], bytes]) -> None:
        self.name = name
        self._answer = answer
        self._master = -1
        self._slave = -1
        self._thread: threading.Thread | None = None
        self._stop_read, self._stop_write = os.pipe()

    def __enter__(self) -> FarEnd:
        self.plug(self.name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pull()
        os.close(self._stop_read)
        os.close(self._stop_write)

    def plug(self, name: Path) -> None:
        self.name = name
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        name.symlink_to(os.ttyname(self._slave))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def pull(self) -> None:
        if self._thread is None:
            return
        os.write(self._stop_write, b"x")
        self._thread.join()
        self._thread = None
        self.name.unlink()
        os.close(self._slave)
        os.close(self._master)

    def send(self, data: bytes) -> None:
        os.write(self._master, data)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._stop_read], [], [])
            if self._stop_read in ready:
                os.read(self._stop_read, 1)
                return
            reply = self._answer(os.read(self._master, 4096))
            if reply:
                os.write(self._master, reply)


class Inbox:
    """What a reader delivered, to wait on."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Output | LinkStatus] = queue.SimpleQueue()
        self.seen: list[Output | LinkStatus] = []

    def __call__(self, output: Output | LinkStatus) -> None:
        self._queue.put(output)

    def until(
        self, wanted: Callable[[Output | LinkStatus], bool], seconds: float = 10
    ) -> Output | LinkStatus:
        """The next delivery that is wanted. Fails with ``queue.Empty`` if none comes."""
        while True:
            output = self._queue.get(timeout=seconds)
            self.seen.append(output)
            if wanted(output):
                return output

    def state(self, state: LinkState) -> LinkStatus:
        status = self.until(lambda o: isinstance(o, LinkStatus) and o.state is state)
        assert isinstance(status, LinkStatus)
        return status

    def reading(self, key: str) -> Reading:
        reading = self.until(lambda o: isinstance(o, Reading) and key in values(o))
        assert isinstance(reading, Reading)
        return reading

    def states(self) -> list[LinkState]:
        return [one.state for one in self.seen if isinstance(one, LinkStatus)]
