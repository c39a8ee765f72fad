"""``ketamonitor devices lamp``: a nurse-call lamp's line active for some seconds, to see it."""

from __future__ import annotations

import argparse
import threading

from devices.lamp import Lamp, LampLine
from ketamonitor.cli.common import emit, positive
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.clock import SteadyClock
from ketamonitor.headless import interrupted_by_signals

#: Seconds between two looks at the lamp.
LOOK_S = 0.1


def add_lamp(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    lamp = parts.add_parser("lamp", help="try a nurse-call lamp on the RTS or DTR line of a port")
    lamp.add_argument("--port", required=True, metavar="P", help="/dev/ttyUSB0, COM3")
    lamp.add_argument(
        "--line", required=True, choices=[line.value for line in LampLine], help="where it is on"
    )
    lamp.add_argument("--seconds", type=positive, default=5.0, metavar="N", help="5 if left out")
    lamp.add_argument(
        "--normally-on",
        action="store_true",
        help="a fail-safe relay: the line is active while all is well and drops for an alert",
    )
    lamp.add_argument("--json", action="store_true", help="one JSON object a line")
    lamp.set_defaults(handler=try_lamp)


def try_lamp(args: argparse.Namespace) -> int:
    """The line is active for so many seconds from when the port is open, then released.

    That is *on* for a plain lamp and *off* for a fail-safe relay. Raises :class:`UserError`.
    """
    clock, ended = SteadyClock(), threading.Event()
    try:
        lamp = Lamp(args.port, LampLine(args.line), clock, normally_on=args.normally_on)
    except ValueError as error:
        raise UsageError(f"--port: {error}") from None
    lamp.want(not args.normally_on)
    active_at = None
    try:
        with interrupted_by_signals(ended.set):
            while not ended.wait(LOOK_S):
                now = clock.now()
                lamp.tick(now)
                state = lamp.state
                if state.word == "failed":
                    raise UserError(state.reason)
                if active_at is None and lamp.lit is not None:
                    active_at = now
                    _tell(args, active=True)
                if active_at is not None and (now - active_at).total_seconds() >= args.seconds:
                    break
    finally:
        lamp.close()
    if lamp.state.word == "failed":
        raise UserError(lamp.state.reason)
    _tell(args, active=False)
    return 0


def _tell(args: argparse.Namespace, *, active: bool) -> None:
    on = active is not args.normally_on
    line = f"lamp {'on' if on else 'off'}: {args.line.upper()} of {args.port} is "
    data = {"port": args.port, "line": args.line, "on": on, "active": active}
    emit(args.json, line + ("active" if active else "inactive"), data)
