"""``ketamonitor store``: where the store is and what it holds, and whether all is as written."""

from __future__ import annotations

import argparse

from ketamonitor.cli.common import add_store, emit, store_url
from ketamonitor.cli.errors import UserError
from ketamonitor.store import Store, StoreError, check_store, open_store


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


def store_info(args: argparse.Namespace) -> int:
    try:
        with _open(args) as store:
            sessions = store.sessions()
            people = sum(person.active for person in store.people())
            facts = {
                "store": store.place,
                "version": store.version,
                "bytes": store.size(),
                "sessions": len(sessions),
                "unfinished": sum(not session.finished for session in sessions),
                "simulated": sum(session.simulated for session in sessions),
                "entries": sum(session.entry_count for session in sessions),
                "people": people,
            }
    except StoreError as error:
        raise UserError(str(error)) from error
    line = (
        f"{facts['store']}: version {facts['version']}, {facts['bytes']} bytes,"
        f" {facts['sessions']} sessions ({facts['unfinished']} unfinished,"
        f" {facts['simulated']} simulated), {facts['entries']} entries, {people} people"
    )
    emit(args.json, line, facts)
    return 0


def store_check(args: argparse.Namespace) -> int:
    try:
        with _open(args) as store:
            place, found = store.place, 0
            for finding in check_store(store):
                found += 1
                where = f"session {finding.session}" if finding.session else "database"
                data = {"session": finding.session or None, "fault": finding.fault}
                emit(args.json, f"{where}: {finding.fault}", data)
            sessions = len(store.session_ids())
    except StoreError as error:
        raise UserError(str(error)) from error
    if found:
        raise UserError(f"{place}: {found} faults found; keep a copy of this file as it is")
    facts = {"store": place, "sessions": sessions, "faults": 0}
    emit(args.json, f"{place}: {sessions} sessions, everything is as it was written", facts)
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
