"""Which of several monitors that measure the same leads: one rule for tile, limits and charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Lead:
    """The source that leads for one metric: when it last had a plausible value, and whether its
    last word was that it has none. ``source`` is empty for what a person entered."""

    source: str
    at: datetime | None = None
    missing: bool = False

    def after(self, source: str, value: float | None, at: datetime, *, usable: bool) -> Lead:
        """The lead once a word of the source that may speak is taken in."""
        if usable and value is not None:
            return Lead(source, at)
        return replace(self, missing=value is None)


def may_speak(
    lead: Lead | None,
    source: str,
    value: float | None,
    at: datetime,
    *,
    order: Mapping[str, int],
    quiet: timedelta,
) -> bool:
    """Whether a word of ``source`` counts: the leading one's does always. Another takes the lead
    with a value, where it stands before the leading one in ``order`` (a source that is not named
    comes last), or where the leading one has no value or has been quiet for longer than ``quiet``.
    """
    if lead is None or lead.source in ("", source):
        return True
    if value is None:
        return False
    last = len(order)
    if order.get(source, last) < order.get(lead.source, last):
        return True
    return lead.missing or lead.at is None or at - lead.at > quiet


def order_of(sources: list[str]) -> dict[str, int]:
    """The order in which sources lead: as they stand in the session."""
    return {source: place for place, source in enumerate(sources)}
