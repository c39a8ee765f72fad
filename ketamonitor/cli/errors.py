"""What ends a command: one clear line, and an exit status."""

from __future__ import annotations

import os
from typing import TextIO


class UserError(Exception):
    """Something the user can mend, said in one line. ``status`` 1: it failed."""

    status: int = 1


class UsageError(UserError):
    """The command line itself is wrong."""

    status = 2


def to_nowhere(stream: TextIO) -> None:
    """An output that takes nothing more: what is still in its buffer, and whatever is printed to it
    from now on, must not fail once more when the program ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
