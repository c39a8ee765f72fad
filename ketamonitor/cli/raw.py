"""``devices replay`` and ``session bytes``: raw bytes decoded again, and shown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from devices.capture import Capture, CaptureError, read_capture
from devices.parts import Joined, join, play
from devices.registry import UnknownDriverError, driver
from devices.spec import DriverSpec
from ketamonitor.arrivals import draft_of
from ketamonitor.blackbox.look import LookError, Shown, kept_of
from ketamonitor.blackbox.look import show as look
from ketamonitor.blackbox.place import PACKED, PLAIN, captures_folder
from ketamonitor.cli.common import add_store, emit, open_reading, out, store_url
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.cli.outputs import piece_json, piece_lines, show, show_with_bytes
from ketamonitor.entries import Entry

#: Reads a driver's name from the command line.
Named = Callable[[str], DriverSpec]


def add_replay(parts: argparse._SubParsersAction[argparse.ArgumentParser], of: Named) -> None:
    """``devices replay``; ``of`` reads a driver's name."""
    played = parts.add_parser("replay", help="print the readings of a capture, or of a session")
    played.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="a capture, its parts, or their folder"
    )
    played.add_argument("--session", metavar="ID", help="what was kept of this session")
    played.add_argument("--source", metavar="NAME", help="which monitor, where there are several")
    played.add_argument("--driver", type=of, metavar="D", help="in place of the file's")
    played.add_argument("--bytes", action="store_true", help="under each, the bytes it came from")
    played.add_argument("--json", action="store_true", help="one JSON object a line")
    add_store(played)
    played.set_defaults(handler=replay)


def add_bytes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``session bytes``."""
    shown = commands.add_parser("bytes", help="show a reading of the record as bytes")
    add_store(shown)
    shown.add_argument("id", metavar="ID")
    shown.add_argument("--seq", type=int, required=True, metavar="N", help="number of the entry")
    shown.add_argument("--json", action="store_true")
    shown.set_defaults(handler=show_bytes)


def session_entries(args: argparse.Namespace, session: str) -> list[Entry]:
    """Raises :class:`UserError` where there is no such session."""
    with open_reading(store_url(args)) as store:
        entries = store.entries(session)
    if not entries:
        raise UserError(f"there is no session {session}; see: ketamonitor session list")
    return entries


def replay(args: argparse.Namespace) -> int:
    """Print the readings of captures. Raises :class:`UserError`, also where parts are missing."""
    if bool(args.files) == bool(args.session):
        raise UsageError("devices replay: give files or a folder, or --session ID")
    try:
        joined = _of_session(args) if args.session else join(_of_files(args.files, args.source))
        spec = args.driver or driver(joined.driver)
    except (CaptureError, LookError, UnknownDriverError) as error:
        raise UserError(str(error)) from None
    for words in (*joined.missing, *joined.notes):
        out(words, file=sys.stderr)
    silent = True
    for traced in play(spec, joined):
        silent = False
        if args.bytes:
            show_with_bytes(traced.output, traced.pieces, args.json)
        else:
            show(traced.output, args.json)
    if silent:
        received = [p for part in joined.parts for p in part.pieces if p.direction == "rx"]
        count = sum(len(piece.data) for piece in received)
        out(f"{count} bytes were received, and {spec.name} finds nothing in them", file=sys.stderr)
    if joined.missing:
        raise UserError(
            f"not all of it could be played: {joined.missing[0]}; what follows a missing part may"
            " differ from what was recorded"
        )
    return 0


def _of_session(args: argparse.Namespace) -> Joined:
    entries = session_entries(args, args.session)
    folder = captures_folder(store_url(args)) / args.session
    sources = {
        device["source"]: None
        for entry in entries
        if entry.kind == "session"
        for device in entry.body.get("devices", ())
    }
    return kept_of(folder, entries, _one_of(list(sources), args.source, "the session")).joined


def _of_files(paths: list[Path], source: str | None) -> list[Capture]:
    """The captures in the files, of one source. Raises :class:`CaptureError`."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.name.endswith((PLAIN, PACKED)))
            # of a part that lies there twice the plain one was left by a kill while it was packed
            names = {p.name for p in inside}
            files += [p for p in inside if f"{p.name}.gz" not in names]
            if not inside:
                raise CaptureError(f"there are no captures in {path}")
        else:
            files.append(path)
    captures = [read_capture(path) for path in files]
    known = list(dict.fromkeys(one.place.source for one in captures if one.place is not None))
    if len(known) > 1 or source is not None:
        wanted = _one_of(known, source, "what was given")
        captures = [one for one in captures if one.place and one.place.source == wanted]
    return captures


def _one_of(known: list[str], wanted: str | None, where: str) -> str:
    if wanted is None and len(known) == 1:
        return known[0]
    names = ", ".join(known) or "none"
    if wanted is None:
        raise UserError(f"{where} has several monitors ({names}): say which with --source")
    if wanted not in known:
        raise UserError(f"{where} has no monitor {wanted!r} (there are: {names})")
    return wanted


def show_bytes(args: argparse.Namespace) -> int:
    """Print a reading's bytes and what they decode to now. Raises :class:`UserError`."""
    entries = session_entries(args, args.id)
    folder = captures_folder(store_url(args)) / args.id
    try:
        shown = look(folder, entries, args.seq)
    except LookError as error:
        raise UserError(str(error)) from None
    if args.json:
        emit(True, "", _as_json(shown))
    else:
        _print(shown)
    if not shown.same:
        raise UserError(f"entry {args.seq} is NOT what its bytes decode to")
    return 0


def _as_json(shown: Shown) -> dict[str, object]:
    again = draft_of(shown.again)
    return {
        "seq": shown.entry.seq,
        "recorded": dict(shown.entry.body),
        "file": shown.file,
        "tied": shown.tied,
        "bytes": [
            {**piece_json(piece), "own": number in shown.own}
            for number, piece in enumerate(shown.pieces)
        ],
        "decoded": dict(again.body),
        "same": shown.same,
        "warnings": list(shown.warnings),
    }


def _print(shown: Shown) -> None:
    entry = shown.entry
    tied = "as the record says" if shown.tied else "not yet entered in the record"
    out(f"entry {entry.seq} of {entry.session}, {entry.kind} of {entry.body['source']}")
    out(f"file {shown.file}, {tied}")
    for line in piece_lines(shown.pieces, shown.own):
        out(line)
    verdict = "the same as in the record" if shown.same else "NOT what the record holds"
    out(f"decoded again, {verdict}:", flush=True)
    show(shown.again, as_json=False)
    for words in shown.warnings:
        out(words, file=sys.stderr)
