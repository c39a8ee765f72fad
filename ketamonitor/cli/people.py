"""``ketamonitor people``: who may sign in, and adding someone."""

from __future__ import annotations

import argparse
import getpass
import os

from ketamonitor.cli.common import add_store, emit, store_url
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.clock import SteadyClock
from ketamonitor.people import People, PeopleError, Person, Role
from ketamonitor.store import StoreError, open_store


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("people", help="who may sign in")
    commands = parser.add_subparsers(dest="people_command", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="everybody, by short name")
    add_store(listing)
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(handler=list_people)

    adding = commands.add_parser(
        "add",
        help="add someone",
        description="The password is asked for twice; for scripts it is taken from the"
        " environment variable KETAMONITOR_PASSWORD.",
    )
    add_store(adding)
    adding.add_argument("name", metavar="NAME", help="short name: the author in every entry")
    adding.add_argument("--full-name", required=True, metavar="T")
    adding.add_argument("--role", required=True, choices=[role.value for role in Role])
    adding.add_argument("--json", action="store_true")
    adding.set_defaults(handler=add_person)


def list_people(args: argparse.Namespace) -> int:
    try:
        with open_store(store_url(args), create=False, read_only=True) as store:
            found = People(store, SteadyClock().now).all(inactive=True)
    except StoreError as error:
        raise UserError(str(error)) from error
    for person in found:
        emit(args.json, _line(person), _as_json(person))
    return 0


def add_person(args: argparse.Namespace) -> int:
    password = _password(args.name)
    try:
        with open_store(store_url(args)) as store:
            people = People(store, SteadyClock().now)
            person = people.add(args.name, args.full_name, Role(args.role), password, _author())
    except (StoreError, PeopleError) as error:
        raise UserError(str(error)) from error
    emit(args.json, f"added {_line(person)}", _as_json(person))
    return 0


def _password(name: str) -> str:
    """Raises :class:`UserError` if the two do not agree or nobody can be asked."""
    given = os.environ.get("KETAMONITOR_PASSWORD")
    if given is not None:
        return given
    try:
        first = getpass.getpass(f"New password of {name}: ")
        again = getpass.getpass("Once more: ")
    except (EOFError, OSError) as error:
        raise UsageError("no password was given: type it, or set KETAMONITOR_PASSWORD") from error
    if first != again:
        raise UserError("the two passwords are not the same: nobody was added")
    return first


def _author() -> str:
    """The account on this computer: nobody need have signed in to add the first person."""
    try:
        return f"account:{getpass.getuser()}"[:64]
    except (OSError, KeyError):
        return "account:unknown"


def _line(person: Person) -> str:
    inactive = "" if person.active else "  (may no longer sign in)"
    return f"{person.name}  {person.full_name}  {person.role}{inactive}"


def _as_json(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "full_name": person.full_name,
        "role": person.role.value,
        "active": person.active,
    }
