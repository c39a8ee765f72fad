"""``ketamonitor session form``: the data sheet of the form that a session's protocol names."""

from __future__ import annotations

import argparse
from datetime import datetime

from ketamonitor.cli.common import add_store, emit, open_reading, password_of, store_url
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.cli.written import STANDARD, add_force, add_output, may_write, write_out
from ketamonitor.clinic import load_clinic
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import Draft
from ketamonitor.form_book import FormBook
from ketamonitor.intake import past_day
from ketamonitor.people import People, SignInError
from ketamonitor.record import Record
from ketamonitor.report.files import ReportError
from ketamonitor.report.sheet import sheet_of
from ketamonitor.store import Store, StoreError, open_store
from ketamonitor.treatment.form_sources import Around
from ketamonitor.treatment.forms import FormError, form
from ketamonitor.treatment.hand_in import Due, HandIns, handed_in, struck, summary_due


def add_form(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sheet = commands.add_parser(
        "form",
        help="the data sheet of the form that the protocol names; that the form was handed in",
        description="The PDF is not an official form: a sheet to copy from. Prints what is missing."
        " With --user you sign for what you do; the password is asked for, or taken from"
        " KETAMONITOR_PASSWORD.",
    )
    add_store(sheet)
    sheet.add_argument("id", metavar="ID")
    act = sheet.add_mutually_exclusive_group(required=True)
    add_output(act, required=False, help="write the data sheet")
    act.add_argument("--handed-in", metavar="DAY", help="the form was handed in on this day")
    act.add_argument("--strike", metavar="REASON", help="that it was handed in is a mistake")
    sheet.add_argument("--reference", metavar="T", help="of the form that was handed in")
    sheet.add_argument("--user", metavar="NAME", help="who fills it in, hands it in or strikes")
    add_force(sheet)
    sheet.add_argument("--json", action="store_true")
    sheet.set_defaults(handler=form_command)


def form_command(args: argparse.Namespace) -> int:
    if args.reference is not None and args.handed_in is None:
        raise UsageError("--reference goes with --handed-in")
    if args.output is not None:
        return form_session(args)
    if not args.user:
        raise UsageError("say who you are: --user NAME")
    return hand_in(args)


def hand_in(args: argparse.Namespace) -> int:
    """Record that the form was handed in, or strike that out."""
    clock = SteadyClock()
    try:
        with open_store(store_url(args), create=False) as store:
            due = _due(store, args.id)
            person = People(store, clock.now).sign_in(args.user, password_of(args.user))

            def draft(known: HandIns, now: datetime) -> Draft:
                if args.strike is not None:
                    return struck(known, args.id, args.strike, at=now, author=person.name)
                on = past_day(args.handed_in, "Handed in on", today=now.date())
                reference = args.reference or ""
                return handed_in(known, due, on, reference, at=now, author=person.name)

            row = FormBook(store, clock.now).write(draft)
    except (StoreError, SignInError, ValueError) as error:
        raise UserError(str(error)) from error
    emit(args.json, row.body["text"], row.as_json())
    return 0


def _due(store: Store, session: str) -> Due:
    """Raises :class:`UserError` for a session that hands in none, with why."""
    summary = store.summary(session)
    if summary is None:
        raise UserError(f"there is no session {session}; see: ketamonitor session list")
    due = summary_due(summary)
    if due is None:
        if not summary.forms:
            why = "its protocol names no form"
        elif summary.simulated:
            why = "it is simulated"
        else:
            why = "it has not ended" if not summary.finished else "its form is not known here"
        raise UserError(f"session {session} hands in no form: {why}")
    return due


def form_session(args: argparse.Namespace) -> int:
    replace = may_write(args.output, args.force)
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
        pdf, missing = sheet_of(form(names[0]), record, around)
    except (ReportError, FormError, StoreError, SignInError) as error:
        raise UserError(str(error)) from error
    write_out(args.output, pdf, replace)
    if args.output == STANDARD:
        # What is missing stands on the sheet itself; standard output holds nothing but it.
        return 0
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
