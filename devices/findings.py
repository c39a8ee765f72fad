"""What is said of a searched port: the monitor its frames name, or why none is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from devices import sweep
from devices.hearing import Hearing, Manner
from devices.spec import DriverSpec, LineSettings


class Outcome(StrEnum):
    NAMED = "named"
    SILENT = "silent"
    UNKNOWN = "unknown"  # something sends, but nobody understands it
    UNSURE = "unsure"  # frames of more than one monitor, or too few of one
    UNAVAILABLE = "unavailable"  # the port cannot be opened, or broke
    EXCLUDED = "excluded"
    CANCELLED = "cancelled"


class Confidence(StrEnum):
    CERTAIN = "certain"
    LIKELY = "likely"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Known:
    """What was on this adapter the last time."""

    driver: str
    line: LineSettings


@dataclass(frozen=True, slots=True)
class Detection:
    """What is on a port. ``driver`` and ``line`` are set only where it is named by its frames.

    ``heard`` counts all bytes, ``frames`` those of the named monitor; ``words`` say it to a user.
    ``seconds`` is how long it took.
    """

    port: str
    outcome: Outcome
    words: str
    driver: str | None = None
    line: LineSettings | None = None
    confidence: Confidence = Confidence.NONE
    heard: int = 0
    frames: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The part of a :class:`Detection` that follows from what was heard."""

    outcome: Outcome
    words: str
    driver: str | None = None
    line: LineSettings | None = None
    confidence: Confidence = Confidence.NONE
    frames: int = 0


def verdict(
    hearings: Sequence[Hearing],
    named: Hearing | None,
    table: Sequence[DriverSpec],
    known: Known | None,
) -> Verdict:
    """What follows from all that was heard; ``named`` is where one monitor proved itself."""
    if named is not None and (spec := named.enough) is not None:
        return _named(spec, named, table, known)
    frames = {name for hearing in hearings for name in hearing.frames}
    titles = [spec.title for spec in table if spec.name in frames]
    if len(titles) > 1:
        could_be = " or ".join(titles)
        return Verdict(
            Outcome.UNSURE, f"not sure: what arrives could be {could_be}; choose the monitor"
        )
    if titles:
        return Verdict(
            Outcome.UNSURE,
            f"not sure: too little arrived that looks like {titles[0]}; choose the monitor",
        )
    if any(hearing.echoes for hearing in hearings):
        return Verdict(
            Outcome.UNKNOWN,
            "what is sent comes back: a loop-back plug, a modem or a console, no monitor",
        )
    loudest = max(hearings, key=lambda one: one.heard, default=None)
    if loudest is not None and loudest.manner is not Manner.NOTHING:
        return Verdict(Outcome.UNKNOWN, _unknown(loudest))
    return Verdict(Outcome.SILENT, _silent(table, known))


def _named(
    spec: DriverSpec, hearing: Hearing, table: Sequence[DriverSpec], known: Known | None
) -> Verdict:
    line = sweep.line_of(spec, hearing.line)
    words = f"{spec.title} at {line}"
    if known is not None and known.driver != spec.name:
        words += f" (was {_title(known.driver, table)})"
    confidence = Confidence.CERTAIN if spec.checked else Confidence.LIKELY
    return Verdict(Outcome.NAMED, words, spec.name, line, confidence, hearing.frames[spec.name])


def _unknown(hearing: Hearing) -> str:
    if hearing.manner is Manner.TEXT:
        return (
            f"something sends text at {hearing.line}, but no known monitor: check what the "
            "monitor's port is set to send"
        )
    return (
        "something sends, but no known monitor: check the speed and the output format that the "
        "monitor's port is set to"
    )


def _silent(table: Sequence[DriverSpec], known: Known | None) -> str:
    if known is not None:
        was = f"{_title(known.driver, table)} at {known.line}"
        return f"was {was}, silent now: check that it is on, and the cable"
    late = [spec.name for spec in table if spec.probe is None and spec.silent_after_s is None]
    words = "silent: nothing was heard on any speed; check that the monitor is on, and the cable"
    if late:
        words += f" ({', '.join(late)} speak only when they have measured)"
    return words


def _title(name: str, table: Sequence[DriverSpec]) -> str:
    return next((spec.title for spec in table if spec.name == name), name)
