"""``ketamonitor simulate``: a simulated monitor on a port of this computer, until it is ended."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.simulated import SIMULATED
from devices.simulated.case import CaseError, CasePatient, read_case
from devices.simulated.faults import Fault, FaultError, FaultKind, parse_fault
from devices.simulated.patient import Patient
from devices.simulated.ports import PortError
from devices.simulated.scenario import DEFAULT_SCENARIO, SCENARIOS, scenario_patient
from devices.simulated.serve import Server
from ketamonitor.cli.common import out, speed
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.clock import SteadyClock
from ketamonitor.in_step import MonitorStep, PacedClock


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The ``simulate`` command; its handler is in the namespace as ``handler``."""
    parser = subparsers.add_parser(
        "simulate",
        help="a simulated monitor on a new port; prints the port as its first line",
        description="Serves a simulated monitor until it is ended (SIGTERM or Ctrl-C). Prints the "
        "port to open as its first line. Its clock starts when the port is first opened.",
    )
    parser.add_argument("--driver", required=True, metavar="D", help=", ".join(SIMULATED))
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--scenario", metavar="NAME", help=", ".join(SCENARIOS))
    source.add_argument("--case", type=Path, metavar="FILE.csv", help="show a recorded case")
    parser.add_argument("--speed", type=speed, default=1.0, metavar="N", help="times as fast")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of everything random")
    parser.add_argument(
        "--port", metavar="P", help="a path to link to the port, or socket://127.0.0.1:PORT"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND@SECONDS[+DURATION]",
        help="may be repeated; kinds: " + ", ".join(FaultKind),
    )
    parser.add_argument(
        "--strict-line",
        action="store_true",
        help="a reader set to another speed than the monitor's gets rubbish, as on a real line",
    )
    parser.set_defaults(handler=simulate)


def simulate(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT. Raises :class:`UserError` with one clear line."""
    simulated = SIMULATED.get(options.driver)
    if simulated is None:
        known = ", ".join(SIMULATED)
        raise UsageError(f"no simulated monitor {options.driver!r}; there are {known}")
    pace = None if options.speed == 1.0 else MonitorStep(PacedClock(options.speed))
    faults = _faults(options.fault)
    patient = _patient(options)

    def announce(name: str) -> None:
        if pace is not None:
            pace.offer(name)
        out(name, flush=True)

    try:
        server = Server(
            simulated,
            patient,
            SteadyClock() if pace is None else pace.clock,
            port=options.port,
            faults=faults,
            seed=options.seed,
            announce=announce,
            strict_line=options.strict_line,
            pacer=pace,
        )
        with server, _ended_by_signals(server):
            server.run()
    except PortError as bad:
        raise UserError(str(bad)) from None
    finally:
        if pace is not None:
            pace.close()
    return 0


def _faults(texts: list[str]) -> list[Fault]:
    try:
        return [parse_fault(text) for text in texts]
    except FaultError as bad:
        raise UsageError(f"--fault: {bad}") from None


def _patient(options: argparse.Namespace) -> Patient:
    if options.case is not None:
        try:
            return CasePatient(read_case(options.case))
        except CaseError as bad:
            raise UserError(str(bad)) from None
    name = options.scenario or DEFAULT_SCENARIO
    if name not in SCENARIOS:
        raise UsageError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return scenario_patient(name, options.seed)


@contextmanager
def _ended_by_signals(server: Server) -> Iterator[None]:
    """While this holds, SIGTERM and SIGINT end the server in good order."""
    # The signal writes its byte straight into what the server waits on: nothing runs in a handler,
    # and a signal that comes just before the wait is not missed.
    old = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)
    }
    wake = signal.set_wakeup_fd(server.wake)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wake)
        for number, handler in old.items():
            signal.signal(number, handler)
