"""What a monitor says, printed: readings on standard output, all else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from devices.capture import Piece
from devices.reading import DeviceEvent, LinkState, LinkStatus, Reading
from devices.spec import Output
from ketamonitor import words
from ketamonitor.cli.common import emit, out

#: Bytes on one line of a dump.
ROW = 16


def show(output: Output | LinkStatus, as_json: bool) -> bool:
    """Print one output; true when it came from the monitor and not from the link alone."""
    if isinstance(output, Reading):
        emit(as_json, reading_line(output), output.as_json())
        return True
    if isinstance(output, DeviceEvent):
        out(f"{words.clock(output.at, seconds=True)}  {output.text}", file=sys.stderr)
        return True
    reason = f": {output.reason}" if output.reason else ""
    at = words.clock(output.at, seconds=True)
    out(f"{at}  {output.state.value}{reason}", file=sys.stderr)
    return output.state is LinkState.CONNECTED


def reading_line(reading: Reading) -> str:
    """``14:02:11  SYS 128 mmHg, …`` with what is doubtful in brackets."""
    values = ", ".join(
        f"{metric.label} {words.number(value, metric)} {metric.unit}"
        for metric, value in reading.values.items()
    )
    flags = f"  [{', '.join(reading.flags)}]" if reading.flags else ""
    return f"{words.clock(reading.measured_at, seconds=True)}  {values}{flags}"


def show_with_bytes(output: Output, pieces: Iterable[Piece], as_json: bool) -> None:
    """Print one output and under it the bytes it came from."""
    if isinstance(output, Reading) and as_json:
        emit(True, "", {**output.as_json(), "bytes": [piece_json(p) for p in pieces]})
        return
    show(output, as_json)
    for line in piece_lines(pieces):
        out(line, file=sys.stdout if isinstance(output, Reading) else sys.stderr)


def piece_json(piece: Piece) -> dict[str, str]:
    return {"at": piece.at.isoformat(), "dir": piece.direction, "hex": piece.data.hex()}


def piece_lines(pieces: Iterable[Piece], own: frozenset[int] | None = None) -> Iterable[str]:
    """Time, direction, hex and printable text of each piece. ``own`` numbers those to mark."""
    for number, piece in enumerate(pieces):
        mark = ">" if own is not None and number in own else " "
        head = f"  {mark} {piece.at.strftime('%H:%M:%S.%f')}  {piece.direction:<7}"
        if not piece.data:
            yield head.rstrip()
        for at in range(0, len(piece.data), ROW):
            row = piece.data[at : at + ROW]
            text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            yield f"{head}  {row.hex(' '):<{3 * ROW - 1}}  {text}"
            head = " " * len(head)
