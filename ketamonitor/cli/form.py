"""``ketamonitor session form``: the data sheet of the form that a session's protocol names."""

from __future__ import annotations

import argparse
from pathlib import Path

from ketamonitor.cli.common import add_store, emit, open_reading, password_of, store_url
from ketamonitor.cli.errors import UserError
from ketamonitor.clinic import load_clinic
from ketamonitor.clock import SteadyClock
from ketamonitor.people import People, SignInError
from ketamonitor.record import Record
from ketamonitor.report.files import ReportError
from ketamonitor.report.sheet import write_sheet
from ketamonitor.store import Store, StoreError
from ketamonitor.treatment.form_sources import Around
from ketamonitor.treatment.forms import FormError, form


def add_form(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sheet = commands.add_parser(
        "form",
        help="the data sheet of the form that the protocol names, as PDF",
        description="Not an official form: a sheet to copy from. Prints what is missing."
        " With --user you sign for it; the password is asked for, or taken from"
        " KETAMONITOR_PASSWORD.",
    )
    add_store(sheet)
    sheet.add_argument("id", metavar="ID")
    sheet.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    sheet.add_argument("--user", metavar="NAME", help="who fills in the form")
    sheet.add_argument("--json", action="store_true")
    sheet.set_defaults(handler=form_session)


def form_session(args: argparse.Namespace) -> int:
    clock = SteadyClock()
    clinic, fault = load_clinic()
    try:
        with open_reading(store_url(args)) as store:
            record = _record(store, args.id)
            names = record.info.protocol.forms
            if not names:
                raise UserError(f"the protocol of session {args.id} names no form")
            people = People(store, clock.now)
            known = {person.name: person.full_name for person in people.all(inactive=True)}
            by = people.sign_in(args.user, password_of(args.user)).full_name if args.user else ""
        around = Around(clock.now(), by, known, clinic)
        missing = write_sheet(form(names[0]), record, args.output, around)
    except (ReportError, FormError, StoreError, SignInError) as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{args.output}: cannot be written: {error.strerror}") from error
    if fault:
        emit(args.json, f"no setting: {fault}", {"no_setting": fault})
    for label in missing:
        emit(args.json, f"missing: {label}", {"missing": label})
    return 0


def _record(store: Store, session: str) -> Record:
    entries = store.entries(session)
    if not entries:
        raise UserError(f"there is no session {session}; see: ketamonitor session list")
    return Record.of(entries)
