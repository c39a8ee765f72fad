"""``ketamonitor session run``: a session recorded without a screen."""

from __future__ import annotations

import argparse
from datetime import date, datetime
from pathlib import Path

from devices.port import PortError
from devices.registry import DRIVERS
from ketamonitor.cli.common import (
    add_store,
    open_reading,
    password_of,
    positive,
    speed,
    store_url,
)
from ketamonitor.cli.detect import refuse_excluded
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.cli.recording_output import RecordingOutput
from ketamonitor.clock import SteadyClock
from ketamonitor.headless import Headless, interrupted_by_signals
from ketamonitor.in_step import PacedClock
from ketamonitor.people import SignInError
from ketamonitor.protocol import ProtocolError, TreatmentProtocol, read_protocol
from ketamonitor.script import Act, ScriptError, read_script
from ketamonitor.station import SessionPlan, Signals, Station
from ketamonitor.store import StoreError, data_folder, store_exists
from ketamonitor.taking_in import take_in
from ketamonitor.view import DeviceChoice, Patient

#: Who records a simulated session that nobody has signed in for.
SIMULATED_AUTHOR = "simulated"

#: Ends a device that is only listened to, as another program asks it.
LISTEN = ",listen"

#: Stands where a simulated session was given no patient; its name says what it is.
SIMULATED_PATIENT = Patient("SIMULATED, Patient", "SIM-0000", date(1980, 1, 1))


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="record a session without a screen")
    add_store(run)
    run.add_argument("--protocol", metavar="NAME", help="treatment protocol (or a .toml file)")
    run.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="DRIVER[@LINE]:PORT[,listen]",
        help="monitor and port, for example dinamap:/dev/ttyUSB0 (repeatable); @19200-8E1 sets the"
        " line, ',listen' sends nothing to it",
    )
    run.add_argument(
        "--patient", metavar="NAME,ID,BORN", help="for example 'Doe, Jo,0048,1984-03-14'"
    )
    run.add_argument("--weight", type=positive, metavar="KG")
    run.add_argument("--chair", default="1")
    run.add_argument("--script", type=Path, metavar="FILE.jsonl", help="what the nurse does")
    run.add_argument(
        "--for", dest="for_s", type=positive, metavar="SECONDS", help="session seconds"
    )
    run.add_argument("--speed", type=speed, default=1.0, metavar="N", help="times as fast")
    run.add_argument("--simulated", action="store_true", help="mark as simulated, for ever")
    run.add_argument(
        "--sound", action="store_true", help="sound alarms and light the lamp of this computer"
    )
    run.add_argument("--user", help="who records; the password is asked or KETAMONITOR_PASSWORD")
    run.add_argument("--resume", metavar="ID", help="go on with an unfinished session")
    run.add_argument("--json", action="store_true", help="print each entry once it is durable")
    run.set_defaults(handler=run_session)


def run_session(args: argparse.Namespace) -> int:
    try:
        acts = read_script(args.script) if args.script else []
    except ScriptError as error:
        raise UserError(str(error)) from error
    # Sped-up time is never a patient's time: such a session is marked as simulated for ever.
    simulated = args.simulated or args.speed != 1.0
    devices = _devices(args.device)
    output = RecordingOutput(as_json=args.json)
    headless = Headless(tell=output.tell, show=output.show)
    url = store_url(args)
    start = _last_time(url, args.resume, output) if args.resume and simulated else None
    clock = SteadyClock(start=start) if args.speed == 1.0 else PacedClock(args.speed, start)
    try:
        signals = _signals(url) if args.sound else None
        station = Station(url, clock, headless.publish, signals=signals)
    except (StoreError, ProtocolError) as error:
        raise UserError(str(error)) from error
    for line in station.rescued:
        output.say(f"ketamonitor: {line}")
    status = 1
    try:
        status = _record(args, station, headless, acts, devices, simulated, output)
    finally:
        left = station.close()
        if left is not None:
            output.say(f"ketamonitor: {left.words()}")
    return 1 if left is not None else status


def _record(
    args: argparse.Namespace,
    station: Station,
    headless: Headless,
    acts: list[Act],
    devices: tuple[DeviceChoice, ...],
    simulated: bool,
    output: RecordingOutput,
) -> int:
    if args.resume:
        simulated = _stored_simulated(station, args.resume)
    author = _author(args, station, simulated)
    # From here on whoever ends it ends a recording, also while the first entry waits to be saved.
    with interrupted_by_signals(headless.interrupt):
        return _play(args, station, headless, acts, devices, simulated, author, output)


def _play(
    args: argparse.Namespace,
    station: Station,
    headless: Headless,
    acts: list[Act],
    devices: tuple[DeviceChoice, ...],
    simulated: bool,
    author: str,
    output: RecordingOutput,
) -> int:
    try:
        if args.resume:
            session, started_at = args.resume, station.record(args.resume).info.started_at
            elapsed = (station.clock.now() - started_at).total_seconds()
            acts = [act for act in acts if act.t_s >= elapsed]
            done = station.resume(session, devices, author, ports_must_open=True)
        else:
            plan = SessionPlan(
                _patient(args.patient, simulated),
                args.weight,
                _protocol(args.protocol, station),
                devices,
                simulated,
                args.chair,
            )
            session, done = station.start(plan, author, ports_must_open=True)
            started_at = None
        if not headless.wait(done):
            output.begin(session)
            return 1  # it could not even begin to be saved; the end says what is left
        first = done.result()[0]
    except (ValueError, PortError, StoreError, ProtocolError) as error:
        raise UserError(str(error)) from error
    started_at = started_at or first.at
    output.begin(session)
    finished = headless.play(station, session, started_at, acts, author, args.for_s)
    for complaint in headless.complaints:
        output.say(complaint)
    if station.clock.held() > 1:
        output.say(
            f"this computer could not follow {args.speed:g} times as fast all the time: session "
            f"time was held back for {station.clock.held():.0f} s of the computer's"
        )
    if not finished:
        output.say(f"recording stopped; go on with: ketamonitor session run --resume {session}")
    return 1 if headless.complaints else 0


def _signals(url: str) -> Signals:
    # Imported only here: numbers of samples and a sound library take their time.
    from ketamonitor.signals.annunciator import annunciator
    from ketamonitor.signals.settings import SETTINGS_FILE

    return annunciator(data_folder(url) / SETTINGS_FILE)


def _devices(given: list[str]) -> tuple[DeviceChoice, ...]:
    choices: list[DeviceChoice] = []
    for text in given:
        monitor, colon, port = text.partition(":")
        listen_only = port.endswith(LISTEN)
        port = port.removesuffix(LISTEN)
        name, at, line = monitor.partition("@")
        if not colon or not port or (at and not line):
            raise UsageError(
                f"--device {text}: write it as DRIVER:PORT, e.g. dinamap:/dev/ttyUSB0 or "
                "dinamap@19200-8N1:/dev/ttyUSB0,listen"
            )
        if name not in DRIVERS:
            raise UsageError(f"unknown driver {name!r} (known: {', '.join(DRIVERS)})")
        taken = sum(choice.driver == name for choice in choices)
        source = name if not taken else f"{name}-{taken + 1}"
        choice = DeviceChoice(name, port, source, line, listen_only)
        try:
            choice.settings()
        except ValueError as error:
            raise UsageError(f"--device {text}: {error}") from None
        refuse_excluded(port)
        choices.append(choice)
    return tuple(choices)


def _patient(text: str | None, simulated: bool) -> Patient:
    if text is None:
        if simulated:
            return SIMULATED_PATIENT
        raise UsageError("--patient NAME,ID,BORN is needed (only a simulated session goes without)")
    # The name may itself hold a comma: the last two fields are number and date of birth.
    parts = [part.strip() for part in text.rsplit(",", 2)]
    if len(parts) != 3 or not all(parts):
        raise UsageError("--patient: write it as NAME,ID,BORN with BORN as YYYY-MM-DD")
    try:
        return Patient(parts[0], parts[1], date.fromisoformat(parts[2]))
    except ValueError:
        raise UsageError("--patient: BORN must be a date written YYYY-MM-DD") from None


def _protocol(name: str | None, station: Station) -> TreatmentProtocol:
    if name is None:
        raise UsageError("--protocol NAME is needed; see: ketamonitor protocol list")
    if name.endswith(".toml"):
        return read_protocol(Path(name))
    return station.protocol(name)


def _author(args: argparse.Namespace, station: Station, simulated: bool) -> str:
    if args.user is None:
        if simulated:
            return SIMULATED_AUTHOR
        raise UsageError("--user NAME is needed: only a simulated session goes without signing in")
    try:
        return station.people.sign_in(args.user, password_of(args.user)).name
    except SignInError as error:
        raise UserError(str(error)) from error


def _stored_simulated(station: Station, session: str) -> bool:
    try:
        return station.record(session).info.simulated
    except ValueError as error:
        raise UserError(f"there is no session {session}") from error


def _last_time(url: str, session: str, output: RecordingOutput) -> datetime:
    """When a simulated session was recorded last, with what an earlier end could not save."""
    try:
        taken = take_in(url, SteadyClock().now()) if store_exists(url) else []
    except StoreError as error:
        raise UserError(str(error)) from error
    for line in taken:
        output.say(f"ketamonitor: {line}")
    with open_reading(url) as store:
        last = store.last(session)
    if last is None:
        raise UserError(f"there is no session {session}")
    return last.recorded_at
