"""The one command, ``ketamonitor``: alone it opens the window, with words it needs no screen."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ketamonitor import __version__
from ketamonitor.cli import alarms, devices, people, protocol, session, simulate, store
from ketamonitor.cli.common import add_store, positive, store_url
from ketamonitor.cli.errors import UserError


class Parser(argparse.ArgumentParser):
    """Wrong usage is one clear line, as every other refusal; ``--help`` says the rest."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(
        prog="ketamonitor",
        description="Chairside record of ketamine and esketamine sessions. An aid to direct"
        " observation and the bedside monitor; it replaces neither.",
    )
    top.add_argument("--version", action="version", version=f"ketamonitor {__version__}")
    add_store(top)
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser("demo", help="a simulated session with nurse and monitor")
    demo.add_argument("--scenario", default="iv-severe")
    demo.add_argument("--speed", type=positive, default=None, metavar="N")
    demo.add_argument("--headless", action="store_true", help="no window; results in --out")
    demo.add_argument("--out", type=Path, metavar="DIR")
    demo.set_defaults(handler=_demo)
    for module in (devices, simulate, session, protocol, store, people, alarms):
        module.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 failed, 2 wrong usage; one clear line on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    args = parser().parse_args(arguments)
    try:
        if args.command is None:
            return _app(args)
        status: int = args.handler(args)
    except UserError as error:
        print(f"ketamonitor: {error}", file=sys.stderr)
        return error.status
    except BrokenPipeError:
        # Whoever read our output has gone (``... | head``): nothing is left to say to them.
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _app(args: argparse.Namespace) -> int:
    # Qt is imported only where a window is wanted: the rest runs on machines without it.
    from ui.app import run_app

    return run_app(store_url(args))


def _demo(args: argparse.Namespace) -> int:
    from ui.demo import run_demo

    return run_demo(args.scenario, args.speed, headless=args.headless, out=args.out)


if __name__ == "__main__":
    sys.exit(main())
