"""Parts of a capture: what does not belong together, what is missing, and any cut replays alike."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.capture import Capture, CaptureError, CaptureWriter, Piece, Place, read_capture
from devices.parts import Joined, join, play
from devices.reading import Reading
from devices.registry import driver
from devices.replay import Replayer, replay
from devices.simulated import SIMULATED
from devices.simulated.scenario import scenario_patient
from devices.spec import Output
from tests.devices.recorded import recorded
from tests.devices.test_dinamap import line, nibp
from tests.devices.wire import NOON, after, all_values

DINAMAP = driver("dinamap")


def place(part: int, *, continues: bool = True, session: str = "KM-1", **more: object) -> Place:
    return Place(session=session, source="dinamap", part=part, continues=continues, **more)  # type: ignore[arg-type]


def part(number: int, *pieces: Piece, **more: object) -> Capture:
    return Capture("dinamap", NOON, pieces, place(number, **more))  # type: ignore[arg-type]


@cache
def talk(name: str) -> tuple[tuple[Piece, ...], tuple[Output, ...]]:
    row = SIMULATED[name]
    monitor = row.build(scenario_patient("iv-severe", 1), NOON)
    pieces, outputs = recorded(driver(row.driver), monitor, 90)
    return tuple(pieces), tuple(outputs)


def test_what_does_not_belong_together_is_said() -> None:
    one, other = part(1, Piece(NOON, "rx", b"a")), part(1, Piece(NOON, "rx", b"b"))
    whole = Capture("dinamap", NOON, ())
    with pytest.raises(CaptureError, match="no capture"):
        join([])
    with pytest.raises(CaptureError, match="part 1 is there twice"):
        join([one, other])
    with pytest.raises(CaptureError, match="not of one monitor and one session"):
        join([one, part(2, session="KM-2")])
    with pytest.raises(CaptureError, match="not of one monitor"):
        join([one, whole])
    with pytest.raises(CaptureError, match="one by one"):
        join([whole, whole])
    assert join([one, one]).parts == (one,)


def test_what_is_missing_is_said_and_the_rest_is_played() -> None:
    frame = line(" OA1098705")
    captures = [
        part(5, Piece(after(9), "rx", frame), missing_since=after(4)),
        part(2, Piece(after(2), "rx", frame[:5])),
        part(3, Piece(after(3), "rx", frame[5:])),
    ]
    joined = join(captures, {6: "part 6 is damaged"})
    assert [one.place.part for one in joined.parts if one.place] == [2, 3, 5]
    assert joined.missing == ("part 1 is missing", "part 4 is missing", "part 6 is damaged")
    assert joined.notes == ("no bytes were kept from 12:00:04 to 12:00:00 (before part 5)",)
    outputs = [traced.output for traced in play(DINAMAP, joined)]
    assert all_values(outputs) == [{"spo2": 98}, {"spo2": 98}]


def test_a_new_reader_begins_with_a_new_decoder() -> None:
    cuff = line(nibp(1, 0))
    first = part(1, Piece(after(1), "open", b""), Piece(after(2), "rx", cuff), continues=False)
    again = part(2, Piece(after(3), "rx", line(nibp(1, 1))))
    anew = part(2, Piece(after(2.5), "open", b""), again.pieces[0], continues=False)
    assert len(list(play(DINAMAP, join([first, again])))) == 1  # the same result, told once
    outputs = [traced.output for traced in play(DINAMAP, join([first, anew]))]
    # what a decoder gives that knows nothing of the first part
    assert outputs[1:] == list(replay(DINAMAP, anew.pieces))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"part": "2"}, "line 1: a part needs"),
        ({"part": True}, "line 1: a part needs"),
        ({"continues": 1}, "line 1: a part needs"),
        ({"session": None}, "line 1: a part needs"),
        ({"missing_since": "noon"}, "line 1: a part needs"),
    ],
)
def test_a_part_with_a_wrong_header_is_refused(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = tmp_path / "x-0001.jsonl"
    CaptureWriter(path, "dinamap", "/dev/ttyUSB0", NOON, place(1)).close()
    header = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps(header) + "\n")
    with pytest.raises(CaptureError, match=words):
        read_capture(path)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(0, 1))
def test_a_packed_part_cut_anywhere_gives_what_is_left_of_it(tmp_path: Path, share: float) -> None:
    pieces, _ = talk("dinamap")
    path = tmp_path / "x-0001.jsonl"
    path.unlink(missing_ok=True)
    writer = CaptureWriter(path, "dinamap", "/dev/ttyUSB0", NOON, place(1))
    for piece in pieces:
        writer(piece.direction, piece.data, piece.at)
    writer.close()
    packed = gzip.compress(path.read_bytes(), mtime=0)
    cut = packed[: round(share * len(packed))]
    path.write_bytes(cut)
    try:
        found = read_capture(path)
    except CaptureError as error:
        assert "empty or its header is cut off" in str(error) or "is not" in str(error)  # noqa: PT017
        assert len(cut) < 400
        return
    assert found.pieces == pieces[: len(found.pieces)]
    assert (found.damage == "") == (cut == packed)
    assert found.damage in ("", "x-0001.jsonl is cut off: its end is missing")


def test_a_packed_part_with_a_changed_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x-0001.jsonl.gz"
    packed = bytearray(gzip.compress(b'{"format": "ketamonitor-capture"}\n' * 50, mtime=0))
    packed[-6] ^= 1  # in the check sum
    path.write_bytes(packed)
    with pytest.raises(CaptureError, match="is damaged"):
        read_capture(path)


def test_a_half_line_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "x-0001.jsonl"
    writer = CaptureWriter(path, "dinamap", "/dev/ttyUSB0", NOON, place(1))
    writer("rx", b"abc", NOON)
    writer.close()
    path.write_text(path.read_text() + '{"t": 1, "dir": "r')
    found = read_capture(path)
    assert len(found.pieces) == 1
    assert found.damage.startswith("x-0001.jsonl ends within a line")
    assert join([found]).notes == (found.damage,)


@pytest.mark.parametrize("name", ["dinamap", "ge-dri"])
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_any_cut_into_parts_replays_to_the_same_outputs(name: str, seed: int) -> None:
    pieces, outputs = talk(name)
    luck = random.Random(seed)
    cuts = sorted(luck.sample(range(1, len(pieces)), luck.randint(0, 12)))
    parts = [
        Capture(name, NOON, pieces[a:b], place(number, continues=number > 1))
        for number, (a, b) in enumerate(zip([0, *cuts], [*cuts, None], strict=True), start=1)
    ]
    luck.shuffle(parts)
    joined = join(parts)
    assert joined.missing == joined.notes == ()
    # the places say "dinamap" whatever the driver: the source is what the record calls it
    again = [traced.output for traced in play(driver(name), joined, name)]
    assert tuple(again) == outputs
    assert any(isinstance(one, Reading) for one in outputs)


@pytest.mark.parametrize("name", ["dinamap", "ge-dri"])
def test_the_bytes_of_an_output_alone_hold_its_frame(name: str) -> None:
    pieces, _ = talk(name)
    spec = driver(name)
    checked = 0
    for traced in Replayer(spec, name).play(pieces):
        if not isinstance(traced.output, Reading):
            continue
        last = traced.pieces[-1]
        assert (last.direction, last.at) == ("rx", traced.output.received_at)
        assert [p for p in pieces if p in traced.pieces] == list(traced.pieces)
        assert {p.direction for p in traced.pieces} <= {"rx", "tx"}
        decoder = spec.decoder(name)
        decoder.connected(NOON)
        for piece in traced.pieces:
            if piece.direction == "rx":
                decoder.feed(piece.data, piece.at)
        assert decoder.frames >= 1
        checked += 1
    assert checked > 15


def test_requests_without_an_answer_do_not_pile_up() -> None:
    asked = [Piece(after(t), "tx", b"\r NA!2\r") for t in range(500)]
    answer = Piece(after(500), "rx", line(" OA1098705"))
    (traced,) = Replayer(DINAMAP).play([*asked, answer])
    assert traced.pieces == (*asked[-4:], answer)


def test_a_decoder_that_fails_is_replaced_as_in_the_reader() -> None:
    class Brittle(type(DINAMAP.decoder("x"))):  # type: ignore[misc]
        def feed(self, data: bytes, now: object) -> list[Output]:
            if b"!" in data[:1]:
                raise KeyError(data)
            return super().feed(data, now)  # type: ignore[no-any-return]

    spec = replace(DINAMAP, decoder=Brittle)
    good = line(" OA1098705")
    pieces = [Piece(NOON, "open", b""), Piece(NOON, "rx", b"!"), Piece(NOON, "open", b"")]
    outputs = list(replay(spec, [*pieces, Piece(NOON, "rx", good)]))
    assert all_values(outputs) == [{"spo2": 98}]


def test_joined_knows_driver_and_source() -> None:
    joined = join([part(1)])
    assert isinstance(joined, Joined)
    assert (joined.driver, joined.source) == ("dinamap", "dinamap")
    assert join([Capture("ge-dri", NOON, ())]).source is None
