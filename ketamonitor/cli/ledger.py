"""``ketamonitor ledger``: the controlled drug ledger listed, balanced, checked, exported."""

from __future__ import annotations

import argparse
from datetime import datetime

from ketamonitor.cli.common import add_store, emit, open_reading, store_url
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.cli.written import STANDARD, add_force, add_output, may_write, write_out
from ketamonitor.clock import SteadyClock
from ketamonitor.drug_book import DrugBook, as_csv
from ketamonitor.spreadsheet import encoded
from ketamonitor.store import StoreError
from ketamonitor.treatment.ledger import Ledger, Turnover
from ketamonitor.words import clock, day


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("ledger", help="the controlled drug ledger")
    commands = parser.add_subparsers(dest="ledger_command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="every row, oldest first")
    listing.set_defaults(handler=list_rows)
    balance = commands.add_parser(
        "balance", help="what each vial holds by the book, and what moved in a stretch of time"
    )
    for name, words in (("--since", "from then on"), ("--until", "up to before then")):
        balance.add_argument(name, metavar="TIME", help=f"{words}; ISO 8601 with offset")
    balance.set_defaults(handler=show_balance)
    check = commands.add_parser("check", help="the chain, the sums, and the sessions' entries")
    check.set_defaults(handler=check_ledger)
    export = commands.add_parser("export", help="a CSV file for an inspection")
    add_output(export)
    add_force(export)
    export.set_defaults(handler=export_rows)
    for command in (listing, balance, check, export):
        add_store(command)
        command.add_argument("--json", action="store_true")


def list_rows(args: argparse.Namespace) -> int:
    ledger = _ledger(args)
    for row in ledger.rows:
        struck = " (struck)" if row.seq in ledger.struck else ""
        when = f"{day(row.at.date())} {clock(row.at)}"
        emit(
            args.json, f"{row.seq}  {when}  {row.author}  {row.body['text']}{struck}", row.as_json()
        )
    return 0


def show_balance(args: argparse.Namespace) -> int:
    since, until = _moment(args.since, "--since"), _moment(args.until, "--until")
    ledger = _ledger(args)
    for vial in ledger.vials.values():
        text = f"{vial.name}: {vial.left_mg} mg by the book{', open' if vial.opened else ''}"
        emit(
            args.json, text, {"vial": vial.number, "drug": vial.drug, "left_mg": str(vial.left_mg)}
        )
    for drawing in ledger.drawings.values():
        emit(
            args.json,
            f"drawing {drawing.number}: {drawing.drawn_mg} mg drawn, {drawing.given_mg} given,"
            f" {drawing.wasted_mg} wasted, {drawing.standing.value}",
            {"drawing": drawing.number, "rest_mg": str(drawing.rest_mg)},
        )
    rows = [row.at for row in ledger.rows]
    if rows:
        first = since or min(rows)
        for line in ledger.turnover(first, until or SteadyClock().now()):
            emit(args.json, _turnover(line), {"drug": line.drug, "after_mg": str(line.after)})
    return 0


def check_ledger(args: argparse.Namespace) -> int:
    try:
        with open_reading(store_url(args)) as store:
            found = list(DrugBook(store, SteadyClock().now).check())
    except StoreError as error:
        raise UserError(str(error)) from error
    for fault in found:
        emit(args.json, fault, {"fault": fault})
    if not found:
        emit(args.json, "the ledger balances", {"balanced": True})
    return 1 if found else 0


def export_rows(args: argparse.Namespace) -> int:
    replace = may_write(args.output, args.force)
    ledger = _ledger(args)
    write_out(args.output, encoded(as_csv(ledger)), replace, text=True)
    if args.output != STANDARD:
        emit(args.json, f"{args.output}: {len(ledger.rows)} rows", {"file": str(args.output)})
    return 0


def _ledger(args: argparse.Namespace) -> Ledger:
    try:
        with open_reading(store_url(args)) as store:
            return DrugBook(store, SteadyClock().now).ledger()
    except StoreError as error:
        raise UserError(str(error)) from error


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: write it as 2026-11-24T07:00+01:00, not {text!r}") from None
    if moment.utcoffset() is None:
        raise UsageError(f"{option}: add the offset, as in 2026-11-24T07:00+01:00")
    return moment


def _turnover(line: Turnover) -> str:
    return (
        f"{line.drug}: {line.before} mg before, {line.received} received, {line.drawn} drawn"
        f" ({line.given} given, {line.wasted} wasted), {line.wasted_in_vial} wasted in the vial,"
        f" {line.returned} returned, {line.discrepancy:+} by counts, {line.after} mg after"
    )
