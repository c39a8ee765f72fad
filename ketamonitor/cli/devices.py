"""``ketamonitor devices``: drivers, ports, and what a monitor says, live or from a capture."""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
from contextlib import closing, nullcontext, redirect_stdout, suppress
from dataclasses import asdict
from io import RawIOBase

from devices.capture import CaptureError, CaptureWriter
from devices.notes import support_notes
from devices.port import PortError, list_ports, speed_unknown
from devices.reader import PortReader, Tap
from devices.reading import LinkStatus
from devices.registry import DRIVERS, UnknownDriverError, driver
from devices.spec import DriverSpec, LineSettings, Output
from ketamonitor.cli import raw
from ketamonitor.cli.common import emit, out, positive
from ketamonitor.cli.detect import add_detect, refuse_excluded
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.cli.lamp import add_lamp
from ketamonitor.cli.outputs import show
from ketamonitor.cli.written import STANDARD, add_force, add_output, may_write
from ketamonitor.clock import SteadyClock
from ketamonitor.headless import interrupted_by_signals

#: Seconds between two looks at whether the command is to end.
LOOK_S = 0.1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The ``devices`` commands; each has its handler in the namespace as ``handler``."""
    parser = subparsers.add_parser("devices", help="drivers and ports; read or record a monitor")
    parts = parser.add_subparsers(dest="devices_command", metavar="WHAT", required=True)

    listed = parts.add_parser("list", help="the monitors this program can read")
    listed.add_argument("--notes", action="store_true", help="with cable, set-up and limits")
    listed.set_defaults(handler=list_drivers)
    ports = parts.add_parser("ports", help="the serial ports of this computer")
    ports.set_defaults(handler=list_known_ports)

    read = parts.add_parser("read", help="print what a monitor sends")
    _add_port(read)
    read.set_defaults(handler=read_port)

    capture = parts.add_parser("capture", help="record every byte to and from a monitor")
    _add_port(capture)
    add_output(capture, help="the capture; with - the readings go to standard error")
    add_force(capture)
    capture.set_defaults(handler=capture_port)

    raw.add_replay(parts, known_driver)
    add_detect(parts)
    add_lamp(parts)

    for one in (listed, ports, read, capture):
        one.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_port(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", required=True, metavar="P", help="/dev/ttyUSB0, COM3, socket://…")
    known = ", ".join(DRIVERS)
    parser.add_argument("--driver", type=known_driver, required=True, metavar="D", help=known)
    parser.add_argument("--seconds", type=positive, metavar="N", help="end after so long")
    parser.add_argument("--line", metavar="L", help="line settings, for example 19200-8E1")
    parser.add_argument(
        "--listen-only", action="store_true", help="send nothing: another program asks the monitor"
    )


def known_driver(name: str) -> DriverSpec:
    """A driver's row, for argparse (status 2 and the known names for any other name)."""
    try:
        return driver(name)
    except UnknownDriverError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def line_settings(spec: DriverSpec, text: str | None) -> LineSettings:
    """The driver's line, changed as ``--line`` says. Raises :class:`UsageError`."""
    try:
        return spec.line.changed(text) if text else spec.line
    except ValueError as error:
        raise UsageError(f"--line: {error}") from None


def list_drivers(args: argparse.Namespace) -> int:
    for spec in DRIVERS.values():
        data: dict[str, object] = {
            "name": spec.name,
            "title": spec.title,
            "models": list(spec.models),
            "line": str(spec.line),
            "metrics": [metric.key for metric in spec.metrics],
            "commands": sorted(spec.commands),
            "interval_s": spec.interval_s,
            "consumer": spec.consumer,
        }
        grade = ", consumer grade: no clinical monitor" if spec.consumer else ""
        line = f"{spec.name:<12} {spec.title} ({spec.line}){grade}"
        line += f"\n{'':<12} {'; '.join(spec.models)}"
        if args.notes:
            parts = support_notes(spec).parts
            data["notes"] = dict(parts)
            line += "".join(f"\n{'':<12} {name}: {text}" for name, text in parts.items())
        emit(args.json, line, data)
    return 0


def list_known_ports(args: argparse.Namespace) -> int:
    ports = list_ports()
    for port in ports:
        emit(args.json, f"{port.device}  {port.description}", asdict(port))
    if not ports:
        out("this computer has no serial ports now", file=sys.stderr)
    return 0


def read_port(args: argparse.Namespace) -> int:
    """Print until ``--seconds`` have passed or Ctrl-C. Raises :class:`UserError`."""
    return _listen(args, SteadyClock(), None)


def capture_port(args: argparse.Namespace) -> int:
    """As ``read``, with every byte in a file. Raises :class:`UserError`."""
    clock = SteadyClock()
    refuse_excluded(args.port)
    line_settings(args.driver, args.line)  # before a file is made for nothing
    replace = may_write(args.output, args.force)
    try:
        if replace:
            args.output.unlink(missing_ok=True)
        where = _standard_output() if args.output == STANDARD else args.output
        writer = CaptureWriter(where, args.driver.name, args.port, clock.now())
    except CaptureError as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"{args.output}: cannot be written: {error.strerror}") from error
    aside = redirect_stdout(sys.stderr) if args.output == STANDARD else nullcontext()
    with closing(writer), aside:
        status = _listen(args, clock, writer)
    if writer.fault is not None:
        raise UserError(f"{args.output} is not complete: {writer.fault.strerror}")
    return status


def _no_answer(args: argparse.Namespace, line: LineSettings, heard: bytes) -> str:
    """Why nothing was read, with advice that fits the kind of port."""
    name = args.driver.name
    if heard and speed_unknown(args.port):
        return (
            f"what arrives on {args.port} is not understood as {name}: check the driver, and what "
            "the sender is set to send"
        )
    if heard:
        return (
            f"what arrives on {args.port} is not understood: check that it is a {name}, and that "
            f"its port is set to {line}"
        )
    if speed_unknown(args.port):
        return (
            f"nothing came on {args.port}: check that the monitor is on, that it sends to this "
            "address and port number, and the network"
        )
    return (
        f"the monitor did not answer on {args.port}: check that it is on, the cable, and that "
        f"it is a {name} set to {line}"
    )


def _standard_output() -> RawIOBase:
    """A stream of its own on standard output, so that closing it closes nothing else."""
    sys.stdout.flush()
    return open(os.dup(sys.stdout.fileno()), "wb", buffering=0)


def _listen(args: argparse.Namespace, clock: SteadyClock, writer: CaptureWriter | None) -> int:
    refuse_excluded(args.port)
    arrived: queue.SimpleQueue[Output | LinkStatus] = queue.SimpleQueue()
    tap: Tap | None = writer
    line = line_settings(args.driver, args.line)
    reader = PortReader(
        args.driver,
        args.driver.name,
        args.port,
        clock,
        arrived.put,
        tap,
        line=line,
        listen_only=args.listen_only,
    )
    ended = threading.Event()
    started_at, heard = clock.now(), False
    reader.start()
    try:
        with interrupted_by_signals(ended.set):
            try:
                reader.opened.result()
            except PortError as error:
                raise UserError(str(error)) from None
            while not ended.is_set() and (writer is None or writer.fault is None):
                with suppress(queue.Empty):
                    heard |= show(arrived.get(timeout=LOOK_S), args.json)
                passed = (clock.now() - started_at).total_seconds()
                if args.seconds is not None and passed >= args.seconds:
                    break
    finally:
        reader.stop()
    while not arrived.empty():
        heard |= show(arrived.get(), args.json)
    if not heard and not ended.is_set():
        raise UserError(_no_answer(args, line, reader.recent[0]))
    return 0
