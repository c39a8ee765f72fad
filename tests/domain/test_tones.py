"""The tones measured in their samples, against the ranges of IEC 60601-1-8 as we know them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from ketamonitor.signals.feed import Feed
from ketamonitor.signals.tones import RATE, TONES, VOLUME_FLOOR, burst, pulses, repeat

VOLUME = 0.6
FULL = 32_767
Span = tuple[float, float]


@dataclass(frozen=True)
class Range:
    """What the standard wants of a priority: seconds from ... to."""

    pulses: tuple[int, ...]
    on_s: Span
    gap_s: Span
    silence_s: Span  # between two bursts; also held from start to start


# Sources: vendor manuals and chips that restate the standard; we have not read it itself.
STANDARD = {
    "high": Range((10,), (0.075, 0.200), (0.050, 0.125), (2.5, 15.0)),
    "medium": Range((3,), (0.125, 0.250), (0.125, 0.250), (2.5, 30.0)),
    "low": Range((1, 2), (0.125, 0.250), (0.125, 0.250), (15.0, 60.0)),
}
PAUSE_S = (0.35, 1.30)  # HIGH, between pulses 5 and 6
FUNDAMENTAL_HZ = (150.0, 1000.0)
HARMONICS_HZ, HARMONICS_WITHIN_DB, HARMONICS_AT_LEAST = (300.0, 4000.0), 15.0, 4
RISE_SHARE = (0.10, 0.20)
ALL = list(TONES)


def envelope(samples: NDArray[np.int16], fundamental_hz: float) -> NDArray[np.float64]:
    """The height of the sound: the highest sample within two periods of the fundamental."""
    width = round(2 * RATE / fundamental_hz)
    padded = np.pad(np.abs(samples.astype(float)), (width // 2, width - width // 2 - 1))
    high = np.lib.stride_tricks.sliding_window_view(padded, width).max(axis=1)
    return np.convolve(high, np.ones(width) / width, "same")  # no steps


def crossings(samples: NDArray[np.int16], hz: float, share: float) -> list[Span]:
    """When each pulse rises over and falls below a share of the greatest height, in seconds.

    The sliding maximum widens a pulse by its own width at both ends together; that is taken off.
    """
    quiet = np.zeros(RATE // 20, np.int16)
    heights = envelope(np.concatenate((quiet, samples, quiet)), hz)
    over = (heights > share * heights.max()).astype(int)
    turns = np.diff(over)
    wide = 2 / hz / 2
    starts, ends = np.flatnonzero(turns == 1) / RATE, np.flatnonzero(turns == -1) / RATE
    return [(a + wide - 0.05, b - wide - 0.05) for a, b in zip(starts, ends, strict=True)]


def half(name: str) -> list[Span]:
    samples = burst(TONES[name], VOLUME)
    return crossings(samples, fundamental(samples), 0.5)


def gaps(spans: list[Span]) -> list[float]:
    return [b[0] - a[1] for a, b in pairwise(spans)]


def spectrum(samples: NDArray[np.int16]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hz and magnitude of the middle of the first pulse."""
    end = np.flatnonzero(np.abs(samples) > 0)[0] + RATE // 8
    piece = samples[end - RATE // 10 : end].astype(float)
    size = 1 << 17
    magnitudes = np.abs(np.fft.rfft(piece * np.blackman(len(piece)), size))
    return np.fft.rfftfreq(size, 1 / RATE), magnitudes


def peaks(samples: NDArray[np.int16]) -> list[tuple[float, float]]:
    """Each partial as (Hz, dB against the strongest), from low to high."""
    hz, size = spectrum(samples)
    level = 20 * np.log10(np.maximum(size, 1e-9) / size.max())
    inner = (level[1:-1] > level[:-2]) & (level[1:-1] > level[2:]) & (level[1:-1] > -40)
    return [(float(hz[i + 1]), float(level[i + 1])) for i in np.flatnonzero(inner)]


def fundamental(samples: NDArray[np.int16]) -> float:
    return peaks(samples)[0][0]


def inside(value: float, span: Span) -> bool:
    return span[0] <= value <= span[1]


@pytest.mark.parametrize("name", STANDARD)
def test_pulses_their_length_and_the_gaps(name: str) -> None:
    wanted, spans = STANDARD[name], half(name)
    assert len(spans) in wanted.pulses
    for start, end in spans:
        assert inside(end - start, wanted.on_s)
        assert end - start == pytest.approx(TONES[name].pulse_s, abs=0.004)
    ordinary = gaps(spans) if name != "high" else [gaps(spans)[i] for i in (0, 1, 3, 5, 6, 8)]
    assert all(inside(gap, wanted.gap_s) for gap in ordinary)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", STANDARD)
def test_wherever_one_measures_the_height_the_lengths_stay_in_range(
    name: str, share: float
) -> None:
    samples = burst(TONES[name], VOLUME)
    spans = crossings(samples, fundamental(samples), share)
    assert all(inside(end - start, STANDARD[name].on_s) for start, end in spans)
    assert inside(gaps(spans)[0], STANDARD[name].gap_s)


def test_high_is_three_two_pause_three_two() -> None:
    spans = half("high")
    found = gaps(spans)
    gap = np.mean([found[i] for i in (0, 1, 3, 5, 6, 8)])
    pulse = np.mean([end - start for start, end in spans])
    for after in (3, 8):
        assert found[after - 1] == pytest.approx(2 * gap + pulse, abs=0.004)
    assert inside(found[4], PAUSE_S)
    assert found[4] > found[2] + 0.1  # heard as two fives, not as four groups
    assert max(gap for i, gap in enumerate(found) if i not in (2, 4, 7)) < found[2] / 2


@pytest.mark.parametrize("name", ALL)
def test_the_rise_and_the_fall_take_their_share_of_the_pulse(name: str) -> None:
    samples = burst(TONES[name], VOLUME)
    # The height by a sliding maximum is coarse within a ramp: compare with the wave itself.
    start, end = pulses(TONES[name])[0]
    pulse = np.abs(samples[start:end].astype(float))
    hz = fundamental(samples)
    period = round(RATE / hz)
    heights = np.array([pulse[i : i + period].max() for i in range(0, len(pulse) - period)])
    middle = heights[len(heights) // 2]
    ten, ninety = np.argmax(heights > 0.1 * middle), np.argmax(heights > 0.9 * middle)
    on = half(name)[0][1] - half(name)[0][0]
    assert inside((ninety - ten) / RATE / on, RISE_SHARE)
    back = heights[::-1]
    ten, ninety = np.argmax(back > 0.1 * middle), np.argmax(back > 0.9 * middle)
    assert inside((ninety - ten) / RATE / on, RISE_SHARE)


@pytest.mark.parametrize("name", ALL)
def test_the_fundamental_and_at_least_four_harmonics_near_its_level(name: str) -> None:
    found = peaks(burst(TONES[name], VOLUME))
    hz, level = found[0]
    assert inside(hz, FUNDAMENTAL_HZ)
    assert hz == pytest.approx(TONES[name].fundamental_hz, abs=1)
    near = [
        (h, db)
        for h, db in found[1:]
        if inside(h, HARMONICS_HZ) and abs(db - level) <= HARMONICS_WITHIN_DB
    ]
    assert len(near) >= HARMONICS_AT_LEAST
    for h, db in near:
        partial = round(h / hz)
        assert h == pytest.approx(partial * hz, abs=3)
        assert db - level == pytest.approx(TONES[name].harmonics[partial - 2], abs=0.5)


@pytest.mark.parametrize("name", STANDARD)
def test_the_repeat_interval_is_in_range_from_start_to_start_and_as_silence(name: str) -> None:
    feed = Feed(VOLUME, lambda tone: None)
    feed.wanted = name
    length = 2 * repeat(TONES[name]) + RATE // 2
    samples = np.frombuffer(feed.pull(length), np.int16)
    loud = np.flatnonzero(samples)
    breaks = np.flatnonzero(np.diff(loud) > 2 * RATE)
    silences = [(loud[i + 1] - loud[i]) / RATE for i in breaks]
    starts = [loud[0], *(loud[i + 1] for i in breaks)]
    assert len(starts) == 3
    assert all(inside(silence, STANDARD[name].silence_s) for silence in silences)
    intervals = np.diff(starts) / RATE
    assert all(inside(interval, STANDARD[name].silence_s) for interval in intervals)
    assert set(np.diff(starts)) == {repeat(TONES[name])}


@pytest.mark.parametrize("name", ALL)
def test_no_click(name: str) -> None:
    """No step that the partials alone would not make, and nothing above the highest of them."""
    tone = TONES[name]
    samples = np.concatenate(([0], burst(tone, 1.0).astype(float), [0]))
    levels = 10 ** (np.array((0.0, *tone.harmonics)) / 20)
    partials = np.arange(1, len(levels) + 1)
    steepest = (levels * 2 * np.pi * partials * tone.fundamental_hz / RATE).sum() / levels.max()
    assert np.abs(np.diff(samples)).max() <= steepest * np.abs(samples).max()
    assert np.abs(samples[:5]).max() <= FULL * 0.002
    assert np.abs(samples[-5:]).max() <= FULL * 0.002
    energy = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    above = energy[hz > 4000].sum() / energy.sum()
    assert above < 1e-6  # -60 dB


@pytest.mark.parametrize("volume", [VOLUME_FLOOR, 0.6, 1.0])
@pytest.mark.parametrize("name", ALL)
def test_the_highest_sample_is_the_volume(name: str, volume: float) -> None:
    highest = np.abs(burst(TONES[name], volume).astype(int)).max()
    assert highest == pytest.approx(volume * TONES[name].level * FULL, abs=1)


@pytest.mark.parametrize("volume", [0.0, VOLUME_FLOOR - 0.001, 1.001, -1.0, float("nan")])
def test_a_volume_nobody_hears_is_refused(volume: float) -> None:
    with pytest.raises(ValueError, match=r"from 0\.2 to 1"):
        burst(TONES["high"], volume)


def test_a_more_urgent_tone_is_louder_and_comes_more_often() -> None:
    def loudness(name: str) -> float:
        samples = burst(TONES[name], VOLUME).astype(float)
        return float(np.sqrt((samples[: RATE // 10] ** 2).mean()))

    order = ["high", "medium", "low"]
    assert sorted(order, key=loudness, reverse=True) == order
    assert sorted(order, key=lambda name: TONES[name].repeat_s) == order
    assert sorted(order, key=lambda name: -TONES[name].urgency) == order


def test_the_guard_cannot_be_taken_for_a_patients_alert() -> None:
    """Longer pulses than any priority may have, fewer than HIGH and MEDIUM, the lowest pitch."""
    spans = half("guard")
    assert len(spans) == 2
    longest = max(wanted.on_s[1] for wanted in STANDARD.values())
    assert all(end - start > 2 * longest for start, end in spans)
    pitch = {name: fundamental(burst(TONES[name], VOLUME)) for name in ALL}
    assert min(pitch, key=lambda name: pitch[name]) == "guard"
    assert len({round(hz) for hz in pitch.values()}) == len(ALL)
