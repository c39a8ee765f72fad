"""The rules of the house, for every row of the driver table."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterable
from itertools import pairwise

import pytest

from devices.metrics import NIBP_SYS
from devices.notes import support_notes
from devices.reading import DeviceEvent, Reading
from devices.registry import DRIVERS, UnknownDriverError, driver
from devices.spec import Command, Decoder, DriverSpec, Output
from tests.devices.kits import Kit
from tests.devices.wire import NOON, after


def kit(spec: DriverSpec) -> Kit:
    """The driver's own frames; its module is named as the driver's."""
    module = type(spec.decoder("x")).__module__.rpartition(".")[2]
    found = importlib.import_module(f"tests.devices.kits.{module}").KIT
    assert isinstance(found, Kit)
    return found


#: One reads the other's messages on purpose: both are HL7 with the same codes.
RELATED = {"efficia", "hl7"}
#: They send a record once, when it was measured: what comes again was measured again.
PUSHED = {"omron", "terumo", "and-tm265x"}
NOISE = b"\xff\x00#~\r} N"

every = pytest.mark.parametrize("spec", DRIVERS.values(), ids=list(DRIVERS))


def test_unknown_drivers_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownDriverError, match=", ".join(sorted(DRIVERS))):
        driver("toaster")


@every
def test_its_row_is_filled_in(spec: DriverSpec) -> None:
    assert driver(spec.name) is spec
    assert spec.title
    assert spec.models
    assert spec.manual
    assert spec.metrics
    assert len(set(spec.metrics)) == len(spec.metrics)
    assert spec.line.baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
    assert spec.line.parity in ("N", "E", "O")
    assert spec.line.bytesize in (7, 8)
    assert spec.line.stopbits in (1, 2)
    assert spec.interval_s > 0
    assert spec.silent_after_s is None or spec.interval_s < spec.silent_after_s <= 120


@every
def test_its_module_has_the_notes_that_users_read(spec: DriverSpec) -> None:
    notes = support_notes(spec)
    assert len(notes.summary) <= 100
    assert all(len(text) > 20 for text in notes.parts.values())
    assert sys.modules[type(spec.decoder("x")).__module__].SPEC is spec


@every
def test_its_commands_are_taken_and_no_others(spec: DriverSpec) -> None:
    for command in Command:
        decoder = spec.decoder("x")
        decoder.connected(NOON)
        if command in spec.commands:
            decoder.command(command)
            assert decoder.outgoing(NOON)
        else:
            with pytest.raises(ValueError, match="command"):
                decoder.command(command)


@every
def test_its_own_stream_counts_as_frames(spec: DriverSpec) -> None:
    decoder = spec.decoder("x")
    decoder.connected(NOON)
    kit(spec).prepare(decoder)
    outputs = [one for frame in kit(spec).frames for one in decoder.feed(frame, NOON)]
    assert any(isinstance(one, Reading) for one in outputs)
    assert {one.source for one in outputs} == {"x"}
    assert decoder.frames >= spec.named_after


@every
def test_how_its_frames_arrive_changes_nothing(spec: DriverSpec) -> None:
    own = kit(spec)

    def make() -> Decoder:
        decoder = spec.decoder("x")
        decoder.connected(NOON)
        own.prepare(decoder)
        return decoder

    def all_of(parts: Iterable[bytes]) -> list[Output]:
        decoder = make()
        return [output for part in parts for output in decoder.feed(part, NOON)]

    stream = b"".join(own.frames)
    whole = all_of([stream])
    assert any(isinstance(one, Reading) for one in whole)
    assert all_of(stream[i : i + 1] for i in range(len(stream))) == whole
    for seed in range(20):
        cuts = random.Random(seed)
        places = sorted(cuts.choices(range(len(stream) + 1), k=cuts.randint(1, 30)))
        parts = [stream[a:b] for a, b in pairwise([0, *places, len(stream)])]
        assert all_of(parts) == whole
    for noise in (NOISE, b"\x00", bytes(random.Random(spec.name).randbytes(200))):
        assert all_of([noise, stream]) == whole or not spec.checked
        between = all_of(part for frame in own.frames for part in (frame, noise))
        if spec.checked:
            assert between == whole
        else:  # noise may cost readings; it makes none
            assert [one for one in between if one not in whole] == []
        assert all_of([stream, noise])[: len(whole)] == whole


@every
def test_a_frame_that_is_repeated_is_no_new_cuff_reading(spec: DriverSpec) -> None:
    """A monitor repeats its last result for an hour."""
    if spec.name in PUSHED:
        pytest.skip("each record of this monitor is a measurement of its own")
    decoder = spec.decoder("x")
    decoder.connected(NOON)
    kit(spec).prepare(decoder)
    for frame in kit(spec).frames:
        decoder.feed(frame, NOON)
        again = [output for _ in range(5) for output in decoder.feed(frame, NOON)]
        cuffs = [o for o in again if isinstance(o, Reading) and NIBP_SYS in o.values]
        assert cuffs == []


@pytest.fixture(scope="module")
def rubbish() -> bytes:
    """Ten megabytes of noise, in which bytes that mean something to a protocol come more often."""
    meaningful = (
        b"\r\n\x02\x03\x06\x0b\x16\x1c\x1d\x7e\x7d\x55\xaa\xc0\xc1>:|;,= SPNAORC-0123456789"
    )
    table = bytes(range(128)) + (meaningful * 4)[:128]
    return random.Random("rubbish").randbytes(10_000_000).translate(table)


@every
def test_ten_megabytes_of_noise_give_nothing_and_do_not_grow(
    spec: DriverSpec, rubbish: bytes
) -> None:
    for listening in (False, True):
        decoder = spec.decoder("x")
        decoder.connected(NOON)
        outputs: list[Output] = []
        for place in range(0, len(rubbish) // 2, 2048):
            start = place + (len(rubbish) // 2 if listening else 0)
            now = after(place / 2000)
            if not listening:
                decoder.outgoing(now)
            outputs += decoder.feed(rubbish[start : start + 2048], now)
            assert decoder.pending <= 4096
        assert [o for o in outputs if isinstance(o, Reading)] == []
        assert {o.kind for o in outputs if isinstance(o, DeviceEvent)} <= {"refused"}
        assert decoder.frames < spec.named_after


@every
def test_other_monitors_streams_give_nothing(spec: DriverSpec) -> None:
    for other in DRIVERS.values():
        if other.name == spec.name or {spec.name, other.name} == RELATED:
            continue
        frames = kit(other)
        foreign = b"".join([*frames.frames, *frames.requests])
        for parts in ([foreign], [foreign[i : i + 1] for i in range(len(foreign))]):
            decoder = spec.decoder("x")
            decoder.connected(NOON)
            for times in range(10):
                decoder.outgoing(after(times))
                for part in parts:
                    assert decoder.feed(part, after(times)) == [], other.name
            assert decoder.frames == 0, other.name


@every
def test_waiting_is_exact_and_asking_early_changes_nothing(spec: DriverSpec) -> None:
    decoder = spec.decoder("x")
    decoder.connected(NOON)
    now, sent = 0.0, []
    for _ in range(50):
        while decoder.outgoing(after(now)):
            continue
        wait = decoder.wait(after(now))
        assert 0 < wait <= 60
        assert decoder.outgoing(after(now + wait * 0.9)) == b""
        assert decoder.wait(after(now)) == wait
        now = round(now + wait, 6)
        sent.append(bool(decoder.outgoing(after(now))))
    assert all(sent) or not any(sent)  # a driver that only listens never sends
