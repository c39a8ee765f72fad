"""The tones of alerts as numbers, and their samples: pulses, gaps, rise, harmonics. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

RATE = 48_000  # samples a second
VOLUME_FLOOR = 0.2  # -14 dB of full scale: below it an alert would be drawn, not heard
_FULL_SCALE = 32_767
_RISE = 0.5903  # of a raised cosine from 0 to 1: the share between a tenth and nine tenths

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone. A burst is its pulses with ``gaps_s`` between them (one fewer than pulses).

    A pulse's time is counted from half its height to half its height, so is a gap; ``rise`` is the
    share of that time from a tenth to nine tenths of the height, at both ends alike. ``harmonics``
    are levels in dB against the fundamental, from the second partial up. ``repeat_s`` counts from
    the start of a burst to the start of the next. ``level``: height at volume 1. A tone with more
    ``urgency`` interrupts one with less.
    """

    urgency: int
    pulse_s: float
    gaps_s: tuple[float, ...]
    rise: float
    fundamental_hz: float
    harmonics: tuple[float, ...]
    repeat_s: float
    level: float

    @property
    def pulses(self) -> int:
        return len(self.gaps_s) + 1


def _three_two(pulse: float, gap: float, pause: float) -> tuple[float, ...]:
    """The gaps of the 3-2-pause-3-2 pattern: after pulses 3 and 8 a gap in which one could be."""
    five = (gap, gap, 2 * gap + pulse, gap)
    return (*five, pause, *five)


# Modelled on the sound tables of IEC 60601-1-8 (the ranges stand in tests/domain/test_tones.py);
# within them slow rises, low pitch and falling harmonics, as the room is to stay calm.
# "guard" is no alert of a patient: two long low pulses say that the program itself has failed.
TONES: Mapping[str, Tone] = MappingProxyType(
    {
        "high": Tone(
            urgency=4,
            pulse_s=0.15,
            gaps_s=_three_two(0.15, 0.09, 0.6),
            rise=0.15,
            fundamental_hz=523.25,
            harmonics=(-4, -7, -10, -12),
            repeat_s=8.0,
            level=1.0,
        ),
        "guard": Tone(
            urgency=3,
            pulse_s=0.6,
            gaps_s=(0.3,),
            rise=0.12,
            fundamental_hz=261.63,
            harmonics=(-2, -4, -8, -10, -12),
            repeat_s=6.0,
            level=1.0,
        ),
        "medium": Tone(
            urgency=2,
            pulse_s=0.19,
            gaps_s=(0.19, 0.19),
            rise=0.14,
            fundamental_hz=392.0,
            harmonics=(-4, -7, -10, -12),
            repeat_s=15.0,
            level=0.8,
        ),
        "low": Tone(
            urgency=1,
            pulse_s=0.19,
            gaps_s=(0.19,),
            rise=0.15,
            fundamental_hz=329.63,
            harmonics=(-5, -8, -11, -13),
            repeat_s=30.0,
            level=0.6,
        ),
    }
)


def burst(tone: Tone, volume: float, rate: int = RATE) -> Samples:
    """One burst, mono, from the foot of its first pulse to the foot of its last.

    ``volume`` 1 uses the whole range. Raises ``ValueError`` below :data:`VOLUME_FLOOR`, above 1.
    """
    if not VOLUME_FLOOR <= volume <= 1:
        raise ValueError(
            f"The volume must be from {VOLUME_FLOOR:g} to 1, not {volume:g}:"
            " an alert that nobody hears is none"
        )
    spans = pulses(tone, rate)
    pulse = _pulse(tone, spans[0][1], rate) * (volume * tone.level * _FULL_SCALE)
    samples = np.zeros(spans[-1][1], np.int16)
    for start, end in spans:
        samples[start:end] = np.rint(pulse)
    return samples


def pulses(tone: Tone, rate: int = RATE) -> tuple[tuple[int, int], ...]:
    """Of each pulse, foot to foot: its first sample, and the one after its last."""
    length = round((tone.pulse_s + _ramp_s(tone)) * rate)
    starts = [0.0]
    for gap in tone.gaps_s:
        starts.append(starts[-1] + tone.pulse_s + gap)
    return tuple((round(start * rate), round(start * rate) + length) for start in starts)


def repeat(tone: Tone, rate: int = RATE) -> int:
    """Samples from the start of a burst to the start of the next."""
    return round(tone.repeat_s * rate)


def _ramp_s(tone: Tone) -> float:
    """From the foot of a pulse to its full height; half of it lies outside ``pulse_s``."""
    return tone.rise * tone.pulse_s / _RISE


def _pulse(tone: Tone, length: int, rate: int) -> NDArray[np.float64]:
    """One pulse whose highest sample is 1."""
    time = np.arange(length) / rate
    wave = np.zeros(length)
    for partial, level in enumerate((0.0, *tone.harmonics), start=1):
        wave += 10 ** (level / 20) * np.sin(2 * np.pi * partial * tone.fundamental_hz * time)
    ramp = round(_ramp_s(tone) * rate)
    edge = (1 - np.cos(np.pi * np.arange(ramp) / ramp)) / 2
    wave[:ramp] *= edge
    wave[-ramp:] *= edge[::-1]
    highest: NDArray[np.float64] = wave / np.abs(wave).max()
    return highest
