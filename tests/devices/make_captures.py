"""Records each simulated monitor anew, with what its driver must make of it.

For each row NAME of the table of simulated monitors it writes ``captures/NAME.jsonl``, a capture
marked as simulated, and beside it ``NAME.expected.jsonl``: one line for each reading and event.
Everything is counted, nothing waits for a clock, so that the same code gives the same bytes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from devices.capture import CaptureWriter, read_capture
from devices.reading import Reading
from devices.registry import driver
from devices.replay import replay
from devices.simulated import SIMULATED, SimulatedMonitor
from devices.simulated.scenario import scenario_patient
from devices.spec import Command, Output
from tests.devices.pair import converse
from tests.devices.wire import NOON

FOLDER = Path(__file__).parent / "captures"
#: How long is recorded: the longest of these that keeps the file small. A stream of many packets
#: a second makes large ones. The first cuff reading comes by itself from second 20 to 45.
SECONDS = (120.0, 60.0, 46.0)
#: Where the driver can, it starts a reading, stops it, and starts one that runs to its end.
STOPPED_ONE, STOP, WHOLE_ONE = 78.0, 84.0, 90.0
LARGEST = 200 * 1024


class CaptureFaultError(Exception):
    """A capture that cannot be kept; the text says which and why."""


def line(output: Output) -> str:
    """One output as it stands in an ``.expected.jsonl`` file."""
    if isinstance(output, Reading):
        return json.dumps(output.as_json(), ensure_ascii=False)
    content = {
        "event": output.kind,
        "source": output.source,
        "at": output.at.isoformat(),
        "text": output.text,
        "raw": dict(output.raw),
    }
    return json.dumps(content, ensure_ascii=False)


def expected(outputs: list[Output]) -> bytes:
    return "".join(line(output) + "\n" for output in outputs).encode("utf-8")


def make(row: SimulatedMonitor, folder: Path) -> tuple[Path, Path]:
    """Writes the two files of one monitor; returns their paths.

    Raises :class:`CaptureFaultError` if the capture is too large, or replayed gives something else.
    """
    capture, told = folder / f"{row.name}.jsonl", folder / f"{row.name}.expected.jsonl"
    for seconds in SECONDS:
        capture.unlink(missing_ok=True)
        outputs = _talk(row, capture, seconds)
        size = capture.stat().st_size
        if size <= LARGEST:
            break
    else:
        raise CaptureFaultError(f"{capture.name} has {size} bytes: record a shorter time")
    again = list(replay(driver(row.driver), read_capture(capture).pieces))
    if expected(again) != expected(outputs):
        raise CaptureFaultError(f"{capture.name} replayed does not give what was read live")
    told.write_bytes(expected(outputs))
    return capture, told


def _talk(row: SimulatedMonitor, path: Path, seconds: float) -> list[Output]:
    spec = driver(row.driver)
    writer = CaptureWriter(path, spec.name, "simulated://", NOON, simulated=True)
    try:
        return converse(
            spec.decoder(spec.name),
            row.build(scenario_patient("iv-mild", 1), NOON),
            seconds,
            commands=_commands(spec.commands),
            tap=writer,
        )
    finally:
        writer.close()


def _commands(taken: frozenset[Command]) -> dict[float, Command]:
    wanted = {WHOLE_ONE: Command.START_NIBP}
    if Command.CANCEL_NIBP in taken:
        wanted |= {STOPPED_ONE: Command.START_NIBP, STOP: Command.CANCEL_NIBP}
    return {at: command for at, command in wanted.items() if command in taken}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.jsonl"):
        old.unlink()
    for row in SIMULATED.values():
        for path in make(row, FOLDER):
            os.chmod(path, 0o644)  # a capture of a real patient is its owner's alone; this is none
            print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
