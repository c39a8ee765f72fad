"""``devices detect``, ``exclude`` and ``include``: which monitor is on which port."""

from __future__ import annotations

import argparse
import sys
from queue import SimpleQueue

from devices.findings import Detection, Outcome
from ketamonitor.cli.common import emit, out
from ketamonitor.cli.errors import UserError
from ketamonitor.clock import SteadyClock
from ketamonitor.detecting import MonitorSearch, excluded, set_excluded
from ketamonitor.headless import interrupted_by_signals


def add_detect(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = parts.add_parser(
        "detect",
        help="name the monitors on the ports, within 5 s",
        description="Listens on each port, then sends what is harmless to every monitor we know, "
        "and nothing that starts or stops a cuff. Excluded ports are left alone.",
    )
    found.add_argument(
        "--port", action="append", default=[], metavar="P", help="only this (repeatable)"
    )
    found.add_argument("--json", action="store_true", help="one JSON object a line")
    found.set_defaults(handler=detect)
    for name, words, leave in (
        ("exclude", "never open or send to a port when looking for monitors", True),
        ("include", "look at an excluded port again", False),
    ):
        one = parts.add_parser(name, help=words)
        one.add_argument("port", metavar="PORT")
        one.set_defaults(handler=exclude, excluded=leave)


def detect(args: argparse.Namespace) -> int:
    """Print each port's answer as it comes. Raises :class:`UserError`."""
    told: SimpleQueue[Detection] = SimpleQueue()
    search = MonitorSearch(SteadyClock(), told.put, ports=args.port)
    if search.only_listens:
        out(f"{search.words}. Nothing is sent this time.", file=sys.stderr)
    if not search.ports:
        out("this computer has no serial ports now", file=sys.stderr)
        return 0
    before = search.words
    with interrupted_by_signals(search.cancel):
        search.start()
        for _ in search.ports:
            show(told.get(), args.json)
        found = search.wait()
    if search.words != before:
        out(search.words, file=sys.stderr)
    for one in found:
        if args.port and one.outcome is Outcome.UNAVAILABLE:
            raise UserError(one.words)
    return 130 if any(one.outcome is Outcome.CANCELLED for one in found) else 0


def show(found: Detection, as_json: bool) -> None:
    data = {
        "port": found.port,
        "outcome": found.outcome.value,
        "driver": found.driver,
        "line": None if found.line is None else str(found.line).replace(" ", "-"),
        "confidence": found.confidence.value,
        "heard": found.heard,
        "frames": found.frames,
        "seconds": round(found.seconds, 2),
        "words": found.words,
    }
    named = f"{found.driver}, {found.confidence.value}: " if found.driver else ""
    emit(as_json, f"{found.port}  {named}{found.words}", data)


def refuse_excluded(port: str) -> None:
    """Raises :class:`UserError` for a port that nothing may open."""
    if excluded(port):
        raise UserError(
            f"{port} is excluded, and nothing opens it: `ketamonitor devices include {port}` first"
        )


def exclude(args: argparse.Namespace) -> int:
    """Raises :class:`UserError` where it cannot be remembered."""
    words = set_excluded(args.port, args.excluded)
    if words:
        raise UserError(words)
    done = "is left alone" if args.excluded else "is looked at again"
    out(f"{args.port} {done} when monitors are looked for")
    return 0
