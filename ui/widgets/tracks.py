"""Continuous values as growing arrays, cut and thinned to what a chart can show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketamonitor.course import GAP_AFTER, Series

Floats = NDArray[np.float64]
GAP_S = GAP_AFTER.total_seconds()


@dataclass(frozen=True, slots=True)
class Line:
    """Points to draw; ``joined[i]`` is 1 where point i is joined to the next, 0 at a gap."""

    x: Floats
    y: Floats
    joined: NDArray[np.int32]


class Track:
    """The course of one metric: seconds since the epoch and values, NaN where there was none."""

    def __init__(self) -> None:
        self._times: Floats = np.empty(1024)
        self._values: Floats = np.empty(1024)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def absorb(self, series: Series) -> None:
        """Takes over what the series has gained since the last call."""
        wanted = len(series.times)
        while wanted > len(self._times):
            self._times = np.concatenate([self._times, np.empty_like(self._times)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        for place in range(self._count, wanted):
            value = series.values[place]
            self._times[place] = series.times[place].timestamp()
            self._values[place] = np.nan if value is None else value
        self._count = wanted

    def between(self, start: float, end: float) -> tuple[Floats, Floats]:
        """Times and values from ``start`` to ``end`` (a little more on each side)."""
        times = self._times[: self._count]
        first = max(0, int(np.searchsorted(times, start)) - 1)
        last = min(self._count, int(np.searchsorted(times, end)) + 1)
        return times[first:last], self._values[first:last]


def thinned(times: Floats, values: Floats, columns: int) -> Line:
    """At most about four points a pixel column: lowest and highest of each group, gaps kept.

    A group never hides a gap: where any neighbours in it are too far apart or a value is missing,
    the line is broken there.
    """
    count = len(times)
    if count == 0:
        return Line(times, values, np.empty(0, np.int32))
    missing = np.asarray(np.isnan(values), dtype=np.bool_)
    broken = np.zeros(count, bool)
    apart = np.diff(times) > GAP_S
    broken[:-1] = apart | missing[:-1] | missing[1:]
    group = max(1, count // max(1, 2 * columns))
    if group == 1:
        keep = ~missing
        return Line(times[keep], values[keep], (~broken[keep]).astype(np.int32))
    whole = count // group * group
    blocks = values[:whole].reshape(-1, group)
    filled = np.where(np.isnan(blocks), np.inf, blocks)
    low = filled.min(axis=1)
    high = np.where(np.isnan(blocks), -np.inf, blocks).max(axis=1)
    middle = times[:whole].reshape(-1, group)
    whole_blocks = broken[:whole].reshape(-1, group).max(axis=1)
    has_value = np.isfinite(low)
    x = np.repeat(middle[has_value, 0], 2)
    x[1::2] = middle[has_value, -1]
    y = np.empty_like(x)
    y[0::2], y[1::2] = low[has_value], high[has_value]
    joined = np.ones(len(x), np.int32)
    joined[1::2] = np.logical_not(whole_blocks[has_value])
    tail = slice(whole, count)
    keep = np.logical_not(missing[tail])
    return Line(
        np.concatenate([x, times[tail][keep]]),
        np.concatenate([y, values[tail][keep]]),
        np.concatenate([joined, (~broken[tail][keep]).astype(np.int32)]),
    )


def each_minute(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The last value measured in each minute; a minute without one has no dot."""
    keep = ~np.isnan(values)
    times, values = times[keep], values[keep]
    if len(times) == 0:
        return times, values
    minute = np.floor(times / 60)
    last = np.append(np.nonzero(np.diff(minute))[0], len(times) - 1)
    return times[last], values[last]
