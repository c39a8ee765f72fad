"""Which values of a reading cannot be true of a living adult, whatever the monitor says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import TypeVar

from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_SYS, Metric
from devices.reading import Reading

T = TypeVar("T")


def doubtful(values: Mapping[Metric, float | None]) -> tuple[str, ...]:
    """Flags ``implausible:METRIC`` for the values that are doubtful, in the order of ``values``.

    Outside the metric's range (or not a number): that metric. Systolic not above diastolic: every
    pressure there is, for one cannot tell which is wrong. A mean outside of the two: the mean
    only, because a doubtful mean must not hide a true crisis in systolic. ``None`` is never
    doubtful: it is the absence of a value.
    """
    there = {metric: value for metric, value in values.items() if value is not None}
    wrong = {m for m, v in there.items() if not (isfinite(v) and m.low <= v <= m.high)}
    sys, dia, mean = (_finite(there.get(m)) for m in (NIBP_SYS, NIBP_DIA, NIBP_MAP))
    if sys is not None and dia is not None and sys <= dia:
        wrong |= {NIBP_SYS, NIBP_DIA, NIBP_MAP} & there.keys()
    if mean is not None and ((dia is not None and mean < dia) or (sys is not None and mean > sys)):
        wrong.add(NIBP_MAP)
    return tuple(f"implausible:{metric.key}" for metric in there if metric in wrong)


def judged(output: T) -> T:
    """The same output; a reading gets its flags added."""
    if isinstance(output, Reading):
        flags = doubtful(output.values)
        if flags:
            return replace(output, flags=(*output.flags, *flags))
    return output


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
