"""Numbers, days and times as people type them: one reading of each, everywhere.

A number has ASCII digits and one decimal sign, a point or a comma. Separators of thousands are
never read: ``1,000`` is a thousand in one country and one in another, so it is refused with what
to type in its place. Nothing is ever corrected or worked out for whoever types.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

#: Digits and one decimal sign only: Decimal alone would take 1e3, 1_000, nan and other alphabets.
_NUMBER = re.compile(r"[+-]?(\d{1,12}([.,]\d{0,12})?|[.,]\d{1,12})", re.ASCII)
#: A comma before exactly three digits. ``0,684`` can only be a decimal.
_TWO_WAYS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DOTS = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})", re.ASCII)
_WORDS = re.compile(r"(\d{1,2})\s+([A-Za-z]{3,9})\.?\s+(\d{4})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})[:.]?(\d{2})", re.ASCII)
_BOTH = re.compile(r"(\S.*?)[ T]+(\d{1,2})[:.](\d{2})", re.ASCII)


def number(typed: str, refusal: str) -> Decimal | None:
    """The number as typed, exact; ``None`` where nothing is.

    Raises ``ValueError`` with ``refusal`` for what is no number, and with both readings for one
    that can be read two ways.
    """
    text = typed.strip().replace("\N{MINUS SIGN}", "-")
    if not text:
        return None
    if _TWO_WAYS.fullmatch(text):
        raise ValueError(
            f"“{text}” can be read two ways: type {text.replace(',', '')}, or"
            f" {_with_point(text)} with a point"
        )
    if not _NUMBER.fullmatch(text):
        raise ValueError(refusal)
    return Decimal(text.replace(",", "."))


def _with_point(text: str) -> str:
    """``34,125`` as ``34.125`` and ``1,000`` as ``1.0``: the other reading, without its commas."""
    before, _, after = text.partition(",")
    return f"{before}.{after.replace(',', '').rstrip('0') or '0'}"


def whole(typed: str, refusal: str, most_digits: int = 4) -> int | None:
    """A whole number of ASCII digits; ``None`` where nothing is typed. Raises ``ValueError``."""
    text = typed.strip()
    if not text:
        return None
    if not re.fullmatch(rf"\d{{1,{most_digits}}}", text, re.ASCII):
        raise ValueError(refusal)
    return int(text)


def day(typed: str, refusal: str) -> date:
    """``2026-03-14``, ``14 Mar 2026`` or ``14.03.2026``. Raises ``ValueError`` with ``refusal``.

    Slashes are refused: 03/04/1984 is March in one country and April in another.
    """
    text = typed.strip()
    try:
        if match := _ISO.fullmatch(text):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _DOTS.fullmatch(text):
            return date(int(match[3]), int(match[2]), int(match[1]))
        if (match := _WORDS.fullmatch(text)) and match[2][:3].lower() in MONTHS:
            return date(int(match[3]), MONTHS.index(match[2][:3].lower()) + 1, int(match[1]))
    except ValueError:
        raise ValueError("There is no such day. Check it") from None
    raise ValueError(refusal)


def clock(typed: str, refusal: str) -> tuple[int, int]:
    """Hour and minute of ``14:05``, ``14.05`` or ``1405``. Raises ``ValueError``."""
    match = _CLOCK.fullmatch(typed.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(refusal)
    return int(match[1]), int(match[2])


def moment(typed: str, refusal: str, zone: tzinfo | None) -> datetime | None:
    """A day with its time, as ``2026-11-23 19:00`` or ``23 Nov 2026 19:00``; ``None`` where no day
    is typed. Raises ``ValueError``."""
    match = _BOTH.fullmatch(typed.strip())
    if match is None:
        return None
    hour, minute = clock(f"{match[2]}:{match[3]}", refusal)
    on = day(match[1], refusal)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone)


def last_time_of_day(typed: str, refusal: str, now: datetime) -> datetime:
    """The latest moment before ``now`` at which a clock shows what is typed."""
    hour, minute = clock(typed, refusal)
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return at - timedelta(days=1) if at > now else at


_EXPIRY = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?|(\d{2})[/.](\d{4})", re.ASCII)


def expiry(typed: str, refusal: str) -> tuple[date, str]:
    """The last good day, and the expiry as ISO text: ``2027-08`` and ``08/2027`` are the whole
    month, ``2027-08-31`` is a day. Raises ``ValueError`` with ``refusal`` for what is no month."""
    match = _EXPIRY.fullmatch(typed.strip())
    if match is None:
        raise ValueError(refusal)
    year, month = int(match[1] or match[5]), int(match[2] or match[4])
    try:
        last = date(year, month, int(match[3]) if match[3] else monthrange(year, month)[1])
    except ValueError as error:  # calendar's own error for a month is one, too
        raise ValueError(refusal) from error
    return last, last.isoformat() if match[3] else f"{year:04}-{month:02}"
