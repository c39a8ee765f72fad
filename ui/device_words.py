"""What is said of a port and its monitor: a sign with a word, and the reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from devices.findings import Confidence, Detection, Known, Outcome
from devices.metrics import CUFF, HR, METRICS, PULSE, SPO2
from devices.reading import NOT_UNDERSTOOD, LinkState
from devices.registry import DRIVERS
from devices.spec import DriverSpec
from ketamonitor.trial import TrialView
from ketamonitor.view import Freshness, SessionView
from ketamonitor.words import NO_VALUE, ago, number

CONSUMER = "consumer grade"
#: Bytes shown on one line of a dump.
PER_LINE = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """``icon`` is the name of the sign that goes with ``word``; ``reason`` may be empty."""

    icon: str
    word: str
    reason: str = ""

    @property
    def line(self) -> str:
        return f"{self.word}: {self.reason}" if self.reason else self.word


def on_screen(reason: str) -> str:
    """A reason without what only helps at the command line."""
    return reason.partition("; `ketamonitor")[0]


def of_link(state: LinkState, reason: str, *, demo: bool = False) -> Shown:
    """The state of an open (or lost) port."""
    reason = on_screen(reason)
    if state is LinkState.CONNECTED:
        if demo:
            return Shown("warning", "demonstration data", "a session does not take it")
        return Shown("link", "connected")
    if state is LinkState.SILENT:
        if reason.startswith(NOT_UNDERSTOOD):
            return Shown("unknown", "not understood", reason)
        return Shown("ring", "silent", reason)
    if state is LinkState.LOST:
        return Shown("link-lost", "no link", reason)
    word = "opening" if state is LinkState.CONNECTING else "waiting"
    return Shown("clock", word, "" if state is LinkState.CONNECTING else reason)


def of_port(
    found: Detection | None,
    *,
    searching: bool = False,
    known: Known | None = None,
    excluded: bool = False,
    holder: str = "",
) -> Shown:
    """What is known of a port that no page has open."""
    if holder:
        return Shown("lock", "in use", f"by {holder}")
    if excluded or (found is not None and found.outcome is Outcome.EXCLUDED):
        return Shown("excluded", "excluded", "nothing is opened or sent there")
    last = f"last time: {title(known.driver)}" if known else ""
    if searching:
        return Shown("search", "looking", f"up to 5 s; {last}" if last else "up to 5 s")
    if found is None:
        return Shown("search", "not looked at", last)
    if found.outcome is Outcome.NAMED and found.driver:
        return Shown("monitor", title(found.driver), _how_named(found, known))
    icon, word = {
        Outcome.SILENT: ("ring", "silent"),
        Outcome.UNKNOWN: ("unknown", "not understood"),
        Outcome.UNSURE: ("unknown", "not sure"),
        Outcome.UNAVAILABLE: ("link-lost", "cannot be opened"),
    }.get(found.outcome, ("search", "not looked at"))
    return Shown(icon, word, on_screen(found.words).removeprefix(f"{word}: "))


def _how_named(found: Detection, known: Known | None) -> str:
    told = [str(found.line)]
    if found.confidence is Confidence.CERTAIN:
        told.append("certain")
    else:
        told.append("likely: look at the monitor")
    if known is not None and found.driver == known.driver:
        told.append("known from last time")
    elif known is not None:
        told.append(f"last time: {title(known.driver)}")
    return " · ".join([*told, f"{found.seconds:.1f} s"])


def title(name: str) -> str:
    """A monitor's name as users see it; one that is no longer installed by its driver's name."""
    spec = DRIVERS.get(name)
    if spec is None:
        return name
    marked = spec.consumer and CONSUMER not in spec.title
    return f"{spec.title} ({CONSUMER})" if marked else spec.title


def groups(drivers: Iterable[DriverSpec]) -> list[tuple[str, list[DriverSpec]]]:
    """The monitors by what they are for, each group by title; consumer grade stands last."""
    order = ("Patient monitors", "Blood pressure", "Oximeters", "Other", "Consumer grade")
    sorted_in: dict[str, list[DriverSpec]] = {name: [] for name in order}
    for spec in sorted(drivers, key=lambda one: one.title.casefold()):
        sorted_in[_group(spec)].append(spec)
    return [(name, specs) for name, specs in sorted_in.items() if specs]


def _group(spec: DriverSpec) -> str:
    if spec.consumer:
        return "Consumer grade"
    cuff = any(metric in spec.metrics for metric in CUFF)
    if cuff:
        more = any(metric in spec.metrics for metric in (HR, SPO2, PULSE))
        return "Patient monitors" if more else "Blood pressure"
    return "Oximeters" if SPO2 in spec.metrics else "Other"


def dump(data: bytes, per_line: int = PER_LINE) -> str:
    """Bytes in hex and printable, ``per_line`` on a line; dots for what has no letter."""
    rows = []
    for start in range(0, len(data), per_line):
        row = data[start : start + per_line]
        plain = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in row)
        rows.append(f"{row.hex(' '):<{3 * per_line - 1}}  {plain}")
    return "\n".join(rows)


def tried_values(view: TrialView, now: datetime) -> list[tuple[str, str]]:
    """Label and words of each value that a trial has seen."""
    rows = []
    for metric, tried in view.values.items():
        text = number(tried.value, metric)
        if tried.value is not None:
            text = f"{text}{' ?' if tried.doubtful else ''} {metric.unit}"
        rows.append((metric.label, f"{text} · {_age(tried.at, now)}"))
    return rows


def session_values(view: SessionView, source: str, now: datetime) -> list[tuple[str, str]]:
    """Label and words of each value that a monitor gives to a session, as its tiles show it."""
    rows = []
    for key, shown in view.values.items():
        if shown.source != source:
            continue
        metric = METRICS[key]
        absent = shown.freshness in (Freshness.NO_DATA, Freshness.TECHNICAL)
        text = NO_VALUE if absent else f"{number(shown.value, metric)} {metric.unit}"
        if shown.freshness is Freshness.QUESTIONABLE:
            text = text.replace(" ", " ? ", 1)
        parts = [text]
        if shown.measured_at is not None:
            parts.append(("last " if absent else "") + _age(shown.measured_at, now))
        if shown.reason:
            parts.append(shown.reason)
        rows.append((metric.label, " · ".join(parts)))
    return rows


def _age(at: datetime, now: datetime) -> str:
    return ago(max(0.0, (now - at).total_seconds()))


def unmapped_words(unmapped: Mapping[str, str]) -> str:
    """What the monitor sends and no metric stands for, in its own names."""
    return "\n".join(f"{name} = {value}" for name, value in unmapped.items())


def breakable(path: object) -> str:
    """A path that may be broken after each folder where the line is too short for it."""
    return str(path).replace("/", "/\u200b").replace("\\", "\\\u200b")


def bytes_words(recent_at: datetime | None, count: int, now: datetime) -> str:
    """The line over the bytes: how many are shown, and how old the last is."""
    if recent_at is None:
        return "Nothing has come in"
    return f"Last {count} bytes from the monitor · newest {_age(recent_at, now)}"
