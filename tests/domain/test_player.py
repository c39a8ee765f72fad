"""The player with a sound card that is no card: what it plays block by block, and its failures."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ketamonitor.signals.feed import FADE_S, REST_S, Feed
from ketamonitor.signals.output import Pull
from ketamonitor.signals.player import Player, SoundError
from ketamonitor.signals.tones import RATE, TONES, VOLUME_FLOOR, burst, pulses, repeat
from tests.fakes import START, ManualClock
from tests.waits import until

VOLUME = 0.6
BLOCK = 960
BURSTS = {name: burst(tone, VOLUME) for name, tone in TONES.items()}
SILENCE = np.zeros(BLOCK, np.int16)
Samples = NDArray[np.int16]


class Card:
    """A sound card: takes blocks when told to, can be pulled out, can be slow to answer."""

    def __init__(self) -> None:
        self.fault = ""
        self.answers = threading.Event()
        self.answers.set()
        self.opened: list[str] = []
        self.closed = 0
        self._pull: Pull | None = None

    def open(self, device: str, pull: Pull) -> Card:
        self.opened.append(device)
        assert self.answers.wait(10)
        if self.fault:
            raise SoundError(self.fault)
        self._pull = pull
        return self

    def close(self) -> None:
        assert self.answers.wait(10)
        self._pull = None
        self.closed += 1

    @property
    def running(self) -> bool:
        return self._pull is not None

    def take(self, samples: int, block: int = BLOCK) -> Samples:
        """So many samples, in blocks; the last one may be smaller."""
        assert self._pull is not None
        sizes = [block] * (samples // block) + ([samples % block] if samples % block else [])
        content = b"".join(self._pull(size) for size in sizes)
        assert len(content) == 2 * samples
        return np.frombuffer(content, np.int16)


@pytest.fixture
def card() -> Card:
    return Card()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def player(card: Card, clock: ManualClock) -> Player:
    player = Player("Nurse side", VOLUME, clock, card.open)
    assert (card.take(BLOCK) == SILENCE).all()  # kept open with silence
    return player


def steepest(samples: Samples) -> int:
    return int(np.abs(np.diff(np.concatenate(([0], samples.astype(int), [0])))).max())


# --- what is played ---


@pytest.mark.parametrize("block", [BLOCK, 441, 7919])
@pytest.mark.parametrize("name", TONES)
def test_played_is_bit_for_bit_what_was_rendered_and_repeated_to_the_sample(
    player: Player, card: Card, name: str, block: int
) -> None:
    player.want(name)
    every, once = repeat(TONES[name]), BURSTS[name]
    played = card.take(2 * every + len(once), block)
    wanted = np.zeros_like(played)
    for number in range(3):
        wanted[number * every : number * every + len(once)] = once
    assert (played == wanted).all()


def test_the_same_wish_again_changes_nothing(player: Player, card: Card) -> None:
    player.want("high")
    first = card.take(10 * BLOCK)
    player.want("high")
    played = np.concatenate((first, card.take(len(BURSTS["high"]) - len(first))))
    assert (played == BURSTS["high"]).all()


@pytest.mark.parametrize("milder", ["low", "medium", "guard"])
@pytest.mark.parametrize("blocks", [0, 3, 5, 13, 20])
def test_a_more_urgent_tone_cuts_in_at_once(
    player: Player, card: Card, milder: str, blocks: int
) -> None:
    player.want(milder)
    before = card.take(blocks * BLOCK)
    player.want("high")
    after = card.take(len(BURSTS["high"]) + BLOCK)
    latest = round(FADE_S * RATE)
    begun = next(
        i for i in range(latest + 1) if (after[i : i + len(BURSTS["high"])] == BURSTS["high"]).all()
    )
    assert begun in (0, latest)  # at the next block; in a pulse after its fading
    whole = np.concatenate((before, after))
    assert steepest(whole) <= max(steepest(BURSTS[milder]), steepest(BURSTS["high"])) * 1.05


def test_a_milder_tone_waits_for_the_pulse_and_a_moment_of_silence(
    player: Player, card: Card
) -> None:
    player.want("high")
    before = card.take(2 * BLOCK)  # in the first pulse
    player.want("medium")
    end = pulses(TONES["high"])[0][1]
    rest = round(REST_S * RATE)
    after = card.take(end - len(before) + rest + len(BURSTS["medium"]))
    played = np.concatenate((before, after))
    assert (played[:end] == BURSTS["high"][:end]).all()
    assert not played[end : end + rest].any()
    assert (played[end + rest :] == BURSTS["medium"]).all()


def test_a_milder_tone_begins_at_once_in_the_silence_between_two_bursts(
    player: Player, card: Card
) -> None:
    player.want("high")
    card.take(len(BURSTS["high"]) + BLOCK)
    player.want("low")
    assert (card.take(len(BURSTS["low"])) == BURSTS["low"]).all()


def test_a_worse_alert_in_the_moment_of_silence_does_not_wait(player: Player, card: Card) -> None:
    player.want("high")
    card.take(BLOCK)
    player.want("medium")
    card.take(pulses(TONES["high"])[0][1])  # the pulse is over, the silence has begun
    player.want("high")
    assert (card.take(len(BURSTS["high"])) == BURSTS["high"]).all()


@pytest.mark.parametrize("pulse", range(10))
def test_none_ends_with_the_present_pulse(player: Player, card: Card, pulse: int) -> None:
    start, end = pulses(TONES["high"])[pulse]
    player.want("high")
    before = card.take(start + 100)
    player.want(None)
    played = np.concatenate((before, card.take(20 * RATE)))
    assert (played[:end] == BURSTS["high"][:end]).all()
    assert not played[end:].any()


def test_none_between_two_pulses_is_silence_at_once(player: Player, card: Card) -> None:
    player.want("high")
    card.take(pulses(TONES["high"])[0][1] + 10)
    player.want(None)
    assert not card.take(20 * RATE).any()


def test_once_is_one_burst(player: Player, card: Card) -> None:
    assert player.once("medium")
    played = card.take(40 * RATE)
    assert (played[: len(BURSTS["medium"])] == BURSTS["medium"]).all()
    assert not played[len(BURSTS["medium"]) :].any()


def test_a_test_tone_gives_way_to_an_alert_and_never_covers_one(player: Player, card: Card) -> None:
    assert player.once("high")
    card.take(3 * BLOCK)
    player.want("high")
    assert not player.once("low")
    played = card.take(round(FADE_S * RATE) + repeat(TONES["high"]))
    assert (played[round(FADE_S * RATE) :][: len(BURSTS["high"])] == BURSTS["high"]).all()
    player.want(None)
    card.take(20 * RATE)
    assert not card.take(20 * RATE).any()


def test_the_first_sample_of_a_newly_wanted_tone_is_told_once(
    card: Card, clock: ManualClock
) -> None:
    told: list[tuple[str, datetime]] = []
    player = Player("", VOLUME, clock, card.open, lambda *what: told.append(what))
    player.once("low")
    card.take(BLOCK)
    assert told == []
    player.want("low")
    clock.advance(0.5)
    card.take(3 * repeat(TONES["low"]))
    assert told == [("low", START + timedelta(seconds=0.5))]
    clock.advance(200)
    player.want("high")
    card.take(BLOCK)
    player.want(None)
    card.take(RATE)
    player.want("high")
    card.take(BLOCK)
    at = START + timedelta(seconds=200.5)
    assert told == [("low", START + timedelta(seconds=0.5)), ("high", at), ("high", at)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([*TONES, None]), st.integers(1, 12_000), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_is_wanted_in_turn_there_is_no_click_and_the_last_wish_is_carried_out(
    wishes: list[tuple[str | None, int, bool]],
) -> None:
    feed = Feed(VOLUME, lambda tone: None)
    played = []
    for tone, samples, tested in wishes:
        feed.wanted = tone
        if tested and tone is None:
            feed.once.append("medium")
        played.append(np.frombuffer(feed.pull(samples), np.int16))
    last = wishes[-1][0]
    played.append(np.frombuffer(feed.pull(3 * RATE), np.int16))
    steps = np.abs(np.diff(np.concatenate(played).astype(int)))
    assert steps.max() <= max(map(steepest, BURSTS.values())) * 1.05
    then = np.frombuffer(feed.pull(repeat(TONES[last]) if last else 20 * RATE), np.int16)
    if last is None:
        assert not then[RATE * 5 :].any()  # a test burst may have been left
    else:
        assert then.any()


# --- failures ---


def pass_seconds(player: Player, clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds):
        player.tick(clock.advance(1.0))


def test_no_device_is_told_and_tried_again_every_three_seconds(
    card: Card, clock: ManualClock
) -> None:
    card.fault = "this computer has no sound output"
    player = Player("Nurse side", VOLUME, clock, card.open)
    assert (player.state.state, player.state.text) == ("failed", f"No sound: {card.fault}")
    assert not player.once("low")
    pass_seconds(player, clock, 2)
    assert card.opened == ["Nurse side"]
    pass_seconds(player, clock, 7)
    assert card.opened == ["Nurse side"] * 4
    card.fault = ""
    pass_seconds(player, clock, 3)
    assert player.state.state == "failed"  # open, but nothing has gone through yet
    card.take(BLOCK)
    pass_seconds(player, clock, 1)
    assert (player.state.state, player.state.text) == ("ready", 'Sound on "Nurse side"')


def test_a_device_that_stops_taking_sound_is_told_within_two_seconds_and_opened_again(
    player: Player, card: Card, clock: ManualClock
) -> None:
    player.want("high")
    for _ in range(5):
        card.take(BLOCK)
        pass_seconds(player, clock, 1)
        assert player.state.state == "ready"
    pass_seconds(player, clock, 1)
    assert player.state.state == "failed"
    assert player.state.text == 'No sound: "Nurse side" has stopped taking sound'
    assert (card.closed, card.running) == (1, False)
    pass_seconds(player, clock, 1)
    assert card.running
    # What is still wanted begins from its start, not where the device was lost.
    assert (card.take(len(BURSTS["high"])) == BURSTS["high"]).all()
    pass_seconds(player, clock, 1)
    assert player.state.state == "ready"


def test_a_program_that_stood_still_does_not_blame_the_device(
    player: Player, card: Card, clock: ManualClock
) -> None:
    player.want("high")
    card.take(BLOCK)
    pass_seconds(player, clock, 1)
    player.tick(clock.advance(4.0))  # no thread of ours ran, the device's neither
    assert (player.state.state, card.closed) == ("ready", 0)
    card.take(BLOCK)
    pass_seconds(player, clock, 1)
    assert player.state.state == "ready"
    pass_seconds(player, clock, 2)
    assert player.state.state == "failed"
    pass_seconds(player, clock, 1)
    assert card.running


def test_a_device_that_never_takes_sound_has_three_seconds(card: Card, clock: ManualClock) -> None:
    player = Player("", VOLUME, clock, card.open)
    pass_seconds(player, clock, 2)
    assert player.state.state == "ready"
    pass_seconds(player, clock, 1)
    assert player.state.text == "No sound: the default output has stopped taking sound"
    for _ in range(10):  # it opens every time: that alone is not sound
        pass_seconds(player, clock, 1)
        assert player.state.state == "failed"


def test_a_sound_system_that_hangs_does_not_hold_up_its_owner(
    card: Card, clock: ManualClock
) -> None:
    card.answers.clear()
    player = Player("", VOLUME, clock, card.open)
    assert player.state.text == "No sound: the sound system does not answer"
    pass_seconds(player, clock, 10)
    assert (player.state.state, card.opened) == ("failed", [""])  # one attempt at a time
    card.answers.set()
    until(lambda: card.running)
    card.take(BLOCK)
    pass_seconds(player, clock, 1)
    assert player.state.state == "ready"


def test_closing_while_the_sound_system_hangs_leaves_no_device_open(
    card: Card, clock: ManualClock
) -> None:
    card.answers.clear()
    player = Player("", VOLUME, clock, card.open)
    player.close()
    card.answers.set()
    until(lambda: card.closed == 1)
    pass_seconds(player, clock, 10)
    assert (player.state.state, card.opened, card.running) == ("off", [""], False)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_program_is_no_ready_sound(clock: ManualClock) -> None:
    def broken(device: str, pull: Pull) -> Card:
        raise RuntimeError("a defect")

    player = Player("", VOLUME, clock, broken)
    assert player.state.text == "No sound: a fault of the program; see its log"


def test_closing_ends_it(player: Player, card: Card, clock: ManualClock) -> None:
    player.want("high")
    player.close()
    player.close()
    assert (card.closed, player.state.state) == (1, "off")
    pass_seconds(player, clock, 10)
    assert not card.running
    assert not player.once("low")


# --- bad input ---


def test_a_tone_there_is_not_is_refused(player: Player, card: Card) -> None:
    for ask in (player.want, player.once):
        with pytest.raises(ValueError, match='no tone "loud"; there are: high, guard, medium, low'):
            ask("loud")
    assert not card.take(RATE).any()


@pytest.mark.parametrize("volume", [0, VOLUME_FLOOR - 0.01, 1.1])
def test_a_volume_nobody_hears_opens_nothing(card: Card, clock: ManualClock, volume: float) -> None:
    with pytest.raises(ValueError, match="nobody hears"):
        Player("", volume, clock, card.open)
    assert card.opened == []


class Taker:
    """A device that takes a block when told to, and is dead after one that was not made."""

    def __init__(self) -> None:
        self.opened = 0
        self._pull: Pull | None = None

    def open(self, device: str, pull: Pull) -> Taker:
        self.opened += 1
        self._pull = pull
        return self

    def take(self) -> None:
        if self._pull is None:
            return
        try:
            self._pull(960)
        except ZeroDivisionError:
            self._pull = None

    def close(self) -> None:
        self._pull = None


@pytest.mark.parametrize("good", [0, 1, 3])
def test_a_maker_of_tones_that_always_fails_is_one_failure_and_is_tried_less_and_less(
    good: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, taker = ManualClock(), Taker()
    player = Player("", 0.6, clock, taker.open)
    made = 0

    def pull(frames: int) -> bytes:
        nonlocal made
        made += 1
        if made % (good + 1) == 0:
            raise ZeroDivisionError
        return bytes(2 * frames)

    monkeypatch.setattr(player._feed, "pull", pull)
    told = []
    for _ in range(300):
        clock.advance(1)
        taker.take()
        state = player.tick(clock.now())
        if not told or told[-1] != (state.state, state.text):
            told.append((state.state, state.text))
    why = "No sound: the tones cannot be made (ZeroDivisionError); see the log"
    assert [one for one in told if one[0] == "failed"] == [("failed", why)]
    assert told[-1] == ("failed", why)
    assert taker.opened <= 10
    monkeypatch.undo()
    for _ in range(70):
        clock.advance(1)
        taker.take()
        player.tick(clock.now())
    assert player.state.state == "ready", "it works again once tones are made for a while"
    player.close()
