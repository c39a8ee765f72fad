"""``ketamonitor protocol list | show | check``: treatment protocols in words."""

from __future__ import annotations

import argparse
from pathlib import Path

from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.cli.common import emit
from ketamonitor.cli.errors import UserError
from ketamonitor.library import load_protocols
from ketamonitor.protocol import (
    ProtocolError,
    TreatmentProtocol,
    protocol_to_json,
    read_protocol,
)
from ketamonitor.words import STARS


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("protocol", help="list, show and check treatment protocols")
    commands = parser.add_subparsers(dest="protocol_command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the protocols at hand")
    listing.set_defaults(handler=list_protocols)
    show = commands.add_parser("show", help="one protocol in words")
    show.add_argument("name", metavar="NAME")
    show.set_defaults(handler=show_protocol)
    check = commands.add_parser("check", help="check a protocol file")
    check.add_argument("file", type=Path, metavar="FILE")
    check.set_defaults(handler=check_protocol)
    for command in (listing, show, check):
        command.add_argument("--json", action="store_true")


def _all() -> dict[str, TreatmentProtocol]:
    try:
        return load_protocols()
    except ProtocolError as error:
        raise UserError(str(error)) from error


def list_protocols(args: argparse.Namespace) -> int:
    for protocol in _all().values():
        state = (
            f"approved by {protocol.approved_by}, {protocol.approved_on}"
            if protocol.approved
            else "not approved: simulated sessions only"
        )
        line = f"{protocol.name}  version {protocol.version}  {protocol.title}  ({state})"
        emit(args.json, line, protocol_to_json(protocol))
    return 0


def show_protocol(args: argparse.Namespace) -> int:
    known = _all()
    if args.name not in known:
        raise UserError(f"unknown protocol {args.name!r} (known: {', '.join(known)})")
    protocol = known[args.name]
    emit(args.json, "\n".join(in_words(protocol)), protocol_to_json(protocol))
    return 0


def check_protocol(args: argparse.Namespace) -> int:
    try:
        protocol = read_protocol(args.file)
    except ProtocolError as error:
        raise UserError(str(error)) from error
    line = f"{args.file}: {protocol.name} version {protocol.version} can be used"
    emit(args.json, line, {"file": str(args.file), "name": protocol.name, "usable": True})
    return 0


def in_words(protocol: TreatmentProtocol) -> list[str]:
    """The protocol as lines a clinician can read aloud."""
    dose = protocol.dose
    given = {
        "infusion": f"{dose.mg_per_kg} mg/kg over {dose.minutes:g} min" if dose.minutes else "",
        "bolus": f"{dose.mg_per_kg} mg/kg",
        "devices": f"{dose.devices} devices of {dose.device_mg} mg",
    }[dose.given_as]
    lines = [
        f"{protocol.title} (version {protocol.version})",
        f"source    {protocol.source}",
        f"approved  {protocol.approved_by or 'not approved: simulated sessions only'}",
        f"dose      {dose.drug}, {dose.route}, {given}",
        f"gate      {protocol.gate.from_first_dose_min:g} min from the first dose",
    ]
    for due in protocol.due:
        at = ", ".join(f"{m:g}" for m in due.minutes)
        lines.append(f"due       {due.what} at {at} min (grace {due.grace_min:g} min)")
    lines += [f"limit     {STARS[li.priority]:<3} {limit_words(li)}" for li in protocol.limit]
    technical = protocol.technical
    lines.append(f"technical no reading for {technical.no_reading_s:g} s")
    return lines


def limit_words(limit: AlarmLimit) -> str:
    """``Systolic >= 180 mmHg`` or ``Systolic >= baseline +20 %``."""
    of = limit.of
    if limit.relative is None:
        return f"{of.label} {limit.op} {limit.value:g} {of.unit}"
    if limit.relative == "trend":
        return f"{of.label} {limit.op} {limit.value:+g} {of.unit} within {limit.trend_min:g} min"
    unit = "%" if limit.relative == "baseline_percent" else of.unit
    return f"{of.label} {limit.op} baseline {limit.value:+g} {unit}"
