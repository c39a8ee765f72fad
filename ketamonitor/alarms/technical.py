"""Technical conditions: a monitor, cable, cuff, record or program that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from devices.metrics import METRICS
from devices.reading import NOT_UNDERSTOOD, LinkState
from ketamonitor import words
from ketamonitor.alarms.situation import Known, Situation
from ketamonitor.view import ActiveAlarm, DueItem, LinkView

#: A cuff result without one of these says nothing of that pressure.
PRESSURES = ("nibp_sys", "nibp_dia")


def technical_alarms(situation: Situation) -> Iterator[ActiveAlarm]:
    """Every technical condition that holds now."""
    for key, known in situation.known.items():
        yield from _no_reading(key, known, situation)
        yield from _implausible(key, known, situation)
    for link in situation.links:
        yield from _link(link, situation)
        if link.battery_low:
            key = f"battery_low:{link.source}"
            text = f"{link.source}: battery low"
            yield _made(key, "battery_low", "low", text, situation, detail="plug the monitor in")
    yield from _no_bp(situation)
    if situation.cuff_fault:
        detail = situation.cuff_fault
        yield _made(
            "cuff_failed", "cuff_failed", "low", "Cuff failed", situation, "nibp_sys", detail
        )
    shown = timedelta(seconds=situation.protocol.technical.fault_shown_s)
    for key, fault in situation.faults.items():
        if fault.lasts or situation.now - fault.at < shown:
            condition = key.partition(":")[0]  # what several sources may have at once
            yield _made(key, condition, fault.priority, fault.text, situation, detail=fault.detail)


def _no_reading(key: str, known: Known, situation: Situation) -> Iterator[ActiveAlarm]:
    metric = METRICS.get(key)
    if metric is None or metric.transient:
        return  # an answer is asked for, not measured; a transient value may stop
    name = words.SHORT[key]
    if metric.episodic:
        if known.missing and key in PRESSURES:
            text = f"{name}: no value in the last reading"
            yield _made(f"no_reading:{key}", "no_reading", "low", text, situation, key)
        return
    if known.at is None or any(
        link.source == known.source and down(link, situation) for link in situation.links
    ):
        return  # never had a value, or the lost link says it already
    technical = situation.protocol.technical
    quiet_s = (situation.now - known.at).total_seconds()
    low_s = max(technical.no_reading_s, 2.5 * known.interval_s(situation.intervals))
    # Who says that there is no value need not be waited for until the next one would be due.
    said_s = 0.0
    if known.missing and known.missing_at is not None:
        said_s = (situation.now - known.missing_at).total_seconds()
    if quiet_s <= low_s and said_s <= technical.no_reading_s:
        return
    medium_s = technical.no_reading_medium_s
    late = quiet_s > max(medium_s, low_s) or said_s > medium_s
    priority = "medium" if late else "low"
    last = (
        "" if known.value is None else f"last {words.exact(known.value)} at {words.clock(known.at)}"
    )
    why = situation.sensors_off.get(known.source, "")
    # The monitor's own words are better than ours where it says why.
    text = f"{name}: {why}" if why else f"{name}: no reading"
    yield _made(f"no_reading:{key}", "no_reading", priority, text, situation, key, last)


def _implausible(key: str, known: Known, situation: Situation) -> Iterator[ActiveAlarm]:
    if known.doubtful is None or known.doubtful_at is None:
        return
    text = f"{words.SHORT[key]} {words.exact(known.doubtful)} not plausible"
    detail = f"{words.clock(known.doubtful_at)}, not used for limits"
    yield _made(
        f"implausible:{key}", "implausible", "low", text, situation, key, detail, known.doubtful
    )


def _link(link: LinkView, situation: Situation) -> Iterator[ActiveAlarm]:
    technical = situation.protocol.technical
    source = link.source
    for_s = (situation.now - link.since).total_seconds()
    if down(link, situation) and for_s >= technical.link_lost_s:
        word = "link silent" if link.state is LinkState.SILENT else "link lost"
        if link.reason.startswith(NOT_UNDERSTOOD):
            word = "not understood"
        yield _made(
            f"link_lost:{source}",
            "link_lost",
            "medium",
            f"{source}: {word}",
            situation,
            detail=link.reason,
        )
        return
    if link.demo:
        text = f"{source}: demonstration data, not taken"
        detail = "switch the monitor's demonstration mode off"
        yield _made(f"demo:{source}", "demo", "medium", text, situation, detail=detail)
        return
    waited = (situation.now - situation.started_at).total_seconds()
    heard = [known for known in situation.known.values() if known.source == source]
    usual = situation.intervals.get(source, 1.0)
    interval = 2.5 * min((known.interval_s(situation.intervals) for known in heard), default=usual)
    if link.last_value_at is None and waited > max(technical.no_reading_s, interval):
        late = waited > max(technical.no_reading_medium_s, interval)
        why = situation.sensors_off.get(source, "")
        yield _made(
            f"no_reading:{source}",
            "no_reading",
            "medium" if late else "low",
            f"{source}: no reading yet",
            situation,
            detail=why or link.reason,
        )


def down(link: LinkView, situation: Situation) -> bool:
    """From the loss until something is read again, so that a port that comes back does not raise
    an alarm for each of its values. A monitor that is back and gives nothing has its own alarm."""
    connected_s = (situation.now - link.since).total_seconds()
    idle = link.state is LinkState.CONNECTED and (
        connected_s > situation.protocol.technical.no_reading_s
    )
    return link.down and not idle


def _no_bp(situation: Situation) -> Iterator[ActiveAlarm]:
    """No blood pressure for so many intervals of the schedule, or a needed one whose window is
    over; before that it is a reminder. Only a reading ends it: that the schedule has no further
    slot, or that the gate opens, says nothing of the patient."""
    if situation.first_dose_at is None or situation.left:
        return
    slots = [item for item in situation.due if item.what == "bp"]
    last = max(situation.last_bp_at or situation.first_dose_at, situation.first_dose_at)
    known = situation.active.get("no_bp")
    if known is not None and last <= known.since:
        text, detail = known.text, known.detail
    elif gone := [i for i in slots if _needed_and_gone(i, situation.now, last)]:
        text, detail = f"No BP: {gone[-1].label} was not taken", "measure now"
    elif _quiet_for_long(slots, last, situation):
        text, detail = f"No BP since {words.clock(last)}", "measure now"
    else:
        return
    yield _made("no_bp", "no_bp", "medium", text, situation, "nibp_sys", detail)


def _needed_and_gone(item: DueItem, now: datetime, last: datetime) -> bool:
    """Whether a mandatory slot's window closed with nothing in it, and nothing came since."""
    closes = item.closes_at
    return item.mandatory and not item.answered and closes is not None and last < closes < now


def _quiet_for_long(slots: Sequence[DueItem], last: datetime, situation: Situation) -> bool:
    reached = [item for item in slots if item.at <= situation.now]
    if not reached or situation.first_dose_at is None:
        return False
    latest = reached[-1].at
    if any(item.done_at is not None for item in reached if item.at == latest):
        return False
    before = max((i.at for i in reached if i.at < latest), default=situation.first_dose_at)
    most = situation.protocol.technical.no_bp_intervals * (latest - before)
    return situation.now - last > most


def _made(
    key: str,
    condition: str,
    priority: str,
    text: str,
    situation: Situation,
    metric: str | None = None,
    detail: str = "",
    value: float | None = None,
) -> ActiveAlarm:
    return ActiveAlarm(
        key, condition, priority, "technical", metric, value, None, text, detail, situation.now
    )
