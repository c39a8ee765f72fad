"""Which alarm conditions hold: pure functions of what is known of a session at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.metrics import METRICS
from devices.reading import NOT_UNDERSTOOD, LinkState
from ketamonitor import words
from ketamonitor.protocol import AlarmLimit, TreatmentProtocol
from ketamonitor.view import ActiveAlarm, Baseline, DueItem, DueState, LinkView

#: The order of priorities, most urgent first.
PRIORITIES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Known:
    """The last word of any monitor or nurse on one metric.

    ``value`` is the last plausible one and ``at`` when it was measured; ``doubtful`` the value that
    came later and is implausible; ``missing`` says that the last reading had none.
    """

    value: float | None = None
    at: datetime | None = None
    source: str = ""
    doubtful: float | None = None
    doubtful_at: datetime | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that alarm conditions may depend on."""

    now: datetime
    started_at: datetime
    protocol: TreatmentProtocol
    baseline: Baseline | None
    known: Mapping[str, Known]
    links: tuple[LinkView, ...]
    due: tuple[DueItem, ...]
    cuff_fault: str
    record_fault: str
    program_fault: str


def holding(situation: Situation) -> dict[str, ActiveAlarm]:
    """The conditions that hold now, by id. Total: every situation has an answer.

    A limit stays passed until a newer plausible value is inside it: that values stop coming never
    ends a physiological alarm, it begins a technical one beside it.
    """
    found: dict[str, ActiveAlarm] = {}
    for limit in situation.protocol.limit:
        _add(found, _limit_passed(limit, situation))
    for key, known in situation.known.items():
        _add(found, _no_reading(key, known, situation))
        _add(found, _implausible(key, known, situation))
    for link in situation.links:
        _add(found, _link(link, situation))
    for what in ("bp", "observation"):
        _add(found, _overdue(what, situation))
    if situation.cuff_fault:
        _add(found, _technical("cuff_failed", "cuff_failed", "low", "Cuff failed", situation))
    if situation.record_fault:
        text = "Record not saved"
        _add(found, _technical("record_fault", "record_fault", "high", text, situation))
    if situation.program_fault:
        text = "Program fault, recording goes on"
        _add(found, _technical("program_fault", "program_fault", "medium", text, situation))
    return found


def difference(
    active: Mapping[str, ActiveAlarm], now_holding: Mapping[str, ActiveAlarm]
) -> tuple[list[ActiveAlarm], list[ActiveAlarm]]:
    """What begins and what ends, so that a replayed list leads to the same state."""
    begins = [alarm for key, alarm in now_holding.items() if key not in active]
    ends = [alarm for key, alarm in active.items() if key not in now_holding]
    return begins, ends


def baseline_of(metric: str, baseline: Baseline | None) -> float | None:
    """The patient's own value of a metric, or ``None`` while no baseline is locked."""
    if baseline is None:
        return None
    return {"nibp_sys": baseline.sys, "nibp_dia": baseline.dia}.get(metric)


def urgent_first(alarms: Mapping[str, ActiveAlarm]) -> tuple[ActiveAlarm, ...]:
    """In the order a screen shows them: priority, physiological first, newest first.

    Of several limits passed on one side of one metric only one is listed (:func:`_rank`), so that
    184 over 160 and 180 is one alert; the milder one is listed again when it is what remains.
    """
    listed = [a for a in alarms.values() if not any(_outranks(b, a) for b in alarms.values())]
    return tuple(
        sorted(
            listed,
            key=lambda a: (
                PRIORITIES.index(a.priority),
                a.type != "physiological",
                -a.since.timestamp(),
            ),
        )
    )


def milder(alarm: ActiveAlarm, alarms: Mapping[str, ActiveAlarm]) -> list[ActiveAlarm]:
    """The active alarms that ``alarm`` stands for on the screen: same metric and side."""
    return [other for other in alarms.values() if _outranks(alarm, other)]


def _outranks(a: ActiveAlarm, b: ActiveAlarm) -> bool:
    same = (
        a.condition == b.condition == "limit_passed"
        and a.metric == b.metric
        and ("<" in a.id) == ("<" in b.id)
    )
    return same and _rank(a) < _rank(b)


def _rank(alarm: ActiveAlarm) -> tuple[int, bool, float, float, str]:
    """Which of several limits on one side stands for the others: the most urgent, of equals the
    one that nobody has acknowledged, then the newest, then the furthest out."""
    return (
        PRIORITIES.index(alarm.priority),
        alarm.acknowledged_at is not None,
        -alarm.since.timestamp(),
        (alarm.limit or 0.0) * (1 if "<" in alarm.id else -1),
        alarm.id,
    )


def _add(found: dict[str, ActiveAlarm], alarm: ActiveAlarm | None) -> None:
    if alarm is not None:
        found[alarm.id] = alarm


def _limit_passed(limit: AlarmLimit, situation: Situation) -> ActiveAlarm | None:
    known = situation.known.get(limit.metric)
    if known is None or known.value is None or known.at is None:
        return None
    baseline = baseline_of(limit.metric, situation.baseline)
    bound = limit.bound(baseline)
    if bound is None or not limit.passed(known.value, baseline):
        return None
    sign = {">=": "≥", "<=": "≤"}.get(limit.op, limit.op)
    text = f"{words.SHORT[limit.metric]} {words.exact(known.value)} {sign} {words.exact(bound)}"
    detail = f"{known.source} {words.clock(known.at)}"
    if limit.relative is not None and baseline is not None:
        detail += f" · baseline {words.exact(baseline)}"
    return ActiveAlarm(
        limit.id,
        "limit_passed",
        limit.priority,
        "physiological",
        limit.metric,
        known.value,
        bound,
        text,
        detail,
        situation.now,
    )


def _no_reading(key: str, known: Known, situation: Situation) -> ActiveAlarm | None:
    metric = METRICS[key]
    if metric.transient:
        return None  # it stops when what it belongs to is over
    name = words.SHORT[key]
    if metric.episodic:
        # A cuff result without its systolic or diastolic says nothing of that pressure.
        if not known.missing or key not in ("nibp_sys", "nibp_dia"):
            return None
        text = f"{name}: no value in the last reading"
        return _technical(f"no_reading:{key}", "no_reading", "low", text, situation, key)
    if known.at is None or any(
        link.source == known.source and _down(link, situation) for link in situation.links
    ):
        return None  # never had a value, or the lost link says it already
    if situation.now - known.at <= timedelta(seconds=situation.protocol.technical.no_reading_s):
        return None
    text = f"{name}: no reading"
    last = f"last {words.exact(known.value)} at {words.clock(known.at)}" if known.value else ""
    return _technical(f"no_reading:{key}", "no_reading", "low", text, situation, key, last)


def _implausible(key: str, known: Known, situation: Situation) -> ActiveAlarm | None:
    if known.doubtful is None or known.doubtful_at is None:
        return None
    text = f"{words.SHORT[key]} {words.exact(known.doubtful)} not plausible"
    detail = f"{words.clock(known.doubtful_at)}, not used for limits"
    alarm = _technical(f"implausible:{key}", "implausible", "low", text, situation, key, detail)
    return ActiveAlarm(
        alarm.id,
        alarm.condition,
        alarm.priority,
        alarm.type,
        key,
        known.doubtful,
        None,
        text,
        detail,
        situation.now,
    )


def _link(link: LinkView, situation: Situation) -> ActiveAlarm | None:
    technical = situation.protocol.technical
    for_s = (situation.now - link.since).total_seconds()
    if _down(link, situation) and for_s >= technical.link_lost_s:
        word = "link silent" if link.state is LinkState.SILENT else "link lost"
        if link.reason.startswith(NOT_UNDERSTOOD):
            word = "not understood"
        text = f"{link.source}: {word}"
        return _technical(
            f"link_lost:{link.source}", "link_lost", "medium", text, situation, None, link.reason
        )
    if link.demo:
        text = f"{link.source}: demonstration data, not taken"
        detail = "switch the monitor's demonstration mode off"
        return _technical(f"demo:{link.source}", "demo", "medium", text, situation, None, detail)
    waited = (situation.now - situation.started_at).total_seconds()
    if link.last_value_at is None and waited > technical.no_reading_s:
        text = f"{link.source}: no reading yet"
        return _technical(
            f"no_reading:{link.source}", "no_reading", "low", text, situation, None, link.reason
        )
    return None


def _down(link: LinkView, situation: Situation) -> bool:
    """From the loss until something is read again, so that a port that comes back does not raise
    an alarm for each of its values. A monitor that is back and gives nothing has its own alarm."""
    connected_s = (situation.now - link.since).total_seconds()
    idle = link.state is LinkState.CONNECTED and (
        connected_s > situation.protocol.technical.no_reading_s
    )
    return link.down and not idle


def _overdue(what: str, situation: Situation) -> ActiveAlarm | None:
    """Only the latest slot of its kind: an older one is missed and stays so in the record."""
    reached = [item for item in situation.due if item.what == what and item.at <= situation.now]
    if not reached or reached[-1].state is not DueState.OVERDUE:
        return None
    at = reached[-1].at
    name = "BP" if what == "bp" else "Observation"
    text = f"{name} due {words.clock(at)}, not recorded"
    return _technical(f"overdue:{what}:{at:%H%M%S}", "observation_overdue", "low", text, situation)


def _technical(
    key: str,
    condition: str,
    priority: str,
    text: str,
    situation: Situation,
    metric: str | None = None,
    detail: str = "",
) -> ActiveAlarm:
    if condition == "cuff_failed":
        detail = situation.cuff_fault
    elif condition == "record_fault":
        detail = situation.record_fault
    elif condition == "program_fault":
        detail = situation.program_fault
    return ActiveAlarm(
        key, condition, priority, "technical", metric, None, None, text, detail, situation.now
    )
