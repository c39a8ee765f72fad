"""Times of day as a nurse types them, read against the present moment."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta

#: How far back a typed time may reach: a session does not last longer.
FURTHEST_BACK = timedelta(hours=12)

_TIME = re.compile(r"(\d{1,2})[:.]?(\d{2})", re.ASCII)


def time_of_day(text: str, now: datetime) -> datetime:
    """The latest moment before ``now`` whose clock shows the typed HH:MM. Raises ``ValueError``."""
    typed = text.strip()
    if not typed:
        raise ValueError("Type the time as HH:MM")
    match = _TIME.fullmatch(typed)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError("Type the time as HH:MM, for example 14:05")
    at = now.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
    if at > now:
        at -= timedelta(days=1)
    if now - at > FURTHEST_BACK:
        raise ValueError(f"{match[1]}:{match[2]} is still to come. Type a time that has passed")
    return at


def expiry_day(typed: str, today: date) -> date:
    """The last good day: ``2027-08`` is the whole month. Raises ``ValueError`` for no date."""
    parts = typed.strip().split("-")
    try:
        numbers = [int(part) for part in parts]
        year, month, *rest = numbers
        last = date(year, month, rest[0] if rest else monthrange(year, month)[1])
    except (ValueError, IndexError):
        raise ValueError("Type the expiry as on the vial: 2027-08 or 2027-08-31") from None
    if not today.year - 20 <= last.year <= today.year + 20:
        raise ValueError(f"The expiry {last.isoformat()} cannot be: check the year")
    return last
