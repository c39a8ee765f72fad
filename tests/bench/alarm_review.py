"""Times of the alarm review and of the what-if, over a session of some hours at 1 Hz.

Run: ``python -m tests.bench.alarm_review [HOURS]``; prints one line for each figure.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

from ketamonitor import drafts
from ketamonitor.alarm_review import review_session
from ketamonitor.entries import Entry
from ketamonitor.what_if import replay, try_session, with_value
from tests.domain.builders import at, cuff, protocol, reading
from tests.domain.played import Played


def session(hours: float) -> list[Entry]:
    """A rise under an infusion and back; pulse and SpO2 each second, a pressure each 5 minutes."""
    played = Played(devices=(("dinamap", "/dev/ttyUSB0"), ("nonin", "/dev/ttyUSB1")))
    end = int(hours * 3600)
    for t in range(1, end):
        rise = 42 * math.exp(-(((t / 60 - 46) / 22) ** 2))
        played.add(reading(t, {"pulse": round(73 + rise), "spo2": 97}, source="nonin"))
        if t == 100:
            first = played.add(cuff(t, 122, 74, 90))
            lock = drafts.baseline(122, 74, first.seq, first.at, at=at(t), author="o")
            played.add(lock)
        elif t == 600:
            played.add(drafts.infusion_start("ketamine", "iv", 34, 40, at=at(t), author="o"))
        elif t > 600 and t % 300 == 0:
            played.add(cuff(t, 122 + rise * 1.4, 74 + rise * 0.7, 90 + rise))
    played.add(drafts.ended("finished", at=at(end), author="o"))
    return played.entries


def main(hours: float = 2.0) -> None:
    entries = session(hours)
    print(f"{hours:g} h, {len(entries)} entries")
    alarms = [e for e in entries if e.kind == "alarm"]
    again = [e for e in replay(entries, protocol()) if e.kind == "alarm"]
    same = [(e.body, e.at) for e in alarms] == [(e.body, e.at) for e in again]
    print(f"replayed with the same protocol: {len(again)} alarm entries, the same: {same}")
    _told("review of the session", lambda: review_session(entries))
    _told("replay with the same protocol", lambda: replay(entries, protocol()))
    _told("what-if", lambda: try_session(entries, with_value("nibp_sys>=160", 170)))


def _told(what: str, work: Callable[[], object]) -> None:
    times = []
    for _ in range(3):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    print(f"{what}, CPU: best {min(times):.3f} s, worst {max(times):.3f} s of 3")


if __name__ == "__main__":
    main(*(float(word) for word in sys.argv[1:2]))
