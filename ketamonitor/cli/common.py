"""What the commands share: where the store is, numbers from the line, how results are printed."""

from __future__ import annotations

import argparse
import getpass
import math
import os
from typing import TextIO

from ketamonitor import typed
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.clock import FASTEST, SLOWEST, SPEEDS
from ketamonitor.store import Store, StoreError, default_store_url, open_store
from ketamonitor.unseen import json_line, on_terminal


def add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        metavar="URL",
        default=argparse.SUPPRESS,  # so that a subcommand's default never hides one given before it
        help="database file or URL (else KETAMONITOR_STORE, else your own data folder)",
    )


def store_url(args: argparse.Namespace) -> str:
    """Where the store is: ``--store``, else the environment, else the user's data folder."""
    given: str | None = getattr(args, "store", None)
    return given or default_store_url()


def positive(text: str) -> float:
    """A number above 0, for argparse."""
    try:
        read = typed.number(text, f"{text!r} is not a number")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if read is None or read <= 0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return float(read)


def speed(text: str) -> float:
    """How many times as fast simulated time runs, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not SLOWEST <= number <= FASTEST:
        raise argparse.ArgumentTypeError(f"the speed is {SPEEDS}, not {text!r}")
    return number


def emit(as_json: bool, line: str, data: object) -> None:
    """One result on standard output: a line for people, or one JSON object."""
    print(json_line(data) if as_json else on_terminal(line), flush=True)


def out(
    line: str = "", *, file: TextIO | None = None, end: str = "\n", flush: bool = False
) -> None:
    """One line for people: what is stored and would act on a terminal is spelt out."""
    print(on_terminal(line), file=file, end=end, flush=flush)


def password_of(user: str) -> str:
    """The password that is typed, or ``KETAMONITOR_PASSWORD``. Raises :class:`UsageError`."""
    given = os.environ.get("KETAMONITOR_PASSWORD")
    if given is not None:
        return given
    try:
        return getpass.getpass(f"Password of {user}: ")
    except (EOFError, OSError) as error:
        raise UsageError("no password was given: type it, or set KETAMONITOR_PASSWORD") from error


def open_reading(url: str) -> Store:
    """The store, to read from. Raises :class:`UserError` where it cannot be opened."""
    try:
        return open_store(url, create=False, read_only=True)
    except StoreError as error:
        raise UserError(str(error)) from error
