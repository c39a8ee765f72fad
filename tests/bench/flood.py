"""A port that floods while the cable of another is pulled: how soon the loss is in the record.

``python -m tests.bench.flood [--seconds N]``. Each way runs in a process of its own, so that its
memory is its own: the recorder's lanes, and beside them the one queue without a bound that it had
before (:class:`OneQueue`).
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from unittest.mock import patch

from devices.reading import LinkState
from ketamonitor.cli.recording import SIMULATED_PATIENT
from ketamonitor.clock import SteadyClock
from ketamonitor.inbox import Inbox, Lane, Submission
from ketamonitor.library import load_protocols
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import DeviceChoice, Update
from tests.served import served

#: HL7 messages a second, and for how many seconds.
RATE, SECONDS, SMOKE_SECONDS = 8_000, 8.0, 1.0
LONGEST_S = 600.0

#: A sender that pushes as fast as it is let, at most so many a second, and then goes.
SENDER = r"""
import socket, sys, time
port, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
line = socket.create_connection(("127.0.0.1", port))
text = ("MSH|^~\\&|GW|ICU|||20261201000000||ORU^R01|{n}|P|2.6\rPID|||\rOBR|1||||||20261201000000\r"
        "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||97|262688^MDC_DIM_PERCENT^MDC|||||R\r")
began, sent = time.monotonic(), 0
while (passed := time.monotonic() - began) < seconds:
    while sent < passed * rate and time.monotonic() - began < seconds:
        line.sendall(b"\x0b" + text.format(n=sent).encode() + b"\x1c\r")
        sent += 1
    time.sleep(0.001)
print(sent)
"""


class OneQueue(Inbox):
    """As it was: everything in the order in which it came, and no end to how much may wait."""

    class Way(Lane):
        full, free = False, True  # type: ignore[assignment]

        def __init__(self, inbox: OneQueue, session: str, source: str) -> None:
            super().__init__(queue.SimpleQueue(), session, source)
            self._inbox = inbox

        def put(self, submission: Submission) -> None:
            self._inbox.put(submission)

    def __init__(self) -> None:
        super().__init__()
        self._all: queue.SimpleQueue[Submission | None] = queue.SimpleQueue()

    def put(self, submission: Submission) -> None:
        self._all.put(submission)

    def lane(self, session: str, source: str) -> Lane:
        return self.Way(self, session, source)

    def close(self) -> None:
        self.closed = True
        self._all.put(None)

    def take(self, seconds: float) -> Submission | None:
        try:
            return self._all.get(timeout=seconds) if seconds > 0 else self._all.get_nowait()
        except queue.Empty:
            return None

    def waiting(self) -> list[object]:  # type: ignore[override]
        return []

    def rest(self) -> Iterator[Submission]:
        while not self._all.empty():
            if (left := self._all.get()) is not None:
                yield left

    @property
    def empty(self) -> bool:
        return self._all.empty()


def megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def one_way(inbox: Callable[[], Inbox], seconds: float) -> dict[str, float]:
    """Seconds from the pull to the durable *link lost*, and what memory grew by, in MB."""
    told: queue.SimpleQueue[tuple[Update, float]] = queue.SimpleQueue()
    number = 20_000 + os.getpid() % 20_000
    with (
        tempfile.TemporaryDirectory() as folder,
        ExitStack() as cable,
        patch("ketamonitor.recorder.Inbox", inbox),
    ):
        other = cable.enter_context(served("dinamap"))
        station = Station(
            f"{folder}/store.db",
            SteadyClock(),
            lambda update: told.put((update, time.monotonic())),
        )
        devices = (
            DeviceChoice("hl7", f"listen://127.0.0.1:{number}", "gw"),
            DeviceChoice("dinamap", other.name, "bp"),
        )
        plan = SessionPlan(
            SIMULATED_PATIENT,
            None,
            load_protocols()["iv-ketamine-40"],
            devices,
            simulated=True,
            chair="1",
        )
        _session, done = station.start(plan, "bench")
        done.result(30)
        _until(told, "bp", LinkState.CONNECTED)
        before = megabytes()
        sender = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(number), str(RATE), str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        _until(told, "gw", LinkState.CONNECTED)
        most, until = before, time.monotonic() + 0.7 * seconds
        while (left := until - time.monotonic()) > 0:
            most = max(most, megabytes())
            _drained(told, min(left, 0.05))
        pulled = time.monotonic()
        cable.close()
        lost = _until(told, "bp", LinkState.LOST)
        most = max(most, megabytes())
        sent = int(sender.communicate(timeout=LONGEST_S)[0])
        asked = time.monotonic()
        station.close()
        return {
            "lost_s": lost - pulled,
            "grew_mb": most - before,
            "sent": sent,
            "stopped_s": time.monotonic() - asked,
        }


def _drained(told: queue.SimpleQueue[tuple[Update, float]], seconds: float) -> None:
    """Takes what has been told for so long, as a window would: it must not count as memory."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            told.get(timeout=left)
        except queue.Empty:
            return


def _until(told: queue.SimpleQueue[tuple[Update, float]], source: str, state: LinkState) -> float:
    """When it was told that this link is so; it is told only once it is durable."""
    while True:
        update, at = told.get(timeout=LONGEST_S)
        for link in update.view.links:
            if link.source == source and link.state is state and not update.view.unsaved:
                return at


@cache
def measured(smoke: bool) -> tuple[dict[str, float], dict[str, float]]:
    """Now and as it was, each in a process of its own."""
    seconds = SMOKE_SECONDS if smoke else SECONDS
    found = []
    for way in ("lanes", "one-queue"):
        command = [
            sys.executable,
            "-m",
            "tests.bench.flood",
            "--way",
            way,
            "--seconds",
            f"{seconds:g}",
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print(
            f"{way}: {found[-1]['sent']} messages in {seconds:g} s; link lost in the record "
            f"after {found[-1]['lost_s']:.2f} s; memory grew by {found[-1]['grew_mb']:.0f} MB; "
            f"ended {found[-1]['stopped_s']:.2f} s after it was asked to"
        )
    return found[0], found[1]


def sooner(smoke: bool) -> float:
    """How many times as soon as with one queue for all."""
    now, before = measured(smoke)
    return before["lost_s"] / now["lost_s"]


def against_two_seconds(smoke: bool) -> float:
    return measured(smoke)[0]["lost_s"] / 2.0


def memory_against_20_mb(smoke: bool) -> float:
    return measured(smoke)[0]["grew_mb"] / 20.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--way", choices=("lanes", "one-queue"))
    args = parser.parse_args()
    if args.way:
        way = Inbox if args.way == "lanes" else OneQueue
        print(json.dumps(one_way(way, args.seconds)))
        return 0
    measured(args.seconds < SECONDS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
