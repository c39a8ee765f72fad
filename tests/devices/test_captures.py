"""Every driver's kept captures: replayed they give what is written beside them, to the letter.

Where a test fails after a change on purpose, ``make captures`` writes the files anew; the commit
says what changed and why, for a kept capture is how older recordings will be read.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.capture import read_capture
from devices.metrics import NIBP_SYS
from devices.registry import BUILT_IN, driver
from devices.replay import replay
from devices.simulated import SIMULATED
from devices.spec import Command
from tests.devices.make_captures import FOLDER, LARGEST, CaptureFaultError, expected, make
from tests.devices.wire import NOON

every = pytest.mark.parametrize("name", list(SIMULATED))
#: Asked once the user has named them, though nobody may ask an unknown port their question.
ASKED = {"accutorr", "contec"}


def kept(name: str) -> tuple[Path, Path]:
    return FOLDER / f"{name}.jsonl", FOLDER / f"{name}.expected.jsonl"


def test_each_monitor_has_its_two_files_and_there_are_no_others() -> None:
    wanted = {path.name for name in SIMULATED for path in kept(name)}
    assert {path.name for path in FOLDER.iterdir()} == wanted
    assert {row.driver for row in SIMULATED.values()} == {spec.name for spec in BUILT_IN}


@every
def test_a_replay_gives_what_is_written_beside_it(name: str) -> None:
    capture, told = kept(name)
    whole = read_capture(capture)
    assert whole.driver == SIMULATED[name].driver
    assert whole.simulated
    assert whole.started_at == NOON
    assert whole.damage == ""
    spec = driver(whole.driver)
    got = expected(list(replay(spec, whole.pieces))).decode()
    assert got.splitlines() == told.read_text(encoding="utf-8").splitlines()


@every
def test_it_shows_what_the_monitor_can_do(name: str) -> None:
    capture, told = kept(name)
    assert capture.stat().st_size <= LARGEST
    assert told.stat().st_size <= LARGEST
    spec = driver(SIMULATED[name].driver)
    lines = [json.loads(text) for text in told.read_text(encoding="utf-8").splitlines()]
    readings = [one for one in lines if "values" in one]
    assert {one["source"] for one in lines} == {spec.name}
    assert any(value is not None for one in readings for value in one["values"].values())
    cuffs = [one for one in readings if one["values"].get(NIBP_SYS.key) is not None]
    pieces = read_capture(capture).pieces
    played = {piece.data for piece in pieces if piece.direction == "command"}
    if Command.START_NIBP in spec.commands:
        assert len(cuffs) >= 2
        assert played == {command.value.encode() for command in spec.commands}
        assert {"nibp_measuring", "nibp_done"} <= {one.get("event") for one in lines}
    elif NIBP_SYS in spec.metrics:
        assert cuffs
    else:
        assert not cuffs
    if spec.probe is None and not spec.commands and spec.name not in ASKED:
        # Only listened to: nothing goes out but the acknowledgement of what came in.
        sent = [at for at, piece in enumerate(pieces) if piece.direction == "tx"]
        assert all(pieces[at - 1].direction == "rx" for at in sent)


@every
def test_made_again_it_is_the_same_to_the_byte(name: str, tmp_path: Path) -> None:
    for new, old in zip(make(SIMULATED[name], tmp_path), kept(name), strict=True):
        same = new.read_bytes() == old.read_bytes()
        assert same, f"{old.name}: run `make captures` and say in the commit why it changed"


def test_one_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.devices.make_captures.LARGEST", 1000)
    with pytest.raises(CaptureFaultError, match="record a shorter time"):
        make(SIMULATED["dinamap"], tmp_path)
