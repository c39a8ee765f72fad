"""How old a shown value may be: from fresh to stale, and what stands there instead of a value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from devices.metrics import METRICS
from ketamonitor.alarms.situation import Known
from ketamonitor.view import ActiveAlarm, Freshness, ShownValue

#: Without a schedule a cuff value counts as due again after this.
CUFF_INTERVAL = timedelta(minutes=15)
#: Continuous values, for monitors that send every second; slower ones get their own multiple.
FRESH_S, STALE_S = 5.0, 10.0
#: The sender itself says that it has none.
NO_VALUE = "no value"


def shown_values(
    known: Mapping[str, Known],
    active: Mapping[str, ActiveAlarm],
    now: datetime,
    *,
    intervals: Mapping[str, float],
    next_bp: datetime | None,
    cuff_state: str,
) -> dict[str, ShownValue]:
    """What to show of each metric; a person's answers are not among them. ``intervals``: seconds
    between a source's values, where it has not been seen to send more often."""
    return {
        key: (
            _cuff(item, now, next_bp, cuff_state, "cuff_failed" in active)
            if METRICS[key].episodic
            else _continuous(
                item,
                now,
                item.interval_s(intervals),
                silent="no reading" if f"no_reading:{key}" in active else "",
                lost="link lost" if f"link_lost:{item.source}" in active else "",
            )
        )
        for key, item in known.items()
        if key in METRICS and not _over(key, item, now)
    }


def _over(key: str, known: Known, now: datetime) -> bool:
    """A transient value that stopped coming is over, not stale: nothing stands in its place."""
    if not METRICS[key].transient:
        return False
    return known.at is None or now - known.at > timedelta(seconds=FRESH_S)


def _cuff(
    known: Known, now: datetime, next_bp: datetime | None, state: str, failed: bool
) -> ShownValue:
    if known.doubtful is not None:
        return ShownValue(
            known.doubtful,
            known.doubtful_at,
            known.source,
            Freshness.QUESTIONABLE,
            "check the cuff",
        )
    if known.value is None or known.at is None or known.missing:
        freshness = Freshness.TECHNICAL if known.missing else Freshness.NO_DATA
        reason = "no value in the last reading" if known.missing else "no reading yet"
        return ShownValue(None, known.at, known.source, freshness, reason)
    if failed:
        return ShownValue(known.value, known.at, known.source, Freshness.TECHNICAL, "cuff failed")
    interval = next_bp - known.at if next_bp and next_bp > known.at else CUFF_INTERVAL
    freshness = Freshness.FRESH
    if now >= known.at + interval:
        freshness = Freshness.AGEING
    if now > known.at + 2 * interval:
        freshness = Freshness.STALE
    return ShownValue(known.value, known.at, known.source, freshness, state)


def _continuous(
    known: Known, now: datetime, interval: float, *, silent: str, lost: str
) -> ShownValue:
    """``silent`` and ``lost`` are the reasons for dashes; a lost link's figure ages first."""
    if known.doubtful is not None and known.doubtful_at is not None and not known.missing:
        age = (now - known.doubtful_at).total_seconds()
        if age <= max(STALE_S, 3 * interval):
            return ShownValue(
                known.doubtful,
                known.doubtful_at,
                known.source,
                Freshness.QUESTIONABLE,
                "not plausible",
            )
    if known.value is None or known.at is None:
        why = NO_VALUE if known.missing else "no reading yet"
        return ShownValue(None, None, known.source, Freshness.NO_DATA, why)
    age = (now - known.at).total_seconds()
    if silent:
        return ShownValue(known.value, known.at, known.source, Freshness.TECHNICAL, silent)
    if known.missing:  # said, and not only silent: the last number is no longer so
        return ShownValue(
            known.value, known.at, known.source, Freshness.TECHNICAL, lost or NO_VALUE
        )
    if age <= max(FRESH_S, 1.5 * interval):
        return ShownValue(known.value, known.at, known.source, Freshness.FRESH, "")
    if age <= max(STALE_S, 3 * interval):
        return ShownValue(known.value, known.at, known.source, Freshness.AGEING, "")
    old = Freshness.TECHNICAL if lost else Freshness.STALE
    return ShownValue(known.value, known.at, known.source, old, lost)
