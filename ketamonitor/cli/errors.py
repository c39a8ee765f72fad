"""What ends a command: one clear line, and an exit status."""


class UserError(Exception):
    """Something the user can mend, said in one line. ``status`` 1: it failed."""

    status: int = 1


class UsageError(UserError):
    """The command line itself is wrong."""

    status = 2
