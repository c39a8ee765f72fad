"""The rules of the house, for every row of the driver table."""

from __future__ import annotations

import importlib
import random
import sys

import pytest

from devices.notes import support_notes
from devices.reading import Reading
from devices.registry import DRIVERS, UnknownDriverError, driver
from devices.spec import Command, DriverSpec
from tests.devices.kits import Kit
from tests.devices.wire import NOON, after, feed_every_way


def kit(spec: DriverSpec) -> Kit:
    """The driver's own frames; its module is named as the driver's."""
    module = type(spec.decoder("x")).__module__.rpartition(".")[2]
    found = importlib.import_module(f"tests.devices.kits.{module}").KIT
    assert isinstance(found, Kit)
    return found


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
def test_noise_and_other_streams_give_nothing_and_do_not_grow(spec: DriverSpec) -> None:
    decoder = spec.decoder("x")
    decoder.connected(NOON)
    luck = random.Random(spec.name)
    others = [kit(other) for other in DRIVERS.values() if other.name != spec.name]
    foreign = [part for other in others for part in (*other.frames, *other.requests)]
    # bytes that mean something to one protocol or another come more often
    alphabet = bytes(range(256)) + b"\r\n\x7e\x7d\x02\x03 NAORC0123456789" * 8
    fed = 0
    while fed < 1_000_000:
        piece = bytes(luck.choices(alphabet, k=luck.choice((1, 30, 4000))))
        if luck.random() < 0.2:
            piece += luck.choice(foreign)
        decoder.outgoing(after(fed / 1000))
        assert decoder.feed(piece, after(fed / 1000)) == []
        assert decoder.pending <= 4096
        fed += len(piece)
    assert decoder.frames == 0
    assert feed_every_way(lambda: spec.decoder("x"), foreign) == []


@every
def test_waiting_is_exact_and_asking_early_changes_nothing(spec: DriverSpec) -> None:
    decoder = spec.decoder("x")
    decoder.connected(NOON)
    now = 0.0
    for _ in range(50):
        while decoder.outgoing(after(now)):
            continue
        wait = decoder.wait(after(now))
        assert 0 < wait <= 60
        assert decoder.outgoing(after(now + wait * 0.9)) == b""
        assert decoder.wait(after(now)) == wait
        now = round(now + wait, 6)
        assert decoder.outgoing(after(now))
