"""What a fuzzer found worth keeping, and what hypothesis makes up: no decoder breaks a rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.registry import DRIVERS
from devices.spec import DriverSpec
from tests.devices.test_every_driver import kit
from tests.fuzz.target import FEED_MOST, LISTEN, RuleBroken, read_corpus, run, script_of

# Taken now: the kits' modules have property tests of their own, not to be made within one.
FRAMES = {name: (*kit(s).frames, *kit(s).requests) for name, s in DRIVERS.items()}

every = pytest.mark.parametrize("spec", DRIVERS.values(), ids=list(DRIVERS))


@every
def test_the_kept_scripts_break_no_rule(spec: DriverSpec) -> None:
    for script in read_corpus(spec.name):
        run(spec, script)


@every
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_its_own_frames_bent_and_mixed_break_no_rule(spec: DriverSpec, data: st.DataObject) -> None:
    own = st.sampled_from(FRAMES[spec.name])
    parts = []
    for _ in range(data.draw(st.integers(1, 8))):
        frame = bytearray(data.draw(st.one_of(own, st.binary(max_size=40))))
        for _ in range(data.draw(st.integers(0, 3)) if frame else 0):
            frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
        parts.append(script_of([bytes(frame[: data.draw(st.integers(0, len(frame)))])]))
        parts.append(bytes(data.draw(st.lists(st.integers(FEED_MOST + 1, LISTEN), max_size=3))))
    run(spec, b"".join(parts))


def test_a_decoder_that_breaks_a_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = DRIVERS["dinamap"]
    monkeypatch.setattr(type(spec.decoder("x")), "pending", property(lambda self: 5000))
    with pytest.raises(RuleBroken, match="5000 bytes"):
        run(spec, b"\x00\x00")
