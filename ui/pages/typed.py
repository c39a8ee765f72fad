"""Times of day as a nurse types them, read against the present moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ketamonitor.typed import expiry, last_time_of_day

#: How far back a typed time may reach: a session does not last longer.
FURTHEST_BACK = timedelta(hours=12)


def time_of_day(text: str, now: datetime) -> datetime:
    """The latest moment before ``now`` whose clock shows the typed HH:MM. Raises ``ValueError``."""
    typed = text.strip()
    if not typed:
        raise ValueError("Type the time as HH:MM")
    at = last_time_of_day(typed, "Type the time as HH:MM, for example 14:05", now)
    if now - at > FURTHEST_BACK:
        raise ValueError(f"{at:%H:%M} is still to come. Type a time that has passed")
    return at


def expiry_day(typed: str, today: date) -> date:
    """The last good day: ``2027-08`` is the whole month. Raises ``ValueError`` for no date."""
    last, _told = expiry(typed, "Type the expiry as on the vial: 2027-08 or 2027-08-31")
    if not today.year - 20 <= last.year <= today.year + 20:
        raise ValueError(f"The expiry {last.isoformat()} cannot be: check the year")
    return last
