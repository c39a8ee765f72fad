"""What happened: the summary, the numbered events and the dose ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from devices.metrics import METRICS
from ketamonitor import words
from ketamonitor.course import LATE_AFTER, CuffPoint, EventPoint, Infusion
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.treatment.infusion import Act
from ketamonitor.treatment.plan import DosePlan

ROUTES = {
    "iv": "IV",
    "im": "IM",
    "sc": "SC",
    "nasal": "nasal",
    "oral": "oral",
    "sublingual": "sublingual",
}
#: An event's text is cut here in the list beside the chart; the whole of it follows in a section.
SHORT = 64
#: Rows of the list beside the chart before a further block of three columns begins.
_BLOCK = 14

#: Stands behind what a correction took back.
_STRUCK = " (struck)"

Pair = tuple[str, str]


def summary(record: Record, frame: Frame) -> list[dict[str, Any]]:
    """The three blocks under the header: order, course, highest and lowest."""
    return [
        {"title": "Order", "rows": list(_order(record, frame))},
        {"title": "Course", "rows": list(_course(record, frame))},
        {"title": "Highest and lowest", "rows": list(_extremes(record, frame))},
    ]


def _order(record: Record, frame: Frame) -> Iterator[Pair]:
    protocol, until = record.info.protocol, _until(record)
    drug = protocol.dose.drug
    yield "Drug", f"{drug[:1].upper()}{drug[1:]}, {ROUTES[protocol.dose.route]}"
    yield "Protocol", plan(protocol.dose)
    if record.infusions:
        planned = sum(infusion.planned_mg for infusion in record.infusions)
        yield "Planned", milligrams(planned, record.info.weight_kg)
    if record.orders.current:
        order = record.orders.current
        by = f", {order.prescriber}" if order.prescriber else ""
        yield "Ordered", f"{order.mg} mg{by}"
    yield "Given", milligrams(given_mg(record, until), record.info.weight_kg)
    approved = (
        f"{protocol.approved_by}, {protocol.approved_on}" if protocol.approved else "not approved"
    )
    yield "Approved by", approved


def _course(record: Record, frame: Frame) -> Iterator[Pair]:
    yield "Session start", frame.clock(record.info.started_at, seconds=True)
    yield "First dose", frame.clock(frame.zero, seconds=True) if frame.dosed else "none recorded"
    for infusion in record.infusions[-1:]:
        if infusion.stopped_at:
            yield "Infusion stopped", frame.clock(infusion.stopped_at, seconds=True)
        elif run_in := run_in_at(infusion, _until(record)):
            yield "Planned amount in", f"{frame.clock(run_in)}, by the rate"
    if frame.gate:
        yield "Earliest end, gate", frame.clock(frame.gate)
    yield "End", frame.clock(record.ended_at, seconds=True) if record.ended_at else "not ended"


def _extremes(record: Record, frame: Frame) -> Iterator[Pair]:
    readings = [c for c in record.cuff if c.plotted]
    if not readings:
        yield "BP", "no reading"
    else:
        high = max(readings, key=lambda c: c.sys or 0)
        low = min(readings, key=lambda c: c.sys or 0)
        yield f"Highest BP {frame.clock(high.at)}", words.pressure(high.sys, high.dia)
        if record.baseline:
            base = record.baseline
            label = f"Rise on baseline {base.sys:g}/{base.dia:g}"
            yield label, _rise(high, base.sys, base.dia)
        yield f"Lowest BP {frame.clock(low.at)}", words.pressure(low.sys, low.dia)
    yield _extreme(record, frame, "pulse", "Highest pulse", highest=True)
    yield _extreme(record, frame, "spo2", "Lowest SpO₂", highest=False)


def _rise(cuff: CuffPoint, sys: float, dia: float) -> str:
    assert cuff.sys is not None  # a plotted reading has both
    assert cuff.dia is not None
    return f"{cuff.sys - sys:+.0f}/{cuff.dia - dia:+.0f}".replace("-", "−")


def _extreme(record: Record, frame: Frame, key: str, label: str, *, highest: bool) -> Pair:
    series = record.series.get(key)
    points = (
        [(v, at) for at, v in zip(series.times, series.values, strict=True) if v is not None]
        if series
        else []
    )
    if not points:
        return label, "no reading"
    value, at = max(points, key=lambda p: p[0]) if highest else min(points, key=lambda p: p[0])
    metric = METRICS[key]
    return f"{label} {frame.clock(at)}", f"{words.number(value, metric)} {metric.unit}"


def plan(dose: DosePlan) -> str:
    """What the protocol gives, in words: ``0.5 mg/kg over 40 min``."""
    if dose.given_as == "devices":
        return f"{dose.devices} devices of {dose.device_mg:g} mg"
    per_kg = "as ordered" if dose.mg_per_kg is None else f"{dose.mg_per_kg:g} mg/kg"
    if dose.given_as != "infusion":
        return per_kg
    return f"{per_kg} over {dose.minutes:g} min" if dose.minutes else f"{per_kg}, time as ordered"


def milligrams(mg: float, weight_kg: float | None) -> str:
    """An amount with its share of the weight, where that is known."""
    return f"{mg:.1f} mg" + (f", {mg / weight_kg:.2f} mg/kg" if weight_kg else "")


def given_mg(record: Record, until: datetime) -> float:
    """The treatment's drug given by ``until`` in mg, as recorded; no other drug is in it."""
    return record.total_mg(until)


def run_in_at(infusion: Infusion, until: datetime) -> datetime | None:
    """When the planned amount had run in by the recorded rate, if that was before ``until``."""
    at = infusion.ends_at(until)
    return at if at is not None and at <= until else None


def _until(record: Record) -> datetime:
    return record.ended_at or record.last_at or record.info.started_at


def event_text(record: Record, event: EventPoint) -> str:
    """The event's words; an observation's with its answers."""
    answers = [a for a in record.answers if a.at == event.at]
    if event.text != "Observation" or not answers:
        return f"{event.text}{_STRUCK if event.struck else ''}"
    told = []
    for a in answers:
        known = INSTRUMENTS.get(a.instrument)
        label = (known.label if known else a.instrument).lower()
        answered = a.status == "answered" and a.value is not None
        said = a.value if answered else a.status.replace("_", " ")
        told.append(f"{label} {said}{_STRUCK if a.struck else ''}")
    text = ", ".join(told)
    return f"{text[:1].upper()}{text[1:]}"


def events(record: Record, frame: Frame) -> dict[str, Any]:
    """The numbered list beside the chart in blocks of three columns, and long texts in full."""
    rows, full = [], []
    for event in record.events:
        text = event_text(record, event)
        if len(text) > SHORT or "\n" in text:
            full.append([f"{event.number}", frame.clock(event.at), text])
            text = f"{' '.join(text.split())[: SHORT - 14]}… (in full below)"
        rows.append([f"{event.number}", frame.clock(event.at), text])
    blocks = []
    for start in range(0, len(rows), 3 * _BLOCK):
        part = rows[start : start + 3 * _BLOCK]
        height = -(-len(part) // 3)
        blocks.append([part[i : i + height] for i in range(0, len(part), height)])
    return {"blocks": blocks, "full": full}


def ledger(record: Record, frame: Frame) -> list[list[str]]:
    """Time, entry, reason or lot, rate in mg/min, total mg, total mg/kg, by: in time order."""
    lines: list[tuple[datetime, str, str, str, str]] = []
    for dose in record.doses:
        device = f", device {dose.device_no}" if dose.device_no else ""
        text = f"{dose.drug} {dose.mg:g} mg {ROUTES.get(dose.route, dose.route)}{device}"
        text += " (struck, not counted)" if dose.struck else ""
        late = _entered(frame, dose.at, dose.recorded_at)
        held = f"held {words.countdown(dose.hold_s)}" if dose.hold_s is not None else ""
        why = [f"lot {dose.lot}" if dose.lot else "", dose.site or "", held]
        why += _device(record, dose.device_no, frame)
        why += [dose.after_hold or "", dose.note, dose.why, late]
        lines.append((dose.at, text, "; ".join(w for w in why if w), "", dose.author))
    for infusion in record.infusions:
        lines += _infusion_lines(infusion, _until(record), frame)
        lines += _set_in_a_pause(infusion, frame)
        lines += _struck_lines(infusion, infusion.struck_acts, frame)
    for infusion in record.struck_infusions:
        lines += _struck_lines(infusion, [*infusion.acts, *infusion.struck_acts], frame)
    return [
        [
            frame.clock(at, seconds=True),
            text,
            why,
            rate,
            f"{given_mg(record, at):.1f}",
            _per_kg(given_mg(record, at), record.info.weight_kg),
            by,
        ]
        for at, text, why, rate, by in sorted(lines, key=lambda line: line[0])
    ]


def _device(record: Record, number: int | None, frame: Frame) -> list[str]:
    """What the guide recorded of a device beside its dose."""
    known = record.nasal.view(0).devices
    device = next((d for d in known if d.number == number), None)
    if device is None or not device.times:
        return []
    told = [f"expiry {device.expiry}" if device.expiry else ""]
    for step, words_of in (("second", "second nostril"), ("empty", "no dot left")):
        if step in device.times:
            told.append(f"{words_of} {frame.clock(device.times[step], seconds=True)}")
    if device.repeats:
        told.append(f"a dot remained {device.repeats}×")
    return told


def _entered(frame: Frame, at: datetime, recorded_at: datetime | None) -> str:
    """When it was written, where that was not the second in which it happened."""
    if recorded_at is None or recorded_at - at < timedelta(seconds=1):
        return ""
    late = "late, " if recorded_at - at > LATE_AFTER else ""
    return f"{late}entered {frame.clock(recorded_at, seconds=True)}"


def _per_kg(mg: float, weight_kg: float | None) -> str:
    return f"{mg / weight_kg:.2f}" if weight_kg else words.NO_VALUE


def _act(infusion: Infusion, action: str) -> str:
    if action == "start":
        planned = f"{infusion.drug} {infusion.planned_mg:g} mg"
        return f"Infusion start, {planned} over {infusion.minutes:g} min"
    known = {"pause": "paused", "rate": "rate changed", "stop": "stopped"}
    return f"Infusion {known.get(action, 'resumed')}"


def _struck_lines(
    infusion: Infusion, acts: Iterable[Act], frame: Frame
) -> Iterator[tuple[datetime, str, str, str, str]]:
    """Acts that a correction took back: told at their time, with no rate and in no total."""
    for act in acts:
        told = "; ".join(w for w in (act.reason, _entered(frame, act.at, act.recorded_at)) if w)
        text = f"{_act(infusion, act.action)} (struck, not counted)"
        yield act.at, text, told, "", act.author or infusion.author


def _set_in_a_pause(
    infusion: Infusion, frame: Frame
) -> Iterator[tuple[datetime, str, str, str, str]]:
    """Rates that were set while the pump stood: they begin no stretch, and were entered."""
    for act in infusion.acts:
        stood = any(
            s.state == "paused" and s.start <= act.at and (s.end is None or act.at < s.end)
            for s in infusion.segments
        )
        if act.action == "rate" and act.mg_per_min is not None and stood:
            told = "; ".join(w for w in (act.reason, _entered(frame, act.at, act.recorded_at)) if w)
            text = f"Infusion rate changed to {float(act.mg_per_min):.3g} mg/min in the pause"
            yield act.at, text, told, "0", act.author or infusion.author


def _infusion_lines(
    infusion: Infusion, until: datetime, frame: Frame
) -> Iterator[tuple[datetime, str, str, str, str]]:
    for number, segment in enumerate(infusion.segments):
        rate = f"{segment.mg_per_min:.3g}" if segment.state == "running" else "0"
        why = segment.reason
        if number == 0:
            why = infusion.why
        text = _act(infusion, "start" if number == 0 else segment.action)
        entered = _entered(frame, segment.start, segment.recorded_at)
        told = "; ".join(part for part in (why, entered) if part)
        yield segment.start, text, told, rate, segment.author or infusion.author
    if infusion.stopped_at:
        by = infusion.stopped_by or infusion.author
        shown = f"pump shows {infusion.pump_mg} mg" if infusion.pump_mg else ""
        entered = _entered(frame, infusion.stopped_at, infusion.stop_recorded_at)
        told = "; ".join(part for part in (infusion.stop_reason, shown, entered) if part)
        yield infusion.stopped_at, "Infusion stopped", told, "0", by
    elif at := run_in_at(infusion, until):
        text = "Planned amount in, by the recorded rate"
        yield at, text, "reckoned; no stop was entered", "0", "program"
