"""What every entered thing is checked by: each refuses with one clear line (``ValueError``)."""

from __future__ import annotations

from collections.abc import Iterable

from devices.metrics import Metric
from ketamonitor import unseen

#: No single amount of any drug in this field comes near it: it catches slips of the comma.
MOST_MG = 1000.0


#: Characters of a note or remark.
LONGEST_NOTE = 2000


def in_range(value: float, metric: Metric) -> None:
    if not metric.low <= value <= metric.high:
        raise ValueError(
            f"{metric.label} must be between {metric.low:g} and {metric.high:g} {metric.unit},"
            f" not {value:g}"
        )


def amount(mg: float, what: str) -> None:
    if not 0 < mg <= MOST_MG:
        raise ValueError(f"{what} must be above 0 and at most {MOST_MG:g} mg, not {mg:g}")


def fine(mg: float, what: str) -> None:
    if round(mg, 3) != mg:
        raise ValueError(f"{what} must have at most three decimals, not {mg!r} mg")


def text(text: str, what: str, most: int) -> str:
    text = text.strip()
    if not text:
        raise ValueError(f"{what} is empty")
    if len(text) > most:
        raise ValueError(f"{what} is longer than {most} characters")
    unseen.refuse(text, what, lines=most >= LONGEST_NOTE)
    return text


def optional(given: str, what: str, most: int) -> str:
    """Text that may be empty. It is kept whole or refused with its limit, and never cut."""
    return text(given, what, most) if given.strip() else ""


def one_of(value: str, known: Iterable[str], what: str) -> str:
    names = tuple(known)
    if value not in names:
        raise ValueError(f"{what} must be one of {', '.join(names)}, not {value!r}")
    return value
