"""``ketamonitor protocol``: treatment protocols in words, checked, approved, withdrawn."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from devices.bounded import bytes_of
from ketamonitor import toml_lines
from ketamonitor.alarm_plan_words import limit_words, plan_lines
from ketamonitor.approvals import (
    NOT_APPROVED,
    ApprovalError,
    Approvals,
    Standing,
    recorded_as,
)
from ketamonitor.cli.common import add_store, emit, open_reading, password_of, store_url
from ketamonitor.cli.errors import UserError
from ketamonitor.clock import SteadyClock
from ketamonitor.library import Protocols, load_protocols
from ketamonitor.people import People
from ketamonitor.protocol import (
    ProtocolError,
    TreatmentProtocol,
    old_sources,
    protocol_to_json,
    read_protocol,
    source_faults,
)
from ketamonitor.protocol_words import source_lines
from ketamonitor.schedule import planned
from ketamonitor.sources import old
from ketamonitor.store import StoreError, open_store, store_exists
from ketamonitor.toml_file import LARGEST, decoded
from ketamonitor.treatment.forms import FormError, form
from ketamonitor.words import STARS

AFTER = {"swallow": "swallowed", "spit": "spat out", "either": "swallowed or spat out"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "protocol", help="list, show, check and approve treatment protocols"
    )
    commands = parser.add_subparsers(dest="protocol_command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the protocols at hand")
    listing.set_defaults(handler=list_protocols)
    show = commands.add_parser("show", help="one protocol in words")
    show.add_argument("name", metavar="NAME", help="a protocol at hand, or a .toml file")
    show.set_defaults(handler=show_protocol)
    check = commands.add_parser("check", help="check protocol files")
    check.add_argument("file", type=Path, nargs="+", metavar="FILE")
    check.set_defaults(handler=check_protocol)
    approve = commands.add_parser(
        "approve",
        help="approve a version for use on patients",
        description="Only a medical director approves. The password is asked for; for scripts it"
        " is taken from the environment variable KETAMONITOR_PASSWORD.",
    )
    approve.add_argument("name", metavar="NAME", help="a protocol at hand, or a .toml file")
    approve.set_defaults(handler=approve_protocol)
    withdraw = commands.add_parser("withdraw", help="take an approval back")
    withdraw.add_argument("name", metavar="NAME")
    withdraw.add_argument("--reason", required=True, metavar="T")
    withdraw.add_argument("--version", type=int, metavar="N", help="else every version")
    withdraw.set_defaults(handler=withdraw_protocol)
    for command in (approve, withdraw):
        command.add_argument("--user", required=True, metavar="DIRECTOR")
    for command in (listing, show, approve, withdraw):
        add_store(command)
    for command in (listing, show, check, approve, withdraw):
        command.add_argument("--json", action="store_true")


def _all() -> Protocols:
    try:
        return load_protocols()
    except ProtocolError as error:
        raise UserError(str(error)) from error


def _named(name: str) -> TreatmentProtocol:
    """The protocol of that name or in that file. Raises :class:`UserError`."""
    try:
        return read_protocol(Path(name)) if name.endswith(".toml") else load_protocols().named(name)
    except ProtocolError as error:
        raise UserError(str(error)) from error


def _standings(
    args: argparse.Namespace, protocols: Iterable[TreatmentProtocol]
) -> dict[str, Standing]:
    """How each stands. Where there is no store yet nothing is approved; one that was named and is
    not there, or cannot be read, is a :class:`UserError`."""
    url = store_url(args)
    try:
        if getattr(args, "store", None) is None and not store_exists(url):
            none = Standing(
                None, f"{url}: no store yet, so nothing is approved", True, NOT_APPROVED
            )
            return {protocol.name: none for protocol in protocols}
        with open_reading(url) as store:
            now = SteadyClock().now
            return Approvals(store, People(store, now), now).standings(protocols)
    except StoreError as error:
        raise UserError(str(error)) from error


def _as_json(protocol: TreatmentProtocol, standing: Standing) -> dict[str, object]:
    """The protocol as a record would keep it, and its approval, or why there is none."""
    approval = standing.approval
    return {
        **protocol_to_json(recorded_as(protocol, approval)),
        "approval": approval.as_json() if approval else None,
        "not_approved": standing.why or None,
    }


def list_protocols(args: argparse.Namespace) -> int:
    known = _all()
    standings = _standings(args, known.values())
    for protocol in known.values():
        standing = standings[protocol.name]
        line = f"{protocol.name}  version {protocol.version}  {protocol.title}  ({standing.line})"
        emit(args.json, line, _as_json(protocol, standing))
    if known.faults:
        raise UserError("\n".join(known.faults.values()))
    return 0


def show_protocol(args: argparse.Namespace) -> int:
    protocol = _named(args.name)
    standing = _standings(args, [protocol])[protocol.name]
    emit(args.json, "\n".join(in_words(protocol, standing)), _as_json(protocol, standing))
    return 0


def check_protocol(args: argparse.Namespace) -> int:
    """Each file: whether it can be used, whether each of its rows and each field of its forms says
    where it comes from, and which sources should be read again."""
    today = SteadyClock().now().date()
    faults = []
    for file in args.file:
        try:
            protocol = read_protocol(file)
            wrong = [*_file_faults(file, protocol, today), *_form_faults(protocol, today)]
        except (ProtocolError, FormError) as error:
            faults.append(str(error))
            continue
        if wrong:
            faults += wrong
            continue
        warnings = _warnings(protocol, today)
        said = [f"{file}: {protocol.name} version {protocol.version} can be used"]
        said += [f"{file}: warning: {warning}" for warning in warnings]
        plain = {"file": str(file), "name": protocol.name, "usable": True, "warnings": warnings}
        emit(args.json, "\n".join(said), plain)
    if faults:
        raise UserError("\n".join(faults))
    return 0


def _file_faults(file: Path, protocol: TreatmentProtocol, today: date) -> list[str]:
    text = decoded(bytes_of(file, LARGEST))
    return [
        f"{file}:{toml_lines.of_fault(text, fault)}: {fault}"
        for fault in source_faults(protocol, today)
    ]


def _form_faults(protocol: TreatmentProtocol, today: date) -> list[str]:
    return [
        f"form {name}: {fault}" for name in protocol.forms for fault in form(name).faults(today)
    ]


def _warnings(protocol: TreatmentProtocol, today: date) -> list[str]:
    forms = [
        f"form {name}: {warning}"
        for name in protocol.forms
        for warning in old(form(name).reference, today)
    ]
    return [*old_sources(protocol, today), *forms]


def approve_protocol(args: argparse.Namespace) -> int:
    protocol = _named(args.name)
    password = password_of(args.user)
    with _approvals(args) as approvals:
        approval = approvals.approve(protocol, args.user, password)
    line = f"{protocol.name} version {protocol.version}: {Standing(approval).line}"
    emit(args.json, line, approval.as_json())
    return 0


def withdraw_protocol(args: argparse.Namespace) -> int:
    password = password_of(args.user)
    with _approvals(args) as approvals:
        taken = approvals.withdraw(args.name, args.reason, args.user, password, args.version)
    for approval in taken:
        line = f"{approval.name} version {approval.version}: approval by {approval.who} withdrawn"
        emit(args.json, line, {**approval.as_json(), "withdrawn": True})
    return 0


@contextmanager
def _approvals(args: argparse.Namespace) -> Iterator[Approvals]:
    """The approvals of the store, to be changed. What is refused is a :class:`UserError`."""
    try:
        with open_store(store_url(args), create=False) as store:
            now = SteadyClock().now
            yield Approvals(store, People(store, now), now)
    except (StoreError, ApprovalError) as error:
        raise UserError(str(error)) from error


def _gate(protocol: TreatmentProtocol) -> str:
    gate = protocol.gate
    first = f"{gate.from_first_dose_min:g} min from the first dose"
    after = f", and {gate.after_dose_min:g} min after the end of the last"
    return first + after if gate.after_dose_min else first


def in_words(protocol: TreatmentProtocol, standing: Standing) -> list[str]:
    """The protocol as lines a clinician can read aloud."""
    dose = protocol.dose
    over = f"{dose.minutes:g} min" if dose.minutes else "as many minutes as ordered"
    held = f"held {dose.hold_min:g} min, then {AFTER[dose.after_hold]}" if dose.hold_min else ""
    given = {
        "infusion": f"{dose.mg_per_kg} mg/kg over {over}",
        "bolus": f"{dose.mg_per_kg} mg/kg",
        "devices": f"{dose.devices} devices of {dose.device_mg} mg",
        "oral": held or "swallowed",
    }[dose.given_as]
    lines = [
        f"{protocol.title} (version {protocol.version})",
        f"source    {protocol.source}",
        f"approval  {standing.line}",
        f"dose      {dose.drug}, {dose.route}, {given}",
        f"gate      {_gate(protocol)}",
    ]
    if protocol.approved:
        lines.append(
            f"in file   approved by {protocol.approved_by}, {protocol.approved_on}"
            " (for readers of the file; it unlocks nothing)"
        )
    for due in protocol.due:
        lines.append(f"due       {due.what} {planned(due)} (grace {due.grace_min:g} min)")
    lines += [f"limit     {STARS[li.priority]:<3} {limit_words(li)}" for li in protocol.limit]
    lines += [f"{heading}: {line}" for heading, line in plan_lines(protocol)]
    lines += [f"{what}: {told}" for what, told in source_lines(protocol)]
    return lines
