"""Count the alerts of case files: episodes of plain limits, and alerts an hour with a preset.

``python -m tests.whole.alarm_cases [--protocol P] [FILE ...]``

Without files: the odd-numbered real cases, where ``../shared/realcases`` is present. Values go into
the live session once a second, as a monitor shows them; time is told, so hours take seconds.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ketamonitor import drafts
from ketamonitor.entries import Draft, Entry, chain
from ketamonitor.library import load_protocols
from ketamonitor.protocol import TreatmentProtocol, read_protocol
from ketamonitor.session import LiveSession
from tests.domain.builders import SESSION, at, chained, link, reading, started
from tests.whole.cases import REAL_FOLDER, real_cases

CROSSINGS = REAL_FOLDER.parent / "EXPECTED_CROSSINGS.csv"
PLAIN = Path(__file__).parent / "crossings.toml"
CUFF = ("nibp_sys", "nibp_dia", "nibp_map")
CONTINUOUS = ("hr", "spo2", "rr")
RANGES = {"nibp_sys": (30, 290), "nibp_dia": (10, 220), "nibp_map": (15, 260)}


@dataclass(frozen=True)
class Alert:
    """One alarm of a played case, session seconds; ``listed``: the screen showed it by itself."""

    id: str
    priority: str
    begun_s: float
    ended_s: float | None
    listed: bool


@dataclass(frozen=True)
class Episode:
    """One line of the list of expected crossings."""

    case: str
    metric: str
    op: str
    limit: float
    first_s: float
    normal_s: float | None


def expected(case: str) -> list[Episode]:
    """The episodes that a rule which shares no code with the program found in a case."""
    with CROSSINGS.open(newline="", encoding="utf-8") as file:
        return [
            Episode(
                row["case"],
                row["param"],
                row["op"],
                float(row["limit"]),
                float(row["first_t_s"]),
                float(row["first_normal_t_s"]) if row["first_normal_t_s"] else None,
            )
            for row in csv.DictReader(file)
            if row["case"] == case
        ]


def play(
    case: Path, protocol: TreatmentProtocol, *, treated: bool, every_s: int = 1
) -> tuple[list[Alert], float]:
    """The alerts of a case and its length in seconds.

    ``treated``: the first cuff reading is locked as baseline and a dose is given right after it,
    as in a clinic. A monitor goes on showing the last heart rate and saturation of a case.
    """
    entries = chained([started(protocol)])
    live = LiveSession(entries[0])
    last_s = 0.0

    def enter(draft: Draft, t_s: float) -> Entry:
        last = live.last
        entry = chain(draft, SESSION, last.seq + 1, at(t_s), last.hash)
        live.apply(entry)
        entries.append(entry)
        return entry

    def changes(t_s: float) -> None:
        for draft in live.changes(at(t_s)):
            enter(draft, t_s)

    listed: set[int] = set()
    enter(link(0, "connected"), 0)
    locked = not treated
    for t_s, draft in _as_shown(case, every_s):
        entry = enter(draft, t_s)
        before = len(entries)
        changes(t_s)
        values = draft.body["values"]
        if not locked and values.get("nibp_sys") and values.get("nibp_dia"):
            locked = True
            sys, dia = values["nibp_sys"], values["nibp_dia"]
            enter(drafts.baseline(sys, dia, entry.seq, at(t_s), at=at(t_s), author="n"), t_s)
            enter(drafts.dose("ketamine", "im", 30, at=at(t_s), author="n"), t_s)
            changes(t_s)
        if len(entries) > before:
            view = live.view(at(t_s), saved_at=None, unsaved=0, record_fault="")
            shown = {alarm.id for alarm in view.alarms}
            listed |= {
                e.seq
                for e in entries[before:]
                if e.kind == "alarm" and e.body["event"] == "raised" and e.body["id"] in shown
            }
        last_s = t_s
    return _alerts(entries, listed), last_s


def _as_shown(case: Path, every_s: int) -> Iterator[tuple[float, Draft]]:
    """Every few seconds what the monitor shows; a cuff reading at its own second."""
    with case.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shown: dict[str, float] = {}
    place = 0
    for t_s in range(int(float(rows[-1]["t_s"])) + 61):
        while place < len(rows) and float(rows[place]["t_s"]) <= t_s:
            row = rows[place]
            place += 1
            shown |= {key: float(row[key]) for key in CONTINUOUS if row[key]}
            cuff = {key: float(row[key]) if row[key] else None for key in CUFF}
            if any(value is not None for value in cuff.values()):
                yield t_s, reading(t_s, cuff, flags=_doubts(cuff))
        if t_s % every_s == 0:
            yield t_s, reading(t_s, dict(shown))


def _doubts(cuff: dict[str, float | None]) -> list[str]:
    doubtful = {
        key
        for key, value in cuff.items()
        if value is not None and not RANGES[key][0] <= value <= RANGES[key][1]
    }
    sys, dia = cuff["nibp_sys"], cuff["nibp_dia"]
    if sys is not None and dia is not None and sys <= dia:
        doubtful |= {"nibp_sys", "nibp_dia"}
    return [f"implausible:{key}" for key in sorted(doubtful)]


def _alerts(entries: Sequence[Entry], listed: set[int]) -> list[Alert]:
    first = entries[0].at
    begun: dict[str, Entry] = {}
    worst: dict[str, str] = {}
    made: list[Alert] = []

    def close(key: str, end: float | None) -> None:
        start = begun.pop(key)
        made.append(
            Alert(key, worst[key], (start.at - first).total_seconds(), end, start.seq in listed)
        )

    for entry in entries:
        if entry.kind != "alarm" or "id" not in entry.body:
            continue
        key, event = entry.body["id"], entry.body["event"]
        if event == "raised":
            begun[key], worst[key] = entry, entry.body["priority"]
        elif event == "escalated":
            worst[key] = entry.body["priority"]
        elif event in ("latched", "cleared") and key in begun:
            close(key, (entry.at - first).total_seconds())
    for key in list(begun):
        close(key, None)
    return sorted(made, key=lambda alert: alert.begun_s)


def compare(case: str, alerts: Sequence[Alert], delay_s: float, slack_s: float = 1) -> list[str]:
    """Misses, extras and wrong times against the expected crossings, in words.

    Continuous values may be ``delay_s`` late, at their begin and at their end, and ``slack_s`` off.
    """
    found = []
    left = [alert for alert in alerts if "<" in alert.id or ">" in alert.id]
    for episode in expected(case):
        delay = delay_s if episode.metric in CONTINUOUS else 0.0
        key = f"{episode.metric}{episode.op}{episode.limit:g}"
        begin = episode.first_s + delay
        end = None if episode.normal_s is None else episode.normal_s + delay
        hit = next((a for a in left if a.id == key and abs(a.begun_s - begin) <= slack_s), None)
        if hit is None:
            found.append(f"{case}: {key} at {begin:g} s was missed")
            continue
        left.remove(hit)
        if (hit.ended_s is None) != (end is None) or (
            hit.ended_s is not None and end is not None and abs(hit.ended_s - end) > slack_s
        ):
            found.append(f"{case}: {key} of {begin:g} s ended at {hit.ended_s}, not {end}")
    return found + [f"{case}: {a.id} at {a.begun_s:g} s is one too many" for a in left]


def delayed(protocol: TreatmentProtocol, seconds: float) -> TreatmentProtocol:
    """The same limits, of which the continuous ones must hold for so many seconds."""
    rows = tuple(
        msgspec.structs.replace(row, for_s=0 if row.of.episodic else seconds)
        for row in protocol.limit
    )
    return msgspec.structs.replace(protocol, limit=rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", default="iv-ketamine-40")
    parser.add_argument("files", nargs="*", type=Path)
    args = parser.parse_args()
    preset = load_protocols()[args.protocol]
    hours = alerts_all = 0.0
    kinds: Counter[str] = Counter()
    for case in args.files or real_cases():
        faults, episodes = [], len(expected(case.stem))
        for delay in (0.0, 15.0):
            alerts, _ = play(case, delayed(read_protocol(PLAIN), delay), treated=False)
            faults += compare(case.stem, alerts, delay)
        rates = []
        for treated in (False, True):
            alerts, length = play(case, preset, treated=treated)
            shown = [alert for alert in alerts if alert.listed]
            rates.append(f"{len(shown):3d} alerts {len(shown) / (length / 3600):5.1f}/h")
            if treated:
                hours, alerts_all = hours + length / 3600, alerts_all + len(shown)
                kinds.update(alert.id for alert in shown)
        print(
            f"{case.stem:16} {episodes:3d} episodes, {len(faults)} faults"
            f" | no baseline {rates[0]} | treated {rates[1]}"
        )
        for fault in faults:
            print("   ", fault)
    print(f"{alerts_all:g} alerts in {hours:.1f} h: {alerts_all / hours:.1f}/h")
    print(", ".join(f"{key} {count}" for key, count in kinds.most_common(12)))


if __name__ == "__main__":
    main()
