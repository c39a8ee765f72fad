"""Times of the store: appending durably, listing sessions, reading one session whole.

Run: ``python -m tests.bench.bench_store [SESSIONS [ENTRIES]]``; prints one line for each figure.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

from ketamonitor.entries import Draft, Entry
from ketamonitor.library import SHIPPED
from ketamonitor.protocol import protocol_to_json, read_protocol
from ketamonitor.store import Store, open_store
from tests.domain.stored import NOON, chained, raised, started

ROUNDS = 1_000


def reading(number: int) -> Draft:
    at = NOON + timedelta(seconds=number)
    values = {"hr": 71.0, "spo2": 97.0, "pulse": 72.0, "rr": None}
    body = {
        "source": "dinamap",
        "measured_at": at.isoformat(),
        "received_at": at.isoformat(),
        "values": values,
        "flags": [],
    }
    return Draft("reading", at, "program", body)


def session(number: int, entries: int) -> list[Entry]:
    protocol = protocol_to_json(read_protocol(SHIPPED / "iv-ketamine-40.toml"))
    ended = Draft("alarm", NOON, "program", {"event": "cleared", "id": "x", "priority": "low"})
    alarms = [raised("high"), raised("medium"), raised("low")] * 5 + [ended]
    at = NOON + timedelta(days=number)
    drafts = [started(at, protocol=protocol), *alarms, *map(reading, range(entries - 18))]
    drafts.append(Draft("session", at + timedelta(hours=2), "anna", {"event": "ended"}))
    return chained(drafts, f"KM-{number:06}")


def timed(call: Callable[[], object]) -> float:
    before = time.perf_counter()
    call()
    return (time.perf_counter() - before) * 1000


def appending(store: Store, size: int) -> None:
    entries = chained([started(), *map(reading, range(ROUNDS * size))], f"append-{size}")
    store.append(entries[:1])
    parts = [entries[1 + i * size : 1 + (i + 1) * size] for i in range(ROUNDS)]
    times = [timed(lambda part=part: store.append(part)) for part in parts]  # type: ignore[misc]
    cut = quantiles(times, n=100)
    print(
        f"append {size} entries, durable: median {median(times):.2f} ms, p99 {cut[98]:.2f} ms,"
        f" max {max(times):.1f} ms, {1000 * size * ROUNDS / sum(times):.0f} entries/s"
    )


def main(sessions: int, entries: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        print(f"make a store: {timed(lambda: open_store(path).close()):.0f} ms")
        print(f"open it again: {timed(lambda: open_store(path).close()):.1f} ms")
        with open_store(path) as store:
            appending(store, 1)
            appending(store, 20)
            for number in range(sessions):
                store.append(session(number, entries))
        with open_store(path, read_only=True) as store:
            what = f"{sessions} sessions of {entries} entries ({store.size() / 1e6:.0f} MB)"
            print(
                f"list {what}: {timed(store.sessions):.0f} ms, again {timed(store.sessions):.0f} ms"
            )
            print(f"one summary: {timed(lambda: store.summary('KM-000000')):.2f} ms")
            print(f"read {entries} entries: {timed(lambda: store.entries('KM-000000')):.0f} ms")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:] or ("1000", "100")))
