"""``ketamonitor session ...``: list, show, verify and export what is stored."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Mapping

from ketamonitor import words
from ketamonitor.blackbox.look import faults as bytes_faults
from ketamonitor.blackbox.look import tied_parts
from ketamonitor.blackbox.place import captures_folder
from ketamonitor.cli import raw, recording
from ketamonitor.cli.common import add_store, emit, open_reading, out, store_url
from ketamonitor.cli.errors import UserError
from ketamonitor.cli.form import add_form
from ketamonitor.cli.written import add_force, add_output, may_write, write_out
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import Entry, verify_chain
from ketamonitor.form_book import FormBook
from ketamonitor.offsets import Offsets
from ketamonitor.record import Record, session_info
from ketamonitor.report.files import ReportError
from ketamonitor.report.pdf import pdf_of
from ketamonitor.report.tables import csv_of, json_of
from ketamonitor.session_locks import locks_of
from ketamonitor.store import Store
from ketamonitor.treatment.hand_in import Due, HandedIn, summary_due, told


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("session", help="record, list, show, verify and export sessions")
    commands = parser.add_subparsers(dest="session_command", required=True, metavar="COMMAND")

    recording.add_parser(commands)

    listing = commands.add_parser("list", help="all sessions, newest first")
    add_store(listing)
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(handler=list_sessions)

    for name, handler, text in (
        ("show", show_session, "one session in words"),
        ("verify", verify_session, "check every entry and the raw bytes against their hashes"),
    ):
        command = commands.add_parser(name, help=text)
        add_store(command)
        command.add_argument("id", metavar="ID")
        command.add_argument("--json", action="store_true")
        command.set_defaults(handler=handler)

    raw.add_bytes(commands)

    export = commands.add_parser("export", help="PDF chart or open data")
    add_store(export)
    export.add_argument("id", metavar="ID")
    export.add_argument("--format", required=True, choices=("pdf", "csv", "json"))
    add_output(export)
    add_force(export)
    export.set_defaults(handler=export_session)

    add_form(commands)


def list_sessions(args: argparse.Namespace) -> int:
    clock, url = SteadyClock(), store_url(args)
    with open_reading(url) as store:
        today, said = clock.now().date(), FormBook(store, clock.now).hand_ins().standing
        summaries = store.sessions()
        recorded = locks_of(url).elsewhere(s.id for s in summaries if s.ended_at is None)
        for summary in summaries:
            state = "unfinished" if summary.ended_at is None else words.clock(summary.ended_at)
            if summary.id in recorded:
                state = "being recorded"
            counts, due = summary.alarms, summary_due(summary)
            line = (
                f"{summary.id}  {words.day(summary.started_at)} {words.clock(summary.started_at)}"
                f" to {state}  {summary.protocol_name}"
                f"  alerts {counts.get('high', 0)}/{counts.get('medium', 0)}/{counts.get('low', 0)}"
                f"  {summary.entry_count} entries{'  SIMULATED' if summary.simulated else ''}"
                f"{f'  {told(due, said, today)}' if due else ''}"
            )
            facts = {"recorded_now": summary.id in recorded, "form": _form(due, said)}
            emit(args.json, line, {**summary.as_json(), **facts})
    return 0


def _form(due: Due | None, said: Mapping[str, HandedIn]) -> dict[str, object] | None:
    if due is None:
        return None
    done = said.get(due.session)
    on, reference = (done.on.isoformat(), done.reference or None) if done else (None, None)
    return {
        "name": due.form,
        "by": due.by.isoformat(),
        "handed_in": on,
        "reference": reference,
    }


def _entries(store: Store, session: str) -> list[Entry]:
    entries = store.entries(session)
    if not entries:
        raise UserError(f"there is no session {session}; see: ketamonitor session list")
    return entries


def show_session(args: argparse.Namespace) -> int:
    with open_reading(store_url(args)) as store:
        entries = _entries(store, args.id)
        summary = store.summary(args.id)
    if args.json:
        emit(True, "", summary.as_json() if summary else {})
        return 0
    info = session_info(entries[0])
    out(f"{info.id}  {info.protocol.title}{'  SIMULATED' if info.simulated else ''}")
    out(f"{info.patient.name}  {words.patient_line(info.patient, info.started_at.date())}")
    offsets = Offsets(entries)
    for entry in entries:
        if (change := offsets.changed_at(entry)) is not None:
            out(f"--------  The clocks changed: from here on {change}")
        told = _headline(entry)
        if told:
            title, detail = told
            at = words.clock(offsets.there(entry.at), seconds=True)
            out(f"{at}  {title}{'  ' + detail if detail else ''}")
    return 0


def _headline(entry: Entry) -> tuple[str, str] | None:
    """What an entry says; one of another version or a damaged one is told as such, and the others
    are shown all the same."""
    try:
        return words.headline(entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        lacks = f" (it lacks {error})" if isinstance(error, KeyError) else ""
        return f"Entry {entry.seq}, {entry.kind}: not as this program writes one{lacks}", ""


def verify_session(args: argparse.Namespace) -> int:
    """Raises :class:`UserError` where an entry, or a file of raw bytes, is not as it was."""
    url = store_url(args)
    with open_reading(url) as store:
        entries = _entries(store, args.id)
    faults = verify_chain(args.id, entries)
    if faults:
        emit(args.json, "", {"session": args.id, "verified": False, "faults": list(faults)})
        raise UserError(f"session {args.id} is NOT as it was written: {faults[0]}")
    parts = tied_parts(entries)
    lost = bytes_faults(captures_folder(url) / args.id, entries) if parts else []
    kept = f"; {len(parts)} files of raw bytes" + (", each as it was entered" if not lost else "")
    line = f"{args.id}: {len(entries)} entries, every one as it was written{kept if parts else ''}"
    facts = {
        "session": args.id,
        "verified": True,
        "entries": len(entries),
        "hash": entries[-1].hash,
        "captures": len(parts),
        "capture_faults": lost,
    }
    emit(args.json, line, facts)
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise UserError(
            f"the entries are as they were written, the raw bytes are not: {lost[0]}{more}"
        )
    return 0


def export_session(args: argparse.Namespace) -> int:
    replace = may_write(args.output, args.force)
    with open_reading(store_url(args)) as store:
        entries = _entries(store, args.id)
        summary = store.summary(args.id)
    try:
        if args.format == "json":
            content = json_of(entries, summary)
        elif args.format == "csv":
            content = csv_of(entries)
        else:
            content = pdf_of(
                Record.of(entries),
                printed_at=SteadyClock().now(),
                printed_by=getpass.getuser(),
                chain_verified=not verify_chain(args.id, entries),
            )
    except ReportError as error:
        raise UserError(str(error)) from error
    write_out(args.output, content, replace, text=args.format != "pdf")
    return 0
