"""What the black box costs: disk for an hour, packing, time for a piece, time at the session's end.

Bytes are cut as a USB adapter hands them over: whatever arrived within 16 ms at the line's speed.
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

from devices.capture import Piece
from devices.parts import play
from devices.registry import driver
from devices.simulated import SIMULATED
from devices.simulated.scenario import scenario_patient
from ketamonitor.blackbox.box import BlackBox
from ketamonitor.blackbox.keeper import file_hash, pack
from ketamonitor.blackbox.look import kept_of
from ketamonitor.blackbox.parts import ClosedPart, Origin, PartWriter
from ketamonitor.inbox import Written
from ketamonitor.view import DeviceChoice
from tests.devices.recorded import recorded
from tests.devices.wire import NOON

HANDED_OVER_S = 0.016


def as_an_adapter(pieces: list[Piece], baud: int) -> Iterator[Piece]:
    size = max(1, round(baud / 10 * HANDED_OVER_S))
    luck = random.Random(baud)  # no time is a round one: that would pack better than the truth
    for piece in pieces:
        jitter = timedelta(microseconds=luck.randint(0, 999))
        if piece.direction != "rx":
            yield Piece(piece.at + jitter, piece.direction, piece.data)
            continue
        for number, start in enumerate(range(0, len(piece.data), size)):
            at = piece.at + jitter + timedelta(seconds=number * HANDED_OVER_S)
            yield Piece(at, "rx", piece.data[start : start + size])


def _entered(session: str, drafts: object) -> Future[Written]:
    done: Future[Written] = Future()
    done.set_result(())
    return done


def one(name: str, hours: float) -> float:
    """Prints the figures of one monitor; how many times larger it is before it is packed."""
    row, spec = SIMULATED[name], driver(SIMULATED[name].driver)
    monitor = row.build(scenario_patient("iv-severe", 1), NOON)
    talk, outputs = recorded(spec, monitor, hours * 3600)
    pieces = list(as_an_adapter(talk, row.line.baud))
    origin = Origin(session="KM-1", source=spec.name, driver=spec.name, port="COM3")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "KM-1"
        closed: list[ClosedPart] = []
        tap = PartWriter(folder, origin, closed.append, lambda *_: None)
        took = []
        for piece in pieces:
            began = time.perf_counter()
            tap(piece.direction, piece.data, piece.at)
            took.append(time.perf_counter() - began)
        tap.close()
        plain = sum(part.path.stat().st_size for part in closed)
        began = time.perf_counter()
        packed = sum(pack(part.path).stat().st_size for part in closed)
        packing = time.perf_counter() - began
        began = time.perf_counter()
        for path in folder.iterdir():
            file_hash(path)
        hashing = time.perf_counter() - began
        began = time.perf_counter()
        again = list(play(spec, kept_of(folder, [], spec.name).joined))
        replaying = time.perf_counter() - began
    assert len(again) > 0.9 * len(outputs)  # cut otherwise, so times may fall elsewhere
    took.sort()
    print(
        f"{name}: {len(pieces) / hours:,.0f} pieces an hour, {plain / hours / 1e6:.2f} MB an hour"
        f" written, {packed / hours / 1e6:.3f} MB kept (1/{plain / packed:.1f});"
        f" a piece p50 {statistics.median(took) * 1e6:.1f} us"
        f" p99 {took[round(0.99 * len(took))] * 1e6:.1f} us;"
        f" packing {packing / (plain / 1e6) * 1e3:.0f} ms and hashing"
        f" {hashing / (plain / 1e6) * 1e3:.1f} ms for a MB;"
        f" replay of an hour {replaying / hours:.2f} s",
        flush=True,
    )
    return plain / packed


def packed(smoke: bool) -> float:
    return min(one(name, 0.1 if smoke else 2.0) for name in ("dinamap", "ge-dri"))


def last_part(megabytes: float) -> None:
    """From the closing of the last part to its entry: what the end of a session waits for."""
    device = DeviceChoice("ge-dri", "COM3", "ge-dri")
    data = bytes(range(28))
    waits = []
    with tempfile.TemporaryDirectory() as place:
        for number in range(5):
            box = BlackBox(Path(place), _entered, lambda: NOON)
            tap = box.tap(f"KM-{number}", device)
            for count in range(int(megabytes * 1e6 / 100)):
                tap("rx", data, NOON + timedelta(milliseconds=16 * count))
            began = time.perf_counter()
            box.close(f"KM-{number}")
            called = time.perf_counter() - began
            box.then(lambda: _entered("", ())).result()
            waits.append((time.perf_counter() - began, called))
            box.stop()
            shutil.rmtree(Path(place) / f"KM-{number}")
    done, called = max(waits)
    print(
        f"end of a session with {megabytes:g} MB in its last part: the caller is held"
        f" {called * 1e3:.1f} ms, the end is written {done * 1e3:.0f} ms later",
        flush=True,
    )


def main(hours: float = 2.0) -> None:
    for name in ("dinamap", "ge-dri"):
        one(name, hours)
    last_part(min(4.0, 2 * hours))


if __name__ == "__main__":
    main()
