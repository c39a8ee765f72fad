"""``ketamonitor alarms review | what-if``: what alerts were worth, and what other limits give."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from ketamonitor.alarm_review import AlarmReview, per_hour, review_session, summed
from ketamonitor.alarm_review_words import alarm_name, headline, noisiest, table
from ketamonitor.cli.common import add_store, emit, open_reading, out, store_url
from ketamonitor.cli.errors import UserError
from ketamonitor.entries import Entry
from ketamonitor.library import load_protocols
from ketamonitor.protocol import ProtocolError, TreatmentProtocol, read_protocol
from ketamonitor.store import Store, StoreError
from ketamonitor.what_if import WhatIf, together, try_session, with_plan_of

T = TypeVar("T")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("alarms", help="review alerts, and try other limits on records")
    commands = parser.add_subparsers(dest="alarms_command", required=True, metavar="COMMAND")
    review = commands.add_parser("review", help="alerts by limit: count, rate, seen, acted on")
    review.set_defaults(handler=review_alarms)
    trial = commands.add_parser("what-if", help="replay stored sessions with other limits")
    trial.add_argument("--protocol", required=True, metavar="FILE|NAME")
    trial.set_defaults(handler=try_limits)
    for command in (review, trial):
        add_store(command)
        command.add_argument(
            "sessions", nargs="*", metavar="SESSION", help="without any: all finished ones"
        )
        command.add_argument(
            "--since", type=_date, metavar="DATE", help="begun on 2026-03-01 or later"
        )
        command.add_argument("--json", action="store_true")


def review_alarms(args: argparse.Namespace) -> int:
    review = summed(_each(args, review_session))
    if args.json:
        for data in review_json(review):
            emit(True, "", data)
        return 0
    out(headline(review))
    if review.rows:
        out(noisiest(review))
    for name, priority, count, an_hour, seen, never, acted, lasted, risen in table(review):
        often = "once" if count == "1" else f"{count} times"
        parts = [f"{often}, {an_hour} an hour", f"acknowledged after {seen}"]
        parts += [f"never {never}"] if never else []
        parts += [f"acted on {acted}", f"lasted {lasted}"]
        parts += [f"escalated {risen}"] if risen else []
        out(f"{priority:<10}  {name:<28}  {'; '.join(parts)}")
    return 0


def try_limits(args: argparse.Namespace) -> int:
    protocol = _protocol(args.protocol)
    other = with_plan_of(protocol)
    result = together(_each(args, lambda entries: try_session(entries, other)))
    if args.json:
        for data in what_if_json(result):
            emit(True, "", data)
        return 0
    out(f"recorded  {headline(result.before)}")
    out(f"what if   {headline(result.after)}")
    for row in result.rows:
        was = "" if row.was == row.id else f"  (was {alarm_name(row.was)})"
        out(f"{row.before:>5} -> {row.after:<5} {alarm_name(row.id)}{was}")
    out("Acknowledgements are taken as recorded where the alarm they were of is there too.")
    return 0


def review_json(review: AlarmReview) -> Iterator[dict[str, Any]]:
    """The whole, then a row for each limit; times in seconds, rates per hour, ``null`` = none."""
    yield {"what": "total", **_totals(review)}
    for row in review.rows:
        data = asdict(row)
        yield {"what": "limit", "name": alarm_name(row.id), **data, "acts": dict(row.acts)}


def what_if_json(result: WhatIf) -> Iterator[dict[str, Any]]:
    """Before and after as a whole, then a row for each limit."""
    yield {
        "what": "total",
        "before": _totals(result.before),
        "after": _totals(result.after),
        "changed_sessions": result.changed,
    }
    for row in result.rows:
        yield {"what": "limit", "name": alarm_name(row.id), **asdict(row)}


def chosen(store: Store, named: list[str], since: date | None) -> list[str]:
    """The sessions that are named, else all finished ones, newest first, begun since that day.

    Raises :class:`UserError` for a name that is no session.
    """
    summaries = {summary.id: summary for summary in store.sessions()}
    for session in named:
        if session not in summaries:
            raise UserError(f"there is no session {session}; see: ketamonitor session list")
    ids = dict.fromkeys(named) if named else [s.id for s in summaries.values() if s.finished]
    return [id for id in ids if since is None or summaries[id].started_at.date() >= since]


def _each(args: argparse.Namespace, work: Callable[[list[Entry]], T]) -> list[T]:
    """The work done on each chosen session. One that cannot be read is a :class:`UserError` where
    it was named; of all sessions it is left out, and a line on standard error says so."""
    done = []
    try:
        with open_reading(store_url(args)) as store:
            for session in chosen(store, args.sessions, args.since):
                try:
                    done.append(work(store.entries(session)))
                except ValueError as error:
                    if args.sessions:
                        raise UserError(f"session {session}: {error}") from error
                    out(f"ketamonitor: {session} left out: {error}", file=sys.stderr)
    except StoreError as error:
        raise UserError(str(error)) from error
    return done


def _totals(review: AlarmReview) -> dict[str, Any]:
    return {
        "sessions": review.sessions,
        "hours": round(review.hours, 4),
        "alerts": review.total,
        **dict(review.alerts),
        "per_hour": None if review.per_hour is None else round(review.per_hour, 4),
        "raised": sum(row.count for row in review.rows),
        "raised_per_hour": per_hour(sum(row.count for row in review.rows), review.hours),
        "audio_pauses": review.audio_pauses,
        "interruptions": review.interruptions,
        "limit_changes": review.limit_changes,
        "overdue": review.overdue,
    }


def _protocol(named: str) -> TreatmentProtocol:
    """A file, or the name of a protocol at hand."""
    try:
        if named.endswith(".toml") or Path(named).is_file():
            return read_protocol(Path(named))
        return load_protocols().named(named)
    except ProtocolError as error:
        raise UserError(str(error)) from error


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-03-01") from None
