"""The one command, ``ketamonitor``: alone it opens the window, with words it needs no screen.

The window runs as a child of a small guard process that brings it back. What is imported at the top
is what both of them need; the commands and Qt follow where they are wanted.
"""

from __future__ import annotations

import argparse
import errno
import logging
import re
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ketamonitor import __version__
from ketamonitor.cli.errors import UsageError, UserError, to_nowhere
from ketamonitor.cli.last_resort import explained, in_threads, ready_streams
from ketamonitor.clock import SteadyClock
from ketamonitor.unseen import on_terminal

#: What a write to standard output fails with where nobody reads it, or it goes to a full disk.
OUTPUT_REFUSED = {errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class Parser(argparse.ArgumentParser):
    """Wrong usage is one clear line, as every other refusal; ``--help`` says the rest."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {on_terminal(message)} (see {self.prog} --help)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(_flushed(status), message)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    from ketamonitor.cli import alarms, devices, ledger, people, protocol, session, simulate, store
    from ketamonitor.cli.common import add_store, speed

    top = Parser(
        prog="ketamonitor",
        description="Chairside record of ketamine and esketamine sessions. An aid to direct"
        " observation and the bedside monitor; it replaces neither.",
    )
    top.add_argument("--version", action="version", version=f"ketamonitor {__version__}")
    add_store(top)
    top.add_argument(
        "--window", action="store_true", help="open the window without its guard process"
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser("demo", help="a simulated session with nurse and monitor")
    demo.add_argument("--scenario", default="iv-severe")
    demo.add_argument("--speed", type=speed, default=None, metavar="N")
    demo.add_argument("--headless", action="store_true", help="no window; results in --out")
    demo.add_argument("--out", type=Path, metavar="DIR")
    demo.set_defaults(handler=_demo)
    for module in (devices, simulate, session, protocol, store, people, alarms, ledger):
        module.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 failed, 2 wrong usage; one clear line on standard error."""
    ready_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if any(not word.isprintable() and _broken(word) for word in given):
        print("ketamonitor: the command line is not UTF-8 text: type it again", file=sys.stderr)
        return UsageError.status
    if bare := next((word for word in given if re.fullmatch(r"-[\w-]+=--", word)), None):
        # argparse would take "--" for the end of the options and hand on no value at all
        print(f"ketamonitor: {bare}: there is no value behind it", file=sys.stderr)
        return UsageError.status
    opening, more = _window_parser().parse_known_args(given)
    if not more:
        return _open(opening)
    args = parser().parse_args(given)
    if args.command is None:
        return _open(args)
    return _flushed(_handled(args))


def _broken(word: str) -> bool:
    """Bytes that are no text reach us as halves of letters that nothing can write."""
    return any("\ud800" <= letter <= "\udfff" for letter in word)


def _handled(args: argparse.Namespace) -> int:
    """The command itself; whatever it raises ends it with one line and a status."""
    command = " ".join(
        value
        for name, value in vars(args).items()
        if name.endswith("command") and isinstance(value, str)
    )
    store = getattr(args, "store", None)
    before = threading.excepthook
    in_threads(command, store)
    try:
        status: int = args.handler(args)
    except UserError as error:
        print(f"ketamonitor: {on_terminal(str(error))}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 (the last resort: told, and kept without values)
        if not _output_refused(error):
            print(f"ketamonitor: {on_terminal(explained(error, command, store))}", file=sys.stderr)
        return 1
    finally:
        threading.excepthook = before
    return status


def _flushed(status: int) -> int:
    """The status, once what is still in the buffer is written: here a failure can be said."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if not _output_refused(error):
            raise
        return status or 1
    return status


def _output_refused(error: Exception) -> bool:
    """Whether standard output takes nothing more; then that is said, and the rest goes nowhere."""
    if not isinstance(error, OSError) or error.errno not in OUTPUT_REFUSED or error.filename:
        return False
    to_nowhere(sys.stdout)
    # Whoever read our output may have gone (``... | head``): there is nothing to say to them.
    if not isinstance(error, BrokenPipeError):
        print(f"ketamonitor: the output cannot be written: {error.strerror}", file=sys.stderr)
    return True


def _window_parser() -> argparse.ArgumentParser:
    """What belongs to the window alone. The last three are the guard's words to its child."""
    window = Parser(prog="ketamonitor", add_help=False, allow_abbrev=False)
    window.add_argument("--store", metavar="URL")
    window.add_argument("--window", action="store_true")
    window.add_argument("--guarded", action="store_true")
    window.add_argument("--return-to", metavar="ID,ID", default="")
    window.add_argument("--notice", metavar="WORDS", default="")
    return window


def _open(args: argparse.Namespace) -> int:
    """The window itself, or the guard that runs it."""
    if getattr(args, "notice", ""):
        from ui.guard_notice import run_notice

        return run_notice(args.notice)
    if args.window:
        return _window(args)
    from ketamonitor.guardian.process import guarded

    store = getattr(args, "store", None)

    # A frozen program is its own interpreter and takes our arguments as they are.
    run = [] if getattr(sys, "frozen", False) else ["-m", "ui.command"]

    def command(sessions: tuple[str, ...]) -> list[str]:
        where = ["--store", store] if store else []
        back = ["--return-to", ",".join(sessions)] if sessions else []
        return [sys.executable, *run, *where, "--window", "--guarded", *back]

    def show(said: str) -> list[str]:
        return [sys.executable, *run, "--notice", said]

    try:
        return guarded(command, SteadyClock(), _ids(args), show=show)
    except OSError as error:
        print(f"ketamonitor: the window cannot be started: {error.strerror}", file=sys.stderr)
        return 1


def _window(args: argparse.Namespace) -> int:
    from ketamonitor.guardian.beats import Beats

    beats = Beats.on_standard_output() if getattr(args, "guarded", False) else None
    # Qt is imported only where a window is wanted: the rest runs on machines without it.
    from ketamonitor.store import default_store_url
    from ui.app import run_app

    url = getattr(args, "store", None) or default_store_url()
    return run_app(url, beats=beats, return_to=_ids(args))


def _ids(args: argparse.Namespace) -> tuple[str, ...]:
    """The sessions to go back into."""
    return tuple(session for session in getattr(args, "return_to", "").split(",") if session)


def _demo(args: argparse.Namespace) -> int:
    from ui.demo import run_demo

    return run_demo(args.scenario, args.speed, headless=args.headless, out=args.out)


if __name__ == "__main__":
    sys.exit(main())
