"""``ketamonitor store``: where the store is and what it holds, and whether all is as written."""

from __future__ import annotations

import argparse
from pathlib import Path

from ketamonitor.cli.common import add_store, emit, store_url
from ketamonitor.cli.errors import UserError
from ketamonitor.store import Store, StoreError, check_store, open_store, salvage


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("store", help="the database of sessions")
    commands = parser.add_subparsers(dest="store_command", required=True, metavar="COMMAND")
    for name, handler, text in (
        ("info", store_info, "where it is and what it holds"),
        ("check", store_check, "check the file and every entry against its hash"),
        ("upgrade", store_upgrade, "bring a store of an older version to this one"),
    ):
        command = commands.add_parser(name, help=text)
        add_store(command)
        command.add_argument("--json", action="store_true")
        command.set_defaults(handler=handler)
    command = commands.add_parser(
        "salvage", help="save what can be read of a damaged store into a new one"
    )
    command.add_argument("new", metavar="NEW", help="path of the new store; it must not exist")
    add_store(command)
    command.add_argument("--json", action="store_true")
    command.set_defaults(handler=store_salvage)


def store_info(args: argparse.Namespace) -> int:
    try:
        with _open(args) as store:
            sessions = store.sessions()
            books = len(store.session_ids()) - len(sessions)
            people = sum(person.active for person in store.people())
            facts = {
                "store": store.place,
                "version": store.version,
                "bytes": store.size(),
                "sessions": len(sessions),
                "unfinished": sum(not session.finished for session in sessions),
                "simulated": sum(session.simulated for session in sessions),
                "books": books,
                "entries": store.entry_count(),
                "people": people,
            }
    except StoreError as error:
        raise UserError(str(error)) from error
    line = (
        f"{facts['store']}: version {facts['version']}, {facts['bytes']} bytes,"
        f" {facts['sessions']} sessions ({facts['unfinished']} unfinished,"
        f" {facts['simulated']} simulated), {facts['books']} books, {facts['entries']} entries,"
        f" {people} people"
    )
    emit(args.json, line, facts)
    return 0


def store_check(args: argparse.Namespace) -> int:
    """Every fault as it is found; a book is a chain of its own, as the drug ledger is."""
    try:
        with _open(args) as store:
            place, found = store.place, 0
            for finding in check_store(store):
                found += 1
                where = f"session {finding.session}" if finding.session else "database"
                data = {"session": finding.session or None, "fault": finding.fault}
                emit(args.json, f"{where}: {finding.fault}", data)
            if found:
                raise UserError(
                    f"{place}: {found} {'fault' if found == 1 else 'faults'} found; keep a copy of"
                    " this file as it is. What can be read of a damaged one is saved with"
                    " 'ketamonitor store salvage NEW'"
                )
            sessions = len(store.sessions())
            books = len(store.session_ids()) - sessions
    except StoreError as error:
        raise UserError(str(error)) from error
    facts = {"store": place, "sessions": sessions, "books": books, "faults": 0}
    line = f"{place}: {sessions} sessions, {books} books, everything is as it was written"
    emit(args.json, line, facts)
    return 0


def store_salvage(args: argparse.Namespace) -> int:
    """What was saved, a line for each session, and what was not."""
    try:
        saved = salvage(store_url(args), Path(args.new))
    except StoreError as error:
        raise UserError(str(error)) from error
    for kept in saved.sessions:
        data = {
            "session": kept.session,
            "entries": kept.entries,
            "missing": list(kept.missing),
        }
        emit(args.json, f"session {kept.session}: {kept.text}", data)
    rest = []
    if saved.spoilt:
        rest.append(f"{saved.spoilt} entries are not as they were written and were left behind")
    if saved.unread:
        rest.append(f"{saved.unread} blocks of the file cannot be read")
    facts = {
        "store": args.new,
        "sessions": len(saved.sessions),
        "people": saved.people,
        "approvals": saved.approvals,
        "spoilt": saved.spoilt,
        "unread": saved.unread,
    }
    line = (
        f"{args.new}: {len(saved.sessions)} sessions and books, {saved.people} people's and"
        f" {saved.approvals} approvals' rows saved; entries at the end of a session that no page"
        " has leave no trace here"
    )
    emit(args.json, "; ".join([line, *rest]), facts)
    return 0


def store_upgrade(args: argparse.Namespace) -> int:
    """The tables as this version writes them; nothing to do where they are so already."""
    try:
        with open_store(store_url(args), create=False) as store:
            facts = {"store": store.place, "version": store.version}
    except StoreError as error:
        raise UserError(str(error)) from error
    emit(args.json, f"{facts['store']}: it is of version {facts['version']}", facts)
    return 0


def _open(args: argparse.Namespace) -> Store:
    return open_store(store_url(args), create=False, read_only=True)
