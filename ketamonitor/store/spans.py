"""Numbers of entries in as few words as they need."""

from __future__ import annotations

from collections.abc import Sequence


def spans(numbers: Sequence[int]) -> list[str]:
    """``3``, ``7 to 9`` for numbers that rise."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [f"{first}" if first == last else f"{first} to {last}" for first, last in found]
